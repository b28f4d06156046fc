"""Calculus: what is known of a formula, for all values of its parameters."""
