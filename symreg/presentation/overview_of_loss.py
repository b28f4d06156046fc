"""A loss on one screen: its formula, its derivatives, the claims that matter, what to ask next."""

from __future__ import annotations

from symreg.derivation.loss_model import CURVATURE, LOSS, SLOPE, LossDerivation
from symreg.presentation.escaping import plain
from symreg.presentation.outline.command import command_line
from symreg.presentation.outline.document import Equation
from symreg.presentation.outline.loss import loss_outline
from symreg.presentation.overview import COLUMN, claim_lines, page, row, wrapped
from symreg.presentation.text import equation_lines, heading
from symreg.presentation.verdicts import verdict_notation

_CLAIMS = ("convex", "monotone", "bounded slope", "gradient Lipschitz")
"""Those that decide which algorithm may be used, and up to which step."""


def loss_overview(chain: LossDerivation) -> str:
    """Return a loss on one screen, as text: ASCII, a newline at the end."""
    document, loss = loss_outline(chain), chain.loss
    formulas = {"formula": (LOSS, loss.expression), "derivative": (SLOPE, chain.gradient)}
    if chain.hessian is not None:
        formulas["second"] = (CURVATURE, chain.hessian)
    labels = [loss.labels.condition("y"), *([] if loss.prediction.is_all else [loss.prediction.condition("z")])]
    commands = [command_line(verb, chain.objective) for verb in ("derive", "analyse")]
    return page(
        [
            heading(document),
            *(
                row(label, equation_lines(Equation(left=left, rights=(right,)), document.formulas, COLUMN))
                for label, (left, right) in formulas.items()
            ),
            row("label", wrapped(", ".join(labels))),
            row("claims", claim_lines(chain.verdicts, verdict_notation(chain.verdicts), _CLAIMS)),
            *([row("note", wrapped(plain(loss.doc)))] if loss.doc else []),
            row("next", [" " * COLUMN + command for command in commands]),
        ]
    )
