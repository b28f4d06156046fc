"""What `load` hands on: functions that know their signature, what they are of and in which precision they work."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from symreg.display import card, one_line

Callee = Callable[..., Any]


class Function:
    """An emitted function: arrays by position, parameters by keyword, as its signature says.

    Args:
        in_numpy: The function of the NumPy module: its name, signature and documentation are the function's, and it
            refuses what no precision takes.
        owner: The name of the objective that it is of.
        target: The language behind it.
        callees: What is called, by the precision of the first array.
        origin: What returns this function in another process, and its arguments: as these it is pickled.
    """

    def __init__(
        self,
        in_numpy: Callee,
        *,
        owner: str,
        target: str,
        callees: Mapping[np.dtype[Any], Callee],
        origin: tuple[Callable[..., Function], tuple[Any, ...]],
    ) -> None:
        functools.update_wrapper(self, in_numpy)
        self.__signature__ = inspect.signature(in_numpy)
        self._data = next(iter(self.__signature__.parameters))
        self._in_numpy, self._callees = in_numpy, dict(callees)
        self._is_any_taken = len(callees) > 1 and all(callee is in_numpy for callee in callees.values())
        self._owner, self._target, self._origin = owner, target, origin

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Call the function of the first array's precision."""
        if self._is_any_taken:
            return self._in_numpy(*given, **named)
        array = given[0] if given else named.get(self._data)
        callee = self._in_numpy
        if isinstance(array, np.ndarray):
            callee = self._callees.get(array.dtype) or self._of_another_dtype(array.dtype)
        return callee(*given, **named)

    def __get__(self, instance: object, owner: type | None = None) -> Function:
        """Return itself, wherever it is looked up: with this it is a routine, and `help` shows its signature."""
        return self

    def __reduce__(self) -> tuple[Callable[..., Function], tuple[Any, ...]]:
        """Return what it was loaded from: it is emitted, and compiled, anew where it is unpickled."""
        return self._origin

    def _of_another_dtype(self, dtype: np.dtype[Any]) -> Callee:
        if len(self._callees) > 1:
            return self._in_numpy  # it names the precisions that there are
        (known,) = self._callees
        raise TypeError(f"{self._data}: expected a {known} array, got {dtype}")

    @property
    def usage(self) -> str:
        """How it is called, without types: `gradient(w, *, lam=0.1, out=None)`."""
        bare = [p.replace(annotation=p.empty) for p in self.__signature__.parameters.values()]
        return f"{self._in_numpy.__name__}{inspect.Signature(bare)}"

    @property
    def summary(self) -> str:
        """The first line of its documentation."""
        return (self.__doc__ or "").strip().partition("\n")[0]

    def __repr__(self) -> str:
        return f"<{self._owner}.{self.usage} {self.where}>"

    def _repr_html_(self) -> str:
        heading = f"{self._owner}.{self._in_numpy.__name__} {self.where}"
        return card(heading, (("", self.usage, ""), ("", inspect.getdoc(self) or "", "")))

    @property
    def owner(self) -> str:
        """The name of the objective that it is of."""
        return self._owner

    @property
    def where(self) -> str:
        """The language and the precisions that it works in."""
        return f"in {self._target}, {' and '.join(sorted(map(str, self._callees)))}"


class Functions(SimpleNamespace):
    """The functions of one objective, by name: `value`, `gradient`, `prox` where there is one, and a step a rule."""

    def __getattr__(self, name: str) -> Function:
        raise AttributeError(f"there is no {name!r:.60} here; there are {', '.join(vars(self))}", name=name, obj=self)

    def __repr__(self) -> str:
        return one_line(self._heading, (function.usage for function in vars(self).values()))

    def _repr_html_(self) -> str:
        return card(self._heading, ((name, f.usage, f.summary) for name, f in vars(self).items()))

    @property
    def _heading(self) -> str:
        first: Function = next(iter(vars(self).values()))
        return f"functions of {first.owner} {first.where}"
