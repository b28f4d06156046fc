"""NumPy in plain style: pure functions that return new arrays, each a few expressions of whole arrays."""
