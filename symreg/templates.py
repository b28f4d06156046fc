"""Find templates: those that the package was installed with, else those of the checkout."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import DictLoader, Environment, StrictUndefined


@cache
def templates(folder: str) -> Mapping[str, str]:
    """Return the templates of one folder by path, `latex/derivation.tex` say; none if there is no such folder."""
    for root in (files("symreg") / "_templates", Path(__file__).parents[1] / "templates"):
        if (root / folder).is_dir():
            rows = {f"{folder}/{row.name}": row for row in (root / folder).iterdir() if row.is_file()}
            kept = sorted(path for path in rows if path.endswith((".jinja", ".tex")))
            return {path: rows[path].read_text(encoding="utf-8") for path in kept}
    return {}


def render(template: str, values: Mapping[str, object]) -> str:
    """Return a template, named by its path in `templates/` such as `c/source.c.jinja`, filled with values."""
    return _environment(template.partition("/")[0]).get_template(template).render(values)


@cache
def _environment(folder: str) -> Environment:
    return Environment(
        loader=DictLoader(templates(folder)),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
