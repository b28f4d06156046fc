"""Fill a target's templates: they see only strings, numbers, booleans, lists and dicts of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from jinja2 import DictLoader, Environment, StrictUndefined

from symreg.templates import templates


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
