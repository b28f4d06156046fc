"""The derivation of an operator that has no formula by cases: what is known of F, and what is left to be found."""

from __future__ import annotations

from symreg.claims.sentences import formula_of
from symreg.derivation.model import ProxChain
from symreg.derivation.proximal.opening import PHI, F, Telling
from symreg.expressions.arithmetic import ONE, ZERO, W, call, minus, over, plus, power, times
from symreg.expressions.tree import Call, Tree, number
from symreg.proximal.operator import STEP, Mixed, Operator, Unordered, V


class Searching(Telling[Unordered | Mixed]):
    """Writes the steps up to the minima that are compared once the parameters are known."""

    def chain(self) -> ProxChain:
        """Return the whole derivation."""
        self.opening()
        bound = formula_of(self.profiles)
        self.validity(bound)
        self.knots()
        rise = plus(ONE, times(STEP, call("ddphi", W)))
        if isinstance(self.operator, Mixed):
            told: tuple[str | Tree, ...] = (
                "between two neighbouring knots the second derivative of each term only rises or only falls; their "
                "values at two weights bound ",
                call("dF", W),
                " between these, so that every turn of ",
                F,
                " is found, once for a step",
            )
        else:
            told = (
                "the second derivative is monotone between two neighbouring knots: ",
                F,
                " turns there at most once",
            )
        self.put("turns", call("dF", W), rise, *told)
        cost = plus(times(STEP, call(PHI, W)), over(power(minus(W, V), number(2)), number(2)))
        self.put(
            "minima",
            self.prox(),
            call("argmin", W, cost),
            *("over one minimum of each stretch on which ", F, " rises, kinks that it jumps up at among them"),
        )
        return ProxChain(
            objective=self.objective,
            terms=self.terms,
            letters=self.letters,
            steps=tuple(self.steps),
            whys=tuple(self.whys),
            bound=None if bound is None else bound.bound,
            validity=None if bound is None or bound.condition is None else self.shown(bound.condition),
            is_radial=self.is_radial,
            notes=(
                "Which knot comes first, or how often F turns, depends on the parameters, and so no formula by cases "
                "holds for all of them.",
            ),
        )

    def knots(self) -> None:
        """List the knots; they are sorted once the parameters are known."""
        shown = [knot for knot in self.operator.knots if not (self.operator.is_even and knot == ZERO)]
        for knot in shown:
            self.put("knot", W, knot, "in no order that holds for all parameters" if len(shown) > 1 else "")


class Absorbing(Telling[Operator]):
    """Writes the steps of a sum whose |w| and w^2 are taken out, to the operator of what is left."""

    def chain(self) -> ProxChain:
        """Return the whole derivation."""
        self.opening()
        rise = plus(ONE, times(STEP, self.operator.rise))
        pulled = minus(V, times(STEP, self.operator.pull))
        if self.operator.pull != ZERO:
            pulled = call("max", ZERO, pulled)
        left = call("psi", W)
        own = plus(times(self.operator.pull, W), times(self.operator.rise, over(power(W, number(2)), number(2))))
        self.put("absorption", call(PHI, W), plus(left, own), Call("psi", ()), " is what is left of the penalty")
        self.put(
            "absorption",
            self.prox(),
            call("prox_psi", over(pulled, rise), over(STEP, rise)),
            *("the square is completed; ", Call("psi", ()), " is even and nowhere less than at ", ZERO),
        )
        return ProxChain(
            objective=self.objective,
            terms=self.terms,
            letters=self.letters,
            steps=tuple(self.steps),
            whys=tuple(self.whys),
            is_radial=self.is_radial,
            notes=("The operator of psi is derived from its own terms in the same way.",),
        )
