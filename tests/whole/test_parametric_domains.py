"""Domains whose ends are parameters: read, ordered, derived, proved, emitted, checked and judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import symreg
from symreg.accuracy.points import sampled
from symreg.application.requests import verify_request
from symreg.calculus.domains.notes import undefined_notes
from symreg.calculus.evaluation.high_precision import samples
from symreg.calculus.signs.symbolic_sign import sign_of
from symreg.calculus.symbolic.prove import is_proved
from symreg.cli.group import symreg as command
from symreg.derivation.gradient import derive
from symreg.errors import SpecError, SymregError
from symreg.expressions.tree import Compare, Name
from symreg.language.inline_declarations import read_declaration
from symreg.language.intervals import parse_domain, parse_interval
from symreg.language.parse import parse
from symreg.language.specs.toml import read_penalty
from symreg.model.domain import ParametricInterval, meet
from symreg.model.interval import Interval
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.loading.load import load
from symreg.updates.assemble import updates
from symreg.updates.update import Update
from symreg.verification.behaviour.refusals import wrong_relations
from symreg.verification.cases.sampling.groups import groups
from symreg.verification.cases.sampling.weights import outside
from symreg.verification.comparison.tolerance import reference
from symreg.verification.oracle.slopes import slopes, values

Values = Mapping[str, float]


@pytest.mark.parametrize("text", ["[lo, hi]", "(lo, hi)", "[lo, inf)", "(-inf, hi]", "[-b, b]", "[0, b)", "(-a, 2.5]"])
def test_a_domain_reads_back_what_it_writes(text: str) -> None:
    domain = parse_domain(text)
    assert isinstance(domain, ParametricInterval)
    assert str(domain) == text
    assert parse_domain(str(domain)) == domain


def test_a_domain_between_numbers_is_the_interval_that_it_always_was() -> None:
    for text in ("real", "positive", "[0, 1)", "(-inf, 2]", "[-1, 1]"):
        assert parse_domain(text) == parse_interval(text)


def test_a_domain_is_an_interval_once_its_parameters_are_known() -> None:
    domain = parse_domain("[-b, hi)")
    assert domain.at({"b": 0.5, "hi": 3.0}) == Interval(low=Fraction(-1, 2), high=Fraction(3), low_closed=True)
    assert domain.hull({"b": parse_interval("[1, 2]"), "hi": parse_interval("(0, 5]")}) == Interval(
        low=Fraction(-2), high=Fraction(5), low_closed=True
    )
    assert domain.hull({"b": parse_interval("positive"), "hi": parse_interval("real")}) == Interval()


@pytest.mark.parametrize(
    ("domain", "parameters", "words"),
    [
        ("[lo, inf]", {}, "includes infinity"),
        ("(inf, lo)", {}, "is empty"),
        ("[lo, lo]", {}, "is empty"),
        ("[b, -b]", {}, "is empty for any 'b' in positive"),
        ("[lo, 0]", {}, "is empty for any 'lo' in positive; declare 'lo' with another domain"),
        ("[lo, hi]", {"lo": "real = 2", "hi": "real = 1"}, "asks for lo < hi, but their defaults are 2.0 and 1.0"),
        ("[0, b]", {"b": "real = -1"}, "asks for 'b' in positive; its default -1.0 is outside"),
        ("[-a, b]", {"a": "real", "b": "real"}, "may be empty; declare 'a' and 'b' as positive"),
        ("[2*b, 3]", {}, "is not one; write real"),
        ("[w, 3]", {}, "the name is reserved"),
    ],
)
def test_a_domain_that_may_be_empty_is_refused(domain: str, parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError) as caught:
        symreg.penalty("p", "lam*w**2", domain=domain, **parameters)
    assert words in str(caught.value)


def test_a_spec_file_names_its_parameters_as_ends() -> None:
    text = '[penalty]\nname = "box"\nexpr = "lam*w**2"\ndomain = "[lo, hi]"\n[params.lam]\n'
    ends = '[params.lo]\ndomain = "real"\ndefault = -1.0\n[params.hi]\ndomain = "real"\ndefault = 2.0\n'
    penalty = read_penalty(text + ends, "box.toml")
    assert [(p.name, p.default, p.above) for p in penalty.parameters] == [
        ("lam", 1.0, ""),
        ("lo", -1.0, ""),
        ("hi", 2.0, "lo"),
    ]
    with pytest.raises(SpecError, match=r"box.toml: \[penalty\] domain '\[low, hi\]' is not one.*did you mean 'lo'"):
        read_penalty(text.replace("[lo,", "[low,") + ends, "box.toml")


# What an order of the ends asks of the parameters: a domain of their own, one above the other, a default that suits.
ASKED: dict[str, tuple[dict[str, Any], dict[str, tuple[str, float, str]]]] = {
    "[lo, hi]": ({"lo": "real", "hi": "real"}, {"lo": ("real", 1.0, ""), "hi": ("real", 2.0, "lo")}),
    "(-hi, -lo)": ({"lo": "real = 0", "hi": "real"}, {"lo": ("real", 0.0, ""), "hi": ("real", 1.0, "lo")}),
    "[lo, inf)": ({"lo": "real"}, {"lo": ("real", 1.0, "")}),
    "[-b, b]": ({"b": "real"}, {"b": ("positive", 1.0, "")}),
    "[b, -b]": ({"b": "real"}, {"b": ("(-inf, 0)", -1.0, "")}),
    "[1, b]": ({"b": "real"}, {"b": ("(1, inf)", 2.0, "")}),
    "[lo, 0)": ({"lo": "real"}, {"lo": ("(-inf, 0)", -1.0, "")}),
    "[-a, b]": ({"a": "positive", "b": "nonnegative"}, {"a": ("positive", 1.0, ""), "b": ("nonnegative", 1.0, "")}),
    "(lo, hi]": ({"lo": "(-inf, 0]", "hi": "positive"}, {"lo": ("(-inf, 0]", -1.0, ""), "hi": ("positive", 1.0, "")}),
}


@pytest.mark.parametrize("domain", ASKED)
def test_the_ends_ask_their_order_of_the_parameters(domain: str) -> None:
    declared, asked = ASKED[domain]
    penalty = symreg.penalty("p", "lam*w**2", domain=domain, **declared)
    found = {p.name: (str(p.domain), p.default, p.above) for p in penalty.parameters if p.name != "lam"}
    assert found == asked


def test_terms_that_share_ends_keep_their_order_and_renaming_keeps_it_too() -> None:
    box = symreg.penalty("box", "lam*w**2", domain="[lo, hi]", lo="real", hi="real")
    plain = symreg.penalty("plain", "lam*abs(w) + hi", hi="real = -3")
    terms = symreg.objective(box + plain).terms
    assert {p.name: p.above for p in terms.parameters}["hi"] == "lo"
    assert meet(parse_domain("[lo, hi]"), Interval()) == parse_domain("[lo, hi]")
    with pytest.raises(SpecError, match="depends on the parameters"):
        meet(parse_domain("[lo, hi]"), parse_interval("[0, 1]"))


def test_proofs_and_samples_know_that_one_end_lies_below_the_other() -> None:
    parameters = symreg.penalty("p", "lam*w**2", domain="[lo, hi]", lo="real", hi="real").parameters
    assert sign_of(parse("hi - lo"), parameters) == "positive"
    assert sign_of(parse("2*lam*(lo - hi)"), parameters) == "negative"
    assert is_proved(Compare(">", parse("hi**3"), parse("lo**3")), parameters)
    assert not is_proved(Compare(">", parse("hi"), parse("lo + 1")), parameters)
    assert all(row[Name("hi")] > row[Name("lo")] for row in samples(parameters))
    domain = parse_domain("[lo, hi]")
    for row, _ in sampled(parse("lam*(w - lo)*hi"), parameters, domain):
        assert row["lo"] <= row["w"] <= row["hi"]


@dataclass(frozen=True)
class Box:
    """A penalty on a domain, its value by hand over arrays, its derivative, and the parameters looked at."""

    text: str
    domain: str
    value: Callable[[Any, Values], Any]
    slope: Callable[[Any, Values], Any]
    rows: tuple[dict[str, float], ...]
    declared: dict[str, str] = field(default_factory=dict)

    def ends(self, row: Values) -> tuple[float, float]:
        low, high = self.domain.strip("[]()").split(", ")
        told = {"-inf": -8.0, "inf": 8.0, **{f"-{k}": -v for k, v in row.items()}, **row}
        return told[low] if low in told else float(low), told[high] if high in told else float(high)


_LOHI = {"lo": "real", "hi": "real"}
_ROWS = (
    {"lam": 0.5, "lo": -1.0, "hi": 2.0},
    {"lam": 2.0, "lo": 0.5, "hi": 0.75},
    {"lam": 0.25, "lo": -3.0, "hi": -1.5},
)
BOXES = {
    "distance": Box(
        text="lam*(w - lo)**2",
        domain="[lo, hi]",
        value=lambda w, p: p["lam"] * (w - p["lo"]) ** 2,
        slope=lambda w, p: 2 * p["lam"] * (w - p["lo"]),
        rows=_ROWS,
        declared=_LOHI,
    ),
    "barrier": Box(
        text="-log(w - lo) - log(hi - w)",
        domain="(lo, hi)",
        value=lambda w, p: -np.log(w - p["lo"]) - np.log(p["hi"] - w),
        slope=lambda w, p: -1 / (w - p["lo"]) + 1 / (p["hi"] - w),
        rows=tuple({k: v for k, v in row.items() if k != "lam"} for row in _ROWS),
        declared=_LOHI,
    ),
    "halfline": Box(
        text="lam*w",
        domain="[lo, inf)",
        value=lambda w, p: p["lam"] * w,
        slope=lambda w, p: p["lam"] + 0 * w,
        rows=tuple({k: v for k, v in row.items() if k != "hi"} for row in _ROWS),
        declared={"lo": "real"},
    ),
    "symmetric": Box(
        text="lam*abs(w)",
        domain="[-b, b]",
        value=lambda w, p: p["lam"] * abs(w),
        slope=lambda w, p: p["lam"] * np.sign(w),
        rows=({"lam": 0.5, "b": 1.0}, {"lam": 2.0, "b": 0.25}),
    ),
    "apart": Box(  # in which order its knots lie is known only with the parameters
        text="lam*abs(w - m)",
        domain="[lo, hi]",
        value=lambda w, p: p["lam"] * abs(w - p["m"]),
        slope=lambda w, p: p["lam"] * np.sign(w - p["m"]),
        rows=tuple({**row, "m": m} for row in _ROWS for m in (-2.0, 0.625, 3.0)),
        declared={**_LOHI, "m": "real"},
    ),
    "concave": Box(
        text="lam*(w - lo)*(hi - w)",
        domain="[lo, hi]",
        value=lambda w, p: p["lam"] * (w - p["lo"]) * (p["hi"] - w),
        slope=lambda w, p: p["lam"] * (p["hi"] + p["lo"] - 2 * w),
        rows=_ROWS,
        declared=_LOHI,
    ),
}


def penalty_of(name: str) -> symreg.Penalty:
    box = BOXES[name]
    return symreg.penalty(name, box.text, domain=box.domain, **box.declared)


@pytest.fixture(scope="module", params=[("numpy", "float64"), ("c", "float64"), ("c", "float32")], ids=" ".join)
def loaded(request: pytest.FixtureRequest) -> dict[str, SimpleNamespace]:
    target, dtype = request.param
    return {name: load(symreg.objective(penalty_of(name)), derived(name), target, dtype) for name in BOXES}


@cache
def derived(name: str) -> tuple[Update, ...]:
    """Return a box's functions, derived once for all targets."""
    return updates(symreg.objective(penalty_of(name)), [resolve_rule("gradient_descent")])


def dtype_of(made: SimpleNamespace) -> np.dtype[Any]:
    for dtype in (np.dtype("float64"), np.dtype("float32")):
        try:
            made.value(np.zeros(1, dtype))
        except TypeError:
            continue
        return dtype
    raise AssertionError


@pytest.mark.one_in(20)
@pytest.mark.parametrize("name", BOXES)
def test_inside_the_value_and_the_gradient_are_those_of_the_formula_and_outside_infinite_and_nan(
    name: str, loaded: dict[str, SimpleNamespace]
) -> None:
    box, made = BOXES[name], loaded[name]
    dtype = dtype_of(made)
    for row in box.rows:
        low, high = box.ends(row)
        w = np.linspace(low, high, 11)[1:-1].astype(dtype)
        exact = w.astype(float)
        close = 1e-5 if dtype == np.float32 else 1e-12
        assert made.value(w, **row) == pytest.approx(float(np.sum(box.value(exact, row))), rel=close, abs=close)
        assert made.gradient(w, **row) == pytest.approx(box.slope(exact, row), rel=close, abs=10 * close)
        bounded = [end for end in (low, high) if abs(end) != 8.0]
        for end in bounded:
            beyond = np.array([end - 0.125 if end == low else end + 0.125], dtype)
            assert made.value(beyond, **row) == np.inf
            assert np.isnan(made.gradient(beyond, **row)).all()
            at = np.array([end], dtype)
            is_in = box.domain[0 if end == low else -1] in "[]"
            assert np.isfinite(made.value(at, **row)) == is_in
            assert np.isfinite(made.gradient(at, **row)).all() == is_in


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", BOXES)
def test_the_operator_is_the_minimiser_over_the_domain(name: str, loaded: dict[str, SimpleNamespace]) -> None:
    box, made = BOXES[name], loaded[name]
    dtype = dtype_of(made)
    room = 1e-4 if dtype == np.float32 else 1e-6
    for row in box.rows:
        low, high = box.ends(row)
        grid = np.linspace(low, high, 20_001)[1:-1]
        v = np.array([-7.0, -3.0, -1.25, -0.3, 0.0, 0.2, 0.8, 1.5, 4.0, 7.0], dtype)
        for step in (0.125, 1.0, 4.0):
            found = made.prox(v, step=step, **row).astype(float)
            assert ((found >= low - room) & (found <= high + room)).all()
            for x, u in zip(v.astype(float), np.clip(found, grid[0], grid[-1]), strict=True):
                costs = step * box.value(grid, row) + (grid - x) ** 2 / 2
                cost = step * box.value(u, row) + (u - x) ** 2 / 2
                assert cost <= costs.min() + room * (1 + abs(costs.min()) + abs(x) + step), (row, step, x, u)


# Ends that are numbers: a knot that the parameters move out of the domain, and an end that phi falls from for ever.
AT_ENDS: dict[str, tuple[str, dict[str, Any], Callable[[Any], Any], tuple[float, float], dict[str, float]]] = {
    "knot inside": ("[0, 1]", {"m": "real"}, lambda u: abs(u - 0.5), (0.0, 1.0), {"m": 0.5}),
    "knot below": ("[0, 1]", {"m": "real"}, lambda u: abs(u + 2.0), (0.0, 1.0), {"m": -2.0}),
    "knot above": ("[0, 1]", {"m": "real"}, lambda u: abs(u - 3.0), (0.0, 1.0), {"m": 3.0}),
    "root": ("[1, inf)", {}, lambda u: -np.sqrt(u - 1), (1.0, 20.0), {}),
    "logarithm": ("[-b, b]", {}, lambda u: np.log(1 + abs(u)), (-1.5, 1.5), {"b": 1.5}),
}
_TEXTS = {"root": "-lam*sqrt(w - 1)", "logarithm": "lam*log(1 + abs(w))"}


@pytest.mark.one_in(6)
@pytest.mark.parametrize("name", AT_ENDS)
def test_the_operator_ends_where_the_domain_does(name: str) -> None:
    domain, declared, phi, (low, high), row = AT_ENDS[name]
    penalty = symreg.penalty("p", _TEXTS.get(name, "lam*abs(w - m)"), domain=domain, **declared)
    made = symreg.load(penalty, target="numpy", judge=False, timeout=120)
    grid = np.linspace(low, high, 40_001)
    v = np.array([-5.0, -0.7, 0.2, 0.9, 2.5, 6.0])
    for lam, step in ((1.0, 0.5), (0.5, 3.0)):
        for x, u in zip(v, made.prox(v, step=step, lam=lam, **row), strict=True):
            costs = step * lam * phi(grid) + (grid - x) ** 2 / 2
            assert low <= u <= high
            assert step * lam * phi(u) + (u - x) ** 2 / 2 <= costs.min() + 1e-7


def test_a_kink_at_a_closed_end_may_have_the_value_that_it_has_without_a_domain() -> None:
    terms = symreg.objective(symreg.penalty("p", "lam*abs(w)", domain="[0, b]")).terms
    found = slopes(terms, {"lam": 2.0, "b": 1.0})([0.0], 0)
    assert found is not None
    assert (float(found.low), float(found.high), found.is_settled) == (-2.0, 2.0, False)


def test_ends_out_of_order_are_refused_by_name(loaded: dict[str, SimpleNamespace]) -> None:
    for name in ("distance", "barrier"):
        made = loaded[name]
        w = np.full(3, 0.5, dtype_of(made))
        for hi in (0.25, -1.0):
            calls = (
                lambda hi=hi, made=made, w=w: made.value(w, lo=0.25, hi=hi),
                lambda hi=hi, made=made, w=w: made.gradient(w, lo=0.25, hi=hi),
                lambda hi=hi, made=made, w=w: made.prox(w, step=1.0, lo=0.25, hi=hi),
                lambda hi=hi, made=made, w=w: made.gradient_descent_step(w.copy(), w, lr=0.1, lo=0.25, hi=hi),
            )
            for call in calls:
                with pytest.raises(ValueError, match=r"hi: must be > lo = 0\.25, got"):
                    call()


def test_an_index_sum_is_infinite_where_one_weight_lies_outside() -> None:
    penalty = symreg.penalty("p", "lam*sum((w[i+1] - w[i])**2, i)", domain="[lo, hi]", lo="real", hi="real")
    for target in ("numpy", "c"):
        made = symreg.load(penalty, target=target, judge=False, timeout=120)
        row = {"lam": 0.5, "lo": -1.0, "hi": 2.0}
        assert made.value(np.array([0.0, 1.0, 2.0]), **row) == 1.0
        assert made.value(np.array([0.0, 1.0, 2.5]), **row) == np.inf
        assert made.gradient(np.array([0.0, 1.0, 2.0]), **row).tolist() == [-1.0, 0.0, 1.0]
        assert np.isnan(made.gradient(np.array([0.0, 1.0, 2.5]), **row)).all()


def test_emitted_text_documents_the_order() -> None:
    made = symreg.generate(penalty_of("distance"), target="all", judge=False, timeout=120)
    assert "    w[i]   in [lo, hi], elsewhere R(w) is +inf\n" in made["numpy/distance.py"]
    assert "        hi: > lo.\n" in made["numpy/distance.py"]
    assert " *   hi   > lo\n" in made["c/distance.h"]
    assert "lo < hi" in made["c/distance.c"]


@pytest.mark.sweep
def test_claims_hold_for_all_ends_in_order() -> None:
    distance = {v.claim: v for v in symreg.analyse(penalty_of("distance"), timeout=120).verdicts}
    proved = ("nonnegative", "convex", "strongly convex", "gradient Lipschitz", "unbiased", "prox by quadratics")
    assert {claim: distance[claim].verdict for claim in proved} == dict.fromkeys(proved, "proved")
    assert distance["even"].verdict == "refuted"  # lo = -1, hi = 2
    assert distance["sparse"].verdict == "undecided"  # depends on whether 0 lies in the domain
    symmetric = {v.claim: v.verdict for v in symreg.analyse(penalty_of("symmetric"), timeout=120).verdicts}
    assert {symmetric[claim] for claim in ("even", "nonnegative", "convex", "sparse")} == {"proved"}
    barrier = {v.claim: v for v in symreg.analyse(penalty_of("barrier"), timeout=120).verdicts}
    assert barrier["convex"].verdict == "proved"
    assert barrier["nonnegative"].verdict == "refuted"  # -2*log(d/2) in the middle of a domain of width d > 2
    witness = barrier["nonnegative"].witness
    assert witness is not None
    at = dict(witness.at)
    assert at["lo"] < at["w"] < at["hi"]
    concave = {v.claim: v.verdict for v in symreg.analyse(penalty_of("concave"), timeout=120).verdicts}
    assert (concave["nonnegative"], concave["convex"]) == ("proved", "refuted")


@pytest.mark.sweep
def test_a_derivation_tells_the_domain_in_every_form() -> None:
    derivation = symreg.derive(penalty_of("distance"), timeout=120)
    assert "hi > lo (default 2)" in derivation.text()
    assert "distance is +inf for a weight outside [lo, hi], its derivative undefined there" in " ".join(
        derivation.text().split()
    )
    data = json.loads(derivation.to_json())["objective"]
    assert data["terms"][0]["domain"] == "[lo, hi]"
    assert {p["name"]: p["above"] for p in data["parameters"]} == {"lam": None, "lo": None, "hi": "lo"}
    assert "> " in derivation.latex()
    prox = symreg.derive(penalty_of("distance"), prox=True, timeout=120)
    assert "lo if v <= lo" in " ".join(prox.text().split())


def test_the_oracle_takes_the_ends_from_the_parameters() -> None:
    terms = symreg.objective(penalty_of("distance")).terms
    row = {"lam": 0.5, "lo": -1.0, "hi": 2.0}
    by_value, by_slope = values(terms, row), slopes(terms, row)
    found = [by_value([w]) for w in (-1.0, 2.0, 2.25, -1.5)]
    assert [None if x is None else float(x) for x in found] == [0.0, 4.5, np.inf, np.inf]
    inside, beyond = by_slope([2.0], 0), by_slope([2.25], 0)
    assert inside is not None
    assert float(inside.value) == 3.0  # from below
    assert beyond is not None
    assert beyond.value.is_nan()


def test_the_judge_samples_ends_in_order_and_asks_for_refusals() -> None:
    terms = symreg.objective(penalty_of("distance")).terms
    sample = groups(terms, "float64", 3000)
    assert len({group.parameters["hi"] for group in sample}) > 20
    for group in sample:
        lo, hi = group.parameters["lo"], group.parameters["hi"]
        assert lo < hi
        assert all(lo <= w <= hi for vector in group.vectors for w in vector)
        assert all(w < lo or w > hi for w in outside(terms, "float64", group.parameters))
    assert all(g.parameters["lo"] < g.parameters["hi"] for g in groups(terms, "float64", 500, {"lo": 3.0}))
    assert all(g.parameters["lo"] < g.parameters["hi"] for g in groups(terms, "float64", 500, {"hi": -3.0}))
    wrong = [group.parameters for _, group in wrong_relations(terms, sample[0], "float64")]
    assert [row["hi"] <= row["lo"] for row in wrong] == [True, True]


def test_fixed_ends_out_of_order_are_refused_before_anything_is_judged() -> None:
    objective = symreg.objective(penalty_of("distance"))
    with pytest.raises(SpecError, match="hi = 1 has to exceed lo = 2"):
        verify_request(objective, (), parameters={"lo": 2.0, "hi": 1.0}, points=10)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", ["distance", "halfline", "symmetric", "apart"])
def test_the_judge_passes_what_is_emitted(name: str) -> None:
    report = symreg.verify(penalty_of(name), points=60, target="numpy", timeout=120)
    assert report.passed, str(report)


# A domain beside the text


def run(name: str, *arguments: str) -> tuple[int, str, str]:
    made = CliRunner().invoke(command, [name, "--timeout", "120", *arguments], standalone_mode=False)
    assert made.exception is None, made.exception
    return made.return_value if isinstance(made.return_value, int) else 0, made.stdout, made.stderr


SIGNED = ("--param", "lo: real = -1", "--param", "hi: real = 2", "--domain", "[lo, hi]")


def test_a_domain_beside_the_text_holds_parameters_of_the_penalty_declared_ones_and_new_ones() -> None:
    own = symreg.objective("lam*log(1 + abs(w)/b)", domain="[-b, b]")
    assert [(p.name, p.default) for p in own.terms.parameters] == [("lam", 1.0), ("b", 1.0)]
    made = resolve(
        "l1", parameters=[read_declaration("lo: real = -1"), read_declaration("hi: real = 2")], domain="[lo, hi]"
    )
    assert [(p.name, p.default, p.above) for p in made.terms.parameters] == [
        ("lam", 0.1, ""),
        ("lo", -1.0, ""),
        ("hi", 2.0, "lo"),
    ]
    assert made.notes == ()
    new = symreg.objective("l1", domain="[lo, hi]")
    assert [(p.name, p.default, p.above) for p in new.terms.parameters][1:] == [("lo", 1.0, ""), ("hi", 2.0, "lo")]
    assert [note.split(" are taken")[0] for note in new.assumptions] == ["lo and hi"]


@pytest.mark.parametrize(
    ("text", "declared", "domain", "words"),
    [
        ("entropy", (), "[lo, hi]", "which of the ends of the domains positive and [lo, hi] count depends"),
        ("l1", ("lo: real = 3", "hi: real = 2"), "[lo, hi]", "asks for lo < hi, but their defaults are 3.0 and 2.0"),
        ("l1", ("lam: real = 3",), "[lam, inf)", "'lam' is declared by its penalty"),
        ("l1", ("lo: real = 3",), "[0, hi]", "the objective has no parameter 'lo'"),
        ("sum(c[i]*abs(w[i]), i)", (), "[c, inf)", "'c' is a parameter of one term and an array of another"),
        ("l1", (), "[n, inf)", "the name is reserved"),
        ("l1", (), "[b, -b]", "is empty for any 'b' in positive"),
    ],
)
def test_a_domain_beside_the_text_that_may_be_none_is_refused(
    text: str, declared: tuple[str, ...], domain: str, words: str
) -> None:
    with pytest.raises(SymregError) as caught:
        resolve(text, parameters=[read_declaration(row) for row in declared], domain=domain)
    assert words in str(caught.value)


@pytest.mark.sweep
def test_the_commands_that_are_shown_hold_a_domain_with_parameters() -> None:
    _, derived, _ = run("derive", "lam*(w - lo)**2", *SIGNED)
    assert '--domain "[lo, hi]"' in derived and '--param "lo: real = -1.0"' in derived
    _, emitted, told = run("generate", "lam*(w - lo)**2", *SIGNED, "-o", "-")
    (line,) = (line for line in emitted.splitlines() if line.startswith("Regenerate: "))
    assert "--param 'lo: real = -1.0' --param 'hi: real = 2.0' --domain '[lo, hi]'" in line
    assert "lo is taken" not in told


@pytest.mark.sweep
@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("-log(w - lo) - log(hi - w)", ("--domain", "(lo, hi)", *SIGNED[:4])),
        ("abs(w)", ("--domain", "[lo, inf)")),
        ("l1", ("--domain", "[-b, b]")),
        ("norm(w)", ("--domain", "[lo, inf)", *SIGNED[:2])),
    ],
)
def test_every_command_takes_a_domain_with_parameters(text: str, options: tuple[str, ...]) -> None:
    for name in ("derive", "analyse"):
        _, out, told = run(name, *options, "--", text)
        assert "not defined" not in out + told
    assert run("verify", "--points", "20", "--target", "numpy", *options, "--", text)[0] == 0


def test_what_is_said_of_a_formula_that_is_not_defined_everywhere_looks_within_the_domain() -> None:
    def said(text: str, domain: str) -> tuple[str, ...]:
        return undefined_notes(symreg.objective(text, domain=domain).terms)

    assert said("sqrt(w - lo)", "[lo, inf)") == ()
    assert said("sqrt(w)", "[lo, inf)") == ()  # lo > 0
    assert said("log(1 + abs(w)/b)", "[-b, b]") == ()
    assert said("sqrt(w)", "[-b, b]") == ("sqrt(w) is not defined for -b < w < 0; add domain = '(0, b)'",)
    assert said("log(hi - w)", "[lo, inf)")[0].startswith("log(hi - w) is not defined ")
    assert said("sum(sqrt(w[i]), i)", "[lo, inf)") == ()


@pytest.mark.parametrize(
    ("text", "domain", "signs"),
    [
        ("w**2", "[-b, b]", {"negative": "negative", "positive": "positive"}),
        ("w**2", "[lo, hi]", {"positive": "positive"}),
        ("w**2", "(-inf, -b]", {"negative": "negative"}),
        ("(w - lo)**2", "[lo, hi]", {"positive": "positive"}),
        ("(w - hi)**2", "[lo, hi]", {"positive": "negative"}),
        ("log(1 + exp(w))", "[-b, b]", {"negative": "positive", "positive": "positive"}),
    ],
)
def test_a_direction_is_told_on_each_side_of_zero_that_the_domain_may_reach(
    text: str, domain: str, signs: dict[str, str]
) -> None:
    made = derive(symreg.objective(text, domain=domain), resolve_rule("gradient_descent"))
    assert [(d.side, d.sign) for d in made.directions] == list(signs.items())


def test_a_direction_whose_sign_changes_at_a_place_beside_the_ends_is_told_for_all_that_they_may_be() -> None:
    made = derive(symreg.objective("w*log(w)", domain="(0, b]"), resolve_rule("gradient_descent"))
    assert [(d.side, d.sign) for d in made.directions] == [("positive", "negative"), ("positive", "positive")]


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("text", "domain"), [("w**2", "[0, inf)"), ("w**2", "[0, b]")])
def test_a_slope_at_an_end_of_the_domain_is_that_from_within(text: str, domain: str) -> None:
    assert symreg.analyse(symreg.objective(text, domain=domain), timeout=120)["differentiable"].verdict == "proved"


def test_an_infinite_slope_at_an_end_of_the_domain_is_no_derivative() -> None:
    found = symreg.analyse(symreg.objective("sqrt(w)", domain="[0, b]"), timeout=120)["differentiable"]
    assert found.verdict == "refuted"


def test_an_infinite_slope_downward_is_judged() -> None:
    terms = symreg.objective(symreg.penalty("p", "-lam*sqrt(w - lo)", domain="[lo, inf)")).terms
    found = slopes(terms, {"lam": 1.0, "lo": 1.0})([1.0], 0)
    assert found is not None
    assert reference([found.value]).head.tolist() == [-np.inf]
