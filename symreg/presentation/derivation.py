"""A derivation in the reader's hands: the chain of steps, and its formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from symreg.calculus.differentiation.step import Step
from symreg.derivation.loss_model import LossDerivation
from symreg.derivation.model import GradientDerivation, ProximalDerivation
from symreg.display import one_line

if TYPE_CHECKING:
    from symreg.presentation.outline.document import Outline


@dataclass(frozen=True, slots=True)
class Derivation:
    """A derivation of an objective's gradient and of update rules with it, of its proximal operator, or of a loss.

    Args:
        chain: What was derived first: trees, no SymPy.
        others: The same objective with other rules.
        operator: The operator of its whole penalty, if it was asked for beside a gradient.
    """

    chain: GradientDerivation | ProximalDerivation | LossDerivation
    others: tuple[GradientDerivation, ...] = ()
    operator: ProximalDerivation | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of what was derived first, in the order in which they are read."""
        return self.chain.steps

    def text(self) -> str:
        """Return it as text for a terminal: ASCII, at most 80 columns."""
        from symreg.presentation.text import text

        return text(self._outline)

    def latex(self) -> str:
        """Return it as a LaTeX article that pdflatex compiles with amsmath and geometry alone."""
        from symreg.presentation.latex import latex

        return latex(self._outline)

    def fragment(self, width: str = "200pt", *, cites: bool = False) -> str:
        """Return it as LaTeX to be read by a paper of one's own: it needs amsmath alone and defines nothing.

        Its results are numbered and have labels, `eq:NAME-gradient` and so on.

        Args:
            width: Of a line, as `252pt`, `8.8cm`, `3.5in` or `25em`, in type of 10 points.
            cites: Are the sources cited by the keys that they have in `bibtex()`? Else they are written out.

        Raises:
            SpecError: The width is none that a formula fits into.
        """
        from symreg.presentation.fragment import fragment

        return fragment(self._outline, width, cites=cites)

    def bibtex(self) -> Mapping[str, str]:
        """Return a BibTeX entry for each source of the objective and the rules, by its key."""
        from symreg.presentation.bibliography import entries
        from symreg.presentation.fragment import references_of

        return entries(references_of(self._outline))

    def markdown(self) -> str:
        """Return it as Markdown with mathematics, as GitHub renders it."""
        from symreg.presentation.markdown import markdown

        return markdown(self._outline)

    def to_json(self) -> str:
        """Return it as JSON, every expression in the language's own text; `schema_version` is 1."""
        from symreg.presentation.to_json import to_json

        return to_json(self.chain, self.others, self.operator)

    @property
    def _outline(self) -> Outline:
        from symreg.presentation.outline.outline import outline

        return outline(self.chain, self.others, self.operator)

    def __repr__(self) -> str:
        from symreg.presentation.text import results

        return one_line(f"derivation of {self.chain.objective.name}", results(self.chain))

    def __str__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        from symreg.presentation.markdown import NOTEBOOK, markdown

        return markdown(self._outline, NOTEBOOK)

    def _repr_latex_(self) -> str:
        from symreg.presentation.markdown import result

        return f"$\\displaystyle {result(self._outline)}$"
