"""Somebody's own function, called as the emitted one of its kind would be, and what it does besides computing."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symreg.verification.cases.calling import CallFailed, vector_of
from symreg.verification.foreign.arrays import IN_WORDS, Arrays, to_array, to_tensor
from symreg.verification.foreign.fit import Plan

_SHOWN = 200  # characters of what was raised
_OF_NUMBERS = ("truth value of an array", "0-dimensional arrays can be converted", "length-1 arrays can be converted")


@dataclass(slots=True, kw_only=True)
class Foreign:
    """A function of somebody's own.

    Args:
        function: Itself.
        plan: How it is called.
        arrays: What it takes.
        notes: What it was seen to do, in the order in which it was.
    """

    function: Callable[..., Any]
    plan: Plan
    arrays: Arrays
    notes: dict[str, None] = field(default_factory=dict)

    def __call__(self, *arrays: Any, **named: Any) -> Any:
        """Return what it returns, as numbers or arrays of NumPy's; a step changes `w` and the state in place.

        Raises:
            CallFailed: It raised, or returned what cannot be compared.
        """
        values = dict(zip(self.plan.call.arrays, arrays, strict=True)) | named
        return self._of_each(values) if self.arrays == "numbers" else self._of_all(values)

    def _of_all(self, values: dict[str, Any]) -> Any:
        """Return the result for whole arrays."""
        weights = next(iter(values.values()))
        before = {name: x.copy() for name, x in values.items() if isinstance(x, np.ndarray)}
        state = values.get("state", {})
        given = {name: self._given(x) for name, x in values.items() if name != "state"}
        given = {name: x for name, x in _sizes(values).items() if name not in state} | given
        handed = {name: self._given(x) for name, x in state.items()}
        result = self._raw({**handed, **given, "state": handed} if state else given)
        self._look_at_inputs(values, before)
        if self.plan.call.kind == "partial" and isinstance(result, tuple):
            return tuple(map(to_array, result))
        if self.plan.call.kind != "step":
            result = to_array(result)
            if isinstance(result, list | tuple):
                self._note(f"it returns a {type(result).__name__}, which was read as an array")
            self._look_at_dtype(result, weights)
            if self.plan.call.kind == "value" and getattr(result, "shape", ()) == weights.shape:
                raise CallFailed(
                    f"value is an array of shape {weights.shape} where one number, of all weights together, is right; "
                    "--arrays numbers takes one weight at a time, and sums"
                )
            return result
        after = self._after_step(result, handed, weights)
        state.clear()
        state.update(after)
        return None

    def _of_each(self, values: dict[str, Any]) -> Any:
        """Return the results for one weight at a time: an array, or of values the sum."""
        kind, weights = self.plan.call.kind, next(iter(values.values()))
        columns = {name: x for name, x in values.items() if isinstance(x, np.ndarray)}
        state = values.get("state", {})
        results, states = [], []
        for j in range(len(weights)):
            given = {**_sizes(values), **values, **{name: _single(column[j]) for name, column in columns.items()}}
            own = {name: _single(x[j]) if isinstance(x, np.ndarray) else x for name, x in state.items()}
            result = self._raw({**own, **given, "state": own} if state else given)
            if kind == "step":
                single = np.array(weights[j])
                states.append(self._after_step(result, own, single, is_in_place=False))
                result = single
            results.append(float(vector_of(to_array(result), (), kind)))
        if kind == "value":
            return float(np.sum(results))
        if kind != "step":
            return np.array(results)
        weights[...] = results
        for name, x in [*state.items()]:
            column = [after[name] for after in states]
            state[name] = np.array(column, x.dtype) if isinstance(x, np.ndarray) else column[0]
        return None

    def _raw(self, values: Mapping[str, Any]) -> Any:
        """Return what the function itself returns."""
        try:
            arguments, named = self.plan.at(values)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise CallFailed(f"its arguments have no value: {error}") from error
        try:
            return self.function(*arguments, **named)
        except CallFailed:
            raise
        except (Exception, SystemExit, GeneratorExit) as error:
            raise CallFailed(f"it raised {described(error)}{self._advice(error)}") from error

    def _advice(self, error: BaseException) -> str:
        """Return what to hand over instead, if that is what the function could not take."""
        said = str(error)
        if self.arrays == "numpy" and any(words in said for words in _OF_NUMBERS):
            return "; --arrays numbers hands over one weight at a time"
        if self.arrays == "numpy" and "numpy.ndarray" in said and isinstance(error, AttributeError | TypeError):
            return "; --arrays torch hands over tensors"
        if self.arrays == "torch" and "ensor" in said and isinstance(error, AttributeError | TypeError):
            return "; --arrays numpy hands over NumPy arrays"
        return ""

    def _given(self, value: Any) -> Any:
        return to_tensor(value) if self.arrays == "torch" else value

    def _after_step(
        self, result: Any, state: dict[str, Any], weights: NDArray[Any], *, is_in_place: bool = True
    ) -> dict[str, Any]:
        """Write the new weights into the array of them, and return the new state.

        Args:
            result: The new weights or None, or these and the new state: one dict, or one after the other.
            state: As the function left it.
            weights: As the function left them.
            is_in_place: Can it have changed the weights themselves?
        """
        names = self.plan.call.states
        rest: tuple[Any, ...] = ()
        if isinstance(result, tuple) and names and result:
            result, rest = result[0], result[1:]
        after = {name: to_array(x) for name, x in state.items()}
        returned = {}
        if len(rest) == 1 and isinstance(rest[0], Mapping):
            returned = dict(rest[0])
        elif rest:
            of_arrays = tuple(name for name in names if name != "t")
            if len(rest) not in (len(names), len(of_arrays)):
                raise CallFailed(f"the step returned {len(rest)} states where {', '.join(names)} are right")
            returned = dict(zip(names if len(rest) == len(names) else of_arrays, rest, strict=True))
        after |= {name: to_array(x) for name, x in returned.items()}
        has_dict = self.plan.arguments is None or "state" in self.plan.arguments.names
        if "t" in names and not has_dict and "t" not in returned:
            after["t"] = after["t"] + 1  # a number that it could only read
        if result is None and is_in_place:
            return after
        new = vector_of(to_array(result), weights.shape, "the step's result")
        self._look_at_dtype(result, weights)
        weights[...] = new
        return after

    def _look_at_inputs(self, values: Mapping[str, Any], before: Mapping[str, NDArray[Any]]) -> None:
        """Note which arrays it changed that it was only to read."""
        for name, was in before.items():
            if name == "w" and self.plan.call.kind == "step":
                continue
            if not np.array_equal(values[name], was, equal_nan=True):
                self._note(f"it changes {name} in place; each call was given a copy")

    def _look_at_dtype(self, result: Any, weights: NDArray[Any]) -> None:
        dtype = getattr(result, "dtype", None)
        if isinstance(dtype, np.dtype) and dtype.kind == "f" and dtype != weights.dtype:
            self._note(f"it returns {dtype} for {weights.dtype}")

    def _note(self, note: str) -> None:
        self.notes.setdefault(note)

    @property
    def text(self) -> str:
        """What is called with what, as a report shows it."""
        return f"{self.plan.text} on {IN_WORDS[self.arrays]}"


def _sizes(values: Mapping[str, Any]) -> dict[str, int]:
    """Return the numbers of weights and of samples that arguments can be made of."""
    weights = next(iter(values.values()))
    return {"n": len(weights), "m": len(values.get("y", weights))}


def described(error: BaseException) -> str:
    """Return what was raised, the first line of its text, and where in somebody's file."""
    lines = str(error).splitlines()
    said = f"{type(error).__name__}{f': {lines[0][:_SHOWN]}' if lines else ''}"
    frames = [*_frames_of_theirs(error)]
    return f"{said} ({Path(frames[-1][0]).name}, line {frames[-1][1]})" if frames else said


def _frames_of_theirs(error: BaseException) -> Iterator[tuple[str, int]]:
    """Yield file and line of the frames below ours that are in the file of the first of them."""
    walked = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    theirs = [place for place in walked if place[0] != __file__]
    yield from (place for place in theirs if place[0] == theirs[0][0])


def _single(x: Any) -> Any:
    """Return an element as a number: a float, or one of single precision."""
    return float(x) if x.dtype == np.float64 else x
