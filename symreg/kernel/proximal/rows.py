"""Cases as they are once the step is known: between two weights, up to a threshold of v, one formula or root for each.

A row holds for the v up to its threshold; which row a v belongs to is found by comparing it with the thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass

from symreg.expressions.tree import Call, Compare, Negate, Tree, substitute
from symreg.kernel.proximal.scope import FARTHEST, Scope, Statements, W
from symreg.proximal.operator import Case, Kink, threshold_at


@dataclass(frozen=True, slots=True)
class Row:
    """A case between two weights.

    Args:
        case: What the minimiser is.
        low: The least u; None for minus infinity.
        high: The greatest u; None for infinity.
        threshold: The greatest v of the row; None for infinity, and where a gap follows.
    """

    case: Case
    low: Tree | None
    high: Tree | None
    threshold: Tree | None


def rows_of(cases: tuple[Case, ...], low: Tree | None, high: Tree | None, scope: Scope, once: Statements) -> list[Row]:
    """Return the rows of neighbouring cases; the first begins at `low`, the last ends at `high`, where these are given.

    Args:
        cases: Ascending, without a gap between.
        low: Where F turns before them.
        high: Where F turns behind them.
        scope: Of the function.
        once: Receives the thresholds.
    """
    ends: list[tuple[Tree | None, Tree | None]] = []
    for k, case in enumerate(cases):
        place = case.place
        if isinstance(place, Kink):
            ends.append((place.position, place.position))
            continue
        is_last = k + 1 == len(cases)
        ends.append(
            (low if k == 0 and low is not None else place.low, high if is_last and high is not None else place.high)
        )
    thresholds = [*(_threshold(case) for case in cases[:-1]), None]
    return [
        Row(case, *between, None if threshold is None else scope.let("threshold", scope.at(threshold), once))
        for case, between, threshold in zip(cases, ends, thresholds, strict=True)
    ]


def _threshold(case: Case) -> Tree | None:
    """Return the v up to which a case holds that another one follows."""
    place = case.place
    if case.high is not None or isinstance(place, Kink) or place.high is None:
        return case.high
    return threshold_at(place.high, substitute(place.slope, {W: place.high}))


def greatest_v(row: Row, scope: Scope, once: Statements) -> Tree:
    """Return the greatest v for which the last row before a gap has a minimum."""
    place = row.case.place
    if isinstance(place, Kink):
        right = place.right
        return FARTHEST if right is None else scope.let("upper", scope.threshold(place.position, right), once)
    assert row.high is not None
    return scope.let("upper", scope.threshold(row.high, substitute(place.slope, {W: row.high})), once)


def least_v(row: Row, scope: Scope, once: Statements) -> Tree:
    """Return the least v for which the first row behind a gap has a minimum."""
    place = row.case.place
    if isinstance(place, Kink):
        left = place.left
        return Negate(FARTHEST) if left is None else scope.let("lower", scope.threshold(place.position, left), once)
    assert row.low is not None
    return scope.let("lower", scope.threshold(row.low, substitute(place.slope, {W: row.low})), once)


def by_threshold(rows: list[Row], values: list[Tree], x: Tree) -> Tree:
    """Return the value of the row that x belongs to."""
    chosen = values[0]
    for row, following in zip(rows, values[1:], strict=False):
        assert row.threshold is not None
        if following != chosen:
            chosen = Call("where", (Compare(">", x, row.threshold), following, chosen))
    return chosen
