"""Plots: penalties, their derivatives, operators and the paths of weights, as points in and a picture out."""
