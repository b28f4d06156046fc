"""The operator by cases for the docstring of an emitted `prox`: the derivation's table, in the names of the code."""

from __future__ import annotations

from contextlib import suppress

from symreg.calculus.border import border
from symreg.claims.thresholding import SingleFormula
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import ZERO
from symreg.proximal.derive import DerivedOperator
from symreg.proximal.operator import Operator
from symreg.proximal.quoted import Row, quoted


def operator_cases(derived: DerivedOperator, formula: SingleFormula | None) -> tuple[Row, ...]:
    """Return the operator of elementwise terms by cases of v, an equation or one case a row.

    Nothing where there is no table of cases, where it is not decided for which steps F falls in its gaps, or where an
    exponent of many digits would make SymPy solve polynomials of a degree that nobody waits for.

    Args:
        derived: The operator of the terms.
        formula: Up to which step F rises everywhere; None where that is not decided.
    """
    with suppress(Intractable, NotDifferentiable), border("the operator by cases"):
        operator = derived.operator
        is_decided = isinstance(operator, Operator) and (formula is not None or operator.rises_everywhere)
        if isinstance(operator, Operator) and is_decided and not derived.exponents:
            return quoted(
                operator,
                derived.phi.parameters,
                condition=None if formula is None else formula.condition,
                is_single=operator.rises_everywhere if formula is None else formula.bound != ZERO,
            )
    return ()
