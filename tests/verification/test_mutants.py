"""The judge is judged: mutants of what is emitted, from the whole catalogue, are all caught.

A mutant is an update with one mistake, emitted and loaded as any other, or emitted source with one. Those that are no
mistake, because nothing or next to nothing changes, are listed with a reason.
"""

from __future__ import annotations

import functools
import itertools
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from mutants import Mutant, mutants

from symreg import catalogue
from symreg.errors import Intractable
from symreg.expressions.tree import arrays, names
from symreg.kernel import lower
from symreg.model.objective import Objective
from symreg.model.spec import Rule
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.emit import emit
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates
from symreg.updates.update import Update
from symreg.verification import Report, Subject, verify
from symreg.verification.behaviour import long_exact, numbers
from symreg.verification.oracle import slopes

POINTS, SWEEP_POINTS = 120, 2000
SAMPLED = 282  # mutants of trees that every run looks at, in float64
_OF_PENALTY, _OF_RULE = 4, 6  # of each of the 33 penalties and 18 rules
MOST = 80  # of one function; an unrolled series would have thousands, most of them below its rounding
SELDOM = ("knot", "unstable", "factor in a condition")  # take more points to be noticed than every run looks at

CASES = [*((name, "") for name in catalogue.penalties()), *(("huber", name) for name in catalogue.rules())]
IDS = [rule or penalty for penalty, rule in CASES]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMistake:
    """Mutants that have to pass, and why.

    Args:
        kind: Of mutation; a regular expression.
        text: Found in the mutant's text; a regular expression.
        of: Where: `penalty value`, `penalty gradient` or `rule`; a regular expression.
        reason: Why nothing changes.
    """

    kind: str
    text: str
    of: str = ""
    reason: str


SMOOTH = "berhu|fair|huber|log_cosh|mcp|nonnegativity|scad|tukey"
NO_MISTAKE = (
    NoMistake(
        kind="factor in a sign",
        text="^(?!v: 2 -> )",  # an exponent is no factor
        reason="a positive factor leaves a sign as it is",
    ),
    NoMistake(
        kind="factor in a comparison with 0",
        text="",
        of="(?!l2_norm).*",
        reason="a factor leaves the side of 0 as it is",
    ),
    NoMistake(
        kind="factor in a comparison with 0",
        text=r"norm\(w\) -> ",
        of="l2_norm gradient",
        reason="a factor leaves the side of 0 as it is",
    ),
    NoMistake(
        kind="strict",
        text="",
        of=f"(?!entropy).* value|({SMOOTH}) gradient",
        reason="both branches have the same limit at the knot",
    ),
    NoMistake(
        kind="factor in a condition",
        text="",
        of=f"({SMOOTH}) value",
        reason="a switch moved by 1e-9, where slopes agree, changes a value by 1e-18",
    ),
    NoMistake(
        kind="factor in a condition|knot",
        text="",
        of="(log_cosh|fair|geman_mcclure) value",
        reason="either form is accurate on both sides of the switch",
    ),
    NoMistake(
        kind="knot",
        text="",
        of="tukey value",
        reason="the pieces agree up to their second derivatives: a switch moved by 1e-6 changes a value by 1e-18",
    ),
    NoMistake(
        kind="number in a condition",
        text="",
        of="(log_cosh|geman_mcclure) value",
        reason="either form is accurate on both sides of the switch",
    ),
    NoMistake(
        kind="kink",
        text=r"sign\(w\) -> ",
        of="(huber|lp|l_half) gradient",
        reason="the sign of 0 is not asked for, or multiplied by 0",
    ),
    NoMistake(
        kind="kink",
        text="#2$",
        of="scad gradient",
        reason="0 is not in the second piece",
    ),
    NoMistake(
        kind="kink",
        text=r"^v: sign\(v",
        of="yogi yogi_step",
        reason="the square is 0 where nothing but chance makes it equal to v",
    ),
    NoMistake(
        kind="sign",
        text="^d: beta1",
        of="adabelief adabelief_step",
        reason="only the square of d is used",
    ),
    NoMistake(
        kind="sign",
        text="^(pi\\*w|w/c)",
        of="(sine_squared|log_cosh) value",
        reason="the square of an odd function",
    ),
    NoMistake(
        kind="index",
        text=r"^w\[[ik]\] -> w\[[ik]-1\]$",
        of="(exclusive_lasso|variance) (value|gradient)",
        reason="the sum over all weights under another name of the index",
    ),
    NoMistake(
        kind="factor",
        text="^-reach -> |^1 -> .* #4$",
        of="(fair|geman_mcclure) value",
        reason="a bound whose place is free, as another form takes over there",
    ),
    NoMistake(
        kind="unstable",
        text=r"log1p\(exp\(-2\*abs\(w/c\)\)\)|log1p\(abs\(w\)/c\)",
        of="(log_cosh|fair) value",
        reason="the argument is large there, or what is lost small beside the other addend",
    ),
)


def excuse(of: str, mutant: Mutant) -> NoMistake | None:
    """Return why a mutant is no mistake, None if it is one."""
    for row in NO_MISTAKE:
        if (
            re.fullmatch(row.kind, mutant.kind)
            and re.search(row.text, mutant.text)
            and re.fullmatch(row.of or ".*", of)
        ):
            return row
    return None


# What is judged


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
    subjects = [_subject("as emitted", vars(load(objective, made, target, dtype)), dtype)]
    alive: dict[str, tuple[str, Mutant]] = {}
    for of, mutant in found:
        functions = vars(load(objective, (mutant.update,), target, dtype))
        subjects.append(_subject(str(len(alive)), functions, dtype))
        alive[str(len(alive))] = of, mutant
    judge = judge or functools.partial(verify, points=points)
    failed = failures(judge(objective.terms, rules, subjects))
    assert "as emitted" not in failed
    return [alive[label] for label in alive if label not in failed], len(alive)


def _subject(label: str, functions: dict[str, Any], dtype: Any) -> Subject:
    return Subject(label=label, dtype=dtype, functions=functions)


def failures(report: Report) -> set[str]:
    return {check.target for check in report.checks if check.verdict != "pass"}


@pytest.fixture(autouse=True)
def _remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the references of long vectors once for all mutants that are judged together."""
    known: dict[Any, Any] = {}

    def once(make: Any) -> Any:
        def made(terms: Any, parameters: Any, arrays: Any = None, *, floor: float = 0.0) -> Any:
            function = make(terms, parameters, arrays, floor=floor)

            def found(weights: list[float], *place: int) -> Any:
                shapes = tuple((name, array.tobytes()) for name, array in (arrays or {}).items())
                key = make, id(terms), tuple(parameters.items()), shapes, floor, tuple(weights), place
                if key not in known:
                    known[key] = function(weights, *place), terms
                return known[key][0]

            return found

        return made

    for room in (long_exact, numbers):
        monkeypatch.setattr(room, "values", once(slopes.values))
        monkeypatch.setattr(room, "slopes", once(slopes.slopes))


# The tests


def sample(penalty: str, rule: str) -> list[tuple[str, Mutant]]:
    return chosen(pool(penalty, rule), _OF_RULE if rule else _OF_PENALTY)


@pytest.mark.parametrize(("penalty", "rule"), CASES, ids=IDS)
def test_mutants_are_caught(penalty: str, rule: str) -> None:
    found = sample(penalty, rule)
    passed, count = survivors(penalty, rule, found, "float64", POINTS)
    assert not passed
    assert count == len(found)


def test_that_many_mutants_are_judged() -> None:
    found = [one for penalty, rule in CASES for one in sample(penalty, rule)]
    assert len(found) == SAMPLED
    assert len({(of, mutant.kind, mutant.text) for of, mutant in found}) == SAMPLED
    kinds = {mutant.kind for _, mutant in found}
    assert kinds >= {"factor", "drop", "sign", "branch", "guard", "index", "kink", "late", "name", "order", "skip"}


@pytest.mark.parametrize("penalty", catalogue.penalties())
def test_mutants_in_single_precision_are_caught(penalty: str) -> None:
    # The whole gradient, as no factor on a part of it is sure to matter that much.
    factors = ((of, m) for of, m in pool(penalty, "", "float32") if of.endswith("gradient") and m.kind == "factor")
    found = itertools.islice(viable(factors), 1)
    passed, count = survivors(penalty, "", found, "float32", POINTS)
    assert (passed, count) == ([], 1)


THROUGH_C = {
    ("mcp", ""): 4,
    ("first_difference", ""): 3,
    ("huber", "adam"): 3,
    ("huber", "lion"): 2,
}


@pytest.mark.parametrize(("penalty", "rule"), THROUGH_C)
def test_mutants_are_caught_through_c(penalty: str, rule: str) -> None:
    found = chosen([(of, m) for of, m in pool(penalty, rule) if m.kind != "index"], THROUGH_C[penalty, rule])
    passed, count = survivors(penalty, rule, found, "float64", POINTS, "c")
    assert (passed, count) == ([], THROUGH_C[penalty, rule])


@pytest.mark.parametrize(("penalty", "rule"), [("huber", ""), ("variance", ""), ("huber", "yogi")])
def test_what_is_no_mistake_passes(penalty: str, rule: str) -> None:
    excused = list(viable((of, m) for of, m in pool(penalty, rule) if excuse(of, m) is not None))
    passed, count = survivors(penalty, rule, excused, "float64", POINTS)
    assert passed == excused
    assert count == len(excused) >= 1


@pytest.mark.sweep
@pytest.mark.parametrize(("penalty", "rule"), CASES, ids=IDS)
def test_exactly_the_mistakes_are_caught(penalty: str, rule: str) -> None:
    found = list(viable(pool(penalty, rule)))
    passed, count = survivors(penalty, rule, found, "float64", POINTS)
    passed, _ = survivors(penalty, rule, passed, "float64", SWEEP_POINTS)
    excused = [(of, m) for of, m in found if excuse(of, m) is not None]
    assert [(of, m.kind, m.text) for of, m in passed] == [(of, m.kind, m.text) for of, m in excused]
    assert count > 10


@pytest.mark.sweep
def test_every_excuse_is_in_use() -> None:
    used = {excuse(of, m) for penalty, rule in CASES for of, m in viable(pool(penalty, rule))}
    assert used - {None} == set(NO_MISTAKE)


# Mistakes in emitted source


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One mistake in emitted source: the first text there, in the function named or anywhere, becomes the second."""

    target: str
    of: tuple[str, str]
    old: str
    new: str
    dtype: str = "float64"


HUBER, STENCIL, ADAM, AMSGRAD = (
    ("huber", ""),
    ("first_difference", "gradient_descent"),
    ("huber", "adam"),
    ("huber", "amsgrad"),
)
DIFFERENCES, ABSOLUTE = ("first_difference", ""), ("exclusive_lasso", "")
EDITS = {
    "numpy: last weight of a block": Edit(
        target="numpy", of=HUBER, old="stop = min(j + _BLOCK, n)", new="stop = min(j + _BLOCK, n - 1)"
    ),
    "numpy: last block": Edit(
        target="numpy", of=HUBER, old="for j in range(0, n, _BLOCK)", new="for j in range(0, n - 1, _BLOCK)"
    ),
    "numpy: first block again": Edit(target="numpy", of=HUBER, old="wj = w[j:stop]", new="wj = w[: stop - j]"),
    "numpy: swapped branch": Edit(target="numpy", of=HUBER, old="np.less_equal(", new="np.greater("),
    "numpy: value of no weights": Edit(target="numpy", of=HUBER, old="return 0.0", new="return -1.0"),
    "numpy: terms of a block lost": Edit(
        target="numpy", of=HUBER, old="half = rows.shape[1], 512", new="half = rows.shape[1], 256"
    ),
    "numpy: Fortran's order": Edit(
        target="numpy",
        of=HUBER,
        old="array.reshape(-1) if array.flags.c_contiguous else array.flat",
        new='array.ravel("K")',
    ),
    "numpy: overlap not refused": Edit(
        target="numpy", of=DIFFERENCES, old='_refuse_overlap({"out": out}, {"w": w})', new="pass"
    ),
    "numpy: double precision for single": Edit(
        target="numpy",
        of=HUBER,
        old="out = np.empty(w.shape, w.dtype)",
        new="w = w.astype(float); out = np.empty(w.shape)",
        dtype="float32",
    ),
    "numpy: scratch in single precision": Edit(
        target="numpy", of=HUBER, old="real = w.dtype.type", new="real = np.float32"
    ),
    "numpy: old neighbours overwritten": Edit(
        target="numpy", of=STENCIL, old="if j > first else", new="if j < first else"
    ),
    "numpy: ends of a stencil not written": Edit(target="numpy", of=STENCIL, old="w[j] = w_new2", new="pass"),
    "numpy: steps not counted": Edit(
        target="numpy", of=ADAM, old='state["t"] = float(t_new)', new='state["t"] = float(t)'
    ),
    "numpy: state not written back": Edit(
        target="numpy", of=ADAM, old="m = m.reshape(-1)", new="m = m.reshape(-1).copy()"
    ),
    "numpy: NaN swallowed": Edit(target="numpy", of=AMSGRAD, old="np.maximum(", new="np.fmax("),
    "c: first weight": Edit(
        target="c", of=HUBER, old="for (size_t j = 0; j < n; ++j)", new="for (size_t j = 1; j < n; ++j)"
    ),
    "c: last term of a block": Edit(
        target="c",
        of=HUBER,
        old="n - start < TERMS ? n - start : TERMS",
        new="n - start < TERMS ? n - start : TERMS - 1",
    ),
    "c: value of no weights": Edit(target="c", of=HUBER, old="if (n == 0) return 0.0;", new="if (n == 0) return 1.0;"),
    "c: halves of a block": Edit(
        target="c",
        of=HUBER,
        old="term[k] += term[k + half]",
        new="term[k] += term[k + half] * (half > 256 ? 1.0 : 1.0000001)",
    ),
    "c: sum in single precision": Edit(
        target="c", of=ABSOLUTE, old="total->sum = sum;", new="total->sum = (float)sum;"
    ),
    "c: overlap not refused": Edit(
        target="c",
        of=DIFFERENCES,
        old="if (!are_apart(spans, 1, 2)) return FIRST_DIFFERENCE_OVERLAP;",
        new="(void)spans; (void)are_apart;",
    ),
    "c: old neighbours overwritten": Edit(target="c", of=STENCIL, old="start > first ? old[TERMS + k] :", new=""),
    "c: steps not counted": Edit(target="c", of=ADAM, old="*t = t_new;", new=""),
    "c: state in single precision": Edit(target="c", of=ADAM, old="v[j] = ", new="v[j] = (float)"),
    "c: NaN swallowed": Edit(target="c", of=AMSGRAD, old="x > y ? x : y >= x ? y : x + y;", new="x > y ? x : y;"),
}


@pytest.mark.parametrize("name", EDITS)
def test_mistakes_in_emitted_source_are_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    edit = EDITS[name]
    objective, rules, _ = derived(*edit.of)
    made = updates(objective, rules)
    right = _subject("as emitted", vars(load(objective, made, edit.target, edit.dtype)), edit.dtype)
    edited: list[str] = []

    def changed(objective: Objective, updates: tuple[Update, ...], target: str) -> dict[str, str]:
        files = emit(objective, updates, target)
        if target == edit.target:
            edited.extend(path for path, text in files.items() if edit.old in text)
            files = {path: text.replace(edit.old, edit.new) for path, text in files.items()}
        return files

    monkeypatch.setattr("symreg.targets.loading.load.emit", changed)
    mistaken = _subject("mistaken", vars(load(objective, made, edit.target, edit.dtype)), edit.dtype)
    assert edited, f"there is no {edit.old!r} in what is emitted"
    report = verify(objective.terms, rules, (right, mistaken), points=POINTS)
    assert failures(report) == {"mistaken"}
