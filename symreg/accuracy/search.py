"""Choose the form of an expression that stays accurate in floating point, and is cheap.

Takes a function of the weight as the rules give it, hands on an equal one: the cheapest whose worst error, at fixed
points in correctly rounded arithmetic, is well under what is allowed. Choosing the least error would choose noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from symreg.accuracy.branches import Path, assembled, branches_of, within
from symreg.accuracy.candidates import (
    dominated,
    from_one,
    global_forms,
    improved,
    neighbours,
    plain,
    quotients_first,
    scalars_first,
)
from symreg.accuracy.cost import Interner
from symreg.accuracy.mirrored import mirrored
from symreg.accuracy.points import at_overflows, sampled
from symreg.accuracy.rewrites.vanishing import vanishing
from symreg.accuracy.rounding import COUNT
from symreg.accuracy.score import Point, Score, Trial, is_promised, known
from symreg.calculus.evaluation.balls import Exact, compiled
from symreg.calculus.pieces.comparisons import compared
from symreg.calculus.symbolic.simplify import lifted
from symreg.expressions.decompose import addends, sum_of
from symreg.expressions.tree import Call, Tree, names, transform, walk
from symreg.model.domain import Domain
from symreg.model.spec import Parameter

ENOUGH = 0.6
"""A form is good if its worst error is at most this share of what is allowed: a real library may be a little worse."""
LOYALTY = 0.85
"""The form that was given is taken unless another one costs less than this share of it."""
MOST_POINTS = 400
FEWEST_POINTS = 150  # of a branch
MOST_EFFORT = 400
"""Forms tried, at most, of one branch; a long one counts as several. Where none is good as many with a series."""
WIDTH, DEPTH = 4, 6  # of the search among forms that differ at one node
LARGEST = 160
"""Branches of more nodes are improved by the rewrites that never harm, but not searched."""
LARGEST_FACTORED = 60
"""Forms of more nodes are not given to SymPy, whose time grows faster than their length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stable:
    """The form chosen.

    Args:
        tree: It.
        error_before: The worst error of the form that was given, as a share of what is allowed; inf for NaN and the
            like.
        error_after: That of the form chosen.
        note: Where it is accurate, if not everywhere.
        strays: Is it NaN at some weights beyond the range for which accuracy is promised?
    """

    tree: Tree
    error_before: float
    error_after: float
    note: str = ""
    strays: bool = False


def stabilise(
    tree: Tree,
    *,
    parameters: tuple[Parameter, ...],
    domain: Domain,
    alike: tuple[Tree, ...] = (),
    candidates: tuple[Tree, ...] = (),
) -> Stable:
    """Return the form of `tree` to emit.

    Args:
        tree: A function of the bare `w`.
        parameters: With their domains and defaults.
        domain: Of the weight.
        alike: Trees that are equal to it, and read as well.
        candidates: Others that are equal to it, tried where none of these is good.
    """
    exact = compiled(tree)
    # An equal form may have a name that cancels.
    used = frozenset[str](domain.names).union(names(tree), *map(names, (*alike, *candidates)))
    parameters = tuple(p for p in (*parameters, COUNT) if p.name in used)
    inputs = ("w", *(p.name for p in parameters))
    points = _thinned(_known(exact, sampled(tree, parameters, domain)), MOST_POINTS)
    points += _thinned(_known(exact, at_overflows(tree, parameters, domain)), MOST_POINTS // 4)
    if not points:
        return Stable(tree=tree, error_before=0.0, error_after=0.0)
    interner = Interner()
    whole = Trial(exact, inputs, points, interner)
    before = whole.score(tree)
    choices = transform(compared(lifted(tree), parameters), plain)
    branches = branches_of(choices, (), points)
    if len(branches) == 1:
        made = _best((tree, *alike), candidates, whole, parameters)
    else:
        most = max(FEWEST_POINTS, MOST_POINTS // len(branches))
        chosen: dict[Path, Tree] = {}
        for branch in branches:
            trial = Trial(exact, inputs, _thinned(branch.points, most), interner)
            first, others = (
                tuple(within(lifted(form), branch.path) for form in forms) for forms in (alike, candidates)
            )
            chosen[branch.path] = _best((branch.tree, *first), others, trial, parameters)
        made = assembled(choices, (), chosen)
        if before.worst <= ENOUGH and not before.strays and LOYALTY * interner.cost(tree) <= interner.cost(made):
            made = tree
    after = whole.score(made)
    if after > before or not whole.proves(made):
        made, after = tree, before
    note = "" if after.worst <= 1.0 else _note(made, whole)
    return Stable(tree=made, error_before=before.worst, error_after=after.worst, note=note, strays=after.strays > 0)


def _best(
    derived: tuple[Tree, ...], candidates: tuple[Tree, ...], trial: Trial, parameters: tuple[Parameter, ...]
) -> Tree:
    """Return the cheapest form that is good enough, or the best there is; of equals the one that was found first.

    What is derived is taken wherever it is good enough, whatever the other candidates cost.
    """
    tree, *_ = derived
    if not trial.points:
        return tree
    search = _Search(tree, trial)
    plainly = [form for start in derived for form in (start, quotients_first(start))]
    if (found := search.good(search.with_scalars_first(plainly))) is not None:
        return found
    starts = list(dict.fromkeys((*derived, *candidates)))
    if (found := search.good(search.with_scalars_first(starts))) is not None:
        return found
    starts = list(dict.fromkeys(form for start in starts for form in (start, improved(start))))
    if (found := search.good(search.with_scalars_first(starts))) is not None:
        return found
    if (found := search.good(from_one(start) for start in starts)) is not None:
        return found
    starts = list(dict.fromkeys((*starts, *(form for start in starts for form in dominated(start)))))
    if (found := search.good(search.with_scalars_first(starts))) is not None:
        return found
    if (found := search.good(_addends_apart(tree, trial, parameters))) is not None:
        return found
    if sum(1 for _ in walk(tree)) > LARGEST:
        return search.best()
    if (found := search.good(search.with_scalars_first(mirrored(tree, parameters)))) is not None:
        return found
    small = [start for start in starts[:2] if sum(1 for _ in walk(start)) <= LARGEST_FACTORED]
    others = dict.fromkeys(form for start in small for form in global_forms(start, parameters))
    others = dict.fromkeys(form for other in others for form in (other, improved(other)))
    near = (form for start in starts for form in neighbours(start))
    if (found := search.good((*search.with_scalars_first(others), *near))) is not None:
        return found
    expanded = set(starts)
    for _ in range(DEPTH):
        front = [form for form in search.ranked() if form not in expanded][:WIDTH]
        expanded.update(front)
        if (found := search.good(made for form in front for made in neighbours(form))) is not None:
            return found
    search.most = search.effort + MOST_EFFORT
    ends = tuple(dict.fromkeys((tree, *search.ranked()[:WIDTH])))
    if (found := search.good(made for form in ends for made in vanishing(form))) is not None:
        return found
    search.most = search.effort + MOST_EFFORT
    search.good(_with_far(made, far) for made in vanishing(tree) for far in ends[1:])
    return search.best()


def _with_far(tree: Tree, far: Tree) -> Tree:
    """Return a tree that has a series near some point, with another form where it is not used."""
    made = lifted(tree)
    return Call("where", (*made.arguments[:2], far)) if isinstance(made, Call) and made.function == "where" else made


def _addends_apart(tree: Tree, trial: Trial, parameters: tuple[Parameter, ...]) -> Iterator[Tree]:
    """Yield a sum of which each addend has its best form: a few small problems in place of a large one."""
    summands = addends(tree, opened=True)
    if len(summands) < 2:
        return
    made: list[tuple[int, Tree]] = []
    for sign, addend in summands:
        if "w" in names(addend):
            exact = compiled(addend)
            found = (known(exact, point.values, point.is_single) for point in trial.points)
            alone = Trial(exact, trial.inputs, [point for point in found if point is not None], trial.interner)
            made.append((sign, _best((addend,), (), alone, parameters)))
        else:
            made.append((sign, addend))
    yield sum_of(made)


class _Search:
    """The forms tried so far of one branch, in the order in which they were found."""

    def __init__(self, given: Tree, trial: Trial) -> None:
        self.given = given
        self.trial = trial
        self.scores: dict[Tree, Score] = {}
        self.numbers: set[int] = set()
        self.effort = 0
        self.most = MOST_EFFORT

    def good(self, forms: Iterable[Tree]) -> Tree | None:
        """Try forms; return the cheapest of all that are good enough and nowhere NaN, if there is one."""
        interner = self.trial.interner
        for form in forms:
            if self.effort >= self.most:
                break
            number = interner.number(form)
            if number not in self.numbers:
                self.numbers.add(number)
                self.effort += 1 + interner.size(form) // 20
                self.scores[form] = self.trial.score(form)
        return self.cheapest(lambda score: score.worst <= ENOUGH and not score.strays)

    def best(self) -> Tree:
        """Return the cheapest form that is good enough, else the one with the fewest and the least errors."""
        good = self.cheapest(lambda score: score.worst <= ENOUGH)
        return good or next((form for form in self.ranked() if self.is_proved(form)), self.given)

    def cheapest(self, is_good: Callable[[Score], bool]) -> Tree | None:
        """Return the cheapest form with such a score, if there is one."""
        found = sorted((form for form, score in self.scores.items() if is_good(score)), key=self.cost)
        return next((form for form in found if self.is_proved(form)), None)

    def ranked(self) -> list[Tree]:
        """Return the forms tried, the best first."""
        return sorted(self.scores, key=lambda form: (self.scores[form], self.cost(form)))

    def cost(self, form: Tree) -> float:
        """Return what a form costs at each weight."""
        return self.trial.interner.cost(form) * (LOYALTY if form is self.given else 1.0)

    def is_proved(self, form: Tree) -> bool:
        """Is the form known to be equal to the one given?"""
        return form is self.given or self.trial.proves(form)

    def with_scalars_first(self, forms: Iterable[Tree]) -> list[Tree]:
        """Return each form, followed by itself with the scalars of its products in front."""
        return [made for form in forms for made in (form, *scalars_first(form, self.trial.interner))]


def _known(exact: Exact, rows: list[tuple[dict[str, float], bool]]) -> list[Point]:
    found = (known(exact, values, is_single) for values, is_single in rows)
    return [point for point in found if point is not None]


def _thinned(points: list[Point], most: int) -> list[Point]:
    """Return at most so many points, evenly spread."""
    return points if len(points) <= most else [points[k * len(points) // most] for k in range(most)]


def _note(tree: Tree, trial: Trial) -> str:
    """Say at which weights the form was found accurate."""
    bad: list[float] = []
    good: list[float] = []
    for evaluator, points in trial.groups:
        for share, point in zip(trial.shares(tree, evaluator, points), points, strict=True):
            if is_promised(point, evaluator.precision):
                (bad if share > 1.0 else good).append(abs(point.values["w"]))
    below = [size for size in good if 0 < size < min(bad)]
    above = [size for size in good if size > max(bad)]
    ends = [f"|w| <= {max(below):.1e}"] if below else []
    ends += [f"|w| >= {min(above):.1e}"] if above else []
    if not ends:
        return "Digits are lost at some weights, for some parameters."
    return f"Accurate for {' and '.join(ends)}; elsewhere digits are lost for some parameters."
