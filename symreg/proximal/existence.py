"""Is there a minimum at all? There is one if F rises in the end, towards either infinity."""

from __future__ import annotations

from collections.abc import Sequence

from symreg.calculus.signs.limits import limit_at
from symreg.calculus.signs.sign import sign_for_all
from symreg.calculus.signs.symbolic_sign import NONNEGATIVE
from symreg.errors import Intractable
from symreg.expressions.arithmetic import NAN, ONE, ZERO, plus, times
from symreg.expressions.tree import Compare, Logic, Tree
from symreg.model.spec import Parameter
from symreg.proximal.cases import Entry, Fall
from symreg.proximal.ends import INFINITE
from symreg.proximal.operator import STEP, MonotonePiece


def needs_of(entries: Sequence[Entry], parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return the condition that F rises in the end towards each infinity, or None if it does for every step.

    Raises:
        Intractable: There is no minimum for any step, or it is not known whether there is one.
    """
    conditions: list[Tree] = []
    for entry, side in ((entries[0], 1), (entries[-1], -1)):
        piece = None if isinstance(entry, Fall) else entry.place
        if not isinstance(piece, MonotonePiece) or not piece.may_fall:
            continue
        if (piece.low if side > 0 else piece.high) is not None:
            continue
        last = piece.curvature if piece.trend == 0 else limit_at(piece.curvature, None, side, parameters)
        if last in (INFINITE[1], NAN):
            raise Intractable(
                "the cost has no minimum for any step: phi'' falls without bound"
                if last == INFINITE[1]
                else "whether the cost has a minimum for every step was not decided"
            )
        if last not in INFINITE and sign_for_all(last, parameters) not in NONNEGATIVE:
            conditions.append(Compare(">", plus(ONE, times(STEP, last)), ZERO))
    distinct = tuple(dict.fromkeys(conditions))
    return None if not distinct else distinct[0] if len(distinct) == 1 else Logic("and", distinct)
