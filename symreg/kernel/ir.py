"""The kernel: an update as a few stages over arrays, with no syntax of any language; it is what targets print.

Expressions are trees. In them a `Name` is a scalar or a value named earlier, an `Item` is an element of an array as it
is at that moment, and `Call("in_range", (Item,))` asks whether its subscripts are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from symreg.expressions.tree import Tree
from symreg.updates.update import Update


@dataclass(frozen=True, slots=True, kw_only=True)
class Let:
    """A named value: a scalar in double precision before a loop, or a value of one element within it.

    Args:
        name: Unique in the function.
        value: Its expression.
        is_condition: Is it true or false, and no number?
    """

    name: str
    value: Tree
    is_condition: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """`array[index] = value`, at the index of the loop that it stands in."""

    array: str
    value: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduce:
    """A scalar from a loop: the sum of `term` over `low <= index < extent - high`, accurate, in double precision.

    Or the greatest term, minus infinity where there is none; terms that are NaN may be passed over.

    Args:
        name: Of the sum.
        index: Of the loop.
        low: The first index, or the name of it.
        high: How many of the indices are left out at the end; negative for as many more.
        body: What the term is made of, in order; sums in it have loops of their own.
        term: The summand.
        is_guarded: Does the term ask whether a subscript of this index is in range?
        is_greatest: Is it the greatest term, and no sum?
        extent: The argument that says how many indices there are: weights, unless the sum is over rows of data.
    """

    name: str
    index: str
    low: int | str
    high: int
    body: tuple[Let | Reduce, ...]
    term: Tree
    is_guarded: bool = False
    is_greatest: bool = False
    extent: str = "n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """The number between two others at which something that increases is 0, by Newton's method held in a bracket.

    As a stage it is a scalar, in a loop one number for each element. Where `low` equals `high` it is that number.

    Args:
        name: Of the number; until it is found, of each trial.
        low: A bound from below.
        high: A bound from above.
        start: The first trial; one outside the bounds is moved onto them.
        body: What each trial leads to, in order.
        residual: Negative below the root, positive above it.
        slope: Its derivative by the trial.
        in_logarithm: Are the steps those in the trial's logarithm, to second order? Then no bound is negative.
    """

    name: str
    low: Tree
    high: Tree
    start: Tree
    body: tuple[Let | Root | Invoke, ...] = ()
    residual: Tree
    slope: Tree
    in_logarithm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Routine:
    """A function of numbers that stages invoke; it stands once in a file, for all kernels that hold it.

    Args:
        stem: What it is called, unless that is taken.
        purpose: What it computes: a sentence, then formulas in its names.
        arguments: The numbers that it takes, in order.
        elements: Those that it takes for each element of a block; () for a routine of scalars.
        record: The routine whose results are names in this one, too.
        body: What is computed once, in order.
        each: What is computed for each element.
        results: Names of what it returns; one where it is computed for each element.
    """

    stem: str
    purpose: tuple[str, ...]
    arguments: tuple[str, ...]
    elements: tuple[str, ...] = ()
    record: Routine | None = None
    body: tuple[Let | Root | Invoke, ...] = ()
    each: tuple[Let | Root | Invoke, ...] = ()
    results: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoke:
    """The results of a routine: scalars as a stage, in a loop one number for each element.

    Args:
        routine: That computes them.
        names: Of the results, in the routine's order.
        arguments: Values of its arguments, then those of its elements.
        name: Of the results together, where there are several.
        record: The name that the results of the routine's own record have together.
    """

    routine: Routine
    names: tuple[str, ...]
    arguments: tuple[Tree, ...]
    name: str = ""
    record: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A function of scalars: values that it names, and its result."""

    lets: tuple[Let, ...]
    result: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is asked of a penalty where its minimisers are searched for, with no formula that says where F turns.

    Each formula is over `u`, the parameters and `inside`, any weight between the two knots that u lies between.

    Args:
        u: The name of a weight.
        inside: Of the other one.
        parameters: That the formulas are over.
        knots: The weights between which the curvature is a part that rises and one that falls; in no order.
        value: phi.
        slope: phi'.
        curvature: phi'', rising and falling together.
        rising: The part of phi'' that does not fall between knots.
        falling: The part that does not rise.
        low: The lower end of the weights, None for minus infinity.
        high: The upper end, None for infinity.
        low_closed: Is the lower end a weight?
        high_closed: Is the upper?
        is_even: Are the weights those from 0 on of an even penalty?
        rows: The name of the scratch array in which the parts are kept on which F rises, where the caller has it.
    """

    u: str
    inside: str
    rows: str
    parameters: tuple[str, ...]
    knots: tuple[Tree, ...]
    value: Formula
    slope: Formula
    curvature: Formula
    rising: Formula
    falling: Formula
    low: Fraction | None
    high: Fraction | None
    low_closed: bool
    high_closed: bool
    is_even: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The rows in which the minimiser for each v is found, made once for one step by the kernel's search."""

    name: str
    step: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The minimiser for one v: in a loop found in a table, as a stage by a search of its own.

    Args:
        name: Of the minimiser.
        v: A name.
        step: s; of a table, that of the table.
        table: Its name; "" of a stage, for which none is made.
    """

    name: str
    v: Tree
    step: Tree
    table: str = ""


Statement = Let | Reduce | Root | Invoke | Table | Best | Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """Arrays from a loop over `low <= index < extent - high`.

    Args:
        index: Of the loop.
        body: In order, for indices all of whose neighbours are in range.
        edge: The same with its guards, for the first `below` and the last `above` indices; empty without such.
        below: The farthest that the body reads before its index.
        above: The farthest that it reads behind it.
        reads_old: Are the neighbours `w[index + shift]`, while w is written: those from before the loop?
        low: The first index, or the name of it.
        high: How many of the indices are left out at the end; negative for as many more.
        is_double: Is everything computed in double precision, and rounded only where it is stored?
        extent: The argument that says how many indices there are; a loop that finds roots or reads neighbours has n.
    """

    index: str
    body: tuple[Statement, ...]
    edge: tuple[Statement, ...] = ()
    below: int = 0
    above: int = 0
    reads_old: bool = False
    low: int | str = 0
    high: int = 0
    is_double: bool = False
    extent: str = "n"

    @property
    def stores(self) -> tuple[Store, ...]:
        """What it writes, in order."""
        return tuple(statement for statement in self.body if isinstance(statement, Store))


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A number of each sample: its row of X times an array, `z[k] = sum over j of X[k, j]*w[j]`.

    Args:
        name: Of the number.
        array: With n elements; "X" for the row's product with itself.
    """

    name: str
    array: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """One pass over the rows of X, a few at a time while they are in cache: products, what is made of them, sums.

    Whatever the layout of X: rows or columns one behind the other, or compressed rows. Trees are over the names of the
    products and of the body and over `Item("y", index)`. Each sum takes a sample as often as its weight says: the
    sample's `sample_weight`, which no tree holds, or once where there are none.

    Args:
        products: What is known of a sample.
        body: What follows, in order.
        name: Of a scalar, the sum of `term` in double precision; "" for none.
        term: The summand.
        array: Which the pass sets, to the sum of `residual*X[k, j]` for each j; "" for none.
        residual: The factor of a row.
        weight: Of a scalar, the sum of the samples' weights, and how many samples there are where these have none;
            it is known before the pass. "" where nothing asks for it.
        index: Of the samples.
    """

    products: tuple[Product, ...]
    body: tuple[Let, ...] = ()
    name: str = ""
    term: Tree | None = None
    array: str = ""
    residual: Tree | None = None
    weight: str = ""
    index: str = "k"

    @property
    def sums(self) -> tuple[Tree, ...]:
        """The term and the residual, without one that there is not."""
        return tuple(tree for tree in (self.term, self.residual) if tree is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffer:
    """A scratch array of n elements; each is written by a `Map` before anything reads it."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """A loop over the groups of weights, with stages for each: sums and loops over the group's indices, and numbers.

    Args:
        index: Of the group.
        first: The name of the first index of its weights.
        last: The name of the index behind them.
        weight: The name of its c_g.
        outside: Values from before the loop that the stages use, by the names that they have there.
        stages: In order; their names end with the loop.
        total: The name of the sum of `term` over all groups; "" where nothing is summed.
        term: The summand.
    """

    index: str
    first: str
    last: str
    weight: str
    outside: tuple[tuple[str, Tree], ...] = ()
    stages: tuple[Let | Reduce | Root | Invoke | Map, ...]
    total: str = ""
    term: Tree | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """The proximal point of the total variation of an array, written into an array that may be the same.

    Args:
        source: The array.
        target: What receives the point.
        strength: What the sum of the absolute differences is multiplied by.
        chains: The name of scratch: four numbers for each element.
    """

    source: str
    target: str
    strength: Tree
    chains: str


Stage = Let | Reduce | Root | Invoke | Table | Best | Map | Rows | Groups | Variation


def spread(stages: Iterable[Stage | Statement]) -> Iterator[Stage | Statement]:
    """Yield stages, and those of a loop over groups in place of that."""
    for stage in stages:
        if isinstance(stage, Groups):
            yield from stage.stages
        else:
            yield stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """One function, ready to be printed.

    Args:
        update: What it computes.
        stages: In order.
        buffers: Scratch arrays.
        result: The scalar that is returned, of a function that returns one.
        scalars: Of a step: each scalar state, `t` among them, and its value after the step. Of a `partial` the sums of
            losses and of weights, `loss` and `weight`.
        may_alias: May the array that is written be exactly the one that is read?
        search: That its tables and minimisers use, if there are any.
    """

    update: Update
    stages: tuple[Stage, ...]
    buffers: tuple[Buffer, ...] = ()
    result: Tree | None = None
    scalars: tuple[tuple[str, Tree], ...] = ()
    may_alias: bool = False
    search: Search | None = None

    @property
    def variation(self) -> Variation | None:
        """The stage that needs scratch for chains, if there is one."""
        return next((stage for stage in self.stages if isinstance(stage, Variation)), None)


def has_sum(stages: Iterable[Stage | Statement]) -> bool:
    """Is there a sum among the stages or in their loops?"""
    return any(
        isinstance(stage, Reduce)
        or (isinstance(stage, Rows) and stage.term is not None)
        or (isinstance(stage, Map) and has_sum((*stage.body, *stage.edge)))
        for stage in spread(stages)
    )


def has_root(stages: Iterable[Stage | Statement]) -> bool:
    """Is there a root among the stages, in their loops or in the routines that they invoke?"""
    return any(
        isinstance(stage, Root)
        or (isinstance(stage, Map) and has_root(stage.body))
        or (isinstance(stage, Invoke) and any(has_root_itself((*r.body, *r.each)) for r in routines_in((stage,))))
        for stage in spread(stages)
    )


def has_root_itself(parts: Iterable[Let | Root | Invoke]) -> bool:
    """Is there a root among the statements of a routine?"""
    return any(isinstance(part, Root) for part in parts)


def routines_in(stages: Iterable[Stage | Statement]) -> Iterator[Routine]:
    """Yield the routines that the stages and their loops invoke, each after those that it needs itself."""
    for stage in spread(stages):
        match stage:
            case Invoke(routine=routine):
                if routine.record is not None:
                    yield from routines_in((*routine.record.body,))
                    yield routine.record
                yield from routines_in((*routine.body, *routine.each))
                yield routine
            case Root(body=body):
                yield from routines_in(body)
            case Map(body=body, edge=edge):
                yield from routines_in((*body, *edge))


def has_best(stages: Iterable[Stage | Statement], *, in_table: bool) -> bool:
    """Is a minimiser looked up in a table, or searched for without one, among the stages or in their loops?"""
    return any(
        (isinstance(stage, Best) and bool(stage.table) == in_table)
        or (isinstance(stage, Map) and has_best(stage.body, in_table=in_table))
        for stage in stages
    )


def names_in(stages: Iterable[Stage | Statement]) -> Iterator[str]:
    """Yield the names that the stages and their loops give."""
    for stage in stages:
        if isinstance(stage, Groups):
            yield from (stage.first, stage.last, stage.weight, *((stage.total,) if stage.total else ()))
            yield from names_in(stage.stages)
        if isinstance(stage, Let | Reduce | Root | Table | Best):
            yield stage.name
        if isinstance(stage, Invoke):
            yield from (stage.name, *stage.names) if stage.name else stage.names
        if isinstance(stage, Reduce | Root):
            yield from names_in(stage.body)
        if isinstance(stage, Map):
            yield from names_in((*stage.body, *stage.edge))
        if isinstance(stage, Rows):
            yield from (*(product.name for product in stage.products), *names_in(stage.body))
            yield from (name for name in (stage.name, stage.weight) if name)
