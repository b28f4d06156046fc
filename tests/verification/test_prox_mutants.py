"""The judge of proximal operators is judged: operators with one mistake are all caught.

Mistakes are made in two ways: anywhere in the source of the operators written by hand, and in what emitted ones return.
"""

from __future__ import annotations

import ast
import copy
import ctypes
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import proximal_operators
import pytest
from derived import derived
from proximal_operators import RIGHT

import symreg
from symreg import catalogue
from symreg.targets.emit import emit
from symreg.targets.loading.c_compiler import build
from symreg.targets.loading.load import load_module
from symreg.targets.options import BOTH
from symreg.verification import Subject, verify

POINTS = 300
_ALWAYS = ("elastic_net", "l2_norm")  # the others take their time: in the long run
RELATIVE = {"float64": 1e-9, "float32": 1e-5}
SHIFT = 1e-6
SHIFTS = {"float64": SHIFT, "float32": 1e-3}  # of thresholds

_OTHER = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.LtE: ast.Gt, ast.Lt: ast.GtE,
    ast.GtE: ast.Lt, ast.Gt: ast.LtE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """A function with one mistake, and what it is."""

    text: str
    function: Callable[..., Any]


_OF_ZERO = "a factor of zero has no bearing"
_SCALE = "any scale does as long as nothing overflows, and where it is zero so is v"

# Mutants that are right: how many of one text, and why. All the others have to be caught.
NO_MISTAKE = {
    ("huber", "operator: t * delta * np.sign(v)"): (1, "1/sign(v) is sign(v), and at v = 0 the other formula is taken"),
    ("mcp", "factor: 0.0 * v"): (1, _OF_ZERO),
    ("capped_l1", "factor: 2.0 * theta"): (2, "within a millionth of t = 2*theta both formulas agree to 1e-12"),
    ("log_sum", "factor: t * np.log1p(root / eps) + root * (root / 2.0 - size)"): (1, "only its sign is looked at"),
    ("l2_norm", "factor: 0.0 * v"): (1, _OF_ZERO),
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


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    "name", [*_ALWAYS, *(pytest.param(n, marks=pytest.mark.sweep) for n in RIGHT if n not in _ALWAYS)]
)
def test_mistakes_in_the_source_are_caught(name: str) -> None:
    subjects = [
        Subject(label=mutant.text, dtype="float64", functions={"prox": mutant.function}, is_emitted=False)
        for of, mutant in CASES
        if of == name
    ]
    report = verify(symreg.objective(name).terms, (), subjects, points=POINTS, rtol=1e-9)
    assert len(report.checks) == len(subjects)
    alive = Counter(check.target for check in report.checks if check.verdict not in ("wrong", "inaccurate"))
    assert alive == {text: count for (of, text), (count, _) in NO_MISTAKE.items() if of == name}


def test_there_are_mutants_of_everything() -> None:
    assert len(CASES) > 70
    assert {name for name, _ in CASES} == set(RIGHT)


# Of each kind: what is changed in the source of an emitted `prox`.
_OWN = re.compile(r"prox|_(thresholds|minimisers)")  # it, and the routines that a penalty has of its own
_SHIFTED = r"(threshold|jump|turning_point)\d*"
_REVERSED = {"less": "greater_equal", "less_equal": "greater", "greater": "less_equal", "greater_equal": "less"}
EMITTED = (("l1", "float64"), ("mcp", "float64"), ("l_half", "float64"), ("l1", "float32"))
LONG = ("huber", "log_cosh", "log_sum", "cauchy", "scad")  # these take their time: in the long run
# Each of their numbers comes from a search; most of the text says how that begins: equations and results are changed.
SEARCHED = ("log_cosh", "cauchy")
TOO_COARSE = (("scad", "float32"),)  # where it jumps moves by less than a float32 beside it tells

_CLAMP = "keeps rounding inside the cell; the root is there anyway"
_LAST = "beyond the jump v itself is put last, whatever was there"
_BRACKET = "an end of a bracket, or where the search starts: the search ends at the same root without"
_TURN = "where F turns no root is taken, but for a step within a millionth of the one from which on it turns"
_POINT = (
    "the jump is below eps only where its bracket is one point: F does not turn, and what it would be has no bearing"
)

# Changes of emitted source that are no mistakes: how many of one text, and why.
HARMLESS = {
    ("mcp", "unbound: np.minimum(t3, threshold2, out=t4)"): (1, _CLAMP),
    ("mcp", "unbound: np.maximum(t4, 0, out=t5)"): (1, "v is at most the third threshold there: zero is put as well"),
    ("mcp", "unbound: np.minimum(threshold, jump)"): (1, _LAST),
    ("log_sum", "unbound: np.maximum(t5, 0, out=t5)"): (1, "the root of a negative number is replaced by zero"),
    ("log_sum", "unbound: np.maximum(t12, turning_point, out=t13)"): (1, _CLAMP),
    ("log_sum", "unbound: np.maximum(t14, turning_point)"): (1, _CLAMP),
    ("l_half", "dropped: _put(u_low, turning_point, mask)"): (1, _BRACKET),
    ("l_half", "dropped: _put(u_high, x, mask)"): (1, _BRACKET),
    ("l_half", "side: np.greater(x, jump, out=mask)"): (1, _BRACKET),
    ("l_half", "unbound: np.maximum(x, turning_point, out=a)"): (1, _BRACKET),
    ("scad", "unbound: np.maximum(t5, lam, out=t6)"): (1, _CLAMP),
    ("scad", "unbound: np.minimum(t2, lam)"): (1, _CLAMP),
    ("scad", "unbound: np.maximum(jump, threshold3)"): (1, "the jump's bracket begins there"),
    ("scad", "unbound: np.maximum(t3, 0)"): (1, "it is asked for only where the jump is above the threshold"),
    ("scad", "unbound: np.minimum(threshold, jump)"): (1, _LAST),
    ("scad", "unbound: np.minimum(threshold2, jump)"): (1, _LAST),
    ("l_half", "shift: turning_point"): (1, _TURN),
    ("log_sum", "shift: turning_point"): (1, _TURN),
    ("cauchy", "shift: turning_point"): (1, _TURN),
    ("cauchy", "shift: turning_point2"): (1, _TURN),
    ("l_half", "C shift: turning_point = t1 * t2 * pow(2.0, 2.0 / 3.0) / 4.0"): (1, _TURN),
    ("l_half", "C side: x[k] > at.jump"): (1, _BRACKET),
    ("l_half", "C side: x[k] < at.turning_point"): (1, _BRACKET),
    ("log_sum", "C shift: turning_point = t3 ? t1 * t2 - eps : 0.0"): (1, _TURN),
    ("log_sum", "C operator: turning_point + step * (lam / (eps + turning_point))"): (1, _BRACKET),
    ("log_sum", "C operator: t4 - t8"): (1, _POINT),
    ("log_sum", "C operator: t4 >= 0.0 ? t9 : t10 - t11 * jump"): (1, _POINT),
}


def emitted_mutants(name: str, dtype: str) -> Iterator[Mutant]:
    """Yield an emitted NumPy `prox` with a result, a threshold, a comparison, a bound, a choice or a case changed.

    What it works out in routines of its own is changed there.
    """
    objective = symreg.objective(name)
    (text,) = emit(objective, (derived(objective),), "numpy").values()
    whole = ast.parse(text)
    for change, kind, said in _changes(whole, dtype):
        if name in SEARCHED and kind not in ("relative", "shift"):
            continue
        mutated = copy.deepcopy(whole)
        change(mutated)
        module = load_module(objective.name, ast.unparse(ast.fix_missing_locations(mutated)))
        yield Mutant(f"{kind}: {said}", module.prox)


def _changes(whole: ast.Module, dtype: str) -> Iterator[tuple[Callable[[ast.Module], None], str, str]]:
    functions = [node for node in whole.body if isinstance(node, ast.FunctionDef) and _OWN.fullmatch(node.name)]
    own = {id(node) for function in functions for node in ast.walk(function)}
    for place, node in enumerate(ast.walk(whole)):
        if id(node) not in own:
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _REVERSED:
            yield partial(_reverse, place), "side", ast.unparse(node)
        elif isinstance(node, ast.IfExp):
            yield partial(_swap, place), "branch", ast.unparse(node)
        elif isinstance(node, ast.Expr) and ast.unparse(node).startswith("_put("):
            yield partial(_drop, place), "dropped", ast.unparse(node)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.maximum", "np.minimum"):
            yield partial(_unbound, place), "unbound", ast.unparse(node)
        elif isinstance(node, ast.Expr) and ast.unparse(node).startswith("np.copyto(flat_j, "):
            yield partial(_scale_result, place, RELATIVE[dtype]), "relative", ast.unparse(node)
        elif isinstance(node, ast.Assign) and re.fullmatch(_SHIFTED, ast.unparse(node.targets[0])):
            yield partial(_shift, place, SHIFTS[dtype]), "shift", ast.unparse(node.targets[0])


def _reverse(place: int, whole: ast.Module) -> None:
    function: Any = list(ast.walk(whole))[place]
    function.func.attr = _REVERSED[function.func.attr]


def _swap(place: int, whole: ast.Module) -> None:
    choice: Any = list(ast.walk(whole))[place]
    choice.body, choice.orelse = choice.orelse, choice.body


def _drop(place: int, whole: ast.Module) -> None:
    statement: Any = list(ast.walk(whole))[place]
    statement.value = ast.Constant(None)


def _unbound(place: int, whole: ast.Module) -> None:
    """Make of the greater or smaller of two the first of them."""
    extreme: Any = list(ast.walk(whole))[place]
    extreme.func = ast.parse("np.positive", mode="eval").body
    del extreme.args[1]


def _scale_result(place: int, part: float, whole: ast.Module) -> None:
    statement: Any = list(ast.walk(whole))[place]
    statement.value.args[1] = ast.parse(f"{ast.unparse(statement.value.args[1])} * (1 + {part})", mode="eval").body


def _shift(place: int, part: float, whole: ast.Module) -> None:
    """Move a threshold by a part of itself where it is worked out."""
    statement: Any = list(ast.walk(whole))[place]
    statement.value = ast.parse(f"({ast.unparse(statement.value)}) * {1 + part}", mode="eval").body


# Of each kind: what is changed in the text of an emitted C function.
_C_REVERSED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_C_CHANGES: tuple[tuple[str, str, Callable[[re.Match[str], str], str]], ...] = (
    ("shift", r"(?<=const double )((?:threshold|jump|turning_point)\d*) = (.*)(?=;)",
     lambda m, dtype: f"{m[1]} = ({m[2]}) * {1 + SHIFTS[dtype]!r}"),
    ("side", r"([\w.\[\]]+) (<=?|>=?) ([\w.\[\]]+)(?= \?)", lambda m, _: f"{m[1]} {_C_REVERSED[m[2]]} {m[3]}"),
    ("relative", r"(?<=out\[j\] = )(.*)(?=;)", lambda m, dtype: f"({m[1]}) * {1 + RELATIVE[dtype]!r}"),
    ("operator", r"(?<== )(.*?) ([-+]) (.*)(?=;$)", lambda m, _: f"{m[1]} {'+' if m[2] == '-' else '-'} {m[3]}"),
)  # fmt: skip

_C_ROUTINE = r"(?:thresholds|minimisers)"

# Statements that count, or say only how a search goes on: whatever they say it ends at the same root, or after ROUNDS.
_NO_RESULT = r" *((const )?(size_t|(double|int) (change|following|moves)|moved\[k\])|.*= moves_on\()"
_OF_SEARCH = r"(?! *(const double residual|out\[j\]))"


def c_mutants(name: str, dtype: str) -> list[Mutant]:
    """Return C functions `prox` with one mistake each, all of them compiled into one library."""
    objective = symreg.objective(name)
    files = emit(objective, (derived(objective),), "c", BOTH)
    (source,) = (text for path, text in files.items() if path.endswith(".c"))
    own = f"{objective.name}_prox_{'f64' if dtype == 'float64' else 'f32'}"
    functions = re.findall(rf"^(?:int {own}|static [^\n]*{_C_ROUTINE})\(.*?^}}$", source, re.DOTALL | re.MULTILINE)
    left_out = _OF_SEARCH if name in SEARCHED else _NO_RESULT
    mutated = [
        (said, "\n\n".join([*functions[:k], text, *functions[k + 1 :]]))
        for k, function in enumerate(functions)
        for said, text in _changed_in_c(function, dtype, left_out)
    ]
    more = [re.sub(rf"\b({own}|{_C_ROUTINE})\(", rf"\g<1>_{k}(", text) for k, (_, text) in enumerate(mutated)]
    sources = {path.removeprefix("c/"): text for path, text in files.items()}
    library = ctypes.CDLL(str(build(sources | {f"{objective.name}.c": "\n\n".join([source, *more])})))
    parameters = [p.name for p in objective.terms.parameters]
    return [Mutant(said, _called(library[f"{own}_{k}"], parameters)) for k, (said, _) in enumerate(mutated)]


def _changed_in_c(function: str, dtype: str, left_out: str) -> Iterator[tuple[str, str]]:
    """Yield what is changed behind the checks of the arguments, and the function with that change."""
    function = re.sub(r"const double [^;{}]*;", _one_by_one, function)
    start = function.index("\n\n" if function.startswith("int ") else "{\n")
    for kind, pattern, change in _C_CHANGES:
        for found in re.finditer(pattern, function[start:], re.MULTILINE):
            at = start + found.start()
            if re.match(left_out, function[function.rindex("\n", 0, at) + 1 :]):
                continue
            other = change(found, dtype)
            yield f"C {kind}: {found[0]}", function[:at] + other + function[at + len(found[0]) :]


def _one_by_one(declarations: re.Match[str]) -> str:
    """Return declarations in one statement as one of each, in a line."""
    text = " ".join(declarations[0].split())
    return re.sub(r", (?=\w+ = )", ";\n    const double ", text)


def _called(function: Any, parameters: Sequence[str]) -> Callable[..., Any]:
    function.argtypes = (
        ctypes.c_size_t, ctypes.c_void_p, ctypes.c_double, *(ctypes.c_double for _ in parameters), ctypes.c_void_p,
    )  # fmt: skip

    def prox(v: Any, *, step: float, **given: float) -> Any:
        out = np.empty_like(v)
        code = function(v.size, v.ctypes.data, step, *(given[name] for name in parameters), out.ctypes.data)
        assert code == 0
        return out

    return prox


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("name", "dtype"), [
    *EMITTED,
    *(pytest.param(name, dtype, marks=pytest.mark.sweep)
      for name in (*dict.fromkeys(name for name, _ in EMITTED), *LONG) for dtype in RELATIVE
      if (name, dtype) not in (*EMITTED, *TOO_COARSE)),
])  # fmt: skip
def test_mistakes_in_emitted_source_are_caught(name: str, dtype: Any) -> None:
    in_numpy, in_c = [*emitted_mutants(name, dtype)], c_mutants(name, dtype)
    subjects = [
        Subject(label=one.text, dtype=dtype, functions={"prox": one.function}, is_emitted=False)
        for one in (*in_numpy, *in_c)
    ]
    report = verify(symreg.objective(name).terms, (), subjects, points=600)
    alive = Counter(check.target for check in report.checks if check.verdict == "pass")
    assert alive == {text: count for (of, text), (count, _) in HARMLESS.items() if of == name}
    assert len(report.checks) == len(subjects)
    assert min(len(in_numpy), len(in_c)) >= (1 if name in (*SEARCHED, "l1") else 3)


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


# Of these kinds it returns what is right.
UNCHANGED = {"l_half": ("dropped",)}  # where it is not zero it is at least 2/3 of v: at the jump, and more beyond


@pytest.mark.sweep
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_mistake_in_a_result_is_caught(name: str, dtype: Any) -> None:
    objective = symreg.objective(name)
    (text,) = emit(objective, (derived(objective),), "numpy").values()
    prox = load_module(objective.name, text).prox
    subjects = [
        Subject(label=kind, dtype=dtype, functions={"prox": mistaken(prox, kind, dtype)}, is_emitted=False)
        for kind in KINDS
    ]
    report = verify(objective.terms, (), subjects, points=POINTS)
    assert len(report.checks) == len(KINDS)
    assert tuple(check.target for check in report.checks if check.verdict == "pass") == UNCHANGED.get(name, ())
