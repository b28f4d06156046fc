"""The NumPy target: one module that imports nothing else."""
