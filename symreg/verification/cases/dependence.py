"""What a function depends on: how many weights a summand reaches over, how many there are, and which slopes move.

The gradient of `lam*w` or of `0*w` depends on no weight, that of `w[0]*w[1]` by w[0] on the other one alone; in a
vector that is shorter than a shift nothing depends on anything: NaN need not come out there. Takes terms and moderate
weights; hands on places.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symreg.expressions.tree import Sum, Tree, children, walk
from symreg.model.terms import Terms
from symreg.verification.cases.sampling.groups import Group
from symreg.verification.oracle.slopes import slopes, values
from symreg.verification.oracle.switches import reach

_FACTORS = (-1.0, 2.5, 0.125, -8.0)  # of the weight in question


def span(terms: Terms) -> int:
    """Return how many weights the sums need before there is a summand."""
    sums = [node for term in terms.indexed for node in walk(term.tree) if isinstance(node, Sum)]
    reaches = [reach(node.body, node.index) for node in sums]
    return sum(greatest - least for least, greatest in reaches)


def depth(terms: Terms) -> int:
    """Return how many indices run over all weights at once: a function costs n to that power."""
    deepest = max((_nested(term.tree) for term in terms.indexed), default=1)
    return max(1, deepest, *(len(array.shape) for array in terms.arrays))


def _nested(tree: Tree) -> int:
    below = max((_nested(child) for child in children(tree)), default=0)
    return below + 1 if isinstance(tree, Sum) else below


def longest(terms: Terms, summands: int) -> int:
    """Return the length of a vector of which a function has that many summands."""
    return int(summands ** (1 / depth(terms)) + 1e-9)


def value_depends(terms: Terms, group: Group, weights: Sequence[float], place: int) -> bool:
    """Does R depend on the weight at a place?"""
    total = values(terms, group.parameters, group.arrays_for(len(weights)))
    unchanged = total(weights)
    others = [total(changed) for changed in _changed(terms, group, weights, place)]
    return unchanged is None or any(other is None or not other.overlaps(unchanged) for other in others)


def dependent_slopes(terms: Terms, group: Group, weights: Sequence[float], place: int) -> frozenset[int]:
    """Return the places whose slope is another one where the weight at a place is another one."""
    slope_at = slopes(terms, group.parameters, group.arrays_for(len(weights)))
    looked_at = range(len(weights)) if terms.couple_weights else (place,)
    unchanged = {j: slope_at(weights, j) for j in looked_at}
    moved = set()
    for changed in _changed(terms, group, weights, place):
        for j in looked_at:
            before, after = unchanged[j], None if j in moved else slope_at(changed, j)
            if before is not None and after is not None and not after.value.overlaps(before.value):
                moved.add(j)
    return frozenset(moved)


def _changed(terms: Terms, group: Group, weights: Sequence[float], place: int) -> Iterator[list[float]]:
    """Yield the weights with another one at a place, as far as the domains allow."""
    domains = terms.intervals(group.parameters)
    for factor in _FACTORS:
        other = weights[place] * factor
        if all(other in domain for domain in domains):
            yield [*weights[:place], other, *weights[place + 1 :]]
