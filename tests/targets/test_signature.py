"""The signature: one order of arguments, and the views of it that C, Python, the loader and the judge have."""

from __future__ import annotations

import inspect
import re
from functools import cache

import numpy as np
import pytest

from symreg.kernel import lower
from symreg.model.objective import Objective
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.c.arguments import overlaps, prototype, size
from symreg.targets.c.precision import DOUBLE, SINGLE, SINGLE_BESIDE_DOUBLE
from symreg.targets.emit import emit
from symreg.targets.loading.load import load_module
from symreg.targets.options import BOTH
from symreg.targets.signature import BY_POSITION, Argument, Signature, signature_of
from symreg.updates.assemble import updates
from symreg.updates.update import Update
from symreg.verification.cases import calling

OBJECTIVES = ("mcp", "tikhonov", "l2_norm")
RULES = ("adam", "nadam", "gradient_descent")


@cache
def derived(text: str) -> tuple[Objective, tuple[Update, ...]]:
    objective = resolve(text)
    return objective, updates(objective, [resolve_rule(rule) for rule in RULES])


@pytest.mark.parametrize("text", OBJECTIVES)
def test_the_header_declares_the_arguments_in_order(text: str) -> None:
    objective, functions = derived(text)
    header = emit(objective, functions, "c", BOTH)[f"c/{text}.h"]
    for update in functions:
        signature = signature_of(lower(update))
        for precision in (DOUBLE, SINGLE_BESIDE_DOUBLE):
            (declared,) = re.findall(rf"\b{text}_{update.name}_{precision.suffix}\(([^)]*)\);", header)
            assert " ".join(declared.split()) == " ".join(prototype(signature, precision))
            assert re.findall(r"(\w+)(?:,|$)", declared) == [argument.name for argument in signature.arguments]


@pytest.mark.parametrize("text", OBJECTIVES)
def test_python_takes_data_by_position_and_the_rest_by_keyword(text: str) -> None:
    objective, functions = derived(text)
    (source,) = emit(objective, functions, "numpy").values()
    module = load_module(text, source)
    for update in functions:
        signature = signature_of(lower(update))
        parameters = inspect.signature(getattr(module, update.name)).parameters.values()
        by_position = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        assert tuple(by_position) == signature.by_position
        keywords = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        assert list(keywords) == [argument.name for argument in signature.by_keyword]
        for argument in signature.of("parameter"):
            has_default = argument.default == argument.default
            assert keywords[argument.name] == (argument.default if has_default else inspect.Parameter.empty)


def test_the_judge_calls_somebodys_function_as_an_emitted_one() -> None:
    assert calling.BY_POSITION == BY_POSITION


def test_shapes_over_rows_of_data_have_a_place() -> None:
    """A loss hands in X, m x n, and y: what C declares and guards follows from their shapes."""
    signature = Signature(
        arguments=(
            Argument(name="n", role="length", dtype="size"),
            Argument(name="w", role="data", shape=("n",)),
            Argument(name="X", role="array", shape=("m", "n")),
            Argument(name="y", role="array", shape=("m",)),
            Argument(name="out", role="result", shape=("n",), is_overwritten=True),
        ),
        returns="array",
    )
    assert [size(argument) for argument in signature.of("array")] == ["samples * n", "samples"]
    assert prototype(signature, SINGLE) == ["size_t n, const float *w, const float *X, const float *y, float *out"]
    spans = " ".join(overlaps(signature, SINGLE)["spans"])
    assert "{X, samples * n}, {y, samples}" in spans


def test_a_call_through_ctypes_has_the_types_of_the_signature() -> None:
    from symreg.targets.loading.load import load

    objective, functions = derived("mcp")
    loaded = load(objective, functions, "c")
    w, g = np.array([0.5, -2.0]), np.array([1.0, 1.0])
    state = loaded.adam_state(w)
    loaded.adam_step(w, g, state, lr=0.1)
    assert state["t"] == 1.0 and type(state["t"]) is float and state["m"].shape == (2,)
    with pytest.raises(TypeError, match="step"):
        loaded.prox(w)  # the step has no default
