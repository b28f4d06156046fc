"""Docstrings of emitted functions: what stands under `Args:`."""

from __future__ import annotations

import textwrap

from symreg.targets.description import Function
from symreg.targets.numpy.layout import LONGEST_LINE
from symreg.targets.signature import Argument
from symreg.targets.wording import domain_in_words, each_in_words


def documented(function: Function) -> list[str]:
    """Return the arguments with what they are, in the order of Python's signature."""
    signature = function.signature
    given = signature.of("data", "direction", "matrix", "labels", "gradient")
    rows = [(argument.name, _meaning(argument, function)) for argument in given]
    if signature.states:
        rows.append(("state", f"From `{function.name.removesuffix('_step')}_state(w)`; overwritten."))
    rows += [(argument.name, _meaning(argument, function)) for argument in signature.by_keyword]
    return [
        line
        for name, text in rows
        for line in textwrap.wrap(
            text, LONGEST_LINE - 8, initial_indent=f"{name}: ", subsequent_indent="    ", break_long_words=False
        )
    ]


def _meaning(argument: Argument, function: Function) -> str:
    """Return what an argument is: its shape and dtype, which values are allowed, and whether it is written to."""
    match argument.role:
        case "data":
            what = {"v": "Point", "z": "Predictions"}.get(argument.name, "Weights")
            shape = "shape (n,)" if function.passes_samples else "one dimension" if function.is_indexed else "any shape"
            overwritten = ", C-contiguous; overwritten" if argument.is_overwritten else ""
            return f"{what}, float32 or float64, {shape}{overwritten}."
        case "direction":
            return "Direction; shape and dtype of w."
        case "matrix":
            dtype = "dtype of w" if function.signature.of("data") else "float32 or float64"
            return f"Shape (m, n), {dtype}, a sample a row: rows or columns one behind the other, or SciPy's CSR."
        case "labels":
            labels = argument.labels
            each = "" if labels is None or labels.are_all else f", each {labels.condition('y').removeprefix('y ')}"
            return f"Labels, shape {'(m,)' if function.passes_samples else 'of z'}, dtype of {_first(function)}{each}."
        case "sample_weight":
            return "Shape (m,), dtype of X, each >= 0: how often a sample counts; None for once."
        case "gradient":
            return "Gradient of the loss L at w; shape and dtype of w."
        case "array":
            shape = f"({', '.join(map(str, argument.shape))}{',' * (len(argument.shape) == 1)})"
            each = each_in_words(argument.domain, argument.above)
            return f"Shape {shape}, dtype of {_first(function)}{each}."
        case "groups":
            return "Where each group begins, from 0 on, ascending, and the number of weights; int64."
        case "group_weights":
            return "What each group's penalty is multiplied by, >= 0; the root of its size if None."
        case "parameter":
            allowed = domain_in_words(argument.domain, argument.above)
            text = f"{argument.doc}, {allowed}" if argument.doc else allowed
            return f"{text[:1].upper()}{text[1:]}."
        case "result":
            may_be = f"; may be {argument.may_be}" if argument.may_be else ""
            return f"Receives the result if given; C-contiguous{may_be}."
    raise AssertionError(argument)


def _first(function: Function) -> str:
    """Return the argument whose dtype the others have."""
    return function.signature.of("data")[0].name
