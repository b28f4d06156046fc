"""Quotients, roots and logarithms of polynomials whose powers overflow: for large w in powers of 1/w."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symreg.expressions.arithmetic import ONE, W, call, over, plus, power, rational, times
from symreg.expressions.decompose import (
    Addend,
    addends,
    base_and_exponent,
    factors,
    product,
    scalar_and_powers,
    scalar_of,
    sum_of,
)
from symreg.expressions.tree import Binary, Call, Compare, Tree, names, number, walk

SIZE = call("abs", W)


def bounded(node: Tree) -> Iterator[Tree]:
    """Yield a node for |w| <= 1 as it stands, beyond in powers of 1/w."""
    made = _reversed(node)
    if made is not None:
        yield call("where", Compare("<=", SIZE, ONE), node, made)


def _reversed(node: Tree) -> Tree | None:
    """Return a quotient, a root or a logarithm of polynomials in w in powers of 1/w, or None."""
    match node:
        case Call("log" | "log1p" as function, (inside,)):
            polynomial = _polynomial(plus(ONE, inside) if function == "log1p" else inside)
            if polynomial is None or polynomial.degree < 2:
                return None
            leading = polynomial.leading
            tail = call("log1p", over(polynomial.reversed_rest, leading))
            whole = plus(times(number(polynomial.degree), call("log", SIZE)), tail)
            return whole if leading == ONE else plus(whole, call("log", leading))
        case Call("sqrt", (inside,)):
            polynomial = _polynomial(inside)
            if polynomial is None or polynomial.degree < 4 or polynomial.degree % 2:
                return None
            return times(power(SIZE, number(polynomial.degree // 2)), call("sqrt", polynomial.reversed))
        case Binary("**", _, _) if (fractional := _fractional(node)) is not None:
            made, degree = fractional
            return times(power(SIZE, number(degree)), made)
        case Binary("*" | "/", _, _):
            return _reversed_quotient(node)
    return None


def _fractional(tree: Tree) -> tuple[Tree, int] | None:
    """Return (1 + w**4)**(3/2) over its highest power, in powers of 1/|w|, and the degree of that."""
    match tree:
        case Binary("**", inside, exponent):
            root, polynomial = rational(exponent), _polynomial(inside)
            if root is None or root.denominator == 1 or polynomial is None or polynomial.degree < 2:
                return None
            degree = polynomial.degree * root
            if degree.denominator == 1 and not polynomial.is_odd:
                return power(polynomial.reversed, exponent), int(degree)
    return None


def _reversed_quotient(node: Tree) -> Tree | None:
    scalar, top, bottom = scalar_and_powers(node)
    polynomials = {base: _polynomial(base) for base, _ in (*top, *bottom)}
    fractional = {base: _fractional(base) for base, _ in (*top, *bottom)}
    highs = [polynomials[base] for base, _ in bottom]
    if not any(high is not None and high.degree > 1 for high in highs) and not any(fractional[b] for b, _ in bottom):
        return None
    uses_size = any(part == SIZE for part in walk(node))
    degree = 0
    made: list[tuple[Tree, bool]] = [(scalar, True)]
    for base, count in (*top, *((base, -count) for base, count in bottom)):
        polynomial, is_above = polynomials[base], count > 0
        if (found := fractional[base]) is not None:
            degree += found[1] * count
            made.append((power(found[0], number(abs(count))), is_above))
            continue
        if polynomial is None:
            made.append((power(base, number(abs(count))), is_above))
            continue
        if polynomial.is_odd:
            uses_size = True
            if count % 2:
                made.append((call("sign", W), is_above))
        degree += polynomial.degree * count
        if polynomial.reversed != ONE:
            made.append((power(polynomial.reversed, number(abs(count))), is_above))
    if degree:
        made.append((power(SIZE if uses_size else W, number(abs(degree))), degree > 0))
    return product(made)


@dataclass(frozen=True, slots=True)
class _Polynomial:
    """A polynomial in w or in |w|: coefficients, which hold no weight, by degree."""

    coefficients: dict[int, list[Addend]]
    is_odd: bool
    is_signed: bool = False  # are there odd powers of w, not of |w|?

    @property
    def degree(self) -> int:
        return max(self.coefficients)

    @property
    def leading(self) -> Tree:
        """The coefficient of the highest power."""
        return sum_of(self.coefficients[self.degree])

    @property
    def reversed(self) -> Tree:
        """The polynomial over its highest power, in powers of 1/|w|, for |w| >= 1."""
        return self._reversed_from(self.degree)

    @property
    def reversed_rest(self) -> Tree:
        """The same without the leading coefficient."""
        return self._reversed_from(self.degree - 1)

    def _reversed_from(self, highest: int) -> Tree:
        inverse = over(ONE, call("max", SIZE, ONE))
        summands: list[Addend] = []
        for k in sorted((k for k in self.coefficients if k <= highest), reverse=True):
            step = power(inverse, number(self.degree - k))
            if self.is_signed and (self.degree - k) % 2:
                step = times(call("sign", W), step)
            summands += [(sign, times(c, step)) for sign, c in self.coefficients[k]]
        return sum_of(summands)


def _polynomial(tree: Tree) -> _Polynomial | None:
    """Return a tree as a polynomial in w or in |w|."""
    coefficients: dict[int, list[Addend]] = {}
    kinds: set[str] = set()
    for sign, addend in addends(tree, opened=True):
        degree = 0
        scalars: list[tuple[Tree, bool]] = []
        for factor, above in factors(addend, through_powers=True):
            if "w" not in names(factor):
                scalars.append((factor, above))
                continue
            base, count = base_and_exponent(factor)
            if base not in (W, call("abs", W)) or not above:
                return None
            degree += count
            if count % 2:
                kinds.add("w" if base == W else "abs")
        coefficients.setdefault(degree, []).append((sign, scalar_of(scalars)))
    if not coefficients or max(coefficients) == 0:
        return None
    if len(kinds) > 1:
        return None
    is_signed = "w" in kinds
    return _Polynomial(coefficients, is_odd=is_signed and max(coefficients) % 2 == 1, is_signed=is_signed)
