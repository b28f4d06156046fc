"""Refuse a value that jumps: at a knot, or where a switch turns over whose place no formula gives.

Of a switch in a sum, in a norm, or without listed roots, the weights run along lines, at sample parameters; where it
turns over, the value is compared on either side. What min, max and abs are made of cannot jump and is not looked at.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from symreg.calculus.domains.notes import undefined_note
from symreg.calculus.evaluation.bounds import bounds
from symreg.calculus.evaluation.high_precision import TINY, Values, evaluate, samples
from symreg.calculus.pieces.lines import Switch, crossed, lines, switches_of
from symreg.calculus.pieces.one_sided import near_zero_of
from symreg.errors import NotDifferentiable
from symreg.expressions.arithmetic import ZERO, W, call, minus, times, total
from symreg.expressions.text import to_text
from symreg.expressions.tree import Call, Compare, Logic, Name, Tree, number, transform
from symreg.model.domain import Domain
from symreg.model.spec import Parameter
from symreg.model.terms import Term

_MOST_ROWS = 4
"""Of sample parameters, along each line."""


def refuse_jump(
    value: Tree, position: Tree, points: tuple[Values, ...], domain: Domain, parameters: tuple[Parameter, ...]
) -> None:
    """Check that a value is continuous at a position, at samples at which the position is real.

    Raises:
        NotDifferentiable: It is not; says what it is before, at and after the position, or where there is no value.
    """
    for values in points:
        at = evaluate(position, values)
        here = evaluate(value, {**values, W: at})
        three = [
            evaluate(value, near_zero_of(position, -1, values)),
            here,
            evaluate(value, near_zero_of(position, 1, values)),
        ]
        nearer = [evaluate(value, near_zero_of(position, side, values, TINY * TINY)) for side in (-1, 1)]
        scale = max((abs(v) for v in three if v == v), default=0) * TINY
        gaps = [(abs(here - far), abs(here - near)) for far, near in zip((three[0], three[2]), nearer, strict=True)]
        if any(v != v for v in three) or any(near > scale * TINY and 1000 * near > 999 * far for far, near in gaps):
            note = undefined_note(value, domain, parameters) if any(v != v for v in three) else ""
            if note:
                raise NotDifferentiable(note)
            raise _jump(f"at w = {to_text(position)}", three, values)


def _jump(where: str, three: list[Any], values: Values) -> NotDifferentiable:
    """Return the error that names a jump, the value before, at and after it, and the parameters."""
    sides = ", ".join(f"{float(v):.6g}" for v in three)
    known = [f"{k.name} = {float(v):.3g}" for k, v in values.items() if isinstance(k, Name) and k.name not in "nt"]
    return NotDifferentiable(
        f"the value jumps {where}: {sides} before, at and after it"
        + (f" (with {', '.join(known)})" if known else "")
        + "; make the pieces meet there"
    )


def refuse_jumps(terms: tuple[Term, ...], parameters: tuple[Parameter, ...]) -> None:
    """Check that a sum of terms is continuous at the switches that its author wrote, as far as lines of weights show.

    Raises:
        NotDifferentiable: It is not, or a switch never turned over on any line, so that nothing is known; names it.
    """
    value = total([times(number(term.coefficient), term.tree) for term in terms])
    written = {switch.text: switch.difference for switch in switches_of(value, {})}
    _refuse(value, written, tuple(dict.fromkeys(term.domain for term in terms)), parameters)


def refuse_jumps_at(switches: tuple[Tree, ...], value: Tree, domain: Domain, parameters: tuple[Parameter, ...]) -> None:
    """Check that an elementwise value is continuous where these switches of it turn over, in the same way.

    What min and max are made of need not turn over on a line; but it may do so at a pole.

    Raises:
        NotDifferentiable: As above.
    """
    written, delicate = (
        {switch.text: switch.difference for switch in switches_of(tree, {}) if switch.difference in switches}
        for tree in (value, transform(value, _as_extremum))
    )
    _refuse(value, written, (domain,), parameters, delicate)


def _as_extremum(node: Tree) -> Tree:
    """Return a choice of the greatest or the least of several as `max` or `min`, which cannot jump."""
    match node:
        case Call("where", (Compare("<=" | ">=" as operator, left, right), then, otherwise)) if left == then:
            return call(_EXTREMA[operator], then, right) if right == otherwise else node
        case Call("where", (Logic("and", operands), then, Call("min" | "max" as function, others))):
            beaten = tuple(Compare("<=" if function == "min" else ">=", then, other) for other in others)
            return call(function, then, *others) if operands == beaten else node
        case _:
            return node


_EXTREMA = {"<=": "min", ">=": "max"}


def _refuse(
    value: Tree,
    written: dict[str, Tree],
    domains: tuple[Domain, ...],
    parameters: tuple[Parameter, ...],
    delicate: dict[str, Tree] | None = None,
) -> None:
    if not written:
        return
    seen: set[str] = set()
    for line in lines(value, domains, samples(parameters)[0]):
        for row in samples(parameters)[:_MOST_ROWS]:
            for switch, at in crossed(line, row):
                if switch.text in written:
                    seen.add(switch.text)
                    _compare(line.value, switch, at, row)
    known = {p.name: p for p in parameters}
    for text, difference in (written if delicate is None else delicate).items():
        low, high, is_nonzero = bounds(difference, known)
        if text not in seen and not (is_nonzero and (low >= 0 or high <= 0)):
            raise NotDifferentiable(
                f"whether the value jumps where {text} was not decided: nothing tried comes near it; "
                "write the pieces with min, max or abs"
            )


def _compare(value: Tree, switch: Switch, at: Any, row: Values) -> None:
    """Check that the value is the same on either side of where a switch turns over, and there."""

    def beside(side: int, distance: Any) -> Any:
        return evaluate(value, {**row, W: at + side * (abs(at) or 1) * distance})

    far, near = ([beside(side, distance) for side in (-1, 1)] for distance in (TINY, TINY * TINY))
    here = evaluate(transform(value, partial(_at_zero, values={**row, W: at})), {**row, W: at})
    gaps = [(abs(far[0] - far[1]), abs(near[0] - near[1]))]
    gaps += [(abs(here - a), abs(here - b)) for a, b in zip(far, near, strict=True)]
    least = max((abs(v) for v in (*far, here) if v == v), default=0) * TINY * TINY
    if any(b > least and 1000 * b > 999 * a for a, b in gaps):
        raise _jump(f"where {switch.text}", [near[0], here, near[1]], row)


def _at_zero(node: Tree, values: Values) -> Tree:
    """Return what a switch is where its difference is 0."""
    match node:
        case Compare(operator, left, right) if _is_zero(minus(left, right), values):
            return _TRUE if "=" in operator else _FALSE
        case Call("sign", (argument,)) if _is_zero(argument, values):
            return ZERO
        case _:
            return node


def _is_zero(difference: Tree, values: Values) -> bool:
    return bool(abs(evaluate(difference, values)) <= TINY * TINY)


_TRUE, _FALSE = Compare("<=", ZERO, ZERO), Compare("<", ZERO, ZERO)
