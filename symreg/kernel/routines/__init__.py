"""Routines: what several kernels compute alike, cut out of them."""
