"""Derive an objective under a rule: the whole chain of steps from O = L + R to the simplified update."""

from __future__ import annotations

from symreg.calculus.algebra import GJ, WJ, call, plus, total
from symreg.calculus.chain import Chain, Knot, Step
from symreg.calculus.differentiate import elementwise_over_j
from symreg.calculus.directions import directions, step_bounds
from symreg.calculus.knots import guarded, inside, knots
from symreg.calculus.parts import Derived, elementwise_parts, indexed_parts
from symreg.calculus.tidy import collected, tidy
from symreg.language.spec import Rule
from symreg.language.terms import Terms, told_apart
from symreg.language.text import to_text
from symreg.language.tree import Compare, Item, Logic, Name, Subscript, Sum, Tree, names, substitute
from symreg.objective import Objective

_O, _L, _R = Name("O"), Name("L"), Name("R")


def derive(objective: Objective, rule: Rule) -> Chain:
    """Return the derivation of an objective's gradient and of one update rule with it.

    Raises:
        NotDifferentiable: A jump in value, or a switch whose roots cannot be listed.
        Intractable: An expression that the calculus does not handle.
    """
    terms, renamed = told_apart(objective.terms, rule)
    parts, indexed = elementwise_parts(terms), indexed_parts(terms)
    found = knots(tuple(part.part for part in parts), terms.parameters) if parts else ()
    steps = _opening(parts, indexed)
    steps += _rules(parts, indexed)
    gradient = _gradient(parts, indexed, found, terms)
    summed = total([*(elementwise_over_j(p.gradient) for p in parts), *(p.gradient for p in indexed)])
    if summed != gradient:
        steps.append(Step(rule="simplify", before=summed, after=gradient, why="dR/dw_j", condition=_domain(parts)))
    steps += [_at_knot(knot) for knot in found if knot.is_kink]
    update: list[tuple[str, Tree]] = []
    for assignment in rule.steps:
        formal = _over_j(assignment.expression, rule, call("d", _R))
        plugged = _over_j(assignment.expression, rule, gradient)
        target = assignment.target
        why = "the rule" if plugged == formal else "the rule, with dR/dw_j put in"
        steps.append(Step(rule=rule.name.replace("_", " "), before=formal, after=plugged, why=why, target=target))
        simplified = collected(plugged, WJ, terms.parameters + rule.parameters) if target == "w" else plugged
        if simplified != plugged:
            is_decay = not rule.states and not indexed
            why = "what multiplies w_j is the weight decay" if is_decay else ""
            steps.append(Step(rule="collect w_j", before=plugged, after=simplified, why=why, target=target))
        update.append((target, simplified))
    return Chain(
        objective=objective,
        rule=rule,
        steps=tuple(steps),
        gradient=gradient,
        update=tuple(update),
        knots=found,
        directions=() if indexed else directions(parts, terms.parameters),
        bounds=() if indexed else step_bounds(rule, tuple(update), terms.parameters),
        notes=_notes(objective, rule, renamed, parts, found),
    )


def _opening(parts: tuple[Derived, ...], indexed: tuple[Derived, ...]) -> list[Step]:
    """Return the steps that every derivation begins with, down to the derivative of what is summed."""
    at_i = Item("w", (Subscript("i"),))
    values = [Sum(substitute(total([p.value for p in parts]), {Name("w"): at_i}), "i")] if parts else []
    penalty = total([*values, *(p.value for p in indexed)])
    opening = [
        Step(rule="objective", before=_O, after=plus(_L, _R), why="the loss and the penalty"),
        Step(rule="penalty", before=_R, after=penalty, why="as it was written"),
        Step(rule="sum rule", before=call("d", _O), after=plus(GJ, call("d", _R)), why="g_j = dL/dw_j"),
    ]
    if values:
        local = elementwise_over_j(total([p.value for p in parts]))
        opening.append(
            Step(rule="index sum", before=call("d", values[0]), after=call("d", local), why="only i = j holds w_j")
        )
        if len(parts) > 1:
            formal = total([call("d", elementwise_over_j(p.value)) for p in parts])
            opening.append(Step(rule="sum rule", before=call("d", local), after=formal))
    return opening


def _rules(parts: tuple[Derived, ...], indexed: tuple[Derived, ...]) -> list[Step]:
    """Return the steps of the parts, each rule on each expression once."""
    return list(dict.fromkeys(step for part in (*parts, *indexed) for step in part.steps))


def _gradient(parts: tuple[Derived, ...], indexed: tuple[Derived, ...], found: tuple[Knot, ...], terms: Terms) -> Tree:
    made: list[Tree] = []
    if parts:
        whole = tidy(total([part.tidied for part in parts]), terms.parameters)
        made.append(elementwise_over_j(guarded(whole, found, terms.parameters)))
    return total([*made, *(part.tidied for part in indexed)])


def _domain(parts: tuple[Derived, ...]) -> Tree | None:
    """Return the condition that the weight lies in the parts' domains, or None if it always does."""
    ends = [
        end for end in (inside(domain) for domain in dict.fromkeys(p.term.domain for p in parts)) if end is not None
    ]
    made = None if not ends else ends[0] if len(ends) == 1 else Logic("and", tuple(ends))
    return None if made is None else elementwise_over_j(made)


def _at_knot(knot: Knot) -> Step:
    left, right, chosen = (to_text(side) for side in (knot.left, knot.right, knot.chosen))
    reason = "0 lies between them" if chosen == "0" else "0 if it lies between them, else the one nearer to 0"
    return Step(
        rule="one-sided derivatives",
        before=call("d", _R),
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
    objective: Objective, rule: Rule, renamed: dict[str, str], parts: tuple[Derived, ...], found: tuple[Knot, ...]
) -> tuple[str, ...]:
    notes = list(objective.notes)
    notes += [f"{new} is the penalty's own {old}; {old} is the rule's" for old, new in renamed.items()]
    targets = [assignment.target for assignment in rule.steps]
    after = rule.steps[targets.index("w") + 1 :] if "w" in targets else ()
    if any(names(assignment.expression) & {"g", "g_penalty"} for assignment in after):
        notes.append("dR/dw_j is of the weights before the step, also where it stands after w_j has changed")
    if any(knot.is_kink for knot in found):
        notes.append("at a kink a step uses 0 if it lies between the one-sided derivatives, else the one nearer to 0")
    for part in parts:
        if not part.term.domain.is_all:
            notes.append(
                f"{part.term.name} is +inf for a weight outside {part.term.domain}, its derivative undefined there"
            )
    return tuple(dict.fromkeys(notes))
