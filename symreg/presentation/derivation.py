"""A derivation in the reader's hands: the chain of steps, and its four formats."""

from __future__ import annotations

from dataclasses import dataclass

from symreg.calculus.differentiation.step import Step
from symreg.derivation.model import GradientDerivation, ProximalDerivation
from symreg.display import one_line


@dataclass(frozen=True, slots=True)
class Derivation:
    """A derivation of an objective's gradient and of one update rule with it, or of its proximal operator.

    Args:
        chain: What was derived: trees, no SymPy.
    """

    chain: GradientDerivation | ProximalDerivation

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps, in the order in which they are read."""
        return self.chain.steps

    def text(self) -> str:
        """Return it as text for a terminal: ASCII, at most 80 columns."""
        from symreg.presentation.text import text

        return text(self.chain)

    def latex(self) -> str:
        """Return it as a LaTeX article that pdflatex compiles with amsmath and geometry alone."""
        from symreg.presentation.latex import latex

        return latex(self.chain)

    def markdown(self) -> str:
        """Return it as Markdown with mathematics, as GitHub renders it."""
        from symreg.presentation.markdown import markdown

        return markdown(self.chain)

    def to_json(self) -> str:
        """Return it as JSON, every expression in the language's own text; `schema_version` is 1."""
        from symreg.presentation.to_json import to_json

        return to_json(self.chain)

    def __repr__(self) -> str:
        from symreg.presentation.text import results

        return one_line(f"derivation of {self.chain.objective.name}", results(self.chain))

    def __str__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        from symreg.presentation.markdown import NOTEBOOK, markdown

        return markdown(self.chain, NOTEBOOK)

    def _repr_latex_(self) -> str:
        from symreg.presentation.markdown import result

        return f"$\\displaystyle {result(self.chain)}$"
