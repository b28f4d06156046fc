"""Somebody's own function: the call that is made of it, and how its arguments and results are read."""
