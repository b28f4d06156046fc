"""The outline of a derivation: what it says, in which order and in which words, for every format to write in its way.

Takes a `Chain`; a sentence is prose with trees in it, so that each format sets the mathematics as its own.
"""

from __future__ import annotations

from symreg.derivation.model import Chain, ProxChain
from symreg.presentation.outline.document import Outline
from symreg.presentation.outline.gradient import gradient_outline
from symreg.presentation.outline.proximal import proximal_outline


def outline(chain: Chain | ProxChain) -> Outline:
    """Return the outline of a derivation."""
    return proximal_outline(chain) if isinstance(chain, ProxChain) else gradient_outline(chain)
