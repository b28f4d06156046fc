"""What is said of a claim about a penalty: proved, conditional, refuted or undecided, with what a person can check."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from symreg.calculus.loss_profile import LossProfile
from symreg.display import one_line
from symreg.expressions.text import to_text
from symreg.expressions.tree import Call, Name, Tree
from symreg.model.names import did_you_mean, printable
from symreg.model.objective import Objective
from symreg.model.terms import Terms

Words = tuple[str | Tree, ...]
"""A sentence: words, and mathematics over `w`, `u`, `v`, the parameters, and phi and its derivatives as functions."""
PHI, SLOPE, CURVATURE = (Call(name, ()) for name in ("phi", "dphi", "ddphi"))
PHI_OF_W, SLOPE_OF_W = (Call(name, (Name("w"),)) for name in ("phi", "dphi"))
"""The penalty of one weight and its derivatives, as functions and at w."""
Status = Literal["proved", "conditional", "refuted", "undecided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Numbers at which a claim fails: `left operator right` would have to hold, and does not, as balls prove.

    Args:
        at: Exact values of the parameters and of the weights `w`, `u`, `v`, by name.
        left: What the claim compares, over these names.
        operator: `<`, `<=`, `>`, `>=` or `==`.
        right: What it is compared with.
        left_value: The left side in decimals.
        right_value: The right side in decimals.
        relation: What the inequality says of phi.
        weights: The vector as expressions in `w`: one weight where nothing else is said.
        arrays: Numbers in place of the declared arrays, by name.
    """

    at: tuple[tuple[str, Fraction], ...]
    left: Tree
    operator: str
    right: Tree
    left_value: str
    right_value: str
    relation: Words = ()
    weights: tuple[Tree, ...] = (Name("w"),)
    arrays: tuple[tuple[str, tuple[tuple[Fraction, ...], ...]], ...] = ()

    @property
    def meaning(self) -> str:
        """What the inequality says, as text."""
        return in_text(self.relation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer to one claim.

    Args:
        claim: In the field's words: `convex`, `gradient Lipschitz`, ...
        verdict: `proved` for all parameters in their domains; `conditional`: for those, and only those, of `holds_iff`;
            `refuted`: the claim fails at the witness, for some parameters at least.
        holds_iff: The condition on the parameters (and on the step, `step` or `lr`), or None.
        symbol: What the value is called: `rho`, `mu`, `L`, `lr`, ...; "" where there is none.
        value: The best constant, an expression in the parameters, or None.
        witness: Of a refuted claim, and of a conditional one where the condition fails.
        method: How it was decided: `sign table`, `Z3`, `balls for ...`, `structure`, ...
        said: What a reader must know besides; a few words.
    """

    claim: str
    verdict: Status
    holds_iff: Tree | None = None
    symbol: str = ""
    value: Tree | None = None
    witness: Witness | None = None
    method: str = ""
    said: Words = ()

    @property
    def note(self) -> str:
        """What a reader must know besides, as text."""
        return in_text(self.said)

    def __repr__(self) -> str:
        condition = "" if self.holds_iff is None else f"iff {to_text(self.holds_iff)}"
        value = "" if self.value is None else f"{self.symbol} = {to_text(self.value)}"
        return one_line(f"verdict {self.claim}", (self.verdict, condition, value, self.note))


def in_text(words: Words) -> str:
    """Return a sentence as text, its mathematics in the language's, with `phi'` and `phi''` for the derivatives."""
    return "".join(part if isinstance(part, str) else _shown(part) for part in words)


def _shown(tree: Tree) -> str:
    text = re.sub(r"\b(d{0,2})phi\(", lambda match: f"phi{chr(39) * len(match[1])}(", to_text(tree))
    return text.replace("()", "").replace(" == ", " = ")


WITHOUT_NUMBERS = ("domain", "degree", "oscillation")
"""Methods of a refutation that shows without numbers at which the claim fails."""


def shown(verdict: Verdict) -> Verdict:
    """Return a verdict, or that it is undecided if it refutes without anything that shows it."""
    if verdict.verdict != "refuted" or verdict.witness is not None or verdict.method in WITHOUT_NUMBERS:
        return verdict
    return Verdict(claim=verdict.claim, verdict="undecided", said=("no numbers were found that refute it",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """All verdicts on an objective.

    Args:
        objective: What was asked about.
        verdicts: One for each claim, in a fixed order.
        notes: What was assumed, one sentence each.
        loss: The loss that they are on, as phi of one number; None for those on a penalty. `objective` is phi then.
        parts: Of a loss, phi and the verdicts for each label that was looked at by itself.
    """

    objective: Objective
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...] = field(default=())
    loss: LossProfile | None = None
    parts: tuple[tuple[Terms, tuple[Verdict, ...]], ...] = ()

    def __getitem__(self, claim: str) -> Verdict:
        """Return the verdict on a claim by its name.

        Raises:
            KeyError: There is no such claim; names the nearest, or all.
        """
        for verdict in self.verdicts:
            if verdict.claim == claim:
                return verdict
        claims = [verdict.claim for verdict in self.verdicts]
        near = did_you_mean(str(claim)[:40], claims) or f"; there are {', '.join(claims)}"
        raise KeyError(f"no claim is called '{printable(str(claim), 40)}'{near}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepBound:
    """A condition on the step size, derived from the update.

    Args:
        claim: `no overshoot` (no weight changes its sign) or `contraction` (the size of each that moves falls).
        condition: Holds if and only if the claim does for all weights.
    """

    claim: str
    condition: Tree
