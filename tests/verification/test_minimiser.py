"""The oracle of proximal operators against closed forms worked out by hand, and against what is right at a minimum."""

from __future__ import annotations

from fractions import Fraction
from math import copysign, sqrt

import formulas
import mpmath
import pytest
from flint import arb, ctx
from random_trees import Undefined, value
from test_enclosures import exactly

import symreg
from symreg.model.terms import Terms
from symreg.verification.minimum.minimiser import Minimiser, NoMinimum, minimisers
from symreg.verification.oracle.kinks import every_kink


def terms(source: str, **declared: str) -> Terms:
    return symreg.objective(symreg.penalty("own", source, **declared) if declared else source).terms


def minimum(made: Terms, v: float, s: float, **parameters: float) -> Minimiser:
    found = minimisers(made, parameters)(v, s)
    assert found is not None
    return found


def soft(v: float, t: float) -> Fraction:
    size = abs(Fraction(v)) - Fraction(t)
    return (size if v > 0 else -size) if size > 0 else Fraction(0)


@pytest.mark.parametrize("v", [0.0, 5e-324, -1e-150, 0.1, -0.25, 0.25, 3.0, -1e150])
@pytest.mark.parametrize("s", [2.0**-20, 0.5, 2.0**20])
def test_soft_threshold(v: float, s: float) -> None:
    found = minimum(terms("l1"), v, s, lam=0.5)
    with ctx.workprec(2000):
        exact = soft(v, s * 0.5)
        assert found.value.contains(arb(exact.numerator) / exact.denominator)
        assert found.at_knot == (exact == 0)
        assert found.value.is_zero() == (exact == 0)


@pytest.mark.parametrize("v", [0.0, 0.9, 1.0, 1.5, -1.9, 2.0, 2.5, -40.0, 1e100])
@pytest.mark.parametrize("s", [0.25, 1.0, 1.75, 3.0, 64.0])
def test_mcp_within_and_beyond_its_bound(v: float, s: float) -> None:
    lam, gamma = 1.0, 2.0
    found = minimum(terms("mcp"), v, s, lam=lam, gamma=gamma)
    size = abs(v)
    if s < gamma:
        exact = size if size > gamma * lam else max(size - s * lam, 0.0) / (1 - s / gamma)
    else:
        exact = 0.0 if size * size < s * gamma * lam * lam else size  # hard thresholding
    assert float(found.value) == pytest.approx(copysign(exact, v) if exact else 0.0, rel=1e-15)


@pytest.mark.parametrize("lam", [0.1, 2.0])
@pytest.mark.parametrize("s", [1e-3, 1.0, 50.0])
def test_log_barrier_is_the_positive_root(lam: float, s: float) -> None:
    for v in (-30.0, -1.0, 0.0, 1e-9, 2.0):
        found = minimum(terms("log_barrier"), v, s, lam=lam)
        r = sqrt(v * v / 4 + s * lam)
        exact = r + v / 2 if v >= 0 else s * lam / (r - v / 2)
        assert float(found.value) == pytest.approx(exact, rel=1e-14)
        assert not found.at_knot and found.curvature > 1


def test_entropy_far_below_the_least_normal_float() -> None:
    found = minimum(terms("entropy"), -1e6, 1.0, lam=1.0)
    assert abs(found.value) <= 2.0**-1021


@pytest.mark.parametrize(("v", "exact"), [(0.0, 1.0), (-0.0, -1.0), (1e-300, 1.0), (-3e-9, -1.0)])
def test_ties_go_by_the_sign_of_v(v: float, exact: float) -> None:
    found = minimum(terms("double_well"), v, 1e6, lam=1.0)
    assert float(found.value) == pytest.approx(exact, rel=1e-6)
    assert len(found.ties) == (v == 0.0)


def test_of_a_tie_the_smaller_magnitude_is_taken() -> None:
    # capped l1 at its threshold: |v| - s*lam/2 against v itself, both at theta + s*lam/2
    found = minimum(terms("capped_l1"), 1.25, 0.5, lam=1.0, theta=1.0)
    assert found.value == 0.75 and len(found.ties) == 1 and found.ties[0].contains(arb(5) / 4)


@pytest.mark.parametrize("v", [0.01, 0.3, 7.0, -1e9])
@pytest.mark.parametrize("exponent", ["1.3", "13/10", "1.01", "0.7"])
def test_exponents_that_are_no_binary_fractions(v: float, exponent: str) -> None:
    """How the penalty grows was known of exponents only that a float holds exactly."""
    found = minimum(terms(f"lam*abs(w)**({exponent})"), v, 0.25, lam=2.0)
    with ctx.workprec(200):
        e = arb(float(Fraction(exponent) * 100)) / 100
        u, pull = abs(found.value), e * abs(found.value) ** (e - 1) / 2
        gap = u + pull - abs(v)
        assert found.value.is_zero() if exponent == "0.7" and abs(v) < 0.5 else abs(gap) < 1e-14 * (u + pull)


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_half_power_jumps_at_its_threshold(side: float) -> None:
    # Xu et al. (2012), eq. (18), with s*phi = s*lam*sqrt|u|: zero up to |v| = 3/2*(s*lam)**(2/3)
    threshold = 1.5 * 2.0 ** (2 / 3)
    for v, is_zero in ((threshold * (1 - 1e-12), True), (threshold * (1 + 1e-12), False)):
        assert minimum(terms("l_half"), side * v, 4.0, lam=0.5).value.is_zero() == is_zero


def test_a_knot_that_is_no_float_is_exact() -> None:
    made = terms("max(w - a*b, 0)", a="positive", b="positive")
    found = minimum(made, 0.7, 1e3, a=0.1, b=0.3)
    assert found.at_knot
    with ctx.workprec(400):
        assert found.value.contains(arb(0.1) * arb(0.3)) and found.value.rad() < 1e-60


def test_the_minimum_stays_in_a_closed_domain() -> None:
    made = symreg.objective(symreg.penalty("own", "lam*w", domain="[0, 2]", lam="positive")).terms
    assert minimum(made, -3.0, 1.0, lam=1.0).value == 0
    assert minimum(made, 1.5, 1.0, lam=1.0).value == 0.5
    assert minimum(made, 30.0, 1.0, lam=1.0).value == 2


@pytest.mark.parametrize(("source", "s", "exists"), [
    ("-lam*w**2", 0.25, True), ("-lam*w**2", 0.5, False), ("-lam*w**2", 3.0, False), ("-lam*w**4", 1e-6, False),
    ("-lam*abs(w)", 1e6, True), ("lam*(w**4 - 100*w**2)", 1e6, True), ("-lam*exp(w)", 1e-3, None),
])  # fmt: skip
def test_where_there_is_no_minimum(source: str, s: float, exists: bool | None) -> None:
    one = minimisers(terms(source, lam="positive"), {"lam": 1.0})
    if exists:
        assert one(0.3, s) is not None
    elif exists is None:
        assert one(0.3, s) is None
    else:
        with pytest.raises(NoMinimum):
            one(0.3, s)


def objective(name: str, u: arb, v: float, s: float, **parameters: float) -> arb:
    from symreg.verification.oracle.decisions import sign_or_hull
    from symreg.verification.oracle.slopes import elementwise

    phi = elementwise(terms(name).terms, parameters)
    assert phi is not None
    value: arb = s * phi(u, sign_or_hull) + (u - v) ** 2 / 2
    return value


NONCONVEX = ("atan", "cauchy", "geman_mcclure", "welsch", "tukey", "etp", "log_sum", "double_well", "sine_squared",
             "scad", "capped_l1", "l_half", "mcp")  # fmt: skip


@pytest.mark.one_in(15)
@pytest.mark.parametrize("name", NONCONVEX)
def test_nothing_on_a_grid_is_lower(name: str) -> None:
    penalty = symreg.objective(name).terms
    parameters = {p.name: p.default * 3 for p in penalty.parameters}
    one = minimisers(penalty, parameters)
    looked_at = 0
    for s in (0.01, 1.0, 30.0, 4000.0):
        for v in (-70.0, -4.1, -1.02, 0.3, 0.77, 2.2, 9.0):
            found = one(v, s)
            assert found is not None
            with ctx.workprec(200):
                least = objective(name, found.value, v, s, **parameters)
                for k in range(-200, 201, 25):
                    for u in (arb(v) * k / 100, arb(k) / 40, found.value * (1 + arb(k) / 5000)):
                        assert not objective(name, u, v, s, **parameters) < least
                        looked_at += 1
    assert looked_at == 4 * 7 * 17 * 3


@pytest.mark.one_in(6)
@pytest.mark.parametrize("end", [1.0, -1.0, 3.0, -1e6, 0.125])
@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("v", [0.2, -0.5, 7.0, -30.0, 1e9, -1e17, 1e40, -1e140, 1e290, -1e290])
def test_a_barrier_before_any_end_has_a_minimum_nearer_to_it_than_any_float(end: float, side: int, v: float) -> None:
    domain = f"(-inf, {end})" if side > 0 else f"({end}, inf)"
    made = formulas.terms(f"-log({'c - w' if side > 0 else 'w - c'})", domain=domain, c=("real", end))
    found = minimisers(made, {"c": end})(v, 0.25)
    assert found is not None and not found.ties
    with ctx.workprec(6000):
        off = side * (arb(end) - arb(v))  # of the distance d from the end: d**2 - off*d - s = 0
        distance = (off + (off * off + 1).sqrt()) / 2
        assert (side * (arb(end) - found.value)).contains(distance) or abs(
            side * (arb(end) - found.value) / distance - 1
        ) < arb(2) ** -80


DECIDED = [  # all of them right, and undetermined at most points before
    ("-log(w) - log(1 - w)", "(0, 1)"), ("-log(1 - w**2)", "(-1, 1)"), ("1/(1 - w**2)", "(-1, 1)"),
    ("-sqrt(1 - w**2)", "[-1, 1]"), ("w*log(w) + (1 - w)*log(1 - w)", "(0, 1)"), ("-log(sigmoid(w))", "real"),
    ("min(abs(w), abs(w - 1))", "real"), ("min((w - 1)**2, (w + 2)**2)", "real"),
    ("min(w**2, (w - 1)**2 + 1/4, (w + 3)**2)", "real"), ("log(cosh(w)) - w**2/64", "real"),
    ("(1 - exp(-(w - 1)))**2", "real"), ("where(w < 0, exp(-w) - 1 + w, w**2/2)", "real"), ("exp(w**2)", "real"),
    ("exp(abs(w))", "real"), ("cosh(w)", "real"), ("(exp(w) - 1)**2", "real"), ("exp(-abs(w)) + abs(w)", "real"),
    ("abs(log(w))", "(0, inf)"), ("min(max(w, -1), 1)", "real"), ("log(1/sigmoid(w)) + sigmoid(w)", "real"),
    ("log(2 + exp(w))", "real"), ("min(1, abs(w - 3))", "real"), ("max(exp(w), 1)", "real"),
    ("max(exp(w) - 2, 0)", "real"), ("abs(exp(w) - 1)", "real"), ("expm1(abs(w))", "real"),
    ("exp(abs(w)) - 1", "real"), ("max(softplus(w), 1)", "real"), ("-log(sigmoid(w)) - log(1 - sigmoid(w))", "real"),
    ("max(exp(w) - w - 3, 0)", "real"), ("max(cosh(w) - 2, 0)", "real"), ("max(expm1(w), -1/2)", "real"),
    ("(exp(w) - 1)**2/(exp(w) + 1)**2", "real"), ("exp(w)/(1 + exp(w))**2", "real"),
    ("exp(2*w)/(1 + exp(2*w) + exp(w))", "real"), ("exp(-w/3)/(1 + exp(-w/3))", "real"),
    ("-log(exp(-w**2) + exp(-(w - 2)**2))", "real"), ("logaddexp(-w**2, 1 - 2*(w + 1)**2) + w**2", "real"),
    ("exp(2*w) - 2*exp(w)", "real"), ("1/(exp(w) + exp(-w))", "real"), ("exp(3*w)*exp(-2*w)", "real"),
]  # fmt: skip


@pytest.mark.one_in(45)
@pytest.mark.parametrize(("text", "domain"), DECIDED, ids=[text for text, _ in DECIDED])
def test_minima_are_decided_far_out_as_well(text: str, domain: str) -> None:
    made = formulas.terms(text, domain=domain)
    (term,) = made.terms

    def cost(u: mpmath.mpf, v: float, s: float) -> mpmath.mpf | None:
        try:
            return s * value(term.tree, u, {}) + (u - mpmath.mpf(v)) ** 2 / 2
        except Undefined:
            return None

    one = minimisers(made, {})
    for s in (0.01, 1.0, 8.0):
        for v in (0.2, -0.55, 3.0, -30.0, 1e6, -1e10, 1e140):
            found = one(v, s)
            assert found is not None, (v, s)
            with mpmath.workprec(1500):
                least = cost(exactly(found.value), v, s)
                if least is None:
                    continue
                grid = [Fraction(k, 16) for k in range(-80, 81, 3)] + [Fraction(v) * k / 64 for k in range(1, 129, 6)]
                for u in (u for u in grid if u in term.domain):
                    other = cost(mpmath.mpf(u.numerator) / u.denominator, v, s)
                    assert other is None or least <= other + mpmath.ldexp(abs(other), -150), (v, s, u)


KINKS_OF_EXPONENTIALS = [  # mpmath: log(2), log(e - 1), roots of exp(w) = w + 3, and of cosh(w) = 2
    ("max(exp(w), 1)", (0.0,)), ("max(exp(w) - 2, 0)", (0.6931471805599453,)),
    ("max(softplus(w), 1)", (0.5413248546129181,)), ("abs(exp(2*w) - 3*exp(w) + 2)", (0.0, 0.6931471805599453)),
    ("max(exp(w) - w - 3, 0)", (-2.947530902542285, 1.5052414957928832)),
    ("max(cosh(w) - 2, 0)", (-1.3169578969248166, 1.3169578969248166)), ("max(2 - exp(-w), 0)", (-0.6931471805599453,)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "places"), KINKS_OF_EXPONENTIALS, ids=[text for text, _ in KINKS_OF_EXPONENTIALS])
def test_every_kink_of_a_switch_of_exponentials_is_found(text: str, places: tuple[float, ...]) -> None:
    found = every_kink(terms(text).terms, {})
    assert found is not None, "there may be more"
    assert [kink.below for kink in found] == pytest.approx(places, rel=1e-15, abs=0.0)
