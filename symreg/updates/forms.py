"""The value and the gradient of a penalty in accurate forms: what every function of one file is made of."""

from __future__ import annotations

from dataclasses import dataclass

from symreg.accuracy.greatest import overflows_far_out
from symreg.accuracy.indexed import accurate
from symreg.accuracy.search import Stable, stabilise
from symreg.calculus.analysis import Analysis
from symreg.calculus.domains.conditions import within
from symreg.calculus.domains.notes import undefined_notes
from symreg.calculus.gradient import DerivedAddend
from symreg.calculus.pieces.guards import guarded
from symreg.calculus.pieces.jumps import refuse_jumps
from symreg.calculus.pieces.unlisted import guarded_at_unlisted, notes_on_unlisted
from symreg.expressions.arithmetic import INFINITY, NAN, ONE, W, times, total
from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Call, Item, Name, Tree, substitute, transform, walk
from symreg.model.terms import Terms
from symreg.updates.unsigned_zero import of_unsigned_zero
from symreg.updates.update import WITHIN_REACH


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """A penalty's value and gradient as they are emitted.

    Args:
        value: phi(w) over the bare `w`, `inf` outside the domain; None where no term is elementwise.
        gradient: phi'(w), `nan` outside the domain.
        indexed_value: The terms in index notation, a scalar; None if there are none.
        indexed_gradient: Their derivative over `w[j]`.
        norm_value: phi(norm) of the terms over groups, over the bare `w` for the norm; None if there are none.
        norm_gradient: phi'(norm) where the norm is not 0.
        value_notes: Sentences for the docstring of whatever computes the value.
        gradient_notes: Likewise, of the gradient.
    """

    value: Tree | None
    gradient: Tree | None
    indexed_value: Tree | None
    indexed_gradient: Tree | None
    norm_value: Tree | None
    norm_gradient: Tree | None
    value_notes: tuple[str, ...]
    gradient_notes: tuple[str, ...]


def accurate_forms(analysis: Analysis) -> Forms:
    """Return a penalty's value and gradient in the forms that floating point computes well.

    Raises:
        NotDifferentiable: A jump in value, or a switch whose roots cannot be listed.
    """
    terms, addends, indexed = analysis.terms, analysis.addends, analysis.indexed
    refuse_jumps(terms.indexed, terms.parameters)
    value_notes = [f"{note}." for note in undefined_notes(terms, analysis.gaps)]
    gradient_notes = list(value_notes)
    norms = accurate_forms(analysis.of_norms) if terms.grouped else None
    if norms is not None:
        gradient_notes.append(AT_ZERO_GROUP)
    return Forms(
        value=_value(addends, value_notes) if addends else None,
        gradient=_gradient(analysis, gradient_notes) if addends else None,
        indexed_value=_indexed([addend.written for addend in indexed], terms, value_notes),
        indexed_gradient=_indexed([addend.simplified for addend in indexed], terms, gradient_notes),
        norm_value=None if norms is None else _of_norm(norms.value),
        norm_gradient=None if norms is None else _of_norm(norms.gradient),
        value_notes=tuple(dict.fromkeys(value_notes)),
        gradient_notes=tuple(dict.fromkeys(gradient_notes)),
    )


AT_ZERO_GROUP = "At a group whose weights are all 0 the gradient is 0."


def _of_norm(form: Tree | None) -> Tree | None:
    """Return the form of an even phi for a number that is not negative."""

    def change(node: Tree) -> Tree:
        match node:
            case Call("abs", (argument,)) if argument == W:
                return argument
            case Call("sign", (argument,)) if argument == W:
                return ONE
            case Binary("*", left, right) if ONE in (left, right):
                return times(left, right)
            case _:
                return node

    return None if form is None else transform(form, change)


def _value(addends: tuple[DerivedAddend, ...], notes: list[str]) -> Tree:
    forms = [_accurate(addend.value, addend) for addend in addends]
    return _within_reach(_on_domains(addends, total([form.tree for form in forms]), INFINITY), forms, notes)


def _gradient(analysis: Analysis, notes: list[str]) -> Tree:
    addends, parameters = analysis.addends, analysis.parameters
    forms = [
        _accurate(addend.simplified, addend, alike=(addend.term_by_term,), candidates=(addend.gradient,))
        for addend in addends
    ]
    gradient = total([transform(form.tree, of_unsigned_zero) for form in forms])
    gradient = guarded_at_unlisted(guarded(gradient, analysis.knots, parameters), parameters)
    gradient = _on_domains(addends, gradient, NAN)  # the last word: parameters may put a knot outside
    notes += notes_on_unlisted(gradient, parameters)
    gradient = _within_reach(gradient, forms, notes)
    for knot in analysis.knots:
        if knot.is_kink:
            notes.append(f"At w = {to_text(knot.position)} the penalty has a kink; {_choice(knot.chosen)}.")
    return gradient


def _accurate(
    tree: Tree, addend: DerivedAddend, *, alike: tuple[Tree, ...] = (), candidates: tuple[Tree, ...] = ()
) -> Stable:
    """Return the stable form of something of an addend; the other trees are equal to it."""
    term = addend.term
    return stabilise(tree, parameters=term.parameters, domain=term.domain, alike=alike, candidates=candidates)


def _on_domains(addends: tuple[DerivedAddend, ...], made: Tree, beyond: Tree) -> Tree:
    """Return what was made of the addends' trees; outside the domain of any of them it is `beyond`."""
    for domain in dict.fromkeys(addend.term.domain for addend in addends):
        made = within(made, domain, beyond)
    return made


_BEYOND = "A weight beyond 1e150, in single precision 1e18, counts as that: parts of the formula overflow there."


def _within_reach(tree: Tree, forms: list[Stable], notes: list[str]) -> Tree:
    """Return the tree with weights kept in the promised range where one of its forms needs that; note what is so."""
    notes.extend(form.note for form in forms if form.note)
    if not any(form.strays for form in forms):
        return tree
    notes.append(_BEYOND)
    return substitute(tree, {Name("w"): WITHIN_REACH})


def _indexed(trees: list[Tree], terms: Terms, notes: list[str]) -> Tree | None:
    """Return the sum of trees in index notation in accurate form; None if there is none."""
    if not trees:
        return None
    made = total([accurate(tree, terms.parameters) for tree in trees])
    if not overflows_far_out(made):
        return made
    notes.append(_BEYOND)
    bounded: dict[Tree, Tree] = {}
    for node in walk(made):
        if isinstance(node, Item) and node.array == "w":
            bounded[node] = substitute(WITHIN_REACH, {Name("w"): node})
        elif isinstance(node, Call) and node.function == "in_range":
            bounded[node] = node
    return substitute(made, bounded)


def _choice(chosen: Tree) -> str:
    text = to_text(chosen)
    return f"the gradient there is {text}" if len(text) <= 60 else "the one-sided derivative nearest to 0 is used there"
