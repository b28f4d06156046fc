"""Derivations of whole objectives: each step holds on random data, and each ends as a reader expects it to."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest

from symreg.application.tasks.objectives import derive_prox_chain
from symreg.calculus.differentiation.step import Step
from symreg.derivation.gradient import derive
from symreg.derivation.model import GradientDerivation
from symreg.errors import SpecError
from symreg.expressions.arithmetic import without_extrema
from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Call, Compare, Item, Logic, Name, Negate, Number, Sum, Tree, walk
from symreg.model.spec import Rule
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.presentation import Derivation

M, N = 5, 3
OBJECTIVES = (
    ("mean(squared_error) + l2", "gradient_descent"),
    ("mean(half_squared_error) + l1", "proximal_gradient"),
    ("3*sum(half_squared_error) + l1 + l2/2", "proximal_gradient"),
    ("mean(logistic)", "gradient_descent"),
    ("C*sum(hinge) + l1/2", "adam"),
    ("mean(squared_hinge) + l2 + log_sum", "gradient_descent"),
    ("mean(poisson) + l2", "momentum"),
    ("mean((2*z - y**2)**2/(2*c)) + k*w**2", "gradient_descent"),
    ("mean(where(abs(z - y) <= k, (z - y)**2/2, k*abs(z - y) - k**2/2)) + mcp", "proximal_gradient"),
    ("sum(quantile) + mcp", "fista"),
)


@cache
def chain_of(objective: str, rule: str) -> GradientDerivation:
    return derive(resolve(objective), resolve_rule(rule))


class Point:
    """Data, weights and parameters, and the value of each tree of a derivation there, in doubles."""

    def __init__(self, chain: GradientDerivation, seed: int) -> None:
        assert chain.data is not None
        self.chain, self.data, draw = chain, chain.data, random.Random(seed)
        labels = self.data.data.loss.labels
        allowed = [float(v) for v in labels.values] or [0.0, 1.0, 3.0]
        at = np.random.default_rng(seed)
        self.X, self.w = at.normal(size=(M, N)), at.normal(size=N)
        self.y = np.array([draw.choice(allowed) for _ in range(M)])
        states = {s.name: np.abs(at.normal(size=N)) if s.is_array else 2.0 for s in chain.rule.states}
        self.arrays: dict[str, Any] = {"X": self.X, "w": self.w, "y": self.y, **states}
        self.arrays |= {a.name: at.normal(size=[N] * len(a.shape)) for a in chain.objective.terms.arrays}
        parameters = (*chain.objective.parameters, *chain.rule.parameters)
        self.scalars: dict[str, Any] = {p.name: float(p.default) for p in parameters} | {
            "m": float(M),
            "t": 3.0,
            "n": N,
        }
        self.indices: dict[str, int] = {}

    @property
    def z(self) -> Any:
        return self.arrays["X"] @ self.arrays["w"]

    def loss(self, order: int, z: float, y: float) -> float:
        """Return l, or its first or second derivative by differences of the one before."""
        if order == 0:
            return float(Point.value(self, self.data.data.loss.expression, {"z": z, "y": y}))
        h = 1e-5
        return (self.loss(order - 1, z + h, y) - self.loss(order - 1, z - h, y)) / (2 * h)

    def slopes(self, order: int) -> Any:
        return np.array([self.loss(order, z, y) for z, y in zip(self.z, self.y, strict=True)])

    def of(self, letter: str) -> float:
        """Return O, L, R, S or P."""
        if letter == "O":
            return self.of("L") + (self.of("R") if self.chain.objective.terms.terms else 0.0)
        steps = [s for s in self.chain.steps if s.before == Name(letter) and not s.target]
        return float(self.value(steps[0].after))

    def gradient(self, tree: Tree, by: str, index: int | None = None) -> float:
        """Return a derivative by differences, by the weight w[j] or by z."""
        h, ends = 1e-5, []
        for side in (-1, 1):
            if by == "z":
                ends.append(self.value(tree, {"z": self.scalars["z"] + side * h}))
                continue
            j = self.indices["j"] if index is None else index
            before = self.arrays["w"]
            self.arrays["w"] = before + side * h * np.eye(N)[j]
            ends.append(self.value(tree))
            self.arrays["w"] = before
        return float((ends[1] - ends[0]) / (2 * h))

    def value(self, tree: Tree, more: Mapping[str, Any] | None = None) -> Any:
        kept = self.scalars
        self.scalars = {**kept, **(more or {})}
        try:
            return self._value(tree)
        finally:
            self.scalars = kept

    def _value(self, tree: Tree) -> Any:
        match tree:
            case Number(exact):
                return float(exact)
            case Name("O" | "L" | "R" | "S" | "P" as letter):
                return self.of(letter)
            case Name("r"):
                return self.slopes(1)
            case Name("D"):
                return np.diag(self.slopes(2))
            case Name("I"):
                return np.eye(N)
            case Name(name):
                return self.scalars[name] if name in self.scalars else self.arrays[name]
            case Item("z", (k,)):
                return self.z[self.indices[k.index]]
            case Item("r", (k,)):
                return self.slopes(1)[self.indices[k.index]]
            case Item(array, subscripts):
                element = self.arrays[array]
                for s in subscripts:
                    element = element[self.indices[s.index] + s.shift]
                return element
            case Negate(operand):
                return -self._value(operand)
            case Binary(operator, left, right):
                return self._combined(operator, self._value(left), self._value(right))
            case Compare(operator, left, right):
                a, b = self._value(left), self._value(right)
                return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b}[operator]
            case Logic("and", operands):
                return all(self._value(o) for o in operands)
            case Sum(body, index):
                is_of_samples = any(isinstance(n, Item) and n.array in ("X", "y", "z", "r") for n in walk(body))
                size = M if index == "k" and is_of_samples else N
                total, kept = 0.0, dict(self.indices)
                for i in range(size):
                    self.indices[index] = i
                    total += self._value(body)
                self.indices = kept
                return total
            case Call("where", (condition, then, otherwise)):
                return self._value(then if self._value(condition) else otherwise)
            case Call("d", (inner, Name("z"))):
                return self.gradient(inner, "z")
            case Call("d", (inner,)):
                return self.gradient(inner, "w")
            case Call("gradient", (inner,)):
                return np.array([self.gradient(inner, "w", j) for j in range(N)])
            case Call("hessian", (inner,)):
                return self.hessian(inner)
            case Call("loss" | "dloss" | "ddloss" as function, (z, y)):
                order = ("loss", "dloss", "ddloss").index(function)
                return self.loss(order, self._value(z), self._value(y))
            case Call(function, arguments):
                return FUNCTIONS[function](*map(self._value, arguments))
        raise AssertionError(tree)

    def set_targets(self) -> None:
        """Give the vector of normal equations its value, where it is not y itself."""
        for step in self.chain.stationary:
            if step.rule == "target":
                assert isinstance(step.before, Item)
                self.arrays[step.before.array] = np.array([self.at_sample(step.after, k) for k in range(M)])

    def at_sample(self, tree: Tree, k: int) -> float:
        self.indices = {"k": k}
        return float(self.value(tree))

    def hessian(self, tree: Tree) -> Any:
        h, rows = 1e-4, []
        for j in range(N):
            ends = []
            for side in (-1, 1):
                before = self.arrays["w"]
                self.arrays["w"] = before + side * h * np.eye(N)[j]
                ends.append(np.array([self.gradient(tree, "w", i) for i in range(N)]))
                self.arrays["w"] = before
            rows.append((ends[1] - ends[0]) / (2 * h))
        return np.array(rows)

    @staticmethod
    def _combined(operator: str, a: Any, b: Any) -> Any:
        are_tensors = np.ndim(a) > 0 and np.ndim(b) > 0
        if operator == "*":
            return a @ b if are_tensors else a * b
        return {"+": lambda: a + b, "-": lambda: a - b, "/": lambda: a / b, "**": lambda: a**b}[operator]()


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "sign": np.sign, "abs": np.abs, "log1p": np.log1p,
    "transpose": np.transpose, "max": max, "min": min,
    "norm": lambda x: np.linalg.norm(x, 2),
}  # fmt: skip


@pytest.mark.one_in(6)
@pytest.mark.parametrize(("objective", "rule"), OBJECTIVES)
def test_every_step_holds_on_random_data(objective: str, rule: str) -> None:
    chain, compared = chain_of(objective, rule), 0
    for seed in (1, 2):
        point = Point(chain, seed)
        point.set_targets()
        for step in (*chain.steps, *chain.stationary):
            if holds_no_number(step):
                continue
            compared += checked(step, point, chain.rule)
    assert compared >= 20


def holds_no_number(step: Step) -> bool:
    """Does a step say what a letter is, or speak of a kink or of an operator, which has tests of its own?"""
    is_named = step.rule in ("penalty", "loss", "split", "forward step", "target", "normal equations")
    return is_named or step.condition is not None or holds(step, "prox", "argmin") or step.before == step.after


def holds(step: Step, *functions: str) -> bool:
    return any(isinstance(n, Call) and n.function in functions for t in (step.before, step.after) for n in walk(t))


def checked(step: Step, point: Point, rule: Rule) -> int:
    """Compare both sides of a step for each weight and sample that it may be of."""
    nodes = [*walk(step.before), *walk(step.after)]
    indices = {s.index for node in nodes if isinstance(node, Item) for s in node.subscripts}
    places = [{"j": j, "k": k} for j in range(N) for k in range(M if "k" in indices else 1)]
    for place in places:
        point.indices = place
        given = {target.target: 0.5 for target in rule.steps if target.target != "w"}
        if not holds(step, "gradient", "hessian", "transpose"):  # there y and z are vectors
            given |= {"z": 0.37 + 0.71 * place["k"], "y": float(point.y[place["k"]])}
        left, right = (point.value(without_extrema(side), given) for side in (step.before, step.after))
        if step.is_bound:
            assert np.all(np.asarray(left) <= np.asarray(right) * (1 + 1e-3) + 1e-3), step
        else:
            assert np.allclose(left, right, rtol=2e-3, atol=2e-3), (step.rule, to_text(step.before), left, right)
    return len(places)


def test_normal_equations_are_solved_where_the_gradient_is_zero() -> None:
    for objective, rule in OBJECTIVES:
        chain = chain_of(objective, rule)
        assert bool(chain.stationary) == (objective in LINEAR), objective
        if not chain.stationary:
            continue
        point = Point(chain, 7)
        point.set_targets()
        *_, equations = chain.stationary
        assert isinstance(equations.before, Binary)
        solution = np.linalg.solve(point.value(equations.before.left), point.value(equations.after))
        point.arrays["w"] = solution
        gradient = [point.gradient(Name("O"), "w", j) for j in range(N)]
        assert np.allclose(gradient, 0, atol=1e-6), objective


LINEAR = ("mean(squared_error) + l2", "mean((2*z - y**2)**2/(2*c)) + k*w**2")


def test_ista_soft_thresholds_a_gradient_step() -> None:
    chain = chain_of("mean(half_squared_error) + l1", "proximal_gradient")
    point, forward, last = Point(chain, 3), chain.steps[-2], chain.steps[-1]
    assert (forward.rule, last.rule, last.target) == ("forward step", "operator put in", "w")
    expected = point.w - 0.01 * point.X.T @ (point.X @ point.w - point.y) / M
    shrunk = np.sign(expected) * np.maximum(np.abs(expected) - 0.1 * 0.01, 0)
    for j in range(N):
        point.indices = {"j": j}
        point.arrays["v"] = np.array([point.value(forward.after)] * N)
        assert np.isclose(point.value(last.after), shrunk[j], rtol=1e-12)


def test_no_step_that_is_called_small_enough_raises_the_objective() -> None:
    for objective, rule in OBJECTIVES:
        chain = chain_of(objective, rule)
        if chain.descent is None or rule != "gradient_descent":
            continue
        point = Point(chain, 11)
        assert isinstance(chain.descent.condition, Compare)
        lr = 0.99 * float(point.value(chain.descent.condition.right))
        before = point.of("O")
        gradient = np.array([point.gradient(Name("O"), "w", j) for j in range(N)])
        point.arrays["w"] = point.w - lr * gradient
        assert point.of("O") < before, objective


def test_what_a_reader_expects_stands_on_the_page() -> None:
    ridge = Derivation(chain_of("mean(squared_error) + l2", "gradient_descent"))
    text = ridge.text()
    for line in (
        "z_k = sum_i X_{k,i}*w_i",
        "dO/dw_j = dL/dw_j + dR/dw_j",
        "dL/dw_j = 2/m*sum_k (z_k - y_k)*X_{k,j}",
        "grad L(w) = X'*r/m",
        "hess L(w) = X'*D*X/m",
        "norm(hess L(w)) <= 2*norm(X)^2/m",
        "w_j <- (1 - 2*lam*lr)*w_j",
        "if lr < 1/(lam + norm(X)^2/m)",
        "(X'*X + lam*m*I)*w = X'*y",
    ):
        assert line in text
    assert text.isascii() and max(map(len, text.splitlines())) <= 80
    assert r"\lVert \nabla^2 L(w)\rVert_2 & \le \frac{2 \lVert X\rVert_2^2}{m}" in ridge.latex()
    assert r"\label{eq:squared_error_l2-normal-equations}" in ridge.fragment()
    assert r"\bigl(X^\top X + \lambda m I\bigr) w = X^\top y" in ridge.markdown()
    data = json.loads(ridge.to_json())
    assert data["stationary"][-1]["before"] == "(transpose(X)*X + lam*m*I)*w" and data["data"]["scale"] == "1/m"
    assert [s["rule"] for s in data["steps"] if s["is_bound"]] == ["curvature bound"] * 2


def test_letters_have_one_meaning_each() -> None:
    chain = chain_of("mean((2*z - y**2)**2/(2*c)) + k*w**2", "gradient_descent")
    assert "k_0" in chain.objective.names and "k" not in chain.objective.names
    assert "k_0 is the parameter k, which means something else in a derivation" in chain.notes
    adam = chain_of("C*sum(hinge) + l1/2", "adam")
    assert {s.name for s in adam.rule.states} == {"adam_m", "v"}
    assert "adam_m is adam's own m, which means something else in a derivation" in adam.notes


def test_a_loss_alone_takes_a_plain_step_and_has_no_operator() -> None:
    chain = chain_of("mean(squared_hinge)", "proximal_gradient")
    assert chain.steps[-1].why.startswith("there is no penalty, and so there is nothing for the operator to take")
    assert chain.descent is not None and to_text(chain.descent.condition) == "lr < m/norm(X)**2"
    with pytest.raises(SpecError, match="squared_hinge: there is no penalty, and so no proximal operator"):
        derive_prox_chain(print, objective=resolve("mean(squared_hinge)"))


def test_no_bound_is_told_where_there_is_none() -> None:
    for objective in ("mean(hinge) + l2", "mean(poisson) + l2", "mean(logistic) + l1"):
        assert chain_of(objective, "gradient_descent").descent is None, objective
