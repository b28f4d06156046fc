"""Objectives with data: value, gradient, products with the Hessian and steps of O(w, X, y), held against the oracle."""
