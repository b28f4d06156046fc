"""How an elementwise formula grows: bounds by powers of t that hold for all t >= T, where |w| is t, or 1/t.

Takes terms, parameters, a side and a threshold T >= 1; hands on `a*t**p <= phi(w) <= b*t**q`. It is what a search for a
minimum over the whole line may end with: nothing is searched beyond T, nor between zero and 1/T.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from flint import arb

from symreg.expressions.tree import Binary, Call, Compare, Constant, Logic, Name, Negate, Number, Tree
from symreg.model.terms import Term
from symreg.verification.minimum.power_bounds import UNKNOWN, ZERO, Arithmetic, Bounds, Power, constant, hull_of
from symreg.verification.oracle.ball import ball, exactly
from symreg.verification.oracle.functions import FUNCTIONS, growth_of


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
    far = Arithmetic(arb(threshold))
    reader = _Reader({name: ball(x) for name, x in parameters.items()}, Bounds(weight, weight), far)
    total = constant(arb(0))
    for term in terms:
        total = far.sum(total, far.product(constant(ball(term.coefficient)), reader.read(term.tree)))
    return total


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads a tree as bounds.

    Args:
        known: Parameters by name.
        weight: The bounds of w itself.
        far: The arithmetic for the threshold.
    """

    known: Mapping[str, arb]
    weight: Bounds
    far: Arithmetic

    def read(self, tree: Tree) -> Bounds:
        match tree:
            case Number(value):
                return constant(ball(value))
            case Constant("pi"):
                return constant(arb.pi())
            case Name("w"):
                return self.weight
            case Name(name):
                return constant(self.known[name])
            case Negate(operand):
                return -self.read(operand)
            case Binary("+" | "-" as operator, left, right):
                found = self.exponentials(left, right, 1 if operator == "+" else -1)
                second = self.read(right)
                return found or self.far.sum(self.read(left), second if operator == "+" else -second)
            case Binary("*", left, right):
                return (
                    self.far.square(self.read(left))
                    if left == right
                    else self.far.product(self.read(left), self.read(right))
                )
            case Binary("/", left, right):
                return self.far.product(self.read(left), self.far.reciprocal(self.read(right)))
            case Binary("**", left, right):
                exponent = self.exponent(right)
                return UNKNOWN if exponent is None else self.far.power(self.read(left), exponent)
            case Call("where", (condition, then, otherwise)):
                truth = self.truth(condition)
                if truth is None:
                    return hull_of(self.read(then), self.read(otherwise))
                return self.read(then if truth else otherwise)
            case Call("min" | "max" as name, arguments):
                return self.far.extreme([self.read(one) for one in arguments], 1 if name == "max" else -1)
            case Call("log", (argument,)):
                return self.logarithm(argument)
            case Call("log1p", (argument,)):
                return self.logarithm(Binary("+", Number(Fraction(1)), argument))
            case Call(name, (argument,)):
                grow = growth_of(name)
                return UNKNOWN if grow is None else cast(Bounds, grow(self.far, self.read(argument)))
            case Call("logaddexp", (left, right)):
                greatest = self.far.extreme([self.read(left), self.read(right)], 1)
                return Bounds(greatest.lower, self.far.sum(greatest, constant(arb(2).log())).upper)
        return UNKNOWN

    def exponentials(self, left: Tree, right: Tree, sense: int) -> Bounds | None:
        """Return c*exp(a) + d*exp(b) as the one of greater exponent times 1 + something small; None of other sums."""
        one, other = self._exponential(left), self._exponential(right)
        if one is None or other is None:
            return None
        (c, a), (d, b) = one, (other[0] if sense > 0 else -other[0], other[1])
        for (f, x), (g, y) in (((c, a), (d, b)), ((d, b), (c, a))):
            apart = self.far.sum(self.read(y), -self.read(x))
            if apart.upper.factor < 0:
                return self.far.product(
                    self.far.exp(self.read(x)), self.far.sum(f, self.far.product(g, self.far.exp(apart)))
                )
        return None

    def _exponential(self, tree: Tree) -> tuple[Bounds, Tree] | None:
        """Return the constant and the exponent of a constant times an exponential."""
        match tree:
            case Call("exp", (exponent,)):
                return constant(arb(1)), exponent
            case Binary("*", Number() | Name() as factor, Call("exp", (exponent,))) if factor != Name("w"):
                return self.read(factor), exponent
        return None

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
                return exactly(fixed) if is_fixed and fixed.is_exact() else None

    def truth(self, condition: Tree) -> bool | None:
        """Return what a condition is for every t >= T, None if that is not known."""
        match condition:
            case Compare(operator, left, right):
                difference = self.far.sum(self.read(left), -self.read(right))
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

    def logarithm(self, tree: Tree) -> Bounds:
        """Return log(tree), of exponentials by what they are exponentials of, which has bounds where they have none."""
        two = constant(arb(2).log())
        match tree:
            case Call("exp", (argument,)):
                return self.read(argument)
            case Call("cosh", (argument,)):  # |x| - log 2 <= log(cosh(x)) <= |x|
                size = self.far.absolute(self.read(argument))
                far = self.far.sum(size, -two).lower
                return Bounds(far if far.factor >= 0 else ZERO, size.upper)
            case Call("sigmoid", (argument,)):
                return -self.far.softplus(-self.read(argument))
            case Binary("-", Number(1), Call("sigmoid", (argument,))):
                return -self.far.softplus(self.read(argument))
            case Call("sqrt", (argument,)):
                return self.far.product(constant(arb(1) / 2), self.logarithm(argument))
            case Binary("*", left, right) if self._are_positive(left, right):
                return self.far.sum(self.logarithm(left), self.logarithm(right))
            case Binary("/", left, right) if self._are_positive(left, right):
                return self.far.sum(self.logarithm(left), -self.logarithm(right))
            case Binary("**", base, right) if (e := self.exponent(right)) is not None and self._are_positive(base):
                return self.far.product(constant(ball(e)), self.logarithm(base))
            case Binary("+", left, right) if self._are_positive(left, right):
                greatest = self.far.extreme([self.logarithm(left), self.logarithm(right)], 1)
                return Bounds(greatest.lower, self.far.sum(greatest, two).upper)
        return self.far.log(self.read(tree))

    def _are_positive(self, *trees: Tree) -> bool:
        return all(_is_positive(tree) or self.read(tree).lower.factor > 0 for tree in trees)


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
