"""Verdicts on a penalty, and the directions of a derivation, as the plain data that they are confronted as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from symreg.expressions.tree import Name, Tree

Row = dict[str, Fraction]
"""Exact parameters by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refutation:
    """Numbers at which a claim is said to fail: `left operator right` does not hold there.

    Args:
        at: Exact values by name: parameters, and `w`, `u`, `v`.
        left: Over these names.
        operator: `<`, `<=`, `>`, `>=` or `==`.
        right: Over these names.
        weights: The vector as expressions in the one number `w`.
        arrays: Declared arrays by name, as rows.
    """

    at: tuple[tuple[str, Fraction], ...]
    left: Tree
    operator: str
    right: Tree
    weights: tuple[Tree, ...] = (Name("w"),)
    arrays: Mapping[str, Sequence[Sequence[Fraction]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A verdict on one claim.

    Args:
        claim: By its name: `convex`, `gradient Lipschitz`, ...
        verdict: Of `conditional`, the claim holds where `holds_iff` does and nowhere else.
        holds_iff: Over the parameters, and `lr` or `step`.
        value: The constant that goes with the claim.
        refutation: Where it fails.
    """

    claim: str
    verdict: Literal["proved", "conditional", "refuted", "undecided"]
    holds_iff: Tree | None = None
    value: Tree | None = None
    refutation: Refutation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What is said of the slope's sign on one side of zero.

    Args:
        side: Of the weight: 1 or -1.
        sign: In words; `undefined` where the formula has no value.
        where: Over the bare `w`: the part of the side that is meant, all of it for None.
    """

    side: Literal[-1, 1]
    sign: Literal["negative", "nonpositive", "zero", "nonnegative", "positive", "both", "undecided", "undefined"]
    where: Tree | None = None
