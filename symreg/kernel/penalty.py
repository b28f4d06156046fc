"""What each function of a penalty begins with: names that are free, and the penalty's sums and its gradient."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

from symreg.expressions.arithmetic import ZERO
from symreg.expressions.tree import Binary, Call, Item, Name, Number, Subscript, Sum, Tree, substitute
from symreg.kernel.ir import Statement
from symreg.kernel.names import Namer
from symreg.kernel.per_weight import elements
from symreg.kernel.sums import Placing
from symreg.model.lifts import STARTS
from symreg.updates.update import Update

FRAME = frozenset(
    ("w", "g", "v", "n", "t", "step", "out", "state", "i", "j", "k", "l", "t_new", "X", "y", "samples", "sample_weight")
)
"""Names that have a use of their own in what is emitted."""

WEIGHT, LOSS_GRADIENT = (Item(array, (Subscript("j"),)) for array in "wg")
"""An element of each array, in a loop over j."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowered:
    """Stages with their expressions as they came.

    Args:
        placing: Holds the stages and the names in use.
        results: Scalars that the function returns or keeps.
        kept: The states that they are the new values of.
        may_alias: See `Kernel`.
    """

    placing: Placing
    results: tuple[Tree, ...] = ()
    kept: tuple[str, ...] = ()
    may_alias: bool = False


def placing_of(update: Update) -> Placing:
    """Return the start of a function: the names that neither the update nor the frame of emitted code has are free."""
    parameters = [*update.parameters, *(update.rule.parameters if update.rule is not None else ())]
    taken = {*FRAME, *(p.name for p in parameters), *(a.name for a in update.terms.arrays)}
    taken |= {"loss", "weight"} if update.kind == "partial" else set()
    groups = update.terms.groups
    taken |= set() if groups is None else {STARTS, f"{STARTS}_n", groups.weights}
    taken |= {state.name for state in update.rule.states} if update.rule is not None else set()
    return Placing(
        Namer(taken),
        nonzero=frozenset(p.name for p in parameters if 0.0 not in p.domain and not p.shape),
        parameters=tuple(p.name for p in update.parameters),
    )


def penalty(update: Update, placing: Placing) -> tuple[list[Statement], Tree]:
    """Return the sums that are other ones for each j, and dR/dw[j] in terms of them; other sums become stages."""
    body: list[Statement] = []
    addends: list[Tree] = []
    if update.elementwise is not None:
        each = substitute(update.elementwise, {Name("w"): WEIGHT})
        addends.append(elements(each, update.terms.per_weight, "j"))
    if update.indexed is not None:
        addends.append(placing.placed(without_norm(update.indexed), index="j", body=body))
    return body, placing.with_nan(total(addends)) if addends else ZERO


def without_norm(tree: Tree) -> Tree:
    squares = Sum(Binary("**", Item("w", (Subscript("i"),)), Number(Fraction(2))), "i")
    return substitute(tree, {Call("norm", (Name("w"),)): Call("sqrt", (squares,))})


def total(addends: list[Tree]) -> Tree:
    return reduce(lambda left, right: Binary("+", left, right), addends)
