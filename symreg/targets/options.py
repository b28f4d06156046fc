"""What of an objective is emitted: which functions, in which precision."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from symreg.updates.kinds import KINDS, Kind

if TYPE_CHECKING:
    import numpy as np

    from symreg.updates.update import Update

DtypeChoice = Literal["float64", "float32", "all"]
DTYPES: tuple[DtypeChoice, ...] = ("float64", "float32", "all")
"""The precisions in which C is emitted; a NumPy module works in that of its arrays, whichever is asked for."""
DtypeLike: TypeAlias = "str | type[float] | type[np.floating[Any]] | np.dtype[np.floating[Any]]"
"""A precision by its name, as a type or as NumPy's dtype of it; `all` stands for both."""


Style = Literal["blocks", "plain"]
STYLES: tuple[Style, ...] = ("blocks", "plain")
"""How NumPy is written: in place and in blocks, or as pure functions of whole arrays; C has no such choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is emitted.

    Args:
        dtype: `float64`, `float32`, or `all` for both in one file. Alone, functions in single precision take and
            compute in single precision throughout; beside those in double precision their parameters, sums and roots
            are in double precision as well.
        kinds: Which functions there are.
        is_judged: Is the source judged before it is handed over? If not, the header says so.
        style: How NumPy is written.
    """

    dtype: DtypeChoice = "float64"
    kinds: tuple[Kind, ...] = KINDS
    is_judged: bool = True
    style: Style = "blocks"

    def chosen(self, updates: tuple[Update, ...]) -> tuple[Update, ...]:
        """Return those of an objective's functions that are wanted."""
        return tuple(update for update in updates if update.kind in self.kinds)

    @property
    def precisions(self) -> tuple[Literal["float64", "float32"], ...]:
        """The precisions of arrays that C takes."""
        return ("float64", "float32") if self.dtype == "all" else (self.dtype,)


def dtype_of(dtype: DtypeLike) -> DtypeChoice | None:
    """Return the precision that something stands for, as NumPy reads it, or `all`; None where there is no such one."""
    for known in DTYPES:
        if isinstance(dtype, str) and dtype == known:
            return known
    import numpy as np

    with suppress(TypeError):
        for known in DTYPES:
            if dtype is not None and known != "all" and np.dtype(dtype) == known:
                return known
    return None


UNLESS_ASKED = Options()
"""What is emitted unless somebody asks for something else."""

BOTH = Options(dtype="all")
"""What is loaded and verified: all functions, in both precisions."""
