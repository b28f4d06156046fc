"""Where F(u) = u + s*phi'(u) rises and where it falls, between turning points; and is there a minimum at all?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symreg.calculus.border import border
from symreg.calculus.evaluation.high_precision import TINY, evaluate, samples
from symreg.calculus.pieces.pieces import Joint, Piece, Pieces, half, pieces
from symreg.calculus.signs.limit import limit
from symreg.calculus.signs.limits import limit_at
from symreg.calculus.signs.roots import roots
from symreg.calculus.signs.sign import sign_between, sign_for_all
from symreg.calculus.signs.sign_of import Sign
from symreg.calculus.signs.table import Run, sign_table, tidied
from symreg.calculus.symbolic.simplify import tidy
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import NAN, ONE, ZERO, W, call, has_w, minus, negative, over, plus, times, where
from symreg.expressions.text import mention, to_text
from symreg.expressions.tree import Call, Compare, Constant, Logic, Tree, number, substitute, walk
from symreg.model.domain import Domain
from symreg.model.spec import Parameter
from symreg.model.terms import Terms
from symreg.proximal.closed_forms import OWN_PARAMETERS, solution
from symreg.proximal.iteration import bend, curvature_of, is_number, number_far_out
from symreg.proximal.operator import STEP, Cell, Rest, V, times_step
from symreg.proximal.slopes import stable_slope

_INFINITE = (Constant("inf"), negative(Constant("inf")))


class NoMinimum(Intractable):
    """There is no operator, in whatever order the knots are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A phi as tokens, ascending; of an even one those from 0 on, of a periodic one those within half a period."""

    whole: Pieces
    tokens: list[Token]
    period: Tree | None


@border("the order of its pieces")
def find_cells(terms: Terms) -> _Found:
    parameters = terms.parameters
    whole = pieces(terms, parameters)
    part = half(whole) if whole.is_even else whole
    period = _period(part)
    if period is not None:
        (piece,) = part.pieces
        part = replace(part, pieces=(replace(piece, high=over(period, number(2))),))
    tokens = list(_tokens(part, _at_start(whole, part, parameters), parameters))
    if period is not None and isinstance(tokens[-1], Fall):
        tokens.pop()  # beyond half a period the same comes again, mirrored
    return _Found(whole=whole, tokens=tokens, period=period)


def needs_of(tokens: list[Token], parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return the condition that F rises in the end towards each infinity, or None if it does for every step.

    Raises:
        Intractable: There is no minimum for any step, or it is not known whether there is one.
    """
    made: list[Tree] = []
    for token, side in ((tokens[0], 1), (tokens[-1], -1)):
        if not isinstance(token, Cell) or not token.turns or (token.low if side > 0 else token.high) is not None:
            continue
        last = token.curvature if token.bends == 0 else limit_at(token.curvature, None, side, parameters)
        if last in (_INFINITE[1], NAN):
            raise Intractable(
                "the cost has no minimum for any step: phi'' falls without bound"
                if last == _INFINITE[1]
                else "whether the cost has a minimum for every step was not decided"
            )
        if last not in _INFINITE and sign_for_all(last, parameters) not in _PULL_UP:
            made.append(Compare(">", plus(ONE, times(STEP, last)), ZERO))
    conditions = tuple(dict.fromkeys(made))
    return None if not conditions else conditions[0] if len(conditions) == 1 else Logic("and", conditions)


def _period(part: Pieces) -> Tree | None:
    """Return the period of an even phi that is smooth: of one sine or cosine of a multiple of w."""
    if not part.is_even or len(part.pieces) > 1 or part.pieces[0].high is not None or part.pieces[0].low != ZERO:
        return None
    (piece,) = part.pieces
    waves = {
        node.arguments[0] for node in walk(piece.slope) if isinstance(node, Call) and node.function in ("sin", "cos")
    }
    if len(waves) != 1:
        return None
    (argument,) = waves
    still: dict[Tree, Tree] = {Call(name, (argument,)): ONE for name in ("sin", "cos")}
    rate = tidy(over(argument, W), ())
    if has_w(substitute(piece.slope, still)) or has_w(rate) or not _is_bounded(piece.value):
        return None
    return tidy(over(times(number(2), Constant("pi")), rate), ())


def _is_bounded(value: Tree) -> bool:
    """Does w stand only in sines and cosines? Else phi drifts although its slope repeats itself."""
    waves: dict[Tree, Tree] = {
        node: ONE for node in walk(value) if isinstance(node, Call) and node.function in ("sin", "cos")
    }
    return not has_w(substitute(value, waves))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """Between two tokens F falls for some steps; at a kink for all."""

    position: Tree
    is_kink: bool = False


Token = Rest | Cell | Fall


def _at_start(whole: Pieces, part: Pieces, parameters: tuple[Parameter, ...]) -> Rest | None:
    """Return what lies before the first cell: a kink at 0 of an even phi, or an end of the domain."""
    first = part.pieces[0]
    if whole.is_even:
        if len(whole.pieces) % 2:
            return None
        joint = whole.joints[len(whole.joints) // 2]
        if joint.kind == "undecided":
            raise Intractable(f"whether phi' jumps up or down at w = 0 depends on the parameters: {_sides(joint)}")
        return _rest(joint, first, ZERO, parameters) if joint.kind == "convex kink" else None
    if first.low is None or not (whole.domain.low_closed or _is_limit(first, first.low, 1, parameters)):
        return None
    right = _slope_at_end(first.slope, first.low, 1, parameters)
    if right == _INFINITE[1]:
        return None
    value = _value(first.value, first.low, 1, parameters)
    return Rest(position=first.low, left=None, right=_finite(right), value=value)


def _is_limit(piece: Piece, end: Tree, side: int, parameters: tuple[Parameter, ...]) -> bool:
    """Does phi run to a number at an open end? Then the least cost may be the limit there, and the end stands for it.

    Raises:
        _NoMinimum: It falls without bound.
    """
    value = limit_at(piece.value, end, side, parameters)
    if value == _INFINITE[1]:
        raise NoMinimum(f"the cost has no minimum: the penalty falls without bound toward w = {to_text(end)}")
    return value not in (*_INFINITE, NAN)


def _slope_at_end(slope: Tree, position: Tree, side: int, parameters: tuple[Parameter, ...]) -> Tree:
    """Return phi' at an end of the domain; where it is infinite and points inward, nothing rests there."""
    made = _at(slope, position, side, parameters)
    if made is None:
        made = limit_at(slope, position, side, parameters)
    if made == NAN:
        raise Intractable(f"how steep the penalty is at the end w = {to_text(position)} of its domain was not decided")
    return made


def _rest(joint: Joint, beside: Piece, position: Tree, parameters: tuple[Parameter, ...]) -> Rest:
    value = _value(beside.value, position, 1 if position == beside.low else -1, parameters)
    return Rest(position=position, left=_finite(joint.left), right=_finite(joint.right), value=value)


def _value(tree: Tree, position: Tree, side: int, parameters: tuple[Parameter, ...]) -> Tree:
    made = _at(tree, position, side, parameters)
    if made is None:
        made = limit_at(tree, position, side, parameters)
    if made in (*_INFINITE, NAN):
        raise NoMinimum(f"the cost has no minimum: the penalty is infinite at w = {to_text(position)}")
    return made


def _tokens(part: Pieces, start: Rest | None, parameters: tuple[Parameter, ...]) -> Iterator[Token]:
    """Yield cells, resting places and falls of F, ascending."""
    if start is not None:
        yield start
    joints: list[Joint | None] = [*part.joints, None]
    for piece, joint in zip(part.pieces, joints, strict=True):
        for cell in _cells(piece, part.domain, parameters):
            if cell.turns and cell.bends > 0 and cell.low is not None:
                yield Fall(position=cell.low)
            yield cell
            if cell.turns and cell.bends < 0 and cell.high is not None:
                yield Fall(position=cell.high)
        match joint:
            case Joint(kind="convex kink"):
                yield _rest(joint, piece, joint.position, parameters)
            case Joint(kind="concave kink"):
                yield Fall(position=joint.position, is_kink=True)
            case Joint(kind="undecided"):
                raise Intractable(
                    f"whether phi' jumps up or down at w = {to_text(joint.position)} depends on the parameters: "
                    f"{_sides(joint)}"
                )
    last = part.pieces[-1]
    if last.high is None or part.domain.upper is None:
        return
    if part.domain.high_closed or _is_limit(last, last.high, -1, parameters):
        left = _slope_at_end(last.slope, last.high, -1, parameters)
        if left != _INFINITE[0]:
            value = _value(last.value, last.high, -1, parameters)
            yield Rest(position=last.high, left=_finite(left), right=None, value=value)


def _cells(piece: Piece, domain: Domain, parameters: tuple[Parameter, ...]) -> Iterator[Cell]:
    """Yield the parts of a piece on which the curvature rises, falls or stays."""
    table = sign_table(piece.third, piece.low, piece.high, parameters)
    if table is None and sign_between(piece.curvature, piece.low, piece.high, parameters) in _PULL_UP:
        # F rises all over it, wherever its curvature rises and falls.
        table = (Run(sign=0, low=piece.low, high=piece.high, method="", is_strict=False),)
    if table is None:
        raise Intractable(
            f"where phi'' = {mention(piece.curvature)} rises and falls was not decided for all parameters"
        )
    slope = stable_slope(piece, parameters, domain)
    for run in table:
        signs = sign_table(piece.curvature, run.low, run.high, parameters)
        cell = Cell(
            low=run.low,
            high=run.high,
            value=piece.value,
            slope=slope,
            curvature=piece.curvature,
            third=piece.third,
            bends=run.sign,
            turns=signs is None or any(row.sign < 0 for row in signs),
            pull=_PULL.get(sign_between(piece.slope, run.low, run.high, parameters), 0),
            low_force=_at(piece.slope, run.low, 1, parameters),
            high_force=_at(piece.slope, run.high, -1, parameters),
        )
        if cell.turns:
            cell = _turning(cell, parameters)
        closed = solution(replace(cell, slope=piece.slope), parameters)
        if closed is not None:
            yield replace(cell, solution=_for_all_floats(closed, cell, parameters))
        else:
            yield _finite_far_out(_started(cell, piece.slope, parameters), parameters)


def _finite_far_out(cell: Cell, parameters: tuple[Parameter, ...]) -> Cell:
    """Return a cell of which a search for where F turns may try any weight."""
    if not cell.turns or cell.turn is not None:
        return cell
    curvature, third = (number_far_out(tree, cell.low, cell.high, parameters) for tree in (cell.curvature, cell.third))
    return replace(cell, curvature=curvature, third=third)


_PULL_UP = ("positive", "nonnegative", "zero")


_PULL: dict[Sign, int] = {"positive": 1, "nonnegative": 1, "zero": 1, "negative": -1, "nonpositive": -1}


_FARTHEST, _FAR = number(10**300), number(10**150)


def _for_all_floats(closed: Tree, cell: Cell, parameters: tuple[Parameter, ...]) -> Tree:
    """Return a solution that is a number at the largest v, too, and in the cell: else that counts as a smaller one."""
    known = (*parameters, *OWN_PARAMETERS)
    if cell.low is not None and cell.low_force is None:
        inside = where(Compare(">=", closed, cell.low), closed, NAN)
        if not is_number(inside, V, [-1e200, -1.7e308], known):
            return substitute(closed, {V: where(Compare("<", V, negative(_FAR)), negative(_FAR), V)})
    if cell.high is not None and cell.high_force is None:
        inside = where(Compare("<=", closed, cell.high), closed, NAN)
        if not is_number(inside, V, [1e200, 1.7e308], known):
            return substitute(closed, {V: where(Compare(">", V, _FAR), _FAR, V)})
    far = [side * 1.7e308 for side, end in ((1, cell.high), (-1, cell.low)) if end is None]
    if not far or is_number(closed, V, far, known):
        return closed
    least, most = negative(_FARTHEST), _FARTHEST
    bounded = where(Compare(">", V, most), most, where(Compare("<", V, least), least, V) if cell.low is None else V)
    return substitute(closed, {V: bounded})


def _turning(cell: Cell, parameters: tuple[Parameter, ...]) -> Cell:
    """Return a cell with its least curvature and, where it can be told, the place at which F turns."""
    least = _at(cell.curvature, cell.low if cell.bends > 0 else cell.high, cell.bends, parameters)
    if cell.bends == 0:
        return replace(cell, least=least)
    try:
        found = [r for r in roots(plus(ONE, times(STEP, cell.curvature))) if _is_turn(r, cell, parameters)]
    except NotDifferentiable:
        found = []
    return replace(cell, least=least, turn=tidy(found[0], (*parameters, *OWN_PARAMETERS)) if found else None)


def _is_turn(root: Tree, cell: Cell, parameters: tuple[Parameter, ...]) -> bool:
    """Does a root of F' lie in the cell at all samples at which F turns there?"""
    compared = 0
    for values in samples((*parameters, *OWN_PARAMETERS)):
        end = cell.low if cell.bends > 0 else cell.high
        at_end = (
            None
            if end is None
            else evaluate(plus(ONE, times(STEP, cell.curvature)), {**values, W: evaluate(end, values)})
        )
        if at_end is not None and at_end > 0:
            continue
        u = evaluate(root, values)
        low, high = (None if x is None else evaluate(x, values) for x in (cell.low, cell.high))
        if not (u == u and (low is None or u >= low) and (high is None or u <= high)):
            return False
        compared += 1
    return compared > 0


def _started(cell: Cell, slope: Tree, parameters: tuple[Parameter, ...]) -> Cell:
    """Return a cell with the start from which Newton's method runs through it without turning.

    Where the curvature rises F is convex, and the method comes from the right; where it falls, from the left. Near an
    end at 0 where the curvature is infinite it runs in the logarithm of u, in which F is convex again.
    """
    top = _at_most(slope, cell, parameters)
    from_right = V if top is None else top
    in_logarithm = cell.bends < 0 and cell.low == ZERO and _grows_without_bound(cell.curvature, ZERO, parameters)
    rise = curvature_of(cell, cell.slope, parameters)
    third = bend(cell, rise, parameters, by_weight=in_logarithm)
    cell = replace(cell, trial_curvature=rise, trial_third=third)
    if in_logarithm:
        return replace(cell, start=from_right, top=top, in_logarithm=True)
    if cell.bends < 0:
        return replace(cell, start=_from_left(cell, parameters))
    return replace(cell, start=from_right)


def _from_left(cell: Cell, parameters: tuple[Parameter, ...]) -> Tree:
    """Return a number that the root is not below in a cell on which F is concave: where a bound of F meets v.

    F is not above its tangent at the lower end, nor, where phi' rises, above u + s*phi' as it is in the end.
    """
    if cell.low is None:
        return V
    steepest = _at(cell.curvature, cell.low, 1, parameters)
    if cell.turns or cell.low_force is None or steepest is None:
        return cell.low
    rest = minus(minus(V, cell.low), times(STEP, cell.low_force))
    tangent = plus(cell.low, over(rest, plus(ONE, times_step(STEP, steepest))))
    last = limit_at(cell.slope, None, -1, parameters) if cell.high is None else NAN
    return tangent if last == NAN or last in _INFINITE else call("max", tangent, minus(V, times(STEP, last)))


def _at_most(slope: Tree, cell: Cell, parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return a number that the root is not above: v, or where s*phi' alone is v if that can be told and is needed."""
    is_steep = cell.high is None and _grows_without_bound(cell.curvature, None, parameters)
    is_steep |= cell.low == ZERO and _grows_without_bound(cell.curvature, ZERO, parameters)
    if not is_steep or cell.turns:
        return V if cell.pull > 0 else None
    top: Tree | None = V if cell.pull > 0 else None
    try:
        if top is None:
            zeros = [root for root in roots(slope) if _is_zero_of(root, slope, cell, parameters)]
            top = call("max", V, zeros[0]) if zeros else None
        inverses = [root for root in roots(minus(slope, over(V, STEP))) if _is_above(root, slope, cell, parameters)]
    except NotDifferentiable:
        return top
    if top is None or not inverses:
        return top
    least = call("min", top, inverses[0])
    if not (top == V and cell.bends < 0 and cell.low == ZERO):
        return least
    # phi' is concave and not negative at 0: s*phi'(h) >= v*h/b where s*phi'(b) = v, so that F(h) >= v for this h.
    ratio = over(V, inverses[0])
    return where(Compare(">", ratio, ZERO), over(V, plus(ONE, ratio)), least)


def _is_zero_of(root: Tree, slope: Tree, cell: Cell, parameters: tuple[Parameter, ...]) -> bool:
    """Is phi' 0 there, and is that in the cell, at all samples?"""
    for values in samples(parameters):
        u = evaluate(root, values)
        low = 0 if cell.low is None else evaluate(cell.low, values)
        if not (u > low and abs(evaluate(slope, {**values, W: u})) <= TINY):
            return False
    return True


def _is_above(root: Tree, slope: Tree, cell: Cell, parameters: tuple[Parameter, ...]) -> bool:
    """Is a root of s*phi'(u) = v the one in the cell, at samples of v and s?"""
    known = (*parameters, *OWN_PARAMETERS)
    for values in samples(known):
        v = abs(values[V]) if cell.pull > 0 else values[V]
        u = evaluate(root, {**values, V: v})
        low = 0 if cell.low is None else evaluate(cell.low, values)
        met = evaluate(times(STEP, slope), {**values, W: u})
        if not (u > low and abs(met - v) <= TINY * abs(v)):
            return False
    return True


def _grows_without_bound(curvature: Tree, at: Tree | None, parameters: tuple[Parameter, ...]) -> bool:
    """Does a curvature grow towards 0, or towards infinity? It only decides where an iteration starts."""
    values = samples(parameters)[0]
    points = ("1e-20", "1e-40") if at == ZERO else ("1e3", "1e6")
    near, far = (evaluate(curvature, {**values, W: TINY.context.mpf(point)}) for point in points)
    return not abs(far) <= 2 * abs(near)


def _at(tree: Tree, position: Tree | None, side: int, parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return a tree's value at an end, as its limit from a side where it has none there; None if that is infinite."""
    if position is None:
        return None
    made = tidied(substitute(tree, {W: position}), parameters)
    if any(isinstance(node, Constant) and node.name in ("nan", "inf") for node in walk(made)):
        made = limit(tree, position, side, parameters)
    return None if made == NAN or made in _INFINITE else made


def _finite(slope: Tree) -> Tree | None:
    return None if slope in _INFINITE else slope


def _sides(joint: Joint) -> str:
    return f"{to_text(joint.left)} from the left, {to_text(joint.right)} from the right"
