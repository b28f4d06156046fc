"""What is known of a penalty in the reader's hands: the verdicts, and their four formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from symreg.claims.verdict import Verdict, Verdicts
from symreg.display import one_line


@dataclass(frozen=True, slots=True)
class Properties:
    """The verdicts on an objective.

    Args:
        analysis: What was decided: trees, no SymPy.
    """

    analysis: Verdicts

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """One for each claim, in the order in which they are told."""
        return self.analysis.verdicts

    def __getitem__(self, claim: str) -> Verdict:
        """Return the verdict on a claim by its name, as in `properties["convex"]`.

        Raises:
            KeyError: There is no such claim; names the nearest, or all.
        """
        return self.analysis[claim]

    def keys(self) -> tuple[str, ...]:
        """Return the names of the claims."""
        return tuple(verdict.claim for verdict in self.verdicts)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.verdicts)

    def __contains__(self, claim: object) -> bool:
        return claim in self.keys()

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.keys())

    def text(self) -> str:
        """Return a table for a terminal: ASCII, at most 80 columns."""
        from symreg.presentation.verdicts import text

        return text(self.analysis)

    def latex(self) -> str:
        """Return it as a LaTeX article that pdflatex compiles with amsmath and geometry alone."""
        from symreg.presentation.verdicts import latex

        return latex(self.analysis)

    def markdown(self) -> str:
        """Return it as Markdown with mathematics, as GitHub renders it."""
        from symreg.presentation.verdicts import markdown

        return markdown(self.analysis)

    def to_json(self) -> str:
        """Return it as JSON, every expression in the language's own text; `schema_version` is 1."""
        from symreg.presentation.verdicts import to_json

        return to_json(self.analysis)

    def __repr__(self) -> str:
        counts = Counter(verdict.verdict for verdict in self.verdicts)
        told = (f"{count} {status}" for status, count in counts.items())
        return one_line(f"properties of {self.analysis.objective.name}", told)

    def __str__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        from symreg.presentation.markdown import NOTEBOOK
        from symreg.presentation.verdicts import markdown

        return markdown(self.analysis, NOTEBOOK)
