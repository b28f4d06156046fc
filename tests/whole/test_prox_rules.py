"""Rules that take a proximal operator: as text, split, derived, against their papers in plain NumPy, and judged."""

from __future__ import annotations

import math
import operator as op
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest
from flint import arb
from numpy.typing import NDArray
from tree_values import Values, run, value

from symreg import catalogue
from symreg.calculus.analysis import analyse
from symreg.calculus.radial import radial_profile
from symreg.derivation.gradient import derive
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Call, Compare, Negate, Number, walk
from symreg.language.declarations import make_parameter
from symreg.language.inline import inline_penalty
from symreg.language.intervals import parse_interval
from symreg.language.parse import parse
from symreg.language.specs.toml import read_rule
from symreg.model.spec import Rule
from symreg.model.terms import Term, Terms
from symreg.objectives.resolve import resolve
from symreg.presentation.derivation import Derivation
from symreg.proximal.split import split
from symreg.verification.cases.calling import Subject
from symreg.verification.cases.split import has_kink
from symreg.verification.checks.judge import verify
from symreg.verification.minimum.operators import operator
from symreg.verification.minimum.steps import stepper
from symreg.verification.report.check import Check

Vector = NDArray[np.float64]
PROX_RULES = tuple(name for name in catalogue.rules() if catalogue.rule(name).uses_prox)


# As text


def rule(*steps: str, state: str = "") -> Rule:
    """Return a rule with the parameter lr."""
    quoted = ", ".join(f'"{step}"' for step in steps)
    return read_rule(f'[rule]\nname = "own"\nsteps = [{quoted}]\n[state]\n{state}\n[params.lr]\n', "own.toml")


@pytest.mark.parametrize(
    ("steps", "state", "expected"),
    [
        (["w = prox(w - lr*g, lr)"], "", [("lr", False)]),
        (["w = prox(w - lr*g, lr*sqrt(t))"], "", [("lr*sqrt(t)", False)]),
        (["k = 2*k", "w = prox(w - g, lr*k)"], "k = 1", [("lr*k", False)]),
        (["w = prox(w - lr*g, lr*abs(g))"], "", [("lr*abs(g)", True)]),
        (["s = lr/(1 + abs(w))", "w = prox(w - s*g, s)"], "", [("s", True)]),
        (["m = m + g", "w = prox(w - lr*g, lr*m)"], "m = 0", [("lr*m", True)]),
        (["x = prox(w, lr)", "w = x - g + prox(x - lr*g, 2*lr)"], "", [("lr", False), ("2*lr", False)]),
        (["w = prox(w, lr) - g*prox(w, lr)"], "", [("lr", False)]),
        (["w = w - lr*g"], "", []),
    ],
)
def test_a_rule_says_where_it_takes_an_operator(steps: list[str], state: str, expected: list[tuple[str, bool]]) -> None:
    made = rule(*steps, state=state)
    assert [(to_text(call.step), call.is_step_per_weight) for call in made.prox_calls] == expected
    assert made.uses_prox == bool(expected)
    for call in made.prox_calls:
        assert call.tree == Call("prox", (call.argument, call.step))
        assert parse(to_text(call.tree), in_rule=True) == call.tree


def test_the_catalogue_has_these_rules() -> None:
    assert set(PROX_RULES) == set(PAPERS)
    per_weight = {name for name in PROX_RULES if any(c.is_step_per_weight for c in catalogue.rule(name).prox_calls)}
    assert per_weight == {"proximal_adagrad", "proximal_adam", "ftrl_proximal"}


# Against the papers: plain NumPy for lam*|w|, whose operator is the soft threshold


def soft(v: Vector, threshold: Any) -> Vector:
    """Return the soft threshold of each number."""
    return np.sign(v) * np.maximum(np.abs(v) - threshold, 0.0)


Loss = Callable[[int, Vector], Vector]
START = np.array([-1.5, -0.125, 0.0, 0.75, 3.0])
TARGET = np.array([0.5, 0.25, -0.5, 0.75, -2.0])
CURVATURE = np.array([1.0, 0.25, 2.0, 0.5, 1.5])
STEPS = 5


def loss_gradient(t: int, w: Any, at: Any = slice(None)) -> Any:
    """Return the loss's gradient at step t (from 1): of a parabola for each weight, and some noise."""
    noise = ((37 * t + 11 * np.arange(5)) % 16 - 7.5)[at] / 8
    return CURVATURE[at] * (w - TARGET[at]) + noise


def _proximal_gradient(w: Vector, loss: Loss, lam: float, lr: float) -> Iterator[Vector]:
    """Combettes & Wajs (2005) with relaxation 1; Parikh & Boyd (2014), sec. 4.2."""
    for k in range(1, STEPS + 1):
        w = soft(w - lr * loss(k, w), lr * lam)
        yield w


def _fista(w: Vector, loss: Loss, lam: float, lr: float) -> Iterator[Vector]:
    """Beck & Teboulle (2009), FISTA with constant step, (4.1) to (4.3), L = 1/lr; yields y_{k+1}."""
    x_before, y, t = w, w, 1.0
    for k in range(1, STEPS + 1):
        x = soft(y - lr * loss(k, y), lam * lr)
        t_next = (1 + math.sqrt(1 + 4 * t * t)) / 2
        y = x + ((t - 1) / t_next) * (x - x_before)
        x_before, t = x, t_next
        yield y


def _proximal_momentum(w: Vector, loss: Loss, lam: float, lr: float, momentum: float) -> Iterator[Vector]:
    """Ochs et al. (2014), iPiano: x_{-1} = x_0, alpha_n = lr, beta_n = momentum."""
    before = w
    for k in range(1, STEPS + 1):
        w, before = soft(w - lr * loss(k, w) + momentum * (w - before), lr * lam), w
        yield w


def _proximal_adagrad(x: Vector, loss: Loss, lam: float, lr: float, eps: float) -> Iterator[Vector]:
    """Duchi et al. (2011), Figure 1: s_i = ||g_{1:t,i}||_2, H = diag(delta + s), composite mirror descent."""
    gradients: list[Vector] = []
    for k in range(1, STEPS + 1):
        g = loss(k, x)
        gradients.append(g)
        h = eps + np.linalg.norm(np.array(gradients), axis=0)
        x = soft(x - lr / h * g, lam * lr / h)
        yield x


def _proximal_adam(
    x: Vector, loss: Loss, lam: float, lr: float, beta1: float, beta2: float, eps: float
) -> Iterator[Vector]:
    """Yun et al. (2021), Algorithm 1: argmin <m, x> + R + ||x - x_t||^2_C/(2 lr) with Adam's corrected m and C."""
    m = v = np.zeros_like(x)
    for t in range(1, STEPS + 1):
        g = loss(t, x)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        c = np.sqrt(v / (1 - beta2**t)) + eps
        x = soft(x - lr * m / (1 - beta1**t) / c, lr * lam / c)
        yield x


def _ftrl_proximal(w: Vector, loss: Loss, lam: float, lr: float, beta: float) -> Iterator[Vector]:
    """McMahan et al. (2013), Algorithm 1 with lambda_2 = 0, n and z as there; each w is made after its update."""
    n, z = np.zeros_like(w), np.zeros_like(w)
    for t in range(1, STEPS + 1):
        g = loss(t, w)
        sigma = (np.sqrt(n + g * g) - np.sqrt(n)) / lr
        z = z + g - sigma * w
        n = n + g * g
        w = np.where(np.abs(z) <= lam, 0.0, -(z - np.sign(z) * lam) / ((beta + np.sqrt(n)) / lr))
        yield w


def _rda(w: Vector, loss: Loss, lam: float, lr: float) -> Iterator[Vector]:
    """Xiao (2010), Algorithm 1 for l1 with beta_t = gamma*sqrt(t), gamma = 1/lr: truncate the mean, scale it."""
    total = np.zeros_like(w)
    for t in range(1, STEPS + 1):
        total = total + loss(t, w)
        mean = total / t
        w = np.where(np.abs(mean) <= lam, 0.0, -math.sqrt(t) * lr * (mean - lam * np.sign(mean)))
        yield w


PAPERS: dict[str, Callable[..., Iterator[Vector]]] = {
    "proximal_gradient": _proximal_gradient,
    "fista": _fista,
    "proximal_momentum": _proximal_momentum,
    "proximal_adagrad": _proximal_adagrad,
    "proximal_adam": _proximal_adam,
    "ftrl_proximal": _ftrl_proximal,
    "rda": _rda,
}
SETTINGS = ({}, {"lr": 0.5}, {"lr": 0.125, "momentum": 0.25, "beta1": 0.5, "beta2": 0.75, "eps": 0.01, "beta": 0.5})


@pytest.mark.parametrize("lam", [0.01, 0.3, 2.0])
@pytest.mark.parametrize("settings", SETTINGS, ids=["defaults", "long steps", "other decays"])
@pytest.mark.parametrize("name", PROX_RULES)
def test_rule_follows_its_paper(name: str, settings: dict[str, float], lam: float) -> None:
    spec = catalogue.rule(name)
    parameters = {p.name: settings.get(p.name, p.default) for p in spec.parameters}
    theirs = np.array(list(PAPERS[name](START, loss_gradient, lam, **parameters)))
    ours = np.array([trajectory(spec, i, parameters, lam) for i in range(5)]).T
    assert ours.shape == theirs.shape == (STEPS, 5)
    assert np.all(np.abs(ours - theirs) <= 1e-13 * np.maximum(np.abs(theirs), np.abs(START)))
    assert np.any(theirs == 0) or lam < 2.0, "a strong penalty sets a weight to zero"


def trajectory(spec: Rule, i: int, parameters: dict[str, float], lam: float) -> list[float]:
    """Return one weight after each step of a rule, by its trees in plain floats."""
    loss = [partial(loss_gradient, t, at=i) for t in range(1, STEPS + 1)]
    return run(
        spec, float(START[i]), loss, lambda w: 0.0, parameters, math, lambda v, s: float(soft(np.float64(v), s * lam))
    )


@pytest.mark.parametrize("name", ["proximal_gradient", "proximal_momentum", "proximal_adagrad", "proximal_adam"])
def test_with_nothing_to_take_a_rule_is_the_one_without_operator(name: str) -> None:
    spec = catalogue.rule(name)
    plain = catalogue.rule({"proximal_gradient": "gradient_descent"}.get(name, name.removeprefix("proximal_")))
    shared = {p.name: p.default for p in spec.parameters} | {"lr": 0.0625}
    loss = [lambda w, t=t: 0.5 * (w - 1 / 3) + t / 8 for t in range(20)]
    for start in (-0.8, 2.0):
        one = run(spec, start, loss, lambda w: w / 10, shared, math, lambda v, s: v)
        own = {p.name: shared.get(p.name, p.default) for p in plain.parameters}
        other = run(plain, start, loss, lambda w: w / 10, own, math)
        assert one == pytest.approx(other, rel=1e-11)


def test_fista_keeps_its_iterate_in_x() -> None:
    """The state x is the sequence of which the solution is the limit: its zeros are exact where those of w are not."""
    w, x, s = -1.5, 0.0, 1.0
    seen = []
    for t in range(1, 40):
        known: dict[str, Any] = {"w": w, "g": w + 0.25, "x": x, "s": s, "lr": 0.1, "t": t}
        known["prox"] = lambda v, step: float(soft(np.float64(v), step * 0.5))
        for step in catalogue.rule("fista").steps:
            known[step.target] = value(step.expression, Values(math, known))
        w, x, s = known["w"], known["x"], known["s"]
        seen.append((x, w))
    assert any(x == 0.0 and w != 0.0 for x, w in seen)
    assert seen[-1] == (0.0, 0.0)


# The split


def term_of(text: str, *, domain: str = "(-inf, inf)", **parameters: str) -> Term:
    """Return the one term of an expression, with other domains than `positive` as given."""
    declared = [make_parameter(name, domain=parse_interval(text)) for name, text in parameters.items()]
    made = inline_penalty(parse(text), declared=declared, domain=parse_interval(domain))
    (term,) = resolve(made).terms.terms
    return term


SMOOTH = (
    "lam*w**2", "sqrt(1 + w**2)", "abs(w)**1.5", "w*abs(w)", "max(w, 0)**2", "max(abs(w) - d, 0)**2", "log(cosh(w))",
    "where(abs(w) <= d, w**2/2, d*abs(w) - d**2/2)", "where(w**2 <= 1, w**2, 2*abs(w) - 1)", "sin(w)**2",
    "lam*norm(w)**2", "lam*norm(w)**1.5", "log(1 + norm(w)**2)", "lam*sqrt(sum(w[i]**2, i) + eps**2)",
    "sum(max(w[i] - w[i+1], 0)**2, i)", "sum(abs(w[i])**3, i)", "sum(sqrt((w[i+1] - w[i])**2 + eps**2), i)",
    "sum(where(abs(w[i+1] - w[i]) <= d, (w[i+1] - w[i])**2/2, d*abs(w[i+1] - w[i]) - d**2/2), i)",
)  # fmt: skip
KINKED = (
    "abs(w)", "sqrt(abs(w))", "abs(w)**p", "sqrt(w**2)", "(w**2)**0.25", "(w**2)**q", "sign(w)*sqrt(abs(w))",
    "max(w, 0)", "max(abs(w) - d, 0)", "abs(w)**3 + abs(w)", "where(w > d, 2*(w - d), 0)", "sqrt(1 + sin(w))",
    "where(abs(w) <= d, w**2, d*abs(w))", "lam*norm(w)", "sqrt(sum(w[i]**2, i))", "log(1 + norm(w)/eps)",
    "sum(w[i]*w[i], i)**0.5", "sum(abs(w[i+1] - w[i]), i)", "sqrt(sum(abs(w[i]), i))", "sum(abs(w[i]), i)**2",
)  # fmt: skip


def is_differentiable(term: Term) -> bool:
    return analyse(Terms(terms=(term,))).is_differentiable


@pytest.mark.parametrize("text", [*SMOOTH, *KINKED])
def test_differentiable_means_a_finite_derivative_everywhere(text: str) -> None:
    assert is_differentiable(term_of(text)) == (text in SMOOTH)


@pytest.mark.parametrize(
    ("text", "domain", "expected"),
    [
        ("w*log(w)", "(0, inf)", True),
        ("lam*w**2", "[0, 1]", True),
        ("lam*sqrt(w)", "[0, inf)", False),
        ("lam*sqrt(w)", "(0, inf)", True),
        ("abs(w)", "(0, inf)", True),
        ("abs(w)", "[0, inf)", True),
        ("-sqrt(1 - w)", "(-inf, 1]", False),
    ],
)
def test_an_end_of_the_domain_counts_where_it_belongs_to_it(text: str, domain: str, expected: bool) -> None:
    assert is_differentiable(term_of(text, domain=domain)) == expected


def test_the_split_is_for_all_parameter_values() -> None:
    assert is_differentiable(term_of("abs(w)**p", p="(1, 2]"))
    assert not is_differentiable(term_of("abs(w)**p", p="[1, 2]"))
    assert not is_differentiable(term_of("abs(w)**p", p="(0, 2]"))
    assert is_differentiable(term_of("where(abs(w) <= 1, w**2/2, a*abs(w) - a/2)", a="[1, 1]"))
    assert not is_differentiable(term_of("where(abs(w) <= 1, w**2/2, a*abs(w) - a + 1/2)", a="[1, 2]"))


@pytest.mark.parametrize(
    ("text", "smooth", "prox"),
    [
        ("l1 + l2", ["l2"], ["l1"]),
        ("elastic_net", [], ["elastic_net"]),
        ("l2", ["l2"], []),
        ("mcp + 0.5*huber + cauchy", ["huber", "cauchy"], ["mcp"]),
        ("l1 + mcp(lam=mu)", [], ["l1", "mcp"]),
        ("l1 + first_difference(lam=mu)", ["first_difference"], ["l1"]),
        ("l2_norm + l2", ["l2"], ["l2_norm"]),
        ("lam*abs(w) + mu*w**2", [], ["penalty"]),
    ],
)
def test_terms_are_split(text: str, smooth: list[str], prox: list[str]) -> None:
    terms = resolve(text).terms
    made = split(analyse(terms), catalogue.rule("proximal_gradient"))
    assert ([t.name for t in made.smooth.terms], [t.name for t in made.prox.terms]) == (smooth, prox)
    assert split(analyse(terms), catalogue.rule("adam")) == (terms, Terms(terms=()))


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("exclusive_lasso", "proximal_gradient", "exclusive_lasso: proximal_gradient takes the proximal operator"),
        ("l1 + l2_norm", "fista", "of a function of norm(w) beside one of the single weights (l1)"),
        ("l2_norm", "proximal_adam", "with a step of its own for each weight"),
        ("lam*sum(abs(w[i+2] - w[i]), i)", "rda", "the total variation and functions of norm(w) only"),
    ],
)
def test_what_has_no_operator_is_refused(text: str, name: str, said: str) -> None:
    with pytest.raises(Intractable) as refused:
        split(analyse(resolve(text).terms), catalogue.rule(name))
    assert said in str(refused.value) and "\n" not in str(refused.value)
    assert split(analyse(resolve(text).terms), catalogue.rule("momentum")).prox.terms == ()


def test_a_jump_is_no_kink() -> None:
    with pytest.raises(NotDifferentiable, match="jumps at w = 0"):
        split(analyse(Terms(terms=(term_of("where(w > 0, 1, 0) + abs(w)"),))), catalogue.rule("fista"))


def test_radial_terms_are_seen_however_they_are_written() -> None:
    for text in ("lam*norm(w)", "lam*sqrt(sum(w[i]**2, i))", "lam*sum(w[k]*w[k], k)**0.5"):
        profile = radial_profile(term_of(text))
        assert profile is not None
        assert value(profile, Values(math, {"w": 3.0, "lam": 0.5})) == 1.5
    for text in ("sum(abs(w[i]), i)", "sum(w[i+1]**2, i)", "sum(w[i+1]*w[i], i)", "abs(w)"):
        assert radial_profile(term_of(text)) is None


# The derivation


def derived(text: str, name: str) -> Derivation:
    """Return a derivation."""
    return Derivation(derive(resolve(text), catalogue.rule(name)))


def test_a_derivation_says_what_goes_where() -> None:
    made = derived("l1 + l2(lam=mu)", "proximal_gradient")
    assert (made.chain.smooth, made.chain.proximal) == ("S", "P")
    told = {to_text(step.before): to_text(step.after) for step in made.steps if step.rule == "split"}
    assert told == {"S": "sum(mu*w[i]**2, i)", "P": "sum(lam*abs(w[i]), i)"}
    (operator,) = (step for step in made.steps if step.rule == "proximal operator")
    assert to_text(operator.before) == "prox(v, s)"
    assert to_text(operator.after) == "argmin(u, s*(lam*abs(u)) + (u - v)**2/2)"
    ((_, update),) = made.chain.update
    assert to_text(update) == "prox((1 - 2*lr*mu)*w[j] - lr*g[j], lr)"
    assert to_text(made.chain.gradient) == "2*mu*w[j]"
    assert "prox(w_j - lr*(g_j + 2*mu*w_j), lr)" in made.text()
    assert r"\operatorname{prox}_{\eta P}\bigl(" in made.latex()
    assert "operatorname" not in made.markdown() and r"\mathop{\mathrm{prox}}_{\eta P}" in made.markdown()
    assert not made.chain.directions and not made.chain.bounds


def test_a_derivation_says_that_the_operator_takes_all() -> None:
    made = derived("l1", "proximal_gradient")
    assert (made.chain.smooth, made.chain.proximal) == ("", "R")
    assert "dR/dw_j" not in made.text() and "w_j <- prox(w_j - lr*g_j, lr)" in made.text()
    assert "of R, which is not differentiable everywhere" in made.text()
    assert r"\operatorname{prox}_{\eta R}(" in made.latex()


def test_a_derivation_says_that_the_operator_takes_nothing() -> None:
    made = derived("l2", "proximal_gradient")
    assert (made.chain.smooth, made.chain.proximal) == ("R", "")
    assert "prox(v, s) = v" in made.text()
    ((_, update),) = made.chain.update
    ((_, plain),) = derive(resolve("l2"), catalogue.rule("gradient_descent")).update
    assert update == plain
    assert [to_text(bound.condition) for bound in made.chain.bounds] == ["lam*lr <= 1/2", "lam*lr < 1"]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", PROX_RULES)
@pytest.mark.parametrize("text", ["mcp", "l1 + 0.5*l2", "cauchy", "l1 + second_difference"])
def test_a_derivation_reads_well(text: str, name: str) -> None:
    made = derived(text, name)
    assert max(map(len, made.text().splitlines())) <= 80
    assert [target for target, _ in made.chain.update] == [step.target for step in catalogue.rule(name).steps]
    takes = any(isinstance(n, Call) and n.function == "prox" for _, tree in made.chain.update for n in walk(tree))
    assert takes == bool(made.chain.proximal) == (text != "cauchy")
    assert made.to_json() and made.latex() and made.markdown()


def test_names_in_the_definition_are_no_others() -> None:
    """The rule fista has a state s, the penalty a parameter u: the operator is written with other letters."""
    made = derived("u*abs(w)", "fista")
    assert "prox(v, h) = argmin_z (h*u*|z| + (z - v)^2/2)" in made.text()


# The judge's own split


@pytest.mark.parametrize("text", [*SMOOTH, *KINKED])
def test_the_judge_splits_likewise(text: str) -> None:
    assert has_kink(term_of(text)) == (text in KINKED)


@pytest.mark.parametrize("name", catalogue.penalties())
def test_both_splits_agree_on_the_catalogue(name: str) -> None:
    for term in resolve(name).terms.terms:
        assert has_kink(term) != is_differentiable(term)


@pytest.mark.parametrize(
    ("text", "domain", "p"),
    [
        ("lam*sqrt(w)", "[0, inf)", ""),
        ("lam*sqrt(w)", "(0, inf)", ""),
        ("lam*abs(w)", "[0, inf)", ""),
        ("-sqrt(1 - w)", "(-inf, 1]", ""),
        ("lam*w**2", "[0, 1]", ""),
        ("abs(w)**p", "(-inf, inf)", "(1, 2]"),
        ("abs(w)**p", "(-inf, inf)", "[1, 2]"),
        ("abs(w)**p", "(-inf, inf)", "(0, 2]"),
        ("where(abs(w) <= 1, w**2/2, p*abs(w) - p + 1/2)", "(-inf, inf)", "[1, 2]"),
        ("max(abs(w) - p, 0)**2", "(-inf, inf)", "[0, inf)"),
        ("p**2*(sqrt(1 + (w/p)**2) - 1)", "(-inf, inf)", "[0, inf)"),
    ],
)
def test_both_splits_agree_at_ends_of_domains(text: str, domain: str, p: str) -> None:
    term = term_of(text, domain=domain, **({"p": p} if p else {}))
    assert has_kink(term) != is_differentiable(term)


# The judge: steps for lam*|w|, written by hand, in place of emitted ones


def _soft(v: Any, threshold: Any) -> Any:
    return np.sign(v) * np.maximum(np.abs(v) - threshold, 0)


def _state_of(name: str) -> Callable[[Any], dict[str, Any]]:
    spec = catalogue.rule(name)

    def state(w: Any) -> dict[str, Any]:
        made: dict[str, Any] = {s.name: np.full_like(w, s.initial) if s.is_array else s.initial for s in spec.states}
        return made | ({"t": 0} if spec.uses_t else {})

    return state


def _by_hand(name: str, change: str = "") -> Callable[..., None]:
    """Return a rule's step for lam*|w| in NumPy, as the rule's assignments say; `change` makes one mistake."""
    spec = catalogue.rule(name)

    def step(w: Any, g: Any, *state: dict[str, Any], lam: float, **parameters: float) -> None:
        kept = state[0] if state else {}
        known: dict[str, Any] = {**parameters, **kept, "w": w.copy(), "g": g}
        if spec.uses_t:
            kept["t"] = known["t"] = kept["t"] + 1
            for decay in {"beta1", "beta2"} & parameters.keys():
                known[f"1 - {decay}**t"] = (
                    -math.expm1(known["t"] * math.log(parameters[decay])) if parameters[decay] else 1.0
                )

        def taken(v: Any, s: Any) -> Any:
            match change:
                case "a threshold without the step":
                    return _soft(v, lam)
                case "a threshold off by 1e-9":
                    return _soft(v, s * lam * (1 + 1e-9))
                case "a hard threshold":
                    return np.where(np.abs(v) > s * lam, v, 0)
                case "no operator":
                    return v
                case "one step for all weights":
                    return _soft(v, parameters["lr"] * lam)
                case _:
                    return _soft(v, s * lam)

        known["prox"] = taken
        with np.errstate(all="ignore"):
            for assignment in spec.steps:
                known[assignment.target] = _in_numpy(assignment.expression, known)
        for one in spec.states:
            kept[one.name] = known[one.name]
        w[:] = known["w"]

    return step


def _in_numpy(tree: Any, known: dict[str, Any]) -> Any:
    if to_text(tree) in known:
        return known[to_text(tree)]
    match tree:
        case Number(exact):
            return float(exact)
        case Negate(operand):
            return -_in_numpy(operand, known)
        case Binary(operator, left, right):
            return _OPERATORS[operator](_in_numpy(left, known), _in_numpy(right, known))
        case Call("where", (Compare(operator, left, right), then, otherwise)):
            truth = _COMPARISONS[operator](_in_numpy(left, known), _in_numpy(right, known))
            return np.where(truth, _in_numpy(then, known), _in_numpy(otherwise, known))
        case Call("sqrt", (operand,)):
            return np.sqrt(_in_numpy(operand, known))
        case Call("prox", (v, s)):
            return known["prox"](_in_numpy(v, known), _in_numpy(s, known))
    raise AssertionError(tree)


_OPERATORS = {"+": op.add, "-": op.sub, "*": op.mul, "/": op.truediv, "**": op.pow}
_COMPARISONS = {">": op.gt, "==": op.eq}


def judged(name: str, step: Callable[..., None], text: str = "l1", points: int = 400) -> Check:
    """Return the judge's check of a step."""
    return judged_together(name, {"own": step}, text, points)["own"]


def judged_together(
    name: str, steps: Mapping[str, Callable[..., None]], text: str = "l1", points: int = 400
) -> dict[str, Check]:
    """Return the judge's checks of steps of one rule, for which it works out what is right once."""
    subjects = [
        Subject(
            label=label,
            dtype="float64",
            functions={f"{name}_step": step, f"{name}_state": _state_of(name)},
            is_emitted=False,
        )
        for label, step in steps.items()
    ]
    report = verify(resolve(text).terms, [catalogue.rule(name)], subjects, points=points)
    checks = {check.target: check for check in report.checks}
    assert len(report.checks) == len(checks) == len(steps)
    return checks


@pytest.mark.one_in(8)
@pytest.mark.parametrize("name", PROX_RULES)
def test_the_judge_passes_right_steps(name: str) -> None:
    check = judged(name, _by_hand(name))
    assert check.verdict == "pass", check
    assert check.compared >= 0.95 * check.points


MISTAKES = (
    "a threshold without the step", "a threshold off by 1e-9", "a hard threshold", "no operator",
    "one step for all weights",
)  # fmt: skip
HARMLESS = {(name, "one step for all weights") for name in ("proximal_gradient", "fista", "proximal_momentum")}
"""Mistakes that are none: these rules have one step, lr."""


@pytest.mark.one_in(8)
@pytest.mark.parametrize("name", PROX_RULES)
def test_the_judge_catches_wrong_steps(name: str) -> None:
    checks = judged_together(name, {mistake: _by_hand(name, mistake) for mistake in MISTAKES}, points=100)
    passed = {(name, mistake) for mistake, check in checks.items() if check.verdict == "pass"}
    assert passed == {row for row in HARMLESS if row[0] == name}


def test_the_judge_knows_what_goes_into_the_gradient() -> None:
    def right(w: Any, g: Any, *, lr: float, lam: float, mu: float) -> None:
        w[:] = _soft(w - lr * (g + 2 * mu * w), lr * lam)

    def other(w: Any, g: Any, *, lr: float, lam: float, mu: float) -> None:
        w[:] = _soft(w - lr * g, lr * lam) / (1 + 2 * lr * mu)

    text = "l1 + l2(lam=mu)"
    assert judged("proximal_gradient", right, text).verdict == "pass"
    assert judged("proximal_gradient", other, text, points=120).verdict == "wrong"
    one = "lam*abs(w) + mu*w**2"
    assert judged("proximal_gradient", right, one, points=120).verdict == "wrong"
    assert judged("proximal_gradient", other, one).verdict == "pass"


@pytest.mark.sweep
def test_the_judge_knows_the_operator_of_the_norm() -> None:
    def right(w: Any, g: Any, *, lr: float, lam: float, off: float = 1.0) -> None:
        v = w - lr * g
        size, threshold = math.sqrt(math.fsum(v * v)), off * lr * lam
        if size > 2 * threshold:
            w[:] = v - v * (threshold / size)
        else:
            w[:] = v * ((size - threshold) / size) if size > threshold else 0 * v

    for text in ("l2_norm", "lam*sqrt(sum(w[i]**2, i))"):
        assert judged("proximal_gradient", right, text).verdict == "pass"
        assert judged("proximal_gradient", partial(right, off=1 + 1e-9), text, points=60).verdict == "inaccurate"


@pytest.mark.one_in(3)
@pytest.mark.parametrize(("off", "verdict"), [(0.0, "pass"), (1e-9, "wrong"), (-1e-9, "wrong")])
def test_the_judge_looks_at_both_sides_of_a_jump(off: float, verdict: str) -> None:
    """Xu et al. (2012): the half threshold jumps from zero; a jump elsewhere shows close to it alone."""

    def step(w: Any, g: Any, *, lr: float, lam: float) -> None:
        v, t = w - lr * g, lr * lam
        size = np.abs(v)
        with np.errstate(all="ignore"):
            angle = np.arccos(np.clip(t / 4 * (size / 3) ** -1.5, -1, 1))
        beyond = 2 / 3 * v * (1 + np.cos(2 * np.pi / 3 - 2 * angle / 3))
        w[:] = np.where(size <= 1.5 * t ** (2 / 3) * (1 + off), 0, beyond)

    check = judged("proximal_gradient", step, "l_half", points=200)
    assert check.verdict == verdict
    assert check.compared >= 0.95 * check.points


def test_a_step_in_balls_is_what_the_paper_says() -> None:
    """The operator at inexact points: a knot stays exactly a knot, and a result holds the true one."""
    spec = catalogue.rule("proximal_adagrad")
    terms = resolve("l1").terms
    step = stepper(spec)
    for w, g in ((0.25, 0.5), (-0.001, 0.25), (3.0, -1e-3)):
        point = {"w": arb(w), "g_loss": arb(g), "g_penalty": arb(0), "v": arb("0.1"), "lr": arb("0.3"), "eps": arb(0)}
        found = step({**point, "t": arb(1), "prox": operator(terms, {"lam": 0.5})})
        assert found is not None
        s = mpmath.mpf("0.3") / mpmath.sqrt(mpmath.mpf("0.1") + mpmath.mpf(g) ** 2)
        v = w - s * g
        expected = mpmath.sign(v) * max(abs(v) - s / 2, mpmath.mpf(0))
        assert found["w"].is_zero() if expected == 0 else abs(float(found["w"]) - float(expected)) < 1e-15 * abs(v)
        assert found["w"].is_zero() or found["w"].rel_accuracy_bits() > 60
