"""Draw a plot: a row of panels in matplotlib's own Figure, without pyplot, as the bytes of an SVG, PNG or PDF file."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from symreg.presentation.plots.labels import numeral, settings_of
from symreg.presentation.plots.portrait import Curve, Panel, Picture, Portrait
from symreg.presentation.plots.style import BELOW, GREY, LABEL, LEFT, LINES, PALE, PANEL, SETTINGS, SIDE, Line

Form = Literal["svg", "png", "pdf"]

MARK = "Drawn by symreg"
_METADATA: dict[str, dict[str, str | None]] = {
    "svg": {"Date": None, "Creator": MARK},
    "png": {"Software": MARK},
    "pdf": {"CreationDate": None, "Creator": MARK, "Producer": None},
}
"""No clock and no version, and a mark by which symreg knows its own files."""


def draw(picture: Picture, form: Form) -> bytes:
    """Return a picture as the bytes of a file; the same numbers give the same bytes.

    Args:
        picture: What is drawn, at most `len(LINES)` penalties.
        form: Of the file.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(cast(Any, SETTINGS))  # versions differ in how they type the names
        width, height = PANEL * len(picture.panels), PANEL + LABEL * len(picture.portraits)
        figure = Figure(figsize=(width, height))
        for position, panel in enumerate(picture.panels):
            corner = ((position * PANEL + LEFT) / width, BELOW / height)
            axes = figure.add_axes((*corner, SIDE / width, SIDE / height))
            axes.locator_params(nbins=5)
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(FuncFormatter(_tick))
            axes.set_gid(panel)
            _PANELS[panel](axes, picture)
        handles = [Line2D([], [], **_look(line)) for _, line in _lines(picture)]
        labels = [portrait.label for portrait in picture.portraits]
        figure.legend(handles, labels, loc="upper left", bbox_to_anchor=(LEFT / width, 1))
        data = io.BytesIO()
        figure.savefig(data, format=form, metadata=_METADATA[form])
    return data.getvalue()


def _tick(number: float, position: int | None) -> str:
    """Return a number whole, with no factor for all of an axis's numbers that would stand elsewhere."""
    return f"{number:.4g}".replace("-", "\N{MINUS SIGN}")


def _draw_value(axes: Axes, picture: Picture) -> None:
    axes.set_title(r"penalty $\varphi(w)$")
    _set_up_weights(axes, picture, (portrait.value for portrait in picture.portraits))
    for portrait, line in _lines(picture):
        _plot(axes, portrait.value, line)


def _draw_gradient(axes: Axes, picture: Picture) -> None:
    has_kinks = any(portrait.subdifferentials for portrait in picture.portraits)
    axes.set_title(
        r"subdifferential $\partial\varphi(w)$" if has_kinks else r"derivative $\mathrm{d}\varphi/\mathrm{d}w$"
    )
    ends = [
        Curve(x=(s.weight, s.weight), y=(s.low, s.high))
        for portrait in picture.portraits
        for s in portrait.subdifferentials
        if math.isfinite(s.high - s.low)
    ]
    zero = Curve(x=(0.0, 0.0), y=(0.0, 0.0))
    _set_up_weights(axes, picture, (*(portrait.gradient for portrait in picture.portraits), *ends, zero))
    bottom, top = axes.get_ylim()
    for portrait, line in _lines(picture):
        _plot(axes, portrait.gradient, line)
        for kink in portrait.subdifferentials:
            heights = (max(kink.low, bottom), min(kink.high, top))
            _plot(axes, Curve(x=(kink.weight, kink.weight), y=heights), line)


def _draw_prox(axes: Axes, picture: Picture) -> None:
    axes.set_title(rf"operator $\mathrm{{prox}}_{{s\varphi}}(v)$, $s = {numeral(picture.step)}$")
    axes.set_xlabel("$v$")
    low, high = picture.range
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    _cross(axes)
    axes.plot((low, high), (low, high), color=GREY, linewidth=0.8, linestyle=(0, (1, 2)))
    for portrait, line in _lines(picture):
        _plot(axes, portrait.prox, line)
        if portrait.threshold is not None:
            axes.plot(portrait.threshold, (0, 0), linestyle="none", marker="o", markersize=3.2, color=line.colour)
    if len(picture.portraits) == 1 and (text := _threshold_text(picture.portraits[0])):
        axes.text(0.03, 0.97, text, transform=axes.transAxes, va="top", fontsize=8)


def _draw_path(axes: Axes, picture: Picture) -> None:
    axes.set_title(picture.path_title)
    axes.set_xlabel("steps taken")
    paths = [(path, line) for portrait, line in _lines(picture) for path in portrait.paths]
    axes.set_xlim(0, max(path.x[-1] for path, _ in paths))
    axes.axhline(0, color=GREY, linewidth=0.6, zorder=0)
    for path, line in paths:
        _plot(axes, path, line)
    if len(picture.portraits) == 1 and len(paths) == 2 and paths[0][0].y[0] < 0 < paths[1][0].y[0]:
        for height, word in ((0.2, "negative"), (0.8, "positive")):
            axes.text(0.97, height, f"a {word} weight", transform=axes.transAxes, ha="right", va="center", fontsize=8)


_PANELS: dict[Panel, Callable[[Axes, Picture], None]] = {
    "value": _draw_value,
    "gradient": _draw_gradient,
    "prox": _draw_prox,
    "step": _draw_path,
}


def _set_up_weights(axes: Axes, picture: Picture, curves: Iterable[Curve | None]) -> None:
    """Set the range of w and what the curves reach, and shade where no penalty has a value."""
    low, high = picture.range
    axes.set_xlabel("$w$")
    axes.set_xlim(low, high)
    axes.set_ylim(*_limits(curve for curve in curves if curve is not None))
    _cross(axes)
    first = min(portrait.domain[0] for portrait in picture.portraits)
    last = max(portrait.domain[1] for portrait in picture.portraits)
    for start, stop in ((low, first), (last, high)):
        if start < stop:
            axes.axvspan(start, stop, color=PALE, linewidth=0, zorder=-1)


def _cross(axes: Axes) -> None:
    axes.axhline(0, color=GREY, linewidth=0.6, zorder=0)
    axes.axvline(0, color=GREY, linewidth=0.6, zorder=0)


def _plot(axes: Axes, curve: Curve | None, line: Line) -> None:
    """Draw a curve, which an SVG file names by its panel and its number."""
    if curve is not None:
        axes.plot(curve.x, curve.y, gid=f"{axes.get_gid()}-{len(axes.lines)}", **_look(line))


def _look(line: Line) -> dict[str, Any]:
    return {
        "color": line.colour,
        "linestyle": line.pattern if line.pattern[1] else "solid",
        "linewidth": line.width,
        "solid_joinstyle": "round",
        "dash_capstyle": "butt",
    }


def _lines(picture: Picture) -> Iterator[tuple[Portrait, Line]]:
    return zip(picture.portraits, LINES, strict=False)


def _limits(curves: Iterable[Curve]) -> tuple[float, float]:
    """Return the heights between which curves are shown: all of them, but of a steep end no more than a part.

    Nine tenths of a curve's length along the axis make up the middle; what rises without bound beside them would press
    it flat.
    """
    known = [pair for curve in curves for pair in _heights(curve)]
    if not known:
        return -1.0, 1.0
    low, high = min(known)[0], max(known)[0]
    middle_low, middle_high = _quantile(known, 0.05), _quantile(known, 0.95)
    allowed = 0.8 * (middle_high - middle_low)
    if allowed > 0:
        low, high = max(low, middle_low - allowed), min(high, middle_high + allowed)
    margin = 0.06 * (high - low) or 0.06 * abs(high) or 1.0
    return low - margin, high + margin


def _heights(curve: Curve) -> Iterator[tuple[float, float]]:
    """Yield each height of a curve with the length along the axis on which it has that height, about."""
    ends = zip(curve.x, (*curve.x[1:], curve.x[-1]), strict=True)
    return ((y, stop - start) for (start, stop), y in zip(ends, curve.y, strict=True) if math.isfinite(y))


def _quantile(known: list[tuple[float, float]], share: float) -> float:
    """Return the height below which a share of all lengths lies."""
    left = share * sum(length for _, length in known)
    for height, length in sorted(known):
        left -= length
        if left <= 0:
            return height
    return max(known)[0]


def _threshold_text(portrait: Portrait) -> str:
    if portrait.threshold is None:
        return ""
    low, high = portrait.threshold
    if abs(low + high) <= 1e-9 * high:
        return rf"$0$ for $|v| \leq {numeral(high)}$"
    least = "" if low == -math.inf else rf"{numeral(low)} \leq "
    greatest = "" if high == math.inf else rf" \leq {numeral(high)}"
    return rf"$0$ for ${least}v{greatest}$"


def path_title(rule: str, values: dict[str, float]) -> str:
    """Return what weights follow: a rule's name and its numbers."""
    return ", ".join([f"$w$ under {rule}", *settings_of(values)])
