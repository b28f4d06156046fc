"""Products, quotients and powers in another order, so that no intermediate result overflows or vanishes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import reduce

from symreg.calculus.algebra import ONE, W, call, factors, negative, numeric, over, plus, power, times
from symreg.calculus.monomials import Addend, terms, total_of
from symreg.language.tree import Binary, Call, Compare, Negate, Tree, names, number, walk

Factor = tuple[Tree, int]
"""A base and its exponent, negative below the line."""


def regrouped(node: Tree) -> Iterator[Tree]:
    """Yield a product with its scalars first, its quotients first, its powers in pairs or in halves."""
    if not (isinstance(node, Binary) and node.operator in "*/"):
        return
    scalar, top, bottom = _parts(node)
    if not top and not bottom:
        return
    yield _in_order(scalar, top, bottom)
    for k, (a, m) in enumerate(top):
        for j, (b, n) in enumerate(bottom):
            count = min(m, n)
            others_above = [*top[:k], *([(a, m - count)] if m > count else []), *top[k + 1 :]]
            others_below = [*bottom[:j], *([(b, n - count)] if n > count else []), *bottom[j + 1 :]]
            yield _in_order(scalar, [*others_above, (Binary("/", a, b), count)], others_below)
    for j, (b, n) in enumerate(bottom):
        if n > 1:
            # x/b**2 as x/b/b, and with what stands over it inside: x*(s/b)**2.
            made = _in_order(scalar, top, bottom[:j] + bottom[j + 1 :])
            for _ in range(n):
                made = Binary("/", made, b)
            yield made
            if (found := _scalar_root(scalar, n)) is not None:
                rest, root = found
                yield _in_order(rest, [*top, (over(root, b), n)], bottom[:j] + bottom[j + 1 :])
            yield _in_order(scalar, [*top, (over(ONE, b), n)], bottom[:j] + bottom[j + 1 :])
    for k, (a, m) in enumerate(top):
        if m > 1:
            halves = [(a, m // 2), (a, m - m // 2)] if m > 2 else [(a, 1), (a, 1)]
            yield _in_order(scalar, [*halves, *top[:k], *top[k + 1 :]], bottom)
    for k, (a, m) in enumerate(top):
        if (half := _half(a)) is not None and m == 1 and (len(top) > 1 or bottom):
            # exp(x)*q as exp(x/2)*q*exp(x/2): the one may overflow where the other does not.
            yield Binary("*", _in_order(scalar, [(half, 1), *top[:k], *top[k + 1 :]], bottom), half)
    if bottom and top:
        quotient = _in_order(ONE, top, bottom)
        yield quotient if scalar == ONE else Binary("*", scalar, quotient)


def _half(tree: Tree) -> Tree | None:
    """Return the root of an exponential."""
    return call("exp", over(tree.arguments[0], number(2))) if isinstance(tree, Call) and tree.function == "exp" else None


def cleared(node: Tree) -> Iterator[Tree]:
    """Yield 1 + x/s as (s + x)/s, where s is a scalar, and the root of it as sqrt(s + x)/sqrt(s)."""
    match node:
        case Call("sqrt", (inside,)):
            for top, below in _over_one_scalar(inside):
                yield over(call("sqrt", top), _root(below))
        case Binary("+" | "-", _, _):
            for top, below in _over_one_scalar(node):
                yield Binary("/", top, below)


def bounded(node: Tree) -> Iterator[Tree]:
    """Yield quotients, roots and logarithms of polynomials in w, for large w written in powers of 1/w.

    Both forms hold everywhere but at 0; the first is taken for |w| <= 1.
    """
    made = _reversed(node)
    if made is None:
        return
    size = call("abs", W)
    yield call("where", Compare("<=", size, ONE), node, made)


def _parts(node: Tree) -> tuple[Tree, list[Factor], list[Factor]]:
    """Return the scalar factor of a product, and the other factors above and below the line, each once."""
    scalars: list[tuple[Tree, bool]] = []
    top: dict[Tree, int] = {}
    bottom: dict[Tree, int] = {}
    for factor, above in _flat(node):
        if "w" not in names(factor):
            scalars.append((factor, above))
            continue
        base, count = _base(factor)
        side = top if above else bottom
        side[base] = side.get(base, 0) + count
    _cancelled(top, bottom)
    _merge_signs(top)
    return (
        _scalar(scalars),
        [(b, n) for b, n in top.items() if n],
        [(b, n) for b, n in bottom.items() if n],
    )


def _cancelled(top: dict[Tree, int], bottom: dict[Tree, int]) -> None:
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


def _flat(node: Tree) -> list[tuple[Tree, bool]]:
    """Return the factors, those of integer powers of products and quotients one by one."""
    made: list[tuple[Tree, bool]] = []
    for factor, above in factors(node):
        base, count = _base(factor)
        if count > 1 and isinstance(base, Binary | Negate) and not (isinstance(base, Binary) and base.operator in "+-"):
            made += [(power(b, number(count)), above == a) for b, a in _flat(base)]
        else:
            made.append((factor, above))
    return made


def _base(tree: Tree) -> Factor:
    match tree:
        case Binary("**", base, exponent):
            value = numeric(exponent)
            if value is not None and value.denominator == 1 and value > 0:
                inner, count = _base(base)
                return inner, count * int(value)
    return tree, 1


def _scalar(parts: list[tuple[Tree, bool]]) -> Tree:
    """Return the product of scalars as one scalar: its number in front, equal factors together, its sign first."""
    coefficient = Fraction(1)
    top: dict[Tree, int] = {}
    bottom: dict[Tree, int] = {}
    for factor, above in parts:
        value = numeric(factor)
        if value:
            coefficient = coefficient * value if above else coefficient / value
            continue
        base, count = _base(factor)
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
    made = reduce(_times, above_line)
    return Binary("/", made, reduce(_times, below_line)) if below_line else made


def _times(a: Tree, b: Tree) -> Tree:
    return Binary("*", a, b)


def _scalar_root(scalar: Tree, degree: int) -> tuple[Tree, Tree] | None:
    """Return a scalar as another scalar and the root of what is left, if a power of that degree is a factor of it."""
    parts = _flat(scalar)
    for place, (factor, above) in enumerate(parts):
        base, count = _base(factor)
        if above and count == degree and degree > 1:
            return _scalar(parts[:place] + parts[place + 1 :]), base
    return None


def _in_order(scalar: Tree, top: list[Factor], bottom: list[Factor]) -> Tree:
    """Return scalar * top / bottom, multiplied from left to right; a scalar that only divides does so in the end."""
    sign, scalar = (-1, scalar.operand) if isinstance(scalar, Negate) else (1, scalar)
    divisor: Tree | None = None
    match scalar:
        case Binary("/", over_it, below) if numeric(over_it) in (1, -1) and top and not bottom:
            sign, scalar, divisor = sign * int(numeric(over_it) or 1), ONE, below
    made: Tree | None = None if scalar == ONE else scalar
    for base, count in top:
        factor = power(base, number(count))
        made = factor if made is None else Binary("*", made, factor)
    denominators = [power(base, number(count)) for base, count in bottom]
    whole = made or ONE
    if denominators or divisor is not None:
        whole = Binary("/", whole, reduce(_times, denominators) if divisor is None else divisor)
    return negative(whole) if sign < 0 else whole


def _over_one_scalar(tree: Tree) -> Iterator[tuple[Tree, Tree]]:
    """Yield a sum as a numerator over the scalar that one of its addends is divided by."""
    addends = terms(tree)
    if len(addends) < 2:
        return
    for sign, addend in addends:
        if not (isinstance(addend, Binary) and "w" in names(addend)):
            continue
        below = [(f, True) for f, above in _flat(addend) if not above and "w" not in names(f)]
        if not below:
            continue
        scalar = _scalar(below)
        multiplied: list[Addend] = []
        for other_sign, other in addends:
            if (other_sign, other) == (sign, addend):
                top = [(f, above) for f, above in _flat(other) if above or "w" in names(f)]
                multiplied.append((other_sign, _product(top)))
            else:
                multiplied.append((other_sign, scalar if other == ONE else times(scalar, other)))
        yield total_of(multiplied), scalar
        return


def _product(parts: list[tuple[Tree, bool]]) -> Tree:
    top, below = ONE, ONE
    for factor, above in parts:
        if above:
            top = times(top, factor)
        else:
            below = times(below, factor)
    return over(top, below)


def _root(tree: Tree) -> Tree:
    base, count = _base(tree)
    return power(base, number(count // 2)) if count % 2 == 0 and count else call("sqrt", tree)


def _reversed(node: Tree) -> Tree | None:
    """Return a quotient, a root or a logarithm of polynomials in w in powers of 1/w, or None."""
    match node:
        case Call("log" | "log1p" as function, (inside,)):
            polynomial = _polynomial(plus(ONE, inside) if function == "log1p" else inside)
            if polynomial is None or polynomial.degree < 2:
                return None
            made = polynomial.reversed_less(polynomial.leading())
            tail = call("log1p", over(made, polynomial.leading()))
            front = times(number(polynomial.degree), call("log", call("abs", W)))
            whole = plus(front, tail)
            return whole if polynomial.leading() == ONE else plus(whole, call("log", polynomial.leading()))
        case Call("sqrt", (inside,)):
            polynomial = _polynomial(inside)
            if polynomial is None or polynomial.degree < 4 or polynomial.degree % 2:
                return None
            return times(
                power(call("abs", W), number(polynomial.degree // 2)), call("sqrt", polynomial.reversed_whole())
            )
        case Binary("*" | "/", _, _):
            return _reversed_quotient(node)
    return None


def _reversed_quotient(node: Tree) -> Tree | None:
    scalar, top, bottom = _parts(node)
    degree = 0
    uses_size = any(n == call("abs", W) for n in walk(node))
    made: list[tuple[Tree, bool]] = [(scalar, True)]
    for base, count in [*top, *((b, -n) for b, n in bottom)]:
        polynomial = _polynomial(base)
        if polynomial is None:
            made.append((power(base, number(abs(count))), count > 0))
            continue
        if polynomial.is_odd:
            uses_size = True
            made.append((call("sign", W), count > 0)) if count % 2 else None
        degree += polynomial.degree * count
        if polynomial.reversed_whole() != ONE:
            made.append((power(polynomial.reversed_whole(), number(abs(count))), count > 0))
    if not any(_polynomial(b) is not None and (_polynomial(b) or _NOTHING).degree > 1 for b, _ in bottom):
        return None
    size = call("abs", W) if uses_size else W
    if degree:
        made.append((power(size, number(abs(degree))), degree > 0))
    return _product(made)


class Polynomial:
    """A polynomial in w or in |w|: coefficients, which hold no weight, by degree."""

    def __init__(self, coefficients: dict[int, list[Addend]], is_odd: bool) -> None:
        self.coefficients = coefficients
        self.degree = max(coefficients)
        self.is_odd = is_odd

    def leading(self) -> Tree:
        """Return the coefficient of the highest power."""
        return total_of(self.coefficients[self.degree])

    def reversed_whole(self) -> Tree:
        """Return the polynomial over its highest power, in powers of 1/|w|."""
        return self._reversed(self.coefficients)

    def reversed_less(self, leading: Tree) -> Tree:
        """Return the same without the leading coefficient."""
        return self._reversed({k: c for k, c in self.coefficients.items() if k != self.degree})

    def _reversed(self, coefficients: dict[int, list[Addend]]) -> Tree:
        inverse = over(ONE, call("max", call("abs", W), ONE))
        addends: list[Addend] = []
        for k in sorted(coefficients, reverse=True):
            addends += [(s, times(c, power(inverse, number(self.degree - k)))) for s, c in coefficients[k]]
        return total_of(addends)


_NOTHING = Polynomial({0: []}, False)


def _polynomial(tree: Tree) -> Polynomial | None:
    """Return a tree as a polynomial in w, if its powers are all even, one alone, or all of |w|."""
    coefficients: dict[int, list[Addend]] = {}
    kinds: set[str] = set()
    for sign, addend in terms(tree):
        degree = 0
        scalars: list[tuple[Tree, bool]] = []
        for factor, above in _flat(addend):
            if "w" not in names(factor):
                scalars.append((factor, above))
                continue
            base, count = _base(factor)
            if base not in (W, call("abs", W)) or not above:
                return None
            degree += count
            if count % 2:
                kinds.add("w" if base == W else "abs")
        coefficients.setdefault(degree, []).append((sign, _scalar(scalars)))
    if not coefficients or max(coefficients) == 0:
        return None
    if "w" in kinds and len(coefficients) > 1:
        return None
    return Polynomial(coefficients, is_odd="w" in kinds)
