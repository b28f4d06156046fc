"""Derivations of proximal operators: what is shown is the operator that is emitted, and the least there is."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from click.testing import CliRunner
from tree_values import Values, value
from typesetting import assert_clean

import symreg
from symreg import catalogue
from symreg.cli.group import symreg as command
from symreg.derivation.model import ProximalDerivation
from symreg.derivation.proximal.derive import derive_prox
from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Call, Number, Tree, transform
from symreg.language.parse import parse
from symreg.model.spec import Parameter
from symreg.objectives.resolve import resolve
from symreg.presentation import Derivation

ELEMENTWISE = tuple(name for name in catalogue.penalties() if not resolve(name).terms.indexed)
CONVEX = (
    *("berhu", "charbonnier", "elastic_net", "entropy", "fair", "huber", "l1", "l2", "log_barrier", "log_cosh", "lp"),
    *("nonnegativity", "pseudo_huber", "quartic"),
)
BOUNDS = {
    "mcp": ("gamma", True),
    "scad": ("a - 1", True),
    "log_sum": ("eps**2/lam", False),
    "cauchy": ("4*c**2/lam", False),
    "geman_mcclure": ("2*c**2/lam", False),
    "welsch": ("c**2*exp(3/2)/(4*lam)", False),
    "tukey": ("5*c**2/(24*lam)", False),
    "double_well": ("1/(4*lam)", False),
    "atan": ("8*sqrt(3)*gamma**2/(9*lam)", False),
    "capped_l1": ("0", False),
    "l_half": ("0", False),
}
"""By penalty the step up to which one formula holds, worked out by hand, and whether it is itself too large."""
CLOSED = {
    **dict.fromkeys(["berhu", "elastic_net", "huber", "l1", "l2", "nonnegativity"], ("linear",)),
    **dict.fromkeys(["fair", "log_barrier", "log_sum"], ("quadratic formula",)),
    **dict.fromkeys(["quartic", "double_well", "cauchy", "atan"], ("cubic, Cardano's formula",)),
    **dict.fromkeys(("entropy", "etp"), ("Lambert's W, the inverse of x*exp(x)",)),
    "mcp": ("linear", "s >= gamma"),
    "scad": ("linear", "a - 1 <= s and s <= 1 + a", "s > 1 + a"),
    "capped_l1": ("s <= 2*theta/lam", "s > 2*theta/lam"),
    "l_half": (None,),
}
"""By penalty how its single formula is found and for which steps beyond there is another; all others have none."""


SUMS = ("nonnegativity + quartic", "mcp + l2", "log_sum + l2", "l_half + l2")
"""Two pieces with cubics of their own, bounds that are choices, jumps of sums."""


@cache
def chain(name: str) -> ProximalDerivation:
    return derive_prox(resolve(name))


@cache
def emitted(name: str) -> Any:
    return symreg.load(name, rules=(), target="numpy", judge=False)


def number(tree: Tree, at: dict[str, Any]) -> Any:
    """Return a tree's value to 50 digits, by an evaluator that shares no code with symreg's."""
    return value(transform(tree, _with_real_root), Values(mpmath, {name: mpmath.mpf(x) for name, x in at.items()}))


def _with_real_root(node: Tree) -> Tree:
    """Return a real cube root as a power: mpmath's own, of a negative number, is complex."""
    match node:
        case Call("cbrt", (x,)):
            third = Binary("/", Number(Fraction(1)), Number(Fraction(3)))
            return Binary("*", Call("sign", (x,)), Binary("**", Call("abs", (x,)), third))
        case _:
            return node


def drawn(parameters: tuple[Parameter, ...], rng: random.Random) -> dict[str, Any]:
    """Return a value inside each parameter's domain, doubles."""
    made = {}
    for p in parameters:
        while True:
            x = p.default * 10 ** rng.uniform(-0.7, 0.7)
            if x in p.domain:
                made[p.name] = x
                break
    return made


def points(name: str, condition: Tree | None, count: int) -> Iterator[dict[str, Any]]:
    """Yield parameters, a step for which a condition holds, and a v."""
    made, rng = chain(name), random.Random(name)
    found = 0
    for _ in range(100 * count):
        at = drawn(made.terms.parameters, rng)
        at[made.letters.step] = 10 ** rng.uniform(-2.5, 2.5)
        at["v"] = rng.choice((-1, 1)) * 10 ** rng.uniform(-3, 2)
        if condition is None or number(condition, at):
            found += 1
            yield at
        if found == count:
            return
    raise AssertionError(f"{found} points of {count}")


def proximal_point(name: str, at: dict[str, Any]) -> float:
    """Return what the emitted operator gives."""
    made = chain(name)
    given = {p.name: at[p.name] for p in made.terms.parameters}
    return float(emitted(name).prox(np.array([at["v"]]), step=at[made.letters.step], **given)[0])


def phi(name: str, u: Any, at: dict[str, Any]) -> Any:
    """Return the penalty of one weight, as it was written."""
    terms = chain(name).terms
    if any(t.domain.low is not None and u <= float(t.domain.low) for t in terms.terms):
        return mpmath.inf
    return sum(
        t.coefficient.numerator * number(t.tree, {**at, "w": u}) / t.coefficient.denominator for t in terms.terms
    )


@pytest.mark.one_in(64)
@pytest.mark.parametrize("count", [12, pytest.param(60, marks=pytest.mark.sweep)])
@pytest.mark.parametrize("name", [*ELEMENTWISE, *SUMS])
def test_a_formula_is_the_operator_for_the_steps_it_is_said_to_hold_for(name: str, count: int) -> None:
    compared = 0
    with mpmath.workdps(50):
        for case in chain(name).cases:
            for at in points(name, case.condition, count):
                shown, right = number(case.whole, at), proximal_point(name, at)
                assert abs(shown - right) <= 1e-9 * max(abs(right), 1e-6), (at, shown, right)
                compared += 1
    assert compared == count * len(chain(name).cases)


@pytest.mark.sweep
def test_closed_forms_are_found_where_there_are_some() -> None:
    found = {}
    for name in ELEMENTWISE:
        made = chain(name)
        methods = [step.why for step in made.steps if step.rule == "solve"]
        single = [case for case in made.cases if case.condition == made.validity]
        conditions = [None if c.condition is None else to_text(c.condition) for c in made.cases if c not in single]
        if name == "l_half":
            single, conditions = [], [None]
        if made.cases:
            found[name] = (*((max(methods, key=METHODS.index),) if single else ()), *sorted(conditions, key=str))
    assert found == CLOSED


METHODS = ["linear", "quadratic formula", "cubic, Cardano's formula", "Lambert's W, the inverse of x*exp(x)"]


@pytest.mark.one_in(9)
@pytest.mark.parametrize("name", BOUNDS)
def test_the_bound_of_the_single_formula_is_the_one_worked_out_by_hand(name: str) -> None:
    made, (bound, is_strict) = chain(name), BOUNDS[name]
    assert made.bound is not None and made.validity is not None
    with mpmath.workdps(50):
        for at in points(name, None, 5):
            assert mpmath.almosteq(number(made.bound, at), number(parse(bound, known=tuple(at)), at), rel_eps=1e-40)
            on_it = {**at, made.letters.step: number(made.bound, at)}
            if bound != "0" and name != "scad":
                assert not number(made.validity, {**on_it, made.letters.step: on_it[made.letters.step] * 1.0001})
                assert number(made.validity, {**on_it, made.letters.step: on_it[made.letters.step] * 0.9999})
    told = [step.condition for step in made.steps if step.rule == "validity"]
    assert told == [made.validity if bound != "0" else None]
    assert bound == "0" or (" < " in to_text(made.validity)) == is_strict


@pytest.mark.one_in(5)
@pytest.mark.parametrize("name", CONVEX)
def test_a_convex_penalty_has_one_formula_for_every_step_and_a_conjugate(name: str) -> None:
    assert chain(name).validity is None and to_text(chain(name).bound) == "inf"
    assert chain(name).conjugate is not None


@pytest.mark.sweep
def test_what_is_not_convex_has_no_conjugate() -> None:
    others = [name for name in ELEMENTWISE if name not in CONVEX]
    assert others and all(chain(name).conjugate is None for name in others)


def conjugate(name: str, y: Any, at: dict[str, Any]) -> Any:
    made = chain(name).conjugate
    assert made is not None
    return number(made, {**at, "y": y})


def slope_at(name: str, u: Any, at: dict[str, Any]) -> Any:
    return mpmath.diff(lambda x: phi(name, x, at), u)


def weights(name: str, rng: random.Random) -> list[Any]:
    sign = (1,) if name in ("entropy", "log_barrier") else (-1, 1)
    return [mpmath.mpf(rng.choice(sign) * 10 ** rng.uniform(-1.5, 1)) for _ in range(6)]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", CONVEX)
def test_fenchel_and_young_and_the_biconjugate(name: str) -> None:
    rng = random.Random(name)
    compared = 0
    with mpmath.workdps(50):
        for at in points(name, None, 6):
            drawn_weights = weights(name, rng)
            # The least bit nearer to 0 than the difference quotients, whose error may lead out of the domain.
            slopes = [slope_at(name, u, at) * (1 - mpmath.mpf("1e-18")) for u in drawn_weights]
            for u, own in zip(drawn_weights, slopes, strict=True):
                here = phi(name, u, at)
                gaps = [here + conjugate(name, y, at) - u * y for y in slopes]
                size = abs(here) + abs(u * own)
                assert all(gap >= -mpmath.mpf("1e-30") * (1 + size) for gap in gaps), (at, u, gaps)
                # The greatest u*y - phi*(y) over the slopes is phi(u) itself: phi is its own biconjugate.
                assert abs(here - max(u * y - conjugate(name, y, at) for y in slopes)) <= 1e-12 * size, (at, u)
                assert abs(here + conjugate(name, own, at) - u * own) <= 1e-12 * size
                compared += len(gaps)
    assert compared == 6 * 6 * 6


def least(function: Any, low: Any, high: Any) -> Any:
    """Return where a convex function is least between two ends, by thirds."""
    for _ in range(160):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        if function(a) <= function(b):
            high = b
        else:
            low = a
    return (low + high) / 2


@pytest.mark.one_in(15)
@pytest.mark.parametrize("name", CONVEX)
def test_moreau_s_identity(name: str) -> None:
    """prox_{s phi}(v) + s*prox_{phi*/s}(v/s) = v."""
    with mpmath.workdps(30):
        for at in points(name, None, 4):
            v, s = at["v"], at[chain(name).letters.step]
            right = (v - proximal_point(name, at)) / s

            def dual(y: Any, at: dict[str, Any] = at, v: Any = v, s: Any = s) -> Any:
                return conjugate(name, y, at) / s + (y - v / s) ** 2 / 2

            width = abs(right) * mpmath.mpf("1e-4") + mpmath.mpf("1e-9")
            ends = [right + side * width for side in (-1, 1)]
            inside = [y for y in (*ends, right * (1 - 1e-12)) if dual(y) < mpmath.inf]
            assert inside, (at, right)
            best = least(dual, *sorted((inside[0], right if len(inside) == 1 else inside[1])))
            scale = max(abs(right), abs(v / s) * 1e-6, 1e-9)
            assert abs(best - right) <= 1e-7 * scale + width * 1e-3, (at, best, right)


@pytest.mark.one_in(7)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_an_envelope_is_the_least_value_and_its_slope_the_step_of_the_operator(name: str) -> None:
    s = chain(name).letters.step
    told = 0
    with mpmath.workdps(50):
        for case in chain(name).cases:
            if case.envelope is None:
                continue
            for at in points(name, case.condition, 40):
                u, v = mpmath.mpf(proximal_point(name, at)), mpmath.mpf(at["v"])
                shown = number(case.envelope, at)
                right = phi(name, u, at) + (u - v) ** 2 / (2 * at[s])
                assert abs(shown - right) <= 1e-12 * (abs(right) + v**2 / at[s]), (at, shown, right)
                slope = mpmath.diff(lambda x: number(case.envelope, {**at, "v": x}), v, h=abs(v) * mpmath.mpf("1e-15"))  # noqa: B023
                assert abs(slope - (v - u) / at[s]) <= 1e-9 * abs(v) / at[s], (at, slope)
                told += 1
    linear = name in CLOSED and CLOSED[name] != ("fair",) and "linear" in CLOSED[name]
    assert told > 0 or not linear


def test_a_formula_does_not_hang_on_names() -> None:
    own = symreg.penalty("own", "0.7*where(abs(w) <= b*q, q*abs(w) - w**2/(2*b), b*q**2/2)", q="positive", b="positive")
    made, known = derive_prox(resolve(own)), chain("mcp")
    assert [to_text(case.condition) for case in made.cases] == ["s < 10*b/7", "s >= 10*b/7"]
    with mpmath.workdps(40):
        for case, other in zip(made.cases, known.cases, strict=True):
            for at in points("mcp", other.condition, 30):
                s = at["s"] / 0.7
                here = number(case.whole, {"s": s, "v": at["v"], "q": at["lam"], "b": at["gamma"]})
                assert abs(here - number(other.whole, at)) <= 1e-12 * abs(at["v"])


def test_the_letters_avoid_the_parameters() -> None:
    made = derive_prox(resolve(symreg.penalty("own", "s*abs(w) + u*w**2", s="positive", u="positive")))
    assert (made.letters.weight, made.letters.step) == ("z", "h")
    assert to_text(made.cases[0].formula) == "where(abs(v) <= s*h, 0, sign(v)*((abs(v) - s*h)/(1 + 2*h*u)))"


def test_a_function_of_the_norm_is_derived_by_its_length() -> None:
    made = chain("l2_norm")
    assert made.is_radial and made.steps[0].rule == "radial theorem"
    assert to_text(made.cases[0].formula) == "where(r <= lam*s, 0, r - lam*s)"


def test_an_operator_without_a_closed_form_says_so() -> None:
    made = chain("welsch")
    assert made.cases == ()
    assert any("no closed form" in step.why for step in made.steps)
    assert any("found by iteration" in step.why for step in made.steps)


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("text", "knots"), [("welsch + cauchy", 2), ("l1 + capped_l1(theta=a) + capped_l1(theta=b)", 2)]
)
def test_without_a_formula_it_tells_what_is_compared(text: str, knots: int) -> None:
    made = chain(text)
    rules = [step.rule for step in made.steps]
    assert not made.cases and made.notes
    assert rules[-2:] == ["turns", "minima"] and rules.count("knot") == knots
    assert "depends on the parameters" in Derivation(made).text().replace("\n", " ")


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", [*ELEMENTWISE, "l2_norm"])
def test_every_format_tells_all_steps(name: str) -> None:
    made = Derivation(chain(name))
    text, markdown, data = made.text(), made.markdown(), json.loads(made.to_json())
    assert text.isascii() and max(map(len, text.splitlines())) <= 80
    for step in made.steps:
        assert step.rule in text.replace("\n", " ") and f"{step.rule}**" in markdown
    assert [row["rule"] for row in data["steps"]] == [step.rule for step in made.steps]
    assert set(data["steps"][0]) == {"rule", "before", "after", "why", "condition", "target", "is_bound"}
    assert data["schema_version"] == 1 and len(data["cases"]) == len(chain(name).cases)
    assert "symreg verify" in text and "Update rule" not in markdown


@pytest.mark.one_in(3)
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("name", ["scad", "cauchy", "l_half", "entropy", "log_cosh", "welsch + cauchy"])
def test_it_compiles_without_a_warning(name: str, tmp_path: Path) -> None:
    assert_clean(Derivation(chain(name)).latex(), tmp_path)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.sweep
@pytest.mark.parametrize("name", [*ELEMENTWISE, "l2_norm"])
def test_all_compile_without_a_warning(name: str, tmp_path: Path) -> None:
    assert_clean(Derivation(chain(name)).latex(), tmp_path)


@pytest.mark.sweep
def test_a_rule_that_takes_the_operator_shows_how_it_comes_about() -> None:
    made = symreg.derive("l1 + l2", "proximal_gradient")
    text = made.text()
    assert "\nThe proximal operator of P\n" in text and "phi(u) = lam*|u|" in text
    assert text.index("The proximal operator of P\n") > text.index("proximal gradient")
    assert json.loads(made.to_json())["operator"]["single_formula"] == {"bound": "inf", "condition": None}
    assert json.loads(symreg.derive("l1").to_json())["operator"] is None


@pytest.mark.sweep
def test_it_is_offered_in_python_and_on_the_command_line() -> None:
    made = symreg.derive("mcp", ["gradient_descent", "adam"], prox=True)
    assert isinstance(made.operator, ProximalDerivation) and "for s < gamma" in made.text()
    shown = CliRunner().invoke(command, ["derive", "mcp", "--prox", "--rule", "gradient_descent", "--rule", "adam"])
    assert shown.exit_code == 0 and shown.output == made.text()
    data = json.loads(made.to_json())
    assert data["prox"]["single_formula"]["condition"] == "s < gamma" and data["others"][0]["rule"]["name"] == "adam"
