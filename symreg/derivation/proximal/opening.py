"""How each operator's derivation begins: what it is, what a minimiser satisfies, and when there is one formula."""

from __future__ import annotations

from typing import Generic, TypeVar

from symreg.calculus.differentiation.step import Step
from symreg.calculus.radial import radial_profile
from symreg.calculus.symbolic.exponents import Exponents, restored
from symreg.calculus.symbolic.simplify import tidy
from symreg.claims.thresholding import SingleFormula
from symreg.derivation.model import Letters
from symreg.derivation.proximal.inverses import known_with
from symreg.expressions.arithmetic import ONE, ZERO, W, call, minus, negative, over, plus, power, times, total
from symreg.expressions.text import to_text
from symreg.expressions.tree import Call, Compare, Name, Tree, number, walk
from symreg.model.objective import Objective
from symreg.model.terms import Terms
from symreg.proximal.operator import STEP, Mixed, Operator, Unordered, V

PHI_ITSELF, F = Call("phi", ()), Call("F", ())
PHI, SLOPE = "phi", "dphi"
"""Formal functions: phi and phi'; `subdifferential(x)` and `interval(a, b)` are sets."""

_Of = TypeVar("_Of", bound=Operator | Unordered | Mixed)


class Telling(Generic[_Of]):
    """Writes the steps one after the other; `profiles` is phi, over the bare weight."""

    def __init__(
        self,
        objective_: Objective,
        terms: Terms,
        profiles: Terms,
        operator: _Of,
        letters: Letters,
        exponents: Exponents,
        *,
        is_radial: bool,
    ) -> None:
        self.objective, self.terms, self.profiles = objective_, terms, profiles
        self.operator: _Of = operator
        self.letters, self.exponents, self.is_radial = letters, exponents, is_radial
        self.parameters = profiles.parameters
        self.known = known_with(self.parameters, is_even=operator.is_even)
        self.steps: list[Step] = []
        self.whys: list[tuple[str | Tree, ...]] = []
        self.u, self.v, self.s = (Name(name) for name in (letters.weight, letters.point, letters.step))

    def put(
        self, rule: str, before: Tree, after: Tree, *why: str | Tree, condition: Tree | None = None, raw: bool = False
    ) -> None:
        """Add a step, over `W`, `V` and `STEP`, or over the letters where it is `raw`; why it holds may have trees."""
        shown = (lambda tree: tree) if raw else self.shown
        told = tuple(part if isinstance(part, str) else shown(part) for part in why)
        self.whys.append(told)
        self.steps.append(
            Step(
                rule=rule,
                before=shown(before),
                after=shown(after),
                why="".join(part if isinstance(part, str) else to_text(part).replace("()", "") for part in told),
                condition=None if condition is None else shown(condition),
            )
        )

    def shown(self, tree: Tree) -> Tree:
        """Return a tree over the letters, each exponent as the number that it is."""
        return self.letters.shown(restored(tree, self.exponents))

    def prox(self) -> Tree:
        return W if self.is_radial else call("prox", V, STEP)

    def opening(self) -> None:
        u, v, s = W, V, STEP
        phi = call(PHI, u)
        profile = self.profile()
        if self.is_radial:
            point = Name("v")
            told = ("; ", self.u, " is its norm, and ", self.v, " that of ", point)
            self.put(
                "radial theorem",
                call("prox", point, self.s),
                times(over(self.u, self.v), point),
                *("R is a function of the norm alone, so the minimiser lies on the ray of ", point, *told),
                raw=True,
            )
        self.put(
            "penalty", phi, profile, "one weight at a time" if not self.is_radial else "as a function of the length"
        )
        self.put(
            "proximal operator",
            self.prox(),
            call("argmin", u, plus(times(s, phi), over(power(minus(u, v), number(2)), number(2)))),
            Compare(">", s, ZERO),
        )
        if self.operator.is_even and not self.is_radial:
            self.put(
                "symmetry",
                call("prox", negative(v), s),
                negative(call("prox", v, s)),
                *(PHI_ITSELF, " is even: ", Compare(">=", v, ZERO), " and ", Compare(">=", u, ZERO), " are enough"),
            )
        period = self.operator.period if isinstance(self.operator, Operator) else None
        if period is not None:
            self.put(
                "periodicity",
                call("prox", plus(v, period), s),
                plus(call("prox", v, s), period),
                *(PHI_ITSELF, " repeats itself, and so ", v, " is taken to within half a period of ", ZERO),
            )
        self.put(
            "stationarity",
            ZERO,
            plus(minus(u, v), times(s, call("subdifferential", phi))),
            "what every minimiser satisfies",
        )
        self.put(
            "on smooth pieces",
            v,
            plus(u, times(s, call(SLOPE, u))),
            *("call the right side ", call("F", u), "; a minimum lies where ", F, " rises"),
        )

    def profile(self) -> Tree:
        """Return phi as it was written; of a function of the norm, over the norm."""
        trees = [radial_profile(term) if self.is_radial else term.tree for term in self.terms.terms]
        rows = zip(self.terms.terms, trees, strict=True)
        return total([times(number(term.coefficient), tree) for term, tree in rows if tree is not None])

    def validity(self, bound: SingleFormula | None) -> None:
        """Say up to which step F rises everywhere."""
        curvature, rises = call("ddphi", W), call("dF", W)
        rise = plus(ONE, times(STEP, curvature))
        if bound is None:
            return
        if bound.condition is None:
            self.put(
                "validity",
                rises,
                rise,
                *(
                    PHI_ITSELF,
                    " is convex: ",
                    F,
                    " rises everywhere for every ",
                    STEP,
                    ", and one formula holds for all ",
                    V,
                ),
            )
        elif bound.bound == ZERO:
            falls = "the slope jumps down, or falls without bound: for no "
            self.put("validity", rises, rise, falls, STEP, " does ", F, " rise everywhere")
        else:
            least = tidy(negative(over(ONE, bound.bound)), self.parameters) if not _has_where(bound.bound) else None
            why: tuple[str | Tree, ...] = (F, " rises everywhere, and one formula holds for all ", V)
            if bound.is_strict:
                why = (*why, "; not at the bound itself, where ", F, " is constant on an interval")
            if least is not None:
                self.put("least curvature", call("infimum", W, curvature), least, "over all smooth pieces")
            self.put("validity", rises, rise, *why, condition=bound.condition)


def _has_where(tree: Tree) -> bool:
    return any(isinstance(node, Call) and node.function == "where" for node in walk(tree))
