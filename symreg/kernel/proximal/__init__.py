"""Proximal operators as kernels: thresholds, roots and choices among minima."""
