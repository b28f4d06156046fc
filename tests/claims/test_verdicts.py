"""Verdicts on formulas that nobody tuned the proofs for, against a table written by hand."""

from __future__ import annotations

from functools import cache

import pytest

from symreg.claims.decide import properties
from symreg.claims.verdict import Verdicts
from symreg.derivation.gradient import derive
from symreg.expressions.text import to_text
from symreg.language.inline_declarations import read_declaration
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule

P, R, C, U = "proved", "refuted", "conditional", "undecided"


@cache
def analysed(text: str, parameters: tuple[str, ...] = ()) -> Verdicts:
    return properties(resolve(text, parameters=[read_declaration(row) for row in parameters]))


ODD = [  # R(-w) = -R(w), and not 0 everywhere
    "sum(w[i+1] - w[i], i)",
    "sum((w[i+1] - w[i])**3, i)",
    "sum(w[i]**3, i)",
    "sum(sinh(w[i+1] - w[i]), i)",
    "norm(w)*sum(w[i], i)",
    "sum(c[i]*w[i], i)",
    "sum(w[i]*w[i+1]*w[i+2], i)",
    "sum(sum(w[i]**2*w[j], j), i)",
]
NEITHER = [
    "sum(exp(w[i+1] - w[i]), i)",
    "sum(max(w[i+1] - w[i], 0), i)",
    "sum(softplus(w[i+1] - w[i]), i)",
    "sum(max(w[i], w[i+1]), i)",
    "sum(w[i]**2 + w[i+1], i)",
    "exp(sum(w[i], i))",
    "sum(abs(w[i+1] - 2*w[i] - 1), i)",
    "sum(abs(w[i])**3, i) - sum(w[i]**3, i)",
]
EVEN = [
    "sum(abs(w[i+1] - w[i])**3, i)",
    "sum(w[i]*w[i+1], i)",
    "sum(w[i+1]*sin(w[i]), i)",
    "sum(w[i], i)*sum(w[j]**3, j)",
    "sum(sum(abs(w[i] - w[j]), j), i)",
    "sum(max(w[i+1] - w[i], w[i] - w[i+1]), i)",
    "sum(exp(w[i+1] - w[i]) + exp(w[i] - w[i+1]), i)",
    "sum(sum(A[i, j]*w[i]*w[j], j), i)",
    "(norm(w) - 1)**2",
    "where(norm(w) > 1, norm(w)**2, 2*norm(w) - 1)",
]


@pytest.mark.one_in(36)
@pytest.mark.parametrize("text", [*ODD, *NEITHER, *EVEN])
def test_a_vector_is_mirrored_whole(text: str) -> None:
    """Each weight changes its sign, and none takes another one's place."""
    assert analysed(text)["even"].verdict == (P if text in EVEN else R)


TABLE: list[tuple[str, tuple[str, ...], str, str, str]] = [
    # A condition that no value fulfils is a refutation, one that all fulfil a proof, and one that follows is left out.
    ("where(w > 0, (1 - 2*rho)*w, (1 - 2*rho)*w)", (), "sparse", R, ""),
    ("where(w > 0, (a - 2)*w, (a - 1)*w)", ("a: real = 0",), "sparse", R, ""),
    ("where(w > 0, (a - 2)*w, (a - 1)*w)", ("a: real = 3",), "sparse", R, ""),
    ("where(w > 0, a*w, (a - 1)*w)", ("a: real = 3",), "sparse", C, "a > 0 and 1 > a"),
    ("where(w > 0, a*w, (a - 1)*w)", ("a: real = 0.5",), "sparse", C, "a > 0 and 1 > a"),
    ("where(w > 0, a*w**2, (a + 1)*w**2)", ("a: real = 3",), "convex", C, "a >= 0"),
    # 0 stays there while minus the gradient lies between the two slopes; one number only where they are opposite.
    ("where(w >= 0, tau*w, (tau - 1)*w)", ("tau: (0, 1) = 0.3",), "sparse", P, ""),
    ("abs(w) + max(w, 0)", (), "sparse", P, ""),
    # A claim is about the weights at which there is a value.
    ("-log(b - w)", (), "convex", P, ""),
    ("-log(b - w)", (), "weakly convex", P, ""),
    ("-log(b - w)", (), "continuous", P, ""),
    ("-log(b - w)", (), "even", R, ""),
    ("-log(b - w)", (), "positively homogeneous", R, ""),
    ("-log(1 - w) - log(1 + w)", (), "shrinks toward the origin", P, ""),
    ("-log(1 - w) - log(1 + w)", (), "even", P, ""),
    ("-log(1 - w**2)", (), "strongly convex", P, ""),
    ("-log(1 - w**2)", (), "coercive", P, ""),
    ("sqrt(w)", (), "even", R, ""),
    ("sqrt(w)", (), "shrinks toward the origin", P, ""),
    ("w*log(w)", (), "convex", P, ""),
    ("w*log(w)", (), "step without overshoot", C, "lr <= 1"),
    ("1/abs(w)", (), "weakly convex", R, ""),
    # Mixtures: both parts are nonnegative, and one of them has a factor that is not 0.
    ("alpha*abs(w) + (1 - alpha)*w**2", ("alpha: (0, 1) = 0.3",), "nonnegative", P, ""),
    ("alpha*abs(w) + (1 - alpha)*w**2", ("alpha: (0, 1) = 0.3",), "coercive", P, ""),
    ("alpha*abs(w) + (1 - alpha)*w**2", ("alpha: (0, 1) = 0.3",), "unbiased", R, ""),
    ("alpha*abs(w) + (1 - alpha)*w**2", ("alpha: [0, 1] = 1",), "nonnegative", P, ""),
    ("alpha*abs(w) + (1 - alpha)*w**2", ("alpha: [0, 1] = 1",), "coercive", P, ""),
    ("alpha*abs(w) + (1 - alpha)*w**2", ("alpha: [0, 1] = 0",), "sparse", C, "alpha > 0"),
    ("alpha*abs(w) + (1 - alpha)*w**2", ("alpha: [0, 1] = 0",), "differentiable", C, "alpha == 0"),
    ("lam*(rho*abs(w) + (1 - rho)*w**2/2)", ("rho: (0, 1) = 0.5",), "coercive", P, ""),
    ("lam*(rho*abs(w) + (1 - rho)*w**2/2)", ("rho: (0, 1) = 0.5",), "nonnegative", P, ""),
    ("lam*(1 - mix)*log(1 + abs(w)) + lam*mix*w**2", ("mix: [0, 1] = 0.5",), "coercive", P, ""),
    ("where(w >= 0, tau*w, (tau - 1)*w)", ("tau: (0, 1) = 0.3",), "nonnegative", P, ""),
    ("where(w >= 0, tau*w, (tau - 1)*w)", ("tau: (0, 1) = 0.3",), "coercive", P, ""),
    ("tau*max(w, 0) + (1 - tau)*max(-w, 0)", ("tau: (0, 1) = 0.3",), "coercive", P, ""),
    ("abs(tau - where(w < 0, 1, 0))*w**2", ("tau: (0, 1) = 0.3",), "nonnegative", P, ""),
    # A strength that may be 0.
    ("lam*abs(w)", ("lam: nonnegative = 0",), "nonnegative", P, ""),
    ("lam*abs(w)", ("lam: nonnegative = 0",), "coercive", C, "lam > 0"),
    ("lam*abs(w)", ("lam: nonnegative = 3",), "coercive", C, "lam > 0"),
    ("lam*abs(w)", ("lam: nonnegative = 3",), "sparse", C, "lam > 0"),
    ("a*abs(w) + b*w**2", ("a: nonnegative = 1", "b: nonnegative = 1"), "nonnegative", P, ""),
    ("a*abs(w) + b*w**2", ("a: nonnegative = 1", "b: nonnegative = 1"), "coercive", C, "a > 0 or b > 0"),
    ("a*abs(w) + b*w**2", ("a: nonnegative = 1",), "coercive", P, ""),
    ("a*abs(w) + b*w**2", ("a: nonnegative = 1",), "strongly convex", P, ""),
    ("lam*sqrt(n)*norm(w)", (), "coercive", P, ""),
    ("a*norm(w) + (1 - a)*norm(w)**2", ("a: (0, 1) = 0.5",), "coercive", P, ""),
    ("a*norm(w) + (1 - a)*norm(w)**2", ("a: (0, 1) = 0.5",), "convex", P, ""),
    # Losses of one number.
    ("max(0, 1 - w)", (), "nonnegative", P, ""),
    ("max(0, 1 - w)", (), "convex", P, ""),
    ("max(0, 1 - w)", (), "coercive", R, ""),
    ("max(0, 1 - w)**2", (), "gradient Lipschitz", P, ""),
    ("max(abs(w) - eps, 0)", (), "coercive", P, ""),
    ("max(abs(w) - eps, 0)", (), "sparse", R, ""),
    ("lam*log(cosh(w/c))", (), "coercive", P, ""),
    ("lam*log(cosh(w/c))", (), "gradient Lipschitz", P, ""),
    ("a*max(w, 0)**2 + b*max(-w, 0)**2", (), "convex", P, ""),
    ("a*max(w, 0)**2 + b*max(-w, 0)**2", (), "coercive", P, ""),
    ("exp(w) - w - 1", (), "nonnegative", P, ""),
    ("exp(w) - w - 1", (), "coercive", P, ""),
    ("a*w**2 + w**4", ("a: real = 1",), "coercive", P, ""),
    ("a*w**2 + w**4", ("a: real = 1",), "nonnegative", R, ""),
]


@pytest.mark.one_in(42)
@pytest.mark.parametrize(("text", "parameters", "claim", "verdict", "condition"), TABLE)
def test_a_verdict_is_the_one_of_the_table(
    text: str, parameters: tuple[str, ...], claim: str, verdict: str, condition: str
) -> None:
    found = analysed(text, parameters)[claim]
    assert found.verdict == verdict, found
    assert ("" if found.holds_iff is None else to_text(found.holds_iff)) == condition


def test_a_threshold_is_one_number_only_where_both_slopes_are() -> None:
    pinball = analysed("where(w >= 0, tau*w, (tau - 1)*w)", ("tau: (0, 1) = 0.3",))["sparse"]
    assert pinball.value is None
    assert "at least -tau and at most 1 - tau" in pinball.note
    assert analysed("lam*abs(w) + mu*w**2")["sparse"].value is not None


@pytest.mark.parametrize("text", ["-log(b - w)", "-log(1 - w) - log(1 + w)", "sqrt(w)", "w*log(w)"])
def test_no_witness_lies_where_there_is_no_value(text: str) -> None:
    for verdict in analysed(text).verdicts:
        at = {} if verdict.witness is None else dict(verdict.witness.at)
        for name in {"w", "u", "v"} & at.keys():
            low, high = {"-": (None, 1), "s": (0, None), "w": (0, None)}[text[0]]
            low = -1 if text == "-log(1 - w) - log(1 + w)" else low
            assert (low is None or at[name] >= low) and (high is None or at[name] < at.get("b", high)), verdict


DEFAULTS = [
    ("a*abs(w) + b*w**2", "a: real = {}", ("1", "-1", "0")),
    ("where(w > 0, (1 - 2*rho)*w, rho*w)", "rho: real = {}", ("0.3", "0.5", "0.9", "-3")),
    ("where(w > 0, (1 - 2*rho)*w, (2*rho - 1)*w)", "rho: (0, 1) = {}", ("0.01", "0.3", "0.9")),
    ("w**2 + a*w", "a: real = {}", ("1", "-1", "0")),
    ("lam*(w - b)**2", "b: real = {}", ("1", "-1", "0")),
    ("(a - 2)*abs(w)", "a: (0, 3) = {}", ("0.01", "2.5")),
    ("w**3 - 3*w**2/2 + c*w", "c: positive = {}", ("0.01", "10")),
]


@pytest.mark.one_in(8)
@pytest.mark.parametrize(("text", "parameter", "defaults"), DEFAULTS)
def test_nothing_that_is_said_depends_on_a_default(text: str, parameter: str, defaults: tuple[str, ...]) -> None:
    """Verdicts, conditions, constants, signs and bounds are about the domain, whatever number stands for it."""
    said = set()
    for default in defaults:
        declared = (parameter.format(default),)
        verdicts = tuple((v.claim, v.verdict, v.holds_iff, v.value) for v in analysed(text, declared).verdicts)
        objective = resolve(text, parameters=[read_declaration(row) for row in declared])
        chain = derive(objective, resolve_rule("gradient_descent"))
        said.add((verdicts, chain.directions, chain.bounds))
    assert len(said) == 1


def test_a_slope_whose_sign_hangs_on_a_parameter_is_not_told() -> None:
    declared = [read_declaration("rho: real = 0.3")]
    chain = derive(resolve("where(w > 0, (1 - 2*rho)*w, rho*w)", parameters=declared), resolve_rule("gradient_descent"))
    assert {direction.sign for direction in chain.directions} == {"undecided"}
