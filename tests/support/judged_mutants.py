"""Mutants of what is emitted, which of them are no mistake and why, and those that a judge lets pass."""

from __future__ import annotations

import functools
import itertools
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mutants import Mutant, mutants

from symreg import catalogue
from symreg.errors import Intractable
from symreg.expressions.tree import arrays, names
from symreg.kernel import lower
from symreg.model.objective import Objective
from symreg.model.spec import Rule
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates
from symreg.updates.update import Update
from symreg.verification import Report, Subject, verify

POINTS, SWEEP_POINTS = 120, 2000
OF_PENALTY, OF_RULE = 2, 3  # of each of the 33 penalties and 18 rules
MOST = 80  # of one function; an unrolled series would have thousands, most of them below its rounding
SELDOM = ("knot", "unstable", "factor in a condition")  # take more points to be noticed than every run looks at
CASES = [*((name, "") for name in catalogue.penalties()), *(("huber", name) for name in catalogue.rules())]
IDS = [rule or penalty for penalty, rule in CASES]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMistake:
    """Mutants that have to pass, and why. In a pattern `…` stands for any text, or none.

    Args:
        kinds: Of mutation.
        functions: Patterns of where: `penalty value`, `penalty gradient` or `rule rule_step`.
        but_not: Patterns of where not.
        texts: Patterns of the mutant's text.
        but_no_texts: Patterns of texts that are mistakes.
        reason: Why nothing changes.
    """

    kinds: tuple[str, ...]
    functions: tuple[str, ...] = ("…",)
    but_not: tuple[str, ...] = ()
    texts: tuple[str, ...] = ("…",)
    but_no_texts: tuple[str, ...] = ()
    reason: str

    def excuses(self, of: str, mutant: Mutant) -> bool:
        return (
            mutant.kind in self.kinds
            and fits(of, self.functions)
            and not fits(of, self.but_not)
            and fits(mutant.text, self.texts)
            and not fits(mutant.text, self.but_no_texts)
        )


def fits(text: str, patterns: Iterable[str]) -> bool:
    """Is a text one of the patterns?"""
    return any(re.fullmatch(".*".join(map(re.escape, pattern.split("…"))), text, re.DOTALL) for pattern in patterns)


def functions_of(kind: str, *penalties: str) -> tuple[str, ...]:
    """Return the names of a function, `value` or `gradient`, of some penalties."""
    return tuple(f"{penalty} {kind}" for penalty in penalties)


SMOOTH = ("berhu", "fair", "huber", "log_cosh", "mcp", "nonnegativity", "scad", "tukey")
NO_MISTAKE = {
    "a factor in a sign": NoMistake(
        kinds=("factor in a sign",),
        but_no_texts=("v: 2 -> …",),  # an exponent is no factor
        reason="a positive factor leaves a sign as it is",
    ),
    "a factor beside 0": NoMistake(
        kinds=("factor in a comparison with 0",),
        but_not=("l2_norm…",),
        reason="a factor leaves the side of 0 as it is",
    ),
    "a factor of a norm beside 0": NoMistake(
        kinds=("factor in a comparison with 0",),
        functions=("l2_norm gradient",),
        texts=("…norm(w) -> …",),
        reason="a factor leaves the side of 0 as it is",
    ),
    "the end of a piece in the other one": NoMistake(
        kinds=("strict",),
        functions=("… value", *functions_of("gradient", *SMOOTH)),
        but_not=("entropy… value",),
        reason="both branches have the same limit at the knot",
    ),
    "a knot moved where slopes agree": NoMistake(
        kinds=("factor in a condition",),
        functions=functions_of("value", *SMOOTH),
        reason="a switch moved by 1e-9, where slopes agree, changes a value by 1e-18",
    ),
    "a switch between two accurate forms moved": NoMistake(
        kinds=("factor in a condition", "knot"),
        functions=functions_of("value", "log_cosh", "fair", "geman_mcclure"),
        reason="either form is accurate on both sides of the switch",
    ),
    "a knot moved where curvatures agree": NoMistake(
        kinds=("knot",),
        functions=("tukey value",),
        reason="the pieces agree up to their second derivatives: a switch moved by 1e-6 changes a value by 1e-18",
    ),
    "a switch between two accurate forms at another number": NoMistake(
        kinds=("number in a condition",),
        functions=functions_of("value", "log_cosh", "geman_mcclure"),
        reason="either form is accurate on both sides of the switch",
    ),
    "the sign of 0 where it is not asked for": NoMistake(
        kinds=("kink",),
        functions=functions_of("gradient", "huber", "lp", "l_half"),
        texts=("…sign(w) -> …",),
        reason="the sign of 0 is not asked for, or multiplied by 0",
    ),
    "the sign of 0 in a piece without 0": NoMistake(
        kinds=("kink",),
        functions=("scad gradient",),
        texts=("…#2",),
        reason="0 is not in the second piece",
    ),
    "the sign of a difference that is never 0": NoMistake(
        kinds=("kink",),
        functions=("yogi yogi_step",),
        texts=("v: sign(v…",),
        reason="the square is 0 where nothing but chance makes it equal to v",
    ),
    "the sign of what is squared": NoMistake(
        kinds=("sign",),
        functions=("adabelief adabelief_step",),
        texts=("d: beta1…",),
        reason="only the square of d is used",
    ),
    "the sign of an odd function's argument that is squared": NoMistake(
        kinds=("sign",),
        functions=functions_of("value", "sine_squared", "log_cosh"),
        texts=("pi*w…", "w/c…"),
        reason="the square of an odd function",
    ),
    "another name of an index": NoMistake(
        kinds=("index",),
        functions=tuple(
            name for kind in ("value", "gradient") for name in functions_of(kind, "exclusive_lasso", "variance")
        ),
        texts=tuple(f"w[{before}] -> w[{after}-1]" for before in "ik" for after in "ik"),
        reason="the sum over all weights under another name of the index",
    ),
    "a bound whose place is free": NoMistake(
        kinds=("factor",),
        functions=functions_of("value", "fair", "geman_mcclure"),
        texts=("-reach -> …", "1 -> … #4"),
        reason="another form takes over there",
    ),
    "an unstable form where nothing is lost": NoMistake(
        kinds=("unstable",),
        functions=functions_of("value", "log_cosh", "fair"),
        texts=("…log1p(exp(-2*abs(w/c)))…", "…log1p(abs(w)/c)…"),
        reason="the argument is large there, or what is lost small beside the other addend",
    ),
}


def excuse(of: str, mutant: Mutant) -> str | None:
    """Return the case of `NO_MISTAKE` that a mutant is, None if it is a mistake."""
    return next((name for name, case in NO_MISTAKE.items() if case.excuses(of, mutant)), None)


@functools.cache
def derived(penalty: str, rule: str) -> tuple[Objective, tuple[Rule, ...], tuple[Update, ...]]:
    """Return what is judged: a penalty's value and gradient, or a rule's step."""
    objective, rules = resolve(penalty), tuple(resolve_rule(name) for name in [rule] if name)
    kinds = {"step"} if rule else {"value", "gradient"}
    return objective, rules, tuple(update for update in updates(objective, rules) if update.kind in kinds)


def pool(penalty: str, rule: str, dtype: str = "float64") -> list[tuple[str, Mutant]]:
    """Return the mutants of a penalty's value and gradient or of a rule's step, each with what it is one of."""
    _, _, made = derived(penalty, rule)
    found = [
        (f"{rule or penalty} {update.name}", mutant) for update in made for mutant in mutants(update, dtype)[:MOST]
    ]
    # What exp(t*log(beta)) - 1 loses depends on how near beta comes to 1 at an early step.
    return [(of, mutant) for of, mutant in found if not (rule and mutant.kind == "unstable")]


def viable(found: Iterable[tuple[str, Mutant]]) -> Iterator[tuple[str, Mutant]]:
    """Yield the mutants that can be emitted: no value without any weight in it, nothing that is all out of range."""
    for of, mutant in found:
        try:
            lower(mutant.update)
        except Intractable:
            continue
        trees = [tree for tree in (mutant.update.elementwise, mutant.update.indexed) if tree is not None]
        if mutant.update.kind != "value" or any("w" in names(tree) | arrays(tree) for tree in trees):
            yield of, mutant


def chosen(found: Iterable[tuple[str, Mutant]], count: int) -> list[tuple[str, Mutant]]:
    """Return a few mutants that are mistakes: of each function and kind one, then another."""
    alike: dict[tuple[str, str], list[tuple[str, Mutant]]] = {}
    for of, mutant in found:
        if mutant.kind in SELDOM or (mutant.update.rule and mutant.kind == "kink") or excuse(of, mutant) is not None:
            continue
        alike.setdefault((of, mutant.kind), []).append((of, mutant))
    order = sorted(alike, key=lambda of_kind: zlib.crc32(" ".join(of_kind).encode()))
    turns = itertools.zip_longest(*(viable(alike[of_kind]) for of_kind in order))
    return list(itertools.islice((one for turn in turns for one in turn if one is not None), count))


def survivors(
    penalty: str,
    rule: str,
    found: Iterable[tuple[str, Mutant]],
    dtype: str,
    points: int,
    target: str = "numpy",
    judge: Callable[..., Report] | None = None,
) -> tuple[list[tuple[str, Mutant]], int]:
    """Return the mutants that pass, and how many there were; what is emitted has to pass at the same points."""
    objective, rules, made = derived(penalty, rule)
    subjects = [subject("as emitted", vars(load(objective, made, target, dtype)), dtype)]
    alive: dict[str, tuple[str, Mutant]] = {}
    for of, mutant in found:
        functions = vars(load(objective, (mutant.update,), target, dtype))
        subjects.append(subject(str(len(alive)), functions, dtype))
        alive[str(len(alive))] = of, mutant
    judge = judge or functools.partial(verify, points=points)
    failed = failures(judge(objective.terms, rules, subjects))
    assert "as emitted" not in failed
    return [alive[label] for label in alive if label not in failed], len(alive)


def subject(label: str, functions: dict[str, Any], dtype: Any) -> Subject:
    return Subject(label=label, dtype=dtype, functions=functions)


def failures(report: Report) -> set[str]:
    return {check.target for check in report.checks if check.verdict != "pass"}
