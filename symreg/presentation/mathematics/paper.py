"""Trees as they stand on paper, before any notation: signs in front, cases listed, index ranges as conditions."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from symreg.expressions import decompose
from symreg.expressions.text import number_text
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Item,
    Logic,
    Name,
    Negate,
    Number,
    Sum,
    Tree,
    number,
    transform,
)


class Case(NamedTuple):
    """A value and where it holds (None: everywhere else)."""

    value: Tree
    condition: Tree | None


FORMAL = {
    "phi": ("phi", r"\varphi"),
    "dphi": ("phi'", r"\varphi'"),
    "ddphi": ("phi''", r"\varphi''"),
    "loss": ("l", r"\ell"),
    "dloss": ("l'", r"\ell'"),
    "ddloss": ("l''", r"\ell''"),
    "dF": ("F'", "F'"),
    "F_inverse": ("F^-1", "F^{-1}"),
    "envelope": ("env", r"\mathrm{env}"),
    "denvelope": ("env'", r"\mathrm{env}'"),
    "phi_conjugate": ("phi*", r"\varphi^*"),
    "subdifferential": ("subdiff", r"\partial"),
    "F": ("F", "F"),
    "psi": ("psi", r"\psi"),
    "prox_psi": ("prox_psi", r"\mathrm{prox}_\psi"),
    "dpsi": ("psi'", r"\psi'"),
    "acos": ("acos", r"\arccos"),
    "lambertw": ("W", "W"),
}
"""Functions that only derivations know, in text and in LaTeX."""
EXTREMES = {
    "argmin": ("argmin", r"arg\,min"),
    "minimum": ("min", "min"),
    "supremum": ("sup", "sup"),
    "infimum": ("inf", "inf"),
}
"""What is taken over a variable, written below it."""
SETS = ("subdifferential", "interval")
"""Functions whose values are sets: what stands on the left of such an equation is an element."""


def on_paper(tree: Tree) -> Tree:
    """Return an equal tree without the functions that exist for rounding's sake, `log(1 + x)` for `log1p(x)`."""
    return transform(tree, _written)


_ONE: Tree = Number(Fraction(1))


def addends(tree: Tree) -> list[tuple[bool, Tree]]:
    """Return the terms of a sum, each with whether it is subtracted; a product's sign is the term's."""
    terms: list[tuple[bool, Tree]] = []
    for sign, part in decompose.addends(tree):
        if sign > 0 and isinstance(part, Binary) and part.operator in "+-":
            terms += addends(part)
        else:
            is_negative, term = _term(part)
            terms.append((is_negative != (sign < 0), term))
    return terms


def is_heavy(factor: Tree) -> bool:
    """Does a factor stand after the fraction of the others: a sum, a choice, a formal derivative?"""
    return isinstance(factor, Sum) or (isinstance(factor, Call) and factor.function in ("where", "d"))


def fraction(tree: Tree) -> tuple[list[Tree], list[Tree], list[Tree]]:
    """Return the factors of a product above the line, numbers first, below it, and those after the fraction."""
    above: list[Tree] = []
    below: list[Tree] = []
    after: list[Tree] = []
    for factor, is_above in decompose.factors(tree):
        if is_above and factor != _ONE:
            (after if is_heavy(factor) else above).append(factor)
        elif not is_above:
            below.append(factor)
    above.sort(key=lambda factor: not isinstance(factor, Number))
    return above or ([] if after and not below else [_ONE]), below, after


def cases(tree: Tree) -> list[Case]:
    """Return the pieces of a `where`, of those in its last branch too, in the order in which they are tried."""
    match tree:
        case Call("where", (condition, then, otherwise)):
            return [Case(then, condition), *cases(otherwise)]
        case _:
            return [Case(tree, None)]


def comparisons(conditions: tuple[Tree, ...]) -> list[list[Tree | str]]:
    """Return the operands of an `and`, those that go on where the one before ended run together: `a < x <= b`."""
    chains: list[list[Tree | str]] = []
    for condition in conditions:
        match condition:
            case Compare(operator, left, right):
                before = chains[-1] if chains else []
                if len(before) == 3 and before[-1] == left and str(before[1])[0] == operator[0] and operator != "==":
                    before.extend((operator, right))
                else:
                    chains.append([left, operator, right])
            case _:
                chains.append([condition])
    return chains


def numeral(value: Fraction) -> str:
    """Return an exact nonnegative number: a small fraction as `1/2`, anything else as the language writes it."""
    if value.denominator in (2, 3, 4, 6, 7, 8, 9, 12, 16) and value.numerator < 100:
        return f"{value.numerator}/{value.denominator}"
    return number_text(value)


def _term(tree: Tree) -> tuple[bool, Tree]:
    """Return a term's sign, pulled out of the factors of a product, and the rest."""
    match tree:
        case Negate(operand):
            is_negative, rest = _term(operand)
            return not is_negative, rest
        case Binary("*" | "/" as operator, left, right):
            (is_negative, top), (flips, other) = _term(left), _term(right)
            return is_negative != flips, Binary(operator, top, other)
        case _:
            return False, tree


def _written(tree: Tree) -> Tree:
    match tree:
        case Call("log1p", (x,)):
            return Call("log", (Binary("+", Number(Fraction(1)), x),))
        case Call("expm1", (x,)):
            return Binary("-", Call("exp", (x,)), _ONE)
        case Call("abs", (Negate(x),)):
            return Call("abs", (x,))
        case Call("in_range", (Item(_, (subscript,)),)):
            index, shift = Name(subscript.index), subscript.shift
            if shift < 0:
                return Compare(">=", index, number(-shift))
            return Compare("<", index, Binary("-", Name("n"), number(shift)) if shift else Name("n"))
        case Call("where", (Logic("not", (condition,)), then, otherwise)):
            return Call("where", (condition, otherwise, then))
        case _:
            return tree
