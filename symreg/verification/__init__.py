"""The judge: compares functions, whoever made them, with certified values of the formula as it was written."""

from symreg.verification.against import against
from symreg.verification.calling import Subject
from symreg.verification.convexity import Convexity
from symreg.verification.judge import verify
from symreg.verification.quick_look import quick_look
from symreg.verification.report import Check, Report

__all__ = ["Check", "Convexity", "Report", "Subject", "against", "quick_look", "verify"]
