"""Evaluate trees in Arb ball arithmetic: every result encloses the exact real value of the formula as written.

Takes a `Tree` of the language, hands on a function of a `Scope`. Which side of a switch (`abs`, `sign`, `min`, `max`,
`where`) holds is asked of the scope's `decide`; nothing is ever guessed from a midpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from flint import arb, arb_series, ctx, fmpq

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
    free_indices,
    walk,
)
from symreg.verification.oracle import series
from symreg.verification.oracle.ball import ball, balls
from symreg.verification.oracle.decisions import Decide, sign, sign_or_hull
from symreg.verification.oracle.functions import FUNCTIONS as SMOOTH
from symreg.verification.oracle.multiples import ONE, as_multiple
from symreg.verification.oracle.nonsmooth import absolute, both_sides, euclidean_norm, extreme, minus, root, signum
from symreg.verification.oracle.series import Value
from symreg.verification.oracle.switches import reach


@dataclass(slots=True)
class Scope:
    """What the names in a tree stand for.

    Args:
        names: Scalars: parameters, the bare `w`, and in a rule gradients, states and `t`; a function for `prox`.
        arrays: Vectors and matrices as nested sequences.
        length: `n`, the number of weights and the extent of every dimension.
        decide: Returns the sign of a switch, or None where both sides shall be enclosed; raises `Undecided`.
    """

    names: dict[str, Value]
    arrays: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    length: int = 1
    decide: Decide = lambda x: sign(x)
    indices: dict[str, int] = field(default_factory=dict)
    closed: dict[object, Value] = field(default_factory=dict)


Code: TypeAlias = Callable[[Scope], Value]
_LONG = 64  # weights from which on it pays to look for equal summands of a sum


_Condition: TypeAlias = Callable[[Scope], "bool | None"]


def evaluate(
    tree: Tree,
    values: Mapping[str, Any],
    *,
    length: int | None = None,
    precision: int = 128,
    decide: Decide | None = None,
) -> arb:
    """Return a ball that holds the exact value of the tree.

    Args:
        values: Numbers (float, int, Fraction, arb) by name; sequences of them for vectors, nested for matrices.
        length: `n`; that of `values["w"]` unless given.
        precision: Bits.
        decide: What to do at a switch; unless given, both sides are enclosed where the side is not certain.
    """
    with ctx.workprec(precision):
        names: dict[str, Value] = {}
        arrays: dict[str, Sequence[Any]] = {}
        for name, value in values.items():
            if isinstance(value, arb | arb_series) or not hasattr(value, "__len__"):
                names[name] = ball(value)
            else:
                arrays[name] = balls(value)
        if length is None:
            length = len(arrays["w"]) if "w" in arrays else 1
        result: arb = compiled(tree)(Scope(names, arrays, length, decide or sign_or_hull))
        return result


@lru_cache(maxsize=512)
def compiled(tree: Tree) -> Code:
    """Return the tree as a function of a scope; the kind of its value is that of the scope's names."""
    match tree:
        case Number(value):
            return _number(fmpq(value.numerator, value.denominator))
        case Constant(name):
            constant = {"pi": arb.pi, "inf": arb.pos_inf, "nan": arb.nan}[name]
            return lambda scope: constant()
        case Name(name):
            if name == "n":
                return lambda scope: arb(scope.length)
            return lambda scope: scope.names[name]
        case Item(array, subscripts):
            return _item(array, subscripts)
        case Negate(operand):
            inner = compiled(operand)
            return lambda scope: -inner(scope)
        case Binary("-", Number(1), Call("sigmoid", (argument,))):  # far out the difference cancels
            return compiled(Call("sigmoid", (Negate(argument),)))
        case Binary(operator, left, right):
            return _binary(operator, left, right)
        case Sum(body, index):
            return _sum(tree, body, index)
        case Call(function, arguments):
            return _call(function, arguments)
    raise TypeError(f"a condition is not a number: {tree!r}")


def _number(value: fmpq) -> Code:
    exact = arb(value)
    if exact.is_exact():
        return lambda scope: exact
    at_precision: dict[int, arb] = {}

    def rounded(scope: Scope) -> arb:
        ball_of_it = at_precision.get(ctx.prec)
        if ball_of_it is None:
            ball_of_it = at_precision[ctx.prec] = arb(value)
        return ball_of_it

    return rounded


def _item(array: str, subscripts: tuple[Subscript, ...]) -> Code:
    if len(subscripts) == 1:
        index, shift = subscripts[0].index, subscripts[0].shift
        return lambda scope: scope.arrays[array][scope.indices[index] + shift]

    def element(scope: Scope) -> Value:
        value: Any = scope.arrays[array]
        for subscript in subscripts:
            value = value[scope.indices[subscript.index] + subscript.shift]
        return value

    return element


def _binary(operator: str, left: Tree, right: Tree) -> Code:
    a, b = compiled(left), compiled(right)
    if operator == "+":
        return lambda scope: a(scope) + b(scope)
    if operator == "-":
        return lambda scope: minus(a(scope), b(scope))
    if operator == "*":
        if left == right:
            return lambda scope: series.integer_power(a(scope), 2)
        return lambda scope: a(scope) * b(scope)
    if operator == "/":
        return lambda scope: series.quotient(a(scope), b(scope))
    match right:
        case Number(value) if value.denominator == 1:
            exponent = int(value)
            return lambda scope: series.integer_power(a(scope), exponent)
        case Negate(Number(value)) if value.denominator == 1:
            exponent = -int(value)
            return lambda scope: series.integer_power(a(scope), exponent)
    return lambda scope: series.power(a(scope), b(scope))


def _sum(whole: Tree, body: Tree, index: str) -> Code:
    summand, alike = compiled(body), _alike(body, index)
    least, greatest = reach(body, index)
    key = None if free_indices(whole) else object()  # a sum that holds no outer index is added up once per scope

    def total(scope: Scope) -> Value:
        if key is not None and key in scope.closed:
            return scope.closed[key]
        indices = scope.indices
        once = summand if alike is None or scope.length < _LONG else _once(summand, alike)
        result: Value = arb(0)
        for i in range(-least, scope.length - greatest):
            indices[index] = i
            result = result + once(scope)
        indices.pop(index, None)
        if key is not None:
            scope.closed[key] = result
        return result

    return total


def _alike(body: Tree, index: str) -> list[Code] | None:
    """Return the elements that a summand depends on the index by; None where a sum within it depends on it too."""
    nodes = list(walk(body))
    if any(isinstance(node, Sum) and index in free_indices(node) for node in nodes):
        return None
    items = dict.fromkeys(node for node in nodes if isinstance(node, Item) and index in free_indices(node))
    return [compiled(item) for item in items]


def _once(summand: Code, elements: list[Code]) -> Code:
    """Return a summand that is worked out once for the same elements: so in long, repeated vectors."""
    known: dict[tuple[int, ...], Value] = {}

    def found(scope: Scope) -> Value:
        key = tuple([id(element(scope)) for element in elements])
        value = known.get(key)
        if value is None:
            value = known[key] = summand(scope)
        return value

    return found


def _call(function: str, arguments: tuple[Tree, ...]) -> Code:
    if function == "where":
        return _where(*arguments)
    if function == "norm":
        return lambda scope: euclidean_norm(scope.arrays["w"], scope.decide)
    if function == "prox":
        point, step = map(compiled, arguments)
        return lambda scope: scope.names["prox"](point(scope), step(scope))
    if function == "exp":
        return _exponential(arguments[0])
    codes = [compiled(argument) for argument in arguments]
    x = codes[0]
    if function in SMOOTH:
        return lambda scope: series.apply(function, x(scope))
    if function == "sqrt":
        return lambda scope: root(x(scope), scope.decide)
    if function == "abs":
        return lambda scope: absolute(x(scope), scope.decide)
    if function == "sign":
        return lambda scope: signum(x(scope), scope.decide)
    if function == "logaddexp":
        return lambda scope: series.log_add_exp(x(scope), codes[1](scope))
    sense = {"min": -1, "max": 1}[function]
    return lambda scope: extreme([code(scope) for code in codes], sense, scope.decide)


def _exponential(exponent: Tree) -> Code:
    """Return the exponential of a tree; of a multiple of something as that, so that quotients of such cancel."""
    multiple, inner = as_multiple(exponent)
    times, base = compiled(multiple), compiled(inner)

    def found(scope: Scope) -> Value:
        factor, x = times(scope), base(scope)
        if isinstance(factor, arb) and isinstance(x, arb_series):
            return series.exponential(x, factor)
        return series.apply("exp", x * factor)

    return found if multiple != ONE else lambda scope: series.apply("exp", base(scope))


def _where(condition: Tree, on_true: Tree, on_false: Tree) -> Code:
    holds, a, b = _condition(condition), compiled(on_true), compiled(on_false)

    def chosen(scope: Scope) -> Value:
        truth = holds(scope)
        if truth is None:
            then, otherwise = both_sides(a(scope), b(scope))
            return then.union(otherwise)
        return a(scope) if truth else b(scope)

    return chosen


def _condition(tree: Tree) -> _Condition:
    match tree:
        case Compare(operator, left, right):
            difference = compiled(Binary("-", left, right))
            at_sign = {"<": (1, 0, 0), "<=": (1, 1, 0), ">": (0, 0, 1), ">=": (0, 1, 1), "==": (0, 1, 0)}[operator]

            def compare(scope: Scope) -> bool | None:
                side = scope.decide(difference(scope))
                return None if side is None else bool(at_sign[side + 1])

            return compare
        case Logic("not", (operand,)):
            inner = _condition(operand)

            def negated(scope: Scope) -> bool | None:
                truth = inner(scope)
                return None if truth is None else not truth

            return negated
        case Logic(operator, operands):
            return _junction([_condition(o) for o in operands], settles=operator == "or")
    raise TypeError(f"a number is not a condition: {tree!r}")


def _junction(parts: list[_Condition], settles: bool) -> _Condition:
    """Return `and` (settled by a False) or `or` (settled by a True); None where no part settles it and one is open."""

    def junction(scope: Scope) -> bool | None:
        is_open = False
        for part in parts:
            truth = part(scope)
            if truth is settles:
                return settles
            is_open = is_open or truth is None
        return None if is_open else not settles

    return junction
