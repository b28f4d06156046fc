"""One step of a derivation: an equality and the rule by which it holds."""

from __future__ import annotations

from dataclasses import dataclass

from symreg.expressions.tree import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One equality `before = after`, one bound `before <= after`, or with a target one assignment `target <- after`.

    `Call("d", (x,))` is the formal derivative of x by `w[j]`, `Call("d", (x, z))` that by z; `Name("O")`, `Name("L")`,
    `Name("R")` are objective, loss and penalty, `Name("S")` and `Name("P")` the parts of a penalty whose gradient and
    whose proximal operator a rule takes; `Item("g", j)` is dL/dw_j where the loss is not written out. Weights are
    `Item("w", ...)`: the weight in question is `w[j]`, `j` free.
    `Call("prox", (v, s))` is the operator with step s, `Call("argmin", (u, x))` the u that makes x least. What else
    stands in the derivation of an operator: see `prox_chain`; of a loss over samples: see `DataDerivation`.

    Args:
        rule: The rule applied, in the field's words: `power rule`, `index sum`, ...
        before: The expression that the rule was applied to.
        after: What it became.
        why: A few words: why the rule applies or what happened.
        condition: Where the equality holds, or None for everywhere.
        target: Of an assignment: `w` or a state; "" for an equality.
        is_bound: Is `before` no greater than `after`, rather than equal to it?
    """

    rule: str
    before: Tree
    after: Tree
    why: str = ""
    condition: Tree | None = None
    target: str = ""
    is_bound: bool = False
