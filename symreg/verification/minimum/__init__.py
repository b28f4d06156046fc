"""The exact proximal operator: the global minimum of phi(u) + (u - v)**2/(2*s), enclosed."""
