"""Lower an operator of which it is not known where F turns: what a search for that asks of the penalty."""

from __future__ import annotations

from collections.abc import Callable

from symreg.expressions.tree import Binary, Call, Compare, Name, Tree, names, substitute
from symreg.kernel.cse import share
from symreg.kernel.ir import Best, Formula, Let, Search, Table
from symreg.kernel.names import Namer
from symreg.kernel.proximal.scope import ZERO, Scope, Statements, W
from symreg.proximal.operator import TableSearch, TermPiece


def search_of(operator: TableSearch, parameters: tuple[str, ...], rows: str) -> Search:
    """Return the search of an operator.

    Args:
        operator: Its trees are over the bare `w`.
        parameters: Names that may stand in them; those that do not are left out.
        rows: A name for the scratch array.
    """
    namer = Namer(parameters)
    u, inside = Name(namer.fresh("u")), Name(namer.fresh("inside"))
    used = {name for addend in operator.addends for span in addend for name in _names_in(span)}

    def formula(part: Callable[[TermPiece], Tree]) -> Formula:
        made = [substitute(_chosen(addend, part, inside), {W: u}) for addend in operator.addends]
        made = [tree for tree in made if tree != ZERO] or [ZERO]
        total = made[0]
        for tree in made[1:]:
            total = Binary("+", total, tree)
        shared = share((), (total,), Namer((*namer.taken, *parameters)))
        lets = tuple(stage for stage in shared.stages if isinstance(stage, Let))
        return Formula(lets=lets, result=shared.scalars[0])

    domain = operator.domain.at({})  # no end of it is a parameter
    return Search(
        u=u.name,
        inside=inside.name,
        rows=rows,
        parameters=tuple(name for name in parameters if name in used),
        knots=operator.knots,
        value=formula(lambda span: span.value),
        slope=formula(lambda span: span.slope),
        curvature=formula(lambda span: span.curvature),
        rising=formula(lambda span: span.curvature if span.rises else ZERO),
        falling=formula(lambda span: ZERO if span.rises else span.curvature),
        low=domain.low,
        high=domain.high,
        low_closed=domain.low is not None and domain.low_closed,
        high_closed=domain.high is not None and domain.high_closed,
        is_even=operator.is_even,
    )


def searched(x: Tree, scope: Scope, once: Statements, each: Statements) -> Tree:
    """Return the minimiser for one element, by a table made once; of the one norm of all, without; see `solved`."""
    x = scope.bounded(x, each)
    name = scope.fresh("u").name
    step = scope.step
    if once is each:
        each.append(Best(name=name, v=x, step=step))
    else:
        table = scope.fresh("table").name
        once.append(Table(name=table, step=step))
        each.append(Best(name=name, v=x, step=step, table=table))
    return Name(name)


def _chosen(spans: tuple[TermPiece, ...], part: Callable[[TermPiece], Tree], inside: Tree) -> Tree:
    """Return a part of the span that a weight inside it tells."""
    made = part(spans[-1])
    for span in reversed(spans[:-1]):
        assert span.high is not None
        if part(span) != made:
            made = Call("where", (Compare("<", inside, span.high), part(span), made))
    return made


def _names_in(span: TermPiece) -> set[str]:
    found = names(span.value) | names(span.slope) | names(span.curvature)
    return set(found if span.high is None else found | names(span.high))
