"""The Moreau envelope of a penalty, its gradient, and how the conjugate is shown."""

from __future__ import annotations

from collections.abc import Iterable

from symreg.calculus.symbolic.simplify import simplify
from symreg.derivation.model import Case
from symreg.derivation.proximal.conjugate import Y
from symreg.derivation.proximal.writer import PHI, SLOPE, Writer
from symreg.expressions.arithmetic import W, call, minus, over, plus, power, size, times, where
from symreg.expressions.tree import Compare, Tree, number
from symreg.model.spec import Parameter
from symreg.proximal.formulas import FormulaByCases, even_in
from symreg.proximal.operator import STEP, V

LARGEST_ENVELOPE = 100
"""Envelopes of more nodes before they are simplified are left to their definition."""
CONJUGATE, ENVELOPE = "phi_conjugate", "envelope"
"""Formal functions: phi* and the Moreau envelope."""


def envelope_of(formula: FormulaByCases, known: tuple[Parameter, ...], *, is_even: bool) -> Tree | None:
    """Return the Moreau envelope by cases where u is linear in v in all of them.

    Args:
        formula: The operator.
        known: The parameters with `STEP` and `V` among them.
        is_even: Is it to be right for a v of either sign, where the cases are those for v >= 0?
    """
    if not formula.is_linear:
        return None
    rows = []
    for case in formula.cases:
        assert case.inverse is not None
        distance = over(power(minus(case.inverse.tree, V), number(2)), times(number(2), STEP))
        whole = plus(case.value, distance)
        if size(whole) > LARGEST_ENVELOPE:
            return None
        row = simplify(whole, known)
        rows.append(even_in(row, V) if is_even else row)
    v = call("abs", V) if is_even else V
    envelope = rows[-1]
    for case, row in reversed(list(zip(formula.cases, rows, strict=True))[:-1]):
        assert case.high is not None
        envelope = where(Compare("<=", v, case.high), row, envelope)
    return envelope


def tell_envelopes(cases: Iterable[Case], writer: Writer) -> None:
    """Write the Moreau envelope, its gradient, and its closed forms."""
    envelope = call(ENVELOPE, V)
    whole = plus(call(PHI, W), over(power(minus(W, V), number(2)), times(number(2), STEP)))
    writer.put("Moreau envelope", envelope, call("minimum", W, whole), "the least value itself, over ", STEP)
    writer.put(
        "its gradient",
        call("denvelope", V),
        over(minus(V, writer.prox), STEP),
        "wherever the minimiser is the only one",
    )
    for case in cases:
        if case.envelope is not None:
            writer.put("Moreau envelope", envelope, case.envelope, "the minimiser put in", condition=case.condition)


def tell_conjugate(dual: Tree, writer: Writer) -> None:
    """Write the Fenchel conjugate.

    Args:
        dual: phi*, over `Y`.
        writer: Takes the steps.
    """
    whole = minus(times(W, Y), call(PHI, W))
    writer.put(
        "Fenchel conjugate",
        call(CONJUGATE, Y),
        call("supremum", W, whole),
        *("attained where ", Compare("==", call(SLOPE, W), Y), ", or ", Y, " lies in the subdifferential"),
    )
    writer.put("Fenchel conjugate", call(CONJUGATE, Y), dual)
