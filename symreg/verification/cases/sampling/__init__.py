"""Sampling: parameters, arrays and weights that a check looks at, and the groups that they are put together in."""
