"""Read spec files: TOML text in, a validated `Penalty` or `Rule` out; errors name the file, the table and the key."""

from __future__ import annotations

import re

from symreg.errors import SpecError
from symreg.expressions.text import to_text
from symreg.expressions.tree import Item, Tree, names, walk
from symreg.expressions.tree import arrays as subscripted
from symreg.language.declarations import LONGEST_DOC, check_line, shown_text
from symreg.language.parse import parse
from symreg.language.toml_file import LARGEST_FILE, TomlFile
from symreg.model.domain import Domain
from symreg.model.names import check_stem
from symreg.model.ordering import asked_of
from symreg.model.spec import Array, Assignment, Parameter, Penalty, Rule, State, varying_names

_PENALTY_KEYS = ("name", "title", "expr", "reference", "domain", "doc")
_RULE_KEYS = ("name", "title", "steps", "reference", "doc")


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
    file.only(file.data, "", ("penalty", "params", "arrays"))
    table = file.table("penalty", _PENALTY_KEYS)
    expression_text = file.text(table, "penalty", "expr", longest=LARGEST_FILE, is_plain=False)
    parameters = file.parameters()
    declared_arrays = _arrays(file, {p.name for p in parameters})
    known = [p.name for p in parameters] + [a.name for a in declared_arrays]
    expression = parse(expression_text, source=file.excerpted("expr", expression_text), known=known)
    penalty = make_penalty(
        name=file.text(table, "penalty", "name"),
        title=file.text(table, "penalty", "title", default=""),
        expression=expression,
        domain=file.domain_of_weights(table, [p.name for p in parameters]),
        parameters=parameters,
        arrays=declared_arrays,
        reference=file.text(table, "penalty", "reference", default=""),
        doc=file.text(table, "penalty", "doc", default="", longest=LONGEST_DOC),
        source=source,
    )
    return penalty


def read_rule(text: str, source: str) -> Rule:
    """Return the update rule that a TOML text describes; see `read_penalty`."""
    file = TomlFile(text, source)
    file.only(file.data, "", ("rule", "state", "params"))
    table = file.table("rule", _RULE_KEYS)
    parameters = file.parameters()
    initial = file.states({p.name for p in parameters})
    steps = table.get("steps")
    if not isinstance(steps, list) or not steps or not all(isinstance(s, str) for s in steps):
        file.fail('[rule] steps: write a list of assignments, such as ["w = w - lr*g"]')
    if len(steps) > 64:
        file.fail(f"[rule] steps: {len(steps)} assignments; at most 64")
    known = {p.name for p in parameters} | initial.keys()
    fixed = {p.name for p in parameters} | {"g", "g_loss", "g_penalty", "t"}
    made: list[Assignment] = []
    for step in steps:
        match = _ASSIGNMENT.fullmatch(step)
        if match is None:
            file.fail(f"[rule] steps: {shown_text(step)} is not an assignment such as 'w = w - lr*g'")
        target = match["target"]
        if target in fixed:
            file.fail(f"[rule] steps: '{target}' cannot be assigned to; assign to w, a state or a new name")
        if target != "w" and target not in known:
            file.identifier(target, "steps: name", allowed=("v",))
        place = file.excerpted("steps", step, start=match.start("expression"))
        made.append(
            Assignment(target=target, expression=parse(match["expression"], source=place, in_rule=True, known=known))
        )
        known.add(target)
    if all(step.target != "w" for step in made):
        file.fail("[rule] steps: nothing is assigned to w")
    _check_rule_uses(file, made, parameters, initial)
    varying = varying_names(made)
    rule = Rule(
        name=file.identifier(file.text(table, "rule", "name"), "name"),
        title=file.text(table, "rule", "title", default=""),
        steps=tuple(made),
        states=tuple(State(name=n, initial=x, is_array=n in varying) for n, x in initial.items()),
        parameters=parameters,
        reference=file.text(table, "rule", "reference", default=""),
        doc=file.text(table, "rule", "doc", default="", longest=LONGEST_DOC),
        source=source,
    )
    for call in rule.prox_calls:
        if not names(call.argument) & varying:
            file.fail(
                f"[rule] steps: {to_text(call.tree)} takes one number; write one a weight, as in prox(w - lr*g, lr)"
            )
    return rule


def make_penalty(
    *,
    name: str,
    title: str,
    expression: Tree,
    domain: Domain,
    parameters: tuple[Parameter, ...],
    arrays: tuple[Array, ...] = (),
    reference: str = "",
    doc: str = "",
    source: str = "expression",
) -> Penalty:
    """Return a penalty whose parts have been checked against each other.

    Raises:
        SpecError: A parameter or array that is not used, an array with the wrong number of subscripts, no `w`.
    """
    check_stem(name, f"{source}: name")
    if domain.lower is not None and domain.lower == domain.upper and not domain.names:
        raise SpecError(f"{source}: domain {domain} is a single point; write an interval of weights")
    used_names, used_arrays = names(expression), subscripted(expression)
    if "w" not in used_names and "w" not in used_arrays:
        raise SpecError(f"{source}: expr does not hold the weights; write 'w', or 'w[i]' under a sum")
    for parameter in parameters:
        if parameter.name in used_arrays:
            raise SpecError(
                f"{source}: '{parameter.name}' is a parameter, but is subscripted; "
                f"declare [arrays.{parameter.name}], or '{parameter.name}[n]: real = 1' beside an expression"
            )
        if parameter.name not in used_names and parameter.name not in domain.names:
            raise SpecError(f"{source}: [params.{parameter.name}] is not used in expr")
    for array in arrays:
        if array.name in used_names:
            raise SpecError(f"{source}: the array '{array.name}' needs its subscripts, as in {array.name}[i]")
        if array.name not in used_arrays:
            raise SpecError(f"{source}: [arrays.{array.name}] is not used in expr")
    shapes = {a.name: len(a.shape) for a in arrays} | {"w": 1}
    for node in walk(expression):
        if isinstance(node, Item):
            if node.array not in shapes:
                raise SpecError(
                    f"{source}: the array '{node.array}' is not declared; add [arrays.{node.array}] with its shape"
                )
            if len(node.subscripts) != shapes[node.array]:
                used, shape = len(node.subscripts), shapes[node.array]
                raise SpecError(f"{source}: {node.array} has {shape} dimension(s), not {used} subscript(s)")
    return Penalty(
        name=name,
        title=check_line(title, f"{source}: title"),
        expression=expression,
        domain=domain,
        parameters=asked_of(domain, parameters, source),
        arrays=arrays,
        reference=check_line(reference, f"{source}: reference"),
        doc=check_line(doc, f"{source}: doc", LONGEST_DOC),
        source=source,
    )


def _arrays(file: TomlFile, taken: set[str]) -> tuple[Array, ...]:
    made = file.arrays()
    for array in made:
        if array.name in taken:
            file.fail(f"'{array.name}' is both a parameter and an array")
    return made


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
