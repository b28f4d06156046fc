"""Penalties over groups in balls, as they are written: the sum over groups of c_g*phi(norm(w_g))."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from flint import arb, fmpq

from symreg.expressions.tree import Call, Name
from symreg.model.lifts import STARTS
from symreg.model.terms import Terms
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.decisions import Decide
from symreg.verification.oracle.derivatives import Exact
from symreg.verification.oracle.evaluate import Scope, compiled
from symreg.verification.oracle.series import Value

Whole: TypeAlias = "Callable[[Sequence[Value], Decide], Value]"
_NORM = compiled(Call("norm", (Name("w"),)))


def over_groups(terms: Terms, parameters: Mapping[str, Exact], arrays: Mapping[str, Any]) -> Whole:
    """Return the terms over groups as a function of all weights as numbers.

    Args:
        terms: With terms over groups.
        parameters: Exact numbers by name.
        arrays: With where groups begin, and their weights unless these are the roots of their sizes.
    """
    known = {name: ball(number) for name, number in parameters.items()}
    parts = [(term.coefficient, compiled(term.phi.tree)) for term in terms.grouped]
    spans = spans_of(terms, arrays)

    def total(weights: Sequence[Value], decide: Decide) -> Value:
        result: Value = arb(0)
        for first, last, weight in spans:
            if first == last or weight.is_zero():
                continue
            part = list(weights[first:last])
            norm = _NORM(Scope({}, {"w": part}, len(part), decide))
            scope = Scope({**known, "w": norm}, decide=decide)
            for coefficient, code in parts:
                result = result + arb(fmpq(coefficient.numerator, coefficient.denominator)) * weight * code(scope)
        return result

    return total


def spans_of(terms: Terms, arrays: Mapping[str, Any]) -> tuple[tuple[int, int, arb], ...]:
    """Return of each group its first index, the one behind it, and its weight."""
    assert terms.groups is not None
    starts = [int(start) for start in arrays[STARTS]]
    given = arrays.get(terms.groups.weights)
    spans = list(pairwise(starts))
    weights = [arb(last - first).sqrt() for first, last in spans] if given is None else [ball(c) for c in given]
    return tuple((first, last, weight) for (first, last), weight in zip(spans, weights, strict=True))
