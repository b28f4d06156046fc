"""An objective: named terms with one declaration of each parameter; data only."""

from __future__ import annotations

from dataclasses import dataclass

from symreg.model.spec import Array, Parameter
from symreg.model.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A regularised objective O(w) = L(w) + R(w), of which R is written here.

    Args:
        name: Stem of emitted files: the spec's name, sums joined by `_`, `penalty` for an inline expression.
        title: One line of text.
        terms: The addends of R, named and renamed.
        text: The objective as its user wrote it (for the "regenerate with" line).
        references: Of the specs that it is from.
        notes: What was assumed, one line each (undeclared parameters taken as positive).
        declared: Parameters and arrays that were declared beside the text.
        domain: Of the weights, as it was given beside the text; "" where none was.
    """

    name: str
    title: str
    terms: Terms
    text: str
    references: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    declared: tuple[Parameter | Array, ...] = ()
    domain: str = ""

    @property
    def options(self) -> tuple[str, ...]:
        """What stands beside the text in a command: the declarations of parameters, and the domain."""
        words = [word for p in self.declared for word in ("--param", _declaration(p))]
        return (*words, *(("--domain", self.domain) if self.domain else ()))


def _declaration(declared: Parameter | Array) -> str:
    """Return what declares a parameter or an array, as in `c: (0, inf) = 2.0` or `c[n]: [0, inf) = 1.0`."""
    shape = f"[{', '.join(declared.shape)}]" if isinstance(declared, Array) else ""
    return f"{declared.name}{shape}: {declared.domain} = {declared.default!r}"
