"""Pieces: phi as smooth formulas between knots, where it has a value, and its slopes beside each knot."""
