"""How an emitted `prox` behaves besides being accurate: any length and layout, `out`, NaN, extremes, what it refuses.

Takes a subject and the cases it was judged at; hands failures to the check's tally.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from math import inf, isnan, ldexp, nan
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from symreg.model.interval import Interval
from symreg.model.terms import Terms
from symreg.verification.behaviour.harness import Harness, layouts
from symreg.verification.behaviour.lengths import BLOCK_EDGES, LENGTHS
from symreg.verification.behaviour.refusals import require_all, require_refusal, wrong_parameters, wrong_relations
from symreg.verification.cases.calling import CallFailed, Subject, call_prox, called, given
from symreg.verification.cases.prox_cases import ProxCase
from symreg.verification.comparison.tally import Tally
from symreg.verification.oracle.decisions import sign_or_hull
from symreg.verification.oracle.formats import FORMATS, Vector
from symreg.verification.oracle.slopes import elementwise

_SMALL, _NAN_AT = 12, 3
_ROOM = 10  # 2**10 u
_WRONG_STEPS = (0.0, -1.0, nan, inf, -inf, True)
_EVEN_AT = (2.0**-30, 0.3, 1.7, 40.0, 2.0**40)


def of_prox(tally: Tally, subject: Subject, terms: Terms, cases: Sequence[ProxCase], *, is_brief: bool = False) -> None:
    """Look at `prox` of n = 0, of every length and layout, with `out`, and at everything that it has to refuse.

    Args:
        is_brief: Are no element, NaN and extremes all that is looked at?
    """
    case = cases[min(1, len(cases) - 1)]
    points = np.resize(_moderate(case), _SMALL)
    harness = Harness(tally, subject, {"v": points.tolist(), "step": case.step} | case.group.parameters)

    def ask(v: Vector) -> NDArray[Any]:
        return call_prox(subject, case.group, v, case.step)

    empty = harness.result_of(lambda: ask(points[:0]))
    if empty is not None and len(empty):
        harness.fail("of no element it is not empty")
    plain = harness.result_of(lambda: ask(points))
    if plain is None:
        return
    _nan(harness, terms, ask, points, plain)
    _extremes(harness, terms.intervals(case.group.parameters), ask, subject)
    if is_brief:
        return
    for name, other in layouts(points, is_flat=terms.couple_weights or bool(terms.per_weight)):
        harness.same(f"v is {name}", plain.reshape(other.shape), partial(ask, other))
    _outputs(harness, subject, case, points, plain)
    _refusals(harness, subject, terms, case, points)
    if terms.couple_weights:
        return
    whole = np.resize(case.points, max(LENGTHS))
    expected = harness.result_of(lambda: ask(whole))
    for n in LENGTHS if expected is not None else ():
        _same_elements(harness, whole[:n], harness.result_of(partial(ask, whole[:n])), expected)
    if is_even(terms, case):
        _oddness(harness, subject, cases)
    short = harness.result_of(partial(ask, case.points))
    for length in BLOCK_EDGES if short is not None else ():
        long = np.resize(case.points, length)
        _same_elements(harness, long, harness.result_of(partial(ask, long)), short)


def _same_elements(harness: Harness, points: Vector, got: NDArray[Any] | None, few: NDArray[Any]) -> None:
    """Require of each element what came out for an equal one among a few, but for another order of operations."""
    if got is None:
        return
    expected = np.resize(few, len(points))
    if np.array_equal(got, expected, equal_nan=True):
        return
    room = ldexp(1.0, FORMATS[harness.subject.dtype].unit + _ROOM)
    with np.errstate(invalid="ignore", over="ignore"):
        off = ~(np.abs(got - expected) <= room * (np.abs(points) + np.abs(expected)))
    off &= (got != expected) & ~(np.isnan(got) & np.isnan(expected))
    for k in np.flatnonzero(off)[:1]:
        what = f"of {len(points)} elements v[{k}] = {float(points[k])!r}"
        harness.fail(f"{what} gives {float(got[k])!r}, among a few {float(expected[k])!r}")


def is_even(terms: Terms, case: ProxCase) -> bool:
    """Is phi(-w) = phi(w), as far as balls at a few w tell, for these parameters and for others that are all unlike?"""
    if any(not term.domain.is_all for term in terms.terms):
        return False
    given = case.group.parameters
    others = {name: x * (1 + (k + 1) / 97) for k, (name, x) in enumerate(given.items())}
    for parameters in (given, others):
        phi = elementwise(terms.terms, parameters)
        if phi is None:
            return False
        pairs = [(phi(arb(w), sign_or_hull), phi(arb(-w), sign_or_hull)) for w in _EVEN_AT]
        if not all(one.is_finite() and one.overlaps(other) for one, other in pairs):
            return False
    return True


def _moderate(case: ProxCase) -> Vector:
    """Return the points of a case whose squares are in range; ones if there are none."""
    sizes = np.abs(case.points)
    kept = case.points[(sizes < 1e9) & ((sizes > 1e-9) | (sizes == 0))]
    return kept if len(kept) else np.ones(1, case.points.dtype)


def _nan(
    harness: Harness, terms: Terms, ask: Callable[[Vector], NDArray[Any]], points: Vector, plain: NDArray[Any]
) -> None:
    changed = points.copy()
    changed[_NAN_AT] = nan
    got = harness.result_of(lambda: ask(changed))
    if got is None:
        return
    if not isnan(got[_NAN_AT]):
        harness.fail("NaN in v did not come out as NaN")
    if not terms.couple_weights and np.delete(np.isnan(got) & ~np.isnan(plain), _NAN_AT).any():
        harness.fail("one element's NaN reached another")


def _extremes(
    harness: Harness, domains: Sequence[Interval], ask: Callable[[Vector], NDArray[Any]], subject: Subject
) -> None:
    """Require that no finite v gives NaN, beyond the range of promised accuracy too.

    The largest v may, where the domain ends before it: what it is pulled back by is as large as itself and overflows.
    """
    information = np.finfo(subject.dtype)
    least, most = float(information.smallest_subnormal), float(information.max)
    inner = [ldexp(1.0, k * information.maxexp // 8) for k in (-7, -6, -5, 5, 6, 7)]
    for size in (least, float(information.smallest_normal), *inner, most / 4, most):
        for v in (-size, size):
            got = harness.result_of(partial(ask, np.array([v], subject.dtype)))
            if got is not None and isnan(got[0]) and not (size == most and _ends_before(domains, v)):
                harness.fail(f"NaN came out for v = {v:g}")
                return


def _ends_before(domains: Sequence[Interval], v: float) -> bool:
    """Is there an end of the domain, other than zero, between zero and v?"""
    ends = [domain.low if v < 0 else domain.high for domain in domains]
    return any(end for end in ends if end is not None)


def _outputs(harness: Harness, subject: Subject, case: ProxCase, points: Vector, plain: NDArray[Any]) -> None:
    """Look at what `prox` does with `out`: given, v itself, overlapping v in part, of another shape or type."""
    named = {"step": case.step, **given(case.group, len(points))}
    function = subject.functions["prox"]

    def into(v: Vector, out: Vector) -> Vector:
        is_returned = called(function, (v,), {**named, "out": out}) is out
        if not is_returned:
            raise CallFailed("with out given, something else is returned")
        return out

    harness.same("with out", plain, lambda: into(points.copy(), np.full_like(points, np.nan)))
    own = points.copy()
    try:
        harness.require("with out being v", into(own, own), plain)
    except CallFailed as failed:
        if not isinstance(failed.__cause__, ValueError) or not np.array_equal(own, points):
            harness.fail(f"with out being v {failed}")
    memory = np.concatenate((points, points))
    other = "float32" if points.dtype == np.float64 else "float64"
    wrong = {
        "that overlaps v": (memory[: len(points)], memory[1 : len(points) + 1]),
        "of another length": (points.copy(), np.zeros(len(points) + 1, points.dtype)),
        "of another type": (points.copy(), np.zeros(len(points), other)),
    }
    for what, (v, out) in wrong.items():
        before, as_it_was = out.copy(), v.copy()
        require_refusal(harness, f"out {what}", partial(into, v, out))
        if not (np.array_equal(out, before) and np.array_equal(v, as_it_was)):
            harness.fail(f"out {what} is refused, but changed")


def _refusals(harness: Harness, subject: Subject, terms: Terms, case: ProxCase, points: Vector) -> None:
    """Look at steps that are none, and parameters outside their domains."""
    function = subject.functions["prox"]
    named = {"step": case.step, **given(case.group, len(points))}
    for step in _WRONG_STEPS:
        require_refusal(harness, f"step = {step}", partial(called, function, (points.copy(),), {**named, "step": step}))
    for one in (p for p in terms.parameters if not p.shape):
        changed = {**named, one.name: True}
        require_refusal(harness, f"{one.name} = True", partial(called, function, (points.copy(),), changed))
    wrong = chain(wrong_parameters(terms, case.group), wrong_relations(terms, case.group, subject.dtype))
    require_all(harness, wrong, lambda group: call_prox(subject, group, points.copy(), case.step))


def _oddness(harness: Harness, subject: Subject, cases: Sequence[ProxCase]) -> None:
    """Require `prox(-v)` to be `-prox(v)` to the last bit, as phi is even."""
    for case in cases:
        forward = harness.result_of(partial(call_prox, subject, case.group, case.points, case.step))
        back = harness.result_of(partial(call_prox, subject, case.group, -case.points, case.step))
        if forward is None or back is None:
            return
        off = (forward != -back) & ~(np.isnan(forward) & np.isnan(back))
        off |= np.signbit(forward) != np.signbit(-back)
        for k in np.flatnonzero(off)[:1]:
            v = float(case.points[k])
            harness.fail(
                f"prox({v!r}) is {float(forward[k])!r}, prox({-v!r}) is {float(back[k])!r} with step = {case.step!r}"
            )
            return
