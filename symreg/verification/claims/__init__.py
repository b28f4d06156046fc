"""Confront every verdict on a penalty with numbers, by code that shares nothing with what proved or refuted it.

Takes `Terms` and verdicts as plain data; hands on what contradicts them. Only what balls make certain counts.
"""

from symreg.verification.claims.confronting import Contradicted, confront, confront_chain
from symreg.verification.claims.data import Claimed, Refutation, Sign

__all__ = ["Claimed", "Contradicted", "Refutation", "Sign", "confront", "confront_chain"]
