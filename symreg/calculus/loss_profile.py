"""A loss as a function of one number: of the residual z - y, of the margin y*z, or of z with y for a parameter.

The words are those of Steinwart & Christmann (2008), Support Vector Machines, 2.3 and 2.4: distance-based losses depend
on z - y alone, margin-based ones, whose labels are -1 and 1, on y*z alone. What holds of phi then holds of the loss for
every label: l(z, y) = phi(z - y) has l' = phi' and l'' = phi''; l(z, y) = phi(y*z) has l' = y*phi' and l'' = phi''.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from symreg.calculus.evaluation.high_precision import evaluate
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import ONE, ZERO, W
from symreg.expressions.decompose import Addend, addends, factors, product, sum_of
from symreg.expressions.operators import COMPARISONS
from symreg.expressions.text import to_text
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Name,
    Negate,
    Tree,
    children,
    names,
    rebuild,
    substitute,
    transform,
)
from symreg.model.interval import decimal, inside
from symreg.model.loss import Loss
from symreg.model.objective import Objective
from symreg.model.spec import Parameter
from symreg.model.terms import Term, Terms, at_numbers

Z, Y = Name("z"), Name("y")
RESIDUAL, MARGIN = Binary("-", Z, Y), Binary("*", Y, Z)
_ARGUMENTS: dict[str, Tree] = {"residual": RESIDUAL, "margin": MARGIN, "prediction": Z}
_SIGNS = (Fraction(-1), Fraction(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class LossProfile:
    """A loss l(z, y) as phi of one number.

    Args:
        loss: The loss.
        of: What the number is: the residual `z - y`, the margin `y*z`, or the prediction `z` itself.
        terms: phi, one elementwise term over the bare `w`; of the prediction, `y` is a parameter beside the loss's own.
    """

    loss: Loss
    of: Literal["residual", "margin", "prediction"]
    terms: Terms

    @property
    def argument(self) -> Tree:
        """The number, over `z` and `y`."""
        return _ARGUMENTS[self.of]

    @property
    def slope_factor(self) -> Tree:
        """The derivative of the number by z: what phi' is multiplied by."""
        return Y if self.of == "margin" else ONE

    def at_sample(self, tree: Tree) -> Tree:
        """Return a tree over `w` as one over `z` and `y`."""
        turned: dict[Tree, Tree] = {Negate(W): Binary("-", Y, Z)} if self.of == "residual" else {}
        return substitute(tree, {**turned, W: self.argument})

    def in_words(self, text: str) -> str:
        """Return what was said of a penalty and its weight as said of the loss and of what it is a function of."""
        text = re.sub(
            r"\bweight\b", self.of, text.replace("penalty", "loss").replace("add domain = ", "add prediction = ")
        )
        argument = to_text(self.argument)
        text = re.sub(r"(?<=\|)w(?=\|)|\bw(?= [<>=]+ )", argument, text)
        return re.sub(r"\bw\b", argument if self.of == "prediction" else f"({argument})", text)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Tell of the loss what a `with` block refuses of phi."""
        try:
            yield
        except NotDifferentiable as error:
            raise NotDifferentiable(f"{self.loss.name}: {self.in_words(str(error))}") from None
        except Intractable as error:
            raise Intractable(f"{self.loss.name}: {self.in_words(str(error))}") from error

    @property
    def objective(self) -> Objective:
        """phi as an objective by itself, with the loss's name, title and reference."""
        return Objective(
            name=self.loss.name,
            title=self.loss.title,
            terms=self.terms,
            text=self.loss.path or self.loss.name,
            references=(self.loss.reference,) if self.loss.reference else (),
            notes=self.loss.notes,
            docs=(self.loss.doc,) if self.loss.doc else (),
        )

    @property
    def has_labels_apart(self) -> bool:
        """Can each label be looked at by itself, with another phi for each?"""
        return self.of == "prediction" and bool(self.loss.labels.values)

    @property
    def by_label(self) -> tuple[tuple[str, Terms], ...]:
        """phi for each label by itself, with the condition on the label, as in `y = 1`; once where all share it.

        Labels of an interval stay a parameter.
        """
        labels = self.loss.labels
        if not self.has_labels_apart:
            return (("", self.terms),)
        (term,) = self.terms.terms
        rows = ((value, at_numbers(term, {"y": value})) for value in labels.values)
        return tuple(
            (f"y = {decimal(float(value))}", Terms(terms=(replace(own, tree=transform(own.tree, _decided)),)))
            for value, own in rows
        )


def profile_of(loss: Loss) -> LossProfile:
    """Return a loss as a function of one number."""
    if loss.prediction.is_all:
        tree = _of_residual(loss.expression)
        if tree is not None:
            return LossProfile(loss=loss, of="residual", terms=_terms(loss, tree, loss.parameters))
        if loss.labels.values == _SIGNS:
            tree = _of_margin(loss.expression)
            if tree is not None:
                return LossProfile(loss=loss, of="margin", terms=_terms(loss, tree, loss.parameters))
    label = Parameter(name="y", domain=loss.labels.interval, default=inside(loss.labels.interval), doc="the label")
    tree = substitute(loss.expression, {Z: W})
    return LossProfile(loss=loss, of="prediction", terms=_terms(loss, tree, (label, *loss.parameters)))


def _of_residual(tree: Tree) -> Tree | None:
    """Return a tree over `w` in place of `z - y`; None where it depends on z and y otherwise."""
    changed = _over_residual(tree)
    return None if names(changed) & {"z", "y"} else changed


def _over_residual(tree: Tree) -> Tree:
    match tree:
        case Binary("+" | "-"):
            return _rejoined(addends(tree, opened=True)) or _below(tree, _over_residual)
        case Compare(operator, left, right):
            changed = _below(tree, _over_residual)
            if not names(changed) & {"z", "y"}:
                return changed
            difference = _rejoined(addends(Binary("-", left, right), opened=True))
            return changed if difference is None else Compare(operator, difference, ZERO)
        case _:
            return _below(tree, _over_residual)


def _rejoined(parts: list[Addend]) -> Tree | None:
    """Return a sum with `w` in place of z - y, which stand in it with opposite signs; None where they do not."""
    for sign in (1, -1):
        if parts.count((sign, Z)) == parts.count((-sign, Y)) == 1:
            others = [(s, _over_residual(part)) for s, part in parts if part not in (Z, Y)]
            return sum_of([(sign, W), *others])
    return None


def _of_margin(tree: Tree) -> Tree | None:
    """Return a tree over `w` in place of `y*z`; None where it depends on z and y otherwise."""
    changed = _over_margin(tree)
    return None if names(changed) & {"z", "y"} else changed


def _over_margin(tree: Tree) -> Tree:
    parts = factors(tree)
    if parts.count((Z, True)) == parts.count((Y, True)) == 1:
        others = [(_over_margin(factor), above) for factor, above in parts if factor not in (Z, Y)]
        return product([*others, (W, True)])
    return _below(tree, _over_margin)


def _decided(node: Tree) -> Tree:
    """Return the branch of a choice whose condition compares numbers."""
    match node:
        case Call("where", (Compare(operator, left, right), then, otherwise)) if not names(left) | names(right):
            return then if COMPARISONS[operator](evaluate(left, {}), evaluate(right, {})) else otherwise
        case _:
            return node


def _below(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    return rebuild(tree, tuple(map(change, children(tree))))


def _terms(loss: Loss, tree: Tree, parameters: tuple[Parameter, ...]) -> Terms:
    used = names(tree).union(loss.prediction.names)
    term = Term(
        name=loss.name,
        coefficient=Fraction(1),
        tree=tree,
        domain=loss.prediction,
        parameters=tuple(p for p in parameters if p.name in used),
    )
    return Terms(terms=(term,))
