"""Regularisers in, derivations and verified NumPy and C update functions out.

Importing this package imports nothing else: each name is fetched from `symreg.api` when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symreg.api import (
        derive,
        generate,
        load,
        objective,
        penalties,
        penalty,
        rule,
        rules,
        verify,
    )
    from symreg.errors import SymregError

__version__ = "0.1.0"

__all__ = [
    "SymregError",
    "derive",
    "generate",
    "load",
    "objective",
    "penalties",
    "penalty",
    "rule",
    "rules",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'symreg' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("symreg.errors" if name == "SymregError" else "symreg.api"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
