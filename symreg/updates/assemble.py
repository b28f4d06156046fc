"""From an objective and rules to the updates that are emitted, each expression in an accurate form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from symreg.accuracy.greatest import overflows_far_out
from symreg.accuracy.indexed import accurate
from symreg.accuracy.rewrites.cancellation import one_beside
from symreg.accuracy.search import Stable, stabilise
from symreg.calculus.border import border
from symreg.calculus.gradient import Derived, elementwise_parts, indexed_parts
from symreg.calculus.pieces.domain import within
from symreg.calculus.pieces.guards import guarded
from symreg.calculus.pieces.jumps import refuse_jumps
from symreg.calculus.pieces.knots import knots
from symreg.calculus.pieces.undefined import undefined_notes
from symreg.calculus.pieces.unlisted import guarded_at_unlisted, notes_on_unlisted
from symreg.calculus.radial import radial_profile
from symreg.claims.descent import LR
from symreg.claims.sentences import prox_notes, rate_of, step_notes
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import INFINITY, NAN, ONE, ZERO, call, has_w, plus, total
from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Call, Item, Name, Negate, Number, Tree, substitute, transform, walk
from symreg.model.objective import Objective
from symreg.model.spec import Assignment, Rule
from symreg.model.terms import Terms, told_apart
from symreg.proximal.derive import operator
from symreg.proximal.split import split
from symreg.proximal.sums import is_least_at_zero
from symreg.proximal.table_search import refuse_step_per_weight
from symreg.updates.update import WITHIN_REACH, Update

_REMEMBERED = 256
"""Penalties of which what their updates are made of is kept: most rules on one penalty share it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Forms:
    """What every update of an objective is made of."""

    value: Tree | None
    gradient: Tree | None
    indexed_value: Tree | None
    indexed_gradient: Tree | None
    value_notes: tuple[str, ...]
    gradient_notes: tuple[str, ...]


@border("the penalty's gradient")
def updates(objective: Objective, rules: Iterable[Rule] = ()) -> tuple[Update, ...]:
    """Return the updates to emit: the value, the gradient, the proximal operator if there is one, one step a rule.

    Raises:
        NotDifferentiable: A jump in value, or a switch whose roots cannot be listed.
        Intractable: An expression that the calculus does not handle.
    """
    terms = objective.terms
    forms = _forms(terms)
    made = [
        Update(
            kind="value",
            name="value",
            terms=terms,
            elementwise=forms.value,
            indexed=forms.indexed_value,
            notes=forms.value_notes,
        ),
        Update(
            kind="gradient",
            name="gradient",
            terms=terms,
            elementwise=forms.gradient,
            indexed=forms.indexed_gradient,
            notes=forms.gradient_notes,
        ),
    ]
    prox = proximal_operator(terms)
    if prox is not None:
        made.append(prox)
    return (
        *made,
        *((_proximal_step if rule.uses_prox else partial(_step, forms=forms))(rule, terms) for rule in rules),
    )


def _proximal_step(rule: Rule, terms: Terms) -> Update:
    """Return a step whose gradient is that of the terms that the operator does not take."""
    apart, renamed = told_apart(terms, rule)
    parted = split(apart, rule)
    forms = _forms(parted.smooth)
    taken = derived_operator(parted.prox) if parted.prox.terms else None
    if taken is not None and taken.operator is not None:
        refuse_step_per_weight(taken.operator, parted.prox, rule)
    names = [term.name for term in parted.prox.terms]
    told = f"prox is the proximal operator of {', '.join(names)}" if names else "prox(v, s) is v: no term has a kink"
    return Update(
        kind="step",
        name=f"{rule.name}_step",
        terms=apart,
        rule=rule,
        elementwise=forms.gradient,
        indexed=forms.indexed_gradient,
        assignments=_assignments(rule, has_penalty=bool(parted.smooth.terms)),
        operator=None if taken is None else taken.operator,
        is_radial=taken is not None and taken.is_radial,
        is_least_at_zero=taken is None or taken.is_least_at_zero,
        notes=(
            *forms.gradient_notes,
            f"{told}.",
            *_radial_notes(taken),
            *_cancelling_notes(rule),
            *_renaming_notes(renamed),
        ),
    )


def proximal_operator(terms: Terms) -> Update | None:
    """Return the proximal operator, of single weights or of their norm; None where none is derived."""
    try:
        return derived_operator(terms)
    except (Intractable, NotDifferentiable):
        return None


FEW = 4
"""Of more terms than this nothing is proved on the way: the time would grow faster than their number."""


@lru_cache(maxsize=_REMEMBERED)
@border("the proximal operator")
def derived_operator(terms: Terms) -> Update:
    """Return the proximal operator of a whole penalty.

    Raises:
        Intractable, NotDifferentiable: Why there is none.
    """
    if not terms.indexed:
        notes = prox_notes(terms) if len(terms.terms) <= FEW else ()
        return Update(kind="prox", name="prox", terms=terms, operator=operator(terms), notes=notes)
    profiles = [radial_profile(term) for term in terms.terms]
    radii = [
        replace(term, tree=substitute(profile, {Name("w"): call("abs", Name("w"))}))
        for term, profile in zip(terms.terms, profiles, strict=True)
        if profile is not None
    ]
    if len(radii) < len(terms.terms):
        raise Intractable("a proximal operator is derived for sums over single weights and for functions of norm(w)")
    profile = Terms(terms=tuple(radii))
    made = Update(
        kind="prox",
        name="prox",
        terms=terms,
        operator=operator(profile),
        is_radial=True,
        is_least_at_zero=is_least_at_zero(profile),
    )
    return replace(made, notes=_radial_notes(made))


def _radial_notes(taken: Update | None) -> tuple[str, ...]:
    """Return which of many minimisers an operator of the norm takes, where there may be many."""
    if taken is None or taken.is_least_at_zero:
        return ()
    return ("Where all numbers are 0 every point of the best norm is right: the one whose weights are alike is taken.",)


def _step(rule: Rule, terms: Terms, forms: _Forms) -> Update:
    apart, renamed = told_apart(terms, rule)
    apart = split(apart, rule).smooth  # all of them, or the rule is refused

    def change(node: Tree) -> Tree:
        match node:
            case Name(name) if name in renamed:
                return Name(renamed[name])
            case Item(array, subscripts) if array in renamed:
                return Item(renamed[array], subscripts)
            case _:
                return node

    return Update(
        kind="step",
        name=f"{rule.name}_step",
        terms=apart,
        rule=rule,
        elementwise=None if forms.gradient is None else transform(forms.gradient, change),
        indexed=None if forms.indexed_gradient is None else transform(forms.indexed_gradient, change),
        assignments=_assignments(rule, has_penalty=True),
        notes=(
            *forms.gradient_notes,
            *_step_notes(rule, apart),
            *_cancelling_notes(rule),
            *_renaming_notes(renamed),
        ),
    )


def _step_notes(rule: Rule, terms: Terms) -> tuple[str, ...]:
    """Return up to which learning rate a step on the penalty alone keeps signs and shrinks weights."""
    return step_notes(terms) if rate_of(rule) == LR and len(terms.terms) <= FEW else ()


def _cancelling_notes(rule: Rule) -> tuple[str, ...]:
    return tuple(f"{cancellation.sentence}." for cancellation in rule.cancellations)


def _renaming_notes(renamed: dict[str, str]) -> tuple[str, ...]:
    return tuple(f"{new} is the penalty's own {old}; {old} is the rule's" for old, new in renamed.items())


def _assignments(rule: Rule, *, has_penalty: bool) -> tuple[Assignment, ...]:
    """Return a rule's assignments over the loss's gradient `g` and, if there is one, the penalty's."""
    penalty: Tree = Name("g_penalty") if has_penalty else ZERO
    given: dict[Tree, Tree] = {
        Name("g"): plus(Name("g"), penalty),
        Name("g_loss"): Name("g"),
        Name("g_penalty"): penalty,
    }
    return tuple(
        Assignment(target=step.target, expression=substitute(_keeping_digits(step.expression, rule), given))
        for step in rule.steps
    )


def _keeping_digits(tree: Tree, rule: Rule) -> Tree:
    """Return a rule's expression with `1 - beta**t` in the form that is accurate for a beta near 1."""
    nonnegative = {p.name for p in rule.parameters if p.domain.low is not None and p.domain.low >= 0}

    def change(node: Tree) -> Tree:
        match node:
            case Binary("-", one, Binary("**", Name(base), exponent)) if one == ONE and base in nonnegative:
                if not isinstance(exponent, Number):
                    return next(one_beside(node), node)
        return node

    return transform(tree, change)


@lru_cache(maxsize=_REMEMBERED)
def _forms(terms: Terms) -> _Forms:
    parts, indexed = elementwise_parts(terms), indexed_parts(terms)
    refuse_jumps(terms.indexed, terms.parameters)
    value = gradient = None
    told = [f"{note}." for note in undefined_notes(terms)]
    value_notes, gradient_notes = list(told), list(told)
    if parts:
        values = [_accurate(part.value, part, ()) for part in parts]
        gradients = [_accurate(part.tidied, part, (part.gradient, part.apart)) for part in parts]
        found = knots(tuple(part.part for part in parts), terms.parameters)
        value = _on_domains(parts, [stable.tree for stable in values], INFINITY)
        gradient = _on_domains(parts, [transform(stable.tree, _of_unsigned_zero) for stable in gradients], NAN)
        value = _within_reach(value, values, value_notes)
        gradient = guarded_at_unlisted(guarded(gradient, found, terms.parameters), terms.parameters)
        gradient_notes += notes_on_unlisted(gradient, terms.parameters)
        gradient = _within_reach(gradient, gradients, gradient_notes)
        for knot in found:
            if knot.is_kink:
                gradient_notes.append(
                    f"At w = {to_text(knot.position)} the penalty has a kink; {_choice(knot.chosen)}."
                )
    return _Forms(
        value=value,
        gradient=gradient,
        indexed_value=_indexed([part.written for part in indexed], terms, value_notes),
        indexed_gradient=_indexed([part.tidied for part in indexed], terms, gradient_notes),
        value_notes=tuple(dict.fromkeys(value_notes)),
        gradient_notes=tuple(dict.fromkeys(gradient_notes)),
    )


def _accurate(tree: Tree, part: Derived, candidates: tuple[Tree, ...]) -> Stable:
    """Return a part's stable form."""
    return stabilise(tree, parameters=part.term.parameters, domain=part.term.domain, candidates=candidates)


def _of_unsigned_zero(node: Tree) -> Tree:
    """Return a quotient by the root of a multiple of the weight as one by the root of its size.

    The root of -0 is -0, and a quotient by that has the wrong sign; the weight 0 is an end of the domain there.
    """
    if isinstance(node, Binary) and node.operator == "/":
        return Binary("/", node.left, transform(node.right, _root_of_size))
    return node


def _root_of_size(node: Tree) -> Tree:
    if isinstance(node, Call) and node.function == "sqrt" and _is_multiple_of_weight(node.arguments[0]):
        return call("sqrt", call("abs", node.arguments[0]))
    return node


def _is_multiple_of_weight(tree: Tree) -> bool:
    match tree:
        case Negate(operand):
            return _is_multiple_of_weight(operand)
        case Binary("*", left, right):
            return _is_multiple_of_weight(left if has_w(left) else right) and not (has_w(left) and has_w(right))
        case Binary("/", left, right):
            return _is_multiple_of_weight(left) and not has_w(right)
        case _:
            return tree == Name("w")


def _indexed(trees: list[Tree], terms: Terms, notes: list[str]) -> Tree | None:
    """Return the sum of trees in index notation in accurate form; None if there is none."""
    if not trees:
        return None
    made = total([accurate(tree, terms.parameters) for tree in trees])
    if not overflows_far_out(made):
        return made
    notes.append(_BEYOND)
    within: dict[Tree, Tree] = {}
    for node in walk(made):
        if isinstance(node, Item) and node.array == "w":
            within[node] = substitute(WITHIN_REACH, {Name("w"): node})
        elif isinstance(node, Call) and node.function == "in_range":
            within[node] = node
    return substitute(made, within)


_BEYOND = "A weight beyond 1e150, in single precision 1e18, counts as that: parts of the formula overflow there."


def _within_reach(tree: Tree, forms: list[Stable], notes: list[str]) -> Tree:
    """Return the tree with weights kept in the promised range where one of its forms needs that; note what is so."""
    notes.extend(form.note for form in forms if form.note)
    if not any(form.strays for form in forms):
        return tree
    notes.append(_BEYOND)
    return substitute(tree, {Name("w"): WITHIN_REACH})


def _on_domains(parts: tuple[Derived, ...], trees: list[Tree], beyond: Tree) -> Tree:
    """Return the sum of the parts' trees; outside the domain of any of them it is `beyond`."""
    made = total(trees)
    for domain in dict.fromkeys(part.term.domain for part in parts):
        made = within(made, domain, beyond)
    return made


def _choice(chosen: Tree) -> str:
    text = to_text(chosen)
    return f"the gradient there is {text}" if len(text) <= 60 else "the one-sided derivative nearest to 0 is used there"
