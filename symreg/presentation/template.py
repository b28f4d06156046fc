"""Fill a document's frame: a template that sees only strings, lists and dicts of them."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import DictLoader, Environment, StrictUndefined

from symreg.templates import templates


def fill(template: str, values: Mapping[str, object]) -> str:
    """Return a template, found by its path in `templates/`, filled with values.

    Its blocks stand between `<%` and `%>`, its values between `<<` and `>>`: LaTeX leaves these alone.
    """
    environment = Environment(
        loader=DictLoader(templates(template.partition("/")[0])),
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
