"""Vectors of any length, with arrays and states for them: what is called with more than a few weights at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.verification.cases.dependence import longest
from symreg.verification.cases.sampling.arrays import is_element, plain_array
from symreg.verification.cases.sampling.groups import Group
from symreg.verification.cases.sampling.stream import Stream
from symreg.verification.cases.step_case import StepCase
from symreg.verification.oracle.formats import Dtype, Vector

SMALL = 12
LENGTHS = (*range(1, 18), 33)  # around what is left over of vectors of 2, 4, 8 and 16
# Just below, at and above the block of 131,072 weights that NumPy code works in, and several blocks.
BLOCK_EDGES = (131_071, 131_072, 131_073, 320_000)
LONG = (2_050, 264_000)  # two of the blocks that C sums in, two of those that NumPy works in
LATE = 2**24  # a count in single precision stops here
PERIOD = 13  # after which weights repeat; no block's size is a multiple of it
_MOST_SUMMANDS = 4_500_000  # of a sum of sums over two of C's blocks


def moderate_weights(terms: Terms, group: Group, length: int) -> Vector:
    """Return weights around the group's, all different up to a period that no block's size is a multiple of."""
    few = group.vectors[0]
    factors = 1.0 + np.arange(PERIOD) / 32.0
    scaled = np.resize(few, PERIOD) * factors.astype(few.dtype)
    domains = terms.intervals(group.parameters)
    inside = [w if all(float(w) in domain for domain in domains) else few[0] for w in scaled]
    return np.resize(np.array(inside, dtype=few.dtype), length)


def plain_group(terms: Terms, group: Group, length: int, dtype: Dtype) -> Group:
    """Return the group with its declared arrays, plain ones, in another size."""
    return replace(group, arrays={array.name: plain_array(array, length, dtype) for array in terms.arrays})


def long_group(terms: Terms, group: Group, length: int, dtype: Dtype) -> Group:
    """Return the group with arrays of another size, their elements positive as far as their domains have such."""
    stream = Stream("long arrays", dtype)
    arrays = {}
    for array in terms.arrays:
        extent = (length,) * len(array.shape)
        sizes = [stream.log_uniform(-2, 2) for _ in range(int(np.prod(extent)))]
        flat = [x if is_element(x, array, dtype) else array.default for x in sizes]
        arrays[array.name] = np.array(flat, dtype=dtype).reshape(extent)
    return replace(group, arrays=arrays)


def long_lengths(terms: Terms) -> tuple[int, ...]:
    """Return lengths beyond the blocks that emitted code works in, as far as they do not cost too much."""
    most = longest(terms, _MOST_SUMMANDS)
    return tuple(n for n in LONG if n <= most) or (most,)


def late_case(rule: Rule, group: Group, weights: Vector) -> StepCase:
    """Return a step some time after the first, with gradients and states of the weights' size, none negative."""
    sizes = np.abs(weights) + weights.dtype.type(0.25)
    return StepCase(
        group=group,
        weights=weights,
        slopes=(),
        gradient=weights[::-1].copy(),
        parameters={p.name: p.default for p in rule.parameters},
        arrays={s.name: sizes.copy() for s in rule.states if s.is_array},
        scalars={s.name: s.initial for s in rule.states if not s.is_array},
        taken=3 if rule.uses_t else 0,
    )


def part_of(case: StepCase, where: slice) -> StepCase:
    """Return the case with some of its weights."""
    return replace(
        case,
        weights=case.weights[where].copy(),
        gradient=case.gradient[where].copy(),
        arrays={name: column[where].copy() for name, column in case.arrays.items()},
    )


def in_shape(case: StepCase, shape: tuple[int, ...]) -> StepCase:
    """Return the case with its columns as arrays of a shape."""
    return replace(
        case,
        weights=case.weights.reshape(shape),
        gradient=case.gradient.reshape(shape),
        arrays={name: column.reshape(shape) for name, column in case.arrays.items()},
    )


def tiled(column: Vector, length: int) -> Vector:
    """Return a column repeated or cut to a length; zeros if there is nothing to repeat."""
    return np.resize(column, length) if len(column) else np.zeros(length, column.dtype)


def resized(case: StepCase, length: int) -> StepCase:
    """Return the case with its columns repeated or cut to a length; its exact results no longer fit and are dropped."""
    return replace(
        case,
        weights=tiled(case.weights, length),
        gradient=tiled(case.gradient, length),
        arrays={name: tiled(column, length) for name, column in case.arrays.items()},
        slopes=(),
        exact={},
    )
