"""The strict Jinja environment: a template and plain values in, text out; a name that is not given is an error.

Templates are found where the package was installed with them, else in the checkout.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import DictLoader, Environment, StrictUndefined

_MARKS = (("{%", "%}"), ("{{", "}}"), ("{#", "#}"))
"""Around blocks, values and comments."""
_LATEX_MARKS = (("<%", "%>"), ("<<", ">>"), ("<#", "#>"))
"""LaTeX leaves these alone; its own braces would be Jinja's."""


@cache
def templates(folder: str) -> Mapping[str, str]:
    """Return the templates of one folder, `c` or `latex` say, by path: `latex/derivation.tex`.

    There are none without such a folder: a target need not have templates.
    """
    for root in (files("symreg") / "_templates", Path(__file__).parents[1] / "templates"):
        if (root / folder).is_dir():
            paths = {f"{folder}/{path.name}": path for path in (root / folder).iterdir() if path.is_file()}
            names = sorted(name for name in paths if name.endswith((".jinja", ".tex")))
            return {name: paths[name].read_text(encoding="utf-8") for name in names}
    return {}


def render(template: str, values: Mapping[str, object]) -> str:
    """Return a template filled with values.

    Args:
        template: Its path in `templates/`, such as `c/source.c.jinja`.
        values: Strings, numbers, booleans, and lists and dicts of them.
    """
    return _environment(template.partition("/")[0]).get_template(template).render(values)


@cache
def _environment(folder: str) -> Environment:
    blocks, values, comments = _LATEX_MARKS if folder == "latex" else _MARKS
    return Environment(
        loader=DictLoader(templates(folder)),
        undefined=StrictUndefined,
        autoescape=False,
        block_start_string=blocks[0],
        block_end_string=blocks[1],
        variable_start_string=values[0],
        variable_end_string=values[1],
        comment_start_string=comments[0],
        comment_end_string=comments[1],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
