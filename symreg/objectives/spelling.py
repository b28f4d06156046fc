"""How penalties that were made in Python are written as an objective's text, and what has to stand beside it.

The commands that symreg prints are made from these: they have to work as they are printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, number
from symreg.language.specs.toml import STANDARD_INPUT
from symreg.model.coefficient import weighted_text
from symreg.model.spec import Array, Parameter, Penalty

EXPRESSION = "expression"
"""The source of a penalty that is in no file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """An objective as it would be typed.

    Args:
        text: Names, paths and expressions.
        declared: What the expressions' parameters and arrays are, where nobody would guess it.
        domain: Of the weights of the expressions; "" for all numbers.
        is_named: Is there an expression that has a name of its own?
    """

    text: str
    declared: tuple[Parameter | Array, ...] = ()
    domain: str = ""
    is_named: bool = False


def spelling_of(addends: tuple[tuple[Fraction, Penalty], ...]) -> Spelling:
    """Return penalties with coefficients as they would be typed."""
    written = [penalty for _, penalty in addends if penalty.source == EXPRESSION]
    parameters = [p for penalty in written for p in penalty.parameters if not p.is_assumed]
    arrays = [a for penalty in written for a in penalty.arrays if not a.domain.is_all]
    domains = dict.fromkeys(str(penalty.domain) for penalty in written if not penalty.domain.is_all)
    declared: dict[str, Parameter | Array] = {p.name: p for p in parameters} | {a.name: a for a in arrays}
    return Spelling(
        text=" + ".join(_spelled(coefficient, penalty) for coefficient, penalty in addends),
        declared=tuple(declared.values()),
        domain=next(iter(domains), ""),
        is_named=bool(written),
    )


def _spelled(coefficient: Fraction, penalty: Penalty) -> str:
    if penalty.source == EXPRESSION:
        tree = penalty.expression
        if penalty.lift is not None:
            return weighted_text(coefficient, f"{penalty.lift.word}({to_text(penalty.lift.phi)})")
        return to_text(tree if coefficient == 1 else Binary("*", number(coefficient), tree))
    name = "-" if penalty.source == STANDARD_INPUT else penalty.path or penalty.name
    return weighted_text(coefficient, name)
