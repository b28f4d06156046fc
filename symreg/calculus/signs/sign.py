"""The sign of a tree for all values of its parameters, and all over a span of weights: by factors, SymPy and Z3."""

from __future__ import annotations

from symreg.calculus.evaluation.high_precision import Values, evaluate, samples
from symreg.calculus.evaluation.spans import DISTANCE, along
from symreg.calculus.signs.exponentials import sign_of_exponentials
from symreg.calculus.signs.symbolic_sign import STRICT, Sign, is_heavy, sign_of
from symreg.calculus.symbolic.prove import is_proved
from symreg.calculus.symbolic.simplify import simplify
from symreg.expressions.arithmetic import ZERO, W
from symreg.expressions.decompose import factors
from symreg.expressions.tree import Call, Compare, Tree, number, substitute, walk
from symreg.model.interval import WORDS
from symreg.model.spec import Parameter


def sign_for_all(tree: Tree, parameters: tuple[Parameter, ...]) -> Sign:
    """Return the sign of a tree without weights for all parameters: by its factors, else by Z3."""
    found = sign_of(tree, parameters)
    return found if found in _FINAL else _by_solver(tree, parameters, samples(parameters), found)


def sign_between(tree: Tree, low: Tree | None, high: Tree | None, parameters: tuple[Parameter, ...]) -> Sign:
    """Return a tree's sign for every weight strictly between two ends and for all parameters, in the same ways."""
    moved = substitute(tree, {W: along(low, high)})
    is_whole = along(low, high) == W
    over_w = tree if is_whole else substitute(moved, {DISTANCE: W})
    found: Sign = sign_of_exponentials(over_w, parameters, is_positive=not is_whole)
    if found in _FINAL:
        return found
    # What is heavy for SymPy is for Z3, whose steps are counted.
    found = "undecided" if is_heavy(moved) else sign_of(moved, parameters, positive=(DISTANCE.name,))
    if found in _FINAL:
        return found
    distance = Parameter(name=DISTANCE.name, domain=WORDS["positive"], default=1.0)
    known = (*parameters, distance)
    points = [{**row, DISTANCE: evaluate(number(k), {})} for row in samples(parameters) for k in (1, 2, 1000)]
    if is_whole:
        points = [{**row, W: sign * row[DISTANCE]} for row in points for sign in (1, -1)]
    made = _by_solver(moved, known, tuple(points), found)
    if made in _FINAL or not any(isinstance(node, Call) and node.function == "log" for node in walk(moved)):
        return made
    return _by_factors(simplify(moved, known), known, tuple(points), made)


def _by_factors(tree: Tree, parameters: tuple[Parameter, ...], points: tuple[Values, ...], weak: Sign) -> Sign:
    """Ask Z3 for the sign of each factor: where an end is a logarithm, exponentials of it are powers now."""
    signs = [_by_solver(factor, parameters, points, "undecided") for factor, _ in factors(tree)]
    if any(sign not in STRICT for sign in signs):
        return weak
    return "zero" if "zero" in signs else "negative" if signs.count("negative") % 2 else "positive"


_FINAL = ("zero", "positive", "negative")


def _by_solver(tree: Tree, parameters: tuple[Parameter, ...], points: tuple[Values, ...], weak: Sign) -> Sign:
    """Ask Z3 for the strictest sign that the tree has at samples."""
    signs = {(value > 0) - (value < 0) for value in (evaluate(tree, row) for row in points) if value == value}
    for sign, operator, allowed in _ASKED:
        if signs <= allowed and is_proved(Compare(operator, tree, ZERO), parameters):
            return sign
    return weak


_ASKED: tuple[tuple[Sign, str, set[int]], ...] = (
    ("zero", "==", {0}),
    ("positive", ">", {1}),
    ("negative", "<", {-1}),
    ("nonnegative", ">=", {0, 1}),
    ("nonpositive", "<=", {0, -1}),
)
