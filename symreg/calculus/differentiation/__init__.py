"""Differentiation: the derivative of a tree by one weight, with every rule that was applied."""
