"""Losses: parts that were read one by one, checked against each other; and losses written inline."""

from __future__ import annotations

from collections.abc import Iterable

from symreg.errors import SpecError
from symreg.expressions.tree import Name, Tree, names, walk
from symreg.language.declarations import LONGEST_DOC, check_line
from symreg.language.excerpt import Excerpted
from symreg.language.inline import assumed
from symreg.language.parse import parse
from symreg.model.domain import Domain
from symreg.model.interval import REAL
from symreg.model.labels import ANY, Labels
from symreg.model.loss import Loss
from symreg.model.names import check_stem
from symreg.model.ordering import asked_of
from symreg.model.spec import Parameter

_VARIABLES = {"z": "the prediction", "y": "the label"}


def make_loss(
    *,
    name: str,
    title: str,
    expression: Tree,
    labels: Labels,
    prediction: Domain,
    parameters: tuple[Parameter, ...],
    reference: str = "",
    doc: str = "",
    aliases: tuple[str, ...] = (),
    source: str = "expression",
) -> Loss:
    """Return a loss whose parts have been checked against each other.

    Args:
        name: Identifier; the first part of the stem of emitted files.
        title: One line of text.
        expression: Over `z`, `y` and the parameters.
        labels: What y may be.
        prediction: Domain of z.
        parameters: All that the expression or the domain uses.
        reference: Where it is from, one line.
        doc: One paragraph.
        aliases: Other names of it, checked.
        source: File name or `expression`, for messages.

    Raises:
        SpecError: No `z` or no `y` in the expression, a parameter that is not used, a prediction of a single point.
    """
    check_stem(name, f"{source}: name")
    if prediction.lower is not None and prediction.lower == prediction.upper and not prediction.names:
        raise SpecError(f"{source}: prediction {prediction} is a single point; write an interval of predictions")
    used = names(expression)
    for variable, meaning in _VARIABLES.items():
        if variable not in used:
            raise SpecError(f"{source}: expr does not hold {meaning} '{variable}'; a loss compares z with y")
    for parameter in parameters:
        if parameter.name not in used and parameter.name not in prediction.names:
            raise SpecError(f"{source}: [params.{parameter.name}] is not used in expr")
    return Loss(
        name=name,
        title=check_line(title, f"{source}: title"),
        expression=expression,
        labels=labels,
        prediction=prediction,
        parameters=asked_of(prediction, parameters, source),
        reference=check_line(reference, f"{source}: reference"),
        doc=check_line(doc, f"{source}: doc", LONGEST_DOC),
        aliases=aliases,
        source=source,
    )


def inline_loss(
    expression: str | Tree,
    *,
    name: str = "loss",
    labels: Labels = ANY,
    prediction: Domain = REAL,
    declared: Iterable[Parameter] = (),
    title: str = "",
    reference: str = "",
    source: str | Excerpted = "expression",
) -> Loss:
    """Return the loss of an expression; an undeclared parameter is positive.

    Args:
        expression: Text of the language over `z` and `y`, or a tree.
        name: The loss's name.
        labels: What y may be.
        prediction: Domain of z.
        declared: Parameters with a domain of their own.
        title: One line of text.
        reference: Where it is from.
        source: What messages call the text.

    Raises:
        LanguageError, SpecError: What is wrong, where, and what would be right.
    """
    tree = parse(expression, source=source, in_loss=True) if isinstance(expression, str) else expression
    known = {p.name: p for p in declared}
    written = [node.name for node in walk(tree) if isinstance(node, Name) and node.name not in _VARIABLES]
    used = dict.fromkeys((*written, *prediction.names))
    return make_loss(
        name=name,
        title=title,
        expression=tree,
        labels=labels,
        prediction=prediction,
        parameters=(*(known.get(p) or assumed(p) for p in used), *(p for p in known.values() if p.name not in used)),
        reference=reference,
        source=source if isinstance(source, str) else source.source,
    )
