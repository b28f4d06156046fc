"""What the steps of an operator's derivation are written with: letters, and the steps so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from symreg.calculus.analysis import Analysis
from symreg.calculus.differentiation.step import Step
from symreg.calculus.symbolic.exponents import Exponents, restored
from symreg.derivation.model import Letters, ProximalDerivation
from symreg.expressions.arithmetic import W, call
from symreg.expressions.text import to_text
from symreg.expressions.tree import Call, Tree
from symreg.model.objective import Objective
from symreg.model.spec import Parameter
from symreg.model.terms import Terms
from symreg.proximal.operator import STEP, V
from symreg.proximal.solving.points import known_with

PHI_ITSELF, F = Call("phi", ()), Call("F", ())
PHI, SLOPE = "phi", "dphi"
"""Formal functions: phi and phi'; `subdifferential(x)` and `interval(a, b)` are sets."""

Words = str | Tree
"""Part of a sentence: words, or mathematics over `W`, `V` and `STEP`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Takes the steps of a derivation one after the other.

    Args:
        objective: Whose penalty is derived.
        terms: Those of its terms that the operator is of.
        phi: What is known of phi, a sum of terms over the bare weight.
        is_even: Is phi even?
        letters: What the variables are called.
        exponents: What names of exponents in phi stand for.
        is_radial: Is phi a function of the norm?
        steps: So far.
        whys: Why each holds.
    """

    objective: Objective
    terms: Terms
    phi: Analysis
    is_even: bool
    letters: Letters
    exponents: Exponents
    is_radial: bool
    steps: list[Step] = field(default_factory=list)
    whys: list[tuple[Words, ...]] = field(default_factory=list)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Of phi."""
        return self.phi.parameters

    @property
    def known(self) -> tuple[Parameter, ...]:
        """The parameters with `STEP` and `V` among them."""
        return known_with(self.parameters, is_even=self.is_even)

    @property
    def prox(self) -> Tree:
        """What the operator is called: of a function of the norm the new norm."""
        return W if self.is_radial else call("prox", V, STEP)

    def put(
        self, rule: str, before: Tree, after: Tree, *why: Words, condition: Tree | None = None, raw: bool = False
    ) -> None:
        """Add a step.

        Args:
            rule: What is done.
            before: The left side, over `W`, `V` and `STEP`, or over the letters where it is `raw`.
            after: The right side, likewise.
            why: It holds, in words and mathematics.
            condition: Under which it holds.
            raw: Are the trees over the letters already?
        """
        shown = (lambda tree: tree) if raw else self.shown
        reason = tuple(part if isinstance(part, str) else shown(part) for part in why)
        self.whys.append(reason)
        self.steps.append(
            Step(
                rule=rule,
                before=shown(before),
                after=shown(after),
                why="".join(part if isinstance(part, str) else to_text(part).replace("()", "") for part in reason),
                condition=None if condition is None else shown(condition),
            )
        )

    def shown(self, tree: Tree) -> Tree:
        """Return a tree over the letters, each exponent as the number that it is."""
        return self.letters.shown(restored(tree, self.exponents))

    def derivation(self, **results: Any) -> ProximalDerivation:
        """Return the steps as a whole derivation, with its results."""
        return ProximalDerivation(
            objective=self.objective,
            terms=self.terms,
            letters=self.letters,
            steps=tuple(self.steps),
            whys=tuple(self.whys),
            is_radial=self.is_radial,
            **results,
        )
