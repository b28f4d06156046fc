"""Calculus: from an objective and a rule to a derivation that can be read and updates that can be emitted."""
