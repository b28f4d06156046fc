"""Expressions: trees, their arithmetic and their text."""
