"""The operator by cases as an emitted docstring quotes it: closed forms of low degree, else the equation to solve.

It is the same table that a derivation shows. What takes no line in a docstring is left out: cubic roots and Lambert's W
stand as the equations that the code iterates.
"""

from __future__ import annotations

from dataclasses import replace

from symreg.expressions.arithmetic import ZERO, W, call, over, times
from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Call, Compare, Name, Tree, substitute, walk
from symreg.model.spec import Parameter
from symreg.proximal.formulas import FormulaByCases, ShownCase, even_in, is_odd, negated, shown, without_jumps
from symreg.proximal.jump_formulas import with_jump
from symreg.proximal.operator import Operator, V
from symreg.proximal.solving.points import known_with

Row = tuple[str, str, str]
"""Left side, sign, right side."""
_JUMP, _SLOPE = "jump", "phi'(u)"
_NOT_QUOTED = ("acos", "cbrt", "lambertw")


def quoted(
    operator: Operator, parameters: tuple[Parameter, ...], *, condition: Tree | None, is_single: bool
) -> tuple[Row, ...]:
    """Return what `prox(v)` is by cases of v, an equation or one case a row; nothing where it has too many forms.

    Args:
        operator: Of an elementwise penalty.
        parameters: With their domains.
        condition: On `STEP`, for which F rises everywhere.
        is_single: Is there such a step? Without a condition: for every one.
    """
    is_partial = operator.abs_coefficient != ZERO or operator.square_coefficient != ZERO
    if operator.period is not None or is_partial or len(operator.gaps) > 1:
        return ()
    formulas = [without_jumps(operator, parameters, condition)] if is_single else []
    if not is_single or condition is not None:
        if not operator.gaps:
            return ()
        beyond = negated(condition) if is_single and condition is not None else None
        formulas += with_jump(operator, parameters, beyond) or [_with_named_jump(operator, parameters, beyond)]
    slopes = {case.slope for formula in formulas for case in formula.cases if _is_equation(case)}
    slope = next(iter(slopes)) if len(slopes) == 1 else None
    rows = [row for formula in formulas for row in _rows(formula, slope, parameters, is_even=operator.is_even)]
    if any(formula.jump == Name(_JUMP) for formula in formulas):
        size = "abs(v)" if operator.is_even else "v"
        rows.append((_JUMP, "=", f"the {size} at which the minima on both sides cost the same"))
    if slope is not None:
        rows.append((_SLOPE, "=", _over_u(slope)))
    return tuple(rows)


def _with_named_jump(operator: Operator, parameters: tuple[Parameter, ...], condition: Tree | None) -> FormulaByCases:
    """Return the operator for the steps for which it jumps, at a v without a closed form."""
    before, after = (shown(cases, parameters, is_even=operator.is_even) for cases in operator.between_gaps)
    (gap,) = operator.gaps
    jump: Tree = Name(_JUMP) if gap.jump is None else gap.jump
    # A jump may leave out cases on either side of the gap: these have no v left then.
    up_to = (*(_moved(case, "min", jump) for case in before[:-1]), replace(before[-1], high=jump))
    return FormulaByCases(
        condition=condition, cases=(*up_to, *(_moved(case, "max", jump) for case in after)), jump=jump
    )


def _moved(case: ShownCase, extremum: str, jump: Tree) -> ShownCase:
    return case if case.high is None else replace(case, high=call(extremum, case.high, jump))


def _rows(
    formula: FormulaByCases, slope: Tree | None, parameters: tuple[Parameter, ...], *, is_even: bool
) -> list[Row]:
    """Return a formula case by case.

    Args:
        formula: Its conditions are as derived.
        slope: phi' of all cases that are roots, if it is the same; it has a row of its own then.
        parameters: With their domains.
        is_even: Is it to be right for a v of either sign?
    """
    v = call("abs", V) if is_even else V
    rows: list[Row] = []
    roots = [case for case in formula.cases if _is_equation(case)]
    for k, case in enumerate(formula.cases):
        if _is_equation(case):
            which = ("smaller", "larger")[roots.index(case)] if len(roots) == 2 and slope is not None else ""
            text = _equation(
                slope if slope is not None else case.slope, which, is_even=is_even, is_named=slope is not None
            )
        else:
            text = to_text(_closed_form(case, parameters, is_even=is_even))
        if k + 1 < len(formula.cases):
            assert case.high is not None
            text = f"{text} if {to_text(Compare('<=', v, case.high))},"
        elif len(formula.cases) > 1:
            text = f"{text} otherwise"
        rows.append(("", " " if k else "=", text))
    if formula.condition is not None:
        left, sign, text = rows[-1]
        rows[-1] = (left, sign, f"{text}; for {to_text(formula.condition)}")
    return rows


def _closed_form(case: ShownCase, parameters: tuple[Parameter, ...], *, is_even: bool) -> Tree:
    assert case.inverse is not None
    tree = case.inverse.tree
    if not is_even or is_odd(tree, known_with(parameters, is_even=True)):
        return tree
    match even_in(tree, V):
        case Binary("/", top, bottom):
            return over(_with_sign(top), bottom)
        case whole:
            return _with_sign(whole)


def _with_sign(product: Tree) -> Tree:
    """Return sign(v) times a product, in front of its first factor."""
    match product:
        case Binary("*", left, right):
            return times(_with_sign(left), right)
        case factor:
            return times(call("sign", V), factor)


def _equation(slope: Tree, which: str, *, is_even: bool, is_named: bool) -> str:
    """Return the equation of which the minimiser is the root.

    Args:
        slope: phi'.
        which: Root it is, the smaller or the larger, where there are two.
        is_even: Is the equation for |u| and |v|?
        is_named: Is phi' called by its name?
    """
    u, v = ("sign(v)*u", "abs(v)") if is_even else ("u", "v")
    root = f"{u}, the {which} root of" if which else f"{u} with"
    return f"{root} u + step*{_SLOPE if is_named else f'({_over_u(slope)})'} = {v}"


def _over_u(slope: Tree) -> str:
    return to_text(substitute(slope, {W: Name("u")}))


def _is_equation(case: ShownCase) -> bool:
    """Has a case no closed form that takes a line: is its equation quoted instead?"""
    if case.inverse is None:
        return True
    nodes = walk(case.inverse.whole)
    return any(isinstance(node, Call) and node.function in _NOT_QUOTED for node in nodes)
