"""The emitted files of an objective, and all that `generated/` holds of a penalty of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

from symreg.application.requests import distinct_rules, read_objective
from symreg.application.tasks.documents import write_derivation
from symreg.application.tasks.objectives import EmittedFiles, emit_sources
from symreg.application.tasks.printed import notes_on
from symreg.application.worker import Tell
from symreg.targets.emit import TARGETS
from symreg.targets.options import UNLESS_ASKED, Options

CATALOGUE_RULES = ("gradient_descent", "momentum", "adam", "adamw", "lion")
"""The rules whose steps `generated/` holds."""
CATALOGUE_PROX_RULES = ("proximal_gradient",)
"""Those that it holds of penalties whose kinks give the operator something to take."""


def write_sources(
    tell: Tell,
    *,
    objective: str,
    rules: Sequence[str],
    targets: Sequence[str],
    name: str | None = None,
    parameters: Sequence[str] = (),
    options: Options = UNLESS_ASKED,
    domain: str | None = None,
) -> EmittedFiles:
    """Return the emitted files of an objective."""
    resolved = read_objective(objective, parameters=parameters, name=name, domain=domain)
    emitted = emit_sources(tell, objective=resolved, rules=distinct_rules(rules), targets=targets, options=options)
    return emitted._replace(notes=(*notes_on(resolved), *emitted.notes))


def write_catalogue_entry(tell: Tell, *, name: str) -> dict[str, str]:
    """Return what `generated/` holds of one penalty of the catalogue: every target, and the derivations in LaTeX."""
    from symreg.calculus.analysis import analyse
    from symreg.errors import Intractable
    from symreg.objectives.rules import resolve_rule
    from symreg.proximal.split import fits

    analysis = analyse(read_objective(name).terms)
    rules = [rule for rule in (*CATALOGUE_RULES, *CATALOGUE_PROX_RULES) if fits(analysis, resolve_rule(rule))]
    emitted = write_sources(tell, objective=name, rules=rules, targets=tuple(TARGETS))
    try:
        derivation = write_derivation(tell, objective=name, rules=CATALOGUE_RULES[:1], form="latex", has_prox=True)
    except Intractable:  # no operator
        derivation = write_derivation(tell, objective=name, rules=CATALOGUE_RULES[:1], form="latex")
    return {**emitted.files, f"latex/{name}.tex": derivation.text}
