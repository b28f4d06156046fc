"""Which usual convention makes a wrong function right: half or twice a parameter, its sign, a step folded into it.

A function that is right with lam/2 for lam is right when it is given 2*lam. So each convention is tried by what the
function is given for the parameter, against the same exact values, and one is told only if the function then passes at
all of the points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

from symreg.model.spec import Rule
from symreg.verification.cases.calling import Subject
from symreg.verification.checks.evidence import Evidence, Judge
from symreg.verification.report.check import CONSTANT_FACTOR, Check

Given = Mapping[str, Any]
"""All that the function is given, by name, and `n` and `m`, the numbers of weights and of samples."""


@dataclass(frozen=True, slots=True)
class Convention:
    """Another meaning of one parameter.

    Args:
        name: The parameter.
        meaning: What stands for it in a formula of which the function is right.
        given: What the function is given for it to be right of the formula itself.
    """

    name: str
    meaning: str
    given: Callable[[Given], Any]

    def changed(self, function: Callable[..., Any], arrays: Sequence[str]) -> Callable[..., Any]:
        """Return the function with what it is given under this convention."""

        def called(*positional: Any, **named: Any) -> Any:
            values = dict(zip(arrays, positional, strict=True)) | named
            sizes = {"n": float(len(positional[0])), "m": float(len(values.get("y", positional[0])))}
            values[self.name] = self.given({**values, **sizes})
            return function(*(values.pop(name) for name in arrays), **values)

        return called

    def __str__(self) -> str:
        return f"{self.meaning} for {self.name}"


def with_convention(
    evidence: Evidence,
    judge_in: Callable[[Evidence], Judge],
    subject: Subject,
    checks: Sequence[Check],
    conventions: Iterable[Convention],
    arrays: Sequence[str],
) -> list[Check]:
    """Return the checks of one function; if one is wrong, with the first convention that makes all of them right.

    Args:
        evidence: All points.
        judge_in: Returns the judge of the function at some evidence.
        subject: The function, under one name, and what a step begins with.
        checks: What came out.
        conventions: To try, the likely ones first.
        arrays: What the function takes by position.
    """
    is_wrong = any(check.verdict == "wrong" and check.got is not None for check in checks)
    if not is_wrong or evidence.plain is None:
        return [*checks]
    name = next(iter(subject.functions))
    plain = judge_in(evidence.plain())
    for convention in conventions:
        changed = replace(
            subject,
            functions={**subject.functions, name: convention.changed(subject.functions[name], arrays)},
        )
        if _all_right(plain(changed)) and _all_right(everywhere := judge_in(evidence)(changed)):
            compared = everywhere[0].compared
            said = f"right everywhere with {convention} ({compared:,} points compared)"
            return [_told(check, said) for check in checks]
    return [*checks]


def _all_right(checks: Sequence[Check]) -> bool:
    return bool(checks) and all(check.is_right for check in checks)


def _told(check: Check, said: str) -> Check:
    """Return a wrong check with the convention in place of a constant factor, which says less."""
    if check.is_right:
        return check
    return replace(check, notes=(*(n for n in check.notes if not n.startswith(CONSTANT_FACTOR)), said))


def usual_conventions(names: Sequence[str], rule: Rule | None, counts: Sequence[str] = ("n",)) -> Iterator[Convention]:
    """Yield conventions for what a function is given, the likely ones first.

    Args:
        names: The parameters that it is given, the `step` of a prox among them.
        rule: Of a step.
        counts: What a parameter may be divided by: the number of weights `n`, that of samples `m`.
    """
    scales = [*counts, *(name for name in ("step", "lr") if name in names)]
    of_rule = {"step", *(p.name for p in rule.parameters)} if rule is not None else {"step"}
    own, others = [name for name in names if name not in of_rule], [name for name in names if name in of_rule]
    for name in [*own, *others]:
        yield from _multiples(name)
    for name in own:
        for scale in [*reversed(scales), *(other for other in own if other != name)]:
            yield from _scaled(name, scale)
    for name in [*own, *others]:
        yield from _powers(name)
    if rule is not None:
        yield Convention("g", "-g", lambda given: -given["g"])
        if "lr" in names:
            yield Convention("g", "g/lr", lambda given: given["g"] * given["lr"])
            yield Convention("g", "lr*g", lambda given: given["g"] / given["lr"])


def _multiples(p: str) -> Iterator[Convention]:
    yield Convention(p, f"{p}/2", lambda given: 2 * given[p])
    yield Convention(p, f"2*{p}", lambda given: given[p] / 2)
    yield Convention(p, f"-{p}", lambda given: -given[p])
    yield Convention(p, f"-{p}/2", lambda given: -2 * given[p])
    yield Convention(p, f"-2*{p}", lambda given: -given[p] / 2)


def _scaled(p: str, s: str) -> Iterator[Convention]:
    yield Convention(p, f"{p}/{s}", lambda given: given[p] * given[s])
    yield Convention(p, f"{p}*{s}", lambda given: given[p] / given[s])
    yield Convention(p, f"{p}/(2*{s})", lambda given: 2 * given[p] * given[s])
    yield Convention(p, f"{p}*{s}/2", lambda given: 2 * given[p] / given[s])
    yield Convention(p, f"2*{p}/{s}", lambda given: given[p] * given[s] / 2)
    yield Convention(p, f"2*{p}*{s}", lambda given: given[p] / given[s] / 2)
    yield Convention(p, f"-{p}/{s}", lambda given: -given[p] * given[s])
    yield Convention(p, f"-{p}*{s}", lambda given: -given[p] / given[s])


def _powers(p: str) -> Iterator[Convention]:
    yield Convention(p, f"1/{p}", lambda given: 1 / given[p])
    yield Convention(p, f"{p}**2", lambda given: sqrt(given[p]))
    yield Convention(p, f"sqrt({p})", lambda given: given[p] ** 2)
    yield Convention(p, f"1 - {p}", lambda given: 1 - given[p])
