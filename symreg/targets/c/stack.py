"""How much stack the functions of a file take at most: a bound from what they name and keep, not a measurement.

A compiler keeps some of the named numbers on the stack, others in registers, and gives each call a frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symreg.kernel import Kernel, Map
from symreg.kernel.ir import Routine, Stage, Statement, has_root, has_sum, names_in, routines_in
from symreg.targets.c.layout import Row

_FRAME = 256
"""Bytes of a call besides: saved registers, arguments, and what aligns them."""
_GRAIN = 256
TERMS, FEW_TERMS, PARTS = 16, 8, 8
"""Numbers that a sum keeps: its terms of a block, fewer where it is not alone, and of what was added before."""
_LANES = 64
"""Numbers that are kept of the lines of X whose products are computed together."""
_SEARCH = 160
"""Numbers that a search for minimisers takes besides the scratch that it is given."""
_BYTES = {"double": 8, "float": 4}


def stack_bound(
    kernels: Iterable[Kernel],
    functions: Iterable[Row],
    routines: Iterable[tuple[Routine, Row]],
    wide: str,
    lanes: int,
    most: int,
) -> int:
    """Return a number of bytes that no call of a file's functions takes, what it calls in the file included.

    Args:
        kernels: Of the functions, in order.
        functions: Their rows for the templates.
        routines: With their rows.
        wide: The type of numbers.
        lanes: How many elements' minimisers are found together.
        most: Public functions that keep so many numbers of samples are not looked at.
    """
    size = _BYTES[wide]
    depths: dict[Routine, int] = {}
    for routine, row in routines:  # each after those that it calls
        parts = (*routine.body, *routine.each)
        kept = lanes * row["block"]["count"] if row["block"] else 0
        own = _FRAME + size * (_names(parts) + 2 * len(routine.results) + kept)
        depths[routine] = own + _called(parts, depths)
    deepest = 0
    for kernel, function in zip(kernels, functions, strict=True):
        pointers = 2 * function["overlaps"]["count"]  # each with the bytes behind it
        kept = _names(kernel.stages) + sum(_numbers(row, lanes) for row in function["body"]) + pointers
        search = 0 if kernel.search is None else _SEARCH + 2 * len(kernel.search.knots)
        frames = 4 if function["publics"] else 1  # of the public function, of the pass, of a product, of its lines
        kept += max((public["room"] for public in function["publics"] if public["room"] < most), default=0)
        deepest = max(deepest, _FRAME * frames + size * (kept + search) + _called(kernel.stages, depths))
    return -(-deepest // _GRAIN) * _GRAIN


def terms_of_block(stages: Iterable[Stage]) -> int:
    """Return how many terms are added, or weights read ahead, at once: few where one loop does that within another."""
    maps = [stage for stage in stages if isinstance(stage, Map)]
    return FEW_TERMS if any(stage.reads_old or has_sum((*stage.body, *stage.edge)) for stage in maps) else TERMS


def _called(stages: Iterable[Stage | Statement], depths: Mapping[Routine, int]) -> int:
    """Return the stack of the deepest routine that stages invoke; a root asks a function of its own for each trial."""
    kept = tuple(stages)
    deepest = max((depths[routine] for routine in routines_in(kept)), default=0)
    return max(deepest, _FRAME if has_root(kept) else 0)


def _names(stages: Iterable[Stage | Statement]) -> int:
    return sum(1 for _ in names_in(stages))


def _numbers(row: Row, lanes: int) -> int:
    """Return how many numbers the arrays of a statement hold, and those of the statements in it."""
    inner = sum(_numbers(part, lanes) for key in ("body", "edge") for part in row.get(key, ()))
    match row["kind"]:
        case "sum":
            return TERMS + PARTS + inner
        case "pass":
            return _LANES + TERMS + PARTS + inner
        case "rooted":
            return lanes * int(row["count"])
        case "delayed":
            return TERMS + 2 * (int(row["below"]) + int(row["above"])) + inner
        case _:
            return inner
