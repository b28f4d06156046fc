"""Behaviour besides accuracy: layouts, lengths, NaN, extremes, and what has to be refused."""
