"""Penalties made of others: what their texts mean, and which have no meaning."""

from __future__ import annotations

import pytest

from symreg.errors import LanguageError, SpecError, UnknownName
from symreg.expressions.text import to_text
from symreg.language.declarations import make_parameter
from symreg.model.interval import REAL
from symreg.model.lifts import Difference, Group
from symreg.objectives.resolve import resolve
from symreg.verification.cases.prox_differences import differences_in

WRITTEN = {
    "group(l1)": "sum(c[g]*(lam*norm(w[g])), g)",
    "group(l1(lam=b))": "sum(c[g]*(b*norm(w[g])), g)",
    "0.5*group(l2)": "0.5*sum(c[g]*(lam*norm(w[g])**2), g)",
    "group(lam*abs(w))": "sum(c[g]*(lam*norm(w[g])), g)",
    "group(l1 + 0.5*l2)": "sum(c[g]*(lam*norm(w[g])), g) + 0.5*sum(c[g]*(lam*norm(w[g])**2), g)",
    "2*group(0.5*l1)": "sum(c[g]*(lam*norm(w[g])), g)",
    "difference(l1)": "sum(lam*abs(w[i+1] - w[i]), i)",
    "difference(l2(lam=0.5))": "sum(0.5*(w[i+1] - w[i])**2, i)",
    "nonnegative(l1)": "lam*abs(w)",
    "box(l2, -1, 1)": "lam*w**2",
    "box(0, 1)": "0",
    "l1 + group(l1(lam=mu))": "lam*abs(w) + sum(c[g]*(mu*norm(w[g])), g)",
}


@pytest.mark.parametrize("text", WRITTEN)
def test_a_structure_is_written_out(text: str) -> None:
    assert to_text(resolve(text).formula) == WRITTEN[text]


def test_a_lift_holds_the_penalty_of_one_number() -> None:
    (group, difference) = resolve("3*group(mcp) + difference(huber(lam=mu))").terms.terms
    assert isinstance(group.lift, Group) and isinstance(difference.lift, Difference)
    assert group.phi.tree == resolve("mcp").terms.terms[0].tree and group.phi.coefficient == 3
    assert difference.phi.tree == resolve("huber(lam=mu)").terms.terms[0].tree
    assert group.phi.is_elementwise and not group.is_elementwise


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("nonnegative(mcp)", "nonnegative"),
        ("box(mcp, -1, 2)", "[-1, 2]"),
        ("box(l1, lo, hi)", "[lo, hi]"),
        ("box(l1, -b, b)", "[-b, b]"),
        ("box(l1, 0, inf)", "nonnegative"),
        ("box(l1(lam=0.3), lo=0, hi=1)", "[0, 1]"),
        ("box(l1(lam=c[n]), lo=a[n], hi=b[n])", "[a, b]"),
        ("nonnegative(box(mcp, -1, 1))", "[0, 1]"),
        ("box(0, 1)", "[0, 1]"),
    ],
)
def test_a_box_narrows_the_domain(text: str, domain: str) -> None:
    (term,) = resolve(text).terms.terms
    assert str(term.domain) == domain


def test_a_box_around_groups_is_a_constraint_beside_them() -> None:
    constraint, group = resolve("box(group(l1), 0, 1)").terms.terms
    assert (str(constraint.domain), to_text(constraint.tree)) == ("[0, 1]", "0")
    assert isinstance(group.lift, Group) and group.domain.is_all


def test_the_ends_of_a_box_may_be_declared() -> None:
    ends = [make_parameter(name, domain=REAL, default=at) for name, at in (("lo", -1.0), ("hi", 1.0))]
    objective = resolve("box(l1, lo, hi)", parameters=ends)
    assert {p.name: p.domain.is_all for p in objective.terms.parameters} == {"lam": False, "lo": True, "hi": True}


def test_weights_of_groups_give_way_to_a_parameter() -> None:
    terms = resolve("group(cauchy) + group(l1)").terms
    assert {term.lift.weights for term in terms.terms if isinstance(term.lift, Group)} == {"group_c"}
    assert terms.names == ["lam", "c", "groups", "group_c"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("group(group(l1))", "takes a penalty of one number"),
        ("group(difference(l1))", "takes a penalty of one number"),
        ("difference(group(l1))", "takes a penalty of one number"),
        ("group(total_variation)", "holds sums or arrays"),
        ("group(variance)", "holds sums or arrays"),
        ("group(box(l1, 1, 2))", "need not hold 0"),
        ("group(box(l1, lo, hi))", "need not hold 0"),
        ("difference(nonnegative(l1))", "a difference may be any number"),
        ("group()", "takes one penalty"),
        ("group(l1, l2)", "takes one penalty"),
        ("box(l1)", "a penalty and two ends"),
        ("box(1, 0)", "is empty"),
        ("box(l1, 1, 1)", "single point"),
        ("box(log_barrier, -2, -1)", ""),
        ("group(groups*abs(w))", "says which weights are a group"),
        ("group(foo)", "no penalty is called 'foo'"),
        ("group(l1(mu=b))", "has no parameter 'mu'"),
        ("-group(l1)", ""),
        ("l1 - group(l1)", "subtracting one is not a penalty"),
    ],
)
def test_what_has_no_meaning_is_refused(text: str, message: str) -> None:
    with pytest.raises((LanguageError, SpecError, UnknownName)) as refused:
        resolve(text)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "total_variation",
        "lam*sum(abs(w[i+1] - w[i]), i)",
        "sum(abs(w[i] - w[i+1]), i)/2",
        "mu*sum(lam*abs(w[k] - w[k-1]), k)",
    ],
)
def test_a_sum_over_neighbours_is_a_penalty_over_differences_however_it_is_written(text: str) -> None:
    (term,) = resolve(text).terms.terms
    assert isinstance(term.lift, Difference)
    assert differences_in(resolve(text).terms)


@pytest.mark.parametrize(
    "text", ["sum(abs(w[i+2] - w[i]), i)", "sum(abs(w[i+1] + w[i]), i)", "sum(w[i+1]*w[i], i)", "sum(w[i]**2, i)"]
)
def test_other_sums_are_none(text: str) -> None:
    assert all(term.lift is None for term in resolve(text).terms.terms)
