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
from pathlib import Path
from types import ModuleType
from typing import Any

from symreg.errors import SpecError, SymregError, UnknownName
from symreg.model.names import did_you_mean, printable

LONGEST_LITERAL = 2_000


def function_in(place: str) -> Callable[..., Any]:
    """Return the function that `FILE.py:FUNCTION` names.

    Raises:
        SpecError, UnknownName: There is no such file or function, or the file raises when it is run.
    """
    file, colon, name = place.rpartition(":")
    if not colon or not file.endswith(".py") or not name.isidentifier():
        raise SpecError(f"--against {place[:80]!r}: write FILE.py:FUNCTION, as in mine.py:update")
    path = Path(file)
    module = _file_module(path)
    function: Callable[..., Any] | None = getattr(module, name, None)
    if function is None:
        known = [key for key, value in vars(module).items() if callable(value)]
        raise UnknownName(f"{path.name} has no function '{name[:40]}'{did_you_mean(name[:40], known)}")
    if not callable(function):
        raise SpecError(f"{path.name}: '{name[:40]}' is not a function")
    return function


def object_in(place: str, arguments: Mapping[str, object]) -> object:
    """Return the object that `FILE.py:NAME` or `package.module:NAME` names, or makes if it is a class or function.

    Args:
        place: Where it is.
        arguments: By name, for a class or function, which is then called.

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
    is_to_be_called = inspect.isclass(named) or (inspect.isroutine(named) and not hasattr(named, "prox"))
    if is_to_be_called:
        return _made(named, name, arguments)
    if arguments:
        raise SpecError(f"{name[:40]} is an object already; --with {next(iter(arguments))[:40]} is for one to be made")
    return named


def _made(factory: Callable[..., object], name: str, arguments: Mapping[str, object]) -> object:
    try:
        return factory(**arguments)
    except (Exception, SystemExit) as error:
        shown = printable(", ".join(f"{key}={value!r}" for key, value in arguments.items()), 80)
        raise SpecError(f"{name[:40]}({shown}) raised {_first_line(error)}") from error


def literals(rows: Sequence[str]) -> dict[str, object]:
    """Return the values of `NAME=LITERAL` rows by name; a list of numbers becomes an array.

    Raises:
        SpecError: A row is not of that form.
    """
    from symreg.verification.audit.object import array_of

    values: dict[str, object] = {}
    for row in rows:
        name, equals, text = (part.strip() for part in row.partition("="))
        if not equals or not name.isidentifier():
            raise SpecError(f"--with '{printable(row, 40)}': write a name and a value, as in sigma=0.3")
        if name in values:
            raise SpecError(f"--with '{printable(row, 40)}': {name[:40]} is set twice")
        if len(text) > LONGEST_LITERAL:
            raise SpecError(f"--with {name[:40]}: a value of more than {LONGEST_LITERAL} characters")
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            raise SpecError(
                f"--with '{printable(row, 40)}': write a number, a list of numbers, True, False, None or a 'text'"
            ) from None
        values[name] = array_of(name, value) if isinstance(value, list) else value
    return values


def contained(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with an attempt to leave the process made an error like any other."""

    def called(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except (SystemExit, GeneratorExit) as error:
            raise RuntimeError(_first_line(error)) from error

    return called


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
    """Return an installed module, which is imported.

    Raises:
        SpecError, UnknownName: There is none of that name, or it raises when it is imported.
    """
    if not all(part.isidentifier() for part in name.split(".")):
        raise SpecError(f"'{printable(name, 80)}' is no module's name; a file's ends in .py")
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
