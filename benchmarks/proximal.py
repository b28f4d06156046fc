"""C proximal operators, one thread: beside a loop that reads and writes, plain NumPy, and skglm's compiled functions.

Operators whose equation is iterated are told in nanoseconds an element, with vector math and without.
"""

from __future__ import annotations

import ctypes
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import baselines
import numpy as np
from measure import PATIENT, Case, Row, at_least, at_most, interleaved

import symreg
from symreg.targets.loading import c_compiler

STEP, LAM = 0.9, 0.3
Call = Callable[[], object]

CLOSED = {
    # How many times as long as reading and writing it may take, and what it is called with
    "l1": (1.2, {"lam": LAM}),
    "mcp": (1.2, {"lam": LAM, "gamma": 3.0}),
    "scad": (1.2, {"lam": LAM, "a": 3.7}),
    "huber": (1.2, {"lam": LAM, "delta": 1.0}),
    "capped_l1": (1.2, {"lam": LAM, "theta": 1.0}),
    "log_sum": (2.5, {"lam": LAM, "eps": 1.0}),
    "fair": (2.5, {"lam": LAM, "c": 1.0}),
    "log_barrier": (2.5, {"lam": LAM}),
}
NANOSECONDS = {
    **dict.fromkeys(
        (
            "atan", "cauchy", "charbonnier", "double_well", "entropy", "etp", "geman_mcclure", "l_half", "lp",
            "pseudo_huber", "quartic", "sine_squared", "tukey", "welsch",
        ),
        60.0,
    ),
    "log_cosh": 100.0,
}  # fmt: skip
"""With vector math; without it, `PLAINLY`."""
PLAINLY = 250.0
QUICK = ("l1", "log_sum", "cauchy")
"""One of one line, one in closed form with roots, one that is iterated."""


def cases(n: int, rounds: int) -> dict[str, Case]:
    """Return a case for each operator: on n float64 numbers, on a tenth of them where it is iterated."""
    v = np.random.default_rng(0).normal(size=n)
    closed = {
        name: partial(contest, name, limit, parameters, v, rounds) for name, (limit, parameters) in CLOSED.items()
    }
    return closed | {name: partial(iterated, name, most, v[: n // 10], rounds) for name, most in NANOSECONDS.items()}


def contest(name: str, limit: float, parameters: dict[str, float], v: Any, rounds: int) -> Iterator[Row]:
    """Yield the rows of an operator in closed form; its peers must agree with it before anything is timed."""
    prox = symreg.load(name, target="c", timeout=PATIENT).prox
    v = np.abs(v) if name == "log_barrier" else v
    out = prox(v, step=STEP, **parameters)
    peers = {"plain NumPy": PLAIN.get(name), "skglm": in_skglm(name, parameters)}
    calls: dict[str, Call] = {}
    for peer, function in peers.items():
        if function is not None:
            np.testing.assert_allclose(function(v), out, rtol=1e-9, atol=1e-12, err_msg=f"{name}: {peer}")
            calls[peer] = lambda function=function: function(v)  # type: ignore[misc]
    contenders = {
        "read and write": baselines.call("touch_out", v, np.empty_like(v)),
        name: lambda: prox(v, step=STEP, out=out, **parameters),
        **calls,
    }
    seconds = interleaved(contenders, rounds, time.thread_time)
    group = f"C prox, {v.size:,} float64"
    yield at_most(limit, group, seconds, name, "read and write")
    if "plain NumPy" in calls:
        yield at_least(5.0, group, seconds, name, "plain NumPy")
    if "skglm" in calls:
        yield at_least(0.9 if limit < 2 else 1.0, group, seconds, name, "skglm")


def iterated(name: str, nanoseconds: float, v: Any, rounds: int) -> Iterator[Row]:
    """Yield the rows of an operator whose equation is iterated."""
    objective = symreg.objective(name)
    prox = symreg.load(objective, target="c", timeout=PATIENT).prox
    v = np.abs(v) if name == "entropy" else v
    out = np.empty_like(v)
    defaults = [p.default for p in objective.terms.parameters]
    sources = symreg.generate(objective, target="c", timeout=PATIENT)
    texts = {path.rpartition("/")[2]: text for path, text in sources.items()}
    texts[f"{name}.c"] = f"#undef SYMREG_VECTOR_MATH\n{texts[f'{name}.c']}"
    plainly = ctypes.CDLL(str(c_compiler.build(texts)))[f"{name}_prox_f64"]
    arguments = [
        ctypes.c_size_t(v.size),
        ctypes.c_void_p(v.ctypes.data),
        *map(ctypes.c_double, (STEP, *defaults)),
        ctypes.c_void_p(out.ctypes.data),
    ]
    contenders = {
        "with vector math": lambda: prox(v, step=STEP, out=out),
        "without": lambda: plainly(*arguments),
    }
    seconds = interleaved(contenders, rounds, time.thread_time)
    for contender, most in (("with vector math", nanoseconds), ("without", PLAINLY)):
        each = 1e9 * statistics.median(seconds[contender]) / v.size
        yield Row(
            group=f"C prox, iterated, {v.size:,} float64",
            subject=f"{name} {contender}",
            measured=f"{each:.0f} ns each",
            figure=each,
            promise=f"<= {most:g} ns",
            is_kept=each <= most,
        )


# The same as somebody writes it in NumPy, for the parameters of `CLOSED`


def soft(v: Any) -> Any:
    """Return the soft threshold."""
    return np.sign(v) * np.maximum(np.abs(v) - STEP * LAM, 0)


def firm(v: Any) -> Any:
    """Return the operator of mcp for a step below gamma."""
    return np.where(np.abs(v) <= 3.0 * LAM, soft(v) / (1 - STEP / 3.0), v)


def scad(v: Any) -> Any:
    """Return the operator of scad for a step below a - 1."""
    size, a = np.abs(v), 3.7
    middle = ((a - 1) * v - np.sign(v) * STEP * a * LAM) / (a - 1 - STEP)
    return np.where(size <= (1 + STEP) * LAM, soft(v), np.where(size <= a * LAM, middle, v))


def huber(v: Any) -> Any:
    """Return the operator of huber."""
    return np.where(np.abs(v) <= 1 + STEP * LAM, v / (1 + STEP * LAM), v - STEP * LAM * np.sign(v))


def capped(v: Any) -> Any:
    """Return the operator of capped_l1 for a step*lam below 2*theta."""
    return np.where(np.abs(v) <= 1.0 + STEP * LAM / 2, soft(v), v)


PLAIN: dict[str, Callable[[Any], Any]] = {
    "l1": soft, "mcp": firm, "scad": scad, "huber": huber, "capped_l1": capped,
}  # fmt: skip


def in_skglm(name: str, parameters: dict[str, float]) -> Callable[[Any], Any] | None:
    """Return skglm's own function for one number in a loop compiled by numba, where skglm is installed and has it."""
    try:
        import numba
        from skglm.utils import prox_funcs
    except ImportError:
        return None
    one = {
        "l1": (prox_funcs.ST, (STEP * LAM,)),
        "mcp": (prox_funcs.prox_MCP, (STEP, LAM, parameters.get("gamma"))),
        "scad": (prox_funcs.prox_SCAD, (STEP, LAM, parameters.get("a"))),
        "log_sum": (prox_funcs.prox_log_sum, (STEP * LAM, parameters.get("eps"))),
    }.get(name)
    if one is None:
        return None
    function, given = one

    @numba.njit
    def loop(v: Any, out: Any) -> None:
        for k in range(v.size):
            out[k] = function(v[k], *given)

    kept: dict[int, Any] = {}

    def called(v: Any) -> Any:
        out = kept.setdefault(v.size, np.empty_like(v))
        loop(v, out)
        return out

    return called
