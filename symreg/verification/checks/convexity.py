"""Proofs that a penalty is convex or weakly convex, as data, and the constant that they give for given parameters.

Whoever made the proofs, here only their conditions and constants are evaluated, in balls. The checks `subgradient` and
`nonexpansive` ask functions for what follows: one that breaks it is wrong, or the proof is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from flint import arb, ctx

from symreg.expressions.tree import Call, Tree, number
from symreg.verification.oracle.ball import ball
from symreg.verification.oracle.decisions import Undecided, sign
from symreg.verification.oracle.evaluate import evaluate

_BITS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Convexity:
    """A proof that `R(w) + rho/2*|w|**2` is convex.

    Args:
        rho: Over the parameters; zero where R itself is convex.
        holds_iff: The condition on the parameters under which it holds; None for all in their domains.
    """

    rho: Tree
    holds_iff: Tree | None = None


def least_rho(proofs: Sequence[Convexity], parameters: Mapping[str, float]) -> arb | None:
    """Return the least rho that is proved for these parameters, from above; None where nothing is."""
    with ctx.workprec(_BITS):
        bounds = [rho for proof in proofs if (rho := _rho(proof, parameters)) is not None]
        return reduce(arb.min, bounds) if bounds else None


def _rho(proof: Convexity, parameters: Mapping[str, float]) -> arb | None:
    """Return an upper bound of rho; None where the condition does not hold, or balls do not tell."""
    known = {name: ball(x) for name, x in parameters.items()}
    try:
        if proof.holds_iff is not None:
            holds = Call("where", (proof.holds_iff, number(1), number(0)))
            if not evaluate(holds, known, precision=_BITS, decide=sign) > 0:
                return None
        rho = evaluate(proof.rho, known, precision=_BITS)
    except Undecided:
        return None
    return arb(0).max(rho.upper()) if rho.is_finite() else None
