"""What is said of a penalty is tried by the judge: what is true passes, and each claim made false is caught."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from flint import ctx

from symreg.application.confront import _claimed, confront_derivation, confront_updates, confront_verdicts
from symreg.application.tasks import documents
from symreg.application.worker import Bug, Worker
from symreg.claims.decide import properties
from symreg.claims.verdict import StepBound, Verdict, Verdicts
from symreg.derivation.gradient import derive
from symreg.derivation.model import Direction, GradientDerivation
from symreg.expressions.tree import Binary, Compare, Constant, Name, Tree, number, substitute
from symreg.language.parse import parse
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.updates.assemble import updates
from symreg.verification.claims import Claimed, Contradicted, Refutation, confront
from symreg.verification.claims.checks import CHECKS
from symreg.verification.claims.confronting import _greatest
from symreg.verification.claims.refutations import CONFIRMS

NAMES = (
    "atan", "capped_l1", "double_well", "elastic_net", "entropy", "huber", "l1", "l2", "l_half", "lp", "mcp",
    "nonnegativity", "quartic", "first_difference", "l2_norm", "tikhonov", "mcp + l2(lam=mu)", "l1 + first_difference",
)  # fmt: skip


@cache
def analysed(text: str) -> Verdicts:
    return properties(resolve(text))


def claimed(text: str) -> list[Claimed]:
    return [_claimed(verdict) for verdict in analysed(text).verdicts]


def is_caught(text: str, said: Claimed) -> bool:
    try:
        confront(resolve(text).terms, [said])
    except Contradicted:
        return True
    return False


@pytest.mark.one_in(6)
@pytest.mark.parametrize("text", NAMES)
def test_what_is_true_passes(text: str) -> None:
    confront_verdicts(analysed(text))


OF_LOSSES = {"monotone", "bounded slope"}
"""Claims about losses alone."""
CONSTANTS = {
    "weakly convex": "1/1000",
    "strongly convex": "1/8",
    "gradient Lipschitz": "1000",
    "sparse": "1/10",
    "positively homogeneous": "2",
}
"""What a refuted claim is said to hold with."""
OPEN = {
    # Where a sample cannot be sure: a limit that it would take all weights to see, no numbers, vanishing at samples.
    ("prox by quadratics", "atan"), ("prox by quadratics", "entropy"), ("unbiased", "tikhonov"),
}  # fmt: skip


def false_claims(text: str) -> Iterator[Claimed]:
    for said in claimed(text):
        constant = CONSTANTS.get(said.claim)
        if said.verdict == "refuted":
            value = None if constant is None else parse(constant)
            yield replace(said, verdict="proved", refutation=None, value=value)
        if said.verdict == "conditional":
            is_step = said.claim in ("step without overshoot", "step that contracts", "continuous thresholding")
            yield replace(
                said, verdict="proved", holds_iff=None, refutation=None, value=None if is_step else said.value
            )
        if said.value is not None and said.value not in (number(0), Constant("inf")):
            wrong = changed(said)
            if wrong.holds_iff is None or wrong.holds_iff != said.holds_iff:
                yield wrong


FACTORS = {
    "positively homogeneous": Fraction(11, 10),
    "strongly convex": Fraction(2),
    "gradient Lipschitz": Fraction(1, 2),
    "sparse": Fraction(9, 10),
}


def changed(said: Claimed) -> Claimed:
    """Return a claim with a constant that is too good: rho, L a fifth smaller, a step a quarter larger."""
    assert said.value is not None
    is_step = said.claim in ("step without overshoot", "step that contracts", "continuous thresholding")
    factor = Fraction(5, 4) if is_step else FACTORS.get(said.claim, Fraction(4, 5))
    value = Binary("*", number(factor), said.value)
    condition = None if said.holds_iff is None else substitute(said.holds_iff, {said.value: value})
    return replace(said, value=value, holds_iff=condition)


@pytest.mark.one_in(5)
@pytest.mark.parametrize("text", NAMES)
def test_a_claim_that_is_false_is_caught(text: str) -> None:
    passed = {(said.claim, text) for said in false_claims(text) if not is_caught(text, said)}
    assert passed <= OPEN


def test_each_claim_is_made_false_somewhere() -> None:
    kinds = {said.claim for text in NAMES for said in false_claims(text)}
    more = {"continuous", "prox by quadratics", "nonnegative", "even"}
    assert kinds | more == set(CHECKS) - OF_LOSSES


FALSE: list[tuple[str, str, str | None]] = [
    ("where(w > 1, w, 0)", "continuous", None),
    ("where(w > 0, 1 + w, w)", "continuous", None),
    ("sum(w[i+1] - w[i], i)", "even", None),
    ("sum(exp(w[i+1] - w[i]), i)", "even", None),
    ("sum((w[i+1] - w[i])**3, i)", "even", None),
    ("sum((w[i+1] - w[i])**3, i)", "convex", None),
    ("sum(w[i]*w[i+1], i)", "nonnegative", None),
    ("sum(w[i]*w[i+1], i)", "gradient Lipschitz", "1/2"),
    ("norm(w)", "differentiable", None),
    ("norm(w)**2", "positively homogeneous", "1"),
    ("sum((w[i+1] - w[i])**2, i)", "coercive", None),
    ("sum((w[i+1] - w[i])**2, i)", "shrinks toward the origin", None),
    ("sum(w[i]**4, i)", "prox by quadratics", None),
    ("w**4", "prox by quadratics", None),
    ("exp(w)", "prox by quadratics", None),
    ("log(1 + abs(w)**3)", "prox by quadratics", None),
    ("where(w >= 0, w, -2*w)", "sparse", "1"),
    ("-log(1 - w)", "shrinks toward the origin", None),
    ("atan(w)", "coercive", None),
    ("sin(w)**2", "coercive", None),
    ("log(1 + w**2)", "coercive", "0"),  # true: see below
]


@pytest.mark.parametrize(("text", "claim", "value"), FALSE)
def test_a_false_proof_is_caught(text: str, claim: str, value: str | None) -> None:
    said = Claimed(claim=claim, verdict="proved", value=None if value is None else parse(value))
    assert is_caught(text, said) == (text != "log(1 + w**2)")


REFUTATIONS: list[tuple[str, str, dict[str, str], str, str, str]] = [
    # What is said to fail, where, and the inequality: none of these is a refutation.
    ("w**2", "nonnegative", {"w": "2"}, "w - 3", ">=", "0"),  # of another function
    ("w**2", "even", {"w": "2"}, "w", "==", "-w"),
    ("w**2", "convex", {"u": "1", "v": "3"}, "1", ">=", "3"),
    ("abs(w)", "shrinks toward the origin", {"w": "2"}, "w - 3", ">=", "0"),
    ("-log(1 - w)", "shrinks toward the origin", {"w": "2"}, "w/(1 - w)", ">=", "0"),  # no value there
    ("w**2", "positively homogeneous", {"w": "2"}, "w", "==", "3"),
    ("abs(w)", "sparse", {}, "-1", ">", "0"),
    ("abs(w)", "strongly convex", {"u": "-1", "v": "1"}, "1", "<=", "0"),
    ("w**2", "gradient Lipschitz", {"u": "-1", "v": "1"}, "1", "<=", "0"),
    ("w**2", "step without overshoot", {"w": "1"}, "2", "<=", "1"),
    ("w**2", "step that contracts", {"w": "1"}, "3", "<=", "2"),
    ("w**2", "weakly convex", {"u": "-1", "v": "1"}, "1", "<=", "0"),
    ("atan(w)", "unbiased", {"w": "1000"}, "2", "<=", "1"),
    ("w**2", "continuous thresholding", {"u": "-1", "v": "1"}, "1", "<=", "0"),
    ("w**2", "nonnegative", {"w": "2"}, "w", ">=", "0"),  # the inequality holds
]


@pytest.mark.parametrize(("text", "claim", "at", "left", "operator", "right"), REFUTATIONS)
def test_a_refutation_that_is_none_is_caught(
    text: str, claim: str, at: dict[str, str], left: str, operator: str, right: str
) -> None:
    refutation = Refutation(
        at=tuple((name, Fraction(value)) for name, value in at.items()),
        left=parse(left),
        operator=operator,
        right=parse(right),
    )
    assert is_caught(text, Claimed(claim=claim, verdict="refuted", refutation=refutation))


def test_every_refutation_is_judged_by_the_penalty_itself() -> None:
    assert {claim for _, claim, *_ in REFUTATIONS} == set(CONFIRMS) - OF_LOSSES


def test_parameters_of_a_refutation_lie_in_their_domains_and_off_the_condition() -> None:
    outside = Refutation(
        at=(("lam", Fraction(-1)), ("w", Fraction(1))), left=parse("-1"), operator=">=", right=parse("0")
    )
    assert is_caught("lam*w**2", Claimed(claim="nonnegative", verdict="refuted", refutation=outside))
    holding = replace(outside, at=(("lam", Fraction(1)), ("w", Fraction(1))))
    condition = parse_condition("lam > 1/2")
    said = Claimed(claim="nonnegative", verdict="conditional", holds_iff=condition, refutation=holding)
    assert is_caught("lam*w**2", said)


def test_a_condition_that_leaves_out_what_holds_is_caught() -> None:
    """Sparse iff lam > 1 is false of lam*abs(w): it is sparse for lam = 1/2, too."""
    said = Claimed(claim="sparse", verdict="conditional", holds_iff=parse_condition("lam > 1"))
    assert is_caught("lam*abs(w)", said)
    assert not is_caught("lam*abs(w)", replace(said, holds_iff=parse_condition("lam > 0")))


def parse_condition(text: str) -> Tree:
    left, operator, right = text.split(" ")
    return Compare(operator, parse(left), parse(right))


@cache
def chain(text: str) -> GradientDerivation:
    return derive(resolve(text), resolve_rule("gradient_descent"))


@pytest.mark.one_in(4)
@pytest.mark.parametrize("text", ["l2", "huber", "double_well", "nonnegativity", "mcp", "lam*exp(w)", "elastic_net"])
def test_what_a_derivation_says_of_steps_passes(text: str) -> None:
    confront_derivation(chain(text))


@pytest.mark.parametrize("text", ["l2", "huber", "double_well", "nonnegativity", "lam*exp(w)"])
def test_a_wrong_direction_is_caught(text: str) -> None:
    opposite = {"negative": "positive", "positive": "negative", "zero": "positive", "nonnegative": "negative"}
    made = chain(text)
    for k, direction in enumerate(made.directions):
        turned: list[Direction] = list(made.directions)
        turned[k] = replace(direction, sign=opposite[direction.sign])  # type: ignore[arg-type]
        with pytest.raises(Contradicted, match="slope"):
            confront_derivation(replace(made, directions=tuple(turned)))


@pytest.mark.parametrize("text", ["l2", "huber"])
def test_a_bound_that_is_too_wide_is_caught(text: str) -> None:
    made = chain(text)
    assert len(made.bounds) == 2
    for bound in made.bounds:
        assert isinstance(bound.condition, Compare)
        wider = Compare("<", bound.condition.left, Binary("*", number(Fraction(5, 4)), bound.condition.right))
        with pytest.raises(Contradicted, match="step"):
            confront_derivation(replace(made, bounds=(StepBound(claim=bound.claim, condition=wider),)))


@pytest.mark.parametrize(
    ("condition", "greatest"),
    [
        (Compare("<", Name("lr"), number(3)), Fraction(11, 4)),
        (Compare("==", Name("lr"), number(Fraction(9, 8))), Fraction(9, 8)),
        (Compare("<", Name("lr"), number(0)), None),
    ],
)
def test_a_bound_is_tried_at_the_greatest_size_that_it_allows(condition: Tree, greatest: Fraction | None) -> None:
    tried = list(_greatest({}, resolve_rule("gradient_descent"), condition))
    assert tried == ([] if greatest is None else [{"lr": greatest}])


def test_a_contradicted_verdict_is_a_bug_and_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = analysed("double_well")
    wrong = tuple(replace(v, verdict="proved") if v.claim == "convex" else v for v in made.verdicts)
    monkeypatch.setattr("symreg.claims.decide.properties", lambda *_: replace(made, verdicts=wrong))
    with pytest.raises(
        Contradicted, match=r"^'convex' is proved, but between \(.*\) and \(.*\) it lies above its chord"
    ):
        documents.write_properties(lambda notice: None, objective="double_well", form="text")


@pytest.mark.one_in(3)
@pytest.mark.parametrize("text", ["huber", "mcp", "log_sum", "l1", "lp"])
def test_what_docstrings_say_passes_and_is_caught_when_false(text: str) -> None:
    made = updates(resolve(text), (resolve_rule("gradient_descent"),))
    confront_updates(made)
    wrong = (Verdict(claim="continuous thresholding", verdict="proved"), Verdict(claim="convex", verdict="proved"))
    if text in ("mcp", "log_sum"):
        with pytest.raises(Contradicted):
            confront_updates(replace(update, claims=wrong) for update in made if update.kind == "prox")


@pytest.mark.parametrize("text", ["lam*n*sum(w[i]**2, i)", "n*sum((w[i+1] - w[i])**2, i)", "sum(w[i], i)/n"])
def test_a_constant_that_grows_with_the_number_of_weights_passes(text: str) -> None:
    confront_verdicts(analysed(text))


def test_the_judge_decides_nothing_by_rounding() -> None:
    """Every claim is true of these, by less than a double can tell."""
    with ctx.workprec(53):
        for text, claim, value in (
            ("w**2 - 2*w*(1/10**12) + 1/10**24", "nonnegative", None),
            ("1 - cos(w)", "nonnegative", None),
            ("w + w**2/10**20", "convex", None),
            ("log(1 + exp(w))", "gradient Lipschitz", "1/4"),
        ):
            said = Claimed(claim=claim, verdict="proved", value=None if value is None else parse(value))
            assert not is_caught(text, said)


@pytest.mark.parametrize(
    ("text", "domain", "verdict"),
    [
        ("w**2", "[0, inf)", "proved"),
        ("abs(w)", "(-inf, 0]", "proved"),
        ("w**(3/2)", "[0, 2]", "proved"),
        ("sqrt(w)", "[0, inf)", "refuted"),
        ("-sqrt(1 - w**2)", "[-1, 1]", "refuted"),
        ("sqrt(w)", "(0, inf)", "proved"),
    ],
)
def test_at_an_end_of_the_domain_the_slope_is_that_from_within(text: str, domain: str, verdict: str) -> None:
    made = properties(resolve(text, domain=domain))
    assert made["differentiable"].verdict == verdict
    confront_verdicts(made)


def test_a_worker_that_contradicts_itself_exits_as_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "support"))
    with (
        Worker("contradicting_tasks") as worker,
        pytest.raises(Bug, match=r"Contradicted: 'convex' is proved, but") as told,
    ):
        worker.call("analyse_wrongly")
    assert told.value.exit_code == 70 and "\n" not in str(told.value)
