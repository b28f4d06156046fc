"""Derivations: what is printed of an objective, its gradient, its directions and its step sizes."""
