"""What is known of a penalty, worked out once: its derivative, its smooth pieces, and the signs of phi' and phi''."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from symreg.calculus.border import border
from symreg.calculus.differentiability import is_differentiable
from symreg.calculus.domains.gaps import Gaps, gaps
from symreg.calculus.gradient import DerivedAddend, derive_elementwise, derive_indexed
from symreg.calculus.pieces.guards import guarded
from symreg.calculus.pieces.knot import Knot
from symreg.calculus.pieces.knots import knots
from symreg.calculus.pieces.pieces import Piece, Pieces, half, pieces, refuse_jumps_between
from symreg.calculus.pieces.unlisted import guarded_at_unlisted
from symreg.calculus.pieces.where_defined import where_defined
from symreg.calculus.radial import of_norms
from symreg.calculus.ratio import ratio_extremes
from symreg.calculus.sides import Side, pieces_on, slopes_at_zero
from symreg.calculus.signs.extremes import Extreme, beyond, extremes_of_runs, plain_extremes
from symreg.calculus.signs.table import Run, sign_table
from symreg.calculus.symbolic.simplify import simplify as simplify
from symreg.errors import Intractable, NotDifferentiable
from symreg.expressions.arithmetic import times, total
from symreg.expressions.tree import Tree, number
from symreg.model.spec import Parameter
from symreg.model.terms import Terms


def analyse(terms: Terms) -> Analysis:
    """Return what is known of a sum of terms; nothing is worked out before it is asked for, and nothing twice.

    Args:
        terms: Elementwise ones, which are one phi together, and ones in index notation.
    """
    return Analysis(terms=terms)


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """A penalty R(w), a sum of terms, for all values of its parameters.

    phi is the sum of the elementwise terms: R(w) holds the sum over i of phi(w_i). All trees are over the bare `w`, or
    over `w[j]` where they are of terms in index notation.

    Args:
        terms: What R is the sum of; its parameters, with their domains, are not passed beside it anywhere.
    """

    terms: Terms
    _others: dict[Terms, Analysis] = field(default_factory=dict, repr=False, compare=False)
    _tables: dict[tuple[Tree, Piece], tuple[Run, ...] | None] = field(default_factory=dict, repr=False, compare=False)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of all terms, with the domains for which everything here holds."""
        return self.terms.parameters

    def of(self, terms: Terms) -> Analysis:
        """Return the analysis of other terms, mostly some of these; one for each choice of terms."""
        if terms == self.terms:
            return self
        return self._others.setdefault(terms, Analysis(terms=terms, _others=self._others))

    @property
    def alone(self) -> tuple[Analysis, ...]:
        """Each term by itself."""
        return tuple(self.of(Terms(terms=(term,))) for term in self.terms.terms)

    @cached_property
    def of_norms(self) -> Analysis:
        """What is known of the penalty of a group's norm, the sum of the terms over groups: an even phi."""
        return self.of(of_norms(self.terms))

    # The derivative, addend by addend

    @cached_property
    def addends(self) -> tuple[DerivedAddend, ...]:
        """The addends of phi with their derivatives and the rules that led to them.

        Raises:
            NotDifferentiable: A term has no value or no derivative anywhere.
        """
        if len(self.terms.terms) == 1:
            return derive_elementwise(self.terms)
        return tuple(addend for term in self.alone for addend in term.addends)

    @cached_property
    def indexed(self) -> tuple[DerivedAddend, ...]:
        """The terms in index notation with their derivatives over `w[j]`."""
        if len(self.terms.terms) == 1:
            return derive_indexed(self.terms)
        return tuple(addend for term in self.alone for addend in term.indexed)

    @cached_property
    def knots(self) -> tuple[Knot, ...]:
        """Where the derivative of phi changes its formula, ascending at the defaults, in whatever order they are.

        Raises:
            NotDifferentiable: phi jumps; names the knot.
        """
        return knots(tuple(addend.summand for addend in self.addends), self.parameters) if self.addends else ()

    @cached_property
    def gradient(self) -> Tree:
        """phi' in one expression, simplified, with the chosen value at each knot."""
        summed = simplify(total([addend.simplified for addend in self.addends]), self.parameters)
        return guarded_at_unlisted(guarded(summed, self.knots, self.parameters), self.parameters)

    @cached_property
    def is_differentiable(self) -> bool:
        """Has each term a finite derivative at every weight of its domain? False where that does not show."""
        if len(self.terms.terms) == 1:
            return is_differentiable(self.terms.terms[0], self.addends)
        return all(part.is_differentiable for part in self.alone)

    @cached_property
    def gaps(self) -> tuple[Gaps, ...]:
        """Of each term, where its formula has no value."""
        profiles = iter(of_norms(self.terms).terms)
        return tuple(gaps(next(profiles) if term in self.terms.grouped else term) for term in self.terms.terms)

    # The pieces of phi

    @cached_property
    def value(self) -> Tree:
        """phi as it was written."""
        return total([times(number(t.coefficient), t.tree) for t in self.terms.elementwise])

    @property
    def pieces(self) -> Pieces | None:
        """phi between its knots, all over its domain; None where these have no order that holds for all parameters."""
        return self._pieces if isinstance(self._pieces, Pieces) else None

    def ordered_pieces(self) -> Pieces:
        """Return the same.

        Raises:
            Intractable: There are none: the order of two knots, or a branch, depends on the parameters; says which.
            NotDifferentiable: A switch whose roots cannot be listed.
        """
        if isinstance(self._pieces, Pieces):
            return self._pieces
        raise self._pieces

    @cached_property
    def _pieces(self) -> Pieces | Intractable | NotDifferentiable:
        try:
            with border("the order of the penalty's pieces"):
                return pieces(self.terms)
        except (Intractable, NotDifferentiable) as reason:
            return reason

    def continuous_pieces(self) -> Pieces:
        """Return the pieces of a phi that does not jump.

        Raises:
            Intractable: There are none, as above.
            NotDifferentiable: phi jumps, or a switch's roots cannot be listed.
        """
        ordered = self.ordered_pieces()
        refuse_jumps_between(ordered, self.terms)
        return ordered

    @cached_property
    def whole(self) -> Pieces:
        """The pieces on which phi has a value.

        Raises:
            Intractable, NotDifferentiable: There are no pieces, as above; or phi has a value on separate intervals.
        """
        with border("the study of the penalty's pieces"):
            return where_defined(self.ordered_pieces(), self.value, self.parameters)

    def require_pieces(self) -> None:
        """Check that there are pieces on which phi has a value: what is asked of them afterwards fails alone.

        Raises:
            Intractable, NotDifferentiable: As `whole`.
        """
        _ = self.whole

    @property
    def ends(self) -> tuple[Tree | None, Tree | None]:
        """Between which weights phi has a value; None where that is infinite."""
        return self.whole.pieces[0].low, self.whole.pieces[-1].high

    @cached_property
    def active(self) -> Pieces:
        """The pieces that decide: of an even phi those on w >= 0."""
        return half(self.whole) if self.whole.is_even else self.whole

    @cached_property
    def sides(self) -> tuple[tuple[Side, tuple[Piece, ...]], ...]:
        """The pieces on each side of 0, those of an even phi on the right one only."""
        if self.whole.is_even:
            return ((1, self.active.pieces),)
        return (
            (-1, pieces_on(-1, self.whole, self.parameters)),
            (1, pieces_on(1, self.whole, self.parameters)),
        )

    def slopes_at_zero(self) -> tuple[Tree, Tree] | None:
        """Return phi' from the left and from the right at 0, or None if 0 is not in the domain."""
        return slopes_at_zero(self.whole, self.parameters)

    # Signs and extremes of its derivatives

    def signs(self, tree: Tree, piece: Piece) -> tuple[Run, ...] | None:
        """Return the sign table of phi', phi'' or phi''' on a piece; None where it is not decided."""
        if (tree, piece) not in self._tables:
            self._tables[tree, piece] = sign_table(tree, piece.low, piece.high, self.parameters)
        return self._tables[tree, piece]

    @cached_property
    def slope_signs(self) -> tuple[tuple[Side, Piece, tuple[Run, ...] | None], ...]:
        """The sign table of phi' on each piece of each side."""
        return tuple((side, piece, self.signs(piece.slope, piece)) for side, found in self.sides for piece in found)

    @cached_property
    def curvature(self) -> tuple[tuple[Extreme, Extreme] | None, ...]:
        """The infimum and supremum of phi'' on each active piece."""
        return tuple(map(self._extremes_of_curvature, self.active.pieces))

    def _extremes_of_curvature(self, piece: Piece) -> tuple[Extreme, Extreme] | None:
        plain = plain_extremes(piece.curvature, piece.low, piece.high, self.parameters)
        if plain is not None:
            return plain
        runs = self.signs(piece.third, piece)
        return None if runs is None else extremes_of_runs(piece.curvature, runs, self.parameters)

    @cached_property
    def least_curvature(self) -> Extreme | None:
        """The infimum of phi'' over all pieces."""
        return self._best_curvature(-1)

    @cached_property
    def greatest_curvature(self) -> Extreme | None:
        """The supremum of phi'' over all pieces."""
        return self._best_curvature(1)

    def _best_curvature(self, side: Side) -> Extreme | None:
        best: Extreme | None = None
        for pair in self.curvature:
            if pair is None:
                return None
            extreme = pair[0] if side < 0 else pair[1]
            best = extreme if best is None else beyond(side, best, extreme, self.parameters)
        return best

    @cached_property
    def ratios(self) -> tuple[tuple[Piece, tuple[Extreme, Extreme] | None], ...]:
        """The infimum and supremum of phi'(w)/w on each piece of each side: what a gradient step multiplies lr by."""
        return tuple(
            (piece, ratio_extremes(piece, side, lambda: self.greatest_curvature, self.parameters))
            for side, found in self.sides
            for piece in found
        )
