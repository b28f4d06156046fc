"""The outline of a gradient's derivation: steps, knots, directions, step sizes."""

from __future__ import annotations

from dataclasses import replace

from symreg.calculus.differentiation.step import Step
from symreg.calculus.pieces.knot import Knot
from symreg.claims.verdict import StepBound
from symreg.derivation.letters import OF_DATA
from symreg.derivation.model import Direction, GradientDerivation
from symreg.expressions.tree import Call, Compare, Logic, Name, Negate, Tree, substitute, walk
from symreg.presentation.mathematics.notation import notation_of
from symreg.presentation.outline.command import command_text, notes_of
from symreg.presentation.outline.document import NOTES, Entry, Equation, Outline, Part, Remark, Section, Sentence
from symreg.presentation.outline.elements import with_elements
from symreg.presentation.outline.prose import NAN, WJ, ZERO, declared_rows, parameter_row, prose


def gradient_outline(chain: GradientDerivation) -> Outline:
    """Return the outline of a gradient's derivation."""
    chain = with_elements(chain)
    rule = chain.rule
    terms = chain.objective.declarations
    conditions = [step.condition for step in chain.steps if step.condition is not None]
    letters = OF_DATA if chain.data is not None else ()
    formulas, assignments = notation_of(terms, rule, chain.proximal or "R", letters)
    sections = (
        Section(title="Where pieces meet", remarks=tuple(_of_knot(k) for k in chain.knots if _at(k) not in conditions)),
        Section(title="What the penalty does to a weight", remarks=(*_of_directions(chain), *_of_bounds(chain.bounds))),
        Section(title="Which step is small enough", remarks=_of_descent(chain)),
        Section(title=NOTES, remarks=tuple(Remark(sentence=prose(note)) for note in notes_of(chain))),
    )
    return Outline(
        name=chain.objective.name,
        title=chain.objective.title,
        rule=rule.name,
        rule_title=rule.title,
        references=chain.objective.references,
        rule_reference=rule.reference,
        parameters=declared_rows(terms),
        rule_parameters=tuple(map(parameter_row, rule.parameters)),
        entries=_entries(chain),
        sections=tuple(section for section in sections if section.remarks),
        command=command_text(chain.objective, rule),
        formulas=formulas,
        assignments=assignments,
    )


def rule_part(chain: GradientDerivation, first: GradientDerivation, document: Outline) -> Part:
    """Return what a derivation with another rule adds to the first, as a part.

    Args:
        chain: With the other rule.
        first: Of the same objective.
        document: The outline of that.
    """
    own = gradient_outline(chain)
    is_alike = (chain.smooth, chain.proximal) == (first.smooth, first.proximal)
    told = {entry.equation for entry in document.entries if not entry.equation.is_assignment} if is_alike else set()
    entries = [entry for entry in own.entries if entry.equation not in told]
    said = {remark.sentence for section in document.sections for remark in section.remarks}
    subjects = {remark.subject for section in document.sections for remark in section.remarks if is_alike} - {None}
    sections = [
        replace(s, remarks=tuple(r for r in s.remarks if r.sentence not in said and r.subject not in subjects))
        for s in own.sections
    ]
    return Part(
        title=f"With {chain.rule.name}" + (f" - {chain.rule.title}" if chain.rule.title else ""),
        entries=tuple(replace(e, number=i, label=_of_rule(e.label, chain)) for i, e in enumerate(entries, start=1)),
        formulas=own.formulas,
        assignments=own.assignments,
        parameters=own.rule_parameters,
        reference=own.rule_reference,
        sections=tuple(section for section in sections if section.remarks),
    )


def _of_rule(label: str, chain: GradientDerivation) -> str:
    return f"{chain.rule.name}-{label}" if label else ""


def _entries(chain: GradientDerivation) -> tuple[Entry, ...]:
    """Return the steps, those that hold a result with what a paper may refer to them as."""
    entries = [_of_step(i, step, chain) for i, step in enumerate(_steps(chain), start=1)]
    slope = _gradient(chain)
    labels: dict[int, str] = {}
    for i, entry in enumerate(entries):
        equation = entry.equation
        if equation.is_assignment and equation.left == WJ:
            labels[i] = "update"
        elif entry.rule in (("penalty",), ("loss",)):
            labels[i] = str(entry.rule[0])
        elif entry.rule == ("gradient of the loss",):
            labels[i] = "loss-gradient"
        elif entry.rule == ("second derivative",):
            labels[i] = "hessian"
        elif equation.left == slope and equation.rights[-1] == chain.gradient:
            labels[i] = "gradient"
    last = {label: i for i, label in labels.items()}  # of several with one label the last is the simplest
    return tuple(replace(e, label=labels[i]) if last.get(labels.get(i, "")) == i else e for i, e in enumerate(entries))


def _steps(chain: GradientDerivation) -> tuple[Step, ...]:
    """Return the steps, and the gradient before it is used where no step has words what it is."""
    steps = chain.steps
    if not chain.smooth:
        return steps
    slope = _gradient(chain)
    if any(step.after == chain.gradient and step.rule == "simplify" for step in steps):
        return steps
    curvature = Call("norm", (Call("hessian", (Name(chain.smooth),)),))
    at = next((i for i, s in enumerate(steps) if s.target or s.before in (slope, curvature)), len(steps))
    if any(step.before == slope and step.after == chain.gradient and step.condition is None for step in steps):
        return steps
    return (*steps[:at], Step(rule="gradient", before=slope, after=chain.gradient), *steps[at:])


def _of_step(position: int, step: Step, chain: GradientDerivation) -> Entry:
    why = prose(step.why)
    if step.target:
        is_formal = any(isinstance(node, Call) and node.function == "d" for node in walk(step.before))
        is_formal |= step.rule == "operator put in"
        rights = (step.before, step.after) if is_formal and step.before != step.after else (step.after,)
        left = WJ if step.target == "w" else Name(step.target)
        equation = Equation(left=left, rights=rights, is_assignment=True, condition=step.condition)
    else:
        rights = (step.after,)
        equation = Equation(left=step.before, rights=rights, condition=step.condition, is_bound=step.is_bound)
        if step.rule == "simplify" and step.after == chain.gradient:
            slope = _gradient(chain)
            equation = Equation(left=slope, rights=(step.before, step.after), condition=step.condition)
            why = () if why == (slope,) else why
        for knot in chain.knots:
            if step.condition == _at(knot):
                why = _of_sides(knot)
    return Entry(number=position, rule=prose(step.rule), equation=equation, why=why)


def _gradient(chain: GradientDerivation) -> Tree:
    """Return the formal derivative of what a chain's gradient is of."""
    return Call("d", (Name(chain.smooth),))


def _at(knot: Knot) -> Tree:
    return Compare("==", WJ, knot.position)


def _of_knot(knot: Knot) -> Remark:
    return Remark(subject=_at(knot), sentence=_of_sides(knot))


def _of_sides(knot: Knot) -> Sentence:
    """Return what the derivative is on either side of a knot, and what is made of it."""
    if not knot.is_kink:
        return ("the derivative is ", knot.left, " from either side")
    if NAN in (knot.left, knot.right):
        side, known = ("right", knot.right) if knot.left == NAN else ("left", knot.left)
        return (f"the domain ends here; from the {side} the derivative is ", known)
    sides: Sentence = (knot.left, " from the left, ", knot.right, " from the right; ")
    if knot.chosen == ZERO and ZERO not in (knot.left, knot.right):
        return (*sides, ZERO, " lies between them")
    if knot.chosen in (knot.left, knot.right):
        return (*sides, knot.chosen, " is the one nearer to ", ZERO)
    return (*sides, ZERO, " if it lies between them, else the one nearer to ", ZERO)


def _of_directions(chain: GradientDerivation) -> tuple[Remark, ...]:
    is_descent = chain.rule.name == "gradient_descent" and chain.data is None
    step = "the step" if is_descent else "a gradient step on the penalty alone"
    slope = _gradient(chain)
    negative = [direction for direction in chain.directions if direction.side == "negative"]
    positive = [direction for direction in chain.directions if direction.side == "positive"]
    return tuple(
        Remark(subject=_region(direction), sentence=_of_direction(direction, step, slope))
        for direction in (*reversed(negative), *positive)
    )


def _region(direction: Direction) -> Tree:
    """Return where a direction holds, as a condition on the weight itself: `-c < w_j < 0`."""
    is_negative = direction.side == "negative"
    side = Compare("<" if is_negative else ">", WJ, ZERO)
    if direction.where is None:
        return side
    magnitude: Tree = Call("abs", (Name("w"),)) if is_negative else Name("w")
    ends = direction.where.operands if isinstance(direction.where, Logic) else (direction.where,)
    low: Tree = ZERO
    high: Tree | None = None
    for end in ends:
        match end:
            case Compare(">", left, right) if left == magnitude:
                low = Negate(right) if is_negative else right
            case Compare("<", left, right) if left == magnitude:
                high = Negate(right) if is_negative else right
            case _:
                return Logic("and", (side, substitute(direction.where, {Name("w"): WJ})))
    if high is None:
        return Compare("<" if is_negative else ">", WJ, low)
    ordered = (high, low) if is_negative else (low, high)
    return Logic("and", (Compare("<", ordered[0], WJ), Compare("<", WJ, ordered[1])))


def _of_direction(direction: Direction, step: str, slope: Tree) -> Sentence:
    is_negative = direction.side == "negative"
    inward, outward = ("up", "down") if is_negative else ("down", "up")
    toward: Sentence = (f", so {step} moves ", WJ, f" {inward}, toward the origin")
    away: Sentence = (f", so {step} moves ", WJ, f" {outward}, away from the origin")
    match direction.sign:
        case "negative":
            words: Sentence = (Compare("<", slope, ZERO), *(toward if is_negative else away))
        case "positive":
            words = (Compare(">", slope, ZERO), *(away if is_negative else toward))
        case "nonpositive" | "nonnegative" as sign:
            compared = Compare("<=" if sign == "nonpositive" else ">=", slope, ZERO)
            is_inward = is_negative == (sign == "nonpositive")
            words = (compared, *(toward if is_inward else away), ", or leaves it where it is")
        case "zero":
            words = (Compare("==", slope, ZERO), f", so {step} leaves ", WJ, " where it is")
        case "both":
            words = (slope, f" takes both signs: {step} moves ", WJ, " toward the origin in some places, ")
            words = (*words, "away from it in others")
        case "undefined":
            words = ("the penalty is not defined here",)
        case _:
            words = ("the sign of ", slope, " was not decided for all parameter values")
    return words


def _of_descent(chain: GradientDerivation) -> tuple[Remark, ...]:
    """Return up to which step the rule never raises the objective, and who proves it."""
    if chain.descent is None:
        return ()
    condition = chain.descent.condition
    if chain.proximal:
        said: Sentence = ("no step raises ", Name("O"), " if ", condition, _MAJORISED)
    else:
        said = ("every step lowers ", Name("O"), " if ", condition, ", unless its gradient is ", ZERO, _DESCENT_LEMMA)
    return (Remark(sentence=said),)


_NORMAL: Sentence = ("normal equations",)
_DESCENT_LEMMA = " already (Nesterov (2018), Lectures on Convex Optimization, 2nd ed., 1.2.3)"
_MAJORISED = (
    ", as it minimises a bound of that from above (Beck & Teboulle (2009), SIAM J. Imaging Sci. 2(1):183-202, sec. 2)"
)


def stationary_part(chain: GradientDerivation, document: Outline) -> Part:
    """Return the way from the gradient of O to linear equations as a part."""
    entries = (_of_step(i, step, chain) for i, step in enumerate(chain.stationary, start=1))
    return Part(
        title="Where the gradient is zero",
        entries=tuple(replace(e, label="normal-equations" if e.rule == _NORMAL else "") for e in entries),
        formulas=document.formulas,
        assignments=document.assignments,
    )


def _of_bounds(bounds: tuple[StepBound, ...]) -> tuple[Remark, ...]:
    if not bounds:
        return ()
    words: list[str | Tree] = ['"small enough": ']
    for position, bound in enumerate(bounds):
        words.extend(("; " if position else "", f"{bound.claim} iff ", bound.condition))
    return (Remark(sentence=tuple(part for part in words if part != "")),)
