"""Restrict a term in index notation to lines: what fails for one weight, the others fixed, fails for the whole vector.

A line gives an elementwise function of one number, about which everything else here can decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from symreg.calculus.evaluation.high_precision import evaluate
from symreg.claims.verdict import Words
from symreg.expressions.arithmetic import ONE, ZERO, W, call, minus, negative, numeric, plus, power, total
from symreg.expressions.tree import Call, Item, Name, Subscript, Sum, Tree, children, number, rebuild, substitute, walk
from symreg.model.domain import Domain
from symreg.model.lifts import Difference
from symreg.model.spec import Array
from symreg.model.terms import Terms
from symreg.model.terms import at_numbers as term_at_numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Weights that are multiples of one number w, or fixed.

    Args:
        weights: Of each place, an expression in `w`.
        arrays: Numbers for the declared arrays, within their domains, by name; of a vector its first row counts.
        is_one_weight: Is it one weight that moves, by itself?
    """

    weights: tuple[Tree, ...]
    arrays: dict[str, tuple[tuple[Fraction, ...], ...]]
    is_one_weight: bool

    @property
    def is_through_origin(self) -> bool:
        """Does the whole vector vanish with w?"""
        return all(evaluate(weight, {W: 0}) == 0 for weight in self.weights)

    def is_within(self, domain: Domain) -> bool:
        """Does every weight lie in the domain whenever w does?"""
        fixed = [numeric(weight) for weight in self.weights if weight != W]
        if domain.is_all or not fixed:
            return True
        return not domain.names and all(value is not None and value in domain.at({}) for value in fixed)

    @property
    def words(self) -> Words:
        """Where it is, as part of a sentence."""
        first, *others = self.weights
        weights = (first, *(part for weight in others for part in (", ", weight)))
        arrays = (part for name, values in self.arrays.items() for part in (", ", Name(name), f" = [{_rows(values)}]"))
        return ("on the line ", W, " = (", *weights, ")", *arrays)


def _rows(values: tuple[tuple[Fraction, ...], ...]) -> str:
    return ", ".join(f"[{', '.join(map(str, row))}]" for row in values)


ONE_WEIGHT = Line(weights=(W,), arrays={}, is_one_weight=True)
"""The line of an elementwise penalty: one weight says all."""


def lines(arrays: tuple[Array, ...]) -> Iterator[Line]:
    """Yield lines on which claims about vectors often fail, the shortest first."""
    minus_w = negative(W)
    entries = (1, -1, 0) if any(not array.domain.is_all for array in arrays) else (1, -1) if arrays else (1,)
    for weights, is_one in (
        ((W,), True),
        ((W, ZERO), True),
        ((W, ONE), True),
        ((W, number(-1)), True),
        ((W, W), False),
        ((W, minus_w), False),
        ((plus(ONE, W), minus(ONE, W)), False),
        ((W, ONE, ONE), True),
        ((W, W, W), False),
    ):
        for entry in entries:
            given = {array.name: _triangle(array, entry, len(weights)) for array in arrays}
            yield Line(weights=weights, arrays=given, is_one_weight=is_one)


def _triangle(array: Array, entry: int, size: int) -> tuple[tuple[Fraction, ...], ...]:
    """Return an upper triangle of one number; the default stands where a number is outside the array's domain."""
    above, below = (Fraction(x) if x in array.domain else Fraction(repr(array.default)) for x in (entry, 0))
    return tuple(tuple(above if j >= i else below for j in range(size)) for i in range(size))


def restricted(terms: Terms, line: Line) -> Terms:
    """Return the sum of terms on a line, as elementwise terms of the one number."""
    made = []
    for term in terms.terms:
        if term.is_elementwise:
            tree = total([substitute(term.tree, {W: weight}) for weight in line.weights])
        else:
            tree = _expanded(term.tree, line, {})
        lift = None if isinstance(term.lift, Difference) else term.lift  # on a line it is a sum like any other
        made.append(replace(term, tree=tree, arrays=(), lift=lift))
    return Terms(terms=tuple(made))


def at_numbers(terms: Terms) -> tuple[Terms, dict[str, Fraction]]:
    """Return terms with the defaults in place of their parameters, and these: then no order depends on a parameter."""
    defaults = {p.name: Fraction(repr(p.default)) for p in terms.parameters}
    return Terms(terms=tuple(term_at_numbers(term, defaults) for term in terms.terms)), defaults


def _expanded(tree: Tree, line: Line, indices: dict[str, int]) -> Tree:
    match tree:
        case Item("w", (Subscript(index, shift),)):
            return line.weights[indices[index] + shift]
        case Item(array, subscripts):
            row, *column = (indices[s.index] + s.shift for s in subscripts)
            values = line.arrays[array]
            return number(values[row][column[0]] if column else values[0][row])
        case Name("n"):
            return number(len(line.weights))
        case Call("norm", _):
            squares = [power(weight, number(2)) for weight in line.weights]
            return call("abs", line.weights[0]) if len(squares) == 1 else call("sqrt", total(squares))
        case Sum(body, index):
            rows = [i for i in range(len(line.weights)) if _is_in_range(body, index, i, len(line.weights))]
            return total([_expanded(body, line, {**indices, index: i}) for i in rows])
        case _:
            below = children(tree)
            return rebuild(tree, tuple(_expanded(child, line, indices) for child in below)) if below else tree


def _is_in_range(body: Tree, index: str, value: int, length: int) -> bool:
    """Do all subscripts of a sum's body exist for a value of its index?"""
    shifts = [s.shift for n in walk(body) if isinstance(n, Item) for s in n.subscripts if s.index == index]
    return all(0 <= value + shift < length for shift in shifts)
