"""Fill a document's frame: a template that sees only strings, lists and dicts of them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from jinja2 import DictLoader, Environment, StrictUndefined


def fill(template: str, values: Mapping[str, object]) -> str:
    """Return a template, found by its path in `templates/`, filled with values.

    Its blocks stand between `<%` and `%>`, its values between `<<` and `>>`: LaTeX leaves these alone.
    """
    environment = Environment(
        loader=DictLoader({template: template_text(template)}),
        undefined=StrictUndefined,
        autoescape=False,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(values)


def template_text(name: str) -> str:
    """Return a template's text: from the installed package, else from the checkout."""
    installed = files("symreg").joinpath("_templates", *name.split("/"))
    if installed.is_file():
        return installed.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "templates" / name).read_text(encoding="utf-8")
