"""Domains of weights: intervals whose ends are numbers or parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from numbers import Rational
from typing import Any

from symreg.errors import SpecError
from symreg.expressions.tree import Name, Negate, Number, Tree, number
from symreg.model.interval import Interval, intersection


@dataclass(frozen=True, slots=True, kw_only=True)
class ParametricInterval:
    """An interval whose ends are numbers or parameters, one of them a parameter; never empty for values in order.

    Args:
        lower: A number, a parameter, or minus one; None for -inf.
        upper: Likewise; None for +inf.
        low_closed: Does the lower end belong to it?
        high_closed: Does the upper end belong to it?
    """

    lower: Tree | None = None
    upper: Tree | None = None
    low_closed: bool = False
    high_closed: bool = False

    def __str__(self) -> str:
        low, high = (end_text(end, word) for end, word in ((self.lower, "-inf"), (self.upper, "inf")))
        return f"{'[' if self.low_closed else '('}{low}, {high}{']' if self.high_closed else ')'}"

    @property
    def is_all(self) -> bool:
        """Is it the whole real line?"""
        return False

    def condition(self, name: str) -> str:
        """Return that something lies in it: `w in [lo, hi]`."""
        return f"{name} in {self}"

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that its ends are."""
        return tuple(dict.fromkeys(name for end in (self.lower, self.upper) if (name := _name(end))))

    def at(self, values: Mapping[str, Any]) -> Interval:
        """Return the interval for values of the parameters, which are floats or exact."""
        low, high = (None if end is None else value_of(end, values) for end in (self.lower, self.upper))
        return Interval(low=low, high=high, low_closed=self.low_closed, high_closed=self.high_closed)

    def hull(self, ranges: Mapping[str, Interval]) -> Interval:
        """Return the least interval with numbers for ends that holds it for all parameters in their ranges."""
        low = None if self.lower is None else _range(self.lower, ranges)
        high = None if self.upper is None else _range(self.upper, ranges)
        return Interval(
            low=None if low is None else low.low,
            high=None if high is None else high.high,
            low_closed=self.low_closed and low is not None and low.low is not None and low.low_closed,
            high_closed=self.high_closed and high is not None and high.high is not None and high.high_closed,
        )


Domain = Interval | ParametricInterval
"""Of a weight."""


def between(lower: Tree | None, upper: Tree | None, *, low_closed: bool, high_closed: bool) -> Domain:
    """Return the domain between two ends."""
    interval = ParametricInterval(lower=lower, upper=upper, low_closed=low_closed, high_closed=high_closed)
    return interval if interval.names else interval.at({})


def renamed_domain(domain: Domain, new: Mapping[str, str]) -> Domain:
    """Return a domain with its parameters under new names."""
    if isinstance(domain, Interval):
        return domain
    return replace(domain, lower=_renamed(domain.lower, new), upper=_renamed(domain.upper, new))


def meet(a: Domain, b: Domain) -> Domain | None:
    """Return the points that belong to both, or None if there are none.

    Raises:
        SpecError: That depends on the parameters.
    """
    if a == b or b.is_all:
        return a
    if a.is_all:
        return b
    if isinstance(a, Interval) and isinstance(b, Interval):
        return intersection(a, b)
    raise SpecError(f"which of the ends of the domains {a} and {b} count depends on the parameters")


def at_numbers(domain: Domain, values: Mapping[str, Fraction]) -> Domain:
    """Return a domain with numbers in place of some of its parameters."""
    if isinstance(domain, Interval):
        return domain
    lower, upper = (
        number(value_of(end, values)) if end is not None and _name(end) in values else end
        for end in (domain.lower, domain.upper)
    )
    return between(lower, upper, low_closed=domain.low_closed, high_closed=domain.high_closed)


def _name(end: Tree | None) -> str:
    match end:
        case Name(name) | Negate(Name(name)):
            return name
        case _:
            return ""


def _renamed(end: Tree | None, new: Mapping[str, str]) -> Tree | None:
    name = _name(end)
    if not name:
        return end
    renamed = Name(new.get(name, name))
    return Negate(renamed) if isinstance(end, Negate) else renamed


def value_of(end: Tree, values: Mapping[str, Any]) -> Fraction:
    """Return an end for values of its parameters."""
    match end:
        case Number(value):
            return value
        case Name(name):
            known = values[name]
            return Fraction(known) if isinstance(known, Rational) else Fraction(float(known))
        case Negate(operand):
            return -value_of(operand, values)
    raise TypeError("an end of a domain is a number, a parameter or minus one")


def _range(end: Tree, ranges: Mapping[str, Interval]) -> Interval:
    match end:
        case Name(name):
            return ranges[name]
        case Negate(Name(name)):
            interval = ranges[name]
            return Interval(
                low=None if interval.high is None else -interval.high,
                high=None if interval.low is None else -interval.low,
                low_closed=interval.high_closed,
                high_closed=interval.low_closed,
            )
        case _:
            at = value_of(end, {})
            return Interval(low=at, high=at, low_closed=True, high_closed=True)


def end_text(end: Tree | None, infinite: str) -> str:
    """Return an end of an interval as it is written; `infinite` where there is none."""
    match end:
        case None:
            return infinite
        case Name(name):
            return name
        case Negate(Name(name)):
            return f"-{name}"
        case _:
            at = value_of(end, {})
            whole = str(Interval(low=at, high=at, low_closed=True, high_closed=True))
            return whole[1:].partition(",")[0]
