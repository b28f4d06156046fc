"""The knots of a sum in the order that holds for all parameters, and the domain that its terms share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cmp_to_key, partial

from symreg.calculus.evaluation.high_precision import TINY, evaluate, samples
from symreg.calculus.signs.roots import knots_of, roots, singular_at
from symreg.calculus.signs.sign import sign_for_all
from symreg.calculus.signs.symbolic_sign import Sign, is_imaginary
from symreg.calculus.symbolic.simplify import simplify
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import ZERO, W, minus
from symreg.expressions.text import to_text
from symreg.expressions.tree import Tree
from symreg.model.domain import Domain, between
from symreg.model.spec import Parameter
from symreg.model.terms import Terms


def domain_of(terms: Terms) -> Domain:
    """Return the weights at which every elementwise term is finite.

    Raises:
        Intractable: There is none, or it depends on the parameters which end of two domains counts.
    """
    made: Domain
    made, *others = dict.fromkeys(term.domain for term in terms.elementwise)
    for domain in others:
        made = _both(made, domain, terms.parameters)
    return made


def _both(a: Domain, b: Domain, parameters: tuple[Parameter, ...]) -> Domain:
    low, low_closed = _inner(1, (a.lower, a.low_closed), (b.lower, b.low_closed), parameters)
    high, high_closed = _inner(-1, (a.upper, a.high_closed), (b.upper, b.high_closed), parameters)
    if low is not None and high is not None:
        order = sign_for_all(minus(high, low), parameters)
        if order not in ("positive", "zero") or (order == "zero" and not (low_closed and high_closed)):
            raise Intractable(f"no weight may lie in the domains of all terms: {a} and {b}")
    return between(low, high, low_closed=low_closed, high_closed=high_closed)


_End = tuple[Tree | None, bool]


def _inner(side: int, a: _End, b: _End, parameters: tuple[Parameter, ...]) -> _End:
    """Return the end of two domains that leaves less: of the lower ends the upper one, on side 1."""
    if a[0] is None or b[0] is None:
        return b if a[0] is None else a
    if a[0] == b[0]:
        return a[0], a[1] and b[1]
    order = _compare(a[0], b[0], parameters)
    return (a[0], a[1] and b[1]) if order == 0 else a if order == side else b


def ordered_positions(
    value: Tree, low: Tree | None, high: Tree | None, parameters: tuple[Parameter, ...], *, is_mirrored: bool
) -> list[Tree]:
    """Return the knots within the domain, ascending, each once; of a mirrored phi 0 and those above it."""
    inner: list[Tree] = [ZERO] if is_mirrored else []
    for position in dict.fromkeys([*knots_of(value, parameters), *_singular(value, parameters)]):
        if is_imaginary(position, parameters):
            continue
        at = simplify(position, parameters)
        bottom = ZERO if is_mirrored else low
        if (bottom is None or _compare(at, bottom, parameters) > 0) and (
            high is None or _compare(at, high, parameters) < 0
        ):
            inner.append(at)
    made: list[Tree] = []
    for knot in sorted(inner, key=cmp_to_key(partial(_compare, parameters=parameters))):
        if not made or _compare(made[-1], knot, parameters) != 0:
            made.append(knot)
    return made


def _singular(value: Tree, parameters: tuple[Parameter, ...]) -> Iterator[Tree]:
    """Yield the weights at which phi may not be smooth although nothing switches there, as `sqrt(w**2)` at 0.

    Where they cannot be listed, each piece is asked whether there are any.
    """
    for expression in singular_at(value):
        with suppress(NotDifferentiable):
            yield from (root for root in roots(expression) if _may_vanish(expression, root, parameters))


def _may_vanish(expression: Tree, root: Tree, parameters: tuple[Parameter, ...]) -> bool:
    """Is it 0 there, or undefined, for some parameters? `1 + abs(w)` is not, at the root that its pieces have."""
    rows = ({**row, W: evaluate(root, row)} for row in samples(parameters))
    return any(not abs(evaluate(expression, row)) > TINY for row in rows)


def _compare(a: Tree, b: Tree, parameters: tuple[Parameter, ...]) -> int:
    """Return -1, 0 or 1: which of two knots is the lower one for all parameters (or the same for some of them)."""
    if a == b:
        return 0
    sign = sign_for_all(minus(a, b), parameters)
    if sign == "undecided":
        raise Intractable(
            f"which of the knots w = {to_text(a)} and w = {to_text(b)} comes first depends on the parameters; "
            "give them domains that settle it"
        )
    return _ORDER[sign]


_ORDER: dict[Sign, int] = {"negative": -1, "nonpositive": -1, "zero": 0, "nonnegative": 1, "positive": 1}
