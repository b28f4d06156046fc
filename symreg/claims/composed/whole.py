"""Decide what can be said of a whole objective O = L + R from what is proved of its loss and of its penalty.

The prediction z = X*w is linear in the weights, and so what l(z, y) is in z, L is in w: convex (Boyd & Vandenberghe
2004, Convex Optimization, 3.2.2), differentiable, nonnegative; |l''| <= b gives norm(hess L) <= b*norm(X)^2 times the
factor of the sum. Sums keep all of these (ibid., 3.2.1), constants add. Nothing is refuted: that depends on the data.
"""

from __future__ import annotations

from symreg.calculus.symbolic.simplify import simplify
from symreg.claims.composed.losses import CLAIMS, curvature_bound
from symreg.claims.decide import Claims
from symreg.claims.verdict import Verdict, Verdicts
from symreg.expressions.arithmetic import ZERO, call, plus, power, times
from symreg.expressions.tree import Name, Tree, number
from symreg.model.objective import Objective

_BOTH = ("nonnegative", "differentiable", "convex")
"""Claims that hold of a sum if they hold of both parts."""
OF_LOSS: Claims = {claim: CLAIMS[claim] for claim in _BOTH}
"""What has to be decided of a loss."""
_RULES = "composition with a linear map, and sums"


def whole_properties(objective: Objective, loss: Verdicts, penalty: Verdicts | None) -> Verdicts:
    """Return the verdicts on L + R, for all data.

    Args:
        objective: With a loss over samples.
        loss: The verdicts on one sample's loss: at least those of `OF_LOSS`.
        penalty: Those on R; None where the loss stands alone.
    """
    verdicts = [_both(claim, loss, penalty) for claim in _BOTH]
    verdicts += [_weakly(loss, penalty), _strongly(loss, penalty)]
    verdicts += [_lipschitz(objective, penalty), _coercive(loss, penalty)]
    notes = (*loss.notes, *(() if penalty is None else penalty.notes))
    return Verdicts(objective=objective, verdicts=tuple(verdicts), notes=tuple(dict.fromkeys(notes)))


def _is_proved(verdicts: Verdicts | None, claim: str) -> bool:
    return verdicts is None or verdicts[claim].verdict == "proved"


def _proved(claim: str, symbol: str = "", value: Tree | None = None, said: str = "") -> Verdict:
    words = (said,) if said else ()
    return Verdict(claim=claim, verdict="proved", symbol=symbol, value=value, method=_RULES, said=words)


def _open(claim: str, loss: Verdicts, penalty: Verdicts | None, asked: str) -> Verdict:
    """Return that a claim is open, and of which part what it rests on is not proved."""
    parts = [name for name, part in (("l", loss), ("R", penalty)) if not _is_proved(part, asked)]
    return Verdict(claim=claim, verdict="undecided", said=(f"not proved of {' and of '.join(parts)}",) if parts else ())


def _both(claim: str, loss: Verdicts, penalty: Verdicts | None) -> Verdict:
    holds = _is_proved(loss, claim) and _is_proved(penalty, claim)
    return _proved(claim) if holds else _open(claim, loss, penalty, claim)


def _weakly(loss: Verdicts, penalty: Verdicts | None) -> Verdict:
    """O + rho/2*|w|^2 is convex for the rho of R, where l is convex."""
    claim = "weakly convex"
    if not _is_proved(loss, "convex") or not _is_proved(penalty, claim):
        return Verdict(claim=claim, verdict="undecided")
    return _proved(claim, "rho", ZERO if penalty is None else penalty[claim].value)


def _strongly(loss: Verdicts, penalty: Verdicts | None) -> Verdict:
    """O - mu/2*|w|^2 is convex for the mu of R, where l is convex; the loss may add to it, as the data are."""
    claim = "strongly convex"
    if penalty is None or not _is_proved(loss, "convex") or not _is_proved(penalty, claim):
        return Verdict(claim=claim, verdict="undecided", said=("depends on the data",))
    return _proved(claim, "mu", penalty[claim].value, "at least")


def _lipschitz(objective: Objective, penalty: Verdicts | None) -> Verdict:
    claim = "gradient Lipschitz"
    data = objective.data
    assert data is not None
    bound = curvature_bound(data.loss)
    of_penalty = ZERO if penalty is None else penalty[claim].value
    if bound is None or not _is_proved(penalty, claim) or of_penalty is None:
        return Verdict(claim=claim, verdict="undecided")
    factor = simplify(times(bound, data.scale), objective.parameters)
    value = plus(times(factor, power(call("norm", Name("X")), number(2))), of_penalty)
    return _proved(claim, "L", value, "at most")


def _coercive(loss: Verdicts, penalty: Verdicts | None) -> Verdict:
    claim = "coercive"
    if penalty is None:
        return Verdict(claim=claim, verdict="undecided", said=("depends on the data",))
    if _is_proved(loss, "nonnegative") and _is_proved(penalty, claim):
        return _proved(claim)
    return Verdict(claim=claim, verdict="undecided")
