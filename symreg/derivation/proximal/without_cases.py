"""The derivation of an operator that has no formula by cases: what is known of F, and what is left to be found."""

from __future__ import annotations

from symreg.claims.sentences import formula_of
from symreg.derivation.model import ProximalDerivation
from symreg.derivation.proximal.opening import open_derivation, tell_validity
from symreg.derivation.proximal.writer import PHI, F, Words, Writer
from symreg.expressions.arithmetic import ONE, ZERO, W, call, minus, over, plus, power, times
from symreg.expressions.tree import Call, number
from symreg.proximal.jump_formulas import cost
from symreg.proximal.operator import STEP, Operator, PiecewiseQuadratic, TableSearch, V


def derive_search(operator: PiecewiseQuadratic | TableSearch, writer: Writer) -> ProximalDerivation:
    """Return the derivation up to the minima that are compared once the parameters are known."""
    open_derivation(writer)
    bound = formula_of(writer.phi)
    tell_validity(writer, bound)
    # The knots are sorted once the parameters are known; of an even phi 0 is none that a reader would look for.
    shown = [knot for knot in operator.knots if not (operator.is_even and knot == ZERO)]
    for knot in shown:
        writer.put("knot", W, knot, "in no order that holds for all parameters" if len(shown) > 1 else "")
    writer.put("turns", call("dF", W), plus(ONE, times(STEP, call("ddphi", W))), *_why_turns_are_found(operator))
    writer.put(
        "minima",
        writer.prox,
        call("argmin", W, cost(call(PHI, W), W)),
        *("over one minimum of each stretch on which ", F, " rises, kinks that it jumps up at among them"),
    )
    return writer.derivation(
        bound=None if bound is None else bound.bound,
        validity=None if bound is None or bound.condition is None else writer.shown(bound.condition),
        notes=(
            "Which knot comes first, or how often F turns, depends on the parameters, and so no formula by cases "
            "holds for all of them.",
        ),
    )


def _why_turns_are_found(operator: PiecewiseQuadratic | TableSearch) -> tuple[Words, ...]:
    if isinstance(operator, PiecewiseQuadratic):
        return ("the second derivative is monotone between two neighbouring knots: ", F, " turns there at most once")
    return (
        "between two neighbouring knots the second derivative of each term only rises or only falls; their "
        "values at two weights bound ",
        call("dF", W),
        " between these, so that every turn of ",
        F,
        " is found, once for a step",
    )


def derive_from_rest(operator: Operator, writer: Writer) -> ProximalDerivation:
    """Return the derivation of a sum whose |w| and w^2 are taken out, to the operator of what is left."""
    open_derivation(writer, operator.period)
    rise = plus(ONE, times(STEP, operator.square_coefficient))
    nearer = minus(V, times(STEP, operator.abs_coefficient))
    if operator.abs_coefficient != ZERO:
        nearer = call("max", ZERO, nearer)
    half_square = over(power(W, number(2)), number(2))
    taken_out = plus(times(operator.abs_coefficient, W), times(operator.square_coefficient, half_square))
    rest = Call("psi", ())
    writer.put("absorption", call(PHI, W), plus(call("psi", W), taken_out), rest, " is what is left of the penalty")
    writer.put(
        "absorption",
        writer.prox,
        call("prox_psi", over(nearer, rise), over(STEP, rise)),
        *("the square is completed; ", rest, " is even and nowhere less than at ", ZERO),
    )
    return writer.derivation(notes=("The operator of psi is derived from its own terms in the same way.",))
