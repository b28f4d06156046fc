"""Cases: the points at which functions are called, and the exact results there."""
