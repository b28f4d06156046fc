"""The border around a part of the calculus that can be left out: whatever is raised inside it is told as `Intractable`.

SymPy and mpmath raise anything, from anywhere, and hand back what nobody expects (a complex number, a `zoo`). Whoever
asks for a part that others do not need (an operator, a claim, a note) goes through here, and does without the part if
it fails: the gradient is emitted all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from symreg.errors import Intractable, SymregError


class Unforeseen(Intractable):
    """What the calculus did not expect to meet: a mistake of its own that costs one part; `__cause__` is the error."""


@contextmanager
def border(part: str) -> Iterator[None]:
    """Turn every unexpected error of a `with` block, or of a decorated function, into `Unforeseen`.

    What is raised on purpose passes as it is, and so does a lack of memory, of which nothing is left out.

    Args:
        part: What is lost if it fails, for the message: "the proximal operator", "the claim 'convex'".

    Raises:
        Unforeseen: Names the part and what was raised.
    """
    try:
        yield
    except (SymregError, MemoryError):
        raise
    except Exception as error:
        told = " ".join(str(error).split())[:120]
        raise Unforeseen(f"{part} was not derived: {type(error).__name__}{': ' if told else ''}{told}") from error
