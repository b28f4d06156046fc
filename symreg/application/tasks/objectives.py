"""What a worker does with a resolved objective for the Python functions: derive, decide, emit; the results pickle.

Each task takes what to tell its caller with first. All import what they need when they run: this module is also
imported where nothing heavy may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from symreg.application.worker import Phase, Tell
from symreg.errors import SpecError
from symreg.targets.options import BOTH, UNLESS_ASKED, Options

if TYPE_CHECKING:
    from symreg.calculus.analysis import Analysis
    from symreg.claims.verdict import Verdicts
    from symreg.derivation.loss_model import LossDerivation
    from symreg.derivation.model import GradientDerivation, ProximalDerivation
    from symreg.model.loss import Loss
    from symreg.model.objective import Objective
    from symreg.model.spec import Rule
    from symreg.updates.update import Update
    from symreg.verification import Convexity


class EmittedFiles(NamedTuple):
    """Emitted source of one objective.

    Args:
        stem: The files' name without folder and suffix.
        notes: What their owner must know, one line each.
        files: Source by path below the output folder.
    """

    stem: str
    notes: tuple[str, ...]
    files: dict[str, str]


def derive_chain(tell: Tell, *, objective: Objective, rule: Rule) -> GradientDerivation:
    """Return the derivation of an objective's gradient, and of its update under a rule."""
    from symreg.application.confront import confront_derivation
    from symreg.derivation.gradient import derive

    tell(Phase(objective.name, is_symbolic=True))
    chain = derive(objective, rule)
    confront_derivation(chain)
    return chain


def derive_loss_chain(tell: Tell, *, loss: Loss) -> LossDerivation:
    """Return the derivation of a loss's derivatives by its prediction."""
    from symreg.application.confront import confront_verdicts
    from symreg.derivation.loss import derive_loss

    tell(Phase(loss.name, is_symbolic=True))
    chain = derive_loss(loss)
    confront_verdicts(chain.verdicts)
    return chain


def decide_loss_properties(tell: Tell, *, loss: Loss) -> Verdicts:
    """Return the verdicts on a loss."""
    from symreg.application.confront import confront_verdicts
    from symreg.claims.composed.losses import loss_properties

    tell(Phase(loss.name, is_symbolic=True))
    analysis = loss_properties(loss)
    confront_verdicts(analysis)
    return analysis


def derive_prox_chain(tell: Tell, *, objective: Objective) -> ProximalDerivation:
    """Return the derivation of an objective's proximal operator."""
    from symreg.derivation.proximal.derive import derive_prox

    if not objective.terms.terms:
        raise SpecError(f"{objective.name}: there is no penalty, and so no proximal operator; add one, as in '+ l1'")
    tell(Phase(objective.name, is_symbolic=True))
    return derive_prox(objective)


def derive_chains(
    tell: Tell, *, objective: Objective, rules: Sequence[Rule], has_prox: bool = False
) -> tuple[tuple[GradientDerivation, ...], ProximalDerivation | None]:
    """Return the derivations of an objective's gradient with each rule, and of its operator if that is asked for.

    Each of them may take as long as one may.
    """
    chains = []
    for rule in rules:
        chains.append(derive_chain(tell, objective=objective, rule=rule))
        tell(Phase(objective.name, is_symbolic=False))
    return tuple(chains), derive_prox_chain(tell, objective=objective) if has_prox else None


def decide_properties(tell: Tell, *, objective: Objective) -> Verdicts:
    """Return the verdicts on an objective."""
    tell(Phase(objective.name, is_symbolic=True))
    return decided(objective)


def decided(objective: Objective, analysis: Analysis | None = None) -> Verdicts:
    """Return the verdicts on an objective, or on its penalty where the loss is opaque, held against numbers.

    Args:
        objective: What was asked about.
        analysis: Of its terms, if somebody has one already.
    """
    from symreg.application.confront import confront_verdicts
    from symreg.claims.composed.losses import loss_properties
    from symreg.claims.composed.whole import OF_LOSS, whole_properties
    from symreg.claims.decide import properties

    penalty = properties(objective, analysis) if objective.terms.terms or objective.data is None else None
    if penalty is not None:
        confront_verdicts(penalty)
    if objective.data is None:
        assert penalty is not None
        return penalty
    loss = loss_properties(objective.data.loss, OF_LOSS)
    confront_verdicts(loss)
    return whole_properties(objective, loss, penalty)


def prove_convexity(tell: Tell, *, objective: Objective) -> tuple[Convexity, ...]:
    """Return what is proved of an objective's convexity, for all parameters or some, as the judge takes it."""
    from symreg.calculus.analysis import analyse
    from symreg.claims.decide import proofs_of_convexity
    from symreg.verification import Convexity

    tell(Phase(objective.name, is_symbolic=True))
    proofs = proofs_of_convexity(analyse(objective.terms))
    return tuple(Convexity(rho=rho, holds_iff=condition) for rho, condition in proofs)


def derive_updates(tell: Tell, *, objective: Objective, rules: Sequence[Rule]) -> tuple[Update, ...]:
    """Return the functions to emit: value, gradient, prox where there is one, and a step per rule."""
    from symreg.updates.assemble import updates

    tell(Phase(objective.name, is_symbolic=True))
    return updates(objective, tuple(rules))


def derive_judged_updates(
    tell: Tell, *, objective: Objective, rules: Sequence[Rule], target: str, options: Options = BOTH
) -> tuple[tuple[Update, ...], tuple[str, ...]]:
    """Return the functions to emit, whose code on a target the judge has looked at, and notes on that.

    Raises:
        WrongCode: The judge found one wrong.
    """
    from symreg.targets.styles import in_style

    updates, notes = in_style(objective, derive_updates(tell, objective=objective, rules=rules), target, options)
    return updates, (*notes, *_look_at(tell, objective, updates, rules, (target,), options, is_used=True))


def emit_sources(
    tell: Tell,
    *,
    objective: Objective,
    rules: Sequence[Rule],
    targets: Iterable[str],
    options: Options = UNLESS_ASKED,
) -> EmittedFiles:
    """Return emitted source by path.

    Args:
        tell: Called with each phase.
        objective: What is emitted.
        rules: Those that a step is emitted for.
        targets: Names of targets.
        options: Which functions, in which precision, and whether the judge looks at them.

    Raises:
        SpecError: A function is asked for that the objective does not have.
        WrongCode: The judge found a function wrong.
    """
    from symreg.application.confront import confront_updates
    from symreg.application.requests import require_functions
    from symreg.model.clashes import notes_on_names
    from symreg.targets.emit import emit
    from symreg.targets.styles import in_style

    stepped, names = tuple(rules) if "step" in options.kinds else (), tuple(targets)
    updates = options.chosen(derive_updates(tell, objective=objective, rules=stepped))
    require_functions(objective, options, {update.kind for update in updates})
    told = [note for update in updates if update.rule is not None for note in notes_on_names(update.rule)]
    notes: dict[str, None] = dict.fromkeys(told)
    files: dict[str, str] = {}
    alike: dict[tuple[Update, ...], list[str]] = {}  # targets, by their functions
    for name in names:
        written, left_out = in_style(objective, updates, name, options)
        files |= emit(objective, written, name, options)
        notes |= dict.fromkeys(left_out)
        alike.setdefault(written, []).append(name)
    for written, group in alike.items():
        if options.is_judged:
            looked = _look_at(tell, objective, written, stepped, tuple(group), options, is_used=False)
            notes |= dict.fromkeys(looked)
        else:
            confront_updates(written)
    return EmittedFiles(stem=objective.name, notes=tuple(notes), files=files)


def _look_at(
    tell: Tell,
    objective: Objective,
    updates: tuple[Update, ...],
    rules: Sequence[Rule],
    targets: tuple[str, ...],
    options: Options,
    *,
    is_used: bool,
) -> tuple[str, ...]:
    from symreg.application.emission import judge_emitted

    tell(Phase(f"judge {objective.name}", is_symbolic=False))
    return judge_emitted(objective, updates, rules, targets, options, is_used=is_used)
