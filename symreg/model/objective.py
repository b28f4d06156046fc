"""An objective: named terms with one declaration of each parameter; data only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from symreg.display import card, one_line
from symreg.expressions.arithmetic import ZERO
from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Tree, number
from symreg.model.loss import DataTerm
from symreg.model.spec import Array, Parameter, parameter_rows
from symreg.model.terms import Term, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A regularised objective O(w) = L(w) + R(w), of which R is written here.

    Args:
        name: Stem of emitted files: the spec's name, sums joined by `_`, `penalty` for an inline expression.
        title: One line of text.
        terms: The addends of R, named and renamed; none where the objective is a loss alone.
        text: The objective as its user wrote it (for the "regenerate with" line).
        references: Of the specs that it is from.
        assumptions: What was assumed of parameters that nobody declared; whoever reads their domains knows it.
        notes: How the text was understood where another reading is near, one line each.
        declared: Parameters and arrays that were declared beside the text.
        domain: Of the weights, as it was given beside the text; "" where none was.
        is_named: Was the name given beside the text, rather than made from it?
        docs: What the specs say of their conventions, a paragraph each.
        data: L, the loss over the samples; None where it is opaque and a step is handed its gradient.
    """

    name: str
    title: str
    terms: Terms
    text: str
    references: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    declared: tuple[Parameter | Array, ...] = ()
    domain: str = ""
    is_named: bool = False
    docs: tuple[str, ...] = ()
    data: DataTerm | None = None

    def __repr__(self) -> str:
        return one_line(f"objective {self.name}", (self._written, *self._conditions))

    def _repr_html_(self) -> str:
        return card(
            f"objective {self.name}",
            (
                ("title", "", self.title),
                (("R(w)" if self.data is None else "O(w)"), self._written, ""),
                *parameter_rows(self.parameters),
                *((array.name, array.condition, array.doc) for array in self.terms.arrays),
                *(("reference", "", reference) for reference in self.references),
                *(("note", "", note) for note in (*self.docs, *self.notes)),
            ),
        )

    @property
    def formula(self) -> Tree:
        """R as one expression: the addends in a bare `w` are summed over all weights; 0 where there is none."""
        weighted = [*map(_weighted, self.terms.terms)]
        return reduce(lambda total, tree: Binary("+", total, tree), weighted) if weighted else ZERO

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Each parameter once: those of the loss, then those of the penalties."""
        of_data = () if self.data is None else self.data.parameters
        return tuple({p.name: p for p in (*of_data, *self.terms.parameters)}.values())

    @property
    def declarations(self) -> Terms:
        """All that declares names: the terms of R, and the loss as one more."""
        return self.terms if self.data is None else Terms(terms=(*self.terms.terms, self.data.declarations))

    @property
    def names(self) -> list[str]:
        """The names of the parameters and of the arrays."""
        return [*(p.name for p in self.parameters), *(a.name for a in self.terms.arrays)]

    @property
    def _written(self) -> str:
        """The objective on one line."""
        parts = [] if self.data is None else [str(self.data)]
        return " + ".join([*parts, *([to_text(self.formula)] if self.terms.terms else [])])

    @property
    def _conditions(self) -> tuple[str, ...]:
        domains = dict.fromkeys(t.domain.condition("w") for t in self.terms.terms if not t.domain.is_all)
        arrays = (array.condition for array in self.terms.arrays)
        return (*(p.condition for p in self.parameters), *arrays, *domains)

    @property
    def options(self) -> tuple[str, ...]:
        """What stands beside the text in a command: the declarations of parameters, and the domain."""
        words = [word for p in self.declared for word in ("--param", _declaration(p))]
        return (*words, *(("--domain", self.domain) if self.domain else ()))


def _weighted(term: Term) -> Tree:
    return term.tree if term.coefficient == 1 else Binary("*", number(term.coefficient), term.tree)


def _declaration(declared: Parameter | Array) -> str:
    """Return what declares a parameter or an array, as in `c: (0, inf) = 2.0` or `c[n]: [0, inf) = 1.0`."""
    shape = f"[{', '.join(declared.shape)}]" if declared.shape else ""
    return f"{declared.name}{shape}: {declared.domain} = {declared.default!r}"
