"""The pass over the samples in NumPy: a block of rows at a time, as long as it is in cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symreg.expressions.tree import Call, Item, Subscript, Tree, arrays, names, transform, walk
from symreg.kernel import Product, Rows
from symreg.kernel.ir import Stage
from symreg.model.labels import Labels
from symreg.targets.numpy.expressions import Scope, expression, number
from symreg.targets.numpy.extrema import extremum
from symreg.targets.numpy.layout import Row, code_line


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """The names of a block's rows, labels and weights, and of all that differs from sample to sample."""

    scope: Scope
    rows: str
    x: str
    label: Item
    varying: frozenset[str]

    def array(self, tree: Tree) -> str:
        """Return an expression as an array, one number a sample."""
        text = expression(self.scope, transform(transform(tree, extremum), _by_bits), is_array=True)
        is_array = self.varying & names(tree) or self.label.array in arrays(tree)
        return text if is_array else f"np.full({self.x}.shape[0], {text})"


def passed(scope: Scope, stage: Rows) -> Iterator[Row]:
    """Yield the pass: totals, then the loop over blocks of rows."""
    taken = set(scope.namer.taken)
    label = Item("y", (Subscript(stage.index),))
    block = _Block(
        scope=scope,
        rows=scope.namer.fresh(stage.index),
        x=scope.namer.fresh("x"),
        label=label,
        varying=frozenset((*(p.name for p in stage.products), *(let.name for let in stage.body))),
    )
    sums = scope.namer.fresh("sums") if stage.array else ""
    total = scope.namer.fresh(f"{stage.name}_sum") if stage.name else ""
    if total:
        yield code_line(f"{total} = (0.0, 0.0)")
    if sums:
        yield code_line(f"{sums} = np.zeros(n)")
    yield {
        "kind": "loop",
        "head": f"for {block.rows} in _blocks_of_rows(X):",
        "body": [*map(code_line, _body(block, stage, sums, total))],
    }
    scope.moved.pop(label, None)
    scope.namer.taken = taken
    if total:
        yield code_line(f"{stage.name} = _rounded({total})")
    if sums:
        yield code_line(f"{scope.array(stage.array)}[:] = {sums}")


def _body(block: _Block, stage: Rows, sums: str, total: str) -> Iterator[str]:
    scope = block.scope
    # As in C: a sum is of numbers in double precision, and a residual that stands alone is of the arrays' own.
    cast = "" if stage.term is None else ".astype(np.float64, copy=False)"
    transposed = "_" if stage.residual is None else scope.namer.fresh("xt")
    yield f"{block.x}, {transposed} = _rows(X, {block.rows})"
    for product in stage.products:
        yield f"{product.name} = {_product(product, block.x, cast)}"
    if any(block.label.array in arrays(tree) for tree in (*(let.value for let in stage.body), *stage.sums)):
        name = scope.moved[block.label] = scope.namer.fresh("label")
        yield f"{name} = y[{block.rows}]{cast}"
    for let in stage.body:
        yield f"{let.name} = {block.array(let.value)}"
    if stage.term is not None:
        term = block.array(stage.term)
        if not term.isidentifier():
            yield f"{(name := scope.namer.fresh('loss'))} = {term}"
            term = name
        yield f"{total} = _add({total}, _weighted({term}, sample_weight, {block.rows}))"
    if stage.residual is not None:
        residual = scope.namer.fresh("r")
        yield f"{residual} = {block.array(stage.residual)}"
        yield f"{residual} = _weighted({residual}, sample_weight, {block.rows})"
        yield f"{sums} += {transposed} @ {residual}.astype({block.x}.dtype, copy=False)"


def _by_bits(node: Tree) -> Tree:
    return Call("where_by_bits", node.arguments) if isinstance(node, Call) and node.function == "where" else node


def _product(product: Product, x: str, cast: str) -> str:
    if product.array == "X":
        return f"_squares({x})"
    return f"({x} @ {product.array}){cast}" if cast else f"{x} @ {product.array}"


def label_rows(labels: Labels) -> tuple[str, str]:
    """Return the condition on an array of labels `x`, and what each must be in words; empty where all will do."""
    if labels.are_all:
        return "", ""
    if labels.values:
        tests = [f"(x == {number(value)})" for value in labels.values]
        told = [*map(number, labels.values)]
        return " | ".join(tests), f"{', '.join(told[:-1])} or {told[-1]}" if len(told) > 1 else told[0]
    interval = labels.interval
    low = "-np.inf" if interval.low is None else number(interval.low)
    high = "np.inf" if interval.high is None else number(interval.high)
    tests = [f"(x {'>=' if interval.low_closed else '>'} {low})", f"(x {'<=' if interval.high_closed else '<'} {high})"]
    if labels.are_whole:
        tests.append("(x == np.floor(x))")
    return " & ".join(tests), labels.condition("y").removeprefix("y ")


def has_squares(stages: list[Stage]) -> bool:
    """Is the product of a row with itself needed?"""
    return any(isinstance(s, Rows) and any(p.array == "X" for p in s.products) for s in stages)


def chooses_rows(stages: list[Stage]) -> bool:
    """Is one of two numbers chosen for each sample?"""
    return any(
        isinstance(node, Call) and node.function == "where"
        for stage in stages
        if isinstance(stage, Rows)
        for tree in (*(let.value for let in stage.body), *stage.sums)
        for node in walk(transform(tree, extremum))
    )
