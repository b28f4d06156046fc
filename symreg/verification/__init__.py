"""The judge: compares functions, whoever made them, with certified values of the formula as it was written."""

from symreg.verification.cases.calling import Subject
from symreg.verification.cases.sampling.sizes import Sizes
from symreg.verification.checks.against import against
from symreg.verification.checks.convexity import Convexity
from symreg.verification.checks.judge import verify
from symreg.verification.checks.quick_look import quick_look
from symreg.verification.data.judge import data_checks
from symreg.verification.report.check import Check
from symreg.verification.report.report import Report

__all__ = ["Check", "Convexity", "Report", "Sizes", "Subject", "against", "data_checks", "quick_look", "verify"]
