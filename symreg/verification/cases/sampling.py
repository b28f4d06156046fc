"""Where a check looks: weights, parameters, gradients and states, the same on every machine and in every run.

Takes the terms (and a rule), hands on groups of points that share one set of parameters, so that a function is called
once for many weights. Random numbers are an integer hash of a name and a counter, scaled by powers of two: no libm has
a say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import frexp, ldexp

import numpy as np
from numpy.typing import NDArray

from symreg.model.interval import Interval
from symreg.model.ordering import in_order
from symreg.model.spec import Array, Parameter
from symreg.model.terms import Terms
from symreg.verification.oracle.formats import FORMATS, Dtype, Format, Vector
from symreg.verification.oracle.kinks import kinks

PER_GROUP = 50
_LENGTHS = (7, 2, 5, 1, 3, 4)  # of the vectors of a group in index notation; n = 0 is looked at apart
_OCTAVES = range(-10, 10)  # a parameter is its default times 2 to the power of one of these, and a bit
_HUMAN_WEIGHTS = (-0.5, 0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Points that share parameters.

    Args:
        parameters: By name.
        arrays: Declared arrays by name, for the longest of the vectors; shorter ones take the leading part.
        vectors: Weights, each vector for one call; an elementwise objective's is one vector of many weights.
        fixed_kinks: Weights that are exactly a kink whose place no rounding can move.
        is_human: Are all of its numbers ones that a person would try?
        is_plain: Have they few digits, so that what is drawn besides is to have few as well?
    """

    parameters: dict[str, float]
    vectors: tuple[Vector, ...]
    arrays: dict[str, Vector] = field(default_factory=dict)
    fixed_kinks: frozenset[float] = frozenset()
    is_human: bool = False
    is_plain: bool = False

    def arrays_for(self, length: int) -> dict[str, Vector]:
        """Return the declared arrays for a vector of that length."""
        return {name: np.ascontiguousarray(a[(slice(length),) * a.ndim]) for name, a in self.arrays.items()}


class Stream:
    """Random numbers from a name: splitmix64 over a counter that begins at the name's FNV-1a hash."""

    def __init__(self, *name: object) -> None:
        state = 0xCBF29CE484222325
        for byte in "/".join(map(str, name)).encode():
            state = (state ^ byte) * 0x100000001B3 & _MASK
        self._state = state

    def integer(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        x = self._state
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB & _MASK
        return low + (x ^ (x >> 31)) % (high - low + 1)

    def uniform(self) -> float:
        """Return a number in [0, 1)."""
        return ldexp(self.integer(0, (1 << 53) - 1), -53)

    def log_uniform(self, least_exponent: int, greatest_exponent: int) -> float:
        """Return a positive number whose binary exponent is uniform in the range."""
        return ldexp(1.0 + self.uniform(), self.integer(least_exponent, greatest_exponent - 1))

    def sign(self) -> float:
        """Return -1.0 or 1.0."""
        return 1.0 if self.integer(0, 1) else -1.0

    def shuffled(self, numbers: Iterable[int]) -> list[int]:
        """Return the numbers in another order."""
        made = list(numbers)
        for k in range(len(made) - 1, 0, -1):
            other = self.integer(0, k)
            made[k], made[other] = made[other], made[k]
        return made


_MASK = (1 << 64) - 1


def groups(
    terms: Terms,
    dtype: Dtype,
    points: int,
    fixed: Mapping[str, float] | None = None,
    *,
    greatest_exponent: int | None = None,
    per_group: int = PER_GROUP,
    name: str = "weights",
) -> tuple[Group, ...]:
    """Return groups of at least `points` weights in all.

    Args:
        fixed: Parameters that are not sampled.
        greatest_exponent: Binary exponent past which the penalty is too ill-conditioned to be compared; weights are
            seldom taken from there.
        per_group: Weights that share their parameters, in an elementwise objective.
        name: Of the random numbers; another one gives other weights.
    """
    fixed = fixed or {}
    shape = FORMATS[dtype]
    made: list[Group] = []
    count = 0
    for number in range(points + 2):
        stream = Stream(name, dtype, number)
        parameters = sampled_parameters(terms.parameters, stream, number, fixed)
        if terms.indexed:
            made.append(_indexed(terms, shape, stream, number, parameters))
        else:
            made.append(_elementwise(terms, shape, stream, number, parameters, greatest_exponent, per_group))
        count += sum(len(vector) for vector in made[-1].vectors)
        if count >= points:
            break
    return tuple(made)


def human_group(terms: Terms, dtype: Dtype, fixed: Mapping[str, float] | None = None) -> Group:
    """Return a few points that read well: weights of -0.5 and 0.2, a strength of 1."""
    fixed = fixed or {}
    parameters = human_parameters(terms.parameters, fixed)
    domains = terms.intervals(parameters)
    weights = [w if _inside(domains, w) else abs(w) for w in _HUMAN_WEIGHTS]
    vector = np.array([w for w in weights if _inside(domains, w)] or [_default_weight(domains)], dtype=dtype)
    arrays = {a.name: plain_array(a, len(vector), dtype) for a in terms.arrays}
    return Group(parameters=parameters, vectors=(vector,), arrays=arrays, is_human=True)


def human_parameters(declared: Sequence[Parameter], fixed: Mapping[str, float]) -> dict[str, float]:
    """Return parameters that read well: the defaults, a strength of 1."""
    return in_order(
        declared, {p.name: float(fixed.get(p.name, 1.0 if _is_strength(p) else p.default)) for p in declared}, fixed
    )


def two_digits(x: float) -> float:
    """Return a number rounded to two decimal digits."""
    return float(f"{x:.2g}")


def is_everyday(weights: Vector) -> NDArray[np.bool_]:
    """Tell which weights are of a size that a person would try, from 1e-6 to 1e6; at zero much holds by itself."""
    sizes = np.abs(weights)
    found: NDArray[np.bool_] = (sizes >= np.float32(1e-6)) & (sizes <= 1e6)
    return found


def are_everyday(weights: Vector) -> bool:
    """Are all weights but zeros of a size that a person would try?"""
    found = is_everyday(weights)
    return bool(found.any() and (found | (weights == 0)).all())


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
    reach = ldexp(1.0, information.maxexp // 2 - 4) if terms.indexed else most
    usable = [s * w for w in sizes for s in (-1.0, 1.0) if w <= reach]
    return np.array([w for w in usable if _inside(domains, w)], dtype=dtype)


def outside(terms: Terms, dtype: Dtype, parameters: Mapping[str, float]) -> Vector:
    """Return weights outside the domain, as far as there are any."""
    domains = terms.intervals(parameters)
    found: list[float] = []
    for domain in domains:
        low, high = domain.low, domain.high
        if low is not None:
            found += [float(low) - 1.0, float(low) - 1e-3] + ([] if domain.low_closed else [float(low)])
        if high is not None:
            found += [float(high) + 1.0, float(high) + 1e-3] + ([] if domain.high_closed else [float(high)])
    return np.array([w for w in found if not _inside(domains, float(np.dtype(dtype).type(w)))], dtype=dtype)


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


def _elementwise(
    terms: Terms,
    shape: Format,
    stream: Stream,
    number: int,
    parameters: dict[str, float],
    greatest_exponent: int | None,
    count: int,
) -> Group:
    found, domains = kinks(terms.terms, parameters), terms.intervals(parameters)
    weights = [0.0, -0.0] if number % 2 == 0 else []
    near = [w for kink in found for w in _around(kink.below, kink.above, shape.name)]
    if len(near) > count // 6:  # next to a kink, many a formula is ill-conditioned
        start = stream.integer(0, len(near) - 1)
        near = (near[start:] + near[:start])[: count // 6]
    weights += near
    if any(term.domain.names for term in terms.terms):
        weights += [w for domain in domains for w in _at_ends(domain, shape.name)]
    scales = [abs(x) for x in parameters.values() if x] + [max(abs(k.above), abs(k.below)) for k in found]
    scales = [s for s in scales if 2.0**-40 < s < 2.0**40] or [1.0]
    corners = [kink.below for kink in found if abs(kink.below) >= float(np.finfo(shape.name).smallest_normal)]
    least, greatest = shape.least_exponent, shape.greatest_exponent
    usable = greatest if greatest_exponent is None else min(greatest, greatest_exponent)
    if number % 2:
        # The ends of the range that accuracy is promised in.
        end = ldexp(1.0, least) if number % 4 == 1 else ldexp(2.0 - 2.0**-20, usable - 1)
        weights += [w for w in (_in_domain(domains, end if number % 8 < 4 else -end),) if w is not None]
    tries = 0
    while len(weights) < count and tries < 40 * count:
        tries += 1
        kind = tries % 5
        if tries % 10 == 5 and corners:
            # At any distance from a kink: a switch may be in the wrong place by any part of it.
            corner = corners[stream.integer(0, len(corners) - 1)]
            weights.append(corner * (1.0 + stream.sign() * stream.log_uniform(2 * shape.unit // 3, -1)))
            continue
        if kind in (0, 1):
            # One in sixteen is taken from where the formula is ill-conditioned, if there is such a range.
            top = greatest if tries % 16 == 0 else usable
            size = stream.log_uniform(least, top)
        elif kind == 2:
            size = stream.log_uniform(-8, min(8, usable))
        else:
            size = scales[stream.integer(0, len(scales) - 1)] * stream.log_uniform(-4, 4)
        weight = _in_domain(domains, stream.sign() * size)
        if weight is not None:
            weights.append(weight)
    vector = np.array([w for w in weights if _inside(domains, float(np.dtype(shape.name).type(w)))], dtype=shape.name)
    fixed_kinks = frozenset(k.below for k in found if k.is_float and k.is_fixed)
    return Group(parameters=parameters, vectors=(vector,), fixed_kinks=fixed_kinks)


def _at_ends(domain: Interval, dtype: Dtype) -> Iterator[float]:
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


def _around(below: float, above: float, dtype: Dtype) -> list[float]:
    """Return the root, or the floats around it, and one ULP further on either side, in the format in question."""
    kind = np.dtype(dtype).type
    low, high = kind(below), kind(above)
    infinity = kind(np.inf)
    found = [np.nextafter(low, -infinity), low, high, np.nextafter(high, infinity)]
    normal = float(np.finfo(dtype).smallest_normal)
    return list(dict.fromkeys(float(x) for x in found if x == 0 or abs(float(x)) >= normal))


def _in_domain(domains: Sequence[Interval], weight: float) -> float | None:
    """Return the weight, its mirror image, or it folded into a bounded domain."""
    for candidate in (weight, -weight):
        if _inside(domains, candidate):
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
    return folded if _inside(domains, folded) else None


def _inside(domains: Sequence[Interval], weight: float) -> bool:
    return all(weight in domain for domain in domains)


def _default_weight(domains: Sequence[Interval]) -> float:
    return _in_domain(domains, 0.5) or 0.5


def _is_strength(one: Parameter) -> bool:
    return one.name == "lam" and 1.0 in one.domain


def _indexed(terms: Terms, shape: Format, stream: Stream, number: int, parameters: dict[str, float]) -> Group:
    domains = terms.intervals(parameters)
    vectors = tuple(
        _vector(domains, shape, stream, length, number * len(_LENGTHS) + place) for place, length in enumerate(_LENGTHS)
    )
    arrays = {a.name: sampled_array(a, stream, max(_LENGTHS), shape.name) for a in terms.arrays}
    return Group(parameters=parameters, vectors=vectors, arrays=arrays)


def _vector(domains: Sequence[Interval], shape: Format, stream: Stream, length: int, number: int) -> Vector:
    """Return a vector: of one scale, of few distinct values and zeros, of all scales, or zero."""
    kind = number % 8
    scale = stream.log_uniform(shape.least_exponent + 8, shape.greatest_exponent - 8) if kind in (1, 4) else 1.0
    repeated = stream.log_uniform(-4, 4)
    weights: list[float] = []
    for _ in range(length):
        if kind == 3:
            weight = (0.0, -0.0, repeated, repeated, -repeated)[stream.integer(0, 4)]
        elif kind == 6:
            weight = stream.sign() * stream.log_uniform(shape.least_exponent, shape.greatest_exponent)
        elif number % 32 == 7:
            weight = 0.0
        else:
            weight = stream.sign() * stream.log_uniform(-6, 6) * scale
        if not _inside(domains, weight):
            weight = _in_domain(domains, weight) or _default_weight(domains)
        weights.append(weight)
    return np.array(weights, dtype=shape.name)


def plain_array(declared: Array, length: int, dtype: Dtype) -> Vector:
    """Return an array of ones, or an identity; the default stands where these are outside its domain."""
    one, zero = (x if is_element(x, declared, dtype) else declared.default for x in (1.0, 0.0))
    made = np.full((length,) * len(declared.shape), one if len(declared.shape) == 1 else zero, dtype=dtype)
    if made.ndim > 1:
        np.fill_diagonal(made, one)
    return made


def sampled_array(declared: Array, stream: Stream, length: int, dtype: Dtype) -> Vector:
    """Return an array of moderate elements of its domain, of both signs as far as it has both."""
    extent = (length,) * len(declared.shape)
    flat = [_element(declared, stream, dtype) for _ in range(int(np.prod(extent)))]
    return np.array(flat, dtype=dtype).reshape(extent)


def _element(declared: Array, stream: Stream, dtype: Dtype) -> float:
    """Return an element: the default within a factor 8, either sign, or one near or at an end of its domain."""
    value = stream.sign() * stream.log_uniform(-3, 3) * (abs(declared.default) or 1.0)
    if declared.domain.is_all:
        return value
    ends = [float(end) for end in (declared.domain.low, declared.domain.high) if end is not None]
    end = ends[stream.integer(0, len(ends) - 1)]
    near = end + (declared.default - end) * stream.log_uniform(-6, 0)
    for candidate in (end if stream.integer(0, 7) == 0 else value, value, -value, near):
        if is_element(candidate, declared, dtype):
            return candidate
    return declared.default


def is_element(value: float, declared: Array, dtype: Dtype) -> bool:
    """May an array hold this number, as emitted code compares: number and ends rounded to the array's precision?"""
    kind, domain = np.dtype(dtype).type, declared.domain
    with np.errstate(over="ignore"):
        x = kind(value)
        low, high = (None if end is None else kind(float(end)) for end in (domain.low, domain.high))
    above = low is None or x > low or (domain.low_closed and x == low)
    below = high is None or x < high or (domain.high_closed and x == high)
    return bool(np.isfinite(x) and above and below)


def outside_elements(declared: Array, dtype: Dtype) -> list[float]:
    """Return numbers that an array may not hold: beyond its ends, at those that are open, and infinite."""
    if declared.domain.is_all:
        return []
    ends = [float(end) for end in (declared.domain.low, declared.domain.high) if end is not None]
    around = (x for end in ends for x in (end - 1.0, end, end + 1.0))
    return [x for x in (*around, float("inf"), float("-inf")) if not is_element(x, declared, dtype)]
