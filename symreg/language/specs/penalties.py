"""Make a penalty of parts that were read one by one: what they ask of each other is checked."""

from __future__ import annotations

from symreg.errors import SpecError
from symreg.expressions.tree import Item, Tree, names, walk
from symreg.expressions.tree import arrays as subscripted
from symreg.language.declarations import LONGEST_DOC, check_line
from symreg.language.specs.per_weight import with_zero
from symreg.model.domain import Domain
from symreg.model.names import check_stem
from symreg.model.ordering import asked_of
from symreg.model.spec import Array, Parameter, Penalty


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
    aliases: tuple[str, ...] = (),
    source: str = "expression",
) -> Penalty:
    """Return a penalty whose parts have been checked against each other.

    Args:
        name: Identifier; the stem of emitted files.
        title: One line of text.
        expression: Over `w`, the parameters and the arrays.
        domain: Of each weight.
        parameters: All that the expression or the domain uses.
        arrays: All that the expression uses.
        reference: Where it is from, one line.
        doc: One paragraph.
        aliases: Other names of it, checked.
        source: File name or `expression`, for messages.

    Raises:
        SpecError: A parameter or array that is not used, an array with the wrong number of subscripts, no `w`.
    """
    check_stem(name, f"{source}: name")
    if domain.lower is not None and domain.lower == domain.upper and not domain.names:
        raise SpecError(f"{source}: domain {domain} is a single point; write an interval of weights")
    _check_parameters(expression, domain, parameters, source)
    _check_arrays(expression, arrays, source)
    return Penalty(
        name=name,
        title=check_line(title, f"{source}: title"),
        expression=expression,
        domain=domain,
        parameters=tuple(
            with_zero(p, expression, parameters) if p.shape and p.name not in domain.names else p
            for p in asked_of(domain, parameters, source)
        ),
        arrays=arrays,
        reference=check_line(reference, f"{source}: reference"),
        doc=check_line(doc, f"{source}: doc", LONGEST_DOC),
        aliases=aliases,
        source=source,
    )


def _check_parameters(expression: Tree, domain: Domain, parameters: tuple[Parameter, ...], source: str) -> None:
    """Require the weights, and each parameter as a number that is used."""
    used_names, used_arrays = names(expression), subscripted(expression)
    for parameter in parameters:
        if parameter.shape and used_arrays:
            raise SpecError(
                f"{source}: '{parameter.name}' has an element for each weight, and stands in a formula of one weight; "
                f"in index notation declare it as an array and write {parameter.name}[i]"
            )
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


def _check_arrays(expression: Tree, arrays: tuple[Array, ...], source: str) -> None:
    """Require each array with as many subscripts as it has dimensions."""
    used_names, used_arrays = names(expression), subscripted(expression)
    for array in arrays:
        if array.name in used_names:
            raise SpecError(f"{source}: the array '{array.name}' needs its subscripts, as in {array.name}[i]")
        if array.name not in used_arrays:
            raise SpecError(f"{source}: [arrays.{array.name}] is not used in expr")
    dimensions = {a.name: len(a.shape) for a in arrays} | {"w": 1}
    for node in walk(expression):
        if isinstance(node, Item):
            if node.array not in dimensions:
                raise SpecError(
                    f"{source}: the array '{node.array}' is not declared; add [arrays.{node.array}] with its shape"
                )
            used, declared = len(node.subscripts), dimensions[node.array]
            if used != declared:
                raise SpecError(f"{source}: {node.array} has {declared} dimension(s), not {used} subscript(s)")
