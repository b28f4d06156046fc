"""What a derivation consists of: steps, knots, what the update does on each side of zero, bounds on the step size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from symreg.calculus.differentiation.step import Step
from symreg.calculus.pieces.knot import Knot
from symreg.claims.verdict import StepBound
from symreg.derivation.loss_model import DataDerivation
from symreg.expressions.arithmetic import rational
from symreg.expressions.tree import Binary, Name, Number, Tree, substitute, transform
from symreg.model.objective import Objective
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.proximal.operator import STEP, V

Sign = Literal["negative", "nonpositive", "zero", "nonnegative", "positive", "both", "undecided", "undefined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """What a gradient step on the penalty alone does to a weight on one side of zero.

    Args:
        side: Sign of the weight.
        sign: Sign of dR/dw_j on that whole side, or `both` where it changes, `undecided` where it was not decided,
            `undefined` where the formula has no value.
        where: The part of the side that the sign was decided on, or None for all of it.
    """

    side: Literal["negative", "positive"]
    sign: Sign
    where: Tree | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientDerivation:
    """A whole derivation.

    Args:
        objective: What was derived.
        rule: The update rule that the gradient was put into.
        steps: In the order in which they are read; each is true by itself.
        gradient: dR/dw_j, over `Item("w", j)`; of a part of R if the rule takes the operator of another part.
        update: The rule's assignments with the gradient in place, simplified; (target, expression) pairs.
        smooth: What the gradient is of: `R`, a part `S` of it, or "" where the operator takes all of R.
        proximal: What the rule takes the proximal operator of: `R`, a part `P` of it, or "" for nothing.
        knots: Of the elementwise part.
        directions: Negative side first; empty where the objective is not elementwise.
        bounds: On the step size; empty where none was decided, or none is small enough.
        notes: Conventions and assumptions that a reader must know, one sentence each.
        operator: Of the operator that the rule takes; None if it takes none, or no derivation of it is written.
        data: Of L, the loss over samples; None where L is opaque, and dL/dw_j is `g[j]`.
        descent: Up to which step the rule never raises O; None where no such bound is known.
        stationary: From the gradient of O to the equations that its zeros solve; empty where they are not linear.
    """

    objective: Objective
    rule: Rule
    steps: tuple[Step, ...]
    gradient: Tree
    update: tuple[tuple[str, Tree], ...]
    smooth: str = "R"
    proximal: str = ""
    knots: tuple[Knot, ...] = ()
    directions: tuple[Direction, ...] = ()
    bounds: tuple[StepBound, ...] = ()
    notes: tuple[str, ...] = ()
    operator: ProximalDerivation | None = None
    data: DataDerivation | None = None
    descent: StepBound | None = None
    stationary: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """What a derivation calls its variables; names of parameters are avoided.

    Args:
        weight: u, over which the minimum is taken.
        point: v, where the operator is taken; of a function of the norm the length of v.
        step: s, the factor of the penalty.
        scaled: x, the weight in units of its scale.
    """

    weight: str
    point: str
    step: str
    scaled: str

    def shown(self, tree: Tree) -> Tree:
        """Return a tree over these letters, an exponent as one number."""
        made = substitute(tree, {Name("w"): Name(self.weight), V: Name(self.point), STEP: Name(self.step)})
        return transform(made, _with_exponent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The operator for the steps of a range.

    Args:
        condition: On the step and the parameters; None: every step.
        formula: prox(v) as a choice on v, over the names defined.
        definitions: What the names in the formula stand for.
        envelope: The Moreau envelope, likewise; None where it is no shorter than its definition.
    """

    condition: Tree | None
    formula: Tree
    definitions: tuple[tuple[str, Tree], ...] = ()
    envelope: Tree | None = None

    @property
    def whole(self) -> Tree:
        """The formula with the definitions put in."""
        made = self.formula
        for name, tree in reversed(self.definitions):
            made = substitute(made, {Name(name): tree})
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class ProximalDerivation:
    """The derivation of a proximal operator.

    Args:
        objective: Whose penalty it is of, or some of its terms.
        terms: Those that it is of.
        letters: The names of the variables in all trees.
        steps: In the order in which they are read.
        whys: Of each step, with its mathematics as trees.
        cases: Closed forms, by ranges of the step; empty where there is none.
        bound: Up to which step F rises everywhere; `inf`, or None where that is not decided.
        validity: The same as a condition; None where it holds for every step, or is not decided.
        conjugate: phi* over `y`, infinite outside its domain; None where phi is not convex or has no closed form.
        is_radial: Is phi a function of the norm, and `v` the norm of the point?
        notes: One sentence each.
    """

    objective: Objective
    terms: Terms
    letters: Letters
    steps: tuple[Step, ...]
    whys: tuple[tuple[str | Tree, ...], ...]
    cases: tuple[Case, ...] = ()
    bound: Tree | None = None
    validity: Tree | None = None
    conjugate: Tree | None = None
    is_radial: bool = False
    notes: tuple[str, ...] = ()


def _with_exponent(node: Tree) -> Tree:
    if isinstance(node, Binary) and node.operator == "**":
        value = rational(node.right)
        if value is not None and value >= 0:
            return Binary("**", node.left, Number(value))
    return node
