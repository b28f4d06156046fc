"""The outline of a proximal operator's derivation."""

from __future__ import annotations

from symreg.derivation.model import ProximalDerivation
from symreg.presentation.mathematics.notation import notation_of
from symreg.presentation.outline.command import command_text
from symreg.presentation.outline.document import Entry, Equation, Outline, Part, Remark, Section
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
        sections=_notes(chain),
        command=command_text(chain.objective),
        formulas=part.notation,
        assignments=part.notation,
        check="the exact minimiser",
    )


def _notes(chain: ProximalDerivation) -> tuple[Section, ...]:
    notes = tuple(Remark(sentence=prose(note)) for note in (*chain.notes, *chain.objective.notes))
    return (Section(title="Notes", remarks=notes),) if notes else ()


def proximal_part(chain: ProximalDerivation) -> Part:
    """Return the derivation of a proximal operator as a part."""
    entries = tuple(
        Entry(
            number=i,
            rule=(step.rule,),
            equation=Equation(left=step.before, rights=(step.after,), condition=step.condition),
            why=why,
        )
        for i, (step, why) in enumerate(zip(chain.steps, chain.whys, strict=True), start=1)
    )
    notation = notation_of(chain.terms, None, "R" if chain.is_radial else r"\varphi")[0]
    return Part(title="The proximal operator", entries=entries, notation=notation)
