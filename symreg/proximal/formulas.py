"""The case table as papers write it: for the steps for which F rises everywhere, and for those beyond that bound.

Takes an `Operator`; hands on, for each range of the step, what the minimiser is in each interval of v, and where it
jumps. Formulas are compared with the objective itself at samples before they are handed on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from symreg.calculus.evaluation.high_precision import TINY, evaluate, samples
from symreg.calculus.signs.extremes import derivative_of
from symreg.calculus.symbolic.simplify import simplify
from symreg.errors import Intractable
from symreg.expressions.arithmetic import ZERO, W, call, times, where
from symreg.expressions.text import mention
from symreg.expressions.tree import Binary, Compare, Number, Tree, substitute, walk
from symreg.model.spec import Parameter
from symreg.proximal.operator import Case, Kink, MonotonePiece, Operator, V
from symreg.proximal.solving.inverses import Inverse, inverse
from symreg.proximal.solving.points import known_with


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCase:
    """A case of v with its formula as papers write it.

    Args:
        place: The kink at which the minimiser stays, or the whole piece of phi that it moves on.
        low: The least v; None for minus infinity.
        high: The greatest v; None for infinity.
        inverse: u over v; None where there is no closed form. Of a kink its position.
        slope: phi' on a piece.
    """

    place: Kink | MonotonePiece
    low: Tree | None
    high: Tree | None
    inverse: Inverse | None
    slope: Tree = ZERO

    @property
    def value(self) -> Tree:
        """phi at the minimiser, over v; only where there is a closed form."""
        if isinstance(self.place, Kink):
            return self.place.value
        assert self.inverse is not None
        return substitute(self.place.value, {W: self.inverse.whole})


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulaByCases:
    """The operator for the steps of a range.

    Args:
        condition: On the parameters and `STEP`; None where it holds for every step.
        cases: Ascending in v; of an even phi those for v >= 0.
        jump: The v at which the minimiser jumps, with one case that ends and one that begins there; else None.
    """

    condition: Tree | None
    cases: tuple[ShownCase, ...]
    jump: Tree | None = None

    @property
    def is_closed(self) -> bool:
        """Has every case a closed form?"""
        return all(case.inverse is not None for case in self.cases)

    @property
    def is_linear(self) -> bool:
        """Is u linear in v in every case?"""
        return all(case.inverse is not None and case.inverse.is_linear for case in self.cases)

    def tree(self, known: tuple[Parameter, ...], *, is_even: bool) -> Tree:
        """Return the operator as a choice on `V`, over the names that its inverses define; only where `is_closed`.

        Args:
            known: The parameters with `STEP` and `V` among them.
            is_even: Is it to be right for a v of either sign, where the cases are those for v >= 0?
        """
        v = call("abs", V) if is_even else V
        inverses = self._inverses(known, is_even=is_even)
        choice = inverses[-1].tree
        for case, inverse_ in reversed(list(zip(self.cases, inverses, strict=True))[:-1]):
            assert case.high is not None
            choice = where(Compare("<=", v, case.high), inverse_.tree, choice)
        return choice

    def definitions(self, known: tuple[Parameter, ...], *, is_even: bool) -> tuple[tuple[str, Tree], ...]:
        """Return what the names in the tree stand for."""
        inverses = self._inverses(known, is_even=is_even)
        return tuple(dict.fromkeys(row for inverse_ in inverses for row in inverse_.definitions))

    def _inverses(self, known: tuple[Parameter, ...], *, is_even: bool) -> list[Inverse]:
        inverses = [case.inverse for case in self.cases if case.inverse is not None]
        return [_for_either_sign(inverse_, known) for inverse_ in inverses] if is_even else inverses


def without_jumps(operator: Operator, parameters: tuple[Parameter, ...], condition: Tree | None) -> FormulaByCases:
    """Return the operator for the steps for which F rises everywhere: all its cases in turn.

    Args:
        operator: Of phi.
        parameters: With their domains.
        condition: On `STEP`, for which F rises everywhere; None: for every step.
    """
    cases = shown(operator.cases, parameters, is_even=operator.is_even, condition=condition)
    return FormulaByCases(condition=condition, cases=cases)


def shown(
    cases: tuple[Case, ...], parameters: tuple[Parameter, ...], *, is_even: bool, condition: Tree | None = None
) -> tuple[ShownCase, ...]:
    """Return cases with thresholds and formulas as papers write them, neighbours on one piece of phi joined."""
    rows: list[ShownCase] = []
    taken: frozenset[str] = frozenset()
    for case in _joined(cases):
        place = case.place
        if isinstance(place, Kink):
            at_rest = Inverse(tree=place.position, method="at rest", is_linear=True)
            low, high = (_simplified(v, parameters) for v in (case.low, case.high))
            rows.append(ShownCase(place=place, low=low, high=high, inverse=at_rest))
            continue
        slope = derivative_of(place.value, parameters)
        solved = inverse(
            slope,
            place.curvature,
            place.low,
            place.high,
            parameters,
            is_even=is_even,
            condition=condition,
            taken=taken,
        )
        taken |= frozenset() if solved is None else {name for name, _ in solved.definitions}
        low, high = (_simplified(v, parameters) for v in (case.low, case.high))
        rows.append(ShownCase(place=place, low=low, high=high, inverse=solved, slope=slope))
    return tuple(rows)


def even_in(tree: Tree, x: Tree) -> Tree:
    """Return a tree, right for x >= 0, with |x| in place of x; an even power of |x| is one of x."""
    size_of = call("abs", x)
    over_size = substitute(tree, {x: size_of})
    powers = {
        node for node in walk(over_size) if isinstance(node, Binary) and node.operator == "**" and node.left == size_of
    }
    even = {node for node in powers if isinstance(node.right, Number) and node.right.value % 2 == 0}
    return substitute(over_size, {node: Binary("**", x, node.right) for node in even})


def negated(condition: Tree) -> Tree:
    """Return the condition that holds for the other steps.

    Raises:
        Intractable: The condition is no upper bound.
    """
    match condition:
        case Compare("<", left, right):
            return Compare(">=", left, right)
        case Compare("<=", left, right):
            return Compare(">", left, right)
    raise Intractable(f"{mention(condition, 'a condition')} is no bound")


def _for_either_sign(inverse_: Inverse, known: tuple[Parameter, ...]) -> Inverse:
    """Return an inverse for v >= 0 as the odd one for a v of either sign."""
    if is_odd(inverse_.whole, known):
        return inverse_
    return replace(
        inverse_,
        tree=times(call("sign", V), even_in(inverse_.tree, V)),
        definitions=tuple((name, even_in(tree, V)) for name, tree in inverse_.definitions),
    )


def is_odd(tree: Tree, known: tuple[Parameter, ...]) -> bool:
    """Is a formula odd as it stands, by its values at samples?"""
    rows = [[evaluate(tree, {**row, V: sign * row[V]}) for sign in (1, -1)] for row in samples(known)]
    compared = [(a, b) for a, b in rows if a == a or b == b]
    return bool(compared) and all(abs(a + b) <= TINY * abs(a) for a, b in compared)


def _joined(cases: tuple[Case, ...]) -> list[Case]:
    """Return neighbouring cases on one piece of phi, which is cut where its curvature turns, as one case."""
    joined: list[Case] = []
    for case in cases:
        last = joined[-1] if joined else None
        if last is not None and isinstance(case.place, MonotonePiece) and isinstance(last.place, MonotonePiece):
            piece, before = case.place, last.place
            if piece.slope == before.slope and piece.low == before.high:
                whole = replace(before, high=piece.high, high_slope=piece.high_slope)
                joined[-1] = replace(last, place=whole, high=case.high)
                continue
        joined.append(case)
    return joined


def _simplified(threshold: Tree | None, parameters: tuple[Parameter, ...]) -> Tree | None:
    return None if threshold is None else simplify(threshold, known_with(parameters, is_even=True))
