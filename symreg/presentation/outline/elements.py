"""Parameters with an element for each weight, which formulas of one weight name bare: `c` is shown as c_j, or c_i."""

from __future__ import annotations

from dataclasses import replace

from symreg.calculus.differentiation.step import Step
from symreg.calculus.pieces.knot import Knot
from symreg.claims.verdict import StepBound
from symreg.derivation.model import Direction, GradientDerivation
from symreg.expressions.arithmetic import call
from symreg.expressions.tree import Compare, Item, Name, Subscript, Sum, Tree, children, rebuild
from symreg.expressions.tree import names as names_in


def with_elements(chain: GradientDerivation) -> GradientDerivation:
    """Return a derivation in whose formulas such a parameter has the subscript of the weight beside it.

    What bounds the whole is the greatest of what bounds each weight. The derivation of an operator, which is of one
    weight, stays as it is.
    """
    names = frozenset(chain.objective.terms.per_weight)
    if not names:
        return chain

    def shown(tree: Tree) -> Tree:
        return _subscripted(tree, names, "j")

    def extreme(function: str, tree: Tree) -> Tree:
        """Return the greatest or the least of what a tree is over all weights."""
        return call(function, _subscripted(tree, names, "i")) if names & names_in(tree) else tree

    def step(old: Step) -> Step:
        condition = None if old.condition is None else shown(old.condition)
        after = extreme("max", old.after) if old.is_bound else shown(old.after)
        return replace(old, before=shown(old.before), after=after, condition=condition)

    def knot(old: Knot) -> Knot:
        position, left, right, chosen = map(shown, (old.position, old.left, old.right, old.chosen))
        return replace(old, position=position, left=left, right=right, chosen=chosen)

    def direction(old: Direction) -> Direction:
        return old if old.where is None else replace(old, where=shown(old.where))

    def small_enough(bound: StepBound) -> Tree:
        assert isinstance(bound.condition, Compare)
        return replace(bound.condition, right=extreme("min", bound.condition.right))

    return replace(
        chain,
        steps=tuple(map(step, chain.steps)),
        gradient=shown(chain.gradient),
        update=tuple((target, shown(tree)) for target, tree in chain.update),
        knots=tuple(map(knot, chain.knots)),
        directions=tuple(map(direction, chain.directions)),
        bounds=tuple(replace(bound, condition=shown(bound.condition)) for bound in chain.bounds),
        descent=None if chain.descent is None else replace(chain.descent, condition=small_enough(chain.descent)),
    )


def _subscripted(tree: Tree, names: frozenset[str], index: str) -> Tree:
    if isinstance(tree, Name) and tree.name in names:
        return Item(tree.name, (Subscript(index),))
    inner = tree.index if isinstance(tree, Sum) else index
    return rebuild(tree, tuple(_subscripted(child, names, inner) for child in children(tree)))
