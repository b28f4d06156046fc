"""Fill a target's templates: they see only strings, numbers, booleans, lists and dicts of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import DictLoader, Environment, StrictUndefined


def render(template: str, values: Mapping[str, object]) -> str:
    """Return a template, named by its path in `templates/` such as `c/source.c.jinja`, filled with values."""
    return _environment(template.partition("/")[0]).get_template(template).render(values)


@cache
def templates(folder: str) -> Mapping[str, str]:
    """Return the templates of one folder by path: of the installed package, else of the checkout."""
    for root in (files("symreg") / "_templates", Path(__file__).parents[2] / "templates"):
        if (root / folder).is_dir():
            rows = sorted(
                (row for row in (root / folder).iterdir() if row.name.endswith(".jinja")), key=lambda r: r.name
            )
            return {f"{folder}/{row.name}": row.read_text(encoding="utf-8") for row in rows}
    raise FileNotFoundError(f"templates/{folder}")


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
