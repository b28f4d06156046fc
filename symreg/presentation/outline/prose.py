"""Sentences with mathematics in them, and the table of parameters."""

from __future__ import annotations

import re
from fractions import Fraction

from symreg.expressions.tree import Binary, Call, Compare, Constant, Item, Logic, Name, Subscript, Tree, number
from symreg.model.interval import Interval
from symreg.model.spec import Array, Parameter
from symreg.model.terms import Terms
from symreg.presentation.outline.document import ParameterRow, Sentence


def prose(text: str) -> Sentence:
    """Return a sentence of ours with the formulas in it as trees: `w_j`, `i = j+1`, `dL/dw_j`."""
    parts: list[str | Tree] = []
    end = 0
    for match in _MATHEMATICS.finditer(text):
        parts.extend((text[end : match.start()], _tree_of(match)))
        end = match.end()
    return tuple(part for part in (*parts, text[end:]) if part != "")


_J = Subscript("j")
WJ: Tree = Item("w", (_J,))
ZERO: Tree = number(0)
NAN: Tree = Constant("nan")

_MATHEMATICS = re.compile(
    r"(?P<defined>\bg_j = dL/dw_j\b)"
    r"|\bd(?P<of>[LROS])/dw_j\b"
    r"|(?P<sign>\bsign\(0\) = 0)"
    r"|(?<![\w^])(?P<array>[wgmvzyr])_(?P<index>[ijkl])(?![\w^])"
    r"|(?<![\w^])(?P<matrix>[XD])_(?P<row>[ijk])(?P<column>[ijk])(?![\w^])"
    r"|(?<![\w^])l(?P<order>'{0,2})\((?P<of_sample>z_k, y_k|z, y)\)"
    r"|(?<![\w^])(?P<left>[ijklm]) = (?P<right>[ijklm])(?P<shift>[+-]\d+)?(?![\w^])",
    re.ASCII,
)


def _tree_of(match: re.Match[str]) -> Tree:
    if match["defined"]:
        return Compare("==", Item("g", (_J,)), Call("d", (Name("L"),)))
    if match["sign"]:
        return Compare("==", Call("sign", (ZERO,)), ZERO)
    if match["of"]:
        return Call("d", (Name(match["of"]),))
    if match["array"]:
        return Item(match["array"], (Subscript(match["index"]),))
    if match["matrix"]:
        return Item(match["matrix"], (Subscript(match["row"]), Subscript(match["column"])))
    if match["of_sample"]:
        return _loss_at(len(match["order"]), at_sample="_" in match["of_sample"])
    shift = int(match["shift"] or 0)
    right: Tree = Name(match["right"])
    if shift:
        right = Binary("+" if shift > 0 else "-", right, number(abs(shift)))
    return Compare("==", Name(match["left"]), right)


def _loss_at(order: int, *, at_sample: bool) -> Tree:
    """Return l, l' or l'' of a prediction and a label, or of those of sample k."""
    k = (Subscript("k"),)
    arguments: tuple[Tree, ...] = (Item("z", k), Item("y", k)) if at_sample else (Name("z"), Name("y"))
    return Call(("loss", "dloss", "ddloss")[order], arguments)


def declared_rows(terms: Terms) -> tuple[ParameterRow, ...]:
    """Return the parameters, and an element of each array that is not any real number."""
    arrays = [array for array in terms.arrays if not array.domain.is_all]
    return (*map(parameter_row, terms.parameters), *(parameter_row(a.element, element(a)) for a in arrays))


def element(array: Array) -> Tree:
    """Return an element of an array: `c[i]`, `A[i, j]`."""
    return Item(array.name, tuple(Subscript(index) for index, _ in zip("ij", array.shape, strict=False)))


def parameter_row(parameter: Parameter, name: Tree | None = None) -> ParameterRow:
    """Return a parameter's row; `name` is how it is written where that is not its own name."""
    name = name or (Item(parameter.name, (Subscript("i"),)) if parameter.shape else Name(parameter.name))
    return ParameterRow(
        name=name,
        domain=_allowed(name, parameter),
        default=number(Fraction(repr(float(parameter.default)))),
        doc=parameter.doc,
    )


def _allowed(name: Tree, parameter: Parameter) -> Tree | None:
    """Return the condition that a parameter is one that is taken: in its domain, and above another if it has to be."""
    own = membership(name, parameter.allowed)
    if not parameter.above:
        return own
    other = Name(parameter.above)
    above = Compare(">", name, Item(parameter.above, name.subscripts) if isinstance(name, Item) else other)
    return above if own is None else Logic("and", (own, above))


def membership(subject: Tree, domain: Interval) -> Tree | None:
    """Return the condition that a number lies in a domain, or None where that is the whole line."""
    low = high = None
    if domain.low is not None:
        low = Compare(">=" if domain.low_closed else ">", subject, number(domain.low))
    if domain.high is not None:
        high = Compare("<=" if domain.high_closed else "<", subject, number(domain.high))
    if domain.low is None or high is None:
        return low or high
    return Logic("and", (Compare("<=" if domain.low_closed else "<", number(domain.low), subject), high))
