"""Functions over the samples in C: the layouts of X, what is checked of it, and the pass over its rows."""
