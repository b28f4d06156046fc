"""Numbers at which formulas are compared: the step and v as parameters, and weights strictly inside a piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from symreg.calculus.evaluation.high_precision import TINY, Values, evaluate
from symreg.expressions.tree import Tree
from symreg.model.interval import WORDS, Interval
from symreg.model.spec import Parameter

OWN_PARAMETERS = (
    Parameter(name="step", domain=WORDS["positive"], default=1.0),
    Parameter(name="v", domain=Interval(), default=1.0),
)
"""The names `step` and `v` as parameters: a step is positive."""


def known_with(parameters: tuple[Parameter, ...], *, is_even: bool) -> tuple[Parameter, ...]:
    """Return the parameters with s and v among them; of an even phi only v > 0 is looked at."""
    step, v = OWN_PARAMETERS
    positive = Parameter(name=v.name, domain=WORDS["positive"], default=v.default)
    return (*parameters, step, positive if is_even else v)


def exact(text: str) -> Any:
    """Return a number of many digits from its text."""
    return TINY.context.mpf(text)


def weights_between(low: Tree | None, high: Tree | None, values: Values, shares: Sequence[Any]) -> Iterator[Any]:
    """Yield weights strictly between two ends.

    Args:
        low: None for minus infinity.
        high: None for infinity.
        values: Of the parameters.
        shares: Distances from an end that is finite; between two ends x stands for x/(1 + x) of the way.
    """
    a, b = (None if end is None else evaluate(end, values) for end in (low, high))
    for share in shares:
        if a is not None and b is not None:
            yield a + (b - a) * share / (1 + share)
        elif a is not None:
            yield a + share
        elif b is not None:
            yield b - share
        else:
            yield -share
            yield share
