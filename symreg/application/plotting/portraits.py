"""A plot's numbers: each penalty at many points of one range, its jumps and threshold, and the paths of two weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from symreg.application.plotting.jumps import Function, interrupted, jumps, points_between
from symreg.application.plotting.paths import MOST_STEPS, curves_of, followed, steps_shown
from symreg.application.plotting.scale import bend_of, half_width, knots_of
from symreg.application.plotting.sitter import STEP, Sitter
from symreg.calculus.analysis import analyse
from symreg.errors import SpecError
from symreg.model.spec import Rule
from symreg.presentation.plots.figure import path_title
from symreg.presentation.plots.labels import label_of
from symreg.presentation.plots.portrait import Curve, Panel, Picture, Portrait, Subdifferential

_DOUBLINGS = 2.0 ** np.arange(-60, 30)
_START = 0.8
"""Where followed weights begin, as a share of the range."""


def picture_of(
    sitters: Sequence[Sitter],
    panels: tuple[Panel, ...],
    rule: Rule,
    *,
    limits: tuple[float, float] | None = None,
    steps: int | None = None,
) -> Picture:
    """Return what is drawn of penalties.

    Args:
        sitters: The penalties.
        panels: What is shown of each.
        rule: Whose steps lead along a path.
        limits: Of the weight; by default one that shows knots, bends and thresholds of all.
        steps: How many a path has; by default as many as bring it near its end.

    Raises:
        SpecError: A number is not one that a function takes, or no penalty has a value within the range.
    """
    low, high = limits or _range_of(sitters, has_operator="prox" in panels)
    paths = _paths(sitters, rule, (low, high), steps) if "step" in panels else [()] * len(sitters)
    portraits = tuple(_portrait(s, panels, (low, high), path) for s, path in zip(sitters, paths, strict=True))
    settings = {name: value for s in sitters for name, value in s.settings.items()}
    own = {p.name: settings.get(p.name, p.default) for p in rule.parameters}
    return Picture(
        panels=panels,
        portraits=portraits,
        range=(low, high),
        step=settings.get("step", STEP),
        path_title=path_title(rule.title.split(" (")[0].lower(), own if len(own) <= 2 else {}),
    )


def _portrait(
    sitter: Sitter, panels: Sequence[Panel], limits: tuple[float, float], paths: tuple[Curve, ...]
) -> Portrait:
    low, high = max(limits[0], sitter.domain[0]), min(limits[1], sitter.domain[1])
    if not low < high:
        raise SpecError(f"{sitter.objective.name} has no value from {limits[0]:g} to {limits[1]:g}; give another range")
    knots = knots_of(analyse(sitter.objective.terms), sitter.values)
    w = points_between(low, high, (0.0, *knots, *sitter.domain))
    # At an end of the domain, what is emitted takes one of many slopes: the curve has the one beside it.
    near = 1e-9 * (high - low)
    slopes = sitter.gradient(np.clip(w, low + near, high - near))
    gaps = jumps(sitter.gradient, w, slopes)
    kinks = [Subdifferential(weight=g.at, low=g.before, high=g.after) for g in gaps if g.before < g.after]
    prox = sitter.prox if "prox" in panels else None
    v = points_between(*limits, (0.0,))
    return Portrait(
        label=label_of(sitter.objective.name, sitter.objective.terms, sitter.values),
        domain=sitter.domain,
        value=_curve(w, sitter.value(w)) if "value" in panels else None,
        gradient=interrupted(w, slopes, gaps) if "gradient" in panels else None,
        subdifferentials=(*kinks, *_ends(sitter, low, high, slopes)),
        prox=None if prox is None else interrupted(v, prox(v), jumps(prox, v, prox(v))),
        threshold=None if prox is None else threshold_of(prox),
        paths=paths,
    )


def _curve(x: np.ndarray, y: np.ndarray) -> Curve:
    return Curve(x=tuple(x.tolist()), y=tuple(y.tolist()))


def _ends(sitter: Sitter, low: float, high: float, slopes: np.ndarray) -> list[Subdifferential]:
    """Return the slopes at ends that belong to the domain: beyond its own, all that point outward."""
    first, last = sitter.domain
    ends: list[Subdifferential] = []
    if first == low and first in sitter.closed_ends and not np.isnan(slopes[0]):
        ends.append(Subdifferential(weight=low, low=-np.inf, high=float(slopes[0])))
    if last == high and last in sitter.closed_ends and not np.isnan(slopes[-1]):
        ends.append(Subdifferential(weight=high, low=float(slopes[-1]), high=np.inf))
    return ends


def threshold_of(prox: Function) -> tuple[float, float] | None:
    """Return the least and the greatest v around 0 that an operator takes to 0; None if there is one alone, or none."""
    if prox(np.zeros(1))[0] != 0:
        return None
    low, high = -_reach(lambda v: prox(-v)), _reach(prox)
    return (low, high) if low < high else None


def _reach(prox: Function) -> float:
    """Return up to which v > 0 an operator is 0."""
    is_zero = prox(_DOUBLINGS) == 0
    if is_zero.all():
        return np.inf
    first = int(np.flatnonzero(~is_zero)[0])
    if first == 0:
        return 0.0
    low, high = float(_DOUBLINGS[first - 1]), float(_DOUBLINGS[first])
    while low < (middle := low + (high - low) / 2) < high:
        low, high = (middle, high) if prox(np.array([middle]))[0] == 0 else (low, middle)
    return low


def _range_of(sitters: Sequence[Sitter], *, has_operator: bool) -> tuple[float, float]:
    """Return a range in which all that the penalties do is seen, as far as it is shown."""
    landmarks: list[float] = []
    for sitter in sitters:
        first, last = sitter.domain
        landmarks += knots_of(analyse(sitter.objective.terms), sitter.values)
        landmarks += [end / 1.8 for end in (first, last) if np.isfinite(end)]
        bend = bend_of(sitter.gradient, side=1 if last > 0 else -1)
        landmarks += [] if bend is None else [bend]
        if has_operator and sitter.prox is not None:
            landmarks += threshold_of(sitter.prox) or ()
    half = half_width(landmarks)
    first, last = min(s.domain[0] for s in sitters), max(s.domain[1] for s in sitters)
    margin = 0.1 * half
    return max(-half, first - margin), min(half, last + margin)


def _paths(
    sitters: Sequence[Sitter], rule: Rule, limits: tuple[float, float], steps: int | None
) -> list[tuple[Curve, ...]]:
    """Return the paths of a negative and a positive weight; of two positive ones where a penalty ends at 0."""
    rows = []
    for sitter in sitters:
        low, high = max(limits[0], sitter.domain[0]), min(limits[1], sitter.domain[1])
        middle, half = (low + high) / 2, (high - low) / 2
        starts = np.array([middle - _START * half, middle + _START * half])
        numbers: Mapping[str, float] = sitter.step_numbers(rule.name)
        rows.append(followed(sitter.functions, rule.name, starts, steps or MOST_STEPS, numbers))
    shown = steps or max(map(steps_shown, rows))
    return [curves_of(row, shown) for row in rows]
