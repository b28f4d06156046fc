"""The derivation of an operator by cases of v: the equation on each piece, its solutions, and the jumps."""

from __future__ import annotations

from symreg.calculus.domains.notes import undefined_notes
from symreg.calculus.signs.extremes import derivative_of
from symreg.calculus.signs.nondimensional import scaled
from symreg.calculus.symbolic.exponents import restored
from symreg.calculus.symbolic.simplify import simplify
from symreg.claims.sentences import formula_of
from symreg.claims.thresholding import SingleFormula
from symreg.derivation.model import Case, ProximalDerivation
from symreg.derivation.proximal.conjugate import Y, conjugate
from symreg.derivation.proximal.envelope import envelope_of, tell_conjugate, tell_envelopes
from symreg.derivation.proximal.opening import open_derivation, tell_validity
from symreg.derivation.proximal.writer import PHI, PHI_ITSELF, F, Words, Writer
from symreg.expressions.arithmetic import INFINITY, ONE, ZERO, W, call, negative, over, plus, times
from symreg.expressions.tree import Compare, Logic, Name, Tree, substitute
from symreg.proximal.formulas import FormulaByCases, negated, without_jumps
from symreg.proximal.jump_formulas import cost, with_jump
from symreg.proximal.operator import STEP, Kink, MonotonePiece, Operator, V

_FEW = 4
"""Of more terms than this nothing is proved on the way: the time would grow faster than their number."""


def derive_by_cases(operator: Operator, writer: Writer) -> ProximalDerivation:
    """Return the whole derivation.

    Args:
        operator: By cases, with nothing taken out of phi.
        writer: Takes the steps.
    """
    parameters = writer.parameters
    bound = _bound(operator, writer)
    is_single = bound is not None and bound.bound != ZERO
    single = without_jumps(operator, parameters, bound.condition if bound else None) if is_single else None
    beyond: tuple[FormulaByCases, ...] = ()
    if bound is not None and bound.condition is not None:
        beyond = with_jump(operator, parameters, None if bound.bound == ZERO else negated(bound.condition))
    open_derivation(writer, operator.period)
    _tell_scaling(operator, writer)
    _tell_pieces(operator, single, writer)
    tell_validity(writer, bound)
    if single is not None:
        _tell_solutions(single, writer)
    closed = [formula for formula in ([single] if single is not None else []) + list(beyond) if formula.is_closed]
    cases = [_case(formula, writer) for formula in closed]
    _tell_results(cases, beyond, bound, writer)
    dual = None
    if single is not None and bound is not None and bound.condition is None and operator.period is None:
        dual = conjugate(single.cases, parameters, is_even=operator.is_even)
    tell_envelopes(cases, writer)
    if dual is not None:
        tell_conjugate(dual, writer)
    return writer.derivation(
        cases=tuple(cases),
        bound=None if bound is None else restored(bound.bound, writer.exponents),
        validity=None if bound is None or bound.condition is None else writer.shown(bound.condition),
        conjugate=None if dual is None else restored(dual, writer.exponents),
        notes=undefined_notes(writer.terms),
    )


def _bound(operator: Operator, writer: Writer) -> SingleFormula | None:
    """Return up to which step F rises everywhere: as the claims have it, or by the operator's own cases."""
    claimed = formula_of(writer.phi) if len(writer.phi.terms.terms) <= _FEW else None
    if claimed is not None:
        return claimed
    if operator.rises_everywhere:
        return SingleFormula(bound=INFINITY, is_strict=False, condition=None)
    return None


# The equation


def _tell_scaling(operator: Operator, writer: Writer) -> None:
    """Write which one number is left of the step and the parameters."""
    cases = sorted(operator.cases, key=lambda case: case.when is not None)  # what is always there comes first
    pieces = [case.place for case in cases if isinstance(case.place, MonotonePiece)]
    slopes = [derivative_of(piece.value, writer.parameters) for piece in pieces]
    form = scaled(slopes, writer.parameters, lengths=[end for piece in pieces for end in (piece.low, piece.high)])
    if form.prefactor == ONE and form.scale == ONE:
        return
    x, c = Name(writer.letters.scaled), form.scale
    if c != ONE:
        writer.put("scaling", W, times(c, x), "and ", Compare("==", V, times(c, Y)))
    group = simplify(over(times(STEP, form.prefactor), c), writer.known)
    groups = [Name(group_.parameter.name) for group_ in form.groups]
    left = [part for name in groups if name not in writer.exponents for part in (" and ", name)]
    equation: Tree = Compare("==", Y if c != ONE else V, plus(x if c != ONE else W, times(_T, call("dpsi", x))))
    if c == ONE:
        equation = substitute(equation, {x: W})
    writer.put(
        "scaling", _T, group, "the equation is ", equation, ": what it looks like depends on ", _T, *left, " alone"
    )


_T = Name("t")


def _tell_pieces(operator: Operator, single: FormulaByCases | None, writer: Writer) -> None:
    """Write the equation on every piece, and the interval of v on every convex kink."""
    if single is not None:
        places = [case.place for case in single.cases]
    else:
        places = [case.place for case in operator.cases if case.when is None]
    for place in places:
        if isinstance(place, Kink):
            _tell_kink(place, writer)
            continue
        slope = derivative_of(place.value, writer.parameters)
        why = (PHI_ITSELF, " is constant here") if slope == ZERO else ()
        inside = between(place.low, W, place.high, is_strict=True)
        writer.put("piece", V, plus(W, times(STEP, slope)), *why, condition=inside)


def _tell_kink(kink: Kink, writer: Writer) -> None:
    ends = (
        (negative(INFINITY) if side < 0 else INFINITY)
        if slope is None
        else simplify(plus(kink.position, times(STEP, slope)), writer.known)
        for slope, side in ((kink.left, -1), (kink.right, 1))
    )
    writer.put(
        "kink",
        V,
        call("interval", *ends),
        "a local minimum whatever it is: the slope is infinite on either side"
        if kink.left is None and kink.right is None
        else "the subdifferential is an interval: the minimiser stays here meanwhile",
        condition=Compare("==", W, kink.position),
    )


# The cases


def _tell_solutions(single: FormulaByCases, writer: Writer) -> None:
    """Write the equation of each piece solved for u."""
    for case in single.cases:
        if isinstance(case.place, Kink):
            continue
        condition = between(case.low, V, case.high, is_strict=False)
        if case.inverse is None:
            writer.put(
                "solve",
                W,
                call("F_inverse", V),
                *("no closed form of low degree; ", F, " rises: one root, which is enclosed and iterated"),
                condition=condition,
            )
            continue
        writer.put("solve", W, case.inverse.tree, case.inverse.method, condition=condition)
        for name, tree in case.inverse.definitions:
            writer.put("abbreviation", Name(name), tree)


def _case(formula: FormulaByCases, writer: Writer) -> Case:
    is_even = writer.is_even and not writer.is_radial
    shown, known = writer.shown, writer.known
    envelope = envelope_of(formula, known, is_even=is_even)
    return Case(
        condition=None if formula.condition is None else shown(formula.condition),
        formula=shown(formula.tree(known, is_even=is_even)),
        definitions=tuple((name, shown(tree)) for name, tree in formula.definitions(known, is_even=is_even)),
        envelope=None if envelope is None else shown(envelope),
    )


def _tell_results(
    cases: list[Case], beyond: tuple[FormulaByCases, ...], bound: SingleFormula | None, writer: Writer
) -> None:
    """Write the operator by cases: for short steps, then for those for which it jumps."""
    has_single = len(beyond) < len(cases)
    if has_single:
        signs = ("for either sign of ", V) if writer.is_even and not writer.is_radial else ()
        _tell_result(cases[0], writer, *signs)
    if bound is not None and bound.condition is None:
        return
    _tell_jumps(beyond, writer)
    for case in cases[1 if has_single else 0 :]:
        _tell_result(case, writer, "at the jump itself the smaller magnitude is taken")


def _tell_result(case: Case, writer: Writer, *why: Words) -> None:
    writer.put("result", writer.prox, case.formula, *why, condition=case.condition)
    defined = {(step.before, step.after) for step in writer.steps}
    for name, tree in case.definitions:
        if (Name(name), tree) not in defined:
            writer.put("abbreviation", Name(name), tree)


def _tell_jumps(beyond: tuple[FormulaByCases, ...], writer: Writer) -> None:
    """Write where the better of two minima changes."""
    taken = {p.name for p in writer.parameters}
    pairs = ("ab", "pq", "de", "fh", "kl")
    a, b = (Name(letter) for letter in next(pair for pair in pairs if not taken & set(pair)))
    why: tuple[Words, ...] = ("else ", F, " falls between two minima, ", Compare("<", a, b), "; ", a)
    why = (*why, " is the better one below the ", V, " at which they are equally good")
    if not beyond:
        why = (*why, "; that one is found by iteration, once a call, and at it the smaller magnitude is taken")
    writer.put("jump", cost(call(PHI, a), a), cost(call(PHI, b), b), *why)
    for formula in beyond:
        assert formula.jump is not None
        writer.put("jump", V, formula.jump, "where the two are equally good", condition=formula.condition)


def between(low: Tree | None, x: Tree, high: Tree | None, *, is_strict: bool) -> Tree | None:
    """Return the condition that x lies between two ends; None where both are infinite."""
    operator = "<" if is_strict else "<="
    if low is None and high is None:
        return None
    if low is None or high is None:
        end = low if high is None else high
        assert end is not None
        return Compare(operator if low is None else operator.replace("<", ">"), x, end)
    return Logic("and", (Compare(operator, low, x), Compare(operator, x, high)))
