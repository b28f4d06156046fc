"""Evaluation: what a tree is at a point or over an interval, in numbers with proved bounds or many digits."""
