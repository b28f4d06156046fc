"""The outline of a proximal operator's derivation."""

from __future__ import annotations

from collections.abc import Collection

from symreg.calculus.differentiation.step import Step
from symreg.derivation.model import ProximalDerivation
from symreg.expressions.tree import Call, walk
from symreg.presentation.mathematics.notation import notation_of
from symreg.presentation.outline.command import command_text
from symreg.presentation.outline.document import NOTES, Entry, Equation, Outline, Part, Remark, Section
from symreg.presentation.outline.prose import declared_rows, prose


def proximal_outline(chain: ProximalDerivation) -> Outline:
    """Return the outline of an operator's derivation by itself."""
    part = proximal_part(chain)
    return Outline(
        name=chain.objective.name,
        title=chain.objective.title,
        rule="",
        rule_title="",
        references=chain.objective.references,
        rule_reference="",
        parameters=declared_rows(chain.terms),
        rule_parameters=(),
        entries=part.entries,
        sections=_notes((*chain.notes, *chain.objective.notes)),
        command=command_text(chain.objective),
        formulas=part.formulas,
        assignments=part.assignments,
        check="the exact minimiser",
    )


def _notes(notes: tuple[str, ...]) -> tuple[Section, ...]:
    remarks = tuple(Remark(sentence=prose(note)) for note in notes)
    return (Section(title=NOTES, remarks=remarks),) if remarks else ()


def proximal_part(chain: ProximalDerivation, of: str = "", known: Collection[str] = ()) -> Part:
    """Return the derivation of a proximal operator as a part.

    Args:
        chain: The derivation.
        of: The part of R that it is of; "" for all of it.
        known: Notes that stand elsewhere.
    """
    entries = tuple(
        Entry(
            number=i,
            rule=(step.rule,),
            equation=Equation(left=step.before, rights=(step.after,), condition=step.condition),
            why=why,
            label=label,
        )
        for i, (step, why, label) in enumerate(zip(chain.steps, chain.whys, _labels(chain.steps), strict=True), start=1)
    )
    notation = notation_of(chain.terms, None, "R" if chain.is_radial else r"\varphi")[0]
    return Part(
        title=f"The proximal operator of {of}" if of else "The proximal operator",
        entries=entries,
        formulas=notation,
        assignments=notation,
        sections=_notes(tuple(note for note in chain.notes if note not in known)),
    )


_RESULTS = {"result": "prox", "minima": "prox", "absorption": "prox", "Moreau envelope": "envelope"}
_RESULTS["Fenchel conjugate"] = "conjugate"
_DEFINITIONS = ("minimum", "supremum", "psi")
"""Formal functions of an equation that says what something is, not what it comes to."""


def _labels(steps: tuple[Step, ...]) -> list[str]:
    """Return what a paper may refer to each step as: its results, or else the operator's definition."""
    labels = []
    for step in steps:
        is_definition = any(isinstance(n, Call) and n.function in _DEFINITIONS for n in walk(step.after))
        labels.append("" if is_definition else _RESULTS.get(step.rule, ""))
    if "prox" not in labels:
        labels[[step.rule for step in steps].index("proximal operator")] = "prox"
    return labels
