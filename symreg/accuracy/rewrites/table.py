"""The ordered table of local rewrites that can make an expression more accurate: equal forms of one node.

Each row takes a node and yields nodes that have the same value, some of them only under conditions that the caller
proves. Most are in Kahan (1987), "Branch cuts for complex elementary functions", and in the manual of every math
library: log1p, expm1, and the half-angle formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from symreg.accuracy.rewrites.bounded import bounded
from symreg.accuracy.rewrites.cancellation import arc_tangent, one_beside
from symreg.accuracy.rewrites.exponentials import (
    difference_of_exponentials,
    logistic,
    powers_beside_exponentials,
    products_of_exponentials,
    tangents,
)
from symreg.accuracy.rewrites.logarithms import (
    difference_of_logarithms,
    large_logarithm,
    logarithm,
    softplus_beside,
    softplus_less_log2,
)
from symreg.accuracy.rewrites.powers import (
    difference_of_powers,
    general_powers,
    root_less,
    root_less_sum,
    roots_of_squares,
)
from symreg.accuracy.rewrites.regrouping import by_roots, cleared, regrouped
from symreg.accuracy.rewrites.series import near_zero
from symreg.calculus.symbolic.dominant import dominant
from symreg.expressions.tree import Tree


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A row of the table.

    Args:
        name: In a few words.
        is_always: Is the new form never the worse one, so that it may be applied everywhere at once?
        forms: Yields equal forms of a node; nothing where the row does not apply.
    """

    name: str
    is_always: bool
    forms: Callable[[Tree], Iterator[Tree]]


REWRITES: tuple[Rewrite, ...] = (
    Rewrite("log1p, logaddexp, softplus, log(cosh)", True, logarithm),
    Rewrite("difference of logarithms", True, difference_of_logarithms),
    Rewrite("f(x) - 1", True, one_beside),
    Rewrite("root less a number", True, root_less),
    Rewrite("difference of exponentials", True, difference_of_exponentials),
    Rewrite("tanh and tan", True, tangents),
    Rewrite("sigmoid", True, logistic),
    Rewrite("roots and logarithms of powers", True, roots_of_squares),
    Rewrite("softplus beside its argument", True, softplus_beside),
    Rewrite("softplus less log(2)", False, softplus_less_log2),
    Rewrite("pi/2 - atan(x)", False, arc_tangent),
    Rewrite("powers that are no products", False, general_powers),
    Rewrite("x - f(x) near zero", False, near_zero),
    Rewrite("sums of exponentials", False, dominant),
    Rewrite("product of exponentials", False, products_of_exponentials),
    Rewrite("power beside an exponential", False, powers_beside_exponentials),
    Rewrite("difference of powers", False, difference_of_powers),
    Rewrite("logarithm of a large power", False, large_logarithm),
    Rewrite("products and powers in another order", False, regrouped),
    Rewrite("root less a sum", False, root_less_sum),
    Rewrite("powers of roots", False, by_roots),
    Rewrite("inner quotients cleared", False, cleared),
    Rewrite("quotients of powers bounded", False, bounded),
)
