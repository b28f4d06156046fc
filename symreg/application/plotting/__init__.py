"""From objectives to the points of a plot: every number comes from the functions that symreg emits."""
