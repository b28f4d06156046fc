"""The language's functions, a row each: whatever the compiler knows of one by its name stands here and nowhere else.

Rows are text and numbers, so that nothing heavy is imported for them; `formulas` reads the text. The judge has a table
of its own, which shares nothing with this one but the names (`verification/oracle/functions.py`); a test says that the
two agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Monotone = Literal["", "rising", "rising from 0", "falling"]
Parity = Literal["", "even", "odd"]
Kink = Literal["", "kink", "jump"]
Curvature = Literal["", "convex", "concave"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of the language. In its formulas `u` and `v` are the arguments and `y` is the value.

    Args:
        name: As it is written.
        least: Fewest arguments.
        most: Most arguments, or None for any number.
        doc: What it is, with its real domain where that is not the whole line.
        derivatives: By each argument, away from kinks.
        inverse: The u at which the value is y; of an even function the one that is not negative.
        definition: The function in terms of `exp`, `log`, `sqrt` and arithmetic.
        computed: How it is computed where no library has it, without an overflow that is not its own.
        emitted: How emitted code computes what Arb has and other libraries have not: with the functions of
            `approximations.py`.
        domain: The real arguments, as an interval; of a function of several arguments, of each.
        poles: What is 0 at the points within the domain at which it has no value.
        range: The real values, as an interval; "" where that depends on more than the function.
        at_zero: The value at 0; "" if it has none there or if that is of no use.
        parity: "" for neither.
        monotone: Does it never fall, in any argument, on its domain or from 0 on, or never rise? Where it is 0 at 0, it
            is 0 nowhere else.
        period: "" if it is not periodic.
        kink: Has it a point within its domain at which it has no derivative, or jumps?
        curvature: On the whole line.
        facts: Conditions on u and y that hold everywhere, told to Z3, which knows no such function;
            `implies(a, b)` is one too, and other functions of the table may stand in them. Proofs: schoolbook
            (convexity of exp, concavity of log, ...), or cited.
        has_rational_series: Are the coefficients of its power series rational, about 0 or (log, sqrt) about 1?
        price: Roughly how many additions an evaluation takes.
        sympy, flint, arb, mpmath: Its name in SymPy, and as a method of FLINT's rational power series, of Arb's balls
            and of mpmath's contexts; None: the same, "": there is none, and the definition stands for it. What has no
            definition is a function to SymPy that it knows by its row, and is worked out in `evaluation/normal.py`.
        numpy, c: Its name in NumPy and in C's math.h; None: the same.
        latex: Its command; "" if LaTeX has none.
        elsewhere: What it is called in other languages, for messages.
    """

    name: str
    least: int = 1
    most: int | None = 1
    doc: str
    derivatives: tuple[str, ...] = ()
    inverse: str = ""
    definition: str = ""
    computed: str = ""
    emitted: str = ""
    domain: str = "(-inf, inf)"
    poles: str = ""
    range: str = ""
    at_zero: str = ""
    parity: Parity = ""
    monotone: Monotone = ""
    period: str = ""
    kink: Kink = ""
    curvature: Curvature = ""
    facts: tuple[str, ...] = ()
    has_rational_series: bool = False
    price: float = 18.0
    sympy: str | None = None
    flint: str | None = None
    arb: str | None = None
    mpmath: str | None = None
    numpy: str | None = None
    c: str | None = None
    latex: str = ""
    elsewhere: tuple[str, ...] = ()

    @property
    def is_smooth(self) -> bool:
        """Is it differentiable at every real number?"""
        return not (self.kink or self.poles) and self.domain == "(-inf, inf)"

    @property
    def keeps_sign(self) -> bool:
        """Has its value the sign of its argument?"""
        return self.monotone == "rising" and self.at_zero == "0" and self.domain.startswith("(")


_HAZARD = "(abs(u) + normal_excess(abs(u)))"
"""phi(t)/Phi(-t) at t = |u|."""
_DENSITY = "(1/sqrt(2*pi)*exp(-1/8*(u + abs(u))**2))"
"""phi(u) for u > 0; phi(0) for others. Without a choice in it: GCC would call exp once for each side."""
_TAIL = f"({_DENSITY}/{_HAZARD})"
"""Phi(-u) for u > 0; exp(u**2/2)*Phi(u) for others."""
_MILLS = f"({_DENSITY}/(1 - {_TAIL}))"
"""phi(u)/Phi(u) for u > 0."""
_LOG = f"log1p(where(u > 0, -{_TAIL}, sqrt(2*pi)*{_HAZARD} - 1))"
"""log(Phi(u)) for u > 0; for others minus what it is above -u**2/2. It is negative there, and positive here."""

_ROWS = (
    Function(
        name="abs",
        doc="absolute value |x|",
        derivatives=("sign(u)",),
        inverse="y",
        range="[0, inf)",
        at_zero="0",
        parity="even",
        monotone="rising from 0",
        kink="kink",
        curvature="convex",
        price=1.0,
        sympy="Abs",
        flint="",
        arb="__abs__",
        mpmath="fabs",
        c="fabs",
        elsewhere=("fabs",),
    ),
    Function(
        name="sqrt",
        doc="square root, x >= 0",
        derivatives=("1/(2*sqrt(u))",),
        inverse="y**2",
        domain="[0, inf)",
        range="[0, inf)",
        at_zero="0",
        monotone="rising",
        has_rational_series=True,
        price=5.0,
    ),
    Function(
        name="exp",
        doc="e**x",
        derivatives=("exp(u)",),
        inverse="log(y)",
        definition="exp(u)",
        range="(0, inf)",
        at_zero="1",
        monotone="rising",
        curvature="convex",
        facts=("y > 0", "y >= 1 + u", "(y > 1) == (u > 0)", "(y < 1) == (u < 0)"),
        has_rational_series=True,
        latex=r"\exp",
    ),
    Function(
        name="expm1",
        doc="e**x - 1",
        derivatives=("exp(u)",),
        inverse="log1p(y)",
        definition="exp(u) - 1",
        range="(-1, inf)",
        at_zero="0",
        monotone="rising",
        curvature="convex",
        facts=("y > -1", "y >= u", "(y > 0) == (u > 0)", "(y < 0) == (u < 0)"),
        has_rational_series=True,
        sympy="",
        flint="",
    ),
    Function(
        name="log",
        doc="natural logarithm, x > 0",
        derivatives=("1/u",),
        inverse="exp(y)",
        domain="(0, inf)",
        range="(-inf, inf)",
        monotone="rising",
        facts=("implies(u > 0, y <= u - 1 and (y > 0) == (u > 1) and (y < 0) == (u < 1))",),
        has_rational_series=True,
        latex=r"\log",
        elsewhere=("ln",),
    ),
    Function(
        name="log1p",
        doc="log(1 + x), x > -1",
        derivatives=("1/(1 + u)",),
        inverse="expm1(y)",
        definition="log(1 + u)",
        domain="(-1, inf)",
        range="(-inf, inf)",
        at_zero="0",
        monotone="rising",
        facts=("implies(u > -1, y <= u and (y > 0) == (u > 0) and (y < 0) == (u < 0))",),
        has_rational_series=True,
        sympy="",
        flint="",
    ),
    Function(
        name="sin",
        doc="sine, x in radians",
        derivatives=("cos(u)",),
        range="[-1, 1]",
        at_zero="0",
        parity="odd",
        period="2*pi",
        facts=("y <= 1", "y >= -1"),
        has_rational_series=True,
        latex=r"\sin",
    ),
    Function(
        name="cos",
        doc="cosine, x in radians",
        derivatives=("-sin(u)",),
        range="[-1, 1]",
        at_zero="1",
        parity="even",
        period="2*pi",
        facts=("y <= 1", "y >= -1"),
        has_rational_series=True,
        latex=r"\cos",
    ),
    Function(
        name="tan",
        doc="tangent, x in radians",
        derivatives=("1 + tan(u)**2",),
        poles="cos(u)",
        range="(-inf, inf)",
        at_zero="0",
        parity="odd",
        period="pi",
        has_rational_series=True,
        latex=r"\tan",
    ),
    Function(
        name="sinh",
        doc="hyperbolic sine",
        derivatives=("cosh(u)",),
        inverse="log(y + sqrt(y**2 + 1))",
        definition="(exp(u) - exp(-u))/2",
        range="(-inf, inf)",
        at_zero="0",
        parity="odd",
        monotone="rising",
        facts=("implies(u > 0, y > u)", "implies(u < 0, y < u)", "(y == 0) == (u == 0)"),
        has_rational_series=True,
        latex=r"\sinh",
    ),
    Function(
        name="cosh",
        doc="hyperbolic cosine",
        derivatives=("sinh(u)",),
        inverse="log(y + sqrt(y**2 - 1))",
        definition="(exp(u) + exp(-u))/2",
        range="[1, inf)",
        at_zero="1",
        parity="even",
        monotone="rising from 0",
        curvature="convex",
        facts=("y >= 1 + u*u/2", "(y == 1) == (u == 0)"),
        has_rational_series=True,
        latex=r"\cosh",
    ),
    Function(
        name="tanh",
        doc="hyperbolic tangent",
        derivatives=("1/cosh(u)**2",),
        inverse="1/2*log((1 + y)/(1 - y))",
        definition="(exp(u) - exp(-u))/(exp(u) + exp(-u))",
        range="(-1, 1)",
        at_zero="0",
        parity="odd",
        monotone="rising",
        facts=(
            "y < 1",
            "y > -1",
            "implies(u > 0, y > 0 and y < u)",
            "implies(u < 0, y < 0 and y > u)",
            "(y == 0) == (u == 0)",
        ),
        has_rational_series=True,
        latex=r"\tanh",
    ),
    Function(
        name="atan",
        doc="arc tangent, in radians",
        derivatives=("1/(1 + u**2)",),
        inverse="tan(y)",
        range="(-pi/2, pi/2)",
        at_zero="0",
        parity="odd",
        monotone="rising",
        facts=(
            "y < 1.5707964",
            "y > -1.5707964",
            "implies(u > 0, y > 0 and y < u)",
            "implies(u < 0, y < 0 and y > u)",
            "(y == 0) == (u == 0)",
        ),
        has_rational_series=True,
        numpy="arctan",
        latex=r"\arctan",
        elsewhere=("arctan",),
    ),
    Function(
        name="asinh",
        doc="inverse hyperbolic sine",
        derivatives=("1/sqrt(1 + u**2)",),
        inverse="sinh(y)",
        range="(-inf, inf)",
        at_zero="0",
        parity="odd",
        monotone="rising",
        facts=(
            "implies(u > 0, y > 0 and y < u)",
            "implies(u < 0, y < 0 and y > u)",
            "(y == 0) == (u == 0)",
        ),
        has_rational_series=True,
        numpy="arcsinh",
        elsewhere=("arcsinh", "arsinh"),
    ),
    Function(
        name="sign",
        doc="-1, 0 or 1; sign(0) = 0",
        derivatives=("0",),
        range="[-1, 1]",
        at_zero="0",
        parity="odd",
        monotone="rising",
        kink="jump",
        price=2.0,
        flint="",
    ),
    Function(
        name="min",
        least=2,
        most=None,
        doc="the least of two or more",
        monotone="rising",
        kink="kink",
        price=1.0,
        numpy="minimum",
        latex=r"\min",
        elsewhere=("minimum",),
    ),
    Function(
        name="max",
        least=2,
        most=None,
        doc="the greatest of two or more",
        monotone="rising",
        kink="kink",
        curvature="convex",
        price=1.0,
        numpy="maximum",
        latex=r"\max",
        elsewhere=("maximum",),
    ),
    Function(
        name="where",
        least=3,
        most=3,
        doc="where(condition, a, b): a where the condition holds, else b",
        kink="jump",
        price=2.0,
        elsewhere=("Piecewise",),
    ),
    Function(
        name="sum",
        least=2,
        most=2,
        doc="sum(body, i): over every i >= 0 for which all subscripts of the body are in range",
    ),
    Function(
        name="norm",
        doc="norm(w): the Euclidean norm of the whole vector",
        parity="even",
        range="[0, inf)",
        kink="kink",
        curvature="convex",
    ),
    Function(
        name="sigmoid",
        doc="1/(1 + exp(-x))",
        derivatives=("sigmoid(u)*sigmoid(-u)",),
        inverse="log(y/(1 - y))",
        definition="1/(1 + exp(-u))",
        computed="1/(1 + exp(-u))",
        range="(0, 1)",
        monotone="rising",
        facts=("y > 0", "y < 1", "(2*y > 1) == (u > 0)", "(2*y < 1) == (u < 0)"),
        has_rational_series=True,
        price=30.0,
        sympy="",
        flint="",
        arb="",
        mpmath="",
    ),
    Function(
        name="softplus",
        doc="log(1 + exp(x))",
        derivatives=("sigmoid(u)",),
        inverse="log(expm1(y))",
        definition="log(1 + exp(u))",
        computed="max(u, 0) + log1p(exp(-abs(u)))",
        range="(0, inf)",
        monotone="rising",
        curvature="convex",
        facts=("y > 0", "y > u"),
        price=45.0,
        sympy="",
        flint="",
        arb="",
        mpmath="",
    ),
    Function(
        name="logaddexp",
        least=2,
        most=2,
        doc="log(exp(x) + exp(y))",
        derivatives=("sigmoid(u - v)", "sigmoid(v - u)"),
        definition="log(exp(u) + exp(v))",
        computed="max(u, v) + log1p(exp(-abs(u - v)))",
        range="(-inf, inf)",
        monotone="rising",
        curvature="convex",
        price=45.0,
        sympy="",
        flint="",
        arb="",
        mpmath="",
    ),
    Function(
        name="log_ndtr",
        doc="log(Phi(x)), Phi the standard normal distribution function; SciPy's name",
        derivatives=("inverse_mills(u)",),
        emitted=f"-abs({_LOG}) - 1/2*min(u, 0)**2",
        range="(-inf, 0)",
        monotone="rising",
        curvature="concave",
        facts=("y < 0", "implies(u <= 0, 2*y < -u*u)"),
        price=70.0,
        sympy="",
        flint="",
        arb="",
        mpmath="",
    ),
    Function(
        name="inverse_mills",
        doc="the inverse Mills ratio phi(x)/Phi(x), phi = Phi'",
        derivatives=("-inverse_mills_slope(u)",),
        emitted=f"where(u > 0, {_MILLS}, {_HAZARD})",
        range="(0, inf)",
        monotone="falling",
        curvature="convex",
        facts=("y > 0", "y > -u", "y*(u + y) < 1"),
        price=70.0,
        sympy="",
        flint="",
        arb="",
        mpmath="",
    ),
    Function(
        name="inverse_mills_slope",
        doc="m*(x + m) with m = inverse_mills(x), whose derivative is minus that; in (0, 1), as Sampford (1953) proves",
        derivatives=("-inverse_mills_curvature(u)",),
        emitted=f"where(u > 0, {_MILLS}*(u + {_MILLS}), {_HAZARD}*normal_excess(abs(u)))",
        range="(0, 1)",
        monotone="falling",
        facts=("y > 0", "y < 1", "y == inverse_mills(u)*(u + inverse_mills(u))"),
        price=70.0,
        sympy="",
        flint="",
        arb="",
        mpmath="",
    ),
    Function(
        name="inverse_mills_curvature",
        doc="the second derivative of inverse_mills, s*(x + 2*m) - m with s = inverse_mills_slope(x); positive",
        derivatives=(
            "2*inverse_mills_slope(u)*(1 - inverse_mills_slope(u))"
            " - inverse_mills_curvature(u)*(u + 2*inverse_mills(u))",
        ),
        emitted=f"where(u > 0, {_MILLS}*((u + {_MILLS})*(u + 2*{_MILLS}) - 1), normal_third_moment(abs(u)))",
        range="(0, inf)",
        facts=("y > 0", "y == inverse_mills_slope(u)*(u + 2*inverse_mills(u)) - inverse_mills(u)"),
        price=70.0,
        sympy="",
        flint="",
        arb="",
        mpmath="",
    ),
)

FUNCTIONS = {row.name: row for row in _ROWS}
RULE_FUNCTIONS = {
    "prox": Function(
        name="prox",
        least=2,
        most=2,
        doc="prox(v, s), in rules only: the u that minimises s*R(u) + (u - v)**2/2, s > 0",
    )
}
"""Functions that stand in the assignments of a rule and nowhere else."""
CONSTANTS = {"pi": "3.14159..., the circle's circumference over its diameter"}
