"""A report: all checks of one verification, or of one audited object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from symreg.display import card, one_line
from symreg.verification.report import listing, table
from symreg.verification.report.check import Check
from symreg.verification.report.numbers import as_data

SCHEMA_VERSION = 1

# What JSON holds of a check, in order.
_OF_A_FUNCTION = (
    "kind", "rule", "target", "dtype", "points", "compared", "undetermined", "vacuous", "worst_ulp", "worst_ratio",
    "worst_relative", "at", "expected", "got", "verdict", "note", "region", "is_counted",
)  # fmt: skip
_OF_AN_OBJECT = (
    "kind", "points", "undetermined", "failures", "worst", "at", "got", "right", "verdict", "notes",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All checks of functions, or of one whole object; printing it shows them.

    Args:
        checks: In the order in which they are shown.
        label: The object that was audited; "" where functions were verified.
        objective: The formula that the object was judged by, "" where it was judged by itself.
        parameters: The formula's parameters; a list of one with an element for each weight.
        notes: What was not judged of the object, and why; what somebody's own function does besides computing.
        call: How somebody's own function was called; "" for emitted ones.
    """

    checks: tuple[Check, ...]
    label: str = ""
    objective: str = ""
    parameters: Mapping[str, float | list[float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    call: str = ""

    @property
    def passed(self) -> bool:
        """Did every check that counts pass, and was there one?"""
        counted = [check for check in self.checks if check.is_counted]
        return bool(counted) and all(check.is_right for check in counted)

    @property
    def is_audit(self) -> bool:
        """Is it about a whole object?"""
        return bool(self.label)

    def text(self) -> str:
        """Return a row per check, below each failure its point, and a line that sums up."""
        if not self.is_audit:
            return self.table()
        title = listing.title(self.label, self.objective, self.parameters)
        return listing.listing(title, self.checks, self.notes)

    def table(self, width: int = table.WIDTH) -> str:
        """Return the checks of functions as a table of so many columns."""
        return table.table(self.checks, width, self.call, self.notes)

    def summary(self) -> str:
        """Return one line that says what was compared and what came of it."""
        return listing.summary(self.checks) if self.is_audit else table.summary(self.checks)

    def to_json(self) -> str:
        """Return the report as JSON text; an infinite or undefined number is a string there."""
        names = _OF_AN_OBJECT if self.is_audit else _OF_A_FUNCTION
        checks = [{name: getattr(check, name) for name in names} for check in self.checks]
        data: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
        if self.is_audit:
            data |= {"object": self.label, "objective": self.objective or None, "parameters": dict(self.parameters)}
        if self.call:
            data |= {"call": self.call}
        data |= {"passed": self.passed, "checks": checks}
        if self.is_audit or self.call:
            data["notes"] = self.notes
        return json.dumps(as_data(data), indent=2, ensure_ascii=True)

    def __repr__(self) -> str:
        return one_line(f"report on {self.label}" if self.is_audit else "report", (self.summary(),))

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return card(f"report on {self.label}" if self.is_audit else "report", (("", self.text(), ""),))
