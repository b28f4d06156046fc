"""Regularisers in, derivations and verified NumPy and C update functions out.

Importing this package imports nothing heavy: each name is fetched from where it lives when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from symreg.version import __version__ as __version__

if TYPE_CHECKING:
    from symreg.application.api import analyse, audit, derive, generate, load, verify
    from symreg.application.specs import loss, losses, objective, penalties, penalty, rule, rules
    from symreg.claims.verdict import Verdict, Witness
    from symreg.errors import (
        Intractable,
        LanguageError,
        NotDifferentiable,
        OutOfTime,
        OutputError,
        SpecError,
        SymregError,
        ToolMissing,
        UnknownName,
        WrongCode,
    )
    from symreg.model.loss import Loss
    from symreg.model.objective import Objective
    from symreg.model.spec import Array, Parameter, Penalty, PenaltySum, Rule
    from symreg.presentation import Derivation, Properties
    from symreg.targets.loading.functions import Function, Functions
    from symreg.verification import Check, Report


_PLACES = {
    "application.api": ("analyse", "audit", "derive", "generate", "load", "verify"),
    "application.specs": ("loss", "losses", "objective", "penalties", "penalty", "rule", "rules"),
    "claims.verdict": ("Verdict", "Witness"),
    "errors": (
        "Intractable",
        "LanguageError",
        "NotDifferentiable",
        "OutOfTime",
        "OutputError",
        "SpecError",
        "SymregError",
        "ToolMissing",
        "UnknownName",
        "WrongCode",
    ),
    "model.loss": ("Loss",),
    "model.objective": ("Objective",),
    "model.spec": ("Array", "Parameter", "Penalty", "PenaltySum", "Rule"),
    "presentation": ("Derivation", "Properties"),
    "targets.loading.functions": ("Function", "Functions"),
    "verification": ("Check", "Report"),
}
"""Where each public name lives: what is called, what comes back, what is raised."""

__all__ = [
    "Array",
    "Check",
    "Derivation",
    "Function",
    "Functions",
    "Intractable",
    "LanguageError",
    "Loss",
    "NotDifferentiable",
    "Objective",
    "OutOfTime",
    "OutputError",
    "Parameter",
    "Penalty",
    "PenaltySum",
    "Properties",
    "Report",
    "Rule",
    "SpecError",
    "SymregError",
    "ToolMissing",
    "UnknownName",
    "Verdict",
    "Witness",
    "WrongCode",
    "analyse",
    "audit",
    "derive",
    "generate",
    "load",
    "loss",
    "losses",
    "objective",
    "penalties",
    "penalty",
    "rule",
    "rules",
    "verify",
]


def __getattr__(name: str) -> Any:
    for place, names in _PLACES.items():
        if name in names:
            return getattr(import_module(f"symreg.{place}"), name)
    from symreg.model.names import did_you_mean

    raise AttributeError(f"module 'symreg' has no attribute {name!r}{did_you_mean(name, __all__)}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
