"""Comparison: when a number is right, and how findings become a report."""
