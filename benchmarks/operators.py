"""Every elementwise operator of pyproximal, proxop and skglm, with the formula that its documentation gives.

A row names an object as `symreg audit` does. Its formula is in symreg's language, in the library's own scaling; an
argument is also the formula's parameter of that name. Formulas with a jump (the l0 norm) are not in the language: these
objects are judged by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

PACKAGES = ("pyproximal", "proxop", "skglm")

REPRODUCED = {"pyproximal": "0.13.0", "proxop": "1.0.6", "skglm": "0.5"}
"""Versions whose every disagreement was reproduced by hand, without symreg."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One object.

    Args:
        place: `module:NAME`.
        arguments: That it is made with, `NAME=VALUE`.
        objective: Its formula; "" to judge it by itself.
        settings: Parameters of the formula that are no arguments of that name, `NAME=VALUE`.
        declared: Domains of such parameters, as `--param` takes them.
        domain: Where the formula holds; "" for everywhere.
        made: Of an ODL functional, the call in `odl.functionals` that makes it.
    """

    place: str
    arguments: tuple[str, ...] = ()
    objective: str = ""
    settings: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    domain: str = ""
    made: str = ""

    @property
    def library(self) -> str:
        """Its library's name, as it is imported."""
        return "odl" if self.made else self.place.partition(":")[0].partition(".")[0]

    @property
    def shown(self) -> str:
        """It as Python would make it, without the module's name."""
        return self.made or f"{self.place.partition(':')[2]}({', '.join(self.arguments)})"


_HUBER = "where(abs(w) <= alpha, w**2/(2*alpha), abs(w) - alpha/2)"
_SCAD = (
    "where(abs(w) <= {s}, {s}*abs(w), where(abs(w) <= {a}*{s}, (2*{a}*{s}*abs(w) - w**2 - {s}**2)/(2*({a} - 1)), "
    "({a} + 1)*{s}**2/2))"
)
_MCP = "where(abs(w) <= {b}*{l}, {l}*abs(w) - w**2/(2*{b}), {b}*{l}**2/2)"
_MU = "1.5396007178390019"  # 8/(3*sqrt(3))

PYPROXIMAL = (
    Entry(place="pyproximal:Box", arguments=("lower=-1.0", "upper=2.0"), objective="0*w", domain="[-1, 2]"),
    Entry(
        place="pyproximal:ETP",
        arguments=("sigma=1.0", "gamma=1.0"),
        objective="sigma*(1 - exp(-gamma*abs(w)))/(1 - exp(-gamma))",
    ),
    Entry(
        place="pyproximal:ETP",
        arguments=("sigma=0.3", "gamma=5.0"),
        objective="sigma*(1 - exp(-gamma*abs(w)))/(1 - exp(-gamma))",
    ),
    Entry(place="pyproximal:Geman", arguments=("sigma=1.0", "gamma=1.3"), objective="sigma*abs(w)/(abs(w) + gamma)"),
    Entry(place="pyproximal:Geman", arguments=("sigma=0.3", "gamma=0.1"), objective="sigma*abs(w)/(abs(w) + gamma)"),
    Entry(place="pyproximal:Huber", arguments=("alpha=1.0",), objective=_HUBER),
    Entry(place="pyproximal:Huber", arguments=("alpha=0.25",), objective=_HUBER),
    Entry(place="pyproximal:L0", arguments=("sigma=1.0",)),
    Entry(place="pyproximal:L1", arguments=("sigma=0.3",), objective="sigma*abs(w)"),
    Entry(place="pyproximal:L2", arguments=("sigma=0.3",), objective="sigma/2*w**2"),
    Entry(
        place="pyproximal:Log",
        arguments=("sigma=1.0", "gamma=1.3"),
        objective="sigma/log(gamma + 1)*log(gamma*abs(w) + 1)",
    ),
    Entry(
        place="pyproximal:Log",
        arguments=("sigma=0.3", "gamma=20.0"),
        objective="sigma/log(gamma + 1)*log(gamma*abs(w) + 1)",
    ),
    Entry(place="pyproximal:Log1", arguments=("sigma=1.0", "delta=0.5"), objective="sigma*log(abs(w) + delta)"),
    Entry(place="pyproximal:Log1", arguments=("sigma=2.0", "delta=0.5"), objective="sigma*log(abs(w) + delta)"),
    Entry(
        place="pyproximal:Log1",
        arguments=("sigma=1.0",),
        objective="sigma*log(abs(w) + delta)",
        settings=("delta=1e-10",),
    ),
    Entry(
        place="pyproximal:QuadraticEnvelopeCard",
        arguments=("mu=0.5",),
        objective="where(abs(w) <= sqrt(2*mu), mu - (sqrt(2*mu) - abs(w))**2/2, mu)",
    ),
    Entry(
        place="pyproximal:RelaxedMumfordShah",
        arguments=("sigma=1.0", "kappa=1.0"),
        objective="min(sigma*w**2, kappa)",
    ),
    Entry(place="pyproximal:SCAD", arguments=("sigma=1.0", "a=3.7"), objective=_SCAD.format(s="sigma", a="a")),
    Entry(place="pyproximal:SCAD", arguments=("sigma=0.5", "a=2.5"), objective=_SCAD.format(s="sigma", a="a")),
)

SKGLM = (
    Entry(place="skglm.penalties:IndicatorBox", arguments=("alpha=2.0",), objective="0*w", domain="[0, 2]"),
    Entry(place="skglm.penalties:L0_5", arguments=("alpha=1.0",), objective="alpha*sqrt(abs(w))"),
    Entry(place="skglm.penalties:L1", arguments=("alpha=0.3",), objective="alpha*abs(w)"),
    Entry(
        place="skglm.penalties:L1",
        arguments=("alpha=0.3", "positive=True"),
        objective="alpha*abs(w)",
        domain="[0, inf)",
    ),
    Entry(
        place="skglm.penalties:L1_plus_L2",
        arguments=("alpha=0.3", "l1_ratio=0.7"),
        objective="alpha*(l1_ratio*abs(w) + (1 - l1_ratio)*w**2/2)",
    ),
    Entry(
        place="skglm.penalties:L1_plus_L2",
        arguments=("alpha=0.3", "l1_ratio=0.7", "positive=True"),
        objective="alpha*(l1_ratio*abs(w) + (1 - l1_ratio)*w**2/2)",
        domain="[0, inf)",
    ),
    Entry(place="skglm.penalties:L2", arguments=("alpha=0.3",), objective="alpha*w**2/2"),
    Entry(place="skglm.penalties:L2_3", arguments=("alpha=1.0",), objective="alpha*abs(w)**(2/3)"),
    Entry(
        place="skglm.penalties:LogSumPenalty", arguments=("alpha=1.0", "eps=1.0"), objective="alpha*log(1 + abs(w)/eps)"
    ),
    Entry(
        place="skglm.penalties:LogSumPenalty",
        arguments=("alpha=1.0", "eps=0.01"),
        objective="alpha*log(1 + abs(w)/eps)",
    ),
    Entry(
        place="skglm.penalties:MCPenalty",
        arguments=("alpha=1.0", "gamma=3.0"),
        objective=_MCP.format(l="alpha", b="gamma"),
    ),
    Entry(
        place="skglm.penalties:MCPenalty",
        arguments=("alpha=0.3", "gamma=1.5"),
        objective=_MCP.format(l="alpha", b="gamma"),
    ),
    Entry(
        place="skglm.penalties:MCPenalty",
        arguments=("alpha=1.0", "gamma=3.0", "positive=True"),
        objective=_MCP.format(l="alpha", b="gamma"),
        domain="[0, inf)",
    ),
    Entry(place="skglm.penalties:PositiveConstraint", objective="0*w", domain="[0, inf)"),
    Entry(
        place="skglm.penalties:SCAD", arguments=("alpha=1.0", "gamma=3.7"), objective=_SCAD.format(s="alpha", a="gamma")
    ),
    Entry(
        place="skglm.penalties:SCAD", arguments=("alpha=0.5", "gamma=3.0"), objective=_SCAD.format(s="alpha", a="gamma")
    ),
    Entry(
        place="skglm.penalties:WeightedL1",
        arguments=("alpha=0.3", "weights=[0.7]"),
        objective="alpha*k*abs(w)",
        settings=("k=0.7",),
    ),
    Entry(
        place="skglm.penalties:WeightedMCPenalty",
        arguments=("alpha=1.0", "gamma=3.0", "weights=[0.5]"),
        objective="k*" + _MCP.format(l="alpha", b="gamma"),
        settings=("k=0.5",),
    ),
)


def _proxop(name: str, objective: str = "", *arguments: str, **more: object) -> Entry:
    return Entry(place=f"proxop:{name}", arguments=arguments, objective=objective, **more)  # type: ignore[arg-type]


_REAL = ("a: real", "b: real")

PROXOP = (
    _proxop("AbsValue", "abs(w)"),
    _proxop("L1Norm", "abs(w)"),
    _proxop("ArctanActi", "-2/pi*log(cos(pi*w/2)) - w**2/2", domain="(-1, 1)"),
    _proxop("ArgsinhActi", "cosh(w) - w**2/2"),
    _proxop("Bathtub", "max(abs(w) - c, 0)", "w=1.0", settings=("c=1",)),
    _proxop("BentIdentity", "w/2 - log(w + 1/2)/4", domain="(-0.5, inf)"),
    _proxop(
        "Berhu",
        "where(abs(w) <= c, abs(w), (w**2 + c**2)/(2*c))",
        "w=2.0",
        settings=("c=2",),
    ),
    _proxop("BoxConstraint", "0*w", "low=-1.0", "high=2.0", domain="[-1, 2]"),
    _proxop("BurgCauchy", "c*log(delta + w**2) - log(w)", "w=1.0", "delta=1.0", settings=("c=1",), domain="(0, inf)"),
    _proxop("BurgLogSum", "c*log(delta + w) - log(w)", "w=1.0", "delta=1.0", settings=("c=1",), domain="(0, inf)"),
    _proxop(
        "CEL0", "where(abs(w) <= sqrt(2*lamb)/a, lamb - a**2*(abs(w) - sqrt(2*lamb)/a)**2/2, lamb)", "lamb=0.5", "a=1.0"
    ),
    _proxop("CapL1", "min(1, theta*abs(w))", "theta=1.0"),
    _proxop("CapL1", "min(1, theta*abs(w))", "theta=0.1"),
    _proxop("Cauchy", "log(delta + w**2)", "delta=1.0"),
    _proxop("Cauchy", "log(delta + w**2)", "delta=0.01"),
    _proxop("ELUacti", "where(w >= 0, 0, (w + 1)*log(w + 1) - w - w**2/2)", "w=1.0", domain="(-1, inf)"),
    _proxop("ElliotActi", "-abs(w) - log(1 - abs(w)) - w**2/2", domain="(-1, 1)"),
    _proxop("Entropy", "w*log(w)", domain="(0, inf)"),
    _proxop(
        "EntropyCauchy", "w*log(w) + c*log(delta + w**2)", "w=1.0", "delta=1.0", settings=("c=1",), domain="(0, inf)"
    ),
    _proxop("EntropyL0", "", "w=1.0"),
    _proxop("EntropyLogSum", "w*log(w) + c*log(delta + w)", "w=1.0", "delta=1.0", settings=("c=1",), domain="(0, inf)"),
    _proxop("Exp", "exp(w)"),
    _proxop("FairPotential", "c*abs(w) - log(1 + c*abs(w))", "w=1.0", settings=("c=1",)),
    _proxop("FairPotential", "c*abs(w) - log(1 + c*abs(w))", "w=3.0", settings=("c=3",)),
    _proxop("FermiDiracEntropy", "w*log(w) + (1 - w)*log(1 - w)", domain="(0, 1)"),
    _proxop(
        "GMActi",
        "mu*atan(sqrt(abs(w)/(mu - abs(w)))) - sqrt(abs(w)*(mu - abs(w))) - w**2/2",
        settings=(f"mu={_MU}",),
        domain=f"(-{_MU}, {_MU})",
    ),
    _proxop("HingeLoss", "max(1 - w, 0)"),
    _proxop("Huber", "where(abs(w) <= c, w**2/2, c*abs(w) - c**2/2)", "w=1.0", settings=("c=1",)),
    _proxop("Hyperbolic", "sqrt(w**2 + delta**2)", "delta=1.0"),
    _proxop("ISRLU", "where(w >= 0, 0, 1 - w**2/2 - sqrt(1 - w**2))", domain="[-1, inf)"),
    _proxop("ISRU", "-w**2/2 - sqrt(1 - w**2)", domain="[-1, 1]"),
    _proxop("Inverse", "1/w", "q=1.0", domain="(0, inf)"),
    _proxop("Inverse", "1/w**2", "q=2.0", domain="(0, inf)"),
    _proxop("L0Norm"),
    _proxop("LinfBall", "0*w", "eta=1.0", domain="[-1, 1]"),
    _proxop("Log", "-log(w)", domain="(0, inf)"),
    _proxop(
        "LogActi",
        "exp(abs(w)) - abs(w) - 1 - w**2/2",
    ),
    _proxop("LogBarrier", "-log(w) - log(1 - w)", domain="(0, 1)"),
    _proxop("LogInverse", "1/w - log(w)", "w=1.0", domain="(0, inf)"),
    _proxop("LogPower", "w**2 - log(w)", "q=2.0", "w=1.0", domain="(0, inf)"),
    _proxop("LogSum", "log(delta + abs(w))", settings=("delta=1e-5",)),
    _proxop("LogSum", "log(delta + abs(w))", "delta=1.0"),
    _proxop("LogisticLoss", "log(1 + exp(w))"),
    _proxop("MCP", _MCP.format(l="lamb", b="beta"), "lamb=1.0", "beta=3.0"),
    _proxop("NegativeRoot", "-sqrt(w)", "q=2.0", domain="[0, inf)"),
    _proxop("NegativeRoot", "-w", "q=1.0", domain="[0, inf)"),
    _proxop("PRelu", "where(w > 0, 0, (1/alpha + 1)*w**2/2)", "alpha=0.25"),
    _proxop("Power", "abs(w)", "q=1.0"),
    _proxop(
        "Power",
        "abs(w)**(4/3)",
        "q=1.3333333333333333",
    ),
    _proxop("Power", "abs(w)**1.5", "q=1.5"),
    _proxop("Power", "w**2", "q=2.0"),
    _proxop("Power", "abs(w)**3", "q=3.0"),
    _proxop("Power", "w**4", "q=4.0"),
    _proxop("Power", "abs(w)**2.5", "q=2.5"),
    _proxop("Root", "sqrt(abs(w))", "q=0.5"),
    _proxop("Root", "abs(w)**0.25", "q=0.25"),
    _proxop("SCAD", _SCAD.format(s="lamb", a="a"), "lamb=1.0", "a=3.7"),
    _proxop("SmoothedFermiDiracEntropy", "w*log(w) + (1 - w)*log(1 - w) - w**2/2", domain="(0, 1)"),
    _proxop("Square", "w**2/2"),
    _proxop(
        "SquaredBathtub",
        "max(abs(w) - c, 0)**2/2",
        "w=1.0",
        settings=("c=1",),
    ),
    _proxop("SquaredHinge", "max(1 - w, 0)**2"),
    _proxop(
        "TanhActi",
        "w*log((1 + w)/(1 - w))/2 + (log(1 - w**2) - w**2)/2",
        domain="(-1, 1)",
    ),
    _proxop("Thresholder", "a*min(w, 0) + b*max(w, 0)", "a=-1.0", "b=2.0", declared=_REAL),
    _proxop("Truncated", "min(w**2, c)", "w=1.0", settings=("c=1",)),
    _proxop(
        "UnimodalSigmoid", "(w + 1/2)*log(w + 1/2) + (1/2 - w)*log(1/2 - w) - (w**2 + 1/4)/2", domain="(-0.5, 0.5)"
    ),
)

ENTRIES = (*PYPROXIMAL, *PROXOP, *SKGLM)

REMARKS = {
    "pyproximal:Geman": "For a large input, rounding makes the cubic's discriminant positive, and zero comes out.",
    "pyproximal:Huber": (
        "The branch is chosen by the input, not by the result. Known upstream as issue 189 of PyLops/pyproximal, "
        "which is closed; in this version the operator is as it was."
    ),
    "pyproximal:L0": (
        "Judged by its own value, which counts the nonzero elements whatever sigma is (documented: "
        "sigma*||x||_0). The threshold, documented as tau*sigma, would be right as sqrt(2*tau*sigma)."
    ),
    "pyproximal:Log1": (
        "Formula and code have 2*tau*sigma below the root where the stationary point has 4*tau*sigma, and do not "
        "compare it with zero. The value leaves sigma out."
    ),
    "pyproximal:QuadraticEnvelopeCard": (
        "The documented formula divides by 1 - tau; nothing says tau < 1. From tau = 1 on, the code returns the "
        "hard thresholding that is right for tau = 1."
    ),
    "pyproximal:RelaxedMumfordShah": (
        "Documented as min(alpha*||x||^2, kappa) of a vector, with a prox that moves each element by itself."
    ),
    "pyproximal:SCAD": (
        "The documented formula divides by a - 1 - tau; nothing says tau < a - 1. From there on it is not the "
        "minimiser."
    ),
    "proxop:ArctanActi": "A sign is lost in the value.",
    "proxop:Berhu": (
        "The documented formula has |w|, the parameter, where |x| is meant; the value does as documented, the "
        "prox does not."
    ),
    "proxop:BurgCauchy": "Newton's method, with the input where the weight w belongs in the derivative.",
    "proxop:CapL1": "The code adds where it should multiply.",
    "proxop:Entropy": (
        "The Lambert function's iteration does not end in time, or overflows, for inputs that are large beside gamma."
    ),
    "proxop:EntropyCauchy": "The equation that is solved has delta - x where gamma - x is right.",
    "proxop:EntropyL0": (
        "Judged by its own value. The approximation for inputs that are large beside gamma lacks the factor gamma."
    ),
    "proxop:EntropyLogSum": "Newton's iterates are cut off at zero, where the logarithm is infinite.",
    "proxop:Exp": "For large inputs an approximation, as a comment in the code says.",
    "proxop:FairPotential": "A term is missing below the root.",
    "proxop:FermiDiracEntropy": "exp(x/gamma) overflows.",
    "proxop:GMActi": "In the value, the root is taken of the numerator alone.",
    "proxop:Inverse": "Newton's method, with t*q where t**q belongs in the derivative.",
    "proxop:LogActi": "The documented formula, cosh(x) - x^2/2, is that of ArgsinhActi.",
    "proxop:LogSum": "The result is an array of integers, with as many elements as the input has dimensions.",
    "proxop:LogisticLoss": "The value overflows. The prox gives back the scaled input, less its correction.",
    "proxop:NegativeRoot": "The polynomial's root is raised to 1/q where q is right.",
    "proxop:PRelu": (
        "Judged by the documented formula, which its value has. Its prox divides by 2 + 1/alpha where x < 0 (with"
        " 1/alpha - 1 in place of 1/alpha + 1 it would be PReLU), and leaves positive inputs as they are."
    ),
    "proxop:Power": (
        "For q = 4/3 a root is taken twice, for q = 3/2 the formula has 2*gamma where gamma**2 is right, for q = "
        "3 a division by 6*gamma is missing."
    ),
    "proxop:Root": "Newton's method, for the ratio of result and input, starts at half the input.",
    "proxop:SCAD": (
        "For gamma > a + 1, the threshold compares the input with a negative number where it should with zero."
    ),
    "proxop:SquaredHinge": "One branch is that of HingeLoss.",
    "skglm.penalties:L1": (
        "With positive=True, the value stays finite at negative weights, where subdiff_distance is infinite."
    ),
    "skglm.penalties:L1_plus_L2": "As L1.",
    "skglm.penalties:L2_3": "The formula cancels where the input is large beside the step.",
    "skglm.penalties:MCPenalty": (
        "The formula holds for stepsize < gamma. MCPRegression asks for gamma >= 1, which is that for a step of "
        "1; nothing is said of others. With positive=True, the value stays finite at negative weights, as that of L1."
    ),
    "skglm.penalties:SCAD": (
        "All candidates are compared, for any step; one of them is divided by gamma - 1 - stepsize."
    ),
    "skglm.penalties:WeightedMCPenalty": "As MCPenalty.",
}
"""What the documentation says that matters, or what the code does, of operators in which something disagrees."""

LEFT_OUT = (
    "pyproximal: what acts on matrices or an operator, or projects: AffineSet, GenericIntersectionProx, HalfSpace, "
    "Hankel, HuberCircular, Intersection, L0Ball, L10Ball (L01Ball), L1Ball, whose indicator has a tolerance of its "
    "own, L2 and Quadratic with an operator, L2Convolve, Nonlinear, Nuclear, NuclearBall, Orthogonal, "
    "QuadraticEnvelopeCardIndicator, QuadraticEnvelopeRankL2, RED, Simplex, SingularValuePenalty, Sum, TV of more than "
    "one dimension, VStack. `grad` of an operator with `hasgrad = False` is that of its Moreau envelope, made from its "
    "own prox.",
    "proxop: of `multi` what takes two arrays (AbsDiff, ChiSquare, Hellinger, Ialpha, Jeffrey, Kullback, Renyi and the "
    "perspectives Pers...), what acts on singular values or eigenvalues (InvPenaltyLogDet, LogDet, NeumannEntropy, "
    "Nuclear..., PermutationInvariant, Rank, RankRidge, Schatten..., Spectral, SquaredFrobeniusNormLogDet), "
    "L2DownConv, SoftmaxActi and Squashing; of `indicator` the epigraphs, which take a vector and a number, sets that "
    "a change of one number leaves (ExtendedSimplex, Hyperplane, LogProjection, Simplex), L1_2Ball, on whose blocks "
    "all act on each other, and MonotoneCone, whose projection raises; of `nonconvex`: ConicL0, L0L2Norm, "
    "TruncatedNorm; of `scalar`: BregAbsEntropy, BregAbsLog, BregBoltzShannon, BregBoltzShannon2, BregExp, BregLpNorm, "
    "BregSquareLog, whose prox is one in a Bregman distance.",
    "skglm: the non-separable penalties (SLOPE). `derivative` of L0_5, L2_3 and LogSumPenalty, which leaves out alpha "
    "for the reweighting that uses it, is not judged as a gradient.",
)
