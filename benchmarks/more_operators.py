"""Elementwise operators of libraries for JAX, PyTorch, dask and function spaces: functions, and objects by other names.

As in `operators.py`, with the formula that each one's documentation gives.
"""

from __future__ import annotations

from operators import Entry

PACKAGES = ("jaxopt", "scico", "dask-glm", "odl", "proxtorch", "deepinv")

REPRODUCED = {
    "jaxopt": "0.8.5",
    "scico": "0.0.7",
    "dask-glm": "0.4.0",
    "odl": "1.0.0",
    "proxtorch": "0.0.9",
    "deepinv": "0.5.0",
}
"""Versions whose every disagreement was reproduced by hand, without symreg."""

_MADE = "benchmarks/made.py:odl_"


def _odl(name: str, made: str, objective: str, *, settings: tuple[str, ...] = (), domain: str = "") -> Entry:
    return Entry(place=f"{_MADE}{name}", objective=objective, settings=settings, domain=domain, made=made)


JAXOPT = (
    Entry(place="jaxopt.prox:prox_none", objective="0*w"),
    Entry(place="jaxopt.prox:prox_lasso", arguments=("l1reg=0.3",), objective="l1reg*abs(w)"),
    Entry(
        place="jaxopt.prox:prox_non_negative_lasso",
        arguments=("l1reg=0.3",),
        objective="l1reg*abs(w)",
        domain="[0, inf)",
    ),
    Entry(
        place="jaxopt.prox:prox_elastic_net",
        arguments=("hyperparams=(0.3, 0.7)",),
        objective="lam*(abs(w) + gamma*w**2/2)",
        settings=("lam=0.3", "gamma=0.7"),
    ),
    Entry(place="jaxopt.prox:prox_ridge", arguments=("l2reg=0.3",), objective="l2reg*w**2/2"),
    Entry(
        place="jaxopt.prox:prox_non_negative_ridge",
        arguments=("l2reg=0.3",),
        objective="l2reg*w**2/2",
        domain="[0, inf)",
    ),
    Entry(place="jaxopt.projection:projection_non_negative", objective="0*w", domain="[0, inf)"),
    Entry(
        place="jaxopt.projection:projection_box",
        arguments=("hyperparams=(-1.0, 2.0)",),
        objective="0*w",
        domain="[-1, 2]",
    ),
    Entry(place="jaxopt.projection:projection_hypercube", arguments=("unit=2.0",), objective="0*w", domain="[0, 2]"),
    Entry(
        place="jaxopt.projection:projection_linf_ball",
        arguments=("max_value=2.0",),
        objective="0*w",
        domain="[-2, 2]",
    ),
)

SCICO = (
    Entry(place="scico.functional:ZeroFunctional", objective="0*w"),
    Entry(place="scico.functional:L0Norm"),
    Entry(place="scico.functional:L1Norm", objective="abs(w)"),
    Entry(place="scico.functional:SquaredL2Norm", objective="w**2"),
    Entry(
        place="scico.functional:HuberNorm",
        arguments=("delta=0.5",),
        objective="where(abs(w) <= delta, w**2/2, delta*(abs(w) - delta/2))",
    ),
)

DASK_GLM = (
    Entry(place="dask_glm.regularizers:L1", objective="abs(w)"),
    Entry(place="dask_glm.regularizers:L2", objective="w**2/2"),
    Entry(
        place="dask_glm.regularizers:ElasticNet",
        arguments=("weight=0.5",),
        objective="weight*abs(w) + (1 - weight)*w**2/2",
    ),
)

ODL = (
    _odl("zero", "ZeroFunctional(odl.rn(1))", "0*w"),
    _odl("l1", "L1Norm(odl.rn(1))", "abs(w)"),
    _odl("l2_squared", "L2NormSquared(odl.rn(1))", "w**2"),
    _odl(
        "huber",
        "Huber(odl.rn(1), gamma=0.5)",
        "where(abs(w) <= gamma, w**2/(2*gamma), abs(w) - gamma/2)",
        settings=("gamma=0.5",),
    ),
    _odl("box", "IndicatorBox(odl.rn(1), lower=-1, upper=2)", "0*w", domain="[-1, 2]"),
    _odl("nonnegative", "IndicatorNonnegativity(odl.rn(1))", "0*w", domain="[0, inf)"),
    _odl("kullback_leibler", "KullbackLeibler(odl.rn(1))", "w - 1 - log(w)", domain="(0, inf)"),
    _odl("cross_entropy", "KullbackLeiblerCrossEntropy(odl.rn(1))", "w*log(w) + 1 - w", domain="(0, inf)"),
)

_L2 = "alpha*w**2/2"

PROXTORCH = (
    Entry(place="proxtorch.constraints:Box", arguments=("a=-1.0", "b=2.0"), objective="0*w", domain="[-1, 2]"),
    Entry(place="proxtorch.constraints:LInfinityBall", arguments=("s=2.0",), objective="0*w", domain="[-2, 2]"),
    Entry(place="proxtorch.constraints:NonNegative", objective="0*w", domain="[0, inf)"),
    Entry(
        place="proxtorch.operators:ElasticNet",
        arguments=("alpha=0.3", "l1_ratio=0.7"),
        objective="alpha*(l1_ratio*abs(w) + (1 - l1_ratio)*w**2/2)",
    ),
    Entry(place="proxtorch.operators:Frobenius", arguments=("alpha=0.3",), objective=_L2),
    Entry(
        place="proxtorch.operators:Huber",
        arguments=("alpha=0.7", "delta=1.0"),
        objective="alpha*where(abs(w) <= delta, w**2/2, delta*abs(w) - delta**2/2)",
    ),
    Entry(place="proxtorch.operators:L1", arguments=("alpha=0.3",), objective="alpha*abs(w)"),
    Entry(place="proxtorch.operators:L2", arguments=("alpha=0.3",), objective=_L2),
)

DEEPINV = (
    Entry(place="deepinv.optim.prior:L1Prior", objective="abs(w)"),
    Entry(place="deepinv.optim.prior:Tikhonov", objective="w**2/2"),
    Entry(place="deepinv.optim.prior:ZeroPrior", objective="0*w"),
)

ENTRIES = (*JAXOPT, *SCICO, *DASK_GLM, *ODL, *PROXTORCH, *DEEPINV)

REMARKS = {
    "scico.functional:L0Norm": (
        "Judged by its own value. The threshold is documented as lam; sqrt(2*lam) would be right. Its grad is made by "
        "differentiating the value, which is an integer."
    ),
    "dask_glm.regularizers:ElasticNet": (
        "The function that is computed for each element is never called: the input comes back as it is. That function "
        "would map every negative input to zero."
    ),
    "proxtorch.operators:ElasticNet": "The value comes in single precision, whatever the input has.",
    "proxtorch.operators:Frobenius": "As ElasticNet.",
    "proxtorch.operators:Huber": (
        "The branch is chosen by the input, not by the result. The value is in single precision, as that of ElasticNet."
    ),
    "proxtorch.operators:L1": "As ElasticNet.",
    "proxtorch.operators:L2": "As ElasticNet.",
    f"{_MADE}cross_entropy": "exp(x/sigma) overflows before the Lambert function is taken of it.",
}
"""What the documentation says that matters, or what the code does, of operators in which something disagrees."""

LEFT_OUT = (
    "jaxopt: prox_group_lasso and the projections onto simplex, balls and spheres of l1 and l2, hyperplane, "
    "half-space, polyhedron, box section and transport polytope, which act on whole vectors.",
    "SCICO: norms of whole arrays (L2Norm, L21Norm, L1MinusL2Norm, NuclearNorm, HuberNorm with separable=False), "
    "total variation, L2BallIndicator, set distances, and the denoisers. NonNegativeIndicator, compiled anew at every "
    "call, takes too long.",
    "ProxTorch: total variation, GraphNet, FusedLasso, GroupLasso, the norms of matrices, the balls but that of the "
    "greatest element, and Rank, which act on whole arrays; Dummy, whose prox is the identity.",
    "deepinv: L12Prior, total variation and wavelets, which act on whole arrays, and priors that are denoisers.",
    "ODL: norms and indicators of whole arrays, quadratic forms, and what is made of other functionals. Its spaces "
    "have a size: each functional is made on one of a single element, in `benchmarks/made.py`, so that nothing is "
    "said of how its elements act on each other.",
)
