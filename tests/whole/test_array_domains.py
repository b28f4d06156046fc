"""Arrays with domains: read from every notation, used by proofs, printed, checked by what is emitted, and judged."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import symreg
from symreg.application.requests import read_objective
from symreg.claims.decide import properties
from symreg.cli.group import symreg as command
from symreg.errors import SpecError
from symreg.language.inline_declarations import read_declaration
from symreg.language.intervals import parse_interval
from symreg.language.specs.toml import read_penalty
from symreg.objectives.rules import resolve_rule
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates
from symreg.verification.behaviour.refusals import wrong_relations
from symreg.verification.cases.sampling.groups import groups

SPEC = """
[penalty]
name = "adaptive"
expr = "lam*sum(c[i]*abs(w[i]), i)"

[params.lam]
domain = "positive"
default = 0.5

[arrays.c]
shape = ["n"]
domain = "nonnegative"
default = 2.0
"""
TEXT = "lam*sum(c[i]*abs(w[i]), i)"


def penalty(domain: str) -> symreg.Penalty:
    return symreg.penalty("weighted", TEXT, arrays={"c": (("n",), domain)})


@pytest.mark.parametrize(
    "arrays",
    [
        {"c": (("n",), "nonnegative = 2")},
        {"c": (("n",), ("nonnegative", 2.0))},
        {"c": (["n"], "[0, inf) = 2.0")},
    ],
)
def test_a_domain_and_a_default_are_read_from_python(arrays: dict[str, Any]) -> None:
    (array,) = symreg.penalty("p", TEXT, arrays=arrays).arrays
    assert (array.shape, array.domain, array.default) == (("n",), parse_interval("nonnegative"), 2.0)


def test_a_domain_and_a_default_are_read_from_a_spec_file_and_beside_an_expression() -> None:
    (in_file,) = read_penalty(SPEC, "adaptive.toml").arrays
    beside = read_declaration("c[n]: nonnegative = 2")
    (inline,) = read_objective(TEXT, parameters=["c[n]: nonnegative = 2"]).terms.arrays
    assert in_file == beside == inline
    assert (inline.domain, inline.default) == (parse_interval("nonnegative"), 2.0)


def test_an_array_without_a_domain_holds_any_real_number() -> None:
    for array in (*symreg.penalty("p", TEXT, arrays={"c": ("n",)}).arrays, *read_objective(TEXT).terms.arrays):
        assert array.domain.is_all


def test_a_matrix_is_declared_with_two_dimensions() -> None:
    array = read_declaration("A[n, n]: positive")
    assert (array.name, array.shape) == ("A", ("n", "n"))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: read_declaration("c[q]: positive"), "parameter 'c[q]': write a letter, then letters"),
        (lambda: read_objective(TEXT, parameters=["c[m]: positive"]), ""),
        (lambda: read_declaration("c[n]: positive = -1"), "array 'c': default -1.0 is outside its domain positive"),
        (lambda: read_objective(TEXT, parameters=["c: positive"]), "'c[n]: real = 1'"),
        (lambda: read_objective(TEXT, parameters=["lam[n]: positive"]), "'lam' has an element for each weight"),
        (lambda: read_objective(TEXT, parameters=["c[n, n]: positive"]), "c has 2 dimension(s), not 1 subscript(s)"),
        (lambda: read_objective(TEXT, parameters=["d[n]: positive"]), "no parameter 'd'"),
        (lambda: read_penalty(SPEC.replace('"nonnegative"', '"(1, 0)"'), "a.toml"), "a.toml: [arrays.c] domain"),
        (lambda: read_penalty(SPEC.replace("2.0", "-2.0"), "a.toml"), "'c': default -2.0 is outside its domain"),
        (lambda: symreg.penalty("p", TEXT, arrays={"c": ("m",)}), "its shape is ('n',) or ('n', 'n')"),
        (lambda: symreg.penalty("p", TEXT, arrays={"c": (("n",), "odd")}), "domain 'odd' is not one"),
    ],
)
def test_a_wrong_declaration_is_refused_with_what_would_be_right(made: Callable[[], object], words: str) -> None:
    with pytest.raises(symreg.SymregError, match=r".") as caught:
        made()
    assert words in str(caught.value)


def test_two_terms_share_an_array_in_the_domain_that_both_allow() -> None:
    both = symreg.objective(penalty("[0, 3]") + symreg.penalty("q", "sum(c[i]*w[i]**2, i)", arrays={"c": ("n",)}))
    assert {str(array.domain) for term in both.terms.terms for array in term.arrays} == {"[0, 3]"}
    other = symreg.penalty("q", "sum(c[i]*w[i]**2, i)", arrays={"c": (("n",), "(-inf, 0)")})
    with pytest.raises(SpecError, match="no value of it suits both"):
        symreg.objective(penalty("positive") + other)


# What the domain proves: a weighted sum of |w_i| is convex where no weight is negative, and coercive where none is 0.
PROVED = {
    "nonnegative": {"nonnegative", "convex", "shrinks toward the origin", "continuous thresholding"},
    "positive": {"nonnegative", "convex", "coercive", "shrinks toward the origin", "continuous thresholding"},
    "[0.5, 2]": {"nonnegative", "convex", "coercive"},
}
REFUTED = {
    "nonnegative": {"coercive", "sparse", "strongly convex"},  # all c = 0
    "real": {"nonnegative", "convex", "coercive", "shrinks toward the origin", "sparse"},
    "(-inf, 0]": {"nonnegative", "convex", "coercive"},
}


@pytest.mark.parametrize("domain", [*PROVED, "real", "(-inf, 0]"])
def test_claims_are_decided_for_the_arrays_that_the_domain_allows(domain: str) -> None:
    found = {v.claim: v.verdict for v in properties(symreg.objective(penalty(domain))).verdicts}
    assert {found[claim] for claim in PROVED.get(domain, ())} <= {"proved"}
    assert {found[claim] for claim in REFUTED.get(domain, ())} <= {"refuted"}


def test_a_quadratic_form_with_nonnegative_entries_is_nonnegative_for_distances_only() -> None:
    shape = {"A": (("n", "n"), "nonnegative")}
    distances = symreg.penalty("p", "sum(sum(A[i, j]*abs(w[i] - w[j]), j), i)", arrays=shape)
    products = symreg.penalty("p", "sum(sum(A[i, j]*w[i]*w[j], j), i)", arrays=shape)
    assert properties(symreg.objective(distances))["convex"].verdict == "proved"
    assert properties(symreg.objective(products))["convex"].verdict != "proved"


def test_a_line_that_misses_the_origin_says_nothing_of_homogeneity() -> None:
    penalty = symreg.penalty("p", "sum(c[i]*max(w[i], 0), i)", arrays={"c": (("n",), "nonnegative")})
    assert symreg.analyse(penalty, timeout=120)["positively homogeneous"].verdict != "refuted"  # max(a*w, 0) is a*max


def test_the_domain_is_printed_wherever_the_parameters_are() -> None:
    derivation = symreg.derive(penalty("[0.5, inf) = 2"), timeout=120)
    assert "c_i >= 1/2 (default 2)" in derivation.text()
    assert "c_i \\ge" in derivation.latex()
    assert "c_i" in derivation.markdown().partition("1.")[0]
    (array,) = json.loads(derivation.to_json())["objective"]["arrays"]
    assert (array["domain"], array["default"]) == ("[0.5, inf)", 2.0)
    assert "c_i >= 1/2" in str(symreg.analyse(penalty("[0.5, inf) = 2"), timeout=120))


@pytest.mark.sweep
def test_emitted_text_documents_the_domain_and_tells_how_to_make_it_again() -> None:
    made = symreg.generate(penalty("[0.5, 2] = 1"), target="all", judge=False, timeout=120)
    assert "c: Shape (n,), dtype of w, each in [0.5, 2]." in made["numpy/weighted.py"]
    assert "c    n numbers, each in [0.5, 2]" in made["c/weighted.h"]
    runner = CliRunner()
    said = ["generate", TEXT, "--param", "c[n]: nonnegative = 2", "-o", "-", "--unjudged", "--timeout", "120"]
    assert "--param 'c[n]: nonnegative = 2.0'" in runner.invoke(command, said).stdout


@pytest.fixture(scope="module", params=["numpy", "c"])
def target(request: pytest.FixtureRequest) -> str:
    made: str = request.param
    return made


@pytest.fixture(scope="module", params=["float64", "float32"])
def loaded(request: pytest.FixtureRequest, target: str) -> tuple[SimpleNamespace, np.dtype[Any]]:
    objective = symreg.objective(penalty("(0.25, 2] = 1"))
    made = load(objective, updates(objective, [resolve_rule("gradient_descent")]), target, request.param)
    return made, np.dtype(request.param)


def calls(made: SimpleNamespace, w: Any, c: Any) -> dict[str, Callable[[], Any]]:
    return {
        "value": lambda: made.value(w, c=c, lam=0.5),
        "gradient": lambda: made.gradient(w, c=c, lam=0.5),
        "step": lambda: made.gradient_descent_step(w.copy(), np.ones_like(w), c=c, lr=0.1, lam=0.5),
    }


@pytest.mark.parametrize("bad", [0.25, 0.0, -1.0, 2.5, np.inf, -np.inf])
def test_an_element_outside_the_domain_is_refused_by_name(
    loaded: tuple[SimpleNamespace, np.dtype[Any]], bad: float
) -> None:
    made, dtype = loaded
    w, c = np.array([1.0, -2.0, 3.0], dtype), np.array([1.0, bad, 2.0], dtype)
    for call in calls(made, w, c).values():
        with pytest.raises(ValueError, match=r"c: each must be finite and > 0\.25 and <= 2, got"):
            call()


def test_elements_at_a_closed_end_are_taken_and_nan_comes_out(loaded: tuple[SimpleNamespace, np.dtype[Any]]) -> None:
    made, dtype = loaded
    w = np.array([1.0, -2.0, 3.0], dtype)
    right = calls(made, w, np.array([0.5, 2.0, 1.0], dtype))
    assert right["value"]() == 0.5 * (0.5 + 4.0 + 3.0)
    assert right["gradient"]().tolist() == [0.25, -1.0, 0.5]
    odd = calls(made, w, np.array([0.5, np.nan, 1.0], dtype))
    assert np.isnan(odd["value"]())
    assert np.isnan(odd["gradient"]()).tolist() == [False, True, False]
    none = calls(made, w[:0], w[:0])
    assert none["value"]() == 0.0
    assert none["gradient"]().size == 0


def test_the_judge_samples_within_the_domain_and_knows_what_lies_outside() -> None:
    terms = symreg.objective(penalty("(0.25, 2] = 1")).terms
    sample = groups(terms, "float32", 400)
    elements = np.concatenate([group.arrays["c"] for group in sample])
    assert elements.min() > 0.25
    assert elements.max() == 2.0  # an end that belongs to it is looked at
    wrong = [group.arrays["c"][-1] for what, group in wrong_relations(terms, sample[0], "float32") if what[0] == "c"]
    assert {0.25, -0.75, 3.0, np.inf, -np.inf} <= {float(x) for x in wrong}


@pytest.mark.sweep
def test_the_judge_passes_a_weighted_norm() -> None:
    report = symreg.verify(penalty("nonnegative = 1"), rules=(), target="numpy", points=20, timeout=120)
    assert report.passed, str(report)
