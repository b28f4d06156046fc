"""Penalties written inline: an expression without a spec file, whose undeclared names become parameters and arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from symreg.errors import SpecError
from symreg.expressions.decompose import addends
from symreg.expressions.tree import Item, Name, Tree, walk
from symreg.language.declarations import make_parameter
from symreg.language.excerpt import Excerpted
from symreg.language.notation.either import read_either
from symreg.language.parse import parse
from symreg.language.specs.penalties import make_penalty
from symreg.language.specs.per_weight import assumed_of_each, bare, told_apart
from symreg.model.domain import Domain
from symreg.model.interval import REAL, WORDS
from symreg.model.names import check_identifier
from symreg.model.spec import OF_DATA, Array, Parameter, Penalty, Shape


def inline_penalty(
    expression: str | Tree,
    *,
    name: str = "penalty",
    declared: Iterable[Parameter] = (),
    domain: Domain | None = None,
    arrays: Iterable[Array] = (),
    title: str = "",
    reference: str = "",
    source: str | Excerpted = "expression",
) -> Penalty:
    """Return the penalty of an expression; an undeclared parameter is positive, an array as it is subscripted.

    Args:
        expression: Text of the language or in another notation, or a tree.
        name: The penalty's name.
        declared: Parameters with a domain of their own.
        domain: Of each weight.
        arrays: Declared arrays.
        title: One line of text.
        reference: Where it is from.
        source: What messages call the text.

    Raises:
        LanguageError, SpecError: What is wrong, where, and what would be right.
    """
    make = partial(
        _with_parameters,
        name=name,
        declared=tuple(declared),
        domain=domain,
        arrays=tuple(arrays),
        title=title,
        reference=reference,
        source=source if isinstance(source, str) else source.source,
    )
    if not isinstance(expression, str):
        return make(expression)
    penalty, reading = read_either(expression, lambda text: make(parse(text, source=source)))
    return penalty if reading is None else replace(penalty, notes=(reading.note,))


def _with_parameters(
    tree: Tree,
    *,
    name: str,
    declared: tuple[Parameter, ...],
    domain: Domain | None,
    arrays: tuple[Array, ...],
    title: str,
    reference: str,
    source: str,
) -> Penalty:
    """Return the penalty of a tree; what it uses and nobody declared is assumed."""
    tree, of_each = bare(tree)
    per_weight, arrays = told_apart(tree, arrays, source)
    declared = (*declared, *per_weight)
    declared_arrays = {a.name: a for a in arrays}
    shapes = {array: a.shape for array, a in declared_arrays.items()}
    for part in addends(tree):
        shapes = {**_shapes(part[1], shapes), **shapes}
    known = {p.name: p for p in declared}
    sizes = {"n"}.union(*shapes.values())
    written = [n.name for n in walk(tree) if isinstance(n, Name) and n.name not in ("w", *sizes, *shapes)]
    used = dict.fromkeys((*written, *(domain.names if domain else ())))
    parameters = [known.get(p) or replace(assumed(p), shape=("n",) if p in of_each else ()) for p in used]
    for each in of_each:
        if each in known and not known[each].shape:
            raise SpecError(f"{source}: '{each}' is one number, and {each}[n] one for each weight")
    parameters += [p for p in known.values() if p.name not in used]
    parameters = [assumed_of_each(p, tree, parameters) if p.is_assumed and p.shape else p for p in parameters]
    for array, shape in shapes.items():
        check_identifier(array, "array", allowed=OF_DATA if "m" in shape else ())
        declared_arrays.setdefault(array, Array(name=array, shape=shape))
    return make_penalty(
        name=name,
        title=title,
        expression=tree,
        domain=domain or REAL,
        parameters=tuple(parameters),
        arrays=tuple(declared_arrays.values()),
        reference=reference,
        source=source,
    )


def _shapes(addend: Tree, known: Mapping[str, Shape]) -> dict[str, Shape]:
    """Return the shapes of the arrays in an addend, from those that are known, and from `X` and `y`, which are data.

    An index that runs over the samples does so in all of the addend.
    """
    items = [node for node in walk(addend) if isinstance(node, Item) and node.array != "w"]
    of_samples: set[str] = set()
    for item in items:
        of_data: Shape = ("m", "n") if item.array in OF_DATA else ()
        shape = known.get(item.array, of_data)
        of_samples |= {s.index for s, size in zip(item.subscripts, shape, strict=False) if size == "m"}
    return {item.array: tuple("m" if s.index in of_samples else "n" for s in item.subscripts) for item in items}


def assumed(name: str) -> Parameter:
    """Return the parameter that an undeclared name stands for: a positive one."""
    return replace(make_parameter(name, domain=WORDS["positive"]), is_assumed=True)
