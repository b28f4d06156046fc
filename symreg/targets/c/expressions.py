"""Expressions in C, in the type of parameters and sums or in that of the arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.tree import Call, Item, Name, Tree, walk
from symreg.kernel.ir import Routine, names_in
from symreg.kernel.names import Namer
from symreg.model.names import RESERVED
from symreg.targets.c.literals import literal
from symreg.targets.c.precision import Precision
from symreg.targets.description import Function
from symreg.targets.infix import Notation, infix, shifted

WIDE, REAL, TRUTH = "wide", "real", "int"
"""What a value is: a number of the `wide` type or of that of the arrays, or a condition."""

_OWN_NAMES = {row.name: row.c for row in FUNCTIONS.values() if row.c is not None}
_ARGUMENTS = ("n", "w", "v", "g", "t", "out")


@dataclass(kw_only=True)
class Scope:
    """What is known at one place of a function while it is printed: the names in use, and how each is written there.

    Args:
        precision: The types of the function.
        helpers: Names of the file's own functions and constants, by ours.
        namer: Hands out names that are free in the function.
        pointers: Scalars that are passed by address.
        types: What each named scalar is.
        given: The name of the array of parameters that the functions of a search take; "" without a search.
        search_rows: That of the scratch that they have.
        indices: What the indices of the loops around are called.
        copies: Copies of scalars in the precision of the loop around, by name.
        rows: How values are written that are kept for each element of a block, by name.
        routines: Names of the file's routines.
        fields: How the results of a routine are written that has several, by name.
        arguments: Of the routine that is printed: nobody else needs them.
        moved: Elements of arrays that have a name of their own, until they are stored.
        old: How the weight at a place relative to the index is written where it is that from before the loop.
        below: How far that reaches below the index.
        temporaries: What numbers before a loop stand for that are part of an expression.
        index: Of the loop around, as the kernel calls it.
        lane: The place within a block.
        called: Functions called, each with whether in double precision.
        called_in_loops: Functions called in loops.
    """

    precision: Precision
    helpers: dict[str, str]
    namer: Namer
    pointers: set[str]
    types: dict[str, str]
    given: str
    search_rows: str = ""
    indices: dict[str, str] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    routines: dict[Routine, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    moved: dict[Item, str] = field(default_factory=dict)
    old: str = ""
    below: int = 0
    temporaries: dict[Tree, Tree] = field(default_factory=dict)
    index: str = ""
    lane: str = ""
    called: set[tuple[str, bool]] = field(default_factory=set)
    called_in_loops: set[str] = field(default_factory=set)

    @property
    def real(self) -> str:
        """The type of elements of arrays."""
        return self.precision.real

    @property
    def wide(self) -> str:
        """The type of parameters, sums and roots."""
        return self.precision.wide


def scope_of(function: Function, helpers: dict[str, str], routines: dict[Routine, str], precision: Precision) -> Scope:
    """Return the scope at the start of a function in one precision."""
    kernel, signature = function.kernel, function.signature
    given = {argument.name for argument in signature.arguments}
    used = {*_ARGUMENTS, *given, *helpers.values(), *routines.values(), *names_in(kernel.stages)}
    namer = Namer(used | RESERVED | {buffer.name for buffer in kernel.buffers})
    numbers = [a for a in signature.of("parameter", "state", "count") if not a.shape]
    return Scope(
        precision=precision,
        helpers=helpers,
        namer=namer,
        pointers={number.name for number in numbers if number.is_pointer},
        types={number.name: WIDE for number in numbers},
        given=namer.fresh("given") if kernel.search is not None else "",
        search_rows=kernel.search.rows if kernel.search is not None else "",
        routines=routines,
    )


def expression(scope: Scope, tree: Tree, context: str) -> str:
    """Return an expression that is computed in the type of sums, `WIDE`, or in that of the arrays, `REAL`."""
    is_float = _type(scope, context) == "float"
    suffix = "f" if is_float else ""
    return infix(
        tree,
        Notation(
            literal=lambda value: literal(value, suffix),
            constants=_CONSTANTS["float" if is_float else "double"],
            functions=_functions(scope, tree, is_float=is_float),
            name=lambda name: _scalar(scope, name, context),
            item=lambda item: _element(scope, item, context),
            index=lambda index: scope.indices[index],
            words={"and": "&&", "or": "||", "not": "!"},
            choice="{0} ? {1} : {2}",
            is_nan="isnan({})",
        ),
    )


_CONSTANTS = {
    "float": {"pi": "3.14159265f", "reach": "1e18f", "inf": "INFINITY", "nan": "NAN"},
    "double": {"pi": "3.141592653589793", "reach": "1e150", "inf": "(double)INFINITY", "nan": "(double)NAN"},
}


def _type(scope: Scope, context: str) -> str:
    return scope.real if context == REAL else scope.wide


def factor(scope: Scope, tree: Tree) -> str:
    """Return an expression of the `wide` type as an operand of a product."""
    text = expression(scope, tree, WIDE)
    return text if isinstance(tree, Name | Call) and "?" not in text else f"({text})"


def _functions(scope: Scope, tree: Tree, *, is_float: bool) -> dict[str, str]:
    """Return what the functions in a tree are called, and note that they are."""
    functions = {}
    for node in walk(tree):
        if isinstance(node, Call) and node.function not in ("where", "in_range"):
            helper = scope.helpers.get(node.function)
            of_math = f"{_OWN_NAMES.get(node.function, node.function)}{'f' if is_float else ''}"
            functions[node.function] = f"{helper}_{'f32' if is_float else 'f64'}" if helper else of_math
            scope.called.add((node.function, not is_float))
            if scope.indices:
                scope.called_in_loops.add(node.function)
    return functions


def _scalar(scope: Scope, name: str, context: str) -> str:
    is_float = _type(scope, context) == "float"
    if name == "n":
        return "(float)n" if is_float else "(double)n"
    kind = scope.types[name]
    if kind == TRUTH:
        return name
    if name in scope.fields:
        return scope.fields[name]
    if context == REAL and name in scope.copies:
        return scope.copies[name]
    text = scope.rows.get(name, f"*{name}" if name in scope.pointers else name)
    if scope.precision.is_mixed and kind != context:
        return f"({'float' if is_float else 'double'}){text}"
    return text


def _element(scope: Scope, item: Item, context: str) -> str:
    if item in scope.moved:
        return scope.moved[item]
    places = [shifted(scope.indices[s.index], s.shift) for s in item.subscripts]
    if scope.old and item.array == "w" and item.subscripts[0].shift:
        text = scope.old.format(scope.below + item.subscripts[0].shift)
    elif len(places) == 2:
        row = f"({places[0]})" if item.subscripts[0].shift else places[0]
        text = f"{item.array}[{row} * n + {places[1]}]"
    else:
        text = f"{item.array}[{places[0]}]"
    return f"(double){text}" if scope.precision.is_mixed and context == WIDE else text
