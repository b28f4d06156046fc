"""The judge of proximal operators is judged: operators with one mistake are all caught.

Mistakes are made in two ways: anywhere in the source of the operators written by hand, and in what emitted ones return.
"""

from __future__ import annotations

import ast
import copy
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import proximal_operators
import pytest
from derived import derived
from proximal_operators import RIGHT

import symreg
from symreg import catalogue, targets
from symreg.targets.loading import load_module
from symreg.verification import Subject, verify

POINTS = 300
_ALWAYS = ("elastic_net", "l2_norm")  # the others take their time: in the long run
RELATIVE = {"float64": 1e-9, "float32": 1e-5}
SHIFT = 1e-6

_OTHER = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.LtE: ast.Gt, ast.Lt: ast.GtE,
    ast.GtE: ast.Lt, ast.Gt: ast.LtE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """A function with one mistake, and what it is."""

    text: str
    function: Callable[..., Any]


# Places where a mistake is none, by function and text, with the reason.
NO_MISTAKE = {
    ("l2_norm", "scale"): "any scale does as long as nothing overflows, and where it is zero so is v",
    ("l2_norm", "0.0 * v"): "v times nearly nothing is not zero, but this is: the factor of zero has no bearing",
    ("capped_l1", "t < 2.0 * theta"): "at t = 2*theta both formulas agree; nearly there they nearly do",
}


def mutants_of(function: Callable[..., Any]) -> Iterator[Mutant]:
    """Yield the function with one operator, comparison, extreme or constant replaced."""
    tree = ast.parse(inspect.getsource(function))
    nodes = list(ast.walk(tree))
    for place, node in enumerate(nodes):
        changes: list[tuple[str, Callable[[Any], None]]] = []
        if isinstance(node, ast.BinOp) and type(node.op) in _OTHER:
            changes.append(("operator", lambda n: setattr(n, "op", _OTHER[type(n.op)]())))
            changes.append(("factor", _scale))
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in _OTHER:
            changes.append(("side", lambda n: setattr(n, "ops", [_OTHER[type(n.ops[0])]()])))
        elif isinstance(node, ast.Attribute) and node.attr == "maximum":
            changes.append(("extreme", lambda n: setattr(n, "attr", "minimum")))
        for kind, change in changes:
            text = f"{kind}: {ast.unparse(node)}"
            mutated = copy.deepcopy(tree)
            change(list(ast.walk(mutated))[place])
            scope = dict(vars(proximal_operators))
            exec(compile(ast.fix_missing_locations(mutated), text, "exec"), scope)  # noqa: S102 - our own file
            yield Mutant(text, scope[function.__name__])


def _scale(node: ast.BinOp) -> None:
    """Multiply an operation by 1 + 1e-6."""
    node.left = ast.BinOp(
        left=ast.Constant(1.0 + SHIFT), op=ast.Mult(), right=ast.BinOp(node.left, node.op, node.right)
    )
    node.op, node.right = ast.Mult(), ast.Constant(1.0)


CASES = [(name, mutant) for name, function in RIGHT.items() for mutant in mutants_of(function)]


def is_no_mistake(name: str, mutant: Mutant) -> bool:
    return any(name == of and text in mutant.text for of, text in NO_MISTAKE)


@pytest.mark.parametrize(
    "name", [*_ALWAYS, *(pytest.param(n, marks=pytest.mark.sweep) for n in RIGHT if n not in _ALWAYS)]
)
def test_mistakes_in_the_source_are_caught(name: str) -> None:
    found = [mutant for of, mutant in CASES if of == name and not is_no_mistake(name, mutant)]
    subjects = [
        Subject(label=one.text, dtype="float64", functions={"prox": one.function}, is_emitted=False) for one in found
    ]
    report = verify(symreg.objective(name).terms, (), subjects, points=POINTS, rtol=1e-9, per_group=5)
    assert len(report.checks) == len(found)
    assert [check.target for check in report.checks if check.verdict not in ("wrong", "inaccurate")] == []


def test_there_are_mutants_of_everything() -> None:
    assert len(CASES) > 70
    assert {name for name, _ in CASES} == set(RIGHT)
    assert all(any(name == of and text in m.text for name, m in CASES) for of, text in NO_MISTAKE)


# Of each kind: what is changed in the source of an emitted `prox`.
_REVERSED = {"less": "greater_equal", "less_equal": "greater", "greater": "less_equal", "greater_equal": "less"}
SPREAD = ("l1", "mcp", "l_half")  # the next ones take their time: in the long run
LONG = ("huber", "log_cosh", "log_sum", "cauchy")

_CLAMP = "keeps rounding inside the cell; the root is there anyway"
_BRACKET = "an end of a bracket, or where the search starts: the search ends at the same root without"

# Changes of emitted source that are no mistakes: how many of one text, and why.
HARMLESS = {
    ("mcp", "dropped: _put(x4, edge2, mask)"): (1, _CLAMP),
    ("mcp", "dropped: _put(x5, 0, mask2)"): (1, "v is at most edge3 there, where zero is put as well"),
    ("mcp", "shift: edge2"): (1, _CLAMP),
    ("log_sum", "dropped: _put(x4, 0, mask)"): (1, "the root of a negative number is replaced: v is below the jump"),
    ("log_sum", "dropped: _put(x11, turn, mask)"): (1, _CLAMP),
    ("l_half", "dropped: _put(u_low, turn, mask)"): (1, _BRACKET),
    ("l_half", "dropped: _put(u_high, x, mask)"): (1, _BRACKET),
    ("l_half", "dropped: _put(a, turn, mask2)"): (1, _BRACKET),
    ("l_half", "side: np.greater(x, jump, out=mask)"): (1, _BRACKET),
    ("l_half", "side: np.less(x, turn, out=mask2)"): (1, _BRACKET),
    ("cauchy", "branch: 0 if c3 < 0 else c4"): (1, _BRACKET),
    ("cauchy", "branch: bound2 if c8 > bound2 else c8"): (1, _BRACKET),
    ("cauchy", "branch: c4 if c9 < c4 else c9"): (1, _BRACKET),
    ("cauchy", "branch: turn2 if jump < turn2 else jump"): (1, _BRACKET),
    ("cauchy", "dropped: _put(u3_low, turn2, mask)"): (1, _BRACKET),
    ("cauchy", "dropped: _put(u3_high, x, mask)"): (1, _BRACKET),
    ("cauchy", "dropped: _put(a, turn2, mask2)"): (1, _BRACKET),
    ("cauchy", "side: np.greater(x, jump, out=mask)"): (1, _BRACKET),
    ("cauchy", "side: np.less(x, turn2, out=mask2)"): (1, _BRACKET),
}


def emitted_mutants(name: str) -> Iterator[Mutant]:
    """Yield an emitted NumPy `prox` with a result, a threshold, a comparison, a choice or a case changed."""
    objective = symreg.objective(name)
    (text,) = targets.emit(objective, (derived(objective),), "numpy").values()
    whole = ast.parse(text)
    for change, kind, said in _changes(whole):
        mutated = copy.deepcopy(whole)
        change(next(node for node in ast.walk(mutated) if isinstance(node, ast.FunctionDef) and node.name == "prox"))
        module = load_module(objective.name, ast.unparse(ast.fix_missing_locations(mutated)))
        yield Mutant(f"{kind}: {said}", module.prox)


def _changes(whole: ast.Module) -> Iterator[tuple[Callable[[ast.FunctionDef], None], str, str]]:
    prox = next(node for node in whole.body if isinstance(node, ast.FunctionDef) and node.name == "prox")
    for place, node in enumerate(ast.walk(prox)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _REVERSED:
            yield partial(_reverse, place), "side", ast.unparse(node)
        elif isinstance(node, ast.IfExp):
            yield partial(_swap, place), "branch", ast.unparse(node)
        elif isinstance(node, ast.Expr) and ast.unparse(node).startswith("_put("):
            yield partial(_drop, place), "dropped", ast.unparse(node)
        elif isinstance(node, ast.Expr) and ast.unparse(node).startswith("np.copyto(flat_j, "):
            yield partial(_scale_result, place), "relative", ast.unparse(node)
    names = {n.id for n in ast.walk(prox) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for one in sorted(names):
        if re.fullmatch(r"(edge|jump)\d*", one):
            yield partial(_shift, one), "shift", one


def _reverse(place: int, prox: ast.FunctionDef) -> None:
    function: Any = list(ast.walk(prox))[place]
    function.func.attr = _REVERSED[function.func.attr]


def _swap(place: int, prox: ast.FunctionDef) -> None:
    choice: Any = list(ast.walk(prox))[place]
    choice.body, choice.orelse = choice.orelse, choice.body


def _drop(place: int, prox: ast.FunctionDef) -> None:
    statement: Any = list(ast.walk(prox))[place]
    statement.value = ast.Constant(None)


def _scale_result(place: int, prox: ast.FunctionDef) -> None:
    statement: Any = list(ast.walk(prox))[place]
    statement.value.args[1] = ast.parse(f"{ast.unparse(statement.value.args[1])} * (1 + 1e-9)", mode="eval").body


def _shift(name: str, prox: ast.FunctionDef) -> None:
    """Move a threshold by a millionth where all of them are known, before the elements are looked at."""
    (block,) = [node for node in prox.body if isinstance(node, ast.With)]
    place = next(k for k, node in enumerate(block.body) if ast.unparse(node).startswith("scratch"))
    block.body.insert(place, ast.parse(f"{name} = {name} * {1 + SHIFT}").body[0])


@pytest.mark.parametrize("name", [*SPREAD, *(pytest.param(n, marks=pytest.mark.sweep) for n in LONG)])
def test_mistakes_in_emitted_source_are_caught(name: str) -> None:
    found = [*emitted_mutants(name)]
    subjects = [
        Subject(label=one.text, dtype="float64", functions={"prox": one.function}, is_emitted=False) for one in found
    ]
    report = verify(symreg.objective(name).terms, (), subjects, points=600)
    alive = Counter(check.target for check in report.checks if check.verdict == "pass")
    assert alive == {text: count for (of, text), (count, _) in HARMLESS.items() if of == name}
    assert len(report.checks) == len(found) >= 3


def mistaken(prox: Callable[..., Any], kind: str, dtype: str) -> Callable[..., Any]:
    """Return an emitted operator with a mistake in what it returns."""

    def function(v: Any, *, step: float, **parameters: float) -> Any:
        if kind == "relative":
            return prox(v, step=step, **parameters) * v.dtype.type(1 + RELATIVE[dtype])
        if kind == "step":
            return prox(v, step=step * (1 + 1e-3), **parameters)
        right = prox(v, step=step, **parameters)
        if kind == "shift":
            return right + v.dtype.type(2) * np.spacing(np.abs(v)) * v.dtype.type(64)
        if kind == "sign":
            return -right
        if kind == "identity":
            return v.copy()
        return np.where(np.abs(right) < np.abs(v) / 2, v.dtype.type(0), right)

    return function


KINDS = ("relative", "step", "sign", "identity", "dropped", "shift")
ELEMENTWISE = [name for name in catalogue.penalties() if not symreg.objective(name).terms.indexed]


@pytest.mark.sweep
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_mistake_in_a_result_is_caught(name: str, dtype: str) -> None:
    prox = symreg.load(name, rules=(), target="numpy", dtype=dtype).prox
    subjects = [
        Subject(label=kind, dtype=dtype, functions={"prox": mistaken(prox, kind, dtype)}, is_emitted=False)  # type: ignore[arg-type]
        for kind in KINDS
    ]
    report = verify(symreg.objective(name).terms, (), subjects, points=POINTS)
    passed = [check.target for check in report.checks if check.verdict == "pass"]
    assert len(report.checks) == len(KINDS) and not passed
