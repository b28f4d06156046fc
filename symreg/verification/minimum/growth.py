"""How an elementwise formula grows: bounds by powers of t that hold for all t >= T, where |w| is t, or 1/t.

Takes terms, parameters, a side and a threshold T >= 1; hands on `a*t**p <= phi(w) <= b*t**q`. It is what a search for a
minimum over the whole line may end with: nothing is searched beyond T, nor between zero and 1/T.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from flint import arb, fmpq

from symreg.expressions.tree import Binary, Call, Compare, Constant, Logic, Name, Negate, Number, Tree
from symreg.model.terms import Term
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.functions import FUNCTIONS, growth_of

_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Power:
    """`factor * t**exponent`; an infinite factor says that nothing is known."""

    factor: arb
    exponent: Fraction


@dataclass(frozen=True, slots=True)
class Bounds:
    """A lower and an upper bound that hold for every t >= T on one side; their factors are exact numbers."""

    lower: Power
    upper: Power

    def __post_init__(self) -> None:
        # Which way a bound is rounded on depends on its sign, and a ball about zero has none.
        for name, factor in (("lower", self.lower.factor.lower()), ("upper", self.upper.factor.upper())):
            end: Power = getattr(self, name)
            unknown = arb.neg_inf() if name == "lower" else arb.pos_inf()
            object.__setattr__(self, name, Power(unknown if factor.is_nan() else factor, end.exponent))

    @property
    def sign(self) -> int:
        """The sign that the function has there throughout, 0 if that is not known."""
        return 1 if self.lower.factor >= 0 else -1 if self.upper.factor <= 0 else 0

    @property
    def size(self) -> Power:
        """A bound of the absolute value."""
        factor = abs(self.lower.factor).max(abs(self.upper.factor)).upper()
        return Power(factor, max(self.lower.exponent, self.upper.exponent))

    def __neg__(self) -> Bounds:
        return Bounds(_negative(self.upper), _negative(self.lower))


def growth(
    terms: Sequence[Term],
    parameters: Mapping[str, float | Fraction],
    side: int,
    threshold: float,
    *,
    toward_zero: bool = False,
) -> Bounds:
    """Return the bounds of the sum of elementwise terms at `w = side*t`, or `side/t` toward zero, `t >= threshold`."""
    weight = Power(arb(side), Fraction(-1 if toward_zero else 1))
    reader = _Reader({name: ball(x) for name, x in parameters.items()}, Bounds(weight, weight), arb(threshold))
    total = _constant(arb(0))
    for term in terms:
        total = reader.sum(total, reader.product(_constant(ball(term.coefficient)), reader.read(term.tree)))
    return total


@dataclass(frozen=True, slots=True)
class _Reader:
    known: Mapping[str, arb]
    weight: Bounds
    threshold: arb

    def read(self, tree: Tree) -> Bounds:
        match tree:
            case Number(value):
                return _constant(ball(value))
            case Constant("pi"):
                return _constant(arb.pi())
            case Name("w"):
                return self.weight
            case Name(name):
                return _constant(self.known[name])
            case Negate(operand):
                return -self.read(operand)
            case Binary("+" | "-" as operator, left, right):
                found = self.exponentials(left, right, 1 if operator == "+" else -1)
                second = self.read(right)
                return found or self.sum(self.read(left), second if operator == "+" else -second)
            case Binary("*", left, right):
                return (
                    self.square(self.read(left)) if left == right else self.product(self.read(left), self.read(right))
                )
            case Binary("/", left, right):
                return self.product(self.read(left), self.reciprocal(self.read(right)))
            case Binary("**", left, right):
                exponent = self.exponent(right)
                return _UNKNOWN if exponent is None else self.power(self.read(left), exponent)
            case Call("where", (condition, then, otherwise)):
                truth = self.truth(condition)
                if truth is None:
                    return _hull(self.read(then), self.read(otherwise))
                return self.read(then if truth else otherwise)
            case Call("min" | "max" as name, arguments):
                return self.extreme([self.read(one) for one in arguments], 1 if name == "max" else -1)
            case Call("log", (argument,)):
                return self.logarithm(argument)
            case Call("log1p", (argument,)):
                return self.logarithm(Binary("+", Number(Fraction(1)), argument))
            case Call(name, (argument,)):
                grow = growth_of(name)
                return _UNKNOWN if grow is None else cast(Bounds, grow(self, self.read(argument)))
            case Call("logaddexp", (left, right)):
                greatest = self.extreme([self.read(left), self.read(right)], 1)
                return Bounds(greatest.lower, self.sum(greatest, _constant(arb(2).log())).upper)
        return _UNKNOWN

    def sum(self, f: Bounds, g: Bounds) -> Bounds:
        lower = self._added(f.lower, g.lower)
        return Bounds(lower, _negative(self._added(_negative(f.upper), _negative(g.upper))))

    def exponentials(self, left: Tree, right: Tree, sense: int) -> Bounds | None:
        """Return c*exp(a) + d*exp(b) as the one of greater exponent times 1 + something small; None of other sums."""
        one, other = self._exponential(left), self._exponential(right)
        if one is None or other is None:
            return None
        (c, a), (d, b) = one, (other[0] if sense > 0 else -other[0], other[1])
        for (f, x), (g, y) in (((c, a), (d, b)), ((d, b), (c, a))):
            apart = self.sum(self.read(y), -self.read(x))
            if apart.upper.factor < 0:
                return self.product(self.exp(self.read(x)), self.sum(f, self.product(g, self.exp(apart))))
        return None

    def _exponential(self, tree: Tree) -> tuple[Bounds, Tree] | None:
        """Return the constant and the exponent of a constant times an exponential."""
        match tree:
            case Call("exp", (exponent,)):
                return _constant(arb(1)), exponent
            case Binary("*", Number() | Name() as factor, Call("exp", (exponent,))) if factor != Name("w"):
                return self.read(factor), exponent
        return None

    def _added(self, f: Power, g: Power) -> Power:
        """Return a lower bound of the sum of two powers; what is of lower order is taken at T where it is negative."""
        if f.factor.is_zero() or g.factor.is_zero():
            return g if f.factor.is_zero() else f
        high, low = (f, g) if f.exponent >= g.exponent else (g, f)
        rest = low.factor if high.exponent == low.exponent else self._at_threshold(low, -high.exponent)
        if high.exponent != low.exponent and low.factor >= 0:
            return high if not high.factor < 0 else self._known(Power(high.factor, high.exponent))
        return self._known(Power(high.factor + rest, high.exponent))

    def _known(self, f: Power) -> Power:
        return f if f.factor.is_finite() else _NOTHING

    def _at_threshold(self, f: Power, shift: Fraction = Fraction(0)) -> arb:
        """Return the factor times T**(exponent + shift)."""
        exponent = f.exponent + shift
        if not exponent:
            return f.factor
        return f.factor * self.threshold ** arb(fmpq(exponent.numerator, exponent.denominator))

    def _most(self, f: Power) -> arb:
        """Return the least upper bound of a power over t >= T: its value at T if it falls, infinite if it grows."""
        if f.factor.is_zero():
            return arb(0)
        grows = f.exponent > 0
        if f.factor > 0:
            return arb.pos_inf() if grows else self._at_threshold(f)
        return self._at_threshold(f) if grows or not f.exponent else arb(0)

    def product(self, f: Bounds, g: Bounds) -> Bounds:
        if not (f.sign and g.sign):
            size = Power(f.size.factor * g.size.factor, f.size.exponent + g.size.exponent)
            return Bounds(_negative(size), size) if size.factor.is_finite() else _UNKNOWN
        a, b = (f if f.sign > 0 else -f), (g if g.sign > 0 else -g)
        lower = _times(a.lower, b.lower)
        upper = _times(a.upper, b.upper)
        made = Bounds(lower if lower.factor.is_finite() else _NONE, upper if upper.factor.is_finite() else _ANYTHING)
        return made if f.sign == g.sign else -made

    def square(self, f: Bounds) -> Bounds:
        if f.sign:
            return self.product(f, f)
        size = f.size
        upper = Power(size.factor * size.factor, 2 * size.exponent)
        return Bounds(_NONE, upper if upper.factor.is_finite() else _ANYTHING)

    def reciprocal(self, f: Bounds) -> Bounds:
        g = f if f.sign > 0 else -f
        if not g.lower.factor > 0:
            return _UNKNOWN
        upper = Power(1 / g.lower.factor, -g.lower.exponent)
        lower = Power(1 / g.upper.factor, -g.upper.exponent) if g.upper.factor.is_finite() else _NONE
        made = Bounds(lower, upper)
        return made if f.sign > 0 else -made

    def exponent(self, tree: Tree) -> Fraction | None:
        """Return an exponent that does not depend on w, exactly; None of any other."""
        match tree:
            case Number(value):
                return value
            case Negate(operand):
                made = self.exponent(operand)
                return None if made is None else -made
            case Binary("/", Number(above), Number(below)) if below:
                return above / below
            case _:
                found = self.read(tree)
                fixed = found.lower.factor
                is_fixed = not found.lower.exponent and not found.upper.exponent and found.upper.factor == fixed
                return _fraction(fixed) if is_fixed and fixed.is_exact() else None

    def power(self, f: Bounds, e: Fraction) -> Bounds:
        """Return f ** e."""
        if e < 0:
            return self.reciprocal(self.power(f, -e))
        fixed = ball(e)
        if not f.sign >= 0 or f.sign == 0:
            if e.denominator != 1:
                return _UNKNOWN
            if f.sign < 0:
                made = self.power(-f, e)
                return made if e % 2 == 0 else -made
            size = f.size
            upper = Power(size.factor**fixed, size.exponent * e)
            if not upper.factor.is_finite():
                return Bounds(_NONE, _ANYTHING) if e % 2 == 0 else _UNKNOWN
            return Bounds(_NONE if e % 2 == 0 else _negative(upper), upper)
        lower = _NONE if not f.lower.factor > 0 else Power(f.lower.factor**fixed, f.lower.exponent * e)
        if not f.upper.factor.is_finite():
            return Bounds(lower, _ANYTHING)
        upper_factor = arb(0) if f.upper.factor.is_zero() else f.upper.factor**fixed
        return Bounds(lower, Power(upper_factor, f.upper.exponent * e))

    def truth(self, condition: Tree) -> bool | None:
        """Return what a condition is for every t >= T, None if that is not known."""
        match condition:
            case Compare(operator, left, right):
                difference = self.sum(self.read(left), -self.read(right))
                if difference.lower.factor > 0:
                    return operator in (">", ">=")
                if difference.upper.factor < 0:
                    return operator in ("<", "<=")
                return None
            case Logic("not", (operand,)):
                inner = self.truth(operand)
                return None if inner is None else not inner
            case Logic(operator, operands):
                found = [self.truth(one) for one in operands]
                settles = operator == "or"
                return settles if settles in found else None if None in found else not settles
        return None

    def extreme(self, all_of: list[Bounds], sense: int) -> Bounds:
        best = all_of[0]
        for other in all_of[1:]:
            side = self.sum(other, -best).sign
            best = _hull(best, other) if not side else other if side == sense else best
        return best

    def exp(self, f: Bounds) -> Bounds:
        most = self._most(f.upper)
        upper = Power(most.exp(), Fraction(0)) if most.is_finite() else _ANYTHING
        lower = _NONE
        if f.lower.factor > 0 and f.lower.exponent > 0:
            lower = Power(f.lower.factor * f.lower.factor / 2, 2 * f.lower.exponent)  # exp(x) > x**2/2
        elif (least := -self._most(_negative(f.lower))).is_finite():
            lower = Power(least.exp(), Fraction(0))
        return Bounds(lower, upper)

    def log(self, f: Bounds) -> Bounds:
        """Return log(f) by way of log t <= t**(1/2)."""
        if not f.lower.factor > 0:
            lower = _NOTHING
        elif f.lower.exponent >= 0:
            lower = Power(self._at_threshold(f.lower).log(), Fraction(0))
        else:
            lower = self._added(Power(f.lower.factor.log(), Fraction(0)), Power(ball(f.lower.exponent), _HALF))
        upper = _ANYTHING
        if f.upper.factor.is_finite() and f.upper.factor > 0:
            if f.upper.exponent <= 0:
                return Bounds(lower, Power(self._at_threshold(f.upper).log(), Fraction(0)))
            slope = Power(-ball(f.upper.exponent), _HALF)
            upper = _negative(self._added(Power(-f.upper.factor.log(), Fraction(0)), slope))
        return Bounds(lower, upper)

    def logarithm(self, tree: Tree) -> Bounds:
        """Return log(tree), of exponentials by what they are exponentials of, which has bounds where they have none."""
        two = _constant(arb(2).log())
        match tree:
            case Call("exp", (argument,)):
                return self.read(argument)
            case Call("cosh", (argument,)):  # |x| - log 2 <= log(cosh(x)) <= |x|
                size = self.absolute(self.read(argument))
                far = self.sum(size, -two).lower
                return Bounds(far if far.factor >= 0 else _NONE, size.upper)
            case Call("sigmoid", (argument,)):
                return -self.softplus(-self.read(argument))
            case Binary("-", Number(1), Call("sigmoid", (argument,))):
                return -self.softplus(self.read(argument))
            case Call("sqrt", (argument,)):
                return self.product(_constant(arb(1) / 2), self.logarithm(argument))
            case Binary("*", left, right) if self._are_positive(left, right):
                return self.sum(self.logarithm(left), self.logarithm(right))
            case Binary("/", left, right) if self._are_positive(left, right):
                return self.sum(self.logarithm(left), -self.logarithm(right))
            case Binary("**", base, right) if (e := self.exponent(right)) is not None and self._are_positive(base):
                return self.product(_constant(ball(e)), self.logarithm(base))
            case Binary("+", left, right) if self._are_positive(left, right):
                greatest = self.extreme([self.logarithm(left), self.logarithm(right)], 1)
                return Bounds(greatest.lower, self.sum(greatest, two).upper)
        return self.log(self.read(tree))

    def _are_positive(self, *trees: Tree) -> bool:
        return all(_is_positive(tree) or self.read(tree).lower.factor > 0 for tree in trees)

    def softplus(self, f: Bounds) -> Bounds:
        greatest = self.extreme([f, _constant(arb(0))], 1)
        return Bounds(greatest.lower, self.sum(greatest, _constant(arb(2).log())).upper)

    def hyperbolic_sine(self, f: Bounds) -> Bounds:
        if f.sign == 0:
            return _UNKNOWN
        g = f if f.sign > 0 else -f
        most = self._most(g.upper)
        made = Bounds(g.lower, Power(most.sinh(), Fraction(0)) if most.is_finite() else _ANYTHING)
        return made if f.sign > 0 else -made

    def hyperbolic_cosine(self, f: Bounds) -> Bounds:
        g = f if f.sign >= 0 else -f
        lower = _constant(arb(1)).lower
        if g.lower.factor > 0 and g.lower.exponent > 0:
            lower = Power(g.lower.factor * g.lower.factor / 2, 2 * g.lower.exponent)
        most = self._most(f.size)
        return Bounds(lower, Power(most.cosh(), Fraction(0)) if most.is_finite() else _ANYTHING)

    def logarithmic(self, f: Bounds) -> Bounds:
        """Return asinh(f). For x >= 0 it is concave, at most x, and between log(1 + x) and log(1 + 2*x)."""
        if not f.sign:
            size = self.absolute(f).upper
            return Bounds(_negative(size), size)
        g = f if f.sign > 0 else -f
        most = self._most(g.upper)
        if most.is_finite():
            chord = most.asinh() / most if most > 0 else arb(1)
            made = Bounds(Power(g.lower.factor * chord, g.lower.exponent), g.upper)
        else:
            one = _constant(arb(1))
            made = Bounds(self.log(self.sum(one, g)).lower, self.log(self.sum(one, self.sum(g, g))).upper)
        return made if f.sign > 0 else -made

    def absolute(self, f: Bounds) -> Bounds:
        if f.sign:
            return f if f.sign > 0 else -f
        size = f.size
        return Bounds(_NONE, size if size.factor.is_finite() else _ANYTHING)

    def shifted(self, f: Bounds, by: arb) -> Bounds:
        """Return the bounds of f + by."""
        return self.sum(f, _constant(by))

    def between(self, low: arb, high: arb) -> Bounds:
        """Return the bounds of whatever lies between two numbers."""
        return Bounds(Power(low, Fraction(0)), Power(high, Fraction(0)))

    def saturating(self, f: Bounds, most: arb) -> Bounds:
        """Return the bounds of an odd increasing function that stays below `most`."""
        return Bounds(
            Power(arb(0) if f.sign > 0 else -most, Fraction(0)), Power(arb(0) if f.sign < 0 else most, Fraction(0))
        )


def _is_positive(tree: Tree) -> bool:
    """Is a formula positive wherever it has a value, which a bound by a power need not show?"""
    match tree:
        case Call(function, _) if function in FUNCTIONS and FUNCTIONS[function].is_positive:
            return True
        case Binary("*" | "/" | "+", left, right):
            return _is_positive(left) and _is_positive(right)
        case Binary("**", base, _) | Call("sqrt", (base,)):
            return _is_positive(base)
        case _:
            return False


_NONE = Power(arb(0), Fraction(0))
_ANYTHING = Power(arb.pos_inf(), Fraction(0))
_NOTHING = Power(-arb.pos_inf(), Fraction(0))
_UNKNOWN = Bounds(_NOTHING, _ANYTHING)


def _constant(x: arb) -> Bounds:
    return Bounds(Power(x, Fraction(0)), Power(x, Fraction(0)))


def _negative(f: Power) -> Power:
    return Power(-f.factor, f.exponent)


def _times(f: Power, g: Power) -> Power:
    if f.factor.is_zero() or g.factor.is_zero():
        return _NONE
    return Power(f.factor * g.factor, f.exponent + g.exponent)


def _hull(f: Bounds, g: Bounds) -> Bounds:
    return Bounds(_least(f.lower, g.lower), _negative(_least(_negative(f.upper), _negative(g.upper))))


def _least(f: Power, g: Power) -> Power:
    """Return a lower bound of both, as t >= 1."""
    factor = f.factor.min(g.factor)
    if not factor.is_finite():
        return _NOTHING
    if f.factor >= 0 and g.factor >= 0:
        return Power(factor, min(f.exponent, g.exponent))
    negative = [one.exponent for one in (f, g) if not one.factor >= 0]
    return Power(factor, max(negative))


def _fraction(x: arb) -> Fraction:
    mantissa, exponent = x.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
