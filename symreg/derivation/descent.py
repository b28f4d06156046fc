"""Up to which step a rule never raises a whole objective: from the bounds on the Hessians of its two parts."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symreg.calculus.analysis import Analysis
from symreg.calculus.border import border
from symreg.calculus.differentiation.step import Step
from symreg.calculus.symbolic.simplify import simplify
from symreg.claims.convexity import lipschitz
from symreg.claims.decide import elementwise_verdicts
from symreg.claims.sentences import rate_of
from symreg.claims.verdict import StepBound
from symreg.derivation.loss_model import DataDerivation
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import ONE, ZERO, call, over, plus
from symreg.expressions.tree import Binary, Call, Compare, Name, Tree, number, substitute
from symreg.model.interval import Interval
from symreg.model.spec import Parameter, Rule

POSITIVE = Interval(low=Fraction(0))
SAMPLES = Parameter(name="m", domain=POSITIVE, default=1.0, doc="the number of samples")
_NORM = Parameter(name="X", domain=POSITIVE, default=1.0, doc="the norm of X")


@dataclass(frozen=True, slots=True, kw_only=True)
class PenaltyCurvature:
    """What the Hessian of the part of R whose gradient a rule takes does not exceed, and the steps that say so."""

    bound: Tree
    steps: tuple[Step, ...]
    parameters: tuple[Parameter, ...]


def curvature_of_penalty(smooth: Analysis, of: str) -> PenaltyCurvature | None:
    """Return the bound on a penalty's Hessian; None where there is none, or none is proved.

    Args:
        smooth: Of the part of R.
        of: What that is called; "" for nothing, whose bound is 0.
    """
    if not of:
        return PenaltyCurvature(bound=ZERO, steps=(), parameters=())
    if smooth.indexed or any(not addend.term.domain.is_all for addend in smooth.addends):
        return None
    try:
        with border("the bound on the penalty's second derivative"):
            (verdict,) = elementwise_verdicts(smooth, {"gradient Lipschitz": lipschitz})
    except (Intractable, NotDifferentiable):
        return None
    if verdict.verdict != "proved" or verdict.value is None:
        return None
    hessian = call("norm", call("hessian", Name(of)))
    why = "the second derivative by each weight is no larger"
    step = Step(rule="curvature bound", before=hessian, after=verdict.value, why=why, is_bound=True)
    return PenaltyCurvature(bound=verdict.value, steps=(step,), parameters=smooth.parameters)


def bound_on_step(
    rule: Rule, data: DataDerivation, penalty: PenaltyCurvature, *, is_proximal: bool
) -> StepBound | None:
    """Return the step up to which a rule never raises O; None for a rule that is no gradient or proximal step.

    With K for the sum of both bounds, a gradient step lowers O by lr*(1 - lr*K/2)*|gradient|**2 at least
    (Nesterov 2018, Lectures on Convex Optimization, eq. 1.2.19), and a proximal step never raises it where 1/lr >= K,
    as it minimises what then lies above O (Beck & Teboulle 2009, SIAM J. Imaging Sci. 2(1):183-202, sec. 2.2).

    Args:
        rule: The rule.
        data: The derivation of L.
        penalty: What bounds the part of R whose gradient the rule takes.
        is_proximal: Is there a part of which it takes the operator?
    """
    if data.lipschitz is None:
        return None
    norm = call("norm", Name("X"))
    parameters = (*data.data.parameters, *penalty.parameters, SAMPLES, _NORM)
    whole = substitute(plus(data.lipschitz, penalty.bound), {norm: Name("X")})
    rate = rate_of(rule) or _rate_of_prox(rule)
    if rate is None or whole == ZERO:
        return None
    most = substitute(simplify(over(ONE if is_proximal else number(2), whole), parameters), {Name("X"): norm})
    return StepBound(claim="descent", condition=Compare("<=" if is_proximal else "<", rate, most))


def _rate_of_prox(rule: Rule) -> Tree | None:
    """Return the step of `prox(w - rate*g, rate)`; None for any other rule."""
    if rule.states or len(rule.steps) != 1:
        return None
    match rule.steps[0].expression:
        case Call("prox", (Binary("-", Name("w"), Binary("*", rate, Name("g"))), size)) if rate == size:
            return rate
        case _:
            return None
