"""How an emitted function treats what it is given: any length and layout, `out`, and inputs that are not its to change.

Takes a subject and a human-sized group of points; hands failures to the check's tally. What is right at the places
looked at comes from the same function, called in the plain way with a short vector, as the oracle judged it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import fsum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.behaviour.harness import ROOM, Harness, first_difference, layouts
from symreg.verification.behaviour.lengths import (
    LATE,
    LENGTHS,
    SMALL,
    in_shape,
    late_case,
    long_lengths,
    moderate_weights,
    part_of,
    plain_group,
)
from symreg.verification.behaviour.long_exact import check_long_sum
from symreg.verification.behaviour.long_repeats import check_long_gradient, check_long_step
from symreg.verification.behaviour.refusals import require_all, wrong_relations
from symreg.verification.cases.calling import CallFailed, Subject, call_gradient, call_step, call_value, called, given
from symreg.verification.cases.sampling.groups import Group
from symreg.verification.cases.split import split
from symreg.verification.cases.step_case import StepCase
from symreg.verification.comparison.tally import Tally
from symreg.verification.minimum.operators import counted, has_minima
from symreg.verification.oracle.formats import FORMATS, Vector


def of_value(tally: Tally, subject: Subject, terms: Terms, group: Group) -> None:
    """Look at `value` of strided and many-dimensional weights, and at its sum over many weights in index notation."""
    weights = moderate_weights(terms, group, SMALL)
    group = plain_group(terms, group, SMALL, subject.dtype)
    harness = Harness(tally, subject, {"w": weights.tolist()} | group.parameters)
    plain = harness.result_of(lambda: call_value(subject, group, weights))
    wrong = wrong_relations(terms, group, subject.dtype)
    require_all(harness, wrong, lambda given: call_value(subject, given, weights))
    for name, other in layouts(weights, is_flat=terms.couple_weights or bool(terms.per_weight)):
        harness.same(f"w is {name}", plain, partial(call_value, subject, group, other))
    if not terms.couple_weights:
        parts = [harness.result_of(partial(call_value, subject, group, weights[k : k + 1])) for k in range(SMALL)]
        for n in range(1, SMALL if None not in parts else 0):
            got = harness.result_of(partial(call_value, subject, group, weights[:n]))
            room = 2.0 ** (FORMATS[subject.dtype].unit + ROOM) * fsum(map(abs, parts))
            if got is not None and abs(got - fsum(parts[:n])) > room:
                harness.fail(f"of {n} weights it is {got:.17g}, of them one by one {fsum(parts[:n]):.17g}")
    elif not terms.arrays and not terms.grouped:
        check_long_sum(harness, terms, group)


def of_gradient(tally: Tally, subject: Subject, terms: Terms, group: Group) -> None:
    """Look at `gradient` of weights of every length and layout, with `out`, and with `out` being the weights."""
    weights = moderate_weights(terms, group, max(LENGTHS))
    if not terms.couple_weights:
        harness = Harness(tally, subject, group.parameters)
        whole = harness.result_of(lambda: call_gradient(subject, group, weights))
        for n in LENGTHS:
            expected = None if whole is None else whole[:n]
            harness.same(f"of {n} weights", expected, partial(call_gradient, subject, group, weights[:n]))
    weights, group = weights[:SMALL], plain_group(terms, group, SMALL, subject.dtype)
    harness = Harness(tally, subject, {"w": weights.tolist()} | group.parameters)
    plain = harness.result_of(lambda: call_gradient(subject, group, weights))
    wrong = wrong_relations(terms, group, subject.dtype)
    require_all(harness, wrong, lambda given: call_gradient(subject, given, weights))
    for name, other in layouts(weights, is_flat=terms.couple_weights or bool(terms.per_weight)):
        shaped = None if plain is None else plain.reshape(other.shape)
        harness.same(f"w is {name}", shaped, partial(call_gradient, subject, group, other))
    if plain is not None:
        _outputs(harness, subject, group, weights, plain)
    if terms.indexed and not terms.arrays and not terms.grouped:
        for n in long_lengths(terms):
            check_long_gradient(harness, terms, group, n)


def of_step(tally: Tally, subject: Subject, terms: Terms, rule: Rule, group: Group) -> None:
    """Look at a step of weights of every length, of other layouts, late, and of many weights in index notation."""
    harness = Harness(tally, subject, group.parameters)

    def take(case: StepCase) -> dict[str, Any]:
        return call_step(subject, rule, case)

    case = late_case(rule, group, moderate_weights(terms, group, max(LENGTHS)))
    if not terms.couple_weights:
        whole = harness.result_of(lambda: take(case))
        for n in LENGTHS:
            after = harness.result_of(partial(take, part_of(case, slice(n))))
            for name in ("w", *case.arrays):
                if whole is not None and after is not None:
                    harness.require(f"{name} of {n} weights", after[name], whole[name][:n])
    case = part_of(replace(case, group=plain_group(terms, group, SMALL, subject.dtype)), slice(SMALL))
    plain = harness.result_of(lambda: take(case))
    if plain is None:
        return
    wrong = wrong_relations(terms, case.group, subject.dtype)
    require_all(harness, wrong, lambda given: take(replace(case, group=given)))
    for layout, gradient in layouts(case.gradient, is_flat=True):
        after = harness.result_of(partial(take, replace(case, gradient=gradient)))
        if after is not None:
            harness.require(f"w, where g is {layout},", after["w"], plain["w"])
    if not (terms.couple_weights or terms.per_weight):
        after = harness.result_of(lambda: take(in_shape(case, (3, SMALL // 3))))
        if after is not None:
            harness.require("w of two dimensions", after["w"], plain["w"].reshape(3, -1))
    if rule.uses_t and has_minima(counted(split(terms, rule)[1], len(case.weights)), group.parameters):
        harness.result_of(lambda: take(replace(case, taken=LATE)))
    if terms.indexed and not terms.arrays and not terms.grouped:
        for n in long_lengths(terms):
            long = plain_group(terms, group, n, subject.dtype)
            check_long_step(harness, terms, take, late_case(rule, long, moderate_weights(terms, group, n)))


def _outputs(harness: Harness, subject: Subject, group: Group, weights: Vector, plain: NDArray[Any]) -> None:
    """Look at what `gradient` does with `out`: given, the weights themselves, and overlapping them in part."""
    named = given(group, len(weights))
    function = subject.functions["gradient"]

    def into(w: Vector, out: Vector) -> Vector:
        is_returned = called(function, (w,), {**named, "out": out}) is out
        if not is_returned:
            raise CallFailed("with out given, something else is returned")
        return out

    harness.same("with out", plain, lambda: into(weights.copy(), np.full_like(weights, np.nan)))
    own = weights.copy()
    try:
        if not harness.agree(into(own, own), plain):
            harness.fail(f"with out being w: {first_difference(own, plain)}")
    except CallFailed as failed:
        if not isinstance(failed.__cause__, ValueError) or not np.array_equal(own, weights):
            harness.fail(f"with out being w {failed}")
    memory = np.concatenate((weights, weights))
    before, overlapping = memory.copy(), memory[1 : len(weights) + 1]
    try:
        into(memory[: len(weights)], overlapping)
        harness.fail("out that overlaps w is not refused")
    except CallFailed as failed:
        if not isinstance(failed.__cause__, ValueError) or not np.array_equal(memory, before):
            harness.fail(f"with out that overlaps w {failed}")
