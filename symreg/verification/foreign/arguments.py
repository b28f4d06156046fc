"""Arguments written out, as in `v, tau=step*lam`: numbers, names and arithmetic, read without running anything."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from symreg.errors import SpecError
from symreg.model.names import did_you_mean, printable

LONGEST, DEEPEST = 500, 20

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}
_WHAT_IS_RIGHT = 'write numbers, names, + - * / ** and keywords, as in "v, tau=step*lam"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The arguments of a call as expressions in other names.

    Args:
        text: As it was written.
        positional: Checked expressions, in order.
        named: Checked expressions, by keyword.
    """

    text: str
    positional: tuple[ast.expr, ...]
    named: Mapping[str, ast.expr]

    @property
    def names(self) -> frozenset[str]:
        """The names that the arguments are made of."""
        nodes = (*self.positional, *self.named.values())
        return frozenset(n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name))

    def at(self, values: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments by position and by keyword for the values of all names."""
        return (
            tuple(_value(node, values) for node in self.positional),
            {name: _value(node, values) for name, node in self.named.items()},
        )


def read_arguments(text: str, known: Iterable[str]) -> Arguments:
    """Return the arguments that a text spells.

    Args:
        text: As between the parentheses of a call.
        known: The names that it may hold.

    Raises:
        SpecError: It is not of that form, or holds an unknown name; says what would be right.
    """
    shown = f"--call '{printable(text, 80)}'"
    if len(text) > LONGEST:
        raise SpecError(f"--call of {len(text)} characters; at most {LONGEST}")
    if not text.isascii() or not text.isprintable() or "#" in text or max(map(text.count, "([{"), default=0) > DEEPEST:
        raise SpecError(f"{shown}: {_WHAT_IS_RIGHT}")
    try:
        call = ast.parse(f"f({text})", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise SpecError(f"{shown}: {_WHAT_IS_RIGHT}") from None
    is_whole = isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    if not isinstance(call, ast.Call) or not is_whole:  # a parenthesis closed the call before the text's end
        raise SpecError(f"{shown}: {_WHAT_IS_RIGHT}")
    names = tuple(known)
    named: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise SpecError(f"{shown}: {_WHAT_IS_RIGHT}")
        named[keyword.arg] = keyword.value
    for node in (*call.args, *named.values()):
        for wrong in _refused(node, names):
            raise SpecError(f"{shown}: {wrong}")
    return Arguments(text=text.strip(), positional=tuple(call.args), named=named)


def _refused(node: ast.expr, known: tuple[str, ...], is_whole: bool = True) -> Iterator[str]:
    """Yield what is wrong with an expression; texts, True and the like may only be an argument by themselves."""
    match node:
        case ast.Constant(value=bool() | str() | None) if is_whole:
            return
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            return
        case ast.Name(id=name):
            if name not in known:
                yield f"there is no '{name[:40]}' to hand over{did_you_mean(name[:40], known)}; {_listed(known)}"
        case ast.UnaryOp(op=ast.UAdd() | ast.USub(), operand=operand):
            yield from _refused(operand, known, False)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            yield from _refused(left, known, False)
            yield from _refused(right, known, False)
        case _:
            yield f"'{printable(ast.unparse(node), 40)}' is none of what is read here; {_WHAT_IS_RIGHT}"


def _listed(names: tuple[str, ...]) -> str:
    return f"there are {', '.join(names)}"


def _value(node: ast.expr, values: Mapping[str, Any], is_whole: bool = True) -> Any:
    """Return the value of a checked expression; within one, whole numbers are floats, so that no power runs away."""
    match node:
        case ast.Constant(value=int() | float() as number) if not is_whole:
            return float(number)
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return values[name]
        case ast.UnaryOp(op=op, operand=operand):
            return _UNARY[type(op)](_value(operand, values, isinstance(operand, ast.Constant)))
        case ast.BinOp(left=left, op=binary, right=right):
            return _BINARY[type(binary)](_value(left, values, False), _value(right, values, False))
    raise AssertionError("the expression was checked")
