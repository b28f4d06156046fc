"""The arrays that an object takes: NumPy's, torch's or JAX's, of the shape that it works on.

Takes plain numbers, hands on an array of the library's own, and takes back what came of it. torch and JAX are asked for
only where somebody's object has imported them: this module imports neither.
"""

from __future__ import annotations

import inspect
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symreg.errors import SpecError

Library: TypeAlias = Literal["numpy", "torch", "jax"]
_OWN_LIBRARY: dict[str, Library] = {"torch": "torch", "jax": "jax", "flax": "jax"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How numbers are handed to an object.

    Args:
        library: Whose arrays it takes.
        lead: Dimensions of size one before that of the elements, as a batch has.
        is_single: Does it take one number at a time, as an array of one element?
        is_scalar: Does it take one number at a time, as a plain number?
    """

    library: Library = "numpy"
    lead: tuple[int, ...] = ()
    is_single: bool = False
    is_scalar: bool = False

    def array(self, numbers: ArrayLike) -> Any:
        """Return numbers as an array of double precision; nested ones keep their shape."""
        if self.is_scalar:
            return float(np.asarray(numbers, dtype=np.float64).item())
        plain = np.array(numbers, dtype=np.float64)
        if plain.ndim == 1:
            plain = plain.reshape((*self.lead, plain.size))
        if self.library == "torch":
            return sys.modules["torch"].from_numpy(plain)
        if self.library == "jax":
            return sys.modules["jax"].numpy.asarray(plain)
        return plain

    @property
    def is_one_by_one(self) -> bool:
        """Is it asked about one number at a time?"""
        return self.is_single or self.is_scalar


def libraries_of(subject: object) -> tuple[Library, ...]:
    """Return the libraries whose arrays an object may take, the likeliest first.

    That is its own if its class is made from torch's or JAX's, else NumPy's; then each other one that is imported.
    """
    classes = () if inspect.isroutine(subject) else type(subject).__mro__
    roots = [c.__module__.partition(".")[0] for c in classes]
    own = [_OWN_LIBRARY[root] for root in roots if root in _OWN_LIBRARY]
    others: list[Library] = ["numpy", *(name for name in ("torch", "jax") if name in sys.modules)]
    return tuple(dict.fromkeys((*own, *others)))


def in_double_precision() -> AbstractContextManager[Any]:
    """Return what makes JAX, if an object has imported it, keep double precision."""
    jax: Any = sys.modules.get("jax")
    if jax is None:
        return nullcontext()
    enable = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64  # the older name
    context: AbstractContextManager[Any] = enable(True)
    return context


def plain_array(result: Any) -> NDArray[Any]:
    """Return anybody's array, tensor or number as an array of NumPy's.

    Raises:
        ValueError, TypeError: It is none.
    """
    if hasattr(result, "detach"):  # a tensor of torch's, which may be part of a graph
        result = result.detach().cpu()
    elif callable(getattr(result, "asarray", None)):  # an element of a space of ODL's
        result = result.asarray()
    return np.asarray(result)


def array_of(name: str, numbers: list[object]) -> NDArray[Any]:
    """Return a list of numbers as the array that an object is made with; integers stay integers.

    Raises:
        SpecError: It holds something else, or rows of different lengths.
    """
    try:
        array = np.array(numbers) if numbers else np.zeros(0)
    except (ValueError, TypeError, OverflowError):
        array = np.array(None)
    if array.dtype.kind not in "iuf":
        raise SpecError(f"{name[:40]}: a list holds numbers, or lists of as many numbers each")
    return array.astype(np.int64 if array.dtype.kind == "i" else np.float64)
