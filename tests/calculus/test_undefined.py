"""Where a formula has no value: what every command says of it, that it is true, and a domain as what is to be done."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fractions import Fraction
from random import Random

import mpmath
import numpy as np
import pytest
from click.testing import CliRunner
from tree_values import Values, value

import symreg
from symreg import catalogue
from symreg.calculus.domains.gaps import gaps
from symreg.calculus.domains.natural_domain import natural_domain
from symreg.calculus.domains.notes import undefined_notes
from symreg.claims.decide import properties
from symreg.cli.group import symreg as command
from symreg.derivation.gradient import derive
from symreg.errors import SymregError
from symreg.language.intervals import parse_interval
from symreg.model.terms import Term
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.presentation import Derivation
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates

LEAVE_OUT = "add a domain that leaves such weights out"

SAID = {
    "sqrt(w)": "for w < 0; add domain = '(0, inf)'",
    "lam*log(w)": "for w < 0; add domain = '(0, inf)'",
    "w**0.5": "for w < 0; add domain = '(0, inf)'",
    "w**(-1/3)": "for w < 0; add domain = '(0, inf)'",
    "w**p": "for w < 0; add domain = '(0, inf)'",
    "w*log(w)": "for w < 0; add domain = '(0, inf)'",
    "log1p(w)": "for w < -1; add domain = '(-1, inf)'",
    "log(1 - w)": "for w > 1; add domain = '(-inf, 1)'",
    "log(0.3 - w/7)": "for w > 21/10; add domain = '(-inf, 2.1)'",
    "log(1 - w**2)": "for w < -1 and for w > 1; add domain = '(-1, 1)'",
    "-log(w) - log(1 - w)": "for w < 0 and for w > 1; add domain = '(0, 1)'",
    "log(w/(1 - w))": "for w < 0 and for w > 1; add domain = '(0, 1)'",
    "sqrt(w**2 - 1)": "for -1 < w < 1; add domain = '(1, inf)'",
    "sqrt(w**2 - 2)": "for -sqrt(2) < w < sqrt(2); add domain = '(1.42, inf)'",
    "sqrt(1 - 1/w)": "for 0 < w < 1; add domain = '(1, inf)'",
    "sqrt(log(w))": "for w < 1; add domain = '(1, inf)'",
    "log(w - pi)": "for w < pi; add domain = '(3.15, inf)'",
    "min(log(w), 1)": "for w < 0; add domain = '(0, inf)'",
    "log(1 - exp(-w))": "for w < 0; add domain = '(0, inf)'",
    "min(w/w**2, a)": f"where w**2 = 0; {LEAVE_OUT}",
    "1/w": "at w = 0; add domain = '(0, inf)'",
    "1/(1 - w)": "at w = 1; add domain = '(-inf, 1)'",
    "w/(exp(w) - 1)": "at w = 0; add domain = '(0, inf)'",
    "log(abs(w))": "at w = 0; add domain = '(0, inf)'",
    "1/(w**2 - a)": f"at w = -sqrt(a) and at w = sqrt(a); {LEAVE_OUT}",
    "log(b - w)": "for w > b; add domain = '(-inf, b)'",
    "log(a + w)": "for w < -a; add domain = '(-a, inf)'",
    "tan(w)": f"where cos(w) = 0; {LEAVE_OUT}",
    "sqrt(sin(w))": f"where sin(w) < 0; {LEAVE_OUT}",
    "sqrt(w**3 - w + 1)": f"where w**3 - w + 1 < 0; {LEAVE_OUT}",
    "sqrt(w - a) + sqrt(b - w)": f"where w - a < 0 and where b - w < 0; {LEAVE_OUT}",
    "lam*sum(w[i]*log(w[i]), i)": "for w < 0; add domain = '(0, inf)'",
    "sum(1/w[i], i)": "at w = 0; add domain = '(0, inf)'",
    "sum(sqrt(w[i+1] - w[i]), i)": f"where w[i+1] - w[i] < 0; {LEAVE_OUT}",
    "sqrt(sum(w[i], i))": f"where sum(w[i], i) < 0; {LEAVE_OUT}",
    "1/norm(w)": f"where norm(w) = 0; {LEAVE_OUT}",
}

DEFINED = (
    "abs(w)**p",
    "sqrt(abs(w))",
    "sqrt(max(w, 0))",
    "sqrt(w**2 - w + 1)",
    "where(w > 0, sqrt(w), 0)",
    "where(w == 0, 1, sin(w)/w)",
    "log(1 + w**2/c)",
    "log(2 + sin(w))",
    "1/(2 + cos(w))",
    "w**2/(c + abs(w))",
    "log(sum(exp(w[i]), i))",
    "sqrt(sum(w[i]**2, i))",
    "norm(w)/(1 + norm(w))",
    "sum(w[i]**2, i)/n",
)


def only_term(text: str) -> Term:
    (term,) = resolve(text).terms.terms
    return term


@pytest.mark.parametrize(("text", "said"), SAID.items())
def test_where_a_formula_is_not_defined_is_said_with_the_domain_to_add(text: str, said: str) -> None:
    (note,) = undefined_notes(resolve(text).terms)
    assert note == f"{text} is not defined {said}"


@pytest.mark.parametrize("text", DEFINED)
def test_nothing_is_said_of_a_formula_that_is_defined_everywhere(text: str) -> None:
    assert undefined_notes(resolve(text).terms) == ()


@pytest.mark.parametrize("name", catalogue.penalties())
def test_the_catalogue_is_defined_on_its_domains(name: str) -> None:
    assert undefined_notes(resolve(name).terms) == ()


def is_defined(term: Term, weight: Fraction, parameters: dict[str, Fraction]) -> bool:
    """Has a formula a finite real value, in mpmath?"""
    scalars = {name: mpmath.mpf(x.numerator) / x.denominator for name, x in {**parameters, "w": weight}.items()}
    try:
        found = value(term.tree, Values(mpmath, scalars))
    except (ZeroDivisionError, ValueError, TypeError):  # the last where a complex number is compared
        return False
    return not isinstance(found, mpmath.mpc) and bool(mpmath.isfinite(found))


INNER = (
    "w", "1 - w", "w + a", "b - w", "2*w - 3", "abs(w)", "w**2", "w**2 - 1", "1 - w**2", "w**2 - a", "abs(w) - a",
    "w*(1 - w)", "exp(w) - 2", "1 - exp(-w)", "w**2 + a", "1 + abs(w)", "tanh(w)", "w**3 - 1", "sinh(w) - 1",
)  # fmt: skip
OUTER = (
    "sqrt({})", "log({})", "1/({})", "({})**0.5", "({})**(-2)", "({})**1.5", "log1p({})", "w/({})", "exp(-({}))",
    "max({}, 0)", "where(w > 0, {}, 1)", "({}) + w**2", "w*log({})", "({})*lam", "min({}, a)", "atan({})",
)  # fmt: skip


def composed(seed: int) -> list[str]:
    """Return random formulas: one or two functions around an inner one."""
    random = Random(seed)
    made = []
    for _ in range(40):
        text = random.choice(OUTER).format(random.choice(INNER))
        made.append(random.choice(OUTER).format(text) if random.random() < 0.5 else text)
    return list(dict.fromkeys(made))


WEIGHTS = [s * Fraction(x) for x in ("0.01", "0.31", "0.77", "1.19", "2.03", "2.9", "3.3", "17") for s in (1, -1)]


def compare(text: str) -> int:
    """Compare the intervals that are told with mpmath's values; return at how many weights."""
    term = only_term(text)
    found = gaps(term)
    if found.conditions:
        return 0
    for scale in (Fraction(6, 5), Fraction(7, 3), Fraction(1, 5)):
        parameters = {p.name: Fraction(p.default) * scale for p in term.parameters}
        scalars = {name: mpmath.mpf(x.numerator) / x.denominator for name, x in parameters.items()}
        ends = [[None if end is None else value(end, Values(mpmath, scalars)) for end in row] for row in found.regions]
        for weight in WEIGHTS:
            at = mpmath.mpf(weight.numerator) / weight.denominator
            is_gone = any((low is None or low < at) and (high is None or at < high) for low, high in ends)
            assert is_defined(term, weight, parameters) is not is_gone, (text, weight, parameters)
    return len(WEIGHTS)


@pytest.mark.parametrize("text", [text for text in (*SAID, *DEFINED) if "[" not in text and "norm" not in text])
def test_the_intervals_are_where_mpmath_finds_no_value(text: str) -> None:
    assert compare(text) or "where" in SAID[text]


def test_of_random_formulas_too_the_intervals_are_where_mpmath_finds_no_value() -> None:
    compared = [compare(text) for text in composed(8)]
    assert sum(map(bool, compared)) >= 30


@pytest.mark.parametrize("text", [text for text, said in SAID.items() if "domain = '" in said])
def test_with_the_domain_that_is_advised_nothing_is_said(text: str) -> None:
    domain = re.findall(r"domain = '(.*)'", SAID[text])[0]
    assert undefined_notes(resolve(text, domain=domain).terms) == ()


def test_a_natural_domain_is_one_interval_or_none() -> None:
    expected = {"sqrt(w)": "(0, inf)", "log(1 - w**2)": "(-1, 1)", "sqrt(w**2 - 1)": None, "1/w": None, "w**2": None}
    for text, domain in expected.items():
        term = only_term(text)
        assert natural_domain(term, gaps(term)) == (None if domain is None else parse_interval(domain))


def section(text: str, domain: str | None = None) -> str:
    """Return what a derivation says of the two sides of zero, on one line."""
    made = Derivation(derive(resolve(text, domain=domain), resolve_rule("gradient_descent"))).text()
    return " ".join(made.partition("What the penalty does to a weight")[2].partition("Notes")[0].split())


@pytest.mark.parametrize(
    ("text", "gone", "told"),
    [
        ("sqrt(w)", ["w_j < 0"], ["w_j > 0 dR/dw_j > 0"]),
        ("lam*log(w)", ["w_j < 0"], ["w_j > 0 dR/dw_j > 0"]),
        ("log(1 - w)", ["w_j > 1"], ["w_j < 0 dR/dw_j < 0", "0 < w_j < 1 dR/dw_j < 0"]),
        ("log(b - w)", ["w_j > b"], ["w_j < 0 dR/dw_j < 0", "0 < w_j < b dR/dw_j < 0"]),
        ("sqrt(w**2 - 1)", ["-1 < w_j < 0", "0 < w_j < 1"], ["w_j < -1 dR/dw_j < 0", "w_j > 1 dR/dw_j > 0"]),
        ("1/(1 - w)", [], ["w_j < 0 dR/dw_j > 0", "0 < w_j < 1 dR/dw_j > 0", "w_j > 1 dR/dw_j > 0"]),
    ],
)
def test_no_direction_is_claimed_where_there_is_no_value(text: str, gone: list[str], told: list[str]) -> None:
    said = section(text)
    for region in gone:
        assert f"{region} the penalty is not defined here" in said
    assert said.count("not defined") == len(gone)
    for sentence in told:
        assert sentence in said
    assert said.count("dR/dw_j >") + said.count("dR/dw_j <") == len(told)


@pytest.mark.parametrize("text", ["tan(w)", "sqrt(sin(w)) + 1000*w"])
def test_a_side_with_weights_left_out_that_are_not_listed_has_no_sign(text: str) -> None:
    assert section(text).count("was not decided") == 2


def test_nothing_is_claimed_outside_a_domain() -> None:
    said = section("w**2", "(-1, 2)")
    assert said.startswith("-1 < w_j < 0 dR/dw_j < 0") and "0 < w_j < 2 dR/dw_j > 0" in said
    assert section("-log(w - 1)", "(1, inf)").startswith("w_j > 1 dR/dw_j < 0")
    assert "w_j < 0" not in section("sqrt(w)", "(0, inf)")


def run(*arguments: str) -> tuple[int, str, str]:
    made = CliRunner().invoke(command, [*arguments, "--timeout", "120"], standalone_mode=False)
    code = made.return_value if isinstance(made.return_value, int) else 0
    assert made.exception is None, made.exception
    return code, made.stdout, made.stderr


COMMANDS: dict[str, Callable[[str], list[str]]] = {
    "derive": lambda text: ["derive", text],
    "analyse": lambda text: ["analyse", text],
    "generate": lambda text: ["generate", text, "-o", "-"],
    "verify": lambda text: ["verify", text, "--points", "20", "--target", "numpy"],
}


@pytest.mark.one_in(6)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_it_in_the_same_words_and_takes_a_domain(name: str) -> None:
    note = "note: sqrt(w) is not defined for w < 0; add domain = '(0, inf)'\n"
    assert note in run(*COMMANDS[name]("sqrt(w)"))[2]
    _, out, told = run(*COMMANDS[name]("sqrt(w)"), "--domain", "[0, inf)")
    assert "not defined" not in out + told


def test_a_derivation_says_it_in_every_format() -> None:
    made = Derivation(derive(resolve("lam*log(w)"), resolve_rule("gradient_descent")))
    assert "not defined for w < 0; add domain = '(0, inf)'" in " ".join(made.text().split())
    assert "domain = '(0, inf)'" in made.text()
    assert "is not defined for w &lt; 0; add domain" in made.markdown()
    assert r"not defined for w $<$ 0; add domain = " in made.latex()
    data = json.loads(made.to_json())
    assert any("not defined for w < 0" in note for note in data["notes"])
    assert [(d["side"], d["sign"]) for d in data["directions"]] == [("negative", "undefined"), ("positive", "positive")]


def test_emitted_functions_say_it_where_they_are_documented() -> None:
    source = symreg.generate("sqrt(w)", judge=False, timeout=120)["numpy/penalty.py"]
    assert source.count("sqrt(w) is not defined for w < 0; add domain = '(0, inf)'.") == 3


@pytest.mark.parametrize("text", ["abs(w) + sqrt(w)", "abs(w)/w"])
def test_what_is_refused_for_it_is_refused_in_these_words(text: str) -> None:
    with pytest.raises(SymregError, match=r"is not defined .*; add domain = .\(0, inf\)"):
        derive(resolve(text), resolve_rule("gradient_descent"))


def test_claims_are_about_the_weights_at_which_there_is_a_value() -> None:
    verdicts = properties(resolve("w*log(w)"))
    assert verdicts["convex"].verdict == "proved"
    assert verdicts["step without overshoot"].verdict == "conditional"
    assert properties(resolve("lam*log(w)"))["weakly convex"].note != "phi jumps"


def test_an_objective_has_a_domain_besides_its_penalties_own() -> None:
    made = symreg.objective("lam*log(w) + l1", domain="(0, 2)")
    assert {str(term.domain) for term in made.terms.terms} == {"(0, 2)"}
    assert str(symreg.objective("entropy", domain="(-1, 1)").terms.terms[0].domain) == "(0, 1)"
    squares = resolve("w**2", domain="[0, inf)")
    emitted = load(squares, updates(squares), "numpy")
    assert emitted.value(np.array([-1.0])) == np.inf and np.isnan(emitted.gradient(np.array([-1.0]))[0])
    assert emitted.prox(np.array([-3.0, 3.0]), step=1.0).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        ("(0; 1)", "domain '(0; 1)' is not one"),
        ("(3, 2)", "domain '(3, 2)' is empty"),
        ("(-inf, 0)", "domain (-inf, 0) holds no point of entropy's, positive"),
        ("[1, 1]", "domain [1, 1] leaves entropy a single point"),
    ],
)
def test_a_domain_that_is_none_is_refused(domain: str, message: str) -> None:
    with pytest.raises(SymregError, match=re.escape(message)):
        symreg.objective("entropy", domain=domain)


@pytest.mark.sweep
def test_the_commands_that_are_shown_hold_the_domain_and_the_declarations() -> None:
    options = ("--param", "c: (1, 2) = 1.5", "--domain", "(0, inf)")
    _, derived, _ = run("derive", "l1 - log(c*w)", *options)
    assert '--param "c: (1, 2) = 1.5"' in derived and '--domain "(0, inf)"' in derived
    _, emitted, _ = run("generate", "l1 - log(c*w)", *options, "-o", "-", "--unjudged")
    (line,) = (line for line in emitted.splitlines() if line.startswith("Regenerate: "))
    assert "--param 'c: (1, 2) = 1.5' --domain '(0, inf)'" in line and "lam:" not in line
