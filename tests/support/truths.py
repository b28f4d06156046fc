"""What is true of each penalty of the catalogue, written by hand from mathematics; no part of it is from symreg.

A row: penalty, then one entry for each claim of `CLAIMS`, in order. `P` is true for all parameters, `R` is false for
some, a text after `P` is the best constant, one after `C` the condition under which the claim holds (and the constant).
"""

from __future__ import annotations

from typing import NamedTuple

CLAIMS = (
    "even",
    "nonnegative",
    "continuous",
    "differentiable",
    "convex",
    "weakly convex",
    "strongly convex",
    "gradient Lipschitz",
    "coercive",
    "shrinks toward the origin",
    "step without overshoot",
    "step that contracts",
    "sparse",
    "unbiased",
    "continuous thresholding",
    "positively homogeneous",
    "prox by quadratics",
)


class Truth(NamedTuple):
    """A verdict, the condition of a conditional one, and the constant."""

    verdict: str
    condition: str = ""
    value: str = ""


P, R = Truth("proved"), Truth("refuted")


def best(value: str) -> Truth:
    """The claim is true with this constant, and with no better one."""
    return Truth("proved", value=value)


def iff(condition: str, value: str = "") -> Truth:
    """The claim is true under this condition, and false otherwise."""
    return Truth("conditional", condition, value)


CONVEX = best("0")

TRUTHS: dict[str, tuple[Truth, ...]] = {
    # phi' = lam*g/(g**2 + w**2) falls from lam/g to 0; phi'' = -2*lam*g*w/(g**2 + w**2)**2 is least at w = g/sqrt(3).
    # u + s*phi'(u) = v is a cubic.
    "atan": (
        *(P, P, P, R, R, best("3*sqrt(3)*lam/(8*gamma**2)"), R, R, R, P, R, R, best("lam/gamma"), P),
        *(iff("step <= 8*gamma**2/(3*sqrt(3)*lam)"), R, R),
    ),
    # lam*abs(w), then a parabola that continues it with slope lam*w/M.
    "berhu": (P, P, P, R, P, CONVEX, R, R, P, P, R, R, best("lam"), R, P, R, P),
    # A concave kink at theta.
    "capped_l1": (P, P, P, R, R, R, R, R, R, P, R, R, best("lam"), P, R, R, P),
    # phi' = 2*lam*w/(c**2 + w**2); phi'' = 2*lam*(c**2 - w**2)/(c**2 + w**2)**2 from 2*lam/c**2 to -lam/(4*c**2).
    "cauchy": (
        *(P, P, P, P, R, best("lam/(4*c**2)"), R, best("2*lam/c**2"), P, P),
        *(iff("lr <= c**2/(2*lam)"), iff("lr <= c**2/lam"), R, P, iff("step <= 4*c**2/lam"), R, R),
    ),
    # phi' = lam*w/sqrt(w**2 + eps**2) rises to lam, phi'' from lam/eps to 0.
    "charbonnier": (
        *(P, P, P, P, P, CONVEX, R, best("lam/eps"), P, P, iff("lr <= eps/lam"), iff("lr <= 2*eps/lam")),
        *(R, R, P, R, R),
    ),
    # phi' = 4*lam*w*(w**2 - 1): away from the origin for abs(w) < 1; phi'' = 4*lam*(3*w**2 - 1).
    "double_well": (P, P, P, P, R, best("4*lam"), R, R, P, R, R, R, R, R, iff("step <= 1/(4*lam)"), R, R),
    "elastic_net": (P, P, P, R, P, CONVEX, best("2*lam2"), R, P, P, R, R, best("lam1"), R, P, R, P),
    # On (0, inf): phi' = lam*(1 + log(w)), negative below 1/e; phi'' = lam/w runs to 0. phi'/w is greatest at w = 1.
    "entropy": (R, R, P, P, P, CONVEX, R, R, P, R, iff("lr <= 1/lam"), R, R, R, P, R, R),
    # phi' = k*exp(-gamma*w) with k = gamma*lam/(1 - exp(-gamma)).
    "etp": (
        *(P, P, P, R, R, best("lam*gamma**2/(1 - exp(-gamma))"), R, R, R, P, R, R),
        *(best("gamma*lam/(1 - exp(-gamma))"), P, iff("step <= (1 - exp(-gamma))/(lam*gamma**2)"), R, R),
    ),
    # phi' = lam*c*w/(c + abs(w)): a quadratic in u; phi'' = lam*c**2/(c + abs(w))**2 from lam to 0.
    "fair": (*(P, P, P, P, P, CONVEX, R, best("lam"), P, P, iff("lr <= 1/lam"), iff("lr <= 2/lam"), R, R, P, R, P),),
    # phi' = 2*lam*c**2*w/(c**2 + w**2)**2; phi'' = 2*lam*c**2*(c**2 - 3*w**2)/(c**2 + w**2)**3, least at w = c.
    "geman_mcclure": (
        *(P, P, P, P, R, best("lam/(2*c**2)"), R, best("2*lam/c**2"), R, P),
        *(iff("lr <= c**2/(2*lam)"), iff("lr <= c**2/lam"), R, P, iff("step <= 2*c**2/lam"), R, R),
    ),
    # phi'/w = lam on a whole interval: a step of 2/lam turns the weight over there, and it is no smaller.
    "huber": (P, P, P, P, P, CONVEX, R, best("lam"), P, P, iff("lr <= 1/lam"), iff("lr < 2/lam"), R, R, P, R, P),
    "l1": (P, P, P, R, P, CONVEX, R, R, P, P, R, R, best("lam"), R, P, best("1"), P),
    "l2": (
        *(P, P, P, P, P, CONVEX, best("2*lam"), best("2*lam"), P, P, iff("lr <= 1/(2*lam)"), iff("lr < 1/lam")),
        *(R, R, P, best("2"), P),
    ),
    # phi' = lam/(2*sqrt(w)) is infinite at 0, phi'' -inf: hard thresholding at every step. In r = sqrt(u) a cubic.
    "l_half": (P, P, P, R, R, R, R, R, P, P, R, R, best("inf"), P, R, best("1/2"), R),
    # On (0, inf): phi' = -lam/w < 0, a step moves the weight up, never through 0. u**2 - v*u - s*lam = 0.
    "log_barrier": (R, R, P, P, P, CONVEX, R, R, R, R, P, R, R, P, P, R, P),
    # phi' = lam/c*tanh(w/c), phi'' = lam/c**2/cosh(w/c)**2.
    "log_cosh": (
        *(P, P, P, P, P, CONVEX, R, best("lam/c**2"), P, P, iff("lr <= c**2/lam"), iff("lr <= 2*c**2/lam")),
        *(R, R, P, R, R),
    ),
    # phi' = lam/(eps + w): a quadratic; phi'' = -lam/(eps + w)**2.
    "log_sum": (
        *(P, P, P, R, R, best("lam/eps**2"), R, R, P, P, R, R, best("lam/eps"), P, iff("step <= eps**2/lam"), R, P),
    ),
    # 1 < p <= 2: phi'' = lam*p*(p - 1)*w**(p - 2) is infinite at 0 and runs to 0, but for p = 2, where it is 2*lam.
    # For p = 3/2 the equation is a quadratic in sqrt(u); which p give one is not asked here.
    "lp": (
        *(P, P, P, P, P, CONVEX, iff("p == 2", "2*lam"), iff("p == 2", "2*lam"), P, P),
        *(iff("p == 2 and lr <= 1/(2*lam)"), iff("p == 2 and lr < 1/lam"), R, R, P, best("p"), Truth("undecided")),
    ),
    # phi' = lam - w/gamma up to gamma*lam, then 0: constant curvature -1/gamma, so that step = gamma is too much.
    "mcp": (P, P, P, R, R, best("1/gamma"), R, R, R, P, R, R, best("lam"), P, iff("step < gamma"), R, P),
    # lam*w**2 for w < 0, 0 else.
    "nonnegativity": (
        *(R, P, P, P, P, CONVEX, R, best("2*lam"), R, P, iff("lr <= 1/(2*lam)"), iff("lr < 1/lam")),
        *(R, R, P, best("2"), P),
    ),
    # phi' = lam*w/sqrt(1 + (w/delta)**2).
    "pseudo_huber": (
        *(P, P, P, P, P, CONVEX, R, best("lam"), P, P, iff("lr <= 1/lam"), iff("lr <= 2/lam"), R, R, P, R, R),
    ),
    # phi' = 4*lam*w**3, phi'/w has no bound; phi'' is 0 at 0.
    "quartic": (P, P, P, P, P, CONVEX, R, R, P, P, R, R, R, R, P, best("4"), R),
    # Curvature -1/(a - 1) between lam and a*lam.
    "scad": (P, P, P, R, R, best("1/(a - 1)"), R, R, R, P, R, R, best("lam"), P, iff("step < a - 1"), R, P),
    # phi' = pi*lam/q*sin(2*pi*w/q), phi'' = 2*pi**2*lam/q**2*cos(2*pi*w/q); sin(x)/x is greatest at 0.
    "sine_squared": (
        *(P, P, P, P, R, best("2*pi**2*lam/q**2"), R, best("2*pi**2*lam/q**2"), R, R),
        *(iff("lr <= q**2/(2*pi**2*lam)"), R, R, R, iff("step <= q**2/(2*pi**2*lam)"), R, R),
    ),
    # phi' = 6*lam*w/c**2*(1 - w**2/c**2)**2 up to c; phi'' = 6*lam/c**2*(1 - x**2)*(1 - 5*x**2), least at x**2 = 3/5.
    "tukey": (
        *(P, P, P, P, R, best("24*lam/(5*c**2)"), R, best("6*lam/c**2"), R, P),
        *(iff("lr <= c**2/(6*lam)"), iff("lr <= c**2/(3*lam)"), R, P, iff("step <= 5*c**2/(24*lam)"), R, R),
    ),
    # phi' = 2*lam*w/c**2*exp(-x**2); phi'' = 2*lam/c**2*(1 - 2*x**2)*exp(-x**2), least at x**2 = 3/2.
    "welsch": (
        *(P, P, P, P, R, best("4*lam*exp(-3/2)/c**2"), R, best("2*lam/c**2"), R, P),
        *(iff("lr <= c**2/(2*lam)"), iff("lr <= c**2/lam"), R, P, iff("step <= c**2*exp(3/2)/(4*lam)"), R, R),
    ),
    # Of vectors. A claim about a weight (steps, sparse, unbiased) is to hold whatever the other weights are; one about
    # the gradient for any number of weights.
    # (sum abs(w_i))**2 is a square of a norm, flat along (1, -1) between positive weights; a kink at w_j = 0 wherever
    # another weight is not 0, but none at the origin.
    "exclusive_lasso": (*(P, P, P, R, P, CONVEX, R, R, P, P, R, R, R, R, P, best("2"), Truth("undecided")),),
    # D'D has eigenvalues below 4 and as near as one likes; constants cost nothing. w_1 = 0 is pulled to its neighbour.
    "first_difference": (P, P, P, P, P, CONVEX, R, best("8*lam"), R, R, R, R, R, R, P, best("2"), P),
    # The prox is radial: (1 - s*lam/norm(v))*v, which no claim here is about. One weight among others is smooth at 0.
    "l2_norm": (P, P, P, R, P, CONVEX, R, R, P, P, R, R, R, R, P, best("1"), Truth("undecided")),
    # The symbol is (2 - 2*cos(t))**2, at most 16.
    "second_difference": (P, P, P, P, P, CONVEX, R, best("32*lam"), R, R, R, R, R, R, P, best("2"), P),
    # A is any matrix, also a negative one.
    "tikhonov": (P, R, P, P, R, P, R, P, R, R, R, R, R, R, Truth("undecided"), best("2"), P),
    # One weight among others is pulled to its neighbours, and only one of each two slopes at 0 is +-lam.
    "total_variation": (P, P, P, R, P, CONVEX, R, R, R, R, R, R, R, R, P, best("1"), Truth("undecided")),
    # What is left of w without its mean: a projection, with eigenvalues 0 and 1.
    "variance": (P, P, P, P, P, CONVEX, R, best("2*lam"), R, R, R, R, R, R, P, best("2"), P),
}
