"""Derive an objective under a rule: the whole chain of steps from O = L + R to the simplified update."""

from __future__ import annotations

from collections.abc import Iterable

from symreg.calculus.border import Unforeseen, border
from symreg.calculus.differentiation.differentiate import elementwise_over_j
from symreg.calculus.differentiation.step import Step
from symreg.calculus.gradient import Derived, elementwise_parts, indexed_parts
from symreg.calculus.pieces.domain import condition_of
from symreg.calculus.pieces.guards import guarded
from symreg.calculus.pieces.jumps import refuse_jumps
from symreg.calculus.pieces.knot import Knot
from symreg.calculus.pieces.knots import knots
from symreg.calculus.pieces.undefined import undefined_notes
from symreg.calculus.pieces.unlisted import guarded_at_unlisted, notes_on_unlisted
from symreg.calculus.symbolic.simplify import collected, tidy
from symreg.claims.sentences import bounds_of_step
from symreg.claims.verdict import StepBound
from symreg.derivation.directions import directions
from symreg.derivation.model import Chain, Direction, ProxChain
from symreg.derivation.proximal.derive import derive_prox
from symreg.derivation.step_bounds import step_bounds
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import GJ, WJ, ZERO, call, minus, over, plus, power, times, total
from symreg.expressions.text import to_text
from symreg.expressions.tree import (
    Call,
    Compare,
    Item,
    Logic,
    Name,
    Subscript,
    Sum,
    Tree,
    names,
    number,
    substitute,
    transform,
    walk,
)
from symreg.model.objective import Objective
from symreg.model.spec import Rule
from symreg.model.terms import Terms, told_apart
from symreg.proximal.entering import takes_gradient
from symreg.proximal.split import split

_FEW = 2
"""Of more terms than this the operator is derived by itself only: a rule's derivation should not wait for it."""

_O, _L, _R, _S = Name("O"), Name("L"), Name("R"), Name("S")


@border("the penalty's gradient")
def derive(objective: Objective, rule: Rule) -> Chain:
    """Return the derivation of an objective's gradient and of one update rule with it.

    If the rule takes a proximal operator, the gradient is that of the terms which the operator leaves.

    Raises:
        NotDifferentiable: A jump in value, or a switch whose roots cannot be listed.
        Intractable: An expression that the calculus does not handle, or a term without the operator that it needs.
    """
    terms, renamed = told_apart(objective.terms, rule)
    smooth, prox = split(terms, rule)
    elementwise, in_indices = elementwise_parts(terms), indexed_parts(terms)
    refuse_jumps(terms.indexed, terms.parameters)
    parts = tuple(part for part in elementwise if part.term in smooth.terms)
    indexed = tuple(part for part in in_indices if part.term in smooth.terms)
    of = "" if not smooth.terms else "S" if prox.terms else "R"
    taken = "" if not prox.terms else "P" if smooth.terms else "R"
    found = knots(tuple(part.part for part in parts), terms.parameters) if parts else ()
    steps = _opening(elementwise, in_indices)
    if taken:
        steps += _divided(elementwise, in_indices, prox, of, taken)
        steps.append(_operator(elementwise, in_indices, prox, taken, rule))
    if of:
        steps += _sum_rules(parts, indexed, plus(_L, _S) if taken else _O, of)
    steps += _rules(parts, indexed)
    gradient = _gradient(parts, indexed, found, terms)
    summed = total([*(elementwise_over_j(p.gradient) for p in parts), *(p.gradient for p in indexed)])
    slope = call("d", Name(of)) if of else ZERO
    if summed != gradient:
        steps.append(Step(rule="simplify", before=summed, after=gradient, why=_slope(of), condition=_domain(parts)))
    steps += [_at_knot(knot, slope) for knot in found if knot.is_kink]
    update: list[tuple[str, Tree]] = []
    for assignment in rule.steps:
        formal = _over_j(assignment.expression, rule, slope)
        plugged = _over_j(assignment.expression, rule, gradient)
        target = assignment.target
        why = "the rule" if plugged == formal else f"the rule, with {_slope(of)} put in"
        steps.append(Step(rule=rule.name.replace("_", " "), before=formal, after=plugged, why=why, target=target))
        if not taken and (bare := transform(plugged, _without_prox)) != plugged:
            why = "R is differentiable everywhere, and so there is nothing for the operator to take: prox(v, s) = v"
            steps.append(Step(rule="no operator", before=plugged, after=bare, why=why, target=target))
            plugged = bare
        simplified = _collected(plugged, terms, rule) if target == "w" else plugged
        if simplified != plugged:
            is_decay = not rule.states and not indexed
            why = "what multiplies w_j is the weight decay" if is_decay else ""
            steps.append(Step(rule="collect w_j", before=plugged, after=simplified, why=why, target=target))
        update.append((target, simplified))
    is_told = not indexed and not taken
    return Chain(
        objective=objective,
        rule=rule,
        steps=tuple(steps),
        gradient=gradient,
        update=tuple(update),
        smooth=of,
        proximal=taken,
        knots=found,
        directions=_directions(parts, terms) if is_told else (),
        bounds=_bounds(rule, tuple(update), smooth) if is_told else (),
        notes=_notes(objective, rule, renamed, parts, prox, of, found),
        operator=_operator_of(objective, prox) if prox.terms else None,
    )


def _operator_of(objective: Objective, prox: Terms) -> ProxChain | None:
    """Return the derivation of the operator that a rule takes, None where there is none to be read in due time."""
    if len(prox.terms) > _FEW:
        return None
    try:
        return derive_prox(objective, prox)
    except (Intractable, NotDifferentiable):
        return None


def _directions(parts: tuple[Derived, ...], terms: Terms) -> tuple[Direction, ...]:
    """Return what a step does to a weight of either sign; nothing where that cannot be looked at."""
    try:
        with border("what the penalty does to a weight"):
            return directions(parts, terms.parameters)
    except Unforeseen:
        return ()


def _bounds(rule: Rule, update: tuple[tuple[str, Tree], ...], terms: Terms) -> tuple[StepBound, ...]:
    """Return the bounds on the step: as the update shows them where it is linear, else those of the claims."""
    return step_bounds(rule, update, terms.parameters) or bounds_of_step(rule, terms)


def _slope(of: str) -> str:
    return f"d{of}/dw_j"


def _without_prox(node: Tree) -> Tree:
    """Return what an operator that takes nothing gives: its argument."""
    return node.arguments[0] if isinstance(node, Call) and node.function == "prox" else node


def _collected(tree: Tree, terms: Terms, rule: Rule) -> Tree:
    """Return the weight's factors collected: in the update, or in what an operator is taken of."""
    parameters = terms.parameters + rule.parameters
    if not any(isinstance(node, Call) and node.function == "prox" for node in walk(tree)):
        return collected(tree, WJ, parameters)

    def change(node: Tree) -> Tree:
        match node:
            case Call("prox", (argument, size)):
                return call("prox", collected(argument, WJ, parameters), size)
            case _:
                return node

    return transform(tree, change)


def _opening(parts: tuple[Derived, ...], indexed: tuple[Derived, ...]) -> list[Step]:
    """Return the steps that every derivation begins with: what is derived."""
    return [
        Step(rule="objective", before=_O, after=plus(_L, _R), why="the loss and the penalty"),
        Step(rule="penalty", before=_R, after=_written(parts, indexed), why="as it was written"),
    ]


def _written(parts: Iterable[Derived], indexed: Iterable[Derived]) -> Tree:
    """Return a sum of parts over all weights."""
    at_i = Item("w", (Subscript("i"),))
    values = [part.value for part in parts]
    whole = [Sum(substitute(total(values), {Name("w"): at_i}), "i")] if values else []
    return total([*whole, *(part.value for part in indexed)])


def _sum_rules(parts: tuple[Derived, ...], indexed: tuple[Derived, ...], whole: Tree, of: str) -> list[Step]:
    """Return the steps down to the derivative of what is summed: of `whole`, of which the loss is the other part."""
    made = [Step(rule="sum rule", before=call("d", whole), after=plus(GJ, call("d", Name(of))), why="g_j = dL/dw_j")]
    if parts:
        local = elementwise_over_j(total([p.value for p in parts]))
        summed = call("d", _written(parts, ()))
        made.append(Step(rule="index sum", before=summed, after=call("d", local), why="only i = j holds w_j"))
        if len(parts) > 1:
            formal = total([call("d", elementwise_over_j(p.value)) for p in parts])
            made.append(Step(rule="sum rule", before=call("d", local), after=formal))
    return made


def _divided(parts: tuple[Derived, ...], indexed: tuple[Derived, ...], prox: Terms, of: str, taken: str) -> list[Step]:
    """Return what of the penalty goes into the gradient, and what the operator takes."""
    rows = () if not of else ((of, False, _INTO_G), (taken, True, _INTO_PROX))
    made = []
    for name, is_taken, why in rows:
        own, others = ([p for p in some if (p.term in prox.terms) == is_taken] for some in (parts, indexed))
        made.append(Step(rule="split", before=Name(name), after=_written(own, others), why=why))
    return made


_INTO_G = "the terms that are differentiable everywhere; their gradient is in the step"
_INTO_PROX = "the others; the step takes their proximal operator"


_OF_VECTORS = "; it takes the whole vector, and prox(w_j, s) is entry j of what it gives"


def _operator(parts: tuple[Derived, ...], indexed: tuple[Derived, ...], prox: Terms, taken: str, rule: Rule) -> Step:
    """Return what the operator is: of one weight, or of all together where the penalty is a function of their norm."""
    known = {p.name for p in (*prox.parameters, *rule.parameters)} | {state.name for state in rule.states}
    known |= {step.target for step in rule.steps}
    u, v, s = (Name(next(x for x in letters if x not in known)) for letters in ("uzqabc", "vxyabc", "shrabc"))
    own, others = ([part.value for part in some if part.term in prox.terms] for some in (parts, indexed))
    value = substitute(total(own or others), {Name("w"): u})
    distance = minus(u, v) if own else call("norm", minus(u, v))
    whole = plus(times(s, value), over(power(distance, number(2)), number(2)))
    what = "which is not differentiable everywhere" if takes_gradient(rule) else "all of it"
    return Step(
        rule="proximal operator",
        before=call("prox", v, s),
        after=call("argmin", u, whole),
        why=f"of {taken}, {what}" + ("" if own else _OF_VECTORS),
    )


def _rules(parts: tuple[Derived, ...], indexed: tuple[Derived, ...]) -> list[Step]:
    """Return the steps of the parts, each rule on each expression once."""
    return list(dict.fromkeys(step for part in (*parts, *indexed) for step in part.steps))


def _gradient(parts: tuple[Derived, ...], indexed: tuple[Derived, ...], found: tuple[Knot, ...], terms: Terms) -> Tree:
    made: list[Tree] = []
    if parts:
        whole = tidy(total([part.tidied for part in parts]), terms.parameters)
        made.append(elementwise_over_j(guarded_at_unlisted(guarded(whole, found, terms.parameters), terms.parameters)))
    return total([*made, *(part.tidied for part in indexed)])


def _domain(parts: tuple[Derived, ...]) -> Tree | None:
    """Return the condition that the weight lies in the parts' domains, or None if it always does."""
    ends = [
        end
        for end in (condition_of(domain) for domain in dict.fromkeys(p.term.domain for p in parts))
        if end is not None
    ]
    made = None if not ends else ends[0] if len(ends) == 1 else Logic("and", tuple(ends))
    return None if made is None else elementwise_over_j(made)


def _at_knot(knot: Knot, slope: Tree) -> Step:
    left, right, chosen = (to_text(side) for side in (knot.left, knot.right, knot.chosen))
    reason = "0 lies between them" if chosen == "0" else "0 if it lies between them, else the one nearer to 0"
    return Step(
        rule="one-sided derivatives",
        before=slope,
        after=knot.chosen,
        why=f"{left} from the left, {right} from the right; {reason}",
        condition=Compare("==", WJ, knot.position),
    )


def _over_j(expression: Tree, rule: Rule, penalty: Tree) -> Tree:
    """Return a rule's expression for one weight, with the penalty's derivative put in."""
    at_j: dict[Tree, Tree] = {
        Name("w"): WJ,
        Name("g_loss"): GJ,
        Name("g_penalty"): penalty,
        Name("g"): plus(GJ, penalty),
    }
    for state in rule.states:
        if state.is_array:
            at_j[Name(state.name)] = Item(state.name, (Subscript("j"),))
    return substitute(expression, at_j)


def _notes(
    objective: Objective,
    rule: Rule,
    renamed: dict[str, str],
    parts: tuple[Derived, ...],
    prox: Terms,
    of: str,
    found: tuple[Knot, ...],
) -> tuple[str, ...]:
    notes = [*objective.notes, *undefined_notes(objective.terms)]
    notes += [f"{new} is the penalty's own {old}; {old} is the rule's" for old, new in renamed.items()]
    targets = [assignment.target for assignment in rule.steps]
    after = rule.steps[targets.index("w") + 1 :] if "w" in targets else ()
    if of and any(names(assignment.expression) & {"g", "g_penalty"} for assignment in after):
        notes.append(f"{_slope(of)} is of the weights before the step, also where it stands after w_j has changed")
    if any(knot.is_kink for knot in found):
        notes.append("at a kink a step uses 0 if it lies between the one-sided derivatives, else the one nearer to 0")
    for part in parts:
        notes += notes_on_unlisted(part.value, part.term.parameters)
        if not part.term.domain.is_all:
            notes.append(
                f"{part.term.name} is +inf for a weight outside {part.term.domain}, its derivative undefined there"
            )
    for term in prox.terms:
        if not term.domain.is_all:
            notes.append(f"{term.name} is +inf for a weight outside {term.domain}, and so the operator never gives one")
    return tuple(dict.fromkeys(notes))
