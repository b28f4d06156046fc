"""How an object shows itself: in one line wherever Python prints it, and as a card in a notebook.

Takes plain text; in a card nothing that a user wrote is markup or mathematics.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

LONGEST_LINE = 300
"""Of a `repr`, in characters: what is longer ends in `...`."""


def one_line(subject: str, parts: Iterable[str]) -> str:
    """Return `<subject: part, part>`, such as `<penalty l1: lam*abs(w), lam > 0>`."""
    told = " ".join(", ".join(part for part in parts if part).split())
    line = f"{subject}: {told}" if told else subject
    return f"<{line}>" if len(line) <= LONGEST_LINE else f"<{line[:LONGEST_LINE]}...>"


def card(heading: str, rows: Iterable[tuple[str, str, str]]) -> str:
    """Return a heading and a table as HTML.

    Args:
        heading: One line.
        rows: What a row is about, text in the notation of code, and words; each may be "".
    """
    shown = "".join(
        f'<tr><th style="text-align:left">{escape(label)}</th>'
        f'<td style="text-align:left">{_code(code)}{"&ensp;" * bool(code and words)}{escape(words)}</td></tr>'
        for label, code, words in rows
    )
    # No front end looks for mathematics between dollars in here: there is only text.
    return f'<div class="tex2jax_ignore mathjax_ignore"><strong>{escape(heading)}</strong><table>{shown}</table></div>'


def _code(text: str) -> str:
    return f'<code style="white-space:pre-wrap">{escape(text)}</code>' if text else ""
