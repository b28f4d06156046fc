"""Tell from a tree's shape whether it is an even or an odd function of the weight, or of all weights together.

Either each part has a parity of its own, or the mirrored tree is the same one but for the order of what commutes and
for signs that cancel, as min((w - 1)**2, (w + 1)**2) is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from symreg.expressions.arithmetic import W, rational
from symreg.expressions.decompose import addends, factors
from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.text import to_text
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
    children,
    transform,
    walk,
)

Parity = Literal["even", "odd", "neither shown"]


def parity(tree: Tree) -> Parity:
    """Return the parity that the shape shows: `even` holds for what has no weight, `odd` for w itself.

    In index notation each `w[i]` is odd, and a sum has the parity that all its summands have.
    """
    if not any(map(_is_weight, walk(tree))):
        return "even"
    if _is_weight(tree):
        return "odd"
    match tree:
        case Sum(body, _):
            return parity(body)
        case Negate(operand):
            return parity(operand)
        case Binary("+" | "-", left, right):
            return parity(left) if parity(left) == parity(right) else _NONE
        case Binary("*" | "/", left, right):
            return _of_product(parity(left), parity(right))
        case Binary("**", base, exponent) if not any(map(_is_weight, walk(exponent))):
            value = rational(exponent)
            if parity(base) != "odd":
                return parity(base)
            return _NONE if value is None or value.denominator != 1 else "even" if value % 2 == 0 else "odd"
        case Call("where", (condition, then, otherwise)) if _is_even_condition(condition):
            return parity(then) if parity(then) == parity(otherwise) else _NONE
        case Call(function, (argument,)) if _parity_of(function) == "even" and parity(argument) != _NONE:
            return "even"
        case Call(function, (argument,)) if _parity_of(function) == "odd":
            return parity(argument)
        case Call(function, arguments) if function != "where" and all(parity(a) == "even" for a in arguments):
            return "even"
        case _:
            return _NONE


def is_even(tree: Tree) -> bool:
    """Does the shape show that R(-w) = R(w)?"""
    return parity(tree) == "even" or _form(tree) == _form(transform(tree, _mirrored))


def _mirrored(node: Tree) -> Tree:
    return Negate(node) if _is_weight(node) else node


def _is_weight(node: Tree) -> bool:
    return node == W or (isinstance(node, Item) and node.array == "w")


_NONE: Parity = "neither shown"


def _parity_of(function: str) -> str:
    row = FUNCTIONS.get(function)
    return "" if row is None else row.parity


def _of_product(a: Parity, b: Parity) -> Parity:
    return _NONE if _NONE in (a, b) else "even" if a == b else "odd"


def _is_even_condition(condition: Tree) -> bool:
    match condition:
        case Compare(_, left, right):
            return parity(left) == "even" and parity(right) == "even"
        case Logic(_, operands):
            return all(_is_even_condition(operand) for operand in operands)
        case _:
            return False


@dataclass(frozen=True, slots=True)
class _Form:
    """A tree as a sign times what is the same for all orders of addends, factors and arguments of min and max.

    Args:
        sign: 1 or -1.
        key: Tells trees apart; a text, which can be put in order.
    """

    sign: int
    key: str

    def signed(self, sign: int) -> _Form:
        """Return it times a sign."""
        return _Form(self.sign * sign, self.key)

    def __str__(self) -> str:
        return f"{'-' if self.sign < 0 else ''}{self.key}"


def _form(tree: Tree) -> _Form:
    """Return the form of a tree; equal forms are equal functions."""
    match tree:
        case Negate(operand):
            return _form(operand).signed(-1)
        case Binary("+" | "-"):
            forms = [_form(addend).signed(sign) for sign, addend in addends(tree, opened=True)]
            return _of_sum(sorted(forms, key=lambda form: (form.key, form.sign)))
        case Binary("*" | "/"):
            return _of_factors(tree)
        case Binary("**", base, exponent):
            return _of_power(_form(base), exponent)
        case Sum(body, index):
            inner = _form(body)
            return _Form(inner.sign, f"sum({inner.key}, {index})")
        case Call(function, (argument,)) if _parity_of(function) == "even":
            return _Form(1, f"{function}({_form(argument).key})")
        case Call(function, (argument,)) if _parity_of(function) == "odd":
            inner = _form(argument)
            return _Form(inner.sign, f"{function}({inner.key})")
        case Call("where", (Compare("<" | "<=" | ">" | ">=" as operator, left, right), then, otherwise)) if (
            then,
            otherwise,
        ) in ((left, right), (right, left)):
            is_least = (operator in ("<", "<=")) == (then == left)  # what a min or a max becomes
            return _form(Call("min" if is_least else "max", (left, right)))
        case Call("min" | "max" as function, arguments):
            return _Form(1, f"{function}({', '.join(sorted(str(_form(a)) for a in arguments))})")
        case Name() | Number() | Item():
            return _Form(1, to_text(tree))
    return _Form(1, f"{_head(tree)}({', '.join(str(_form(child)) for child in children(tree))})")


def _of_sum(forms: list[_Form]) -> _Form:
    """Return the form of a sum: the sign of its first addend is that of the whole."""
    sign = forms[0].sign
    return _Form(sign, f"+({', '.join(str(form.signed(sign)) for form in forms)})")


def _of_factors(tree: Tree) -> _Form:
    """Return the form of a product or quotient, its factors above and below the line in an order of their own."""
    sides: dict[bool, list[str]] = {True: [], False: []}
    sign = 1
    for factor, is_above in factors(tree):
        form = _form(factor)
        sign *= form.sign
        sides[is_above].append(form.key)
    above, below = (", ".join(sorted(keys)) for keys in (sides[True], sides[False]))
    return _Form(sign, f"*({above})" if not below else f"/(({above}), ({below}))")


def _of_power(base: _Form, exponent: Tree) -> _Form:
    value = rational(exponent)
    if value is not None and value.denominator == 1:
        return _Form(1 if value % 2 == 0 else base.sign, f"**({base.key}, {value})")
    return _Form(1, f"**({base}, {_form(exponent)})")


def _head(tree: Tree) -> str:
    """Return what stands above a tree's children: the name of a function, an operator, or the tree itself."""
    match tree:
        case Call(name) | Compare(name) | Logic(name):
            return name
        case _:
            return repr(tree)
