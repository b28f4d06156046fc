"""What a command prints of an objective: its derivation, its properties, or both on one screen.

Each task takes what to tell its caller with first. All import what they need when they run: this module is also
imported where nothing heavy may be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from symreg.application.choices import FRAGMENT_WIDTH
from symreg.application.requests import distinct_rules, read_objective
from symreg.application.tasks.objectives import (
    decide_loss_properties,
    decide_properties,
    decided,
    derive_chains,
    derive_loss_chain,
    derive_prox_chain,
)
from symreg.application.tasks.printed import PrintedDerivation, PrintedText, notes_on
from symreg.application.worker import Phase, Tell
from symreg.objectives.single_loss import single_loss

if TYPE_CHECKING:
    from symreg.derivation.model import ProximalDerivation
    from symreg.model.objective import Objective
    from symreg.presentation import Derivation, Properties

DEFAULT_RULES = ("gradient_descent",)
"""The rules of a derivation for which none is named."""


def write_derivation(
    tell: Tell,
    *,
    objective: str,
    rules: Sequence[str],
    form: str,
    has_prox: bool = False,
    width: str = FRAGMENT_WIDTH,
    bibliography: str | None = None,
    name: str | None = None,
    parameters: Sequence[str] = (),
    domain: str | None = None,
) -> PrintedDerivation:
    """Return a derivation of a gradient with some rules, and of the proximal operator if that is asked for.

    Args:
        tell: Called with each phase.
        objective: Text.
        rules: Names or paths.
        form: `text`, `latex`, `fragment`, `markdown` or `json`.
        has_prox: Is the operator derived as well?
        width: Of a line of a fragment.
        bibliography: What a file of sources holds already, to which those of the derivation are added; None for no
            such file.
        name: In titles and labels, in place of the objective's.
        parameters: Declarations of parameters.
        domain: Where each weight lies.
    """
    from symreg.presentation import Derivation

    if form == "fragment":
        from symreg.presentation.fragment import line_width

        line_width(width)  # before any work begins
    loss = None if has_prox or parameters or domain or tuple(rules) != DEFAULT_RULES else single_loss(objective)
    if loss is not None:
        chain = derive_loss_chain(tell, loss=loss if name is None else replace(loss, name=name))
        return _printed(Derivation(chain), form, width, bibliography, ())
    resolved = read_objective(objective, parameters=parameters, name=name, domain=domain)
    chains, _ = derive_chains(tell, objective=resolved, rules=distinct_rules(rules))
    operator = _derived_operator(tell, resolved) if has_prox else None
    return _printed(Derivation(chains[0], chains[1:], operator), form, width, bibliography, notes_on(resolved))


def _printed(
    derivation: Derivation, form: str, width: str, bibliography: str | None, notes: tuple[str, ...]
) -> PrintedDerivation:
    """Return a derivation in a form, and its sources if a file of them is asked for."""
    forms: dict[str, Callable[[], str]] = {
        "text": derivation.text,
        "latex": derivation.latex,
        "fragment": lambda: derivation.fragment(width, cites=bibliography is not None),
        "markdown": derivation.markdown,
        "json": derivation.to_json,
    }
    sources = ""
    if bibliography is not None:
        from symreg.presentation.bibliography import merged

        sources = merged(bibliography, derivation.bibtex())
    return PrintedDerivation(text=forms[form](), notes=notes, bibliography=sources)


def _derived_operator(tell: Tell, objective: Objective) -> ProximalDerivation:
    from symreg.errors import Intractable, NotDifferentiable

    try:
        return derive_prox_chain(tell, objective=objective)
    except (Intractable, NotDifferentiable) as error:
        raise type(error)(f"--prox: {error}; without --prox the gradient is derived") from None


def write_properties(
    tell: Tell,
    *,
    objective: str,
    form: str,
    name: str | None = None,
    parameters: Sequence[str] = (),
    domain: str | None = None,
) -> PrintedText:
    """Return the verdicts on an objective as `text`, `latex`, `markdown` or `json`."""
    from symreg.presentation import Properties

    loss = None if parameters or domain else single_loss(objective)
    if loss is not None:
        analysis = decide_loss_properties(tell, loss=loss if name is None else replace(loss, name=name))
        return PrintedText(text=_in_form(Properties(analysis), form), notes=analysis.notes)
    resolved = read_objective(objective, parameters=parameters, name=name, domain=domain)
    properties = Properties(decide_properties(tell, objective=resolved))
    return PrintedText(text=_in_form(properties, form), notes=notes_on(resolved))


def _in_form(properties: Properties, form: str) -> str:
    forms: dict[str, Callable[[], str]] = {
        "text": properties.text,
        "latex": properties.latex,
        "markdown": properties.markdown,
        "json": properties.to_json,
    }
    return forms[form]()


def write_overview(
    tell: Tell, *, subject: str, parameters: Sequence[str] = (), domain: str | None = None
) -> PrintedText:
    """Return an objective, a loss, or an update rule, on one screen.

    Args:
        tell: Called with the phase.
        subject: What an objective may be; or a rule's name, path or text.
        parameters: Declarations of parameters.
        domain: Where each weight lies.
    """
    from symreg.objectives.rules import is_rule, resolve_rule

    if is_rule(subject):
        from symreg.presentation.overview import rule_overview

        rule = resolve_rule(subject)
        return PrintedText(text=rule_overview(rule), notes=())

    loss = None if parameters or domain else single_loss(subject)
    if loss is not None:
        from symreg.presentation.overview_of_loss import loss_overview

        return PrintedText(text=loss_overview(derive_loss_chain(tell, loss=loss)), notes=())

    resolved = read_objective(subject, parameters=parameters, domain=domain)
    tell(Phase(resolved.name, is_symbolic=True))

    from symreg.application.confront import confront_derivation
    from symreg.calculus.analysis import analyse
    from symreg.derivation.gradient import derive
    from symreg.derivation.proximal.derive import derive_prox
    from symreg.errors import Intractable, NotDifferentiable
    from symreg.presentation.overview import overview

    analysis = analyse(resolved.terms)
    gradient = derive(resolved, resolve_rule("gradient_descent"), analysis)
    operator: ProximalDerivation | str
    try:
        operator = derive_prox(resolved, analysis) if resolved.terms.terms else "none: there is no penalty"
    except (Intractable, NotDifferentiable) as reason:
        operator = f"none is derived: {reason}"
    verdicts = decided(resolved, analysis)
    confront_derivation(gradient)
    text = overview(gradient, operator, verdicts, resolved.docs)
    return PrintedText(text=text, notes=notes_on(resolved))
