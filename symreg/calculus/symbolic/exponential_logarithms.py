"""Logarithms of sums of exponentials and of their products: the greatest exponent, and the logarithm of the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import reduce

from symreg.calculus.symbolic.exponential_quotients import (
    Direction,
    added,
    direction_of,
    multiple,
    multiple_in,
    multiples,
    quotients,
    side_of,
)
from symreg.calculus.symbolic.exponential_sums import (
    CONSTANT,
    NOTHING,
    Polynomial,
    Product,
    Sum,
    TooLong,
    atom,
    polynomial,
    read,
    summed,
    tree_of,
)
from symreg.expressions.arithmetic import ONE, ZERO, call, minus, plus, times, total
from symreg.expressions.tree import Call, Compare, Tree, number, walk


def logarithms(inside: Product) -> Iterator[Tree]:
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
    along = direction_of(inside)
    if along is None or inside.exponent.without_w().terms:
        raise TooLong
    sides: list[Tree] = []
    for side in (1, -1):
        growth = multiple_in(inside.exponent)
        for factor, count in inside.factors:
            growth += count * (max if side > 0 else min)(multiples(factor))
        bare = inside * Product(CONSTANT, atom(along.m).scaled(-growth))
        flat = Product(bare.coefficient, polynomial(tree_of(bare.exponent)), bare.factors)
        sides.append(
            plus(multiple(growth, along.m) if growth else ZERO, call("log", side_of(flat, along, side).signed))
        )
    return along.on(sides[0], sides[1])


def _near_one(inside: Product) -> tuple[Tree, Tree] | None:
    """Return |m| and the logarithm of a product that is 1 at m = 0, for small m: one less has a zero there."""
    along = direction_of(inside)
    less = next(quotients(summed([(1, inside), (-1, Product(CONSTANT))])), None) if along is not None else None
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
    along = direction_of(inside)
    return None if along is None else _along(inside, along)


def _along(inside: Product, along: Direction) -> Iterator[Tree]:
    ((factor, _),) = inside.factors
    start = multiple_in(inside.exponent)
    coefficients = {start + x: c * inside.coefficient for x, c in multiples(factor).items()}
    sides: list[tuple[Tree, Tree]] = []
    leads: list[Polynomial] = []
    for side in (1, -1):
        greatest = max(coefficients) if side > 0 else min(coefficients)
        lead = coefficients[greatest]
        if len(lead.terms) > 1:
            return
        tail = ZERO
        for x, coefficient in sorted(coefficients.items(), key=lambda row: abs(row[0] - greatest)):
            if x != greatest:
                share = tree_of(coefficient * lead.to_power(Fraction(-1)))
                tail = plus(tail, times(share, along.decay(abs(x - greatest))))
        first = multiple(greatest, along.m) if greatest else ZERO
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
    if offset == ZERO and not (reduce(added, coefficients.values()) - CONSTANT).terms:
        # It is 0 at m = 0: one less than the sum has a zero there that can be divided out.
        less = read(minus(_written(coefficients, along.m), ONE))
        near = next(quotients(less), None) if less.coefficient.terms else ZERO
        if near is not None:
            yield call("where", Compare("<=", along.size, ONE), call("log1p", near), far)
    yield far


def _written(coefficients: dict[Fraction, Polynomial], m: Tree) -> Tree:
    made = ZERO
    for x, coefficient in coefficients.items():
        made = plus(made, times(tree_of(coefficient), call("exp", multiple(x, m)) if x else ONE))
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
