"""Sums of exponentials, their quotients and logarithms, with the greatest exponential taken out of each sum first.

What is left of a sum has exponents that are not positive, so nothing overflows but what is infinite itself. Where all
exponents are multiples of one m, the greatest one is told by the sign of m, and the rest is a polynomial in
q = exp(-|m|), the same on either side or with the coefficients reversed; its zeros at m = 0 become expm1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from itertools import accumulate, combinations_with_replacement
from itertools import product as choices
from math import gcd, lcm

from symreg.calculus.symbolic.exponential_sums import (
    CONSTANT,
    NOTHING,
    Polynomial,
    Product,
    Sum,
    TooLong,
    atom,
    expanded,
    factored,
    has_exponential,
    polynomial,
    raised,
    read,
    summed,
    tree_of,
)
from symreg.calculus.symbolic.patterns import is_nonnegative
from symreg.expressions.arithmetic import ONE, ZERO, call, minus, negative, over, plus, power, times, total, where
from symreg.expressions.decompose import addends, sum_of
from symreg.expressions.tree import Binary, Call, Compare, Logic, Tree, children, number, rebuild, walk

HIGHEST = 12
"""Degree in q up to which a zero at q = 1 is looked for."""
LONGEST_POWER = 8  # of q; higher ones are exponentials of their own
MOST_CHOICES = 200
SHORTEST = 2  # a factor of no more terms is multiplied out


def dominant(node: Tree) -> Iterator[Tree]:
    """Yield a quotient, a sum or a logarithm with the greatest exponential of each sum taken out."""
    yield from _forms(node)


@lru_cache(maxsize=1024)
def _forms(node: Tree) -> tuple[Tree, ...]:
    made: list[Tree] = []
    with suppress(TooLong):
        match node:
            case Call("log" | "log1p" as function, (inside,)) if has_exponential(inside):
                made.extend(_logarithm(read(plus(ONE, inside) if function == "log1p" else inside)))
            case Call("sqrt", (inside,)) if has_exponential(inside):
                made.extend(_product(read(node)))
            case Binary() if has_exponential(node):
                made.extend(_product(read(node)))
    return tuple(made)


def with_exponents_joined(node: Tree) -> tuple[Tree, Tree] | None:
    """Return a logarithm, a root, a product or a quotient with its exponentials joined, whatever stands in them.

    It comes with the exponential that it grows as, ONE if with none; None stands for what is none of the kind.
    """
    with suppress(TooLong):
        match node:
            case Call("log" | "log1p" as function, (inside,)):
                made = next(_logarithm(read(plus(ONE, inside) if function == "log1p" else inside)), None)
                return None if made is None else (made, ONE)
            case Binary() | Call("sqrt", _):
                product = read(node)
                sums = tuple(row for row in product.factors if len(row[0]) > 1)
                plain = _without_sums(product, NOTHING if sums else product.exponent)
                if not sums:
                    return plain, call("exp", factored(product.exponent)) if product.exponent.terms else ONE
                quotient = next(_terms_apart(Product(CONSTANT, product.exponent, sums)), None)
                return None if quotient is None else (times(plain, quotient), ONE)
    return None


def _without_sums(product: Product, exponent: Polynomial) -> Tree:
    """Return the part of a product that is no sum of several exponentials, as one quotient."""
    coefficient = product.coefficient
    if exponent.terms:
        coefficient = coefficient * atom(call("exp", factored(exponent)))
    plain = [(factor[0][1], count) for factor, count in product.factors if len(factor) == 1]
    for summands, count in plain:
        is_short = len(plain) == 1 and count == 1 and len(summands.terms) <= SHORTEST
        coefficient = coefficient * (summands if is_short else atom(tree_of(summands), count))
    return tree_of(coefficient)


def freed(tree: Tree, choice: int = 0) -> Tree:
    """Return a tree with its outermost sums of exponentials in such a form: in the first, the second, or the last."""
    if isinstance(tree, Compare | Logic) or not children(tree):
        return tree
    forms = _forms(tree)
    if forms:
        return forms[min(choice, len(forms) - 1)]
    summands = addends(tree, opened=True)
    if len(summands) > 1:
        return sum_of((sign, freed(addend, choice)) for sign, addend in summands)
    return rebuild(tree, tuple(freed(child, choice) for child in children(tree)))


# One direction: every exponent is a multiple of m


@dataclass(frozen=True, slots=True)
class _Direction:
    """m, and the greatest common divisor of the multiples of it."""

    size: Tree
    m: Tree
    unit: Fraction
    is_positive: bool

    def decay(self, count: Fraction) -> Tree:
        """Return exp(-count*|m|), as a power of q where that is short."""
        steps = count / self.unit
        if steps.denominator == 1 and steps <= LONGEST_POWER:
            return power(call("exp", negative(_multiple(self.unit, self.size))), number(steps))
        return call("exp", negative(_multiple(count, self.size)))

    def on(self, above: Tree, below: Tree) -> Tree:
        """Return what holds for m >= 0, or what holds for m < 0."""
        return above if self.is_positive else where(Compare(">=", self.m, ZERO), above, below)


def _multiple(count: Fraction, tree: Tree) -> Tree:
    made = times(number(count.numerator), tree)
    return made if count.denominator == 1 else over(made, number(count.denominator))


def _direction(product: Product) -> _Direction | None:
    exponents = [product.exponent - product.exponent.without_w()]
    exponents += [x for factor, _ in product.factors for x, _ in factor]
    if any(x.without_w().terms for x in exponents):
        return None
    found = {monomial for x in exponents for monomial, _ in x.terms}
    if len(found) != 1:
        return None
    (monomial,) = found
    m = tree_of(Polynomial(((monomial, Fraction(1)),)))
    unit = common([abs(value) for x in exponents for _, value in x.terms])
    is_positive = is_nonnegative(m)
    return _Direction(m if is_positive else call("abs", m), m, unit, is_positive)


@dataclass(frozen=True, slots=True)
class _Side:
    """A product on one side of m = 0: its sign, and its size."""

    sign: int
    tree: Tree

    @property
    def signed(self) -> Tree:
        return self.tree if self.sign > 0 else negative(self.tree)


def _multiples(factor: Sum) -> dict[Fraction, Polynomial]:
    return {_multiple_in(x): c for x, c in factor}


def _multiple_in(exponent: Polynomial) -> Fraction:
    """Return what m is multiplied by in an exponent; what holds no weight is left out."""
    rest = exponent - exponent.without_w()
    return rest.terms[0][1] if rest.terms else Fraction(0)


def _side(product: Product, along: _Direction, side: int) -> _Side:
    """Return the product for m >= 0 (side 1) or m <= 0 (side -1)."""
    sign = -1 if product.coefficient.is_negative else 1
    scale = tree_of(product.coefficient.scaled(Fraction(sign)))
    if (offset := product.exponent.without_w()).terms:
        scale = times(scale, call("exp", factored(offset)))
    growth = side * _multiple_in(product.exponent)
    top, below = ONE, ONE
    for factor, count in product.factors:
        multiples = _multiples(factor)
        greatest = max(multiples) if side > 0 else min(multiples)
        growth += side * count * greatest
        flips, parts = _in_q({abs(x - greatest): c for x, c in multiples.items()}, along)
        if flips and count.denominator != 1:
            raise TooLong
        sign = -sign if flips and count % 2 else sign
        for tree, zeros in parts:
            made = raised(tree, abs(count) * zeros)
            top, below = (times(top, made), below) if count > 0 else (top, times(below, made))
    if growth < 0:
        top = times(along.decay(-growth), top)
    if growth > 0:
        top = times(call("exp", _multiple(growth, along.size)), top)
    return _Side(sign, over(times(scale, top), below))


def _in_q(left: dict[Fraction, Polynomial], along: _Direction) -> tuple[bool, list[tuple[Tree, int]]]:
    """Return whether a polynomial in q begins with a minus, and without that minus its factors with their powers.

    Args:
        left: The coefficients, by what |m| is multiplied by in the exponent; the first is that of 0.
        along: The direction.
    """
    flips = left[Fraction(0)].is_negative
    unit = common([x for x in left if x])
    zeros = 0
    if unit and max(left) / unit <= HIGHEST:
        coefficients = [left.get(k * unit, NOTHING) for k in range(int(max(left) / unit) + 1)]
        while len(coefficients) > 1 and not reduce(_sum, coefficients).terms:
            coefficients, zeros = list(accumulate(coefficients[:-1], _sum)), zeros + 1  # over 1 - q
        left = {k * unit: c for k, c in enumerate(coefficients) if c.terms}
    rest = ZERO
    for x in sorted(left):
        coefficient = tree_of(left[x].scaled(Fraction(-1)) if flips else left[x])
        rest = plus(rest, coefficient if x == 0 else times(coefficient, along.decay(x)))
    made = [(rest, 1)] if rest != ONE else []
    if zeros:
        made.append((negative(call("expm1", negative(_multiple(unit, along.size)))), zeros))
    return flips, made


def _sum(a: Polynomial, b: Polynomial) -> Polynomial:
    return a + b


def common(values: list[Fraction]) -> Fraction:
    """Return the greatest number of which all are multiples."""
    below = lcm(*(value.denominator for value in values))
    return Fraction(gcd(*(int(value * below) for value in values)), below)


def _product(product: Product) -> Iterator[Tree]:
    if not product.coefficient.terms or not any(len(factor) > 1 for factor, _ in product.factors):
        return
    along = _direction(product)
    if along is None:
        yield from _terms_apart(product)
        return
    above, below = _side(product, along, 1), _side(product, along, -1)
    if along.is_positive or above == below:
        yield above.signed
    elif above.tree == below.tree:
        odd = times(call("sign", along.m), above.tree)
        yield odd if above.sign > 0 else negative(odd)
    else:
        yield along.on(above.signed, below.signed)


# Several directions: each term of the numerator by itself, over the denominator divided by its exponential


def _terms_apart(product: Product) -> Iterator[Tree]:
    """Yield n*exp(z)/D**p, term by term, as n/(D/exp(z/p))**p: where D/exp(z/p) overflows the term is 0."""
    below = [(factor, -count) for factor, count in product.factors if count < 0]
    above = tuple((factor, count) for factor, count in product.factors if count > 0)
    if not below or any(count.denominator != 1 for _, count in below):
        return
    rows = list(expanded(Product(product.coefficient, product.exponent, above)).items())
    made = [(z, coefficient, _divided(z, below)) for z, coefficient in rows]
    if len(made) == 2 and not (made[0][1] + made[1][1]).terms:
        (x, scale, first), (y, _, second) = made
        sides = (negative(over(call("expm1", factored(y - x)), first)), over(call("expm1", factored(x - y)), second))
        yield times(tree_of(scale), call("where", Compare("<=", factored(y - x), ZERO), *sides))
    yield total([over(tree_of(coefficient), tree) for _, coefficient, tree in made])


def _divided(z: Polynomial, below: list[tuple[Sum, Fraction]]) -> Tree:
    """Return powers of sums over exp(z), which is shared out among them so that each is bounded from below."""
    made = ONE
    for factor, shares in zip((f for f, _ in below), _shared_out(z, below), strict=True):
        for share, count in shares:
            divided = ZERO
            for x, coefficient in factor:
                tree = tree_of(coefficient)
                divided = plus(divided, tree if x == share else times(tree, call("exp", factored(x - share))))
            made = times(made, power(divided, number(count)))
    return made


def _shared_out(z: Polynomial, below: list[tuple[Sum, Fraction]]) -> list[list[tuple[Polynomial, int]]]:
    """Return for each denominator the exponents that it is divided by, with how often; their sum is z.

    Raises:
        TooLong: Only exponents between those of the denominators add up to it, and there is more than one of them.
    """
    options = [list(combinations_with_replacement([x for x, _ in factor], int(count))) for factor, count in below]
    if reduce(lambda a, b: a * len(b), options, 1) <= MOST_CHOICES:
        for chosen in choices(*options):
            if reduce(_sum, (x for row in chosen for x in row)) == z:
                return [[(x, row.count(x)) for x in dict.fromkeys(row)] for row in chosen]
    if len(below) > 1:
        raise TooLong
    count = below[0][1]
    return [[(z.scaled(1 / count), int(count))]]


# Logarithms


def _logarithm(inside: Product) -> Iterator[Tree]:
    """Yield the logarithm of a product of sums, each as its greatest exponent and the logarithm of the rest."""
    if not (inside.factors or inside.exponent.terms) or inside.coefficient.is_negative:
        return
    shift = tree_of(inside.exponent)
    if inside.coefficient != CONSTANT:
        shift = plus(shift, _log(inside.coefficient))
    if len(inside.factors) == 1 and len(inside.factors[0][0]) > 1 and inside.factors[0][1] == 1:
        ((factor, _),) = inside.factors
        merged = [(x + inside.exponent, c * inside.coefficient) for x, c in factor]
        if (one_way := _one_way(inside)) is not None:
            yield from one_way
        yield _log_add_exp(merged)
        return
    near = _near_one(inside)
    ways: tuple[Callable[[], Tree], ...] = (
        lambda: plus(shift, _sum_of_logarithms(inside.factors, _log_add_exp_of)),
        lambda: plus(shift, _sum_of_logarithms(inside.factors, _log_of_side)),
        lambda: _log_of_sides(inside),
    )
    for way in ways:
        far = way()
        yield far if near is None else call("where", Compare("<=", near[0], ONE), near[1], far)


def _sum_of_logarithms(factors: tuple[tuple[Sum, Fraction], ...], form: Callable[[Sum], Tree]) -> Tree:
    return total([times(number(count), form(factor)) for factor, count in factors])


def _log_of_sides(inside: Product) -> Tree:
    """Return the logarithm of a product whose exponents are multiples of one m, with one logarithm on either side."""
    along = _direction(inside)
    if along is None or inside.exponent.without_w().terms:
        raise TooLong
    sides: list[Tree] = []
    for side in (1, -1):
        growth = _multiple_in(inside.exponent)
        for factor, count in inside.factors:
            growth += count * (max if side > 0 else min)(_multiples(factor))
        bare = inside * Product(CONSTANT, atom(along.m).scaled(-growth))
        flat = Product(bare.coefficient, polynomial(tree_of(bare.exponent)), bare.factors)
        sides.append(plus(_multiple(growth, along.m) if growth else ZERO, call("log", _side(flat, along, side).signed)))
    return along.on(sides[0], sides[1])


def _near_one(inside: Product) -> tuple[Tree, Tree] | None:
    """Return |m| and the logarithm of a product that is 1 at m = 0, for small m: one less has a zero there."""
    along = _direction(inside)
    less = next(_product(summed([(1, inside), (-1, Product(CONSTANT))])), None) if along is not None else None
    if along is None or less is None or not any(isinstance(n, Call) and n.function == "expm1" for n in walk(less)):
        return None
    return along.size, call("log1p", less)


def _log_add_exp_of(factor: Sum) -> Tree:
    return _log_add_exp(list(factor))


def _log_of_side(factor: Sum) -> Tree:
    if len(factor) == 1:
        return _log_add_exp_of(factor)
    made = _one_way(Product(CONSTANT, NOTHING, ((factor, Fraction(1)),)))
    form = None if made is None else next(made, None)
    if form is None:
        raise TooLong
    return form


def _one_way(inside: Product) -> Iterator[Tree] | None:
    """Return the logarithm of one sum whose exponents are multiples of one m, or None."""
    along = _direction(inside)
    return None if along is None else _along(inside, along)


def _along(inside: Product, along: _Direction) -> Iterator[Tree]:
    ((factor, _),) = inside.factors
    start = _multiple_in(inside.exponent)
    multiples = {start + x: c * inside.coefficient for x, c in _multiples(factor).items()}
    sides: list[tuple[Tree, Tree]] = []
    leads: list[Polynomial] = []
    for side in (1, -1):
        greatest = max(multiples) if side > 0 else min(multiples)
        lead = multiples[greatest]
        if len(lead.terms) > 1:
            return
        tail = ZERO
        for x, coefficient in sorted(multiples.items(), key=lambda row: abs(row[0] - greatest)):
            if x != greatest:
                share = tree_of(coefficient * lead.to_power(Fraction(-1)))
                tail = plus(tail, times(share, along.decay(abs(x - greatest))))
        first = _multiple(greatest, along.m) if greatest else ZERO
        sides.append((plus(first, _log(lead)) if lead != CONSTANT else first, call("log1p", tail)))
        leads.append(lead)
    offset = tree_of(inside.exponent.without_w())
    (shift, tail), (other_shift, other_tail) = sides
    if tail == other_tail:
        is_plain = leads == [CONSTANT, CONSTANT] and not along.is_positive
        far = plus(call("max", shift, other_shift) if is_plain else along.on(shift, other_shift), tail)
    else:
        far = along.on(plus(shift, tail), plus(other_shift, other_tail))
    far = plus(offset, far)
    if offset == ZERO and not (reduce(_sum, multiples.values()) - CONSTANT).terms:
        # It is 0 at m = 0: one less than the sum has a zero there that can be divided out.
        less = read(minus(_written(multiples, along.m), ONE))
        near = next(_product(less), None) if less.coefficient.terms else ZERO
        if near is not None:
            yield call("where", Compare("<=", along.size, ONE), call("log1p", near), far)
    yield far


def _written(multiples: dict[Fraction, Polynomial], m: Tree) -> Tree:
    made = ZERO
    for x, coefficient in multiples.items():
        made = plus(made, times(tree_of(coefficient), call("exp", _multiple(x, m)) if x else ONE))
    return made


def _log_add_exp(rows: list[tuple[Polynomial, Polynomial]]) -> Tree:
    """Return log(c*exp(x) + d*exp(y) + ...) as nested logaddexp of x + log(c), ...; what is 1 comes first."""
    rows = sorted(rows, key=lambda row: (bool(row[0].terms), row[1] != CONSTANT))
    made: Tree | None = None
    for x, coefficient in rows:
        addend = tree_of(x)
        if coefficient != CONSTANT:
            addend = plus(addend, _log(coefficient))
        if made is None:
            made = addend
        elif made == ZERO:
            made = call("softplus", addend)
        else:
            made = call("logaddexp", made, addend)
    assert made is not None
    return made


def _log(coefficient: Polynomial) -> Tree:
    return call("log", tree_of(coefficient))
