"""Where forms are tried: weights and parameters over the promised range, the same on every machine and in every run."""

from __future__ import annotations

import math
from collections.abc import Iterable

from flint import arb, ctx

from symreg.accuracy.rounding import GREATEST, RoundedEvaluator, singles
from symreg.calculus.evaluation.balls import Exact, Undecided, compiled
from symreg.expressions.formulas import grows_exponentially
from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.tree import Call, Compare, Name, Tree, names, walk
from symreg.model.domain import Domain
from symreg.model.interval import Interval
from symreg.model.ordering import in_order
from symreg.model.spec import Parameter

_BITS = 160
_MIDDLES = (1.37, 0.61, -1.37)  # weights of which one is likely to lie within the domain, and at no root


def sampled(
    tree: Tree, parameters: tuple[Parameter, ...], domain: Domain, *, groups: int = 14, seed: int = 0
) -> list[tuple[dict[str, float], bool]]:
    """Return inputs over the promised range: weights of all sizes, near the parameters' sizes and near the switches.

    The largest weights of a format are beyond it: there a form only must not be NaN.

    The parameters are their defaults times up to a thousand, either way, within their domains.
    """
    sizes, exact = _scales(tree), compiled(tree)
    made: list[tuple[dict[str, float], bool]] = []
    for group in range(groups):
        stream = Stream(f"{seed}/{group}")
        chosen = {p.name: _parameter(p, stream, group, place) for place, p in enumerate(parameters)}
        chosen = in_order(parameters, chosen)
        within = domain.at(chosen)
        evaluator = RoundedEvaluator({**{name: [value] for name, value in chosen.items()}, "w": [1.0]}, "float64")
        scales = [abs(x) for scale in sizes for x in evaluator.at(scale) if 2.0**-45 < abs(x) < 2.0**45] or [1.0]
        extremes = _near_the_ends(exact, chosen, stream) if group % 4 else []
        for weight, is_single in (*extremes, *_weights(stream, scales, group)):
            inside = _inside(weight, within)
            if inside is not None:
                (rounded,) = singles([inside])
                if is_single and rounded in within:
                    made.append(({"w": rounded, **chosen}, True))
                elif not is_single:
                    made.append(({"w": inside, **chosen}, False))
    return made


def at_overflows(
    tree: Tree, parameters: tuple[Parameter, ...], domain: Domain, *, groups: int = 7, seed: int = 0
) -> list[tuple[dict[str, float], bool]]:
    """Return weights at which an exponential within a tree overflows or vanishes, though the whole need not."""
    arguments = list(dict.fromkeys(x for node in walk(tree) for x in _exponent(node)))
    made: list[tuple[dict[str, float], bool]] = []
    if not arguments:
        return made
    for group in range(groups):
        stream = Stream(f"overflows {seed}/{group}")
        chosen = {p.name: _parameter(p, stream, 2 * group, place) for place, p in enumerate(parameters)}
        chosen = in_order(parameters, chosen)
        within = domain.at(chosen)
        grid = [
            sign * math.ldexp(1.0 + stream.integer(0, 2**20) * 2.0**-20, k) for k in range(-40, 41) for sign in (1, -1)
        ]
        evaluator = RoundedEvaluator(
            {**{name: [value] * len(grid) for name, value in chosen.items()}, "w": grid}, "float64"
        )
        for argument in arguments:
            sizes = [abs(x) for x in evaluator.at(argument)]
            for is_single, least, greatest in ((True, 12.0, 400.0), (False, 25.0, 3000.0)):
                found = [w for w, size in zip(grid, sizes, strict=True) if least < size < greatest and w in within]
                for _ in range(min(4, len(found))):
                    weight = found[stream.integer(0, len(found) - 1)]
                    made.append(({"w": singles([weight])[0] if is_single else weight, **chosen}, is_single))
    return made


def _exponent(node: Tree) -> tuple[Tree, ...]:
    match node:
        case Call(function, (argument,)) if function in _GROWING and "w" in names(argument):
            return (argument,)
        case _:
            return ()


_GROWING = frozenset(row.name for row in FUNCTIONS.values() if grows_exponentially(row))


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
    for precision, largest in GREATEST.items():
        yield stream.sign() * largest / (1 + 3 * (group % 2)), precision == "float32"


def _near_the_ends(exact: Exact, chosen: dict[str, float], stream: Stream) -> list[tuple[float, bool]]:
    """Return weights at which the value is about to overflow or to vanish: a part of it may do so before."""
    made: list[tuple[float, bool]] = []
    at = {name: arb(value) for name, value in chosen.items()}

    def is_inside(weight: float, least: arb, greatest: arb) -> bool:
        try:
            size = abs(exact({**at, "w": arb(weight)}))
        except Undecided:
            return False
        return bool(size > least and size < greatest)

    with ctx.workprec(_BITS):
        for top, is_single, ends in ((59, True, (-102, 128)), (498, False, (-968, 1024))):
            least, greatest = (arb((1, exponent)) for exponent in ends)
            start = next((x for x in _MIDDLES if is_inside(x, least, greatest)), None)
            if start is None:
                continue
            for side in (1, -1):
                if is_inside(math.ldexp(start, side * top), least, greatest):
                    continue
                inside, outside = 0, side * top
                while abs(outside - inside) > 1:
                    middle = (inside + outside) // 2
                    holds = is_inside(math.ldexp(start, middle), least, greatest)
                    inside, outside = (middle, outside) if holds else (inside, middle)
                edge, far = math.ldexp(start, inside), math.ldexp(start, outside)
                for _ in range(9):
                    between = (edge + far) / 2.0
                    edge, far = (between, far) if is_inside(between, least, greatest) else (edge, between)
                sign = stream.sign()
                made += [(sign * edge * math.ldexp(1.0, -side * back), is_single) for back in (0, 1, 3, top // 25)]
                made += [(sign * edge * (1.0 - side * stream.size(-9, -2)), is_single) for _ in range(3)]
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
