"""Parameters that a check looks at: defaults, numbers that read well, and others of all sizes in their domains.

The compiler samples parameters for itself (`calculus/`, `accuracy/points.py`); the judge shares no sampler with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symreg.model.interval import Interval
from symreg.model.ordering import in_order
from symreg.model.spec import Parameter
from symreg.verification.cases.sampling.stream import Stream

_OCTAVES = range(-10, 10)  # a parameter is its default times 2 to the power of one of these, and a bit


def human_parameters(declared: Sequence[Parameter], fixed: Mapping[str, float]) -> dict[str, float]:
    """Return parameters that read well: the defaults, a strength of 1."""
    return in_order(
        declared, {p.name: float(fixed.get(p.name, 1.0 if _is_strength(p) else p.default)) for p in declared}, fixed
    )


def two_digits(x: float) -> float:
    """Return a number rounded to two decimal digits."""
    return float(f"{x:.2g}")


def sampled_parameters(
    declared: Sequence[Parameter], stream: Stream, number: int, fixed: Mapping[str, float]
) -> dict[str, float]:
    """Return a value for each; in every fifth group one of them is near an end of its domain, the others are not."""
    chosen: dict[str, float] = {}
    for place, one in enumerate(declared):
        own = number if number % 5 != 4 or (number // 5) % len(declared) == place else number + 1
        chosen[one.name] = float(fixed[one.name]) if one.name in fixed else _parameter(one, stream, own)
    return in_order(declared, chosen, fixed)


def _parameter(one: Parameter, stream: Stream, number: int) -> float:
    """Return a parameter's value: its default, that within a factor 1000, or one near a finite end of its domain.

    A few dozen groups see every octave of that factor: which one comes when is shuffled for each parameter by itself.
    """
    if number == 0 or (one.default == 0.0 and stream.integer(0, 3) == 0):
        return one.default
    if number % 5 == 4 and (near := _near_an_end(one.domain, one.default, stream)) is not None:
        return near
    turn, place = divmod(number - number // 5, len(_OCTAVES))
    octave = Stream("octaves", one.name, turn).shuffled(_OCTAVES)[place]
    for tried in range(12):
        size = stream.log_uniform(octave, octave + 1) if tried == 0 else stream.log_uniform(-10, 10)
        value = one.default * size if one.default else size * (stream.sign() if _is_signed(one.domain) else 1.0)
        if value in one.domain:
            return value
    near = _near_an_end(one.domain, one.default, stream)
    return one.default if near is None else near


def _is_signed(domain: Interval) -> bool:
    return domain.low is None or domain.low < 0


def _near_an_end(domain: Interval, default: float, stream: Stream) -> float | None:
    ends = [float(end) for end in (domain.low, domain.high) if end is not None]
    if not ends:
        return None
    end = ends[stream.integer(0, len(ends) - 1)]
    value = end + (default - end) * stream.log_uniform(-6, 0)
    return value if value in domain else None


def _is_strength(one: Parameter) -> bool:
    return one.name == "lam" and 1.0 in one.domain
