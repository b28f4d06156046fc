"""Regularisers in, derivations and verified NumPy and C update functions out.

Importing this package imports nothing heavy: each name is fetched from `symreg.application` when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from symreg.version import __version__ as __version__

if TYPE_CHECKING:
    from symreg.application.api import analyse, audit, derive, generate, load, verify
    from symreg.application.specs import objective, penalties, penalty, rule, rules
    from symreg.errors import SymregError


__all__ = [
    "SymregError",
    "analyse",
    "audit",
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

_SPECS = ("objective", "penalties", "penalty", "rule", "rules")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'symreg' has no attribute {name!r}")
    module = "errors" if name == "SymregError" else "application.specs" if name in _SPECS else "application.api"
    return getattr(import_module(f"symreg.{module}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
