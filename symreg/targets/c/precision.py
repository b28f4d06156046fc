"""In which types a C function computes, and what its helpers go by in each."""

from __future__ import annotations

from dataclasses import dataclass, replace

from symreg.targets.options import DtypeChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """The types of a function.

    Args:
        suffix: Of its name.
        real: Of the elements of arrays.
        wide: Of parameters, states that are one number, sums and roots.
        is_alone: Are all numbers of the file of one type?
    """

    suffix: str
    real: str
    wide: str
    is_alone: bool = True

    @property
    def is_mixed(self) -> bool:
        """Are there two types, so that values are converted?"""
        return self.real != self.wide


DOUBLE = Precision(suffix="f64", real="double", wide="double")
SINGLE = Precision(suffix="f32", real="float", wide="float")
DOUBLE_BESIDE_SINGLE = replace(DOUBLE, is_alone=False)
SINGLE_BESIDE_DOUBLE = Precision(suffix="f32", real="float", wide="double", is_alone=False)

PRECISIONS: dict[DtypeChoice, tuple[Precision, ...]] = {
    "float64": (DOUBLE,),
    "float32": (SINGLE,),
    "all": (DOUBLE_BESIDE_SINGLE, SINGLE_BESIDE_DOUBLE),
}
"""The functions of a file; all of them have the same `wide` type."""

WIDE_TEXTS = {
    "double": {
        "type": "double",
        "f": "",
        "nan": "(double)NAN",
        "largest": "DBL_MAX",
        "smallest": "DBL_MIN",
        "no_residual": "1e-200",  # less than any that a slope which is not infinite could leave
        "rounding": "2e-16",  # relative: a movement of less is none
        "least": "1e-13",  # a movement behind which Newton's method, which squares it, leaves none
        "late": "1e-9",  # the same in late rounds, where rounding may not let it become smaller
        "late_in_block": "1e-12",
        "found": "1e300",  # in place of a movement
    },
    "float": {
        "type": "float",
        "f": "f",
        "nan": "NAN",
        "largest": "FLT_MAX",
        "smallest": "FLT_MIN",
        "no_residual": "1e-35f",
        "rounding": "1e-7f",
        "least": "1e-6f",
        "late": "1e-4f",
        "late_in_block": "1e-5f",
        "found": "1e30f",
    },
}
"""What the templates write for the `wide` type."""
