"""How X may lie in memory, and the public function for each way: all call one function that takes any of them."""

from __future__ import annotations

from dataclasses import dataclass

from symreg.kernel.ir import Rows
from symreg.kernel.names import Namer
from symreg.targets.c.layout import LONGEST_LINE, Row, filled
from symreg.targets.c.precision import Precision
from symreg.targets.description import Function
from symreg.targets.signature import Signature

ROWS_AT_ONCE, COMPRESSED_AT_ONCE = 16, 64
COLUMN_PIECE, SHORT_PIECE, MANY_COLUMNS = 4096, 1024, 2048
"""Samples that a pass takes at once: rows, or pieces of columns, which are shorter where there are few columns.

A block of rows stays in a second-level cache from its products to its sum. Pieces of columns only do if the columns are
few; with more of them long pieces are what memory delivers fastest.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A way in which X lies in memory.

    Args:
        suffix: Of a function's name, before that of the precision.
        summary: What it is, behind "The same with X".
        arguments: In place of X: type, `{real}` for that of an element, name, and what it is.
        struct: The members of `struct samples`, with the arguments in order as `{0}`, `{1}`, ...
    """

    suffix: str
    summary: str
    arguments: tuple[tuple[str, str, str], ...]
    struct: str


BY_ROWS = Layout(
    suffix="",
    summary="row by row",
    arguments=(
        ("const {real} *", "X", "samples x n numbers, row by row"),
        ("size_t ", "ldx", "how many numbers a row begins behind the one before, at least n"),
    ),
    struct="{0}, {1}, 0, NULL, NULL, 0",
)

LAYOUTS = (
    BY_ROWS,
    Layout(
        suffix="_columns",
        summary="column by column",
        arguments=(
            ("const {real} *", "X", "samples x n numbers, column by column"),
            ("size_t ", "ldx", "how many numbers a column begins behind the one before, at least samples"),
        ),
        struct="{0}, {1}, 1, NULL, NULL, 0",
    ),
    *(
        Layout(
            suffix=f"_csr{'32' if bits == 32 else ''}",
            summary=f"in compressed rows (CSR) with indices of {bits} bits",
            arguments=(
                (f"const int{bits}_t *", "indptr", "samples + 1 numbers: where a row begins in indices and data"),
                (f"const int{bits}_t *", "indices", "the column of each number, in any order; of one that is there"),
                ("const {real} *", "data", "the numbers"),
            ),
            struct=f"{{2}}, 0, 0, {{0}}, {{1}}, {bits // 8}",
        )
        for bits in (64, 32)
    ),
)
"""Every layout of X, that in which a function is documented in full first."""


def arguments_of(layout: Layout, signature: Signature) -> list[tuple[str, str, str]]:
    """Return the arguments in place of X as in a layout, under names that no other argument has."""
    namer = Namer(argument.name for argument in signature.arguments if argument.role != "matrix")
    return [(kind, namer.fresh(name), meaning) for kind, name, meaning in layout.arguments]


def declarations(layout: Layout, signature: Signature, precision: Precision) -> list[str]:
    """Return how the arguments in place of X are declared."""
    return [f"{kind.format(real=precision.real)}{name}" for kind, name, _ in arguments_of(layout, signature)]


def products(function: Function) -> int:
    """Return how many numbers a function keeps of each sample."""
    return max((len(stage.products) for stage in function.kernel.stages if isinstance(stage, Rows)), default=0)


def kept_numbers(layout: Layout, function: Function) -> int:
    """Return how many numbers a function keeps of all samples that it takes at once."""
    if layout.suffix == "_columns":
        return COLUMN_PIECE
    return products(function) * (COMPRESSED_AT_ONCE if layout.suffix else ROWS_AT_ONCE)


def call(layout: Layout, function: Function, precision: Precision, own: dict[str, str], callee: str) -> Row:
    """Return what the body of a public function is made of: the record of its samples, and the call."""
    signature = function.signature
    namer = Namer([argument.name for argument in signature.arguments] + list(own.values()) + [callee])
    members = [name for _, name, _ in arguments_of(layout, signature)]
    namer = Namer({*namer.taken, *members})
    record, kept = namer.fresh("rows"), namer.fresh("kept")
    passed = [f"&{record}" if argument.role == "matrix" else argument.name for argument in signature.arguments]
    room = kept_numbers(layout, function)
    values = f"{layout.struct.format(*members)}, {kept}, {_at_once(layout, function, precision, own, room)}"
    return {
        "room": room,
        "kept": f"{precision.real} {kept}[{room}]",
        "record": f"const struct samples_{precision.suffix} {record} = {{{values}}}",
        "call": callee,
        "passed": filled(passed, LONGEST_LINE - 8),
    }


def _at_once(layout: Layout, function: Function, precision: Precision, own: dict[str, str], room: int) -> str:
    """Return how many samples are taken at once."""
    if layout.suffix == "_columns":
        return f"(size_t)(n < {MANY_COLUMNS} ? {SHORT_PIECE} : {room // products(function)})"
    return f"{own['rows_in_cache']}_{precision.suffix}(n)" if not layout.suffix else str(COMPRESSED_AT_ONCE)
