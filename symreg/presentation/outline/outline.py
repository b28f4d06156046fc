"""The outline of a derivation: what it says, in which order and in which words, for every format to write in its way.

Takes derivations; a sentence is prose with trees in it, so that each format sets the mathematics as its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symreg.derivation.loss_model import LossDerivation
from symreg.derivation.model import GradientDerivation, ProximalDerivation
from symreg.presentation.outline.command import command_text, notes_of
from symreg.presentation.outline.document import Outline, Part
from symreg.presentation.outline.gradient import gradient_outline, rule_part, stationary_part
from symreg.presentation.outline.loss import loss_outline
from symreg.presentation.outline.proximal import proximal_outline, proximal_part


def outline(
    chain: GradientDerivation | ProximalDerivation | LossDerivation,
    others: Sequence[GradientDerivation] = (),
    operator: ProximalDerivation | None = None,
) -> Outline:
    """Return the outline of a derivation.

    Args:
        chain: Of an objective's gradient with a rule, of its operator by itself, or of a loss.
        others: Of the same objective with other rules: what they add is told in parts of their own.
        operator: Of the whole penalty, to be told as well.
    """
    if isinstance(chain, LossDerivation):
        return loss_outline(chain)
    if isinstance(chain, ProximalDerivation):
        return proximal_outline(chain)
    document = gradient_outline(chain)
    parts: list[Part] = [rule_part(other, chain, document) for other in others]
    operators = [made.operator for made in (chain, *others) if made.operator is not None]
    if operator is not None:
        operators = [made for made in operators if made.terms != operator.terms]
    names = {made.proximal for made in (chain, *others) if made.operator is not None} - {"", "R"}
    known = [note for made in (chain, *others) for note in notes_of(made)]
    parts.extend(proximal_part(made, " ".join(sorted(names)), known) for made in operators[:1])
    if operator is not None:
        parts.append(proximal_part(operator, known=known))
    if chain.stationary:
        parts.append(stationary_part(chain, document))
    return replace(
        document,
        command=command_text(chain.objective, *(made.rule for made in (chain, *others))),
        parts=tuple(parts),
        options=("--prox",) if operator is not None else (),
        check=f"{document.check} and the exact minimiser" if operator is not None else document.check,
    )
