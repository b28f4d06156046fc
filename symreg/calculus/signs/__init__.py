"""Signs: where a function of the weight is positive, zero and negative, for all parameters."""
