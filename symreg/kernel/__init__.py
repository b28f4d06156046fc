"""Kernels: updates as a few loops over arrays, without the syntax of any language."""

from symreg.kernel.ir import (
    Best,
    Buffer,
    Groups,
    Invoke,
    Kernel,
    Let,
    Map,
    Product,
    Reduce,
    Root,
    Rows,
    Search,
    Store,
    Table,
    Variation,
)
from symreg.kernel.lower import lower

__all__ = [
    "Best",
    "Buffer",
    "Groups",
    "Invoke",
    "Kernel",
    "Let",
    "Map",
    "Product",
    "Reduce",
    "Root",
    "Rows",
    "Search",
    "Store",
    "Table",
    "Variation",
    "lower",
]
