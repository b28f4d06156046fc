"""Read spec files: TOML text in, a `Penalty`, `Loss` or `Rule` out; errors name the file, the table and the key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from symreg.errors import LanguageError
from symreg.expressions.text import to_text
from symreg.expressions.tree import Tree, names
from symreg.language.declarations import LONGEST_DOC, shown_text
from symreg.language.notation.either import text_in_the_language
from symreg.language.parse import parse
from symreg.language.specs.losses import make_loss
from symreg.language.specs.penalties import make_penalty
from symreg.language.specs.per_weight import bare
from symreg.language.specs.toml_file import LARGEST_FILE, TomlFile
from symreg.model.loss import Loss
from symreg.model.spec import Array, Assignment, Parameter, Penalty, Rule, State, varying_names

STANDARD_INPUT = "standard input"
"""What messages call a spec file's text that was read from there."""
_PENALTY_KEYS = ("name", "title", "expr", "reference", "domain", "doc", "aliases")
_LOSS_KEYS = ("name", "title", "expr", "reference", "label", "prediction", "doc", "aliases")
_RULE_KEYS = ("name", "title", "steps", "reference", "doc", "aliases")
MOST_STEPS = 64

_ASSIGNMENT = re.compile(r"\s*(?P<target>[A-Za-z_]\w*)\s*=(?!=)(?P<expression>.*)", re.ASCII | re.DOTALL)


def read_penalty(text: str, source: str) -> Penalty:
    """Return the penalty that a TOML text describes.

    Args:
        text: The file's text.
        source: The file's name, for messages.

    Raises:
        SpecError, LanguageError: What is wrong, where, and what would be right.
    """
    file = TomlFile(text, source)
    file.refuse_another_kind("penalty")
    file.only(file.data, "", ("penalty", "params", "arrays"))
    table = file.table("penalty", _PENALTY_KEYS)
    expression_text = file.text(table, "penalty", "expr", longest=LARGEST_FILE, is_plain=False)
    parameters = file.parameters()
    declared_arrays = _arrays(file, {p.name for p in parameters})
    known = [p.name for p in parameters] + [a.name for a in declared_arrays]
    known += ["m"] if any("m" in array.shape for array in declared_arrays) else []
    expression, of_each = bare(_expression(file, expression_text, known))
    for name in of_each:
        if not any(p.name == name and p.shape for p in parameters):
            file.fail(f'[params.{name}]: {name}[n] stands in expr; declare it with shape = ["n"]')
    return make_penalty(
        name=file.text(table, "penalty", "name"),
        aliases=file.aliases(table, "penalty"),
        title=file.text(table, "penalty", "title", default=""),
        expression=expression,
        domain=file.domain_of_variable(table, "penalty", "domain", [p.name for p in parameters]),
        parameters=parameters,
        arrays=declared_arrays,
        reference=file.text(table, "penalty", "reference", default=""),
        doc=file.text(table, "penalty", "doc", default="", longest=LONGEST_DOC),
        source=source,
    )


def read_loss(text: str, source: str) -> Loss:
    """Return the loss that a TOML text describes.

    Args:
        text: The file's text.
        source: The file's name, for messages.

    Raises:
        SpecError, LanguageError: What is wrong, where, and what would be right.
    """
    file = TomlFile(text, source)
    file.refuse_another_kind("loss")
    file.only(file.data, "", ("loss", "params"))
    table = file.table("loss", _LOSS_KEYS)
    expression_text = file.text(table, "loss", "expr", longest=LARGEST_FILE, is_plain=False)
    parameters = file.parameters()
    known = [p.name for p in parameters]
    return make_loss(
        name=file.text(table, "loss", "name"),
        aliases=file.aliases(table, "loss"),
        title=file.text(table, "loss", "title", default=""),
        expression=parse(expression_text, source=file.excerpted("expr", expression_text), in_loss=True, known=known),
        labels=file.labels(table),
        prediction=file.domain_of_variable(table, "loss", "prediction", known),
        parameters=parameters,
        reference=file.text(table, "loss", "reference", default=""),
        doc=file.text(table, "loss", "doc", default="", longest=LONGEST_DOC),
        source=source,
    )


def read_rule(text: str, source: str) -> Rule:
    """Return the update rule that a TOML text describes.

    Args:
        text: The file's text.
        source: The file's name, for messages.

    Raises:
        SpecError, LanguageError: What is wrong, where, and what would be right.
    """
    file = TomlFile(text, source)
    file.refuse_another_kind("rule")
    file.only(file.data, "", ("rule", "state", "params"))
    table = file.table("rule", _RULE_KEYS)
    parameters = file.parameters()
    for parameter in parameters:
        if parameter.shape:
            file.fail(f"[params.{parameter.name}] shape: a rule's parameter is one number")
    initial = file.states({p.name for p in parameters})
    steps = _steps(file, table, parameters, initial)
    varying = varying_names(steps)
    rule = Rule(
        name=file.identifier(file.text(table, "rule", "name"), "name"),
        title=file.text(table, "rule", "title", default=""),
        steps=tuple(steps),
        states=tuple(State(name=n, initial=x, is_array=n in varying) for n, x in initial.items()),
        parameters=parameters,
        reference=file.text(table, "rule", "reference", default=""),
        doc=file.text(table, "rule", "doc", default="", longest=LONGEST_DOC),
        aliases=file.aliases(table, "rule"),
        source=source,
    )
    for call in rule.prox_calls:
        if not names(call.argument) & varying:
            file.fail(
                f"[rule] steps: {to_text(call.tree)} takes one number; write one a weight, as in prox(w - lr*g, lr)"
            )
    return rule


def _expression(file: TomlFile, text: str, known: Iterable[str]) -> Tree:
    """Return the tree of a penalty's text, which is kept in the language's own notation."""
    read = partial(parse, source=file.excerpted("expr", text), known=tuple(known))
    try:
        return read(text)
    except LanguageError as error:
        meant = text_in_the_language(text, read)
        if meant is None:
            raise
        message = f"{error.message}; all of it in the language's notation: {meant}"
        raise LanguageError(
            message, source=error.source, text=error.text, line=error.line, column=error.column
        ) from None


def _arrays(file: TomlFile, taken: set[str]) -> tuple[Array, ...]:
    arrays = file.arrays()
    for array in arrays:
        if array.name in taken:
            file.fail(f"'{array.name}' is both a parameter and an array")
    return arrays


def _steps(
    file: TomlFile, table: Mapping[str, Any], parameters: tuple[Parameter, ...], initial: dict[str, float]
) -> list[Assignment]:
    """Return a rule's assignments, each over what is known where it stands."""
    texts = table.get("steps")
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        file.fail('[rule] steps: write a list of assignments, such as ["w = w - lr*g"]')
    if len(texts) > MOST_STEPS:
        file.fail(f"[rule] steps: {len(texts)} assignments; at most {MOST_STEPS}")
    known = {p.name for p in parameters} | initial.keys()
    fixed = {p.name for p in parameters} | {"g", "g_loss", "g_penalty", "t"}
    steps: list[Assignment] = []
    for text in texts:
        match = _ASSIGNMENT.fullmatch(text)
        if match is None:
            file.fail(f"[rule] steps: {shown_text(text)} is not an assignment such as 'w = w - lr*g'")
        target = match["target"]
        if target in fixed:
            file.fail(f"[rule] steps: '{target}' cannot be assigned to; assign to w, a state or a new name")
        if target != "w" and target not in known:
            file.identifier(target, "steps: name", allowed=("v",))
        place = file.excerpted("steps", text, start=match.start("expression"))
        expression = parse(match["expression"], source=place, in_rule=True, known=known)
        steps.append(Assignment(target=target, expression=expression))
        known.add(target)
    if all(step.target != "w" for step in steps):
        file.fail("[rule] steps: nothing is assigned to w")
    _check_rule_uses(file, steps, parameters, initial)
    return steps


def _check_rule_uses(
    file: TomlFile, steps: list[Assignment], parameters: tuple[Parameter, ...], initial: dict[str, float]
) -> None:
    used = frozenset().union(*(names(step.expression) for step in steps))
    for parameter in parameters:
        if parameter.name not in used:
            file.fail(f"[params.{parameter.name}] is not used in steps")
    for step in steps:
        if step.target not in used | initial.keys() | {"w"}:
            file.fail(f"[rule] steps: '{step.target}' is assigned but not used")
    for state in initial:
        if state not in used:
            file.fail(f"[state] '{state}' is not used in steps")
        if all(step.target != state for step in steps):
            file.fail(f"[state] '{state}' is never assigned; make it a parameter")
    if not used & {"g", "g_loss", "g_penalty"}:
        file.fail("[rule] steps: no gradient is used; write g, or g_loss and g_penalty")
