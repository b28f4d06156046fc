"""Accuracy: of equal forms of an expression the one that floating point evaluates best, and its cost."""
