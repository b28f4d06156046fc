"""What each proved claim says of numbers; a check returns the point at which it surely fails, or None.

A convex R lies below its chords, a coercive one grows along every ray, a step within its bound crosses no zero, ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias

from flint import arb, arb_mat

from symreg.verification.claims.data import Claimed
from symreg.verification.claims.function import Point, constant, truth
from symreg.verification.claims.place import Place
from symreg.verification.claims.points import LENGTHS
from symreg.verification.oracle.ball import ball

Found: TypeAlias = "str | None"
Check: TypeAlias = Callable[[Place, Claimed], Found]


def even(place: Place, claimed: Claimed) -> Found:
    """R(-w) = R(w)."""
    for point in place.points:
        mirror = tuple(-w for w in point)
        if not place.function(len(point)).holds(mirror):
            return f"{shown(point)} lies in the domain, and minus that does not"
        if differ(place.value(point), place.value(mirror)):
            return f"R({shown(point)}) = {place.value(point).str(8)}, R of minus that {place.value(mirror).str(8)}"
    return None


def nonnegative(place: Place, claimed: Claimed) -> Found:
    """R >= 0."""
    return next((f"R({shown(p)}) = {place.value(p).str(8)}" for p in place.points if place.value(p) < 0), None)


def continuous(place: Place, claimed: Claimed) -> Found:
    """R has no jump: beside a switch's zero it comes nearer to its value there the nearer the weight is."""
    for point in place.marks:
        here = place.value(point)
        for sign in (1, -1):
            near, nearer = (abs(place.value(tuple(w + sign * d for w in point)) - here) for d in _BESIDE)
            if nearer > (1 + abs(here)) * _SLIGHT and nearer > near * 19 / 20:
                return f"R jumps by {nearer.str(8)} at {shown(point)}"
    return None


_BESIDE = Fraction(1, 2**4000), Fraction(1, 2**16000)
_SLIGHT = arb((1, -40))


def differentiable(place: Place, claimed: Claimed) -> Found:
    """R has one slope from both sides; at an end of the domain, from within."""
    for point, j in place.kinks:
        function = place.function(len(point))
        sides = function.sides(point, j)
        if sides is None:
            continue
        without = function.without(point, j)
        within = tuple(side for side, is_without in zip(sides, without, strict=True) if not is_without)
        if (within == sides and differ(*sides)) or not all(side.is_finite() for side in within):
            return f"the slopes at {shown(point)} are {sides[0].str(8)} and {sides[1].str(8)}"
    return None


def convex(place: Place, claimed: Claimed) -> Found:
    """R lies below its chords."""
    return _above_chord(place, arb(0))


def weakly_convex(place: Place, claimed: Claimed) -> Found:
    """R + rho/2*|w|**2 lies below its chords."""
    rho = constant(claimed.value, place.row)
    return _above_chord(place, rho) if rho is not None and rho.is_finite() else None


def strongly_convex(place: Place, claimed: Claimed) -> Found:
    """R - mu/2*|w|**2 lies below its chords, for a mu > 0."""
    mu = constant(claimed.value, place.row)
    if mu is not None and mu <= 0:
        return f"mu = {mu.str(8)}"
    return _above_chord(place, arb(0) if mu is None or not mu.is_finite() else -mu)


def _above_chord(place: Place, bend: arb) -> Found:
    for a, b, gap, size in place.chords:
        if gap > bend * size / 8:
            return f"between {shown(a)} and {shown(b)} it lies above its chord by {gap.str(8)}"
    return None


def lipschitz(place: Place, claimed: Claimed) -> Found:
    """R bends no more than a parabola of curvature L, either way."""
    size = constant(claimed.value, place.row)
    if size is None or not size.is_finite():
        return differentiable(place, claimed)
    for a, b, gap, length in place.chords:
        if abs(gap) > size * length / 8:
            return f"between {shown(a)} and {shown(b)} it bends more than L = {size.str(8)} allows"
    return None


_NEAR, _FAR = tuple(Fraction(37 * k, 64) for k in range(1, 20)), tuple(Fraction(2) ** k for k in (40, 400, 4000))


def monotone(place: Place, claimed: Claimed) -> Found:
    """The slope has one sign, and so have differences of values."""
    rising, falling = (next((row for row in place.slopes if row[2] * sign > 0), None) for sign in (1, -1))
    if rising is not None and falling is not None:
        return f"{_slope_at(*rising)}, and {_slope_at(*falling)}"
    steps = [(a, b, (place.value(b) - place.value(a)) * ball(b[0] - a[0])) for a, b in place.pairs]
    up, down = (next((step for step in steps if step[2] * sign > 0), None) for sign in (1, -1))
    if up is None or down is None:
        return None
    return (
        f"it rises between {shown(up[0])} and {shown(up[1])}, and falls between {shown(down[0])} and {shown(down[1])}"
    )


def bounded_slope(place: Place, claimed: Claimed) -> Found:
    """|dR/dw_j| <= G, and no difference of values is larger."""
    size = constant(claimed.value, place.row)
    if size is None or not size.is_finite():
        return None
    for row in place.slopes:
        if abs(row[2]) > size:
            return _slope_at(*row)
    for a, b in place.pairs:
        if abs(place.value(b) - place.value(a)) > size * abs(ball(b[0] - a[0])):
            return f"between {shown(a)} and {shown(b)} it changes by more than G = {size.str(8)} allows"
    return None


def coercive(place: Place, claimed: Claimed) -> Found:
    """R grows along every ray, however far out one looks."""
    for ray in _rays(place):
        *close, near, far, farther = (place.value(tuple(size * w for w in ray)) for size in (*_NEAR, *_FAR))
        if not all(x.is_finite() for x in (near, far, farther)):
            continue
        stays = far - near <= abs(near) * _SLIGHT and farther - far <= abs(far) * _SLIGHT
        if stays or any(far < x and farther < x for x in close):
            return f"along {shown(ray)} it comes to {far.str(8)}, and to {farther.str(8)} ten times farther in digits"
    return None


def grows(place: Place, claimed: Claimed) -> Found:
    """Return how R grows if it does so along every ray as nothing does that comes back."""
    for ray in _rays(place):
        near, far, farther = (place.value(tuple(size * w for w in ray)) for size in _FAR)
        if not (farther > 2 * far and far > 2 * near and near > 1):
            return None
    return "it grows along every ray"


def _rays(place: Place) -> Iterator[Point]:
    units = (1, 1, 1), (1, -1, 1), (1, 0, 0), (0, 0, 1), (3, -2, -1)
    for length in (1, 2, 3) if place.is_vector else (1,):
        for unit in units:
            for side in (1, -1):
                ray = tuple(Fraction(side * w) for w in unit[:length])
                if any(ray):
                    yield ray


def toward_origin(place: Place, claimed: Claimed) -> Found:
    """w_j*dR/dw_j >= 0."""
    return next((_slope_at(*row) for row in place.slopes if ball(row[0][row[1]]) * row[2] < 0), None)


def no_overshoot(place: Place, claimed: Claimed) -> Found:
    """w_j - lr*dR/dw_j has not the other sign than w_j."""
    return _stepped(place, claimed, lambda ratio: ratio > 1)


def contraction(place: Place, claimed: Claimed) -> Found:
    """|w_j - lr*dR/dw_j| < |w_j|, or the weight stays."""
    return _stepped(place, claimed, lambda ratio: ratio > 2 or ratio < 0)


def _stepped(place: Place, claimed: Claimed, fails: Callable[[arb], bool]) -> Found:
    """Try steps within the bound; the ratio is lr*dR/dw_j to w_j."""
    for rate in allowed(place, claimed, "lr"):
        for point, j, slope in place.slopes:
            if fails(ball(rate) * slope / ball(point[j])):
                return f"lr = {float(rate):.6g}, {_slope_at(point, j, slope)}"
    return None


def allowed(place: Place, claimed: Claimed, name: str) -> tuple[Fraction, ...]:
    """Return the least and the greatest step for which a claim is said to hold, of some near its bound and others."""
    bound = constant(claimed.value, place.row)
    sizes = [Fraction(2) ** k for k in range(-20, 21, 4)]
    if bound is not None and bound.is_finite() and bound > 0:
        man, exponent = bound.lower().man_exp()
        exact = Fraction(int(man)) * Fraction(2) ** int(exponent)
        sizes = [exact * share for share in (Fraction(1023, 1024), Fraction(1, 2), Fraction(1025, 1024), 4)] + sizes
    found = sorted(size for size in sizes if truth(claimed.holds_iff, {**place.row, name: size}))
    return tuple(dict.fromkeys((found[-1], found[0]))) if found else ()


def sparse(place: Place, claimed: Claimed) -> Found:
    """The slope at 0 is negative from the left and positive from the right, as large as the threshold."""
    threshold = constant(claimed.value, place.row)
    if not place.is_vector and not place.function(1).holds((Fraction(0),)):
        return "0 does not lie in the domain"
    for point, j, left, right in place.at_zero:
        is_off = threshold is not None and any(differ(side, threshold) for side in (-left, right))
        if left >= 0 or right <= 0 or left.overlaps(right) or is_off:
            return f"the slopes at 0 are {left.str(8)} and {right.str(8)}" + (f" at {shown(point)}" if j else "")
    return None


def is_sparse(place: Place, claimed: Claimed) -> Found:
    """Return the slopes at 0 if they surely make R sparse there, whatever else is said."""
    for _, _, left, right in place.at_zero:
        if not place.is_vector and left < 0 < right:
            return f"the slopes at 0 are {left.str(8)} and {right.str(8)}"
    return None


def unbiased(place: Place, claimed: Claimed) -> Found:
    """The slope runs to 0."""
    for length in LENGTHS if place.is_vector else (1,):
        for side in (1, -1):
            points = [(side * size, *(Fraction(k) for k in (2, -3, 1)[: length - 1])) for size in (*_NEAR, *_FAR[1:])]
            *close, far, farther = (place.function(length).slope(point) for point in points)
            if far is None or farther is None or not abs(far) > 0 or not abs(farther) > 0:
                continue
            is_steep = any(x is not None and abs(x) < abs(far) and abs(x) < abs(farther) for x in close)
            if is_steep or abs(farther) > abs(far) * 999 / 1000:
                return f"the slope is {far.str(8)} far out, {farther.str(8)} farther"
    return None


def continuous_rule(place: Place, claimed: Claimed) -> Found:
    """R + |w|**2/(2*step) is convex."""
    for step in (_ENDLESS,) if claimed.holds_iff is None else allowed(place, claimed, "step"):
        found = _above_chord(place, 1 / ball(step))
        if found is not None:
            return f"step = {float(step):.6g}, {found}"
    return None


_ENDLESS = Fraction(2) ** 60


def homogeneous(place: Place, claimed: Claimed) -> Found:
    """R(a*w) = a**d*R(w)."""
    degree = constant(claimed.value, place.row)
    for point in place.points:
        if degree is None:
            first, second, third = (place.value(tuple(k * w for w in point)) for k in (1, 2, 4))
            if differ(second * second, first * third):
                return f"R(2*w)**2 is not R(w)*R(4*w) at {shown(point)}"
            continue
        for a in (2, 3):
            scaled = place.value(tuple(a * w for w in point))
            if scaled.is_finite() and differ(scaled, arb(a) ** degree * place.value(point)):
                return f"R({a}*w) = {scaled.str(8)}, R(w) = {place.value(point).str(8)} at {shown(point)}"
    return None


def by_quadratics(place: Place, claimed: Claimed) -> Found:
    """Between kinks the slope is a polynomial of degree 2, a quotient by a linear one, or affine in u and sqrt(u)."""
    if place.is_vector:
        return _not_quadratic(place)
    for span in _spans(place):
        rows = [(ball(u), slope) for u in span if (slope := place.function(1).slope((u,))) is not None]
        if len(rows) < len(span):
            continue
        plain = arb_mat([[u * s, s, arb(1), u, u * u] for u, s in rows])
        rooted = arb_mat([[s, arb(1), abs(u).sqrt(), u] for u, s in rows[:4]])
        if all(not matrix.det().contains(0) for matrix in (plain, rooted)):
            return f"the slope at {shown(span)} is that of no quadratic equation"
    return None


def _spans(place: Place) -> Iterator[tuple[Fraction, ...]]:
    """Yield five weights between each two neighbours among the kinks and 0, where all are known."""
    found = place.switches
    if found is None:
        return
    ends = sorted({Fraction(0), *(Fraction(x) for kink in found for x in (kink.below, kink.above))})
    yield tuple(ends[0] - k for k in range(1, 6))
    yield tuple(ends[-1] + k for k in range(1, 6))
    for low, high in pairwise(ends):
        if high - low > abs(high) / 2**40:
            yield tuple(low + (high - low) * Fraction(k, 6) for k in range(1, 6))


def _not_quadratic(place: Place) -> Found:
    """Third differences of a quadratic vanish."""
    for a, b in place.pairs[:100]:
        values = [place.value(tuple(x + k * (y - x) for x, y in zip(a, b, strict=True))) for k in range(4)]
        third = values[3] - 3 * values[2] + 3 * values[1] - values[0]
        if third.is_finite() and not third.contains(0):
            return f"on the line through {shown(a)} and {shown(b)} it is no parabola"
    return None


def differ(a: arb, b: arb) -> bool:
    """Are two numbers surely not the same? Infinite ones are told apart from finite ones, nan from none."""
    if a.is_nan() or b.is_nan():
        return False
    if not (a.is_finite() and b.is_finite()):
        return bool(a.is_finite() != b.is_finite() and (a.is_exact() or a.is_finite()))
    return not a.overlaps(b)


def shown(point: Sequence[Fraction]) -> str:
    """Return weights in a few digits."""
    return f"({', '.join(f'{float(w):.8g}' if abs(w) < 10**300 else 'far out' for w in point)})"


def _slope_at(point: Point, j: int, slope: arb) -> str:
    return f"the slope by weight {j} is {slope.str(8)} at {shown(point)}"


CHECKS: dict[str, Check] = {
    "even": even,
    "nonnegative": nonnegative,
    "continuous": continuous,
    "differentiable": differentiable,
    "convex": convex,
    "weakly convex": weakly_convex,
    "strongly convex": strongly_convex,
    "gradient Lipschitz": lipschitz,
    "monotone": monotone,
    "bounded slope": bounded_slope,
    "coercive": coercive,
    "shrinks toward the origin": toward_origin,
    "step without overshoot": no_overshoot,
    "step that contracts": contraction,
    "sparse": sparse,
    "unbiased": unbiased,
    "continuous thresholding": continuous_rule,
    "positively homogeneous": homogeneous,
    "prox by quadratics": by_quadratics,
}
"""What is looked at where a claim is said to hold."""
OTHERWISE: dict[str, Check] = {"sparse": is_sparse, "coercive": grows}
"""What is looked at where a claim is said to fail, and a sample can show that it holds."""
