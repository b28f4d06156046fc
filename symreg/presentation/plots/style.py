"""How a plot looks: seven lines that differ in colour, in pattern and in grey; type as in a paper."""

from __future__ import annotations

from typing import Any, NamedTuple

GREY = "#8a8a8a"
PALE = "#e6e6e6"


class Line(NamedTuple):
    """A colour, a pattern and a width that no other line has."""

    colour: str
    pattern: tuple[float, tuple[float, ...] | None]
    width: float


# Okabe & Ito (2008), Color Universal Design, without the yellow that white paper swallows.
LINES = (
    Line("#0072B2", (0, None), 1.6),
    Line("#D55E00", (0, (5, 1.6)), 1.6),
    Line("#009E73", (0, (1.2, 1.2)), 1.9),
    Line("#000000", (0, (6, 1.5, 1.2, 1.5)), 1.3),
    Line("#CC79A7", (0, (9, 2.5)), 1.9),
    Line("#E69F00", (0, (3, 1, 1, 1, 1, 1)), 1.7),
    Line("#56B4E9", (0, (2.5, 2.5)), 2.1),
)

SETTINGS: Any = {
    "axes.edgecolor": GREY,
    "axes.labelcolor": "black",
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "axes.titlepad": 6,
    "axes.unicode_minus": True,
    "font.family": "STIXGeneral",
    "font.size": 9,
    "legend.fontsize": 9,
    "legend.borderaxespad": 0.3,
    "legend.borderpad": 0,
    "legend.frameon": False,
    "legend.handlelength": 2.8,
    "legend.labelspacing": 0.3,
    "mathtext.fontset": "stix",
    "pdf.compression": 6,
    "savefig.dpi": 200,
    "svg.fonttype": "path",
    "svg.hashsalt": "symreg",
    "xtick.color": GREY,
    "xtick.labelcolor": "black",
    "xtick.labelsize": 8,
    "xtick.major.width": 0.6,
    "ytick.color": GREY,
    "ytick.labelcolor": "black",
    "ytick.labelsize": 8,
    "ytick.major.width": 0.6,
}
"""In place of all that a machine's own matplotlibrc may say; which keys there are, matplotlib's types know."""

PANEL, SIDE, LEFT, BELOW = 2.5, 1.85, 0.52, 0.42
"""Inches: of a panel either way, of the square in it, and to its left and below it, for the numbers."""
LABEL = 0.21
"""Inches of a line of the legend."""
