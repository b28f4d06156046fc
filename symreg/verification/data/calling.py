"""Call a function of an objective with data as a user would, on copies, and look at what comes back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from symreg.verification.cases.calling import CallFailed, Subject, vector_of
from symreg.verification.data.matrices import LAYOUTS
from symreg.verification.data.samples import Sample
from symreg.verification.oracle.formats import Vector


def arguments_of(
    sample: Sample, layout: str, names: Collection[str], per_weight: Collection[str] = ()
) -> dict[str, Any]:
    """Return the arguments of a call by name, each a copy of its own.

    Args:
        sample: The data, and the point.
        layout: One of `LAYOUTS`: how the matrix lies in memory.
        names: Parameters and arrays that the function takes.
        per_weight: Those of them that hold one number for each weight.
    """
    given: dict[str, Any] = {"w": sample.w.copy(), "X": LAYOUTS[layout](sample.X.copy()), "y": sample.y.copy()}
    known: dict[str, Any] = {**sample.parameters, **{name: array.copy() for name, array in sample.arrays.items()}}
    given |= {name: sample.elements[name].copy() for name in per_weight if name in names}
    given |= {name: known[name] for name in names if name in known and name not in given}
    if sample.sample_weight is not None:
        given["sample_weight"] = sample.sample_weight.copy()
    return given


def call(subject: Subject, function: str, given: Mapping[str, Any]) -> Any:
    """Return what a function returns; what an emitted one was only to read is as it was.

    Raises:
        CallFailed: It raised, or changed an argument.
    """
    if not subject.is_emitted:
        return subject.call(function, given)
    written = ("w", "state", "out") if function.endswith("_step") else ("out",)
    before = {name: _snapshot(value) for name, value in given.items() if name not in written}
    result = subject.call(function, given)
    for name, value in before.items():
        if not _alike(_snapshot(given[name]), value):
            raise CallFailed(f"it changed {name}, which it was only to read")
    return result


def vector(subject: Subject, result: Any, sample: Sample, name: str) -> Vector:
    """Return what came out as one number for each weight, of an emitted function of the type of the weights.

    Raises:
        CallFailed: It is none.
    """
    found = vector_of(result, sample.w.shape, name)
    if subject.is_emitted and found.dtype != sample.w.dtype:
        raise CallFailed(f"{name} is {found.dtype} where {sample.w.dtype} is right")
    return found


def one_number(result: Any, name: str) -> float:
    """Return what came out as one number.

    Raises:
        CallFailed: It is none.
    """
    return float(vector_of(result, (), name))


def _snapshot(value: Any) -> list[Any]:
    parts = [value.data, value.indices, value.indptr] if hasattr(value, "indptr") else [value]
    return [np.array(part, copy=True) for part in parts]


def _alike(one: list[Any], other: list[Any]) -> bool:
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True))
