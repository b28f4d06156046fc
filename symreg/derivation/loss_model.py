"""What the derivation of a loss consists of: by its prediction, and over samples by one weight."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symreg.calculus.differentiation.step import Step
from symreg.calculus.loss_profile import LossProfile, Y, Z
from symreg.calculus.pieces.knot import Knot
from symreg.claims.verdict import Verdict, Verdicts
from symreg.expressions.arithmetic import call
from symreg.expressions.tree import Tree
from symreg.model.loss import DataTerm, Loss
from symreg.model.objective import Objective

LOSS, SLOPE, CURVATURE = (call(name, Z, Y) for name in ("loss", "dloss", "ddloss"))
"""l(z, y), and its first and second derivative by z."""
_BOUNDS = ("convex", "monotone", "bounded slope", "gradient Lipschitz")


@dataclass(frozen=True, slots=True, kw_only=True)
class LossDerivation:
    """The derivation of a loss by its prediction; trees are over `z`, `y` and the parameters.

    `Call("d", (x,))` is the derivative of x by z; `Call("loss", (z, y))`, `dloss` and `ddloss` are l, l' and l''.

    Args:
        profile: The loss, as phi of one number.
        steps: In the order in which they are read.
        gradient: l'(z, y), simplified.
        hessian: l''(z, y), simplified; None where there is no formula for it.
        places: The knots of phi, over the bare `w`, each with the label that it is of, None for every label.
        verdicts: Everything that is known of the loss.
        notes: One sentence each.
    """

    profile: LossProfile
    steps: tuple[Step, ...]
    gradient: Tree
    hessian: Tree | None
    places: tuple[tuple[Fraction | None, Knot], ...]
    verdicts: Verdicts
    notes: tuple[str, ...] = ()

    @property
    def knots(self) -> tuple[Knot, ...]:
        """The knots of phi, for whatever label."""
        return tuple(knot for _, knot in self.places)

    @property
    def loss(self) -> Loss:
        """What was derived."""
        return self.profile.loss

    @property
    def objective(self) -> Objective:
        """phi, with the loss's name and title."""
        return self.verdicts.objective

    @property
    def bounds(self) -> tuple[Verdict, ...]:
        """What is proved of the loss and its derivatives that a choice of step size rests on."""
        return tuple(v for v in map(self.verdicts.__getitem__, _BOUNDS) if v.verdict == "proved")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDerivation:
    """The derivation of a loss over samples by one weight.

    Trees are over `X[k, j]`, `y[k]`, the predictions `z[k]` and, where l' is long, `r[k]` for `dloss(z[k], y[k])`;
    `m` is the number of samples. `X`, `y`, `z`, `r` by themselves are the matrix and the vectors.

    Args:
        data: The loss over the samples.
        loss: The derivation of one sample's loss.
        scale: What the sum over the samples is multiplied by.
        opening: What L is, and what the predictions are.
        steps: Down to dL/dw_j, and to the bound on the Hessian, in the order in which they are read.
        slope: dL/dw_j.
        lipschitz: What the norm of the Hessian does not exceed; None where there is no such number.
        notes: One sentence each.
    """

    data: DataTerm
    loss: LossDerivation
    scale: Tree
    opening: tuple[Step, ...]
    steps: tuple[Step, ...]
    slope: Tree
    lipschitz: Tree | None
    notes: tuple[str, ...]
