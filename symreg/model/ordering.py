"""Parameters that are the ends of a domain, and so have an order: what that asks of them, and values that have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from symreg.errors import SpecError
from symreg.expressions.tree import Name, Negate, Tree
from symreg.model.domain import Domain, value_of
from symreg.model.interval import Interval, inside, intersection
from symreg.model.spec import Parameter


def asked_of(domain: Domain, parameters: tuple[Parameter, ...], where: str) -> tuple[Parameter, ...]:
    """Return the parameters such that the domain's lower end lies below the upper one, whatever values they take.

    One end alone asks nothing; beside a number a parameter's own domain is narrowed; of two parameters one exceeds the
    other (`Parameter.above`). A default that was not given is chosen again.

    Raises:
        SpecError: No values do, or a default that was given does not; says what would be right.
    """
    if isinstance(domain, Interval) or domain.lower is None or domain.upper is None:
        return parameters
    rows = {p.name: p for p in parameters}
    (low_sign, low), (high_sign, high) = _signed(domain.lower), _signed(domain.upper)
    if isinstance(low, str) and isinstance(high, str):
        if low == high:
            side = Interval(low=Fraction(0)) if high_sign > 0 else Interval(high=Fraction(0))
            _narrow(rows, low, None if low_sign == high_sign else side, domain, where)
        elif low_sign != high_sign:
            _require_opposite(rows[low], rows[high], high_sign, domain, where)
        else:
            below, above = (low, high) if high_sign > 0 else (high, low)
            _exceed(rows, below, above, domain, where)
    elif isinstance(low, str):
        assert isinstance(high, Fraction)
        _narrow(rows, low, Interval(high=high) if low_sign > 0 else Interval(low=-high), domain, where)
    else:
        assert isinstance(high, str)
        _narrow(rows, high, Interval(low=low) if high_sign > 0 else Interval(high=-low), domain, where)
    return tuple(rows.values())


def _narrow(rows: dict[str, Parameter], name: str, asked: Interval | None, domain: Domain, where: str) -> None:
    parameter = rows[name]
    allowed = None if asked is None else intersection(parameter.domain, asked)
    if allowed is None:
        where_empty = "" if asked is None else f" for any '{name}' in {parameter.domain}"
        hint = f"; declare '{name}' with another domain" if parameter.is_assumed else ""
        raise SpecError(f"{where}: domain {domain} is empty{where_empty}{hint}")
    if parameter.default not in allowed and not (parameter.is_chosen or parameter.is_assumed):
        raise SpecError(
            f"{where}: domain {domain} asks for '{name}' in {allowed}; its default {parameter.default!r} is outside"
        )
    rows[name] = _within(parameter, allowed)


def _within(parameter: Parameter, domain: Interval) -> Parameter:
    """Return a parameter with another domain, and with a default in it."""
    default = parameter.default if parameter.default in domain else inside(domain)
    return replace(parameter, domain=domain, default=default)


def _require_opposite(first: Parameter, second: Parameter, sign: int, domain: Domain, where: str) -> None:
    """Require of ends of two signs, `[-a, b]` or `[a, -b]`, that the parameters' own domains keep them in order."""
    ends = [(p.domain.low if sign > 0 else p.domain.high) for p in (first, second)]
    closed = [(p.domain.low_closed if sign > 0 else p.domain.high_closed) for p in (first, second)]
    if None not in ends:
        total = sum((end for end in ends if end is not None), Fraction(0)) * sign
        if total > 0 or (total == 0 and not all(closed)):
            return
    word = "positive" if sign > 0 else "negative, '(-inf, 0)'"
    raise SpecError(f"{where}: domain {domain} may be empty; declare '{first.name}' and '{second.name}' as {word}")


def _exceed(rows: dict[str, Parameter], below: str, above: str, domain: Domain, where: str) -> None:
    low, high = rows[below], rows[above]
    if low.shape != high.shape:
        one, each = (low, high) if high.shape else (high, low)
        raise SpecError(
            f"{where}: {each.name}[n] is an end for each weight, and {one.name} one for all; write {one.name}[n]"
        )
    top, bottom = low.domain.high, high.domain.low
    meet_at_most = top is not None and top == bottom and not (low.domain.high_closed and high.domain.low_closed)
    if meet_at_most or (top is not None and bottom is not None and top < bottom):
        return  # their own domains see to it
    if not low.default < high.default:
        if high.is_chosen or high.is_assumed:
            room = intersection(high.domain, Interval(low=Fraction(low.default)))
            high = high if room is None else replace(high, default=inside(room))
        elif low.is_chosen or low.is_assumed:
            room = intersection(low.domain, Interval(high=Fraction(high.default)))
            low = low if room is None else replace(low, default=inside(room))
    if not low.default < high.default:
        raise SpecError(
            f"{where}: domain {domain} asks for {below} < {above}, but their defaults are {low.default!r} and "
            f"{high.default!r}"
        )
    if high.above not in ("", below) or low.above == above:
        raise SpecError(f"{where}: domain {domain} asks for {below} < {above} besides what another domain asks of them")
    rows[below], rows[above] = low, replace(high, above=below)


def in_order(parameters: Iterable[Parameter], values: Mapping[str, Any], fixed: Iterable[str] = ()) -> dict[str, Any]:
    """Return values in which each parameter exceeds the one that it has to.

    Two that do not are exchanged, or one is moved beyond the other by about its size; `fixed` ones stay.
    """
    known, ordered, fixed_names = {p.name: p for p in parameters}, dict(values), set(fixed)
    for high in known.values():
        low = known.get(high.above)
        if low is None or not {low.name, high.name} <= ordered.keys() or ordered[high.name] > ordered[low.name]:
            continue
        bottom, top = ordered[low.name], ordered[high.name]
        sizes = (bottom - top, abs(high.default - low.default), abs(bottom) + 1, abs(top) + 1)
        pairs = [(top, bottom)] if not fixed_names & {low.name, high.name} else []
        pairs += [(bottom, bottom + type(bottom)(size)) for size in sizes if high.name not in fixed_names]
        pairs += [(top - type(top)(size), top) for size in sizes if low.name not in fixed_names]
        if not fixed_names & {low.name, high.name}:
            pairs.append((type(bottom)(low.default), type(top)(high.default)))
        for a, b in pairs:
            if a < b and float(a) in low.domain and float(b) in high.domain:
                ordered[low.name], ordered[high.name] = a, b
                break
    return ordered


def beside_numbers(parameters: Iterable[Parameter], values: Mapping[str, Fraction]) -> tuple[Parameter, ...]:
    """Return the parameters that have no number, each on its side of those that have and that it is ordered with."""
    rows = tuple(parameters)
    free: list[Parameter] = []
    for p in rows:
        asked = [Interval(low=values[p.above])] if p.above in values else []
        asked += [Interval(high=values[q.name]) for q in rows if q.above == p.name and q.name in values]
        for side in asked if p.name not in values else ():
            narrowed = intersection(p.domain, side)
            if narrowed is not None:
                p = _within(p, narrowed)
        if p.name not in values:
            free.append(replace(p, above="") if p.above in values else p)
    return tuple(free)


def require_order(parameters: Iterable[Parameter], values: Mapping[str, float]) -> None:
    """Refuse values of which one does not exceed the one that it has to.

    Raises:
        SpecError: Names the two.
    """
    for p in parameters:
        if p.name in values and p.above in values and not values[p.name] > values[p.above]:
            raise SpecError(f"{p.name} = {values[p.name]:g} has to exceed {p.above} = {values[p.above]:g}")


def are_in_order(parameters: Iterable[Parameter], values: Mapping[str, Any]) -> bool:
    """Does each parameter exceed the one that it has to?"""
    return all(values[p.name] > values[p.above] for p in parameters if {p.name, p.above} <= values.keys())


def _signed(end: Tree) -> tuple[int, str | Fraction]:
    """Return the sign and the name of a parameter, or 1 and a number."""
    match end:
        case Negate(Name(name)):
            return -1, name
        case Name(name):
            return 1, name
        case _:
            return 1, value_of(end, {})
