"""Expressions in NumPy: names of functions, literals, lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.text import number_text
from symreg.expressions.tree import Call, Compare, Constant, Logic, Tree, names, walk
from symreg.kernel import Let, Map, Reduce, Store
from symreg.kernel.ir import Stage, Statement
from symreg.model.interval import Interval
from symreg.model.spec import Parameter
from symreg.targets.infix import is_nan_of

NAMES = {
    "abs": "np.abs",
    "atan": "np.arctan",
    "copysign": "np.copysign",
    "floor": "np.floor",
    "max": "np.maximum",
    "min": "np.minimum",
    "pow": "np.power",
}
NAMES |= {name: f"np.{name}" for name in FUNCTIONS if name not in NAMES}
NAMES |= {f"logical_{word}": f"np.logical_{word}" for word in ("and", "or", "not")}
NAMES["where_all"] = "np.where"


LONGEST_LINE = 88


Row = dict[str, Any]


def extremum(node: Tree) -> Tree:
    """Return a choice of the smaller or greater of two scalars by its name; NaN comes out of either."""
    match node:
        case Call("where", (Compare(">", a, b), then, otherwise)) if (then, otherwise) == (b, a):
            return Call("min", (a, b))
        case Call("where", (Compare("<", a, b), then, otherwise)) if (then, otherwise) == (b, a):
            return Call("max", (a, b))
        case _:
            return node


def for_arrays(node: Tree) -> Tree:
    """Return a choice or a condition as a call that takes arrays."""
    if isinstance(node, Call) and node.function == "where":
        return Call("where_all", node.arguments)
    if not isinstance(node, Logic) or is_nan_of(node) is not None:
        return node
    made = node.operands[0]
    for other in node.operands[1:]:
        made = Call(f"logical_{node.operator}", (made, other))
    return Call("logical_not", (made,)) if node.operator == "not" else made


def reaches(stages: Iterable[object]) -> bool:
    """Is the end of the promised range needed?"""
    return any(
        (isinstance(stage, Let | Store) and Constant("reach") in walk(stage.value))
        or (isinstance(stage, Reduce) and Constant("reach") in walk(stage.term))
        or (isinstance(stage, Map | Reduce) and reaches((*stage.body, *(stage.edge if isinstance(stage, Map) else ()))))
        for stage in stages
    )


def nothing(total: str, stage: Reduce) -> str:
    """Return the start of a sum, or of the greatest term."""
    return f"{total} = -np.inf" if stage.is_greatest else f"{total} = (0.0, 0.0)"


def more(total: str, terms: str, stage: Reduce) -> str:
    """Return how the terms of a block are taken into a sum, or into the greatest term."""
    return f"{total} = max({total}, float({terms}.max()))" if stage.is_greatest else f"{total} = _add({total}, {terms})"


def code_line(text: str) -> Row:
    return {"kind": "line", "text": text}


def names_used(stage: Stage | Statement) -> Iterator[str]:
    """Yield the names that a stage needs in double precision."""
    match stage:
        case Let(value=value):
            yield from sorted(names(value))
        case Reduce():
            for tree in trees(stage):
                yield from sorted(names(tree))
        case Map(body=body, edge=edge):
            for statement in (*body, *edge):
                if isinstance(statement, Reduce):
                    yield from names_used(statement)


def trees(stage: Reduce) -> Iterator[Tree]:
    for statement in stage.body:
        if isinstance(statement, Reduce):
            yield from trees(statement)
        else:
            yield statement.value
    yield stage.term


def number(value: Fraction) -> str:
    if value < 0:
        return f"-{number(-value)}"
    text = number_text(value)
    return text if "/" not in text and len(text) <= 15 else repr(float(value))


def default(value: float) -> str:
    """Return a default as it stands in a signature; NaN is none."""
    if value != value:
        return ""
    return f" = {int(value)}" if value.is_integer() and abs(value) < 1e15 else f" = {value!r}"


def order(parameter: Parameter) -> list[str]:
    """Return the lines that refuse a parameter that does not exceed the one that it has to."""
    if not parameter.above:
        return []
    name, other = parameter.name, parameter.above
    told = f'f"{name}: must be > {other} = {{{other}:g}}, got {{{name}:g}}"'
    line = f"    raise ValueError({told})"
    lines = [line] if len(line) + 4 <= LONGEST_LINE else ["    raise ValueError(", f"        {told}", "    )"]
    return [f"if not {other} < {name}:", *lines]


def bounds_check(domain: Interval) -> str:
    """Return the domain as keyword arguments of the check."""
    rows = []
    if domain.low is not None:
        rows.append(f"{'least' if domain.low_closed else 'above'}={number(domain.low)}")
    if domain.high is not None:
        rows.append(f"{'most' if domain.high_closed else 'below'}={number(domain.high)}")
    return "".join(f", {row}" for row in rows)
