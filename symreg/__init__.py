"""Regularisers in, derivations and verified NumPy and C update functions out.

Importing this package imports nothing heavy: each name is fetched from `symreg.api` when it is first used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symreg.api import analyse, audit, derive, generate, load, objective, penalties, penalty, rule, rules, verify
    from symreg.errors import SymregError

__version__ = "0.1.0"

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


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'symreg' has no attribute {name!r}")
    return getattr(import_module("symreg.errors" if name == "SymregError" else "symreg.api"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


class _Package(ModuleType):
    """This package, whose `objective` is the function although there is a module of that name as well."""

    @property
    def objective(self) -> Any:
        return import_module("symreg.api").objective

    @objective.setter
    def objective(self, module: ModuleType) -> None:
        """Ignore what the import system sets when the module is imported."""


sys.modules[__name__].__class__ = _Package
