"""Take sums and products apart and put them together again: addends, factors, monomials, flat factors."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import reduce

from symreg.expressions.arithmetic import ONE, ZERO, call, minus, negative, numeric, over, plus, power, times
from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Call, Negate, Tree, names, number


def addends(tree: Tree) -> list[tuple[str, Tree]]:
    """Return the addends of a sum that is associated to the left, each with the sign before it."""
    made: list[tuple[str, Tree]] = []
    while isinstance(tree, Binary) and tree.operator in "+-":
        made.append((tree.operator, tree.right))
        tree = tree.left
    return [("+", tree), *reversed(made)]


def signed(sign: str, tree: Tree) -> Tree:
    """Return an addend with its sign."""
    return negative(tree) if sign == "-" else tree


def factors(tree: Tree) -> list[tuple[Tree, bool]]:
    """Return the factors of a product or quotient, each with whether it stands above the line; the sign is a factor."""
    match tree:
        case Binary("*", left, right):
            return factors(left) + factors(right)
        case Binary("/", left, right):
            return factors(left) + [(factor, not above) for factor, above in factors(right)]
        case Negate(operand):
            return [(number(-1), True), *factors(operand)]
        case _:
            return [(tree, True)]


def product(parts: list[tuple[Tree, bool]]) -> Tree:
    """Return the product of what `factors` gives."""
    top, bottom = ONE, ONE
    for factor, above in parts:
        if above:
            top = times(top, factor)
        else:
            bottom = times(bottom, factor)
    return over(top, bottom)


Factor = tuple[Tree, int]


"""A base and its positive exponent."""


def parts_of(node: Tree) -> tuple[Tree, list[Factor], list[Factor]]:
    """Return the scalar factor of a product, and the other factors above and below the line, each once."""
    scalars: list[tuple[Tree, bool]] = []
    top: dict[Tree, int] = {}
    bottom: dict[Tree, int] = {}
    for factor, above in flat_factors(node):
        if "w" not in names(factor):
            scalars.append((factor, above))
            continue
        base, count = base_of(factor)
        side = top if above else bottom
        side[base] = side.get(base, 0) + count
    _cancelled(top, bottom)
    _merge_signs(top)
    return (
        scalar_of(scalars),
        [(b, n) for b, n in top.items() if n],
        [(b, n) for b, n in bottom.items() if n],
    )


def flat_factors(node: Tree) -> list[tuple[Tree, bool]]:
    """Return the factors, those of integer powers of products and quotients one by one."""
    made: list[tuple[Tree, bool]] = []
    for factor, above in factors(node):
        base, count = base_of(factor)
        if count > 1 and isinstance(base, Binary | Negate) and not (isinstance(base, Binary) and base.operator in "+-"):
            made += [(power(b, number(count)), above == a) for b, a in flat_factors(base)]
        else:
            made.append((factor, above))
    return made


def base_of(tree: Tree) -> Factor:
    """Return a factor as a base and its exponent."""
    match tree:
        case Binary("**", base, exponent):
            value = numeric(exponent)
            if value is not None and value.denominator == 1 and value > 0:
                inner, count = base_of(base)
                return inner, count * int(value)
    return tree, 1


def scalar_of(parts: list[tuple[Tree, bool]]) -> Tree:
    """Return the product of scalars as one scalar: its number in front, equal factors together, its sign first."""
    coefficient = Fraction(1)
    top: dict[Tree, int] = {}
    bottom: dict[Tree, int] = {}
    for factor, above in parts:
        value = numeric(factor)
        if value:
            coefficient = coefficient * value if above else coefficient / value
            continue
        base, count = base_of(factor)
        side = top if above else bottom
        side[base] = side.get(base, 0) + count
    _cancelled(top, bottom)
    size = abs(coefficient)
    above_line = [number(size.numerator)] if size.numerator != 1 else []
    below_line = [number(size.denominator)] if size.denominator != 1 else []
    above_line += [power(b, number(n)) for b, n in top.items() if n]
    below_line += [power(b, number(n)) for b, n in bottom.items() if n]
    above_line = above_line or [ONE]
    if coefficient < 0:
        above_line[0] = negative(above_line[0])
    made = reduce(multiplied, above_line)
    return Binary("/", made, reduce(multiplied, below_line)) if below_line else made


def quotient_of(parts: list[tuple[Tree, bool]]) -> Tree:
    """Return the product of factors, each above the line or below it."""
    top, below = ONE, ONE
    for factor, above in parts:
        if above:
            top = times(top, factor)
        else:
            below = times(below, factor)
    return over(top, below)


def multiplied(a: Tree, b: Tree) -> Tree:
    """Return a * b as it stands, nothing folded."""
    return Binary("*", a, b)


def _cancelled(top: dict[Tree, int], bottom: dict[Tree, int]) -> None:
    """Take out what stands above the line and below it."""
    for base in top:
        common = min(top[base], bottom.get(base, 0))
        if common:
            top[base] -= common
            bottom[base] -= common


def _merge_signs(top: dict[Tree, int]) -> None:
    """Write abs(x)*sign(x) as x and abs(x)**2 as x**2."""
    for base in list(top):
        if isinstance(base, Call) and base.function == "abs":
            inside, sign = base.arguments[0], call("sign", base.arguments[0])
            pairs = min(top[base], top.get(sign, 0))
            if pairs:
                top[base] -= pairs
                top[sign] -= pairs
            squares = top[base] // 2
            top[base] -= 2 * squares
            if pairs + 2 * squares:
                top[inside] = top.get(inside, 0) + pairs + 2 * squares


Addend = tuple[int, Tree]


"""A sign, 1 or -1, and a tree that begins with no minus."""


Monomial = tuple[Fraction, tuple[tuple[str, Fraction], ...]]


"""A coefficient, and the exponents of the other factors by their text, sorted."""


def terms(tree: Tree) -> list[Addend]:
    """Return the addends of a sum, however it is associated."""
    match tree:
        case Binary("+", left, right):
            return terms(left) + terms(right)
        case Binary("-", left, right):
            return terms(left) + [(-sign, addend) for sign, addend in terms(right)]
        case Negate(operand):
            return [(-sign, addend) for sign, addend in terms(operand)]
        case Binary("*" | "/" as operator, left, right):
            match left:
                case Negate() | Binary("*" | "/"):
                    inner = terms(left)
                    if len(inner) == 1 and inner[0][0] < 0:
                        return [(-1, Binary(operator, inner[0][1], right))]
    return [(1, tree)]


def total_of(addends: Iterable[Addend]) -> Tree:
    """Return the sum; the first that is added comes in front, if there is one."""
    ordered = list(addends)
    first = next((k for k, (sign, _) in enumerate(ordered) if sign > 0), 0)
    if ordered:
        ordered.insert(0, ordered.pop(first))
    made = ZERO
    for sign, tree in ordered:
        made = plus(made, tree) if sign > 0 else minus(made, tree)
    return made


def product_of(parts: Iterable[tuple[Tree, bool]]) -> Tree:
    """Return the product of factors, each above the line or below it."""
    return product(list(parts))


def monomial(tree: Tree) -> Monomial:
    """Return what a product consists of; a sum counts as one factor."""
    coefficient = Fraction(1)
    exponents: dict[str, Fraction] = {}

    def collect(node: Tree, count: Fraction) -> None:
        nonlocal coefficient
        value = numeric(node)
        if value is not None and value != 0 and count.denominator == 1:
            coefficient *= value ** int(count)
            return
        match node:
            case Negate(operand):
                coefficient *= -1 if count % 2 else 1
                collect(operand, count)
            case Binary("*", left, right):
                collect(left, count)
                collect(right, count)
            case Binary("/", left, right):
                collect(left, count)
                collect(right, -count)
            case Binary("**", base, exponent) if (power := numeric(exponent)) is not None and power.denominator == 1:
                collect(base, count * power)
            case Call("abs", (inside,)) if count % 2 == 0:
                collect(inside, count)
            case _:
                key = to_text(node)
                exponents[key] = exponents.get(key, Fraction(0)) + count

    collect(tree, Fraction(1))
    return coefficient, tuple(sorted((key, count) for key, count in exponents.items() if count))


def is_same(a: Tree, b: Tree) -> bool:
    """Are two products the same but for the order of their factors?"""
    return a == b or monomial(a) == monomial(b)


def difference(a: Tree, b: Tree) -> Tree:
    """Return a - b without the addends that cancel."""
    collected: dict[tuple[tuple[str, Fraction], ...], tuple[Fraction, Tree]] = {}
    for sign, tree in [*terms(a), *((-s, t) for s, t in terms(b))]:
        if tree == ZERO:
            continue
        coefficient, key = monomial(tree)
        before, kept = collected.get(key, (Fraction(0), tree))
        collected[key] = (before + sign * coefficient, kept)
    addends: list[Addend] = []
    for key, (coefficient, tree) in collected.items():
        if coefficient == 0:
            continue
        scale = number(abs(coefficient / monomial(tree)[0]))
        made = times(scale, _positive(tree)) if key else number(abs(coefficient))
        addends.append((1 if coefficient > 0 else -1, made))
    return total_of(addends)


def _positive(tree: Tree) -> Tree:
    return negative(tree) if monomial(tree)[0] < 0 else tree
