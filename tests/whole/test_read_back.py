"""What symreg prints in LaTeX it reads back as the same penalty."""

from __future__ import annotations

import mpmath
import pytest
from tree_values import Values, value

from symreg import catalogue
from symreg.expressions.arithmetic import total
from symreg.expressions.tree import Item, Name, Subscript, Sum, Tree, is_elementwise, substitute
from symreg.model.objective import Objective
from symreg.objectives.resolve import resolve
from symreg.presentation.mathematics.latex import formula
from symreg.presentation.mathematics.notation import notation_of

WEIGHTS = [mpmath.mpf(x) for x in ("0.3", "1.7", "0.06", "4.1")]
EQUAL = {"variance": "lam*sum((w[i] - 1/n*sum(w[k], k))**2, i)"}
"""What is read as another tree, since LaTeX prints a quotient as a factor; these are compared as numbers."""


def over_all_weights(objective: Objective) -> Tree:
    """Return the penalty as a derivation prints it, a sum over i of the terms of single weights."""
    trees = [term.tree for term in objective.terms.terms]
    single = [substitute(t, {Name("w"): Item("w", (Subscript("i"),))}) for t in trees if is_elementwise(t)]
    return total([*([Sum(total(single), "i")] if single else []), *(t for t in trees if not is_elementwise(t))])


def printed(objective: Objective) -> str:
    return formula(over_all_weights(objective), notation_of(objective.terms, None)[0]).flat


def of_weights(objective: Objective) -> mpmath.mpf:
    scalars = {p.name: mpmath.mpf(7) / (2 + k) for k, p in enumerate(objective.terms.parameters)}
    return value(over_all_weights(objective), Values(mpmath, {**scalars, "n": mpmath.mpf(4)}, {"w": WEIGHTS}))


@pytest.mark.parametrize("name", catalogue.penalties())
def test_the_latex_of_a_penalty_is_read_as_the_same_penalty(name: str) -> None:
    objective = resolve(name)
    read = resolve(printed(objective))
    assert read.notes[0] == f"read as: {read.text}"
    if name not in EQUAL:
        assert over_all_weights(read) == over_all_weights(objective)
        return
    assert read.text == EQUAL[name]
    with mpmath.workdps(50):
        assert mpmath.almosteq(of_weights(read), of_weights(objective), rel_eps=mpmath.mpf(10) ** -45)
