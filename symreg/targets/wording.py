"""Lines of words in what is emitted: equations below one another, domains, paragraphs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from symreg.model.interval import Interval

WIDTH = 96
"""Of lines of words in what is emitted."""


def domain_in_words(domain: Interval, above: str = "") -> str:
    """Return what a parameter must be: `> 0`, `>= 1`, `in [0, 1)`, `a real number`, `> lo` (another parameter)."""
    if above:
        return f"> {above}" if domain.is_all else f"{domain_in_words(domain)}, > {above}"
    if domain.is_all:
        return "a real number"
    text = str(Interval(**{key: getattr(domain, key) for key in ("low", "high", "low_closed", "high_closed")}))
    if domain.high is None:
        return f"{'>=' if domain.low_closed else '>'} {float(domain.low or 0):.15g}"
    if domain.low is None:
        return f"{'<=' if domain.high_closed else '<'} {float(domain.high):.15g}"
    return f"in {text}"


def each_in_words(domain: Interval, above: str = "") -> str:
    """Return what follows on an array whose elements each must be something: `, each > 0`; "" if they may be any."""
    return f", each {domain_in_words(domain, above)}" if above or not domain.is_all else ""


def table(rows: Iterable[tuple[str, str, str]], width: int) -> list[str]:
    """Return equations below one another, aligned at their signs and wrapped."""
    kept = list(rows)
    left = max((len(row[0]) for row in kept), default=0)
    made: list[str] = []
    for name, sign, text in kept:
        lead = f"{name:<{left}} {sign} "
        made += textwrap.wrap(
            text,
            width,
            initial_indent=lead,
            subsequent_indent=" " * len(lead),
            break_long_words=False,
            break_on_hyphens=False,
        )
    return made


def wrapped(text: str, width: int, indent: str = "  ") -> list[str]:
    """Return words as lines, those after the first indented."""
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
