"""Targets: kernels as source text in a language, by file name; compiled and loaded where somebody wants to call it."""
