"""A formula as it was written to one that holds only what the language has."""
