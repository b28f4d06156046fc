"""Derivations of proximal operators: cases of v, thresholds, formulas, conjugates."""
