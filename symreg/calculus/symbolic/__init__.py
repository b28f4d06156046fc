"""Symbolic work on whole trees: simplification, exponential sums, and proofs by SymPy and Z3."""
