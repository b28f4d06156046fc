"""Hold what was derived against numbers before it is told: claims, directions and step sizes."""

from __future__ import annotations

from collections.abc import Iterable

from symreg.calculus.radial import in_single_weights
from symreg.claims.verdict import Verdict, Verdicts
from symreg.derivation.model import GradientDerivation
from symreg.updates.update import Update
from symreg.verification.claims import Claimed


def confront_verdicts(analysis: Verdicts) -> None:
    """Look for samples that contradict a verdict before it is handed on.

    Raises:
        Contradicted: One does: a mistake in a proof of symreg's.
    """
    from symreg.verification.claims import confront

    for terms, verdicts in analysis.parts or ((analysis.objective.terms, analysis.verdicts),):
        confront(in_single_weights(terms), map(_claimed, verdicts))


def confront_updates(updates: Iterable[Update]) -> None:
    """Look for samples that contradict what the docstrings of emitted functions say of a step and of the operator.

    Raises:
        Contradicted: One does: a mistake in a proof of symreg's.
    """
    from symreg.verification.claims import confront

    for update in updates:
        if update.claims:
            confront(update.terms, map(_claimed, update.claims))


def confront_derivation(chain: GradientDerivation) -> None:
    """Look for samples that contradict what a derivation says of a step on the penalty alone.

    Raises:
        Contradicted: One does: a mistake in a proof of symreg's.
    """
    if chain.data is not None:
        confront_verdicts(chain.data.loss.verdicts)
    if not chain.directions:
        return
    from symreg.verification.claims import Sign, confront_chain

    signs = [Sign(side=1 if d.side == "positive" else -1, sign=d.sign, where=d.where) for d in chain.directions]
    confront_chain(chain.objective.terms, chain.rule, signs, [(bound.claim, bound.condition) for bound in chain.bounds])


def _claimed(verdict: Verdict) -> Claimed:
    """Return a verdict as the judge takes it."""
    from symreg.verification.claims import Claimed, Refutation

    witness = verdict.witness
    refutation = None
    if witness is not None:
        refutation = Refutation(
            at=witness.at,
            left=witness.left,
            operator=witness.operator,
            right=witness.right,
            weights=witness.weights,
            arrays=dict(witness.arrays),
        )
    return Claimed(
        claim=verdict.claim,
        verdict=verdict.verdict,
        holds_iff=verdict.holds_iff,
        value=verdict.value,
        refutation=refutation,
    )
