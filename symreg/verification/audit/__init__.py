"""The auditor: judges a whole object, whoever made it, by a formula or by what it says of itself.

Takes an object with some of value, gradient, proximal operator and distance to the subdifferential, and the terms that
it should be of, if they are known; hands on a `Report`.
"""

from symreg.verification.audit.audit import audit, audit_groups, audit_weights
from symreg.verification.audit.conventions import Role
from symreg.verification.audit.object import Operator, operator_of, operator_of_function
from symreg.verification.cases.calling import CallFailed
from symreg.verification.report.check import Check
from symreg.verification.report.report import Report

__all__ = [
    "CallFailed",
    "Check",
    "Operator",
    "Report",
    "Role",
    "audit",
    "audit_groups",
    "audit_weights",
    "operator_of",
    "operator_of_function",
]
