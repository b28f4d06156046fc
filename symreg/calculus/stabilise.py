"""Choose the form of an expression that stays accurate in floating point, and is cheap.

Takes a function of the weight as the rules give it, hands on an equal one: the cheapest whose worst error, at fixed
points in correctly rounded arithmetic, is well under what is allowed. Choosing the least error would choose noise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy

from symreg.calculus.accuracy import Point, Score, Trial, known, sampled
from symreg.calculus.algebra import ONE, numeric
from symreg.calculus.interning import Interner
from symreg.calculus.rewrites import REWRITES
from symreg.calculus.rounded import Undecided, compiled, decided
from symreg.calculus.tidy import lifted
from symreg.calculus.translate import from_sympy, to_sympy
from symreg.errors import Intractable
from symreg.language.interval import Interval
from symreg.language.spec import Parameter
from symreg.language.text import to_text
from symreg.language.tree import (
    Binary,
    Call,
    Compare,
    Constant,
    Logic,
    Name,
    Negate,
    Number,
    Tree,
    children,
    names,
    rebuild,
    substitute,
    transform,
    walk,
)

ENOUGH = 0.6
"""A form is good if its worst error is at most this share of what is allowed."""
LOYALTY = 0.85
"""The form that was given is taken unless another one costs less than this share of it."""
MOST_POINTS = 400
FEWEST_POINTS = 150
MOST_EFFORT = 400
"""Forms tried, at most, of one branch; a long one counts as several."""
WIDTH = 4
DEPTH = 6
LARGEST = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Stable:
    """The form chosen.

    Args:
        tree: It.
        error_before: The worst error of the form that was given, as a share of what is allowed; inf for NaN and the
            like.
        error_after: That of the form chosen.
        note: Where it is accurate, if not everywhere.
    """

    tree: Tree
    error_before: float
    error_after: float
    note: str = ""


def stabilise(
    tree: Tree,
    *,
    parameters: tuple[Parameter, ...],
    domain: Interval,
    candidates: tuple[Tree, ...] = (),
) -> Stable:
    """Return the form of `tree` to emit.

    Args:
        tree: A function of the bare `w`.
        parameters: With their domains and defaults.
        domain: Of the weight.
        candidates: Trees that are equal to it.
    """
    if "w" not in names(tree) and not parameters:
        return Stable(tree=tree, error_before=0.0, error_after=0.0)
    inputs = ("w", *(p.name for p in parameters if p.name in names(tree)))
    exact = compiled(tree)
    points = [
        point
        for values, is_single in sampled(tree, parameters, domain)
        if (point := known(exact, values, is_single)) is not None
    ]
    if not points:
        return Stable(tree=tree, error_before=0.0, error_after=0.0)
    branches = transform(lifted(tree), _plain)
    leaves = _leaves(branches, points)
    share = max(FEWEST_POINTS, MOST_POINTS // max(1, len(leaves)))
    interner = Interner()
    whole = Trial(exact, inputs, _thinned(points, MOST_POINTS), interner)
    before = whole.score(tree)
    if len(leaves) == 1:
        # One form for all: what was given, if it is good enough, else whatever is.
        made = _best(tree, tuple(candidates), whole, parameters)
    else:
        chosen: list[Tree] = []
        for leaf, path, own in leaves:
            trial = Trial(exact, inputs, _thinned(own, share), interner)
            others = tuple(_given(lifted(candidate), path) for candidate in candidates)
            chosen.append(_best(leaf, others, trial, parameters))
        made = _assembled(branches, iter(chosen))
        if before.worst <= ENOUGH and interner.cost(tree) <= interner.cost(made):
            made = tree
    after = whole.score(made)
    if after > before or not whole.proves(made):
        made, after = tree, before
    note = "" if after.worst <= 1.0 else _note(made, whole)
    return Stable(tree=made, error_before=before.worst, error_after=after.worst, note=note)


def _best(tree: Tree, candidates: tuple[Tree, ...], trial: Trial, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the cheapest form that is good enough, or the best there is; of equals the one that was found first."""
    if not trial.points:
        return tree
    tried: dict[Tree, Score] = {}
    numbers: set[int] = set()
    interner = trial.interner
    effort = 0

    def cost(form: Tree) -> float:
        return interner.cost(form) * (LOYALTY if form is tree else 1.0)

    def consider(forms: Iterable[Tree]) -> Tree | None:
        nonlocal effort
        for form in forms:
            if effort >= MOST_EFFORT:
                break
            number = interner.number(form)
            if number not in numbers:
                numbers.add(number)
                effort += 1 + interner.size(form) // 20
                tried[form] = trial.score(form)
        good = sorted((f for f, s in tried.items() if s.worst <= ENOUGH), key=cost)
        return next((form for form in good if form is tree or trial.proves(form)), None)

    def with_scalars_first(forms: Iterable[Tree]) -> list[Tree]:
        return list(dict.fromkeys(made for form in forms for made in (form, *_scalars_first(form, interner))))

    starts = list(dict.fromkeys((tree, *candidates)))
    if (found := consider(with_scalars_first(starts))) is not None:
        return found
    starts = list(dict.fromkeys(made for form in starts for made in (form, _improved(form))))
    if (found := consider(with_scalars_first(starts))) is not None:
        return found
    if sum(1 for _ in walk(tree)) <= LARGEST:
        others = [made for form in starts[:2] for made in _global_forms(form, parameters)]
        others = list(dict.fromkeys(made for form in others for made in (form, _improved(form))))
        near = (made for form in starts for made in _neighbours(form))
        if (found := consider((*with_scalars_first(others), *near))) is not None:
            return found
        expanded = set(starts)
        for _ in range(DEPTH):
            ranked = sorted(tried, key=lambda form: (tried[form], cost(form)))
            front = [form for form in ranked if form not in expanded][:WIDTH]
            if not front or effort >= MOST_EFFORT:
                break
            expanded.update(front)
            if (found := consider(made for form in front for made in _neighbours(form))) is not None:
                return found
    ordered = sorted(tried, key=lambda form: (tried[form], cost(form)))
    return next((form for form in ordered if form is tree or trial.proves(form)), tree)


def _scalars_first(tree: Tree, interner: Interner) -> Iterable[Tree]:
    """Return the tree with the scalar factors of its products in front, where that makes it cheaper."""
    regroup = next(row for row in REWRITES if row.name.startswith("products"))

    def cheaper(node: Tree) -> Tree:
        made = next(regroup.forms(node), node)
        return made if interner.cost(made) < interner.cost(node) - 0.5 else node

    made = _everywhere(tree, cheaper)
    return (made,) if made != tree else ()


def _everywhere(tree: Tree, change: object) -> Tree:
    assert callable(change)
    match tree:
        case Compare() | Logic():
            return tree
        case Binary("*" | "/", _, _):
            made = change(tree)
            below = tuple(_everywhere(child, change) for child in _product_leaves(made))
            return substitute(made, dict(zip(_product_leaves(made), below, strict=True)))
        case _ if children(tree):
            return rebuild(tree, tuple(_everywhere(child, change) for child in children(tree)))
        case _:
            return tree


def _product_leaves(tree: Tree) -> list[Tree]:
    match tree:
        case Binary("*" | "/", left, right):
            return list(dict.fromkeys(_product_leaves(left) + _product_leaves(right)))
        case Negate(operand):
            return _product_leaves(operand)
        case _:
            return [tree]


def _improved(tree: Tree) -> Tree:
    """Return the tree with the rewrites that never harm applied until none applies."""
    rows = [row for row in REWRITES if row.is_always]

    def change(node: Tree) -> Tree:
        for _ in range(4):
            made = next((form for row in rows for form in row.forms(node)), None)
            if made is None:
                return node
            node = made
        return node

    for _ in range(4):
        made = transform(transform(tree, change), _plain)
        if made == tree:
            return made
        tree = made
    return tree


def _neighbours(tree: Tree) -> Iterable[Tree]:
    """Yield every tree in which one node has another form, the outer nodes first."""
    if isinstance(tree, Compare | Logic) or (isinstance(tree, Call) and tree.function == "where"):
        return  # a choice within a branch was made by a rewrite
    for row in REWRITES:
        yield from row.forms(tree)
    below = children(tree)
    for place, child in enumerate(below):
        for made in _neighbours(child):
            yield rebuild(tree, (*below[:place], made, *below[place + 1 :]))


def _global_forms(tree: Tree, parameters: tuple[Parameter, ...]) -> list[Tree]:
    try:
        expression = to_sympy(tree, parameters)
    except (Intractable, TypeError):
        return []
    if expression.has(sympy.nan, sympy.zoo, sympy.oo):
        return []
    made: list[Tree] = []
    for change in (sympy.factor_terms, sympy.together, sympy.cancel, sympy.factor):
        try:
            made.append(from_sympy(change(expression)))
        except (sympy.PolynomialError, NotImplementedError, Intractable):
            continue
    return list(dict.fromkeys(made))


def _leaves(tree: Tree, points: list[Point]) -> list[tuple[Tree, tuple[tuple[Tree, bool], ...], list[Point]]]:
    """Return the branches of a tree whose choices are outermost, each with its conditions and its points."""
    match tree:
        case Call("where", (condition, then, otherwise)):
            yes: list[Point] = []
            no: list[Point] = []
            decide = decided(condition)
            for point in points:
                holds = _holds(decide, point)
                if holds is not None:
                    (yes if holds else no).append(point)
            return [
                *((leaf, ((condition, True), *path), own) for leaf, path, own in _leaves(then, yes)),
                *((leaf, ((condition, False), *path), own) for leaf, path, own in _leaves(otherwise, no)),
            ]
        case _:
            return [(tree, (), points)]


def _holds(decide: object, point: Point) -> bool | None:
    from flint import arb, ctx

    assert callable(decide)
    with ctx.workprec(700):
        try:
            return bool(decide({name: arb(value) for name, value in point.values.items()}))
        except Undecided:
            return None


def _plain(node: Tree) -> Tree:
    """Return a product without ones, its sign in front."""
    match node:
        case Binary("*" | "/", left, right) if right == ONE:
            return left
        case Binary("*", left, right) if left == ONE:
            return right
        case Binary("*" | "/" as operator, left, Negate(right)):
            return _minus_in_front(Binary(operator, left, right))
        case _:
            return node


def _minus_in_front(tree: Tree) -> Tree:
    match tree:
        case Negate(operand):
            return operand
        case Binary("*" | "/" as operator, left, right):
            return Binary(operator, _minus_in_front(left), right)
        case _:
            return Negate(tree)


def _assembled(tree: Tree, chosen: object) -> Tree:
    match tree:
        case Call("where", (condition, then, otherwise)):
            return Call("where", (condition, _assembled(then, chosen), _assembled(otherwise, chosen)))
        case _:
            return next(chosen)  # type: ignore


def _given(tree: Tree, path: tuple[tuple[Tree, bool], ...]) -> Tree:
    """Return a tree where conditions are known."""
    for condition, holds in path:
        choices = [n for n in walk(tree) if isinstance(n, Call) and n.function == "where" and n.arguments[0] == condition]
        tree = substitute(tree, {choice: choice.arguments[1 if holds else 2] for choice in choices})
    return tree


def _thinned(points: list[Point], most: int) -> list[Point]:
    """Return at most so many points, evenly spread."""
    if len(points) <= most:
        return points
    return [points[k * len(points) // most] for k in range(most)]


def _note(tree: Tree, trial: Trial) -> str:
    """Return in words the weights at which the form is accurate."""
    bad: list[float] = []
    good: list[float] = []
    for machine, points in trial.groups:
        for share, point in zip(trial.shares(tree, machine, points), points, strict=True):
            size = abs(point.values["w"])
            (bad if share > 1.0 else good).append(size)
    below = [x for x in good if 0 < x < min(bad)]
    above = [x for x in good if x > max(bad)]
    ends = [f"|w| <= {max(below):.1e}"] if below else []
    ends += [f"|w| >= {min(above):.1e}"] if above else []
    where = " and ".join(ends)
    if not where:
        return "Digits are lost at some weights, for some parameters."
    return f"Accurate for {where}; elsewhere digits are lost for some parameters."
