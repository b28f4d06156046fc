"""The body of a NumPy loop over blocks: expressions as calls of ufuncs, each into a row of scratch or the final array.

A row is used again as soon as what it holds is not needed any more, so that a block's operands stay in cache.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from symreg.expressions.text import to_text
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Item,
    Logic,
    Name,
    Negate,
    Subscript,
    Tree,
    arrays,
    transform,
    walk,
)
from symreg.kernel import Best, Invoke, Let, Root, Store
from symreg.kernel.ir import Routine
from symreg.kernel.names import Namer
from symreg.targets.infix import is_nan_of, shifted
from symreg.targets.numpy.extrema import extremum, with_extrema

_BINARY = {"+": "np.add", "-": "np.subtract", "*": "np.multiply", "/": "np.divide"}
_COMPARE = {"<": "np.less", "<=": "np.less_equal", ">": "np.greater", ">=": "np.greater_equal", "==": "np.equal"}
_MOST_ROWS = 8  # unpacked in one line,
_LONGEST_ROWS = 40  # and characters of their names
_MOST_PLACES = 3  # rows that are taken by their places
_LONGEST_COMMENT = 76  # characters, behind the indentation of a loop
_IN_A_LOOP = 72  # characters of a statement in the loop of a root
_SLOW_IN_PLACE = ("np.sign",)  # not vectorised into its own operand: 7.5 ns an element against 1.1

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operands:
    """How a block's surroundings are written.

    Args:
        scalar: An expression without the block's index.
        array: What an array is called.
        index: The block's index.
        names: What the indices are called.
        functions: Names of ufuncs, by ours.
        routines: Names of the module's routines.
    """

    scalar: Callable[[Tree], str]
    array: Callable[[str], str]
    index: str
    names: Mapping[str, str]
    functions: Mapping[str, str]
    routines: Mapping[Routine, str]


@dataclass(kw_only=True)
class Block:
    """The calls of one loop body under construction.

    Args:
        operands: Its surroundings.
        namer: Knows the names in use.
        dtype: Name of the type of rows, or "" for double precision.
        old: How far neighbours of `w` reach below and above, where they are to be those from before the loop.
        extent: The argument that says how many elements there are.
    """

    operands: Operands
    namer: Namer
    dtype: str
    old: tuple[int, int] | None = None
    extent: str = "n"
    lines: list[str] = field(default_factory=list)
    result: str = ""

    def __post_init__(self) -> None:
        self.stop = self.namer.fresh("stop")
        self.scratch, self.masks = self.namer.fresh("scratch"), self.namer.fresh("masks")
        self.before = self.namer.fresh("old") if self.old else ""
        self._rows: list[str] = []
        self._mask_rows: list[str] = []
        self._free: list[str] = []
        self._free_masks: list[str] = []
        self._views: dict[Item, str] = {}
        self._values: dict[str, str] = {}
        self._targets: dict[str, str] = {}
        self._pending: list[_Pending] = []
        self._uses: Counter[str] = Counter()
        self._asked: Counter[Tree] = Counter()  # how often a choice still asks for a condition
        self._answers: dict[Tree, str] = {}  # the masks of those that are asked for again
        self._is_in_trials = False
        self.chooses = False

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
                yield {"kind": "line", "text": f"{name} = np.empty({shape}{dtype})"}
        if self.old:
            yield {
                "kind": "line",
                "text": f"{self.before} = np.empty({length} + {sum(self.old)}, {self.dtype})",
            }

    def made(self, size: str) -> Iterator[Row]:
        """Yield the statements that make the rows where there is no loop over blocks, each of as many elements."""
        self._write()
        for scratch, rows, dtype in ((self.scratch, self._rows, ""), (self.masks, self._mask_rows, ", np.bool_")):
            lines = [*_in_lines(rows)]
            if len(rows) == 1:
                yield {"kind": "line", "text": f"{rows[0]} = np.empty({size}{dtype})"}
            elif len(lines) == 1:
                yield {"kind": "line", "text": f"{', '.join(rows)} = np.empty(({len(rows)}, {size}){dtype})"}
            elif lines:
                yield {"kind": "line", "text": f"{scratch} = np.empty(({len(rows)}, {size}){dtype})"}
                for first, some in lines:
                    unpacked = f"({some[0]},)" if len(some) == 1 else ", ".join(some)
                    yield {"kind": "line", "text": f"{unpacked} = {scratch}[{first}:{first + len(some)}]"}

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
                yield {"kind": "line", "text": f"{self.before}[:{below}] = {kept} if {index} > {first} else {fresh}"}
            target = f"{self.before}[{below} : {size} + {below + above}]"
            yield {"kind": "line", "text": f"{target} = w[{index} : {shifted(self.stop, above)}]"}
        for item, name in self._views.items():
            yield {"kind": "line", "text": f"{name} = {self._view(item, index, size)}"}
        for array, name in self._targets.items():
            yield {"kind": "line", "text": f"{name} = {self.operands.array(array)}[{index}:{self.stop}]"}
        for scratch, rows in ((self.scratch, self._rows), (self.masks, self._mask_rows)):
            yield from _unpacked(scratch, rows, size)

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
            for value in _trees(row):
                self._uses.update(node.name for node in walk(value) if isinstance(node, Name))
                if not isinstance(row, Root):
                    self._asked.update(tree for tree in _conditions(value) if not arrays(tree) & stored)
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

    def _explain(self, row: _Pending, first: int) -> None:
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
        held = {node.name for tree in _trees_of_trials(root) for node in walk(tree) if isinstance(node, Name)}
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

    def _read_again(self, item: Item, later: list[_Pending]) -> None:
        """Copy what an array was given into the copy of it that is read, if that is read later."""
        trees = [tree for row in later for tree in _trees(row)]
        if any(node == item for tree in trees for node in walk(tree)):
            self.lines.append(f"np.copyto({self._array_view(item)}, {self._target(item.array)})")

    def _target(self, array: str) -> str:
        """Return the block of an array that is written, in its own type."""
        if array not in self._targets:
            self._targets[array] = self.namer.fresh(f"{self.operands.array(array)}_{self.operands.index}")
        return self._targets[array]

    def _into(self, value: Tree, target: str) -> str:
        """Compute a value into a row or an array's block."""
        made = self._value(value, target)
        if made != target:
            self.lines.append(f"np.copyto({target}, {made})")
            self._release((value, made))
        return target

    def _value(self, tree: Tree, target: str = "") -> str:
        """Return an operand that holds a value: a scalar, an array's block, a row, or `target` if computed there."""
        match tree:
            case Item() if self._varies(tree):
                return self._array_view(tree)
            case Name(name) if name in self._values:
                return self._values[name]
            case _ if not self._varies(tree):
                return self.operands.scalar(tree)
            case Negate(operand):
                return self._call("np.negative", (operand,), target)
            case Binary(operator, left, right):
                return self._call(_BINARY[operator], (left, right), target)
            case Call("where", (condition, then, otherwise)):
                return self._choice(condition, then, otherwise, target)
            case Call(function, arguments):
                return self._call(self.operands.functions[function], arguments, target)
        raise AssertionError(tree)

    def _call(self, function: str, arguments: tuple[Tree, ...], target: str) -> str:
        made = [(argument, self._value(argument)) for argument in arguments]
        out = target or (self._row() if function in _SLOW_IN_PLACE else "")
        self._release(*made)
        out = out or self._row()
        self.lines.append(f"{function}({', '.join(_as_float(operand) for _, operand in made)}, out={out})")
        return out

    def _choice(self, condition: Tree, then: Tree, otherwise: Tree, target: str) -> str:
        """Compute the second branch, then put the first over it where the condition holds."""
        mask = self._answer(condition)
        first = self._value(then)
        # The target may be an array that the first branch still has to be read from.
        out = "" if first in self._views.values() else target
        made = self._value(otherwise, out)
        if not out:
            is_last = not isinstance(otherwise, Name) or self._uses[otherwise.name] == 1
            out = made if made in self._rows and is_last else self._row()
            if made == out and isinstance(otherwise, Name):
                self._uses[otherwise.name] = 0
        if made != out:
            self.lines.append(f"np.copyto({out}, {made})")
            self._release((otherwise, made))
        if self._varies(condition):
            self.chooses = True
            self.lines.append(f"_put({out}, {first}, {mask})")
        else:
            self.lines += [f"if {mask}:", f"    np.copyto({out}, {first})"]
        self._release((then, first))
        if self._answers.get(condition) != mask:
            self._release_mask(condition, mask)
        return out

    def _answer(self, condition: Tree) -> str:
        """Return the mask of a condition; that of one which other choices ask for as well is kept for them."""
        if self._is_in_trials:
            return self._condition(condition)
        self._asked[condition] -= 1
        is_asked_again = self._asked[condition] > 0
        if condition not in self._answers:
            mask = self._condition(condition)
            if is_asked_again:
                self._answers[condition] = mask
            return mask
        for node in walk(condition):
            if isinstance(node, Name) and node.name in self._values:
                self._release((node, self._values[node.name]))
        return self._answers[condition] if is_asked_again else self._answers.pop(condition)

    def _condition(self, tree: Tree) -> str:
        """Return an operand that is true or false."""
        match tree:
            case Name(name):
                return self._values.get(name, name)
            case _ if not self._varies(tree):
                return self.operands.scalar(tree)
            case Compare(operator, left, right):
                return self._test(_COMPARE[operator], (left, right))
            case Logic("not", (operand,)):
                x = is_nan_of(tree)
                if x is not None:
                    return self._test("np.isnan", (x,))
                made = self._condition(operand)
                self._release_mask(operand, made)
                return self._mask_call("np.logical_not", made)
            case Logic(operator, (first, *others)):
                left, mask = first, self._condition(first)
                for other in others:
                    other_mask = self._condition(other)
                    self._release_mask(left, mask)
                    self._release_mask(other, other_mask)
                    left, mask = tree, self._mask_call(f"np.logical_{operator}", mask, other_mask)
                return mask
        raise AssertionError(tree)

    def _test(self, function: str, arguments: tuple[Tree, ...]) -> str:
        made = [(argument, self._value(argument)) for argument in arguments]
        self._release(*made)
        return self._mask_call(function, *(operand for _, operand in made))

    def _mask_call(self, function: str, *operands: str) -> str:
        if self._free_masks:
            out = self._free_masks.pop()
        else:
            out = self.namer.fresh("mask")
            self._mask_rows.append(out)
        self.lines.append(f"{function}({', '.join(operands)}, out={out})")
        return out

    def _array_view(self, item: Item) -> str:
        if item not in self._views:
            parts = [item.array if item.array != "out" else self.operands.array("out")]
            for s in item.subscripts:
                parts.append(s.index + (f"_{'m' if s.shift < 0 else 'p'}{abs(s.shift)}" if s.shift else ""))
            self._views[item] = self.namer.fresh("".join(parts))
        return self._views[item]

    def _varies(self, tree: Tree) -> bool:
        return any(
            (isinstance(node, Item) and any(s.index == self.operands.index for s in node.subscripts))
            or (isinstance(node, Name) and node.name in self._values)
            for node in walk(tree)
        )

    def _row(self) -> str:
        return self._free.pop() if self._free else self._new_row(self.namer.fresh("a"))

    def _new_row(self, name: str) -> str:
        """Return a new row, under the name if no row has it; what is named in two loops' bodies may share one."""
        while name in self._rows:
            name = self.namer.fresh(name)
        self._rows.append(name)
        return name

    def _release(self, *operands: tuple[Tree, str]) -> None:
        """Give back the rows of operands that are used up: results at once, names after their last use."""
        for tree, operand in operands:
            if isinstance(tree, Name):
                self._uses[tree.name] -= 1
                is_done = self._uses[tree.name] == 0
            else:
                is_done = True
            if is_done and operand in self._rows and operand not in self._free:
                self._free.append(operand)

    def _release_mask(self, condition: Tree, mask: str) -> None:
        if not isinstance(condition, Name) and mask in self._mask_rows and mask not in self._free_masks:
            self._free_masks.append(mask)


def _as_float(operand: str) -> str:
    """Return an operand of a ufunc: an integer as a float, which NumPy takes in a third of a microsecond less."""
    return f"{operand}.0" if operand.removeprefix("-").isdigit() else operand


_Pending = tuple[str, Tree, str] | Root | Best | Invoke
"""A statement that is not written yet."""


def _in_lines(rows: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield names of rows as one line unpacks them, with the place of the first; all of a few in one line."""
    if rows and len(rows) <= _MOST_ROWS and len(", ".join(rows)) <= _LONGEST_ROWS:
        yield 0, rows
        return
    first = 0
    while first < len(rows):
        count = 1
        while (
            count < _MOST_ROWS
            and first + count < len(rows)
            and len(", ".join(rows[first : first + count + 1])) <= _LONGEST_ROWS
        ):
            count += 1
        yield first, rows[first : first + count]
        first += count


def _unpacked(scratch: str, rows: list[str], size: str) -> Iterator[Row]:
    """Yield what names the rows of scratch: a few by their places, which takes less time, more as slices."""
    if len(rows) == 1:
        yield {"kind": "line", "text": f"{rows[0]} = {scratch}[: {size}]"}
        return
    if len(rows) <= _MOST_PLACES:
        places = [f"{scratch}[{place}, : {size}]" for place in range(len(rows))]
        for first in range(0, len(rows), 2):
            names, taken = (", ".join(some[first : first + 2]) for some in (rows, places))
            yield {"kind": "line", "text": f"{names} = {taken}"}
        return
    for first, some in _in_lines(rows):
        which = f"{first}:{first + len(some)}" if len(some) < len(rows) else ":"
        names = f"({some[0]},)" if len(some) == 1 else ", ".join(some)
        yield {"kind": "line", "text": f"{names} = {scratch}[{which}, : {size}]"}


def _trees(row: _Pending | Let) -> Iterator[Tree]:
    match row:
        case Invoke():
            yield from row.arguments
        case Root():
            yield from (row.low, row.high, row.start)
            yield from _trees_of_trials(row)
        case Best():
            yield from (row.v, row.step)
        case Let():
            yield row.value
        case (_, value, _):
            yield value


def _conditions(tree: Tree) -> Iterator[Tree]:
    """Yield what choices in an expression ask, a name aside."""
    for node in walk(tree):
        if isinstance(node, Call) and node.function == "where" and not isinstance(node.arguments[0], Name):
            yield node.arguments[0]


def _trees_of_trials(root: Root) -> Iterator[Tree]:
    for inner in root.body:
        yield from _trees(inner)
    yield from (root.residual, root.slope)
