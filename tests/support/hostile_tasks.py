"""Tasks for the tests of hostile input: read a text in a process that can be killed, and say what was executed."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from symreg.application.worker import Tell
from symreg.derivation.gradient import derive
from symreg.errors import LanguageError, SymregError
from symreg.language.specs.toml import read_penalty, read_rule
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule

_FORBIDDEN = ("os.", "subprocess.", "socket.", "shutil.", "ctypes.", "pty.", "code.", "tempfile.")
_seen: list[str] = []


class Reading(NamedTuple):
    """How a text was taken: the error's class and words ("" if there was none), and what was executed for it."""

    kind: str
    message: str
    is_placed: bool
    exit_code: int
    executed: tuple[str, ...]


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    is_code = event == "exec" and arguments[0].co_filename in ("<string>", "<unknown>", "<stdin>")
    is_writing = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    is_array_of_z3 = event == "ctypes.cdata/buffer"
    if is_code or is_writing or (event.startswith(_FORBIDDEN) and not is_array_of_z3):
        _seen.append(event)


def warm_up(tell: Tell) -> None:
    """Import all that is imported on the way, then listen to what is executed."""
    for text in ("lam*abs(w)", "lam*norm(w)", "mcp", "atan(w)", r"\lambda |w|"):
        derive(resolve(text), resolve_rule("gradient_descent"))
    sys.addaudithook(_watch)


def read_expression(tell: Tell, *, text: str) -> Reading:
    """Resolve an objective, and derive it if that succeeds."""
    return _reading(lambda: derive(resolve(text), resolve_rule("gradient_descent")))


def read_spec(tell: Tell, *, text: str) -> Reading:
    """Read the text of a spec file of a rule, or else of a penalty."""
    return _reading(lambda: (read_rule if "[rule]" in text else read_penalty)(text, "my.toml"))


def run_code(tell: Tell, *, text: str) -> Reading:
    """Execute a text as Python, which nothing else here does: so that the tests can see that it would be noticed."""
    return _reading(lambda: eval(text))  # noqa: S307  # the one that must be noticed


def _reading(action: Any) -> Reading:
    _seen.clear()
    try:
        action()
    except SymregError as error:
        is_placed = isinstance(error, LanguageError)
        return Reading(type(error).__name__, str(error), is_placed, error.exit_code, tuple(_seen))
    return Reading("", "", False, 0, tuple(_seen))


TASKS = {task.__name__: task for task in (warm_up, read_expression, read_spec, run_code)}
