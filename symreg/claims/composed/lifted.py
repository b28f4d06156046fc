"""Claims about penalties that are made of one of a number: what carries over from phi to groups, and to differences.

Groups: R(w) is the sum of c_g*psi(norm(w_g)) with psi(r) = phi(|r|) and c_g > 0. On one weight that is a group by
itself R is psi, so what fails for psi fails for R. And psi, being even, is convex only if phi does not fall on r >= 0;
a convex function that does not fall, of a norm, is convex (Boyd and Vandenberghe 2004, section 3.2.4), for psi as for
psi + rho*r**2/2 and psi - mu*r**2/2. The Hessian of psi(norm(w)) has the eigenvalues psi''(r) and psi'(r)/r, and the
second is a mean of the first over [0, r].

Differences: R(w) = sum of phi((Dw)_i), and Dw is linear, of norm below 2: convexity and smoothness carry over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symreg.claims.verdict import Verdict, Words
from symreg.expressions.arithmetic import ZERO, times
from symreg.expressions.tree import Item, Subscript, Tree, number

_SCALED = {
    "weakly convex": "the greatest",
    "gradient Lipschitz": "the greatest",
    "strongly convex": "the least",
}
"""Claims whose constant is that of psi times one of the c_g."""
_OF_STEPS = {"step without overshoot": "lr", "step that contracts": "lr", "continuous thresholding": "step"}
"""Claims whose condition is on a step, in whose place stands its product with c_g."""


def of_groups(verdicts: Iterable[Verdict], weights: str) -> tuple[Verdict, ...]:
    """Return the verdicts on a penalty over groups from those on psi.

    Args:
        verdicts: On psi, which is even.
        weights: What the c_g are called.
    """
    return tuple(_of_groups(verdict, Item(weights, (Subscript("g"),))) for verdict in verdicts)


def _of_groups(verdict: Verdict, weight: Tree) -> Verdict:
    claim = verdict.claim
    more: Words = ()
    if claim in _SCALED and verdict.value not in (None, ZERO):
        more = (f"for groups times {_SCALED[claim]} ", weight)
    elif claim in _OF_STEPS and verdict.holds_iff is not None:
        more = (f"for groups with {_OF_STEPS[claim]}*", weight, f" for {_OF_STEPS[claim]}")
    elif claim == "sparse" and verdict.value is not None:
        more = ("for groups times ", weight, ", of the norm of the loss's gradient of a group at 0")
    joined: Words = (*verdict.said, "; ", *more) if verdict.said and more else (*verdict.said, *more)
    return replace(verdict, said=joined)


_CARRIED = ("even", "nonnegative", "continuous", "differentiable", "convex", "positively homogeneous")
"""Claims that hold of sums of phi of linear functions where they hold of phi."""


def of_differences(claim: str, of_phi: dict[str, Verdict]) -> Verdict | None:
    """Return the verdict on a penalty over differences as far as it follows from those on phi, else None."""
    known = of_phi[claim]
    if claim in _CARRIED and known.verdict == "proved":
        return replace(known, method="of differences")
    if claim in ("weakly convex", "gradient Lipschitz") and known.verdict == "proved":
        value = None if known.value is None else times(number(4), known.value)
        return replace(known, value=value, method="of differences", said=("at most; the differences have the norm 2",))
    if claim == "continuous thresholding" and of_phi["convex"].verdict == "proved":
        return Verdict(claim=claim, verdict="proved", method="of differences", said=("convex: for every step",))
    return None
