"""Penalties, losses, rules and objectives from Python: by name, from a file, or written inline.

Reading is cheap and bounded by the language's limits; nothing here is symbolic work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from symreg import catalogue
from symreg.application import worker
from symreg.errors import SpecError
from symreg.language.inline import inline_penalty
from symreg.language.inline_declarations import ArrayLike, declared_array, declared_parameter
from symreg.language.intervals import parse_domain, parse_labels
from symreg.language.specs.losses import inline_loss
from symreg.model.interval import REAL
from symreg.model.labels import ANY
from symreg.model.loss import Loss
from symreg.model.names import mentioned
from symreg.model.objective import Objective
from symreg.model.spec import Penalty, PenaltySum, Rule
from symreg.objectives.files import read_loss_file, read_penalty_file
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule

ObjectiveLike: TypeAlias = "str | Path | Penalty | PenaltySum | Objective"
RuleLike: TypeAlias = "str | Path | Rule"
Rules: TypeAlias = "RuleLike | Sequence[RuleLike]"


def penalty(
    name: str | Path,
    expression: str | None = None,
    *,
    domain: str | None = None,
    arrays: Mapping[str, ArrayLike] | None = None,
    title: str = "",
    reference: str = "",
    timeout: float | None = None,
    **parameters: str | tuple[str, float],
) -> Penalty:
    """Return a penalty: one of the catalogue, of a spec file, or, with an expression, one of your own.

    Args:
        name: Its name; without an expression a catalogue name or the path of a spec file.
        expression: In symreg's language, such as `"lam*(1 - exp(-(w/c)**2))"`.
        domain: Of each weight, such as `"(0, inf)"`, or `"[lo, hi]"` with parameters for ends; all of the real line
            unless given.
        arrays: Shapes by name, each `("n",)` or `("n", "n")`, or a shape and what its elements may be, written as for
            a parameter: `(("n",), "nonnegative = 1")`.
        title: One line of text.
        reference: Where it is from.
        timeout: As everywhere; reading a penalty is bounded by the language's limits.
        parameters: Domains by name: `"positive"`, `"(0, 1)"`, with a default `"positive = 0.3"` or `("positive", 0.3)`.
            One that is not named here is taken as positive.

    Returns:
        The penalty. Two add up, and a number times one is another: `l1 + 0.5 * l2` is an objective.

    Raises:
        SymregError: What is wrong, where, and what would be right.

    Example:
        >>> symreg.penalty("welsch", "lam*(1 - exp(-(w/c)**2))", c="positive = 2")
    """
    worker.checked_timeout(timeout)
    if expression is None:
        if domain or arrays or title or reference or parameters:
            fixed = f'; a number in place of a parameter is read by symreg.objective("{name}(lam=0.3)")'
            hint = fixed if any(isinstance(value, int | float) for value in parameters.values()) else ""
            raise SpecError(f"{name}: a domain, arrays, a title, a reference or parameters go with an expression{hint}")
        is_file = isinstance(name, Path) or str(name).endswith(".toml")
        if not is_file and isinstance(name, str) and any(mark in name for mark in "+*("):
            raise SpecError(f"{mentioned(name, 'no penalty is called')}; symreg.objective reads sums and expressions")
        return read_penalty_file(Path(name)) if is_file else catalogue.penalty(str(name))
    return inline_penalty(
        expression,
        name=str(name),
        declared=[declared_parameter(key, value) for key, value in parameters.items()],
        domain=None if domain is None else parse_domain(str(domain)),
        arrays=[declared_array(key, value) for key, value in (arrays or {}).items()],
        title=title,
        reference=reference,
    )


def loss(
    name: str | Path,
    expression: str | None = None,
    *,
    label: str | None = None,
    prediction: str | None = None,
    title: str = "",
    reference: str = "",
    timeout: float | None = None,
    **parameters: str | tuple[str, float],
) -> Loss:
    """Return a loss of one prediction z and one label y: of the catalogue, of a spec file, or one of your own.

    Args:
        name: Its name; without an expression a catalogue name or the path of a spec file.
        expression: In symreg's language over `z` and `y`, such as `"log(1 + exp(-y*z))"`.
        label: What y may be: `"{-1, 1}"`, `"[0, 1]"`, `"integers >= 0"`; any real number unless given.
        prediction: Domain of z, such as `"(0, inf)"`; all of the real line unless given.
        title: One line of text.
        reference: Where it is from.
        timeout: As everywhere; reading a loss is bounded by the language's limits.
        parameters: Domains by name, as those of a penalty.

    Raises:
        SymregError: What is wrong, where, and what would be right.

    Example:
        >>> symreg.loss("savage", "1/(1 + exp(y*z))**2", label="{-1, 1}")
    """
    worker.checked_timeout(timeout)
    if expression is None:
        if label or prediction or title or reference or parameters:
            raise SpecError(f"{name}: a label, a prediction, a title, a reference or parameters go with an expression")
        is_spec_file = isinstance(name, Path) or str(name).endswith(".toml")
        return read_loss_file(Path(name)) if is_spec_file else catalogue.loss(str(name))
    return inline_loss(
        expression,
        name=str(name),
        labels=ANY if label is None else parse_labels(str(label)),
        prediction=REAL if prediction is None else parse_domain(str(prediction)),
        declared=[declared_parameter(key, value) for key, value in parameters.items()],
        title=title,
        reference=reference,
    )


def rule(source: RuleLike, *, timeout: float | None = None) -> Rule:
    """Return an update rule.

    Args:
        source: The name of one of the catalogue, the path of a spec file, or a spec file's text.
        timeout: As everywhere; reading a rule is bounded by the language's limits.

    Raises:
        SymregError: What is wrong, where, and what would be right.
    """
    worker.checked_timeout(timeout)
    return resolve_rule(source)


def penalties() -> tuple[str, ...]:
    """Return the names of the catalogue's penalties, sorted."""
    return catalogue.penalties()


def losses() -> tuple[str, ...]:
    """Return the names of the catalogue's losses, sorted."""
    return catalogue.losses()


def rules() -> tuple[str, ...]:
    """Return the names of the catalogue's update rules, sorted."""
    return catalogue.rules()


def objective(
    source: ObjectiveLike, *, name: str | None = None, domain: str | None = None, timeout: float | None = None
) -> Objective:
    """Return an objective: what every other function takes, resolved.

    Args:
        source: A catalogue name, the path of a spec file, an expression, a sum of these such as `"l1 + 0.5*l2"`, a
            penalty, or a sum of penalties.
        name: A stem for emitted files in place of the one made from the penalties' names.
        domain: Where each weight lies, such as `"(0, inf)"`, besides what the penalties say themselves.
        timeout: As everywhere; reading an objective is bounded by the language's limits.

    Returns:
        Its terms, with one declaration of each parameter, and notes on what was assumed.

    Raises:
        SymregError: What is wrong, where, and what would be right.

    Example:
        >>> symreg.objective("l1(lam=mu) + 0.5*l2").terms.names
        ['mu', 'lam']
    """
    worker.checked_timeout(timeout)
    return resolve(source, name=name, domain=domain)
