"""Score forms of an expression: the worst error at fixed points, as a share of what an emitted value may be off.

Takes the expression as the rules give it, and other forms of it. An emitted e for an exact f may be off by 4 ulp(f),
by what f moves when each input moves by 4u of itself, and by an underflow floor.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flint import arb, ctx

from symreg.calculus.interning import Interner
from symreg.calculus.rounded import Column, Exact, Machine, Precision, Undecided, compiled, singles, ulp
from symreg.language.interval import Interval
from symreg.language.spec import Parameter
from symreg.language.tree import Call, Compare, Name, Tree, names, walk

BITS = (160, 700, 2600)
"""Precisions at which a value is tried until it is known; 1e-150 squared beside 1 needs a thousand bits."""

_UNIT: dict[Precision, int] = {"float64": -53, "float32": -24}
_FLOOR: dict[Precision, float] = {"float64": math.ldexp(1.0, -970), "float32": math.ldexp(1.0, -103)}
_GREATEST: dict[Precision, float] = {"float64": 1.7976931348623157e308, "float32": 3.4028234663852886e38}
_LIKELY = 0.5  # of 4 ulp: below it, what the inputs allow on top need not be known


@dataclass(slots=True)
class Point:
    """Inputs, all exact, and the exact value there.

    Args:
        values: By name.
        is_single: Is the weight a number of single precision, within the range promised for it?
        bits: The precision at which the value is known.
        head: The value rounded to double precision.
        tail: What is missing in it.
    """

    values: dict[str, float]
    is_single: bool
    ball: arb
    bits: int
    head: float
    tail: float
    allowances: dict[Precision, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Score:
    """How wrong a form is.

    Args:
        failures: Points at which it is off by more than it may be.
        worst: The greatest error as a share of what is allowed; inf for NaN or an overflow that should not be.
    """

    failures: int
    worst: float


class Trial:
    """An expression's exact values at points, and the arithmetic in which its forms are tried there."""

    def __init__(
        self, exact: Exact, inputs: tuple[str, ...], points: Sequence[Point], interner: Interner | None = None
    ) -> None:
        self.exact = exact
        self.inputs = inputs
        self.points = tuple(points)
        self.interner = interner or Interner()
        self.scores: dict[int, Score] = {}
        self.groups: tuple[tuple[Machine, tuple[Point, ...]], ...] = tuple(
            (Machine(_columns(chosen, inputs), precision, self.interner), chosen)
            for precision, chosen in _by_precision(self.points)
            if chosen
        )

    def score(self, form: Tree) -> Score:
        """Return how wrong a form is at the points, in both precisions."""
        number = self.interner.number(form)
        found = self.scores.get(number)
        if found is None:
            shares = [share for machine, points in self.groups for share in self.shares(form, machine, points)]
            worst = max(shares, default=0.0)
            found = self.scores[number] = Score(sum(share > 1.0 for share in shares), worst)
        return found

    def shares(self, form: Tree, machine: Machine, points: tuple[Point, ...]) -> list[float]:
        """Return the error at each point as a share of what is allowed there."""
        precision = machine.precision
        found = machine.at(form)
        if machine.is_single and not machine.varies(form):
            found = singles(found)
        return [self.share(value, point, precision) for value, point in zip(found, points, strict=True)]

    def share(self, value: float, point: Point, precision: Precision) -> float:
        """Return one error as a share of what is allowed."""
        if value != value:
            return math.inf
        if abs(point.head) > _GREATEST[precision] and value == math.copysign(math.inf, point.head):
            return 0.0
        error = abs((value - point.head) - point.tail)
        allowed = 4.0 * ulp(point.head, precision) + _FLOOR[precision]
        if error <= _LIKELY * allowed:
            return error / allowed
        allowed += self.allowance(point, precision)
        if math.isinf(value):
            return 0.0 if abs(point.head) + allowed > _GREATEST[precision] else math.inf
        if allowed > abs(point.head) / 1000.0 and allowed > 1000.0 * _FLOOR[precision]:
            return 0.0  # too ill-conditioned to say anything
        return error / allowed

    def allowance(self, point: Point, precision: Precision) -> float:
        """Return what the value moves, in all, when each input moves by 4u of itself."""
        found = point.allowances.get(precision)
        if found is None:
            found = point.allowances[precision] = self._allowance(point, _UNIT[precision] + 2)
        return found

    def _allowance(self, point: Point, exponent: int) -> float:
        total = 0.0
        with ctx.workprec(point.bits + 64):
            at = {name: arb(point.values[name]) for name in self.inputs}
            for name in self.inputs:
                here = at[name]
                moved = 0.0
                for direction in (1, -1):
                    at[name] = here + direction * here * arb((1, exponent))
                    try:
                        distance = float(abs(self.exact(at) - point.ball).upper())
                    except Undecided:
                        continue
                    moved = max(moved, distance) if distance == distance else moved
                at[name] = here
                total += moved
        return total

    def proves(self, form: Tree) -> bool:
        """Is a form proved to have the same value at every point, to 2^-56 of it?"""
        code = compiled(form)
        for point in self.points:
            for extra in (64, 600, 2000):
                with ctx.workprec(point.bits + extra):
                    try:
                        value = code({name: arb(point.values[name]) for name in self.inputs})
                    except Undecided:
                        continue
                    off = abs(value - point.ball)
                    if math.isinf(point.head) or off <= abs(point.ball) * arb((1, -56)) or off < _FLOOR["float64"]:
                        break
            else:
                return False
        return True


def known(exact: Exact, values: dict[str, float], is_single: bool) -> Point | None:
    """Return a point with its exact value, or None where there is none or it is not known."""
    for bits in BITS:
        with ctx.workprec(bits):
            try:
                ball = exact({name: arb(value) for name, value in values.items()})
            except Undecided:
                continue
            if not ball.is_finite():
                if ball == arb.pos_inf() or ball == arb.neg_inf():
                    return None
                continue
            size, radius = abs(ball).upper(), ball.rad()
            if radius * arb((1, 70)) <= size or size < _FLOOR["float64"] * 2.0**-20:
                head = float(ball)
                tail = float(ball - head) if math.isfinite(head) else 0.0
                return Point(values=values, is_single=is_single, ball=ball, bits=bits, head=head, tail=tail)
    return None


def sampled(
    tree: Tree, parameters: tuple[Parameter, ...], domain: Interval, *, groups: int = 14, seed: int = 0
) -> list[tuple[dict[str, float], bool]]:
    """Return inputs over the promised range: weights of all sizes, near the parameters' sizes and near the switches.

    The parameters are their defaults times up to a thousand, either way, within their domains.
    """
    used = tuple(p for p in parameters if p.name in names(tree))
    sizes, exact = _scales(tree), compiled(tree)
    made: list[tuple[dict[str, float], bool]] = []
    for group in range(groups):
        stream = Stream(f"{seed}/{group}")
        chosen = {p.name: _parameter(p, stream, group, place) for place, p in enumerate(used)}
        machine = Machine({**{name: [value] for name, value in chosen.items()}, "w": [1.0]}, "float64")
        scales = [abs(x) for scale in sizes for x in machine.at(scale) if 2.0**-45 < abs(x) < 2.0**45] or [1.0]
        extremes = _near_the_ends(exact, chosen, stream) if group % 2 else []
        for weight, is_single in (*extremes, *_weights(stream, scales, group)):
            inside = _inside(weight, domain)
            if inside is not None:
                (rounded,) = singles([inside])
                if is_single and rounded in domain:
                    made.append(({"w": rounded, **chosen}, True))
                elif not is_single:
                    made.append(({"w": inside, **chosen}, False))
    return made


class Stream:
    """Random numbers from a text, the same everywhere: splitmix64."""

    def __init__(self, text: str) -> None:
        self.state = int.from_bytes(text.encode(), "big") & _MASK

    def integer(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & _MASK
        x = self.state
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB & _MASK
        return low + (x ^ (x >> 31)) % (high - low + 1)

    def size(self, least: int, greatest: int) -> float:
        """Return a positive number whose binary exponent is uniform."""
        return math.ldexp(1.0 + math.ldexp(self.integer(0, 2**52 - 1), -52), self.integer(least, greatest - 1))

    def sign(self) -> float:
        """Return -1.0 or 1.0."""
        return 1.0 if self.integer(0, 1) else -1.0


_MASK = (1 << 64) - 1


def _weights(stream: Stream, scales: list[float], group: int) -> Iterable[tuple[float, bool]]:
    """Yield weights, each with whether it is one of single precision."""
    yield 0.0, True
    for exponent, is_single in ((498, False), (59, True), (-498, False), (-59, True)):
        yield stream.sign() * math.ldexp(1.0, exponent), is_single
    for least, greatest, is_single, count in (
        (-498, 498, False, 2),
        (-59, 59, True, 3),
        (-120, 0, False, 1),
        (-26, 0, True, 2),
        (-8, 8, True, 2),
        (-8, 8, False, 1),
    ):
        for _ in range(count):
            yield stream.sign() * stream.size(least, greatest), is_single
    for row in range(4):
        scale = scales[stream.integer(0, len(scales) - 1)]
        yield stream.sign() * scale * stream.size(-4, 4), row % 2 == 0
    for scale in scales[:4]:
        near = 1.0 + stream.sign() * stream.size(-30, -2)
        yield stream.sign() * scale * near, bool(stream.integer(0, 1))


def _near_the_ends(exact: Exact, chosen: dict[str, float], stream: Stream) -> list[tuple[float, bool]]:
    """Return weights at which the value is about to overflow or to vanish: a part of it may do so before."""
    made: list[tuple[float, bool]] = []
    at = {name: arb(value) for name, value in chosen.items()}

    def is_inside(exponent: int, least: arb, greatest: arb) -> bool:
        try:
            size = abs(exact({**at, "w": arb((1, exponent))}))
        except Undecided:
            return False
        return bool(size > least and size < greatest)

    with ctx.workprec(BITS[0]):
        for top, is_single, ends in ((59, True, (-102, 127)), (498, False, (-968, 1023))):
            least, greatest = (arb((1, exponent)) for exponent in ends)
            if not is_inside(0, least, greatest):
                continue
            for far in (top, -top):
                inside, outside = 0, far
                if is_inside(far, least, greatest):
                    continue
                while abs(outside - inside) > 1:
                    middle = (inside + outside) // 2
                    inside, outside = (middle, outside) if is_inside(middle, least, greatest) else (inside, middle)
                step = 1 if far > 0 else -1
                for back in (-1, 0, 1, 3, top // 25):
                    made.append((stream.sign() * stream.size(inside - step * back, inside - step * back + 1), is_single))
    return made


def _scales(tree: Tree) -> list[Tree]:
    """Return the parameters and the larger expressions of parameters, those that a switch compares with first."""
    found: dict[Tree, None] = {}
    for node in walk(tree):
        if isinstance(node, Compare):
            found.update({side: None for side in (node.left, node.right) if _is_scale(side)})
    found.update({node: None for node in walk(tree) if isinstance(node, Name) and node.name != "w"})
    return list(found)


def _is_scale(tree: Tree) -> bool:
    return "w" not in names(tree) and not any(isinstance(n, Call) and n.function == "where" for n in walk(tree))


def _parameter(parameter: Parameter, stream: Stream, group: int, place: int) -> float:
    """Return the default, or that times up to a thousand either way, or a value near an end of the domain."""
    if group == 0:
        return parameter.default
    domain, default = parameter.domain, parameter.default
    ends = [float(end) for end in (domain.low, domain.high) if end is not None]
    if not (group % 4 == 3 and (group // 4) % 2 == place % 2 and ends):
        for _ in range(10):
            size = stream.size(-10, 10)
            value = default * size if default else size * stream.sign()
            if value in domain:
                return value
    if ends:
        end = ends[stream.integer(0, len(ends) - 1)]
        value = end + (default - end) * stream.size(-7, 0)
        if value in domain:
            return value
    return default


def _inside(weight: float, domain: Interval) -> float | None:
    """Return the weight, its mirror image, or one that lies in the domain instead."""
    for candidate in (weight, -weight):
        if candidate in domain:
            return candidate
    low = None if domain.low is None else float(domain.low)
    high = None if domain.high is None else float(domain.high)
    if low is not None and high is not None:
        fraction = math.frexp(abs(weight))[0]
        candidate = low + (high - low) * (2.0 * fraction - 1.0)
    elif low is not None:
        candidate = low + abs(weight)
    elif high is not None:
        candidate = high - abs(weight)
    return candidate if candidate in domain else None


def _by_precision(points: tuple[Point, ...]) -> tuple[tuple[Precision, tuple[Point, ...]], ...]:
    return (("float64", points), ("float32", tuple(point for point in points if point.is_single)))


def _columns(points: tuple[Point, ...], inputs: tuple[str, ...]) -> dict[str, Column]:
    return {name: [point.values[name] for point in points] for name in ("w", *inputs)}
