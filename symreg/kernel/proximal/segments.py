"""Lower a proximal operator: thresholds once, then for each element the formula of its cell, or its root.

Rows are what the minimiser can be, ascending in u and in v: a row holds up to its edge, a value of v. A dip parts the
rows where the better of two minima jumps; the edges on either side of a jump are moved up to it, so that what is never
the best has no v left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from symreg.expressions.arithmetic import call, minus, negative, over, plus, times, where
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Constant,
    Logic,
    Name,
    Negate,
    Number,
    Tree,
    number,
    substitute,
    walk,
)
from symreg.kernel.ir import Let, Root
from symreg.kernel.names import Namer
from symreg.kernel.proximal.common import FARTHEST, Candidate, Lowering, Statements, clipped
from symreg.kernel.proximal.sorted_knots import Sorting
from symreg.kernel.proximal.table_search import searched
from symreg.proximal.operator import STEP, Cell, Dip, Mixed, Operator, Rest, Segment, Unordered, V, times_step

_W = Name("w")
_ZERO, _ONE, _TWO = number(0), number(1), number(2)
_ABOVE = Number(Fraction(1_000_001, 1_000_000))
"""What a bound is multiplied by so that no rounding puts it on the wrong side."""
_NEAREST = Number(Fraction(1, 10**307))
"""Above an end at 0 that the minimiser does not reach."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A resting place or a cell, between two weights.

    Args:
        item: What it is.
        low: The least u; None for minus infinity.
        high: The greatest u; None for infinity.
        edge: The greatest v of the row; None for infinity.
    """

    item: Rest | Cell
    low: Tree | None
    high: Tree | None
    edge: Tree | None


def solved(
    operator: Operator | Unordered | Mixed, x: Tree, step: Tree, once: Statements, each: Statements, namer: Namer
) -> Tree:
    """Return the minimiser for one element, over names that the statements give.

    Args:
        operator: Of the penalty; if it is even, x is not negative.
        x: The element, a name.
        step: s.
        once: Receives what does not depend on x; may be `each`, where the step is another one for each element.
        each: Receives what does.
        namer: Knows the names in use.
    """
    if isinstance(operator, Mixed):
        return searched(x, step, once, each, namer)
    if isinstance(operator, Unordered):
        return Sorting(step, namer).sorted(operator, x, once, each)
    lowering = _Lowering(step, namer)
    if operator.pull != _ZERO or operator.rise != _ZERO:
        x = lowering.nearer(operator, x, once, each)
    if operator.period is None:
        return lowering.solved(operator, x, once, each)
    return lowering.folded(operator, operator.period, x, once, each)


class _Lowering(Lowering):
    """Writes statements for an `Operator`."""

    def nearer(self, operator: Operator, x: Tree, once: Statements, each: Statements) -> Tree:
        """Return the v at which the operator without what it has absorbed is taken; its step becomes the step."""
        pulled: Tree = x
        if operator.pull != _ZERO:
            moved = Binary("-", x, self.let("pull", times(self.step, self.at(operator.pull)), once))
            pulled = Call("where", (Compare(">", moved, _ZERO), moved, _ZERO))
        if operator.rise != _ZERO:
            rise = self.let("rise", plus(_ONE, times(self.step, self.at(operator.rise))), once)
            self.step = self.let("less", Binary("/", self.step, rise), once)
            pulled = Binary("/", pulled, rise)
        return self.let("x", pulled, each)

    def folded(self, operator: Operator, period: Tree, x: Tree, once: Statements, each: Statements) -> Tree:
        """Solve within half a period of 0, to which an x >= 0 is shifted and mirrored; the minimiser goes back."""
        whole = self.let("period", self.at(period), once)
        count = Call("floor", (Binary("/", x, whole),))
        rest = self.let("rest", Binary("-", x, Binary("*", count, whole)), each)
        is_beyond = Compare(">", rest, Binary("/", whole, _TWO))
        near = self.let("near", Call("where", (is_beyond, Binary("-", whole, rest), rest)), each)
        u = self.let("u", self.solved(operator, near, once, each), each)
        return Binary("+", Binary("-", x, rest), Call("where", (is_beyond, Binary("-", whole, u), u)))

    def solved(self, operator: Operator, x: Tree, once: Statements, each: Statements) -> Tree:
        segments = operator.segments
        ends = [self.ends(dip, a, b, once) for dip, (a, b) in zip(operator.dips, pairwise(segments), strict=True)]
        lows = [self.outer(segments[0][0], once, side=1), *(high for _, high in ends)]
        highs = [*(low for low, _ in ends), self.outer(segments[-1][-1], once, side=-1)]
        tables = [self.rows(*row, once) for row in zip(segments, lows, highs, strict=True)]
        if len(tables) == 1:
            return self.chosen(tables[0], x, once, each)[0]
        if len(tables) == 2 and once is not each:
            return self.chosen(self.joined(tables, operator.dips[0], once), x, once, each)[0]
        for k in range(len(operator.dips) - 1, -1, -1):
            cell = operator.dips[k].cell
            if cell is not None:
                tables.insert(k + 1, [_Row(cell, cell.low, cell.high, None)])
        x = self.bounded(x, each)
        candidates: list[Candidate] = []
        top: Tree | None = None
        for k, table in enumerate(tables):
            bottom = self.lower(table[0], once) if k else None
            if bottom is not None and top is not None:
                bottom = self.let("bottom", Call("min", (bottom, top)), once)  # no rounding parts what is adjacent
            top = self.upper(table[-1], once) if k + 1 < len(tables) else None
            u, value = self.chosen(table, x, once, each, is_clipped=True)
            candidates.append(Candidate(self.let("u", u, each), value, bottom, top))
        return self.best(candidates, x, each)

    # What does not depend on the element

    def ends(self, dip: Dip, before: Segment, after: Segment, once: Statements) -> tuple[Tree, Tree]:
        """Return where F begins to fall and where it rises again."""
        if dip.cell is not None:
            assert dip.cell.low is not None and dip.cell.high is not None
            return dip.cell.low, dip.cell.high
        last, first = before[-1], after[0]
        low = self.turn(last, dip.position, once) if isinstance(last, Cell) and last.turns else dip.position
        high = self.turn(first, dip.position, once) if isinstance(first, Cell) and first.turns else dip.position
        return low, high

    def outer(self, item: Rest | Cell, once: Statements, *, side: int) -> Tree | None:
        """Return where F turns in the first cell (side 1) or in the last (side -1), if it does at its outer end."""
        if isinstance(item, Rest) or not item.turns or item.bends != side:
            return None
        end = item.low if side > 0 else item.high
        return None if end is None else self.turn(item, end, once)

    def turn(self, cell: Cell, position: Tree, once: Statements) -> Tree:
        """Return where F turns in a cell whose curvature is least at a position, or the position if F does not."""
        if cell.bends == 0:
            return position
        rise = plus(_ONE, times_step(self.step, cell.curvature))
        bend = times(self.step, cell.third)
        does = None
        if cell.least is not None:
            does = Compare("<", plus(_ONE, times_step(self.step, cell.least)), number(0))
        if cell.turn is not None:
            found = self.at(cell.turn)
            return self.let("turn", found if does is None else Call("where", (does, found, position)), once)
        if cell.bends < 0 and cell.low is None:
            # Far out the curvature may be NaN, which is taken for above the root: so it is, mirrored.
            return self.let("turn", negative(self.turn(_mirrored(cell), negative(position), once)), once)
        far = cell.high if cell.bends > 0 else cell.low
        bound = far if far is not None else FARTHEST
        if does is not None:
            bound = self.let("bound", Call("where", (does, bound, position)), once)
        name = Name(self.namer.fresh("turn"))
        start = Binary("*", _TWO, position) if far is None and not _is_number(position) else bound
        once.append(
            Root(
                name=name.name,
                low=position if cell.bends > 0 else bound,
                high=bound if cell.bends > 0 else position,
                start=clipped(start, position, bound) if cell.bends > 0 else clipped(start, bound, position),
                residual=substitute(rise if cell.bends > 0 else Negate(rise), {_W: name}),
                slope=substitute(bend if cell.bends > 0 else Negate(bend), {_W: name}),
            )
        )
        return name

    def rows(self, segment: Segment, low: Tree | None, high: Tree | None, once: Statements) -> list[_Row]:
        """Return a segment's rows; the first begins at `low`, the last ends at `high`, where these are given."""
        made: list[_Row] = []
        for k, item in enumerate(segment):
            following = segment[k + 1] if k + 1 < len(segment) else None
            if isinstance(item, Rest):
                edge = None if item.right is None else self.force(item.position, item.right)
                made.append(_Row(item, item.position, item.position, edge if following is not None else None))
                continue
            start = low if k == 0 and low is not None else item.low
            end = high if following is None and high is not None else item.high
            edge = None
            if following is not None and end is not None:
                at_end = item.high_force or substitute(item.slope, {_W: end})
                edge = self.force(end, at_end)
            made.append(_Row(item, start, end, edge))
        return [_Row(r.item, r.low, r.high, None if r.edge is None else self.let("edge", r.edge, once)) for r in made]

    def joined(self, tables: list[list[_Row]], dip: Dip, once: Statements) -> list[_Row]:
        """Return the rows of two segments with the jump between them as an edge."""
        before, after = tables
        last, first = before[-1], after[0]
        if dip.cell is None and dip.jump is not None:
            jump = self.let("jump", self.at(dip.jump), once)
        elif dip.cell is None:
            top = self.upper(last, once)
            bottom = self.lower(first, once)
            jump = self.jump(before, after, bottom, top, once)
        else:
            cell, (low, high) = dip.cell, (last.high, first.low)
            assert low is not None and high is not None and cell.low_force and cell.high_force
            rise = self.let("rise", plus(_ONE, times_step(self.step, self.at(cell.curvature))), once)
            at_low = self.let("edge", self.force(low, cell.low_force), once)
            at_high = self.let("edge", self.force(high, cell.high_force), once)
            is_kept = Compare(">", rise, number(0))
            if dip.jump is not None:
                jump = self.let("jump", Call("where", (is_kept, at_high, self.at(dip.jump))), once)
            else:
                top = self.let("top", Call("where", (is_kept, at_high, at_low)), once)
                jump = self.jump(before, after, at_high, top, once)
            before = [*before[:-1], _Row(last.item, last.low, last.high, at_low), _Row(cell, low, high, None)]
        made = [
            _Row(r.item, r.low, r.high, self.let("edge", Call("min", (r.edge, jump)), once)) if r.edge else r
            for r in before[:-1]
        ]
        made.append(_Row(before[-1].item, before[-1].low, before[-1].high, jump))
        for r in after:
            edge = r.edge and self.let("edge", Call("max", (r.edge, jump)), once)
            made.append(_Row(r.item, r.low, r.high, edge))
        return made

    def jump(self, before: list[_Row], after: list[_Row], bottom: Tree, top: Tree, once: Statements) -> Tree:
        """Return the v at which both segments have minima that are equally good.

        The difference of the two minimal values rises with v; its derivative is the distance of the two minimisers.
        """
        name = Name(self.namer.fresh("jump"))
        body: Statements = []
        a, value_a = self.chosen(before, name, once, body, is_clipped=True)
        b, value_b = self.chosen(after, name, once, body, is_clipped=True)
        a, b = self.let("a", a, body), self.let("b", b, body)
        middle = Binary("-", Binary("/", Binary("+", a, b), _TWO), name)
        penalty = Binary("*", self.step, Binary("-", value_a, value_b))
        gap = Binary("-", b, a)
        once.append(
            Root(
                name=name.name,
                low=bottom,
                high=top,
                start=bottom,
                body=tuple(statement for statement in body if isinstance(statement, Let | Root)),
                residual=Binary("-", penalty, Binary("*", gap, middle)),
                slope=gap,
            )
        )
        return name

    def upper(self, row: _Row, once: Statements) -> Tree:
        """Return the greatest v for which a segment's last row has a minimum."""
        if isinstance(row.item, Rest):
            right = row.item.right
            return FARTHEST if right is None else self.let("top", self.force(row.item.position, right), once)
        assert row.high is not None
        return self.let("top", self.force(row.high, substitute(row.item.slope, {_W: row.high})), once)

    def lower(self, row: _Row, once: Statements) -> Tree:
        """Return the least v for which a segment's first row has a minimum."""
        if isinstance(row.item, Rest):
            left = row.item.left
            return Negate(FARTHEST) if left is None else self.let("bottom", self.force(row.item.position, left), once)
        assert row.low is not None
        return self.let("bottom", self.force(row.low, substitute(row.item.slope, {_W: row.low})), once)

    # What does

    def chosen(
        self, rows: list[_Row], x: Tree, once: Statements, each: Statements, *, is_clipped: bool = False
    ) -> tuple[Tree, Tree]:
        """Return the minimiser within a table, and the penalty there.

        Args:
            rows: Ascending.
            x: v.
            each: Receives the root, if there is one.
            is_clipped: May x lie outside the rows' own range?
        """
        searched = [row for row in rows if isinstance(row.item, Cell) and row.item.solution is None]
        found = self.root(rows, x, once, each) if searched else None
        places: list[Tree] = []
        for k, row in enumerate(rows):
            if found is not None and (isinstance(row.item, Rest) or row in searched):
                places.append(found)
            elif isinstance(row.item, Rest):
                places.append(row.item.position)
            else:
                assert row.item.solution is not None
                place = substitute(row.item.solution, {V: x, STEP: self.step})
                is_end = is_clipped and k in (0, len(rows) - 1)
                places.append(_between(place, row) if row.item.turns or is_end else place)
        place = _by_edge(rows, places, x)
        if not is_clipped:
            return place, number(0)
        place = self.let("u", place, each)
        values = [
            row.item.value if isinstance(row.item, Rest) else substitute(row.item.value, {_W: place}) for row in rows
        ]
        return place, _by_edge(rows, values, x)

    def root(self, rows: list[_Row], x: Tree, once: Statements, each: Statements) -> Tree:
        """Return the root of F(u) = x in the row that x belongs to; a row that is no cell has its place as bounds."""
        lows: list[Tree] = []
        highs: list[Tree] = []
        starts: list[Tree] = []
        slopes: list[Tree] = []
        rises: list[Tree] = []
        bends: list[Tree | None] = []
        is_halted = False
        cells = [row.item for row in rows if isinstance(row.item, Cell) and row.item.solution is None]
        for row in rows:
            item = row.item
            if isinstance(item, Cell) and item.solution is None:
                is_open = item.in_logarithm and item.low_force is None  # F is minus infinity there
                low = _NEAREST if is_open else _bound(row.low, item.pull < 0, x, Negate(FARTHEST))
                guess = self.before_turn(row, x, once, each) if item.turns and item.bends < 0 else None
                known = clipped(substitute(item.start, {V: x, STEP: self.step}), low, row.high)
                start = known if guess is None else clipped(guess, low, row.high)
                lows.append(low)
                starts.append(start if is_open else _off_infinite_ends(start, row, item))
                is_halted |= guess is None and item.turns and item.pull != item.bends  # then v may be beyond the turn
                if item.in_logarithm and item.top is not None:  # if that is 0, the root is 0
                    highs.append(Binary("*", _ABOVE, known))
                else:
                    highs.append(_bound(row.high, item.pull > 0, x, FARTHEST))
                slopes.append(item.slope)
                rises.append(item.trial_curvature or item.curvature)
                bends.append(item.trial_third)
            else:
                place = item.position if isinstance(item, Rest) else row.low or row.high or number(0)
                lows.append(place)
                highs.append(place)
                starts.append(place)
                slopes.append(cells[0].slope)
                rises.append(cells[0].trial_curvature or cells[0].curvature)
                bends.append(cells[0].trial_third)
        name = Name(self.namer.fresh("u"))
        slope = self.let_tree(_by_edge(rows, slopes, x), name)
        rise = plus(_ONE, times(self.step, _without_cosines(self.let_tree(_by_edge(rows, rises, x), name), slope)))
        residual = minus(plus(name, times(self.step, slope)), x)
        in_logarithm = any(cell.in_logarithm for cell in cells)
        given = [bend for bend in bends if bend is not None]
        if len(given) == len(bends) and all(cell.in_logarithm == in_logarithm for cell in cells):
            # Halley's method is Newton's with the slope as it is halfway; not where that overflows or is far off.
            change = times(self.step, _without_cosines(self.let_tree(_by_edge(rows, given, x), name), slope))
            run = times(rise, name) if in_logarithm else rise
            halfway = minus(rise, times(over(residual, times(_TWO, run)), change))
            rise = Call("where", (_is_near(halfway, rise, is_halted=is_halted), halfway, rise))
            in_logarithm = False
        each.append(
            Root(
                name=name.name,
                low=_by_edge(rows, lows, x),
                high=_by_edge(rows, highs, x),
                start=_by_edge(rows, starts, x),
                residual=residual,
                slope=rise,
                in_logarithm=in_logarithm,
            )
        )
        return name

    def before_turn(self, row: _Row, x: Tree, once: Statements, each: Statements) -> Tree | None:
        """Return where F would be x in a cell at whose upper end it turns, if it were a parabola; None without ends."""
        cell, low, high = row.item, row.low, row.high
        if low is None or high is None or not isinstance(cell, Cell) or cell.low_force is None:
            return None
        bottom = self.let("bottom", self.force(low, cell.low_force), once)
        top = self.let("top", self.force(high, substitute(cell.slope, {_W: high})), once)
        is_below = Compare("<", x, top)
        if cell.in_logarithm:  # it has to be near a root that is near the lower end, too
            done = self.let("part", where(is_below, over(minus(x, bottom), minus(top, bottom)), _ONE), each)
            return plus(low, times(minus(high, low), over(done, plus(_ONE, call("sqrt", minus(_ONE, done))))))
        part = over(minus(top, x), minus(top, bottom))
        return minus(high, times(minus(high, low), Call("sqrt", (Call("where", (is_below, part, number(0))),))))

    # Expressions

    def let_tree(self, tree: Tree, name: Tree) -> Tree:
        return substitute(tree, {_W: name})


def _mirrored(cell: Cell) -> Cell:
    """Return what there is to know of where F turns in a cell without a lower end, over -w."""
    assert cell.high is not None
    opposite: dict[Tree, Tree] = {_W: Negate(_W)}
    return replace(
        cell,
        low=negative(cell.high),
        high=None,
        curvature=substitute(cell.curvature, opposite),
        third=negative(substitute(cell.third, opposite)),
        bends=1,
    )


def _by_edge(rows: list[_Row], values: list[Tree], x: Tree) -> Tree:
    """Return the value of the row that x belongs to."""
    made = values[0]
    for row, following in zip(rows, values[1:], strict=False):
        assert row.edge is not None
        if following != made:
            made = Call("where", (Compare(">", x, row.edge), following, made))
    return made


def _between(value: Tree, row: _Row) -> Tree:
    """Return a value moved into a row."""
    return clipped(value, row.low, row.high)


def _without_cosines(bend: Tree, slope: Tree) -> Tree:
    """Return a derivative with cos(x) as sin(x + pi/2) where sin(x) stands beside it; accurate enough for a step.

    Compilers compute sine and cosine of one number together, which no vector function does.
    """
    sines = {node.arguments for node in walk(slope) if isinstance(node, Call) and node.function == "sin"}
    quarter = Binary("/", Constant("pi"), _TWO)
    return substitute(bend, {Call("cos", x): Call("sin", (Binary("+", x[0], quarter),)) for x in sines})


def _off_infinite_ends(start: Tree, row: _Row, cell: Cell) -> Tree:
    """Return a start that is not an end at which F is infinite: which infinity, rounding may get wrong there."""
    low = row.low if cell.low_force is None and row.low == cell.low else None
    high = row.high if cell.high_force is None and row.high == cell.high else None
    if low is not None:
        start = Call("where", (Compare("<=", start, low), _beyond(low, row.high, 1), start))
    if high is not None:
        start = Call("where", (Compare(">=", start, high), _beyond(high, row.low, -1), start))
    return start


def _beyond(end: Tree, other: Tree | None, side: int) -> Tree:
    """Return a number between two ends, or at some distance from one alone."""
    if other is not None:
        return Binary("+", Binary("/", end, _TWO), Binary("/", other, _TWO))
    return Binary("+" if side > 0 else "-", end, Binary("+", _ONE, Call("abs", (end,))))


def _bound(end: Tree | None, is_pulled: bool, x: Tree, farthest: Tree) -> Tree:
    """Return a bound of u: the row's end, or x where there is none and the penalty pulls u away from x."""
    if end is None:
        return x if is_pulled else farthest
    return end


def _is_near(halfway: Tree, rise: Tree, *, is_halted: bool) -> Tree:
    """Is Halley's slope about Newton's? At a turn of F, where Newton's is 0, it is so great that no trial moves."""
    is_enough = Compare(">", times(_TWO, halfway), rise)
    return Logic("and", (is_enough, Compare("<", halfway, times(_TWO, rise)))) if is_halted else is_enough


def _is_number(tree: Tree) -> bool:
    return isinstance(tree, Number)
