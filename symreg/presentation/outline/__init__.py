"""Outlines: a derivation as a document of no format yet."""
