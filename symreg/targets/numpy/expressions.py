"""Expressions in NumPy: of scalars, or of arrays and scalars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from symreg.expressions.approximations import APPROXIMATIONS
from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.text import number_text
from symreg.expressions.tree import (
    Call,
    Constant,
    Item,
    Logic,
    Tree,
    names,
    transform,
    walk,
)
from symreg.kernel import Let, Map, Reduce, Store
from symreg.kernel.ir import Groups, Routine, Stage, Statement, names_in, spread
from symreg.kernel.names import Namer
from symreg.model.names import RESERVED
from symreg.targets.description import Function
from symreg.targets.infix import Notation, infix, is_nan_of, shifted
from symreg.targets.numpy.blocks.body import Block
from symreg.targets.numpy.blocks.calls import Operands
from symreg.targets.numpy.extrema import extremum
from symreg.targets.signature import Role

NAMES = {row.name: f"np.{row.name if row.numpy is None else row.numpy}" for row in FUNCTIONS.values()}
NAMES |= {"copysign": "np.copysign", "floor": "np.floor", "pow": "np.power"}
NAMES |= {f"logical_{word}": f"np.logical_{word}" for word in ("and", "or", "not")}
NAMES |= {"where_all": "np.where", "where_by_bits": "_where"}
NAMES |= {name: f"_{name}" for name in APPROXIMATIONS}

_GIVEN: tuple[Role, ...] = ("parameter", "array", "state", "count", "groups", "group_weights")
_ARGUMENTS = ("n", "w", "v", "g", "t", "out", "state", "z", "X", "y", "sample_weight", "samples")


@dataclass(kw_only=True)
class Scope:
    """What is known at one place of a function while it is printed: the names in use, and how each is written there.

    Args:
        function: What is printed.
        namer: Hands out names that are free in the function.
        flat: What `out` is called where it has one dimension; "" without one.
        real: What the arrays' type is called.
        given: The name of the tuple of parameters that the functions of a search take; "" without a search.
        uses_real: Is the arrays' type used?
        renamed: Copies of scalars in the precision of the loop around, by name.
        indices: What the indices of the loops around are called.
        moved: Elements of arrays that have a name of their own, until they are stored.
        blocks: All blocks of the function.
        routines: Names of the module's routines.
        weights: The name of the array of the groups' weights; "" without groups.
        index: Of the loop around, as the kernel calls it.
        nesting: How many loops the statement stands in, besides its block.
        is_double: Does the loop around compute in double precision?
    """

    function: Function
    namer: Namer
    flat: str
    real: str
    given: str
    uses_real: bool
    renamed: dict[str, str] = field(default_factory=dict)
    indices: dict[str, str] = field(default_factory=dict)
    moved: dict[Item, str] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    routines: dict[Routine, str] = field(default_factory=dict)
    weights: str = ""
    index: str = ""
    nesting: int = 0
    is_double: bool = True

    def array(self, name: str) -> str:
        """Return what an array is called where it has one dimension."""
        return self.flat if name == "out" else name

    @property
    def indent(self) -> int:
        """How far in a statement stands."""
        return 8 + 4 * self.nesting


def scope_of(function: Function, routines: dict[Routine, str]) -> Scope:
    """Return the scope at the start of a function."""
    kernel, signature = function.kernel, function.signature
    given = {argument.name for argument in signature.of(*_GIVEN)}
    namer = Namer({*RESERVED, *_ARGUMENTS, *given, *names_in(kernel.stages), *(b.name for b in kernel.buffers)})
    return Scope(
        function=function,
        namer=namer,
        flat=namer.fresh("flat") if signature.result else "",
        real=namer.fresh("real"),
        given=namer.fresh("given") if kernel.search is not None else "",
        uses_real=bool(kernel.buffers),
        routines=routines,
        weights="".join(argument.name for argument in signature.of("group_weights")),
    )


def block(scope: Scope, index: str, *, dtype: str, old: tuple[int, int] | None = None, extent: str = "n") -> Block:
    """Return a new block of a loop's elements.

    Args:
        scope: Of the loop.
        index: Of the loop, as the kernel calls it.
        dtype: The name of the arrays' type, or "" for double precision.
        old: How far neighbours of `w` are read below and above, where they are those from before the loop.
        extent: The argument that says how many elements there are.
    """
    operands = Operands(
        scalar=lambda tree: expression(scope, tree),
        array=scope.array,
        index=index,
        names=dict(scope.indices),
        functions=NAMES,
        routines=scope.routines,
    )
    scope.blocks.append(Block(operands=operands, namer=scope.namer, dtype=dtype, old=old, extent=extent))
    return scope.blocks[-1]


def expression(scope: Scope, tree: Tree, *, is_array: bool = False) -> str:
    """Return an expression of scalars, or of arrays and scalars."""
    reach = "1e150" if scope.is_double else f"_REACH[{scope.real}]"
    return infix(
        transform(transform(tree, extremum), for_arrays) if is_array else transform(tree, extremum),
        Notation(
            literal=number,
            constants={"pi": "np.pi", "inf": "np.inf", "nan": "np.nan", "reach": reach},
            functions=NAMES,
            name=lambda name: scope.renamed.get(name, name),
            item=lambda item: _element(scope, item),
            index=lambda index: scope.indices[index],
            words={"and": "and", "or": "or", "not": "not "},
            choice="{1} if {0} else {2}",
            is_nan="np.isnan({})",
        ),
    )


def _element(scope: Scope, item: Item) -> str:
    if item in scope.moved:
        return scope.moved[item]
    places = ", ".join(shifted(scope.indices[s.index], s.shift) for s in item.subscripts)
    return f"{scope.array(item.array)}[{places}]"


def for_arrays(node: Tree) -> Tree:
    """Return a choice or a condition as a call that takes arrays."""
    if isinstance(node, Call) and node.function == "where":
        return Call("where_all", node.arguments)
    if not isinstance(node, Logic) or is_nan_of(node) is not None:
        return node
    joined = node.operands[0]
    for operand in node.operands[1:]:
        joined = Call(f"logical_{node.operator}", (joined, operand))
    return Call("logical_not", (joined,)) if node.operator == "not" else joined


def number(value: Fraction) -> str:
    """Return a number of either sign."""
    if value < 0:
        return f"-{number(-value)}"
    text = number_text(value)
    return text if "/" not in text and len(text) <= 15 else repr(float(value))


def reaches(stages: Iterable[Stage | Statement]) -> bool:
    """Is the end of the promised range needed?"""
    return any(
        (isinstance(stage, Let | Store) and Constant("reach") in walk(stage.value))
        or (isinstance(stage, Reduce) and Constant("reach") in walk(stage.term))
        or (isinstance(stage, Map | Reduce) and reaches((*stage.body, *(stage.edge if isinstance(stage, Map) else ()))))
        for stage in spread(stages)
    )


def names_in_double(stage: Stage | Statement) -> Iterator[str]:
    """Yield the names that a stage needs in double precision."""
    match stage:
        case Let(value=value):
            yield from sorted(names(value))
        case Reduce():
            for tree in trees_of_sum(stage):
                yield from sorted(names(tree))
        case Groups(stages=stages):
            for inner in stages:
                yield from names_in_double(inner)
        case Map(body=body, edge=edge):
            for statement in (*body, *edge):
                if isinstance(statement, Reduce):
                    yield from names_in_double(statement)


def trees_of_sum(stage: Reduce) -> Iterator[Tree]:
    """Yield the expressions of a sum and of the sums in it."""
    for statement in stage.body:
        if isinstance(statement, Reduce):
            yield from trees_of_sum(statement)
        else:
            yield statement.value
    yield stage.term
