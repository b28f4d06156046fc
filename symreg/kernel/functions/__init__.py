"""Functions lowered to stages: passes over samples, loops over groups, the steps of rules."""
