"""Translate between trees and SymPy: symbols are made here, with assumptions; terms come back in a fixed order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast

import sympy
from mpmath.libmp import prec_to_dps as dps

from symreg.calculus.evaluation.high_precision import evaluate, real
from symreg.errors import Intractable
from symreg.expressions.arithmetic import W, without_extrema
from symreg.expressions.formulas import ends, function_of
from symreg.expressions.functions import FUNCTIONS, Function
from symreg.expressions.operators import ARITHMETIC
from symreg.expressions.text import mention, to_text
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Constant,
    Item,
    Logic,
    Name,
    Negate,
    Number,
    Subscript,
    Sum,
    Tree,
    names,
    number,
    substitute,
    walk,
)
from symreg.model.interval import Interval
from symreg.model.spec import Parameter


def to_sympy(
    tree: Tree,
    parameters: Iterable[Parameter] = (),
    *,
    weight: Interval | None = None,
    opaque: bool = False,
) -> sympy.Expr:
    """Return a tree as a SymPy expression over real symbols.

    Args:
        tree: The expression; `min` and `max` become `Piecewise`.
        parameters: For their domains: what is positive is a positive symbol.
        weight: The weight's domain.
        opaque: Let a sum or a norm stand as one symbol, which `from_sympy` puts back if it is told the tree.

    Raises:
        Intractable: A sum or a norm, where `opaque` is not set.
    """
    return _Translator({p.name: p.domain for p in parameters}, weight, opaque).expression(without_extrema(tree))


def from_sympy(expression: sympy.Expr, given: Tree | None = None) -> Tree:
    """Return a SymPy expression as a tree; terms and factors in a readable order that depends on nothing else.

    Args:
        expression: What came of a translated tree.
        given: That tree, if it was translated with `opaque`: its sums and norms are put back.

    Raises:
        Intractable: A function that is not of the language (an unevaluated derivative or limit, say).
    """
    tree = _tree(expression)
    if given is None:
        return tree
    return substitute(tree, {Name(to_text(node)): node for node in walk(given) if _is_opaque(node)})


class _Translator:
    """The domains of the names, for one translation."""

    def __init__(self, domains: dict[str, Interval], weight: Interval | None, opaque: bool) -> None:
        self.domains = dict(domains)
        if weight is not None:
            self.domains["w"] = weight
        self.opaque = opaque

    def expression(self, tree: Tree) -> Any:
        match tree:
            case Number(value):
                return _rational(value)
            case Constant(name):
                return {"pi": sympy.pi, "inf": sympy.oo, "nan": sympy.nan}[name]
            case Name(name):
                return self.symbol(name)
            case Item():
                return self.stand_in(tree)
            case _ if _is_opaque(tree):
                if not self.opaque:
                    raise Intractable("a sum is not translated")
                return self.stand_in(tree)
            case Negate(operand):
                return -self.expression(operand)
            case Binary(operator, left, right):
                return ARITHMETIC[operator](self.expression(left), self.expression(right))
            case Call("where", (condition, then, otherwise)):
                made = self.condition(condition)
                return sympy.Piecewise((self.expression(then), made), (self.expression(otherwise), True))
            case Call("exp", (argument,)) if names(argument):
                return sympy.exp(self.exponent(argument))
            case Call(function, arguments) if function in _TO_SYMPY:
                return _TO_SYMPY[function](*(self.expression(a) for a in arguments))
            case _:
                raise Intractable(f"{mention(tree)} has no meaning in SymPy")

    def exponent(self, tree: Tree) -> Any:
        """Return what e is raised to, a number of many digits as a symbol.

        Of exp(p*x/q) SymPy makes polynomials of degree p in exp(x/q).
        """
        numbers = {node: self.stand_in(node, positive=True) for node in walk(tree) if _is_long(node)}
        stand_ins: dict[Tree, Tree] = {node: Name(symbol.name) for node, symbol in numbers.items()}
        made = self.expression(substitute(tree, stand_ins))
        return made.xreplace({self.symbol(symbol.name): symbol for symbol in numbers.values()})

    def condition(self, tree: Tree) -> Any:
        match tree:
            case Compare(operator, left, right):
                sides = self.expression(left), self.expression(right)
                if any(side.has(sympy.nan) for side in sides):
                    return sympy.false  # as in floating point
                if any(side.has(sympy.zoo) or side.is_extended_real is False for side in sides):
                    raise Intractable(f"{mention(tree)} compares what is no real number")
                return _RELATION[operator](*sides)
            case Logic(operator, operands):
                join = {"and": sympy.And, "or": sympy.Or, "not": sympy.Not}[operator]
                return join(*(self.condition(o) for o in operands))
            case Call("in_range", _):
                return sympy.Gt(self.stand_in(tree), 0)
            case _:
                raise Intractable(f"{mention(tree, 'a condition')} is not a condition")

    def symbol(self, name: str) -> sympy.Symbol:
        domain = self.domains.get(name)
        if name in ("t", "n"):
            return sympy.Symbol(name, positive=True, integer=True)
        if domain is not None and domain.low is not None and domain.low >= 0:
            return sympy.Symbol(name, **({"nonnegative": True} if 0 in domain else {"positive": True}))
        if domain is not None and domain.high is not None and domain.high <= 0:
            return sympy.Symbol(name, **({"nonpositive": True} if 0 in domain else {"negative": True}))
        return sympy.Symbol(name, real=True)

    def stand_in(self, tree: Tree, *, positive: bool = False) -> sympy.Symbol:
        """Return a symbol that is called like a tree's text, which says what it stands for."""
        text = to_text(tree)
        return sympy.Symbol(text, positive=True) if positive else sympy.Symbol(text, real=True)


_LONGEST = 100


def _is_long(tree: Tree) -> bool:
    """Is it a number p/q with a p or a q of many digits?"""
    return isinstance(tree, Number) and max(abs(tree.value.numerator), tree.value.denominator) > _LONGEST


def _is_opaque(tree: Tree) -> bool:
    return isinstance(tree, Sum) or (isinstance(tree, Call) and tree.function == "norm")


_ITEM = re.compile(r"(?P<array>\w+)\[(?P<subscripts>[^\[\]]+)\]")
_SUBSCRIPT = re.compile(r"(?P<index>[A-Za-z]\w*)(?P<shift>[+-]\d+)?")


def _meant(text: str) -> Tree:
    """Return what a symbol of that name stands for: an element, a number, a range, or what has the name."""
    if text.isidentifier():
        return Name(text)
    if (item := _ITEM.fullmatch(text)) is not None:
        found = _SUBSCRIPT.finditer(item["subscripts"])
        return Item(item["array"], tuple(Subscript(s["index"], int(s["shift"] or 0)) for s in found))
    if text.startswith(_IN_RANGE):
        return Call("in_range", (_meant(text.removeprefix(_IN_RANGE)[:-1]),))
    return Number(Fraction(text)) if text[0].isdigit() else Name(text)


_IN_RANGE = "in_range("


_REMEMBERED = 8192
"""Expressions whose tree and rank are kept: most parts of one form of an expression stand in its other forms too."""


@lru_cache(maxsize=_REMEMBERED)
def _tree(e: Any) -> Tree:
    if e.is_Rational:
        value = Fraction(int(e.p), int(e.q))
        return number(value) if value.denominator == 1 else _fraction(value)
    if e.is_Symbol:
        return _meant(e.name)
    if e.is_Add:
        return _sum(sorted(e.args, key=_term_key))
    if e.is_Mul:
        return _product(e)
    if e.is_Pow:
        return _power(e)
    if e is sympy.pi:
        return Constant("pi")
    if e is sympy.E:
        return Call("exp", (number(1),))
    if e in (sympy.oo, -sympy.oo):
        return Constant("inf") if e is sympy.oo else Negate(Constant("inf"))
    if isinstance(e, sympy.Piecewise):
        return _pieces(list(e.args))
    for kind, name in _FROM_SYMPY.items():
        if isinstance(e, kind):
            return Call(name, tuple(_tree(a) for a in e.args))
    raise Intractable(f"SymPy gave {type(e).__name__}, which is not of the language")


def _rational(value: Fraction) -> Any:
    return sympy.Rational(value.numerator, value.denominator)


def _fraction(value: Fraction) -> Tree:
    top: Tree = Number(Fraction(abs(value.numerator)))
    made = Binary("/", top, Number(Fraction(value.denominator)))
    return Negate(made) if value < 0 else made


def _sum(terms: list[Any]) -> Tree:
    made = _tree(terms[0])
    for term in terms[1:]:
        coefficient, _ = term.as_coeff_Mul()
        made = Binary("-", made, _tree(-term)) if coefficient.is_negative else Binary("+", made, _tree(term))
    return made


def _product(e: Any) -> Tree:
    coefficient, rest = e.as_coeff_Mul()
    if coefficient.is_negative:
        return _leading_minus(_tree(-e))
    top: list[Any] = []
    bottom: list[Any] = []
    for factor in sympy.Mul.make_args(rest):
        is_below = factor.as_base_exp()[1].as_coeff_Mul()[0].is_negative and not isinstance(factor, sympy.exp)
        (bottom if is_below else top).append(1 / factor if is_below else factor)
    made: list[Tree] = [_tree(f) for f in sorted(top, key=_factor_key)]
    if coefficient.p != 1 or not made:
        made.insert(0, Number(Fraction(int(coefficient.p))))
    below: list[Tree] = [_tree(f) for f in sorted(bottom, key=_factor_key)]
    if coefficient.q != 1:
        below.insert(0, Number(Fraction(int(coefficient.q))))
    numerator = _times(made)
    return Binary("/", numerator, _times(below)) if below else numerator


def _leading_minus(tree: Tree) -> Tree:
    """Return minus a product, the sign at its first factor."""
    match tree:
        case Binary("*" | "/" as operator, left, right):
            return Binary(operator, _leading_minus(left), right)
        case _:
            return Negate(tree)


def _times(trees: list[Tree]) -> Tree:
    made = trees[0]
    for tree in trees[1:]:
        made = Binary("*", made, tree)
    return made


def _power(e: Any) -> Tree:
    base, exponent = e.as_base_exp()
    if exponent == sympy.Rational(1, 2):
        return Call("sqrt", (_tree(base),))
    if exponent.as_coeff_Mul()[0].is_negative:
        return Binary("/", number(1), _tree(1 / e))
    return Binary("**", _tree(base), _tree(exponent))


def _pieces(pairs: list[Any]) -> Tree:
    value, condition = pairs[0]
    if condition == sympy.true:
        return _tree(value)
    if len(pairs) == 1:
        raise Intractable("a piecewise expression without a last piece")
    return Call("where", (_condition(condition), _tree(value), _pieces(pairs[1:])))


def _condition(c: Any) -> Tree:
    for kind, operator in _OPERATOR.items():
        if isinstance(c, kind):
            left, right = _tree(c.lhs), _tree(c.rhs)
            return (
                Compare(operator, left, right)
                if _rank(c.lhs) >= _rank(c.rhs)
                else Compare(_MIRRORED[operator], right, left)
            )
    for kind, word in ((sympy.And, "and"), (sympy.Or, "or"), (sympy.Not, "not")):
        if isinstance(c, kind):
            return Logic(word, tuple(sorted((_condition(a) for a in c.args), key=to_text)))
    raise Intractable(f"SymPy gave the condition {type(c).__name__}, which is not of the language")


@lru_cache(maxsize=_REMEMBERED)
def _rank(e: Any) -> tuple[int, int, int, str]:
    """Say how late an expression comes: whether it holds the weight, whether it is a function, its size, its text."""
    names = {s.name for s in e.free_symbols}
    holds_weight = any(name == "w" or "[" in name for name in names)
    is_function = not (e.is_Atom or (e.is_Pow and e.base.is_Symbol))
    return (int(holds_weight), int(is_function), sympy.count_ops(e), to_text(_tree(e)))


def _factor_key(e: Any) -> tuple[int, int, int, str]:
    holds_weight, is_function, operations, text = _rank(e)
    return (is_function, holds_weight, operations, text)


def _term_key(e: Any) -> tuple[bool, int, int, str]:
    coefficient, rest = e.as_coeff_Mul()
    holds_weight, _, operations, text = _rank(rest)
    return (bool(coefficient.is_negative), holds_weight, operations, text)


_RELATION: dict[str, Any] = {"<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt, ">=": sympy.Ge, "==": sympy.Eq}
_OPERATOR: dict[Any, str] = {
    sympy.StrictLessThan: "<",
    sympy.LessThan: "<=",
    sympy.StrictGreaterThan: ">",
    sympy.GreaterThan: ">=",
    sympy.Equality: "==",
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}


def _named(row: Function) -> Callable[..., Any]:
    """Return a function by its name in SymPy, or by its definition, or as one that SymPy knows by its row alone."""
    native = row.name if row.sympy is None else row.sympy
    if native:
        return cast(Callable[..., Any], getattr(sympy, native))
    if not row.definition:
        return _known_by_row(row)
    return function_of(row.definition, _rational, lambda function, *x: _TO_SYMPY[function](*x))


def _known_by_row(row: Function) -> Callable[..., Any]:
    """Return a monotone function that SymPy has not, of which it is told the sign, the limits, slope and values."""
    call = _Translator({}, None, opaque=False).expression
    low, high = map(call, ends(row.range))
    limits = {"rising": (low, high), "falling": (high, low)}.get(row.monotone, (None, None))

    def slope(made: Any, index: int = 1) -> Any:
        return function_of(row.derivatives[index - 1], _rational, lambda f, *x: _TO_SYMPY[f](*x))(*made.args)

    def digits(made: Any, bits: int) -> Any:
        (x,) = (argument.evalf(dps(bits)) for argument in made.args)
        return sympy.Float(str(evaluate(Call(row.name, (W,)), {W: real(str(x))})), dps(bits)) if x.is_Float else None

    sign = {"is_positive": True} if low == 0 else {"is_negative": True} if high == 0 else {}
    known = {"nargs": 1, "is_real": True, **sign, "fdiff": slope, "_eval_evalf": digits}
    known["eval"] = classmethod(lambda kind, x: {-sympy.oo: limits[0], sympy.oo: limits[1]}.get(x))
    return type(row.name, (sympy.Function,), known)


_TO_SYMPY: dict[str, Callable[..., Any]] = {row.name: _named(row) for row in FUNCTIONS.values() if row.derivatives}
_FROM_SYMPY: dict[Any, str] = {kind: name for name, kind in _TO_SYMPY.items() if isinstance(kind, type)}
