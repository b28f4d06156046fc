"""The oracle: values and slopes of the formula as it was written, in Arb balls."""
