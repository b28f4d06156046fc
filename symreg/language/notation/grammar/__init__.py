"""Tokens to a formula whose parts know where they were typed."""
