"""Single weights: inside a domain or outside, everyday ones, those around a root, and those far out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import frexp, ldexp

import numpy as np
from numpy.typing import NDArray

from symreg.model.interval import Interval
from symreg.model.terms import Terms
from symreg.verification.oracle.formats import Dtype, Vector


def is_everyday(weights: Vector) -> NDArray[np.bool_]:
    """Tell which weights are of a size that a person would try, from 1e-6 to 1e6; at zero much holds by itself."""
    sizes = np.abs(weights)
    everyday: NDArray[np.bool_] = (sizes >= np.float32(1e-6)) & (sizes <= 1e6)
    return everyday


def are_everyday(weights: Vector) -> bool:
    """Are all weights but zeros of a size that a person would try?"""
    everyday = is_everyday(weights)
    return bool(everyday.any() and (everyday | (weights == 0)).all())


def probes(terms: Terms, dtype: Dtype, parameters: Mapping[str, float]) -> Vector:
    """Return weights outside the range of promised accuracy, where only a spurious NaN is wrong.

    Of index sums those whose squares are in range: past that a norm is infinite, and a quotient of two no number.
    """
    domains = terms.intervals(parameters)
    information = np.finfo(dtype)
    least, most = float(information.smallest_subnormal), float(information.max)
    normal = float(information.smallest_normal)
    # Squares, cubes and quotients of these over- and underflow, each of them somewhere else.
    inner = [ldexp(1.0, k * information.maxexp // 8) for k in (-7, -6, -5, 5, 6, 7)]
    sizes = (least, normal / 4, normal, *inner, most / 4, most)
    reach = ldexp(1.0, information.maxexp // 2 - 4) if terms.couple_weights else most
    usable = [s * w for w in sizes for s in (-1.0, 1.0) if w <= reach]
    return np.array([w for w in usable if is_inside(domains, w)], dtype=dtype)


def outside(terms: Terms, dtype: Dtype, parameters: Mapping[str, float]) -> Vector:
    """Return weights outside the domain, as far as there are any."""
    domains = terms.intervals(parameters)
    weights: list[float] = []
    for domain in domains:
        low, high = domain.low, domain.high
        if low is not None:
            weights += [float(low) - 1.0, float(low) - 1e-3] + ([] if domain.low_closed else [float(low)])
        if high is not None:
            weights += [float(high) + 1.0, float(high) + 1e-3] + ([] if domain.high_closed else [float(high)])
    return np.array([w for w in weights if not is_inside(domains, float(np.dtype(dtype).type(w)))], dtype=dtype)


def at_ends(domain: Interval, dtype: Dtype) -> Iterator[float]:
    """Yield the finite ends that belong to a domain, and the floats next to its ends within it."""
    kind = np.dtype(dtype).type
    for end, is_closed, inward in (
        (domain.low, domain.low_closed, np.inf),
        (domain.high, domain.high_closed, -np.inf),
    ):
        if end is not None:
            at = kind(float(end))
            yield from [float(at)] if is_closed else []
            yield float(np.nextafter(at, kind(inward)))


def around_root(below: float, above: float, dtype: Dtype) -> list[float]:
    """Return the root, or the floats around it, and one ULP further on either side, in the format in question."""
    kind = np.dtype(dtype).type
    low, high = kind(below), kind(above)
    infinity = kind(np.inf)
    found = [np.nextafter(low, -infinity), low, high, np.nextafter(high, infinity)]
    normal = float(np.finfo(dtype).smallest_normal)
    return list(dict.fromkeys(float(x) for x in found if x == 0 or abs(float(x)) >= normal))


def moved_into(domains: Sequence[Interval], weight: float) -> float | None:
    """Return the weight, its mirror image, or it folded into a bounded domain."""
    for candidate in (weight, -weight):
        if is_inside(domains, candidate):
            return candidate
    lows = [float(domain.low) for domain in domains if domain.low is not None]
    highs = [float(domain.high) for domain in domains if domain.high is not None]
    if lows and highs:
        low, high = max(lows), min(highs)
        fraction = frexp(abs(weight))[0]
        folded = low + (high - low) * (2.0 * fraction - 1.0)
    elif lows:
        folded = max(lows) + abs(weight)
    elif highs:
        folded = min(highs) - abs(weight)
    else:
        return None
    return folded if is_inside(domains, folded) else None


def is_inside(domains: Sequence[Interval], weight: float) -> bool:
    return all(weight in domain for domain in domains)


def default_weight(domains: Sequence[Interval]) -> float:
    return moved_into(domains, 0.5) or 0.5
