"""Emit functions in a target language: `TARGETS` is the one table of languages, a row each.

Nothing heavy is imported before something is emitted: whoever only asks which targets there are imports this module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING

from symreg.targets.options import UNLESS_ASKED, Options

if TYPE_CHECKING:
    from symreg.model.objective import Objective
    from symreg.targets.description import Module
    from symreg.updates.update import Update


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A language that is emitted.

    Args:
        doc: What is emitted, in a few words.
        writer: The module whose `write` turns a `Module` into source by path.
        plain_writer: That of its plain style; "" of a language that is written in one style alone.
        has_dtypes: Does each precision have functions of its own, so that one of them may do?
    """

    doc: str
    writer: str
    plain_writer: str = ""
    has_dtypes: bool = False


TARGETS = {
    "numpy": Target(
        doc="a Python module that imports NumPy alone; works in place, in cache-sized blocks",
        writer="symreg.targets.numpy.file",
        plain_writer="symreg.targets.numpy.plain.file",
    ),
    "c": Target(
        doc="a C99 header and source that allocate nothing; float32 and float64",
        writer="symreg.targets.c.file",
        has_dtypes=True,
    ),
}
"""Every target by its name, in the order in which they are listed."""


IN_PLACE_OF = {
    "torch": "load numpy's functions and hand them tensors through .detach().numpy()",
    "pytorch": "load numpy's functions and hand them tensors through .detach().numpy()",
    "jax": "load numpy's functions and hand them arrays through numpy.array()",
    "cupy": "load numpy's functions and hand them arrays through .get()",
    "python": "numpy is a Python module",
    "cpp": "c compiles as C++",
    "c++": "c compiles as C++",
}
"""What to do where another language was meant."""


def no_target(name: str) -> str:
    """Return what to say of a name that no target has: what to do instead, or which targets there are."""
    from symreg.model.names import did_you_mean, printable

    hint = IN_PLACE_OF.get(name.lower())
    near = f"; {hint}" if hint else did_you_mean(name[:40], TARGETS) or f"; there are {' and '.join(TARGETS)}"
    return f"there is no target '{printable(name, 40)}'{near}"


def emit(
    objective: Objective, updates: tuple[Update, ...], target: str, options: Options = UNLESS_ASKED
) -> dict[str, str]:
    """Return the source files of a target by their path below the output folder, such as `numpy/mcp.py`.

    Args:
        objective: What the updates are of.
        updates: Its functions, in the order in which they are to stand; those that are not wanted are left out.
        target: One of `TARGETS`.
        options: What is wanted.
    """
    from symreg.targets.description import describe

    row = TARGETS[target]
    if not row.has_dtypes:
        options = replace(options, dtype=UNLESS_ASKED.dtype)
    if not row.plain_writer:
        options = replace(options, style=UNLESS_ASKED.style)
    writer = row.plain_writer if options.style == "plain" else row.writer
    write: Callable[[Module], dict[str, str]] = import_module(writer).write
    return write(describe(objective, updates, target, options))
