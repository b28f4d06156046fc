"""What is to be emitted, in words and kernels: the one description that every target's files are written from.

Takes an objective and its updates, hands on a `Module`: what the header says, and per function its kernel, signature
and formulas. Nothing here belongs to one language.
"""

from __future__ import annotations

from dataclasses import dataclass

from symreg.kernel import Kernel, lower
from symreg.model.objective import Objective
from symreg.targets.command import command_of, digest_of
from symreg.targets.formulas import Equation, formulas, objective_formulas
from symreg.targets.minimum import notes_on_minimum
from symreg.targets.options import DtypeChoice, Options
from symreg.targets.signature import Signature, signature_of
from symreg.updates.update import Update

UNJUDGED = "NOT JUDGED: written with --unjudged; nobody has compared this code with its formula."


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function to be written.

    Args:
        kernel: What it does.
        signature: What it takes and returns.
        title: What it is in a few words: `adam step`.
        summary: One sentence.
        formulas: What it computes, an equation a row: left side, sign, right side.
        notes: Sentences.
    """

    kernel: Kernel
    signature: Signature
    title: str
    summary: str
    formulas: tuple[Equation, ...]
    notes: tuple[str, ...] = ()

    @property
    def update(self) -> Update:
        """The update that the kernel is of."""
        return self.kernel.update

    @property
    def name(self) -> str:
        """`value`, `gradient`, `prox`, `adam_step`."""
        return self.kernel.update.name

    @property
    def passes_samples(self) -> bool:
        """Does it take X?"""
        return self.kernel.update.passes_samples

    @property
    def is_indexed(self) -> bool:
        """Is something in index notation or over groups, so that the weights have one dimension?"""
        return self.kernel.update.has_one_dimension


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """The functions of one objective.

    Args:
        name: Stem of the files.
        title: Of the objective.
        formulas: What R(w) is, as in `Function`.
        references: Of the penalty and the rules, and a caution if nobody judged the files.
        command: That makes the files again.
        digest: SHA-256 of the specs and the target's templates.
        functions: In order.
        dtype: The precisions in which C is emitted.
    """

    name: str
    title: str
    formulas: tuple[Equation, ...]
    references: tuple[str, ...]
    command: str
    digest: str
    functions: tuple[Function, ...]
    dtype: DtypeChoice

    @property
    def contents(self) -> str:
        """What there is, as in `value, gradient and adam step` or `value, gradient and 5 update steps`."""
        first = [f.title for f in self.functions if f.update.kind != "step"]
        steps = [f.title for f in self.functions if f.update.kind == "step"]
        *others, last = [*first, f"{len(steps)} update steps"] if len(steps) > 1 else [*first, *steps]
        return f"{', '.join(others)} and {last}" if others else last


def describe(objective: Objective, updates: tuple[Update, ...], target: str, options: Options) -> Module:
    """Return the description of those of an objective's functions that are wanted."""
    updates = options.chosen(updates)
    rules = tuple(update.rule for update in updates if update.rule is not None)
    rows = [*objective.references, *(rule.reference for rule in rules)]
    return Module(
        name=objective.name,
        title=objective.title,
        formulas=objective_formulas(objective),
        references=(*dict.fromkeys(row for row in rows if row), *(() if options.is_judged else (UNJUDGED,))),
        command=command_of(objective, rules, target, options),
        digest=digest_of(objective, updates, target),
        functions=tuple(_function(update) for update in updates),
        dtype=options.dtype,
    )


def _function(update: Update) -> Function:
    kernel = lower(update)
    title, summary = _words(update)
    return Function(
        kernel=kernel,
        signature=signature_of(kernel),
        title=title,
        summary=summary,
        formulas=formulas(update),
        notes=(*update.notes, *notes_on_minimum(update)),
    )


def _words(update: Update) -> tuple[str, str]:
    """Return what a function is in a few words, and a sentence on it."""
    rule, has_data = update.rule, update.data is not None
    over_weights = ", the sum over all weights" if update.indexed is None else ""
    objective = "L(w) + R(w)" if update.terms.terms else "L(w)"
    return {
        "loss_value": ("loss", "Return the loss l(z, y) of each prediction."),
        "loss_gradient": ("its slope", "Return dl/dz of each prediction."),
        "loss_hessian": ("its curvature", "Return d2l/dz2 of each prediction."),
        "value": (
            "value",
            f"Return {objective}." if has_data else f"Return the penalty R(w){over_weights}.",
        ),
        "gradient": (
            "gradient",
            f"Return the gradient of {objective}." if has_data else "Return dR/dw, the penalty's gradient.",
        ),
        "hessian_vector": ("Hessian times vector", f"Return the Hessian of {objective} at w times v."),
        "partial": (
            "partial sums",
            "Return the sums over these samples alone: of the losses, of their gradients and of the weights.",
        ),
        "lipschitz": ("Lipschitz constant", "Return a bound of the Lipschitz constant of dL/dw."),
        "prox": ("proximal operator", "Return the proximal operator of step*R at v."),
        "step": (
            f"{update.name.replace('_', ' ')}",
            f"Take one step of {rule.name.replace('_', ' ') if rule else ''} on "
            f"{objective if has_data else 'L(w) + R(w)'}, in place.",
        ),
    }[update.kind]
