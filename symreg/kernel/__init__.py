"""Kernels: updates as a few loops over arrays, without the syntax of any language."""

from symreg.kernel.ir import Buffer, Kernel, Let, Map, Reduce, Root, Store
from symreg.kernel.lower import lower

__all__ = ["Buffer", "Kernel", "Let", "Map", "Reduce", "Root", "Store", "lower"]
