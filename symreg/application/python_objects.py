"""Find a user's function or object by `FILE.py:NAME`, make it with literal arguments, and call it within bounds.

A file is run, and a module imported, as an import statement would; a name is looked up and arguments are literals: no
other text of a user's is ever run.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from keyword import iskeyword
from pathlib import Path
from types import ModuleType
from typing import Any

from symreg.errors import SpecError, SymregError, UnknownName
from symreg.model.names import did_you_mean, printable

LONGEST_LITERAL = 2_000


def function_in(place: str) -> Callable[..., Any]:
    """Return the function that `FILE.py:FUNCTION` or `package.module:FUNCTION` names, or a method, `:OBJECT.METHOD`.

    Raises:
        SpecError, UnknownName: There is no such file, module or function, or it raises when it is run.
    """
    source, colon, name = place.rpartition(":")
    if not colon or not source or not all(part.isidentifier() for part in name.split(".")):
        raise SpecError(
            f"--against {place[:80]!r}: write FILE.py:FUNCTION or package.module:FUNCTION, as in mine.py:update"
        )
    is_file = source.endswith(".py")
    named: Any = _file_module(Path(source)) if is_file else _named_module(source)
    shown = Path(source).name if is_file else printable(source, 80)
    for part in name.split("."):
        try:
            inner = getattr(named, part, None)
        except Exception as error:  # a module may look its names up itself
            raise SpecError(f"{shown}:{name[:40]} raised {_first_line(error)}") from error
        if inner is None:
            known = [key for key, value in getattr(named, "__dict__", {}).items() if callable(value)]
            raise UnknownName(f"{shown} has no function '{part[:40]}'{did_you_mean(part[:40], known)}")
        named = inner
    if not callable(named):
        raise SpecError(f"{shown}: '{name[:40]}' is not a function")
    function: Callable[..., Any] = named
    return function


def object_in(place: str, arguments: Mapping[str, object]) -> object:
    """Return the object that `FILE.py:NAME` or `package.module:NAME` names, or makes if it is a class or function.

    Args:
        place: Where it is.
        arguments: By name, for a class or function, which is then called.

    Raises:
        SpecError, UnknownName: There is no such file, module or name, or it raises.
    """
    name, named = named_in(place)
    if is_made_by_a_call(named):
        return made_by(named, name, arguments)
    if arguments:
        raise SpecError(f"{name[:40]} is an object already; --with {next(iter(arguments))[:40]} is for one to be made")
    return named


def named_in(place: str) -> tuple[str, Any]:
    """Return the name that `FILE.py:NAME` or `package.module:NAME` ends in, and what it names there.

    Raises:
        SpecError, UnknownName: There is no such file, module or name, or it raises.
    """
    source, colon, name = place.rpartition(":")
    if not colon or not name.isidentifier() or not source:
        raise SpecError(
            f"object '{printable(place, 80)}': write FILE.py:NAME or package.module:NAME, as in pyproximal:L1, "
            "and its arguments with --with"
        )
    module = _file_module(Path(source)) if source.endswith(".py") else _named_module(source)
    try:
        named: Any = getattr(module, name, None)
    except Exception as error:  # a module may look its names up itself
        raise SpecError(f"{source}:{name} raised {_first_line(error)}") from error
    if named is None:
        known = [key for key, value in vars(module).items() if callable(value) or hasattr(value, "prox")]
        raise UnknownName(f"{printable(source, 80)} has no '{name[:40]}'{did_you_mean(name[:40], known)}")
    return name, named


def is_made_by_a_call(named: Any) -> bool:
    """Is it a class, or a function that may make an object, and not an object itself?"""
    return inspect.isclass(named) or (inspect.isroutine(named) and not hasattr(named, "prox"))


def made_by(factory: Callable[..., object], name: str, arguments: Mapping[str, object]) -> object:
    """Return what a class or a function makes of arguments.

    Raises:
        SpecError: It raised.
    """
    try:
        return factory(**arguments)
    except (Exception, SystemExit) as error:
        shown = printable(", ".join(f"{key}={value!r}" for key, value in arguments.items()), 80)
        raise SpecError(f"{name[:40]}({shown}) raised {_first_line(error)}") from error


def place_and_arguments(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the place that an object's text names, and the `NAME=VALUE` rows in parentheses after it.

    Args:
        text: As in `pyproximal:L1`, or `pyproximal:L1(sigma=0.3)`.

    Raises:
        SpecError: What stands in the parentheses is not of the form NAME=VALUE, NAME=VALUE.
    """
    place, opening, inner = text.partition("(")
    if not opening or ":" not in place:
        return text, ()
    if len(text) > LONGEST_LITERAL:
        raise SpecError(f"object '{printable(text, 40)}': more than {LONGEST_LITERAL} characters")
    try:
        call = ast.parse(f"f({inner}", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        call = None
    if not isinstance(call, ast.Call) or call.args or any(word.arg is None for word in call.keywords):
        raise SpecError(
            f"object '{printable(text, 80)}': write its arguments by name, as in {printable(place, 40)}(sigma=0.3)"
        )
    return place, tuple(f"{word.arg}={ast.unparse(word.value)}" for word in call.keywords)


def literals(rows: Sequence[str]) -> dict[str, object]:
    """Return the values of `NAME=VALUE` rows by name.

    A value is read as Python would: 10 is an integer, 10.0 or 1e1 a real number, True, False and None are themselves,
    'text' is text and (2, 3) a tuple. A list of numbers becomes an array, of integers if all of them are; inf, -inf and
    nan are numbers, and another single word is text.

    Raises:
        SpecError: A row is not of that form.
    """
    from symreg.verification.audit.arrays import array_of

    values: dict[str, object] = {}
    for row in rows:
        name, equals, text = (part.strip() for part in row.partition("="))
        if not equals or not name.isidentifier():
            raise SpecError(f"--with '{printable(row, 40)}': write a name and a value, as in sigma=0.3")
        if name in values:
            raise SpecError(f"--with '{printable(row, 40)}': {name[:40]} is set twice")
        if len(text) > LONGEST_LITERAL:
            raise SpecError(f"--with {name[:40]}: a value of more than {LONGEST_LITERAL} characters")
        value = _literal(text, row)
        values[name] = array_of(name, value) if isinstance(value, list) else value
    return values


_NOT_PYTHONS = {word: word.capitalize() for word in ("true", "false", "none", "null", "TRUE", "FALSE", "NONE")}


def _literal(text: str, row: str) -> object:
    """Return what a text stands for, which is never run.

    Raises:
        SpecError: It is no literal and no single word.
    """
    if text.lstrip("+-") in ("inf", "nan"):
        return float(text)
    if text in _NOT_PYTHONS:
        right = _NOT_PYTHONS[text].replace("Null", "None")
        raise SpecError(f"--with '{printable(row, 40)}': write {right}, or '{text}' in quotes if it is text")
    if text.isidentifier() and not iskeyword(text):
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise SpecError(
            f"--with '{printable(row, 40)}': write a number, a list of numbers, True, False, None or a 'text'"
        ) from None


def _file_module(path: Path) -> ModuleType:
    """Return the module of a Python file, which is run.

    Raises:
        SpecError, UnknownName: There is no such file, or it raises when it is run.
    """
    if "\0" in str(path) or not path.is_file():
        raise UnknownName(f"there is no file {str(path)[:200]}")
    spec = importlib.util.spec_from_file_location(f"symreg_against_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.append(str(path.resolve().parent))  # its neighbours can be imported, but hide nothing
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise SpecError(f"{path.name} raised {_first_line(error)}") from error
    return module


def _named_module(name: str) -> ModuleType:
    """Return a module that is installed or lies in the working folder; it is imported.

    Raises:
        SpecError, UnknownName: There is none of that name, or it raises when it is imported.
    """
    if not all(part.isidentifier() for part in name.split(".")):
        raise SpecError(f"'{printable(name, 80)}' is no module's name; a file's ends in .py")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # a user's own packages can be imported, but hide nothing
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise UnknownName(f"there is no module '{error.name}' beside symreg; install it, or name a file") from None
        raise SpecError(f"{name} needs the module '{error.name}', which is not installed") from error
    except (KeyboardInterrupt, SymregError):
        raise
    except BaseException as error:
        raise SpecError(f"{name} raised {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    """Return an error's kind and the first line of what it says."""
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
