"""The task of the sweep: one objective from text to judged code, and that code compared with plain arithmetic.

Runs in a process that can be killed; hands on what became of the objective.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import mpmath
import numpy as np
import plainly
from numpy.typing import NDArray

from symreg.application.emission import judge_emitted
from symreg.application.requests import distinct_rules, read_objective
from symreg.application.tasks.objectives import derive_updates
from symreg.application.worker import Phase, Tell
from symreg.calculus.analysis import analyse
from symreg.errors import Intractable, SymregError, WrongCode
from symreg.model.interval import Interval
from symreg.model.objective import Objective
from symreg.model.spec import Rule
from symreg.model.terms import Terms
from symreg.proximal.split import fits
from symreg.targets.loading.load import load
from symreg.updates.update import Update

Kind = Literal["right", "refused", "wrong", "not found right", "late", "crash"]

WEIGHTS = (-7.3, -2.6, -1.0, -0.45, -1e-3, 1e-3, 0.3, 0.5, 0.77, 1.0, 1.6, 2.0, 3.7, 30.0, 800.0)
STEPS = (0.1, 0.7, 3.0)
VECTORS = ((0.4, -1.3, 2.2), (8.0, 1.0), (1.5, 1.5, -0.2, 0.7, -3.0, 2.5, 0.1, 0.9, -0.6))
RULES = ("gradient_descent", "proximal_gradient")


class Outcome(NamedTuple):
    """What became of an objective.

    Args:
        kind: `right`; `refused` with a reason before anything was emitted; `not found right` by symreg's judge, and not
            handed over; `wrong` without a word, by plain arithmetic; `late`; `crash`.
        detail: The reason, or where it is wrong.
        has_prox: Was an operator emitted?
        compared: Numbers that were compared with plain arithmetic.
        suspicion: Of code that the judge did not find right: where plain arithmetic finds it wrong, "" if nowhere.
    """

    kind: Kind
    detail: str
    has_prox: bool = False
    compared: int = 0
    suspicion: str = ""


def examine(
    tell: Tell, *, text: str, domain: str | None, params: Sequence[str], targets: Sequence[str] = ("numpy", "c")
) -> Outcome:
    """Return what becomes of an objective's text."""
    try:
        objective = resolved(text, domain, params)
        rules, updates = _derived(tell, objective)
    except SymregError as error:
        return Outcome("refused", _line(error))
    except Exception as error:
        return Outcome("crash", f"{type(error).__name__}: {_line(error)}")
    tell(Phase("judge", is_symbolic=False))
    has_prox = any(update.kind == "prox" for update in updates)
    complaint = ""
    try:
        judge_emitted(objective, updates, rules, targets)
    except WrongCode as error:
        complaint = error.report
    except SymregError as error:
        return Outcome("refused", _line(error), has_prox)
    except Exception as error:
        return Outcome("crash", f"{type(error).__name__}: {_line(error)}", has_prox)
    compared, wrong = 0, ""
    for dtype in ("float64", "float32"):
        functions = {target: vars(load(objective, updates, target, dtype)) for target in targets}
        more, fault = compare(objective, text, functions, np.dtype(dtype))
        compared += more
        wrong = wrong or (fault and f"{dtype}: {fault}")
    if complaint:
        return Outcome("not found right", complaint, has_prox, compared, wrong)
    return Outcome("wrong" if wrong else "right", wrong, has_prox, compared)


def _derived(tell: Tell, objective: Objective) -> tuple[tuple[Rule, ...], tuple[Update, ...]]:
    """Return the functions of an objective, with a proximal step where there is an operator."""
    rules = tuple(rule for rule in distinct_rules(RULES) if fits(analyse(objective.terms), rule))
    try:
        return rules, derive_updates(tell, objective=objective, rules=rules)
    except Intractable:
        return rules[:1], derive_updates(tell, objective=objective, rules=rules[:1])


def resolved(text: str, domain: str | None, params: Sequence[str]) -> Objective:
    """Return an objective as the command line reads it."""
    return read_objective(text, parameters=params, **({} if domain is None else {"domain": domain}))


def compare(
    objective: Objective, text: str, functions: Mapping[str, Mapping[str, Any]], dtype: np.dtype[Any]
) -> tuple[int, str]:
    """Return how many numbers were compared with plain arithmetic, and the first that is wrong.

    Args:
        functions: The emitted ones by name, by target.
    """
    terms = objective.terms
    if not all(term.name.startswith("penalty") for term in terms.terms):
        return 0, ""  # of the catalogue: its formula is not in the text
    own: dict[str, Any] = {p.name: p.default for p in terms.parameters}
    ends = _ends(terms, own)
    is_elementwise = plainly.is_elementwise(text)
    count = 0
    for vector in [(w,) for w in WEIGHTS] if is_elementwise else VECTORS:
        w = np.array(vector, dtype)
        known = own | {a.name: _array(len(a.shape), len(w), dtype) for a in terms.arrays}
        right = _References(text, [float(x) for x in w], known, ends, 2e-4 if dtype == np.float32 else 1e-9)
        for target, made in functions.items():
            fault = right.fault(float(made["value"](w, **known)), np.asarray(made["gradient"](w, **known), float))
            count += right.count
            if fault:
                return count, f"{target}: {fault}"
    if is_elementwise and dtype == np.float64:
        for target, made in functions.items():
            if "prox" in made:
                more, fault = _compare_prox(text, made["prox"], own, ends)
                count += more
                if fault:
                    return count, f"{target}: {fault}"
    return count, ""


class _References:
    """Value and gradient at one vector in plain arithmetic, with what rounding may make of them."""

    def __init__(
        self, text: str, w: Sequence[float], known: Mapping[str, Any], ends: tuple[float, float], digits: float
    ) -> None:
        self.w = w
        self.largest = 3e38 if digits > 1e-6 else 1.7e308
        self.slopes: list[tuple[float, float] | None] = [None] * len(w)
        self.value: tuple[float, float] | None = None
        self.exists = True
        floor = 1e-37 if digits > 1e-6 else 1e-300
        try:
            value = plainly.value(text, w, known, *ends)
        except plainly.NoValue:
            self.exists = False
            return
        around = [_magnitude(text, known)]
        for j in range(len(w)):
            try:
                pair = plainly.slopes(text, w, j, known, ends)
            except plainly.NoValue:
                continue
            if all(mpmath.isfinite(x) for x in pair) and max(map(abs, pair)) < self.largest:
                size = float(max(map(abs, pair)))
                around.append(size * abs(w[j]))
                allowed = digits * size + _wobble(text, w, j, known, ends, digits) + floor
                self.slopes[j] = float(min(pair)) - allowed, float(max(pair)) + allowed
        if mpmath.isfinite(value) and abs(value) < self.largest:
            near = _beside(text, [x * (1 + digits / 10) for x in w], known, ends, value)
            allowed = digits * (float(abs(value)) + sum(around)) + near + floor
            self.value = float(value) - allowed, float(value) + allowed

    @property
    def count(self) -> int:
        return sum(found is not None for found in (*self.slopes, self.value)) if self.exists else 1

    def fault(self, value: float, gradient: NDArray[Any]) -> str:
        """Return what is wrong with emitted numbers; where the formula has no value, they must not be numbers."""
        if not self.exists:
            return f"value{self.w} = {value!r} where there is none" if math.isfinite(value) else ""
        for j, found in enumerate(self.slopes):
            if found is not None and not found[0] <= gradient[j] <= found[1]:
                return f"gradient{self.w}[{j}] = {gradient[j]!r}, right is {found[0]!r} to {found[1]!r}"
        if self.value is not None and not self.value[0] <= value <= self.value[1]:
            return f"value{self.w} = {value!r}, right is {self.value[0]!r} to {self.value[1]!r}"
        return ""


def _wobble(
    text: str, exact: Sequence[float], j: int, known: Mapping[str, Any], ends: tuple[float, float], digits: float
) -> float:
    """Return by how much the slope changes when its weights are off by some of their last digits."""
    changes = [0.0]
    base = plainly.slopes(text, exact, j, known, ends)[0]
    for k in range(len(exact)):
        near = [*exact[:k], exact[k] * (1 + digits / 10), *exact[k + 1 :]]
        try:
            other = plainly.slopes(text, near, j, known, ends)[0]
        except plainly.NoValue:
            continue
        if mpmath.isfinite(other):
            changes.append(abs(float(other - base)))
    return max(changes)


def _beside(text: str, w: Sequence[float], known: Mapping[str, Any], ends: tuple[float, float], value: Any) -> float:
    """Return by how much the value changes when all weights are off by some of their last digits."""
    try:
        return float(abs(plainly.value(text, w, known, *ends) - value))
    except plainly.NoValue:
        return 0.0


def _magnitude(text: str, known: Mapping[str, Any]) -> float:
    """Return the size of constants that addends may cancel against: the value at 0, where there is one."""
    try:
        return abs(float(plainly.value(text, [0.0], known)))
    except (plainly.NoValue, OverflowError):
        return 1.0


def _compare_prox(
    text: str, prox: Callable[..., Any], own: Mapping[str, Any], ends: tuple[float, float]
) -> tuple[int, str]:
    """Compare the cost of emitted proximal points with the least on a grid."""
    count = 0
    for v in (w for w in (*WEIGHTS, 0.0, 0.2, -1.02684) if abs(w) < 100):
        for step in STEPS:
            try:
                u = float(prox(np.array([v]), step=step, **own)[0])
            except ValueError:
                continue  # a step for which there is no minimum, refused with its reason
            cost = plainly.cost_of(text, v, step, own, ends)
            least, there = plainly.least_cost(cost, v, ends)
            if not math.isfinite(least):
                continue
            count += 1
            mine = float(cost(np.array([u]))[0])
            if not mine <= least + 1e-9 * (1 + abs(least)) and _is_less(text, there, u, v, step, own, ends):
                return count, f"prox({v}, step = {step}) = {u!r}, whose cost {mine:.6g} is not the least, {least:.6g}"
    return count, ""


def _is_less(
    text: str, there: float, here: float, v: float, step: float, own: Mapping[str, Any], ends: tuple[float, float]
) -> bool:
    """Is the cost at one point surely less than at another, in many digits? A grid's costs are rounded."""
    costs = []
    for u in (there, here):
        try:
            costs.append(step * plainly.value(text, [u], own, *ends) + (mpmath.mpf(u) - v) ** 2 / 2)
        except plainly.NoValue:
            costs.append(mpmath.inf)
    return bool(costs[0] + mpmath.mpf(10) ** -9 * (1 + abs(costs[0])) < costs[1])


def _ends(terms: Terms, given: Mapping[str, float]) -> tuple[float, float]:
    low, high = -math.inf, math.inf
    for term in terms.terms:
        low, high = max(low, _number(term.domain, "low", given)), min(high, _number(term.domain, "high", given))
    return low, high


def _number(domain: Interval, end: str, given: Mapping[str, float]) -> float:
    found = getattr(domain, end)
    if found is None:
        return -math.inf if end == "low" else math.inf
    return float(given[found.name] if hasattr(found, "name") else found)


def _array(dimensions: int, n: int, dtype: np.dtype[Any]) -> Any:
    made = np.linspace(0.5, 2.0, n**dimensions).reshape((n,) * dimensions)
    return made.astype(dtype)


def _line(error: BaseException) -> str:
    return str(error).split("\n")[0]


TASKS: dict[str, Callable[..., Any]] = {"examine": examine}

__all__ = ["TASKS", "Outcome", "examine", "resolved"]
