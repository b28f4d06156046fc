"""Templates see plain data alone, and use all that they are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jinja2
import pytest
from emitted import ALL_WITH, IN_EVERY_RUN, RULES, SAMPLED_RULES, emitted, made

from symreg import templates
from symreg.objectives.resolve import resolve
from symreg.targets.c import file as c_file
from symreg.targets.emit import emit
from symreg.targets.numpy import file as numpy_file

Rendered = list[tuple[str, Mapping[str, Any]]]


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> Rendered:
    """What is handed to the templates from here on."""
    made: Rendered = []

    def render(template: str, values: Mapping[str, Any]) -> str:
        made.append((template, values))
        return templates.render(template, values)

    for target in (c_file, numpy_file):
        monkeypatch.setattr(target, "render", render)
    return made


def objects(value: object) -> Iterator[object]:
    """Yield everything in a value that is not a plain string, number, boolean, list or dict."""
    if type(value) is dict:
        yield from (key for key in value if type(key) is not str)
        value = list(value.values())
    if type(value) is list:
        for each in value:
            yield from objects(each)
    elif type(value) not in (str, int, float, bool):
        yield value


def test_templates_see_only_plain_data(rendered: Rendered) -> None:
    for penalty in IN_EVERY_RUN:
        emitted.__wrapped__(penalty, RULES if penalty in ALL_WITH else SAMPLED_RULES)
    assert len(rendered) == 3 * len(IN_EVERY_RUN)
    for template, values in rendered:
        assert not list(objects(dict(values))), template


def test_a_name_that_a_template_is_not_given_is_an_error(rendered: Rendered) -> None:
    functions = made("second_difference", ("adamw", "lion"))
    for some in (functions, functions[1:]):
        for target in ("numpy", "c"):
            emit(resolve("second_difference"), some, target)
    for target in ("numpy", "c"):  # passes over samples
        emit(resolve("mean(logistic) + l2"), made("mean(logistic) + l2", ("momentum",)), target)
    for target in ("numpy", "c"):  # roots, found in blocks of elements
        emit(resolve("log_cosh"), made("log_cosh", ()), target)
    for folder in ("numpy", "c"):
        of_folder = [(template, dict(values)) for template, values in rendered if template.startswith(folder)]
        needed = set()
        for template, values in of_folder:
            for name in values:
                try:
                    templates.render(template, {key: value for key, value in values.items() if key != name})
                except jinja2.UndefinedError:
                    needed.add(name)
        assert needed == {name for _, values in of_folder for name in values}, "given, and used by nothing"
