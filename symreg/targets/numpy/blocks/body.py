"""The body of a NumPy loop over blocks: its statements, the scratch before it, and what is loaded in each round."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from symreg.expressions.text import to_text
from symreg.expressions.tree import Item, Name, Subscript, Tree, arrays, transform, walk
from symreg.kernel import Best, Invoke, Let, Root, Store
from symreg.targets.infix import shifted
from symreg.targets.numpy.blocks.calls import Calls
from symreg.targets.numpy.blocks.pending import Pending, conditions, trees, trees_of_trials
from symreg.targets.numpy.blocks.rows import in_lines, unpacked
from symreg.targets.numpy.extrema import extremum, with_extrema
from symreg.targets.numpy.layout import Row, code_line

_LONGEST_COMMENT = 76  # characters, behind the indentation of a loop
_IN_A_LOOP = 72  # characters of a statement in the loop of a root


@dataclass(kw_only=True)
class Block(Calls):
    """The calls of one loop body under construction.

    Args:
        dtype: Name of the type of rows, or "" for double precision.
        old: How far neighbours of `w` reach below and above, where they are to be those from before the loop.
        extent: The argument that says how many elements there are.
        result: The row of what is summed, if something is.
    """

    dtype: str
    old: tuple[int, int] | None = None
    extent: str = "n"
    result: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.stop = self.namer.fresh("stop")
        self.scratch, self.masks = self.namer.fresh("scratch"), self.namer.fresh("masks")
        self.before = self.namer.fresh("old") if self.old else ""
        self._targets: dict[str, str] = {}
        self._pending: list[Pending] = []

    @property
    def is_allocated(self) -> bool:
        """Is there scratch of the arrays' type?"""
        self._write()
        return bool(self._rows or self.before)

    def let(self, statement: Let) -> None:
        """Add a named value."""
        kind = "condition" if statement.is_condition else "let"
        self._pending.append((kind, transform(statement.value, extremum), statement.name))

    def store(self, statement: Store) -> None:
        """Add an assignment to the elements of an array."""
        self._pending.append(("store", transform(statement.value, extremum), statement.array))

    def root(self, statement: Root) -> None:
        """Add a root that is found for all elements of the block together."""
        self._pending.append(with_extrema(statement))

    def best(self, statement: Best) -> None:
        """Add minimisers that are found for all elements of the block together."""
        self._pending.append(statement)

    def invoke(self, statement: Invoke) -> None:
        """Add minimisers that a routine finds for all elements of the block together."""
        self._pending.append(statement)

    def given(self, name: str) -> None:
        """Let a name be an array that holds a number for each element of the block."""
        self._values[name] = name

    def value(self, name: str) -> str:
        """Return the row of a named value."""
        self._write()
        return self._values[name]

    def term(self, value: Tree) -> None:
        """Add what is summed; `result` is its row."""
        self._pending.append(("term", transform(value, extremum), "term"))

    def allocated(self) -> Iterator[Row]:
        """Yield the statements before the loop."""
        self._write()
        length = f"min(_BLOCK, {self.extent})"
        for name, rows, dtype in (
            (self.scratch, self._rows, f", {self.dtype}" if self.dtype else ""),
            (self.masks, self._mask_rows, ", np.bool_"),
        ):
            if rows:
                shape = f"({len(rows)}, {length})" if len(rows) > 1 else length
                yield code_line(f"{name} = np.empty({shape}{dtype})")
        if self.old:
            yield code_line(f"{self.before} = np.empty({length} + {sum(self.old)}, {self.dtype})")

    def made(self, size: str) -> Iterator[Row]:
        """Yield the statements that make the rows where there is no loop over blocks, each of as many elements."""
        self._write()
        for scratch, rows, dtype in ((self.scratch, self._rows, ""), (self.masks, self._mask_rows, ", np.bool_")):
            lines = [*in_lines(rows)]
            if len(rows) == 1:
                yield code_line(f"{rows[0]} = np.empty({size}{dtype})")
            elif len(lines) == 1:
                yield code_line(f"{', '.join(rows)} = np.empty(({len(rows)}, {size}){dtype})")
            elif lines:
                yield code_line(f"{scratch} = np.empty(({len(rows)}, {size}){dtype})")
                for first, some in lines:
                    unpacked = f"({some[0]},)" if len(some) == 1 else ", ".join(some)
                    yield code_line(f"{unpacked} = {scratch}[{first}:{first + len(some)}]")

    def loaded(self, first: str = "") -> Iterator[Row]:
        """Yield the statements at the start of the loop body."""
        self._write()
        index = self.operands.names[self.operands.index]
        size = f"{self.stop} - {index}"
        if self.old:
            below, above = self.old
            if below:
                kept = f"{self.before}[_BLOCK : _BLOCK + {below}]"
                fresh = f"w[{index} - {below} : {index}]"
                yield code_line(f"{self.before}[:{below}] = {kept} if {index} > {first} else {fresh}")
            target = f"{self.before}[{below} : {size} + {below + above}]"
            yield code_line(f"{target} = w[{index} : {shifted(self.stop, above)}]")
        for item, name in self._views.items():
            yield code_line(f"{name} = {self._view(item, index, size)}")
        for array, name in self._targets.items():
            yield code_line(f"{name} = {self.operands.array(array)}[{index}:{self.stop}]")
        for scratch, rows in ((self.scratch, self._rows), (self.masks, self._mask_rows)):
            yield from unpacked(scratch, rows, size)

    def _view(self, item: Item, index: str, size: str) -> str:
        """Return a slice of an array along the block's index; in double precision for sums."""
        shift = next(s.shift for s in item.subscripts if s.index == self.operands.index)
        if self.old and item.array == "w" and shift:
            start = self.old[0] + shift
            return f"{self.before}[{start} : {size}{f' + {start}' if start else ''}]"
        along = f"{shifted(index, shift)} : {shifted(self.stop, shift)}" if shift else f"{index}:{self.stop}"
        places = [
            along if s.index == self.operands.index else shifted(self.operands.names[s.index], s.shift)
            for s in item.subscripts
        ]
        text = f"{self.operands.array(item.array)}[{', '.join(places)}]"
        return text if self.dtype else f"{text}.astype(np.float64, copy=False)"

    # The calls, written once all statements are known: then so is how often each value is used.

    def _write(self) -> None:
        pending, self._pending = self._pending, []
        stored = {row[2] for row in pending if isinstance(row, tuple) and row[0] == "store"}
        for row in pending:
            for value in trees(row):
                self._uses.update(node.name for node in walk(value) if isinstance(node, Name))
                if not isinstance(row, Root):
                    self._asked.update(tree for tree in conditions(value) if not arrays(tree) & stored)
        for row in pending:
            first = len(self.lines)
            match row:
                case Root():
                    self._root(row)
                case Best():
                    self._best(row)
                case Invoke():
                    self._invoke(row)
                case ("condition", value, name):
                    self._values[name] = self._condition(value)
                case ("let", value, name):
                    self._values[name] = self._into(value, self._new_row(name))
                case ("term", value, name):
                    self.result = self._into(value, self._new_row(self.namer.fresh(name)))
                case (_, value, name) if self.dtype:
                    self._into(value, self._array_view(Item(name, (Subscript(self.operands.index),))))
                case (_, value, name):
                    made = self._value(value)
                    self._deliver(made, self._target(name))
                    self._release((value, made))
                    self._read_again(Item(name, (Subscript(self.operands.index),)), pending[pending.index(row) + 1 :])
            self._explain(row, first)

    def _deliver(self, made: str, target: str) -> None:
        """Put a result into an array's block: the call that computed it rounds it as it writes it there."""
        call, sign, _ = self.lines[-1].rpartition(f", out={made})") if self.lines else ("", "", "")
        is_needed = any(row == made and self._uses[name] > 0 for name, row in self._values.items())
        if call.startswith("np.") and sign and made in self._rows and not is_needed:
            self.lines[-1] = f"{call}, out={target})"
            if not any(re.search(rf"\b{made}\b", line) for line in self.lines):
                self._rows.remove(made)
        else:
            self.lines.append(f"np.copyto({target}, {made})")

    def _explain(self, row: Pending, first: int) -> None:
        """Put what a statement computes, as on paper, above its calls from a line on, if they are several."""
        if not isinstance(row, tuple) or len(self.lines) < first + 2:
            return
        kind, value, name = row
        target = f"{name}[{self.operands.index}]" if kind == "store" else name
        text = f"# {target} = {to_text(value)}"
        if len(text) <= _LONGEST_COMMENT:
            self.lines.insert(first, text)

    def _root(self, root: Root) -> None:
        """Find a root: what its trials use is kept until it is found."""
        held = {node.name for tree in trees_of_trials(root) for node in walk(tree) if isinstance(node, Name)}
        held &= self._values.keys()
        self._uses.update(held)
        low, high = (self._into(tree, self._new_row(self.namer.fresh(f"{root.name}_{end}"))) for end, tree in
                     (("low", root.low), ("high", root.high)))  # fmt: skip
        found = self._into(root.start, self._new_row(root.name))
        self._values[root.name] = found
        self._uses[root.name] += 1
        moved, trial = self._new_row(self.namer.fresh("moved")), self.namer.fresh("trial")
        self.lines.append(f"{moved}.fill(np.nan)")
        self.lines.append(f"for {trial} in range(_ROUNDS):")
        outside, self.lines, self._is_in_trials = self.lines, [], True
        for inner in root.body:
            assert isinstance(inner, Let)
            self._values[inner.name] = self._into(inner.value, self._new_row(inner.name))
        residual = self._into(root.residual, self._new_row(self.namer.fresh("residual")))
        change = self._into(root.slope, self._new_row(self.namer.fresh("change")))
        if root.in_logarithm:
            self.lines.append(f"np.multiply({change}, {found}, out={change})")
            self.lines.append(f"np.multiply({change}, 2, out={change})")
            self.lines.append(f"np.add({change}, {residual}, out={change})")
            self.lines.append(f"np.divide({residual}, {change}, out={change})")
            self.lines.append(f"np.multiply({change}, {found}, out={change})")
            self.lines.append(f"np.multiply({change}, -2, out={change})")
        else:
            self.lines.append(f"np.divide({residual}, {change}, out={change})")
            self.lines.append(f"np.negative({change}, out={change})")
        given = (found, residual, change, low, high, moved, trial)
        line = f"if not _newtons({', '.join(given)}):"
        if len(line) <= _IN_A_LOOP:
            self.lines.append(line)
        else:
            self.lines += ["if not _newtons(", *(f"    {argument}," for argument in given), "):"]
        self.lines.append("    break")
        self.lines, self._is_in_trials = [*outside, *(f"    {line}" for line in self.lines)], False
        for name in sorted(held):
            self._release((Name(name), self._values[name]))
        self._free += [low, high, residual, change, moved]
        self._release((Name(root.name), found))

    def _best(self, best: Best) -> None:
        """Find minimisers in a table."""
        v, found = self._value(best.v), self._new_row(best.name)
        self.lines.append(f"np.copyto({found}, _points({best.table}, {v}))")
        self._release((best.v, v))
        self._values[best.name] = found

    def _invoke(self, invoke: Invoke) -> None:
        """Find minimisers by a routine: it takes the numbers of each element first."""
        count = len(invoke.routine.arguments)
        found = self._new_row(invoke.names[0])
        rows = [(tree, self._value(tree)) for tree in invoke.arguments[count:]]
        given = [invoke.record] if invoke.record else []
        given += [self.operands.scalar(tree) for tree in invoke.arguments[:count]]
        arguments = ", ".join([*(row for _, row in rows), *given])
        self.lines.append(f"np.copyto({found}, {self.operands.routines[invoke.routine]}({arguments}))")
        self._release(*rows)
        self._values[invoke.names[0]] = found

    def _read_again(self, item: Item, later: list[Pending]) -> None:
        """Copy what an array was given into the copy of it that is read, if that is read later."""
        to_come = [tree for row in later for tree in trees(row)]
        if any(node == item for tree in to_come for node in walk(tree)):
            self.lines.append(f"np.copyto({self._array_view(item)}, {self._target(item.array)})")

    def _target(self, array: str) -> str:
        """Return the block of an array that is written, in its own type."""
        if array not in self._targets:
            self._targets[array] = self.namer.fresh(f"{self.operands.array(array)}_{self.operands.index}")
        return self._targets[array]
