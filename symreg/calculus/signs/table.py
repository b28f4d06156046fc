"""The exact sign of a smooth function of the weight on an interval, for all parameter values, with its zeros.

Takes a tree free of switches and the interval's ends; hands on runs of one sign, or None where they are not decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from flint import arb, ctx, fmpq

from symreg.calculus.signs.nondimensional import Scaled, scaled
from symreg.calculus.signs.roots import roots
from symreg.calculus.signs.sign import sign_between, sign_for_all
from symreg.calculus.signs.symbolic_sign import STRICT, Sign, is_imaginary
from symreg.calculus.signs.zeros import enclosed, sign_at, zeros
from symreg.calculus.symbolic.simplify import simplify
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import minus, times
from symreg.expressions.tree import Name, Number, Tree, substitute, walk
from symreg.model.interval import WORDS
from symreg.model.spec import Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One sign on an open interval, for all parameters; between two runs the function is 0.

    Args:
        sign: -1, 0 (the function is 0 all over it) or 1.
        low: Lower end; None: -inf.
        high: Upper end; None: inf.
        is_strict: Is it the sign everywhere? Else the function may be 0 besides, for some parameters.
        method: How it was decided: `factors`, `Z3`, `closed form`, `polynomial`, `balls for ...`.
    """

    sign: int
    low: Tree | None
    high: Tree | None
    method: str
    is_strict: bool = True


def sign_table(
    tree: Tree, low: Tree | None, high: Tree | None, parameters: tuple[Parameter, ...]
) -> tuple[Run, ...] | None:
    """Return the runs of one sign between two ends, ascending; None where they depend on the parameters or on doubt.

    A zero is a closed form times the scale, else a number of 60 certified digits times it; `is_closed` tells.

    Args:
        tree: Over the bare `w`, free of switches, continuous between the ends.
        low: Lower end, an expression in the parameters; None: -inf.
        high: Upper end; None: inf.
        parameters: With their domains.
    """
    sign = sign_between(tree, low, high, parameters)
    if sign in STRICT:
        return (Run(sign=STRICT[sign], low=low, high=high, method="factors"),)
    runs = _runs(tree, low, high, parameters)
    if runs is None and sign in _WEAK:
        return (Run(sign=_WEAK[sign], low=low, high=high, method="factors", is_strict=False),)
    return runs


def is_closed(tree: Tree | None) -> bool:
    """Is an end or a zero a closed form, with no number in it that stands for a root by its digits?"""
    return tree is None or not any(map(_is_long, walk(tree)))


def simplified(tree: Tree, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the shortest equal form in which a number known by its digits stays one, with a name meanwhile."""
    numbers: dict[Tree, Tree] = {node: Name(f"digits_{k}") for k, node in enumerate(filter(_is_long, walk(tree)))}
    stand_ins = tuple(
        Parameter(name=name.name, domain=WORDS["positive"], default=1.0)
        for name in numbers.values()
        if isinstance(name, Name)
    )
    made = simplify(substitute(tree, numbers), (*parameters, *stand_ins))
    return substitute(made, {name: node for node, name in numbers.items()})


def _is_long(node: Tree) -> bool:
    return isinstance(node, Number) and node.value.denominator > _LONG


_LONG = 10**15
_WEAK: dict[Sign, int] = {"nonpositive": -1, "nonnegative": 1}


def _runs(tree: Tree, low: Tree | None, high: Tree | None, parameters: tuple[Parameter, ...]) -> tuple[Run, ...] | None:
    """Return the runs between the zeros, found in the scaled variable."""
    form = scaled([tree], parameters, lengths=[low, high])
    prefactor = STRICT.get(sign_for_all(form.prefactor, parameters))
    if prefactor is None:
        return None
    if prefactor == 0:
        return (Run(sign=0, low=low, high=high, method="factors"),)
    (reduced,), (start, end) = form.reduced, form.lengths
    split = _without_parameters if not form.groups else _with_parameters
    runs = split(reduced, start, end, form.parameters)
    if runs is None:
        return None
    marks = [low, *(_restored(run.high, form, parameters) for run in runs[:-1]), high]
    return tuple(
        Run(sign=prefactor * run.sign, low=a, high=b, method=run.method)
        for run, (a, b) in zip(runs, pairwise(marks), strict=True)
    )


def _restored(zero: Tree | None, form: Scaled, parameters: tuple[Parameter, ...]) -> Tree | None:
    """Return a zero of the reduced tree as a weight."""
    return None if zero is None else simplify(times(form.scale, form.restored(zero)), parameters)


def _without_parameters(
    tree: Tree, low: Tree | None, high: Tree | None, parameters: tuple[Parameter, ...]
) -> tuple[Run, ...] | None:
    """Return the runs of a tree over w alone: all its zeros are listed, and between two of them one point decides."""
    found = zeros(tree, low, high)
    if found is None:
        return None
    made: list[Run] = []
    for a, b in pairwise([low, *found.at, high]):
        sign = sign_at(tree, point_between(a, b))
        if sign is None:
            return None
        made.append(Run(sign=sign, low=a, high=b, method=found.method))
    return tuple(made)


def point_between(low: Tree | None, high: Tree | None) -> fmpq:
    """Return an exact number strictly between two ends without names, the nearer one 2 and more decimals away."""
    with ctx.workprec(400):
        a, b = (None if end is None else enclosed(end) for end in (low, high))
        if a is None and b is None:
            return fmpq(1, 7)
        if a is None or b is None:
            end = b if a is None else a
            assert end is not None
            middle = end + (1 if b is None else -1) * (abs(end) + 1) * arb(3) / 7
        else:
            middle = a + (b - a) * arb(3) / 7
        mantissa, exponent = middle.mid().man_exp()
    return fmpq(mantissa) * fmpq(2) ** int(exponent)


def _with_parameters(
    tree: Tree, low: Tree | None, high: Tree | None, parameters: tuple[Parameter, ...]
) -> tuple[Run, ...] | None:
    """Return the runs where every zero has a closed form in the groups, and each run's sign is proved by itself."""
    try:
        found = roots(tree)
        inner = _ordered(found, low, high, parameters)
    except (NotDifferentiable, Intractable):
        return None
    if inner is None:
        return None
    made: list[Run] = []
    for a, b in pairwise([low, *inner, high]):
        sign = STRICT.get(sign_between(tree, a, b, parameters))
        if sign is None:
            return None
        made.append(Run(sign=sign, low=a, high=b, method="closed form"))
    return tuple(made)


def _ordered(
    found: Sequence[Tree], low: Tree | None, high: Tree | None, parameters: tuple[Parameter, ...]
) -> list[Tree] | None:
    """Return those strictly between the ends for all parameters, ascending; None where that depends on them."""
    inner: list[Tree] = []
    for zero in found:
        if is_imaginary(zero, parameters):
            continue
        at = simplify(zero, parameters)
        sides = [_order(at, low, parameters), _order(high, at, parameters)]
        if all(side == 1 for side in sides):
            if any(_order(at, other, parameters) is None for other in inner):
                return None
            inner.append(at)
        elif None in sides:
            return None
    distinct: list[Tree] = []
    for zero in sorted(inner, key=lambda zero: _rank(zero, inner, parameters)):
        if not distinct or _order(zero, distinct[-1], parameters):
            distinct.append(zero)
    return distinct


def _rank(zero: Tree, others: list[Tree], parameters: tuple[Parameter, ...]) -> int:
    return sum(_order(zero, other, parameters) == 1 for other in others)


def _order(a: Tree | None, b: Tree | None, parameters: tuple[Parameter, ...]) -> int | None:
    """Return the sign of a - b for all parameters; 1 where one of the two is an infinite end."""
    if a is None or b is None:
        return 1
    return 0 if a == b else STRICT.get(sign_for_all(minus(a, b), parameters))
