"""Claims about terms in index notation: proved by their shape, refuted on a line, else open; and about sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

from symreg.calculus.analysis import Analysis
from symreg.calculus.border import Unforeseen, border
from symreg.calculus.radial import in_single_weights
from symreg.claims import composition, structure
from symreg.claims.lines import ONE_WEIGHT, Line, at_numbers, lines, restricted
from symreg.claims.verdict import Verdict, Words, shown
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import ZERO, times
from symreg.expressions.tree import Tree, number
from symreg.model.terms import Term

Decide = Callable[[Analysis], Verdict]

OF_ONE_WEIGHT = (
    "shrinks toward the origin",
    "step without overshoot",
    "step that contracts",
    "sparse",
    "unbiased",
)
"""Claims about each weight by itself, whatever the others are: only lines of one weight can refute them."""
NOT_ON_LINES = ("prox by quadratics",)
"""Claims that a line says nothing of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A term in index notation as claims read it.

    Args:
        term: With its parameters.
        tree: The term with its coefficient.
        gradient: dR/dw_j over `w[j]`.
        domains: Of the parameters and of the arrays' elements, by name.
    """

    term: Term
    tree: Tree
    gradient: Tree
    domains: structure.Domains


def of_vector(analysis: Analysis, claims: dict[str, Decide]) -> tuple[Verdict, ...]:
    """Return the verdicts on one term in index notation."""
    (term,), (derived,) = analysis.terms.terms, analysis.indexed
    form = Form(
        term=term,
        tree=times(number(term.coefficient), term.tree),
        gradient=derived.simplified,
        domains={p.name: p for p in term.scalars},
    )
    on_lines = tuple(_on_lines(analysis))
    made: list[Verdict] = []
    for claim, decide in claims.items():
        verdict = None
        with suppress(Unforeseen), border(f"the claim '{claim}'"):
            verdict = PROOFS[claim](form) if claim in PROOFS and term.domain.is_all else None
        made.append(verdict or _refuted_on_a_line(claim, decide, on_lines))
    return tuple(made)


def is_convex_by_structure(term: Term) -> bool:
    """Is a term in index notation, with its coefficient, built so that it has to be convex?"""
    tree, domains = times(number(term.coefficient), term.tree), {p.name: p for p in term.scalars}
    return term.domain.is_all and composition.curvature(tree, domains) in _CONVEX


_CONVEX = ("affine", "convex", "constant")


def of_sum(
    analysis: Analysis, addends: Sequence[tuple[Verdict, ...]], claims: dict[str, Decide]
) -> tuple[Verdict, ...]:
    """Return the verdicts on a sum of terms from those on its addends; what does not follow is looked at on lines."""
    rows = [{verdict.claim: verdict for verdict in verdicts} for verdicts in addends]
    made = [summed(claim, rows) for claim in claims]
    on_lines = tuple(_on_lines(analysis))
    for k, (claim, decide) in enumerate(claims.items()):
        if made[k].verdict == "undecided":
            found = _refuted_on_a_line(claim, decide, on_lines)
            made[k] = found if found.verdict == "refuted" else made[k]
    return tuple(made)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnLine:
    """A sum of terms on a line, and the numbers that its parameters were given, if they were."""

    line: Line
    analysis: Analysis
    numbers: dict[str, Fraction]


def _on_lines(analysis: Analysis) -> Iterator[OnLine]:
    """Yield what can be taken apart: with parameters, or at their defaults where an order depends on them."""
    terms = analysis.terms
    if terms.grouped:
        if terms.indexed:
            return
        terms = in_single_weights(terms)
    is_vector = bool(terms.indexed)
    for line in lines(terms.arrays) if is_vector else [ONE_WEIGHT]:
        if not all(line.is_within(term.domain) for term in terms.terms):
            continue
        found = restricted(terms, line)
        numeric, numbers = at_numbers(found)
        for candidate, given in ((found, {}), (numeric, numbers)):
            with suppress(Intractable, NotDifferentiable), border(f"what holds {line}"):
                on_line = analysis.of(candidate)
                on_line.require_pieces()
                yield OnLine(line=line, analysis=on_line, numbers=given)
                break


def _refuted_on_a_line(claim: str, decide: Decide, on_lines: Sequence[OnLine]) -> Verdict:
    """Return the claim as refuted if it is on one line."""
    for one in () if claim in NOT_ON_LINES else on_lines:
        line = one.line
        if (claim in OF_ONE_WEIGHT and not line.is_one_weight) or (claim in _OF_RAYS and not line.is_through_origin):
            continue
        try:
            with border(f"the claim '{claim}'"):
                verdict = shown(decide(one.analysis))
        except (Intractable, NotDifferentiable):
            continue
        if verdict.verdict == "refuted":
            where: Words = () if line == ONE_WEIGHT and one.numbers else line.words
            said = (*where, *((": ",) if where and verdict.said else ()), *verdict.said)
            witness = verdict.witness
            if witness is not None:
                at = (*one.numbers.items(), *witness.at)
                witness = replace(witness, at=at, weights=line.weights, arrays=tuple(line.arrays.items()))
            return Verdict(claim=claim, verdict="refuted", witness=witness, method=verdict.method, said=said)
    return Verdict(claim=claim, verdict="undecided")


_OF_RAYS = ("even", "positively homogeneous")
"""Claims about R(-w) and R(a*w): a line that misses the origin says nothing of them."""


def _proved(claim: str, method: str = "structure", **more: Any) -> Verdict:
    return Verdict(claim=claim, verdict="proved", method=method, **more)


def _when(claim: str, test: Callable[[Form], bool], form: Form) -> Verdict | None:
    return _proved(claim) if test(form) else None


def _weakly_convex(form: Form) -> Verdict | None:
    if composition.curvature(form.tree, form.domains) in _CONVEX:
        return _proved("weakly convex", symbol="rho", value=ZERO)
    if composition.is_quadratic(form.tree):
        return _proved(
            "weakly convex",
            said=("a quadratic; the constant is the least eigenvalue of its Hessian, in size, if that is negative",),
        )
    return None


def _lipschitz(form: Form) -> Verdict | None:
    size = composition.steepest(form.tree)
    if size is not None:
        return _proved("gradient Lipschitz", symbol="L", value=size, said=("for any number of weights",))
    if composition.is_quadratic(form.tree):
        return _proved(
            "gradient Lipschitz", said=("a quadratic; the constant is the largest eigenvalue of its Hessian, in size",)
        )
    return None


def _homogeneous(form: Form) -> Verdict | None:
    found = structure.degree(form.tree)
    return None if found is None else _proved("positively homogeneous", symbol="degree", value=found)


def _by_quadratics(form: Form) -> Verdict | None:
    return _proved("prox by quadratics", said=("a linear system",)) if composition.is_quadratic(form.tree) else None


def _is_convex(form: Form) -> bool:
    return composition.curvature(form.tree, form.domains) in _CONVEX


PROOFS: dict[str, Callable[[Form], Verdict | None]] = {
    "even": partial(_when, "even", lambda f: structure.is_mirrored(f.tree)),
    "nonnegative": partial(_when, "nonnegative", lambda f: structure.is_nonnegative(f.tree, f.domains)),
    "continuous": partial(_when, "continuous", lambda f: structure.is_continuous(f.tree, f.domains)),
    "differentiable": partial(_when, "differentiable", lambda f: structure.is_smooth(f.tree, f.domains)),
    "convex": partial(_when, "convex", _is_convex),
    "weakly convex": _weakly_convex,
    "gradient Lipschitz": _lipschitz,
    "coercive": partial(_when, "coercive", lambda f: structure.is_coercive(f.tree, f.domains)),
    "shrinks toward the origin": partial(
        _when, "shrinks toward the origin", lambda f: structure.pulls_inward(f.gradient, f.domains)
    ),
    "continuous thresholding": partial(_when, "continuous thresholding", _is_convex),
    "positively homogeneous": _homogeneous,
    "prox by quadratics": _by_quadratics,
}
"""What a term's shape can prove, claim by claim."""


def summed(claim: str, verdicts: Sequence[dict[str, Verdict]]) -> Verdict:
    """Return what follows for a sum from the verdicts on its addends; only where all of them hold, or one decides."""
    rows = [row[claim] for row in verdicts]
    everywhere = all(verdict.verdict == "proved" for verdict in rows)
    if claim in _CLOSED and everywhere:
        return _proved(claim, "addend by addend")
    if claim == "weakly convex" and everywhere and all(verdict.value == ZERO for verdict in rows):
        return _proved(claim, "addend by addend", symbol="rho", value=ZERO)
    if claim == "gradient Lipschitz" and everywhere:
        return _proved(claim, "addend by addend", said=("the constant is at most the sum of the addends' constants",))
    if claim == "continuous thresholding" and all(row["convex"].verdict == "proved" for row in verdicts):
        return _proved(claim, "addend by addend", said=("convex: for every step",))
    somewhere = any(verdict.verdict == "proved" for verdict in rows)
    if claim == "coercive" and somewhere and all(row["nonnegative"].verdict == "proved" for row in verdicts):
        return _proved(claim, "addend by addend")
    if claim == "strongly convex" and somewhere and all(row["convex"].verdict == "proved" for row in verdicts):
        return _proved(claim, "addend by addend", said=("the constant is at least the sum of the addends' constants",))
    if claim == "positively homogeneous" and everywhere and len({verdict.value for verdict in rows}) == 1:
        return _proved(claim, "addend by addend", symbol="degree", value=rows[0].value)
    return Verdict(claim=claim, verdict="undecided", said=("of the sum; each addend alone may be decided",))


_CLOSED = ("even", "nonnegative", "continuous", "differentiable", "convex", "shrinks toward the origin")
"""Claims that hold for a sum where they hold for each addend."""
