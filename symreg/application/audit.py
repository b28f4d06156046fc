"""Before the audit: an object is found by its name, or taken as it is, and the formula gets its numbers.

Takes an object or a text that names one, and an objective; hands on the auditor's report. A name is looked up and its
arguments are literals: no text of a user's is ever run.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symreg.application.verify import loaded_file, words
from symreg.errors import SpecError, SymregError, UnknownName
from symreg.model.names import did_you_mean, printable
from symreg.objectives.resolve import Objective

if TYPE_CHECKING:
    from symreg.verification.audit import Report

LONGEST_LITERAL = 2_000


def inspect_object(
    subject: object,
    objective: Objective | None = None,
    *,
    label: str = "",
    parameters: Mapping[str, float] | None = None,
    sizes: Sequence[float] = (),
    steps: Sequence[float] | None = None,
    points: int | None = None,
    rtol: float | None = None,
    timeout: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Return the report on an object; see `symreg.audit`.

    Raises:
        SpecError: There is nothing to audit, or something that is asked for makes no sense.
    """
    from symreg.verification.audit import audit, operator_of
    from symreg.verification.audit.audit import POINTS, RTOL
    from symreg.verification.audit.sample_points import sizes_of

    if objective is None and parameters:
        raise SpecError(f"{next(iter(parameters))} is a parameter of no objective; name one")
    if points is not None and (isinstance(points, bool) or not isinstance(points, int) or not 1 <= points <= 10**6):
        raise SpecError(f"points = {points!r:.40}: write an integer from 1 to 1000000")
    if rtol is not None and (isinstance(rtol, bool) or not isinstance(rtol, int | float) or not 0 <= rtol <= 1):
        raise SpecError(f"rtol = {rtol!r:.40}: write a number from 0 to 1")
    given = {name: _number(name, number) for name, number in (parameters or {}).items()}
    return audit(
        operator_of(subject, label),
        None if objective is None else objective.terms,
        objective="" if objective is None else objective.text,
        parameters=given,
        steps=None if steps is None else [_number("step", step) for step in steps],
        sizes=sizes_of(subject, (*given.values(), *sizes)),
        points=POINTS if points is None else points,
        rtol=RTOL if rtol is None else float(rtol),
        timeout=timeout,
        progress=progress,
    )


def object_in(place: str, given: Mapping[str, object]) -> object:
    """Return the object that `FILE.py:NAME` or `package.module:NAME` names.

    Args:
        place: A file is run, and a module imported, as an import statement would.
        given: Arguments, by name, for a class or function of that name, which is then called.

    Raises:
        SpecError, UnknownName: There is no such file, module or name, or it raises.
    """
    source, colon, name = place.rpartition(":")
    if not colon or not name.isidentifier() or not source:
        raise SpecError(
            f"object '{printable(place, 80)}': write FILE.py:NAME or package.module:NAME, as in pyproximal:L1, "
            "and its arguments with --with"
        )
    module = loaded_file(Path(source)) if source.endswith(".py") else _module(source)
    try:
        found = getattr(module, name, None)
    except Exception as error:
        raise SpecError(f"{source}:{name} raised {words(error)}") from error
    if found is None:
        known = [key for key, value in vars(module).items() if callable(value) or hasattr(value, "prox")]
        raise UnknownName(f"{printable(source, 80)} has no '{name[:40]}'{did_you_mean(name[:40], known)}")
    is_made = inspect.isclass(found) or (inspect.isroutine(found) and not hasattr(found, "prox"))
    if not is_made:
        if given:
            raise SpecError(f"{name[:40]} is an object already; --with {next(iter(given))[:40]} is for one to be made")
        return found
    try:
        made: object = found(**given)
    except (Exception, SystemExit) as error:
        raise SpecError(f"{name[:40]}({_arguments(given)}) raised {words(error)}") from error
    return made


def literals(rows: Sequence[str]) -> dict[str, object]:
    """Return the values of `NAME=LITERAL` rows by name; a list of numbers becomes an array.

    Raises:
        SpecError: A row is not of that form.
    """
    from symreg.verification.audit.object import array_of

    made: dict[str, object] = {}
    for row in rows:
        name, equals, text = (piece.strip() for piece in row.partition("="))
        if not equals or not name.isidentifier():
            raise SpecError(f"--with '{printable(row, 40)}': write a name and a value, as in sigma=0.3")
        if name in made:
            raise SpecError(f"--with '{printable(row, 40)}': {name[:40]} is set twice")
        if len(text) > LONGEST_LITERAL:
            raise SpecError(f"--with {name[:40]}: a value of more than {LONGEST_LITERAL} characters")
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            raise SpecError(
                f"--with '{printable(row, 40)}': write a number, a list of numbers, True, False, None or a 'text'"
            ) from None
        made[name] = array_of(name, value) if isinstance(value, list) else value
    return made


def _module(name: str) -> Any:
    if not all(part.isidentifier() for part in name.split(".")):
        raise SpecError(f"'{printable(name, 80)}' is no module's name; a file's ends in .py")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise UnknownName(f"there is no module '{error.name}' beside symreg; install it, or name a file") from None
        raise SpecError(f"{name} needs the module '{error.name}', which is not installed") from error
    except KeyboardInterrupt:
        raise
    except SymregError:
        raise
    except BaseException as error:
        raise SpecError(f"{name} raised {words(error)}") from error


def _arguments(given: Mapping[str, object]) -> str:
    return printable(", ".join(f"{name}={value!r}" for name, value in given.items()), 80)


def _number(name: str, number: Any) -> float:
    if isinstance(number, bool):
        raise SpecError(f"{name} = {number}: write a number")
    try:
        return float(number)
    except (TypeError, ValueError, OverflowError):
        raise SpecError(f"{name} = {number!r:.40}: write a number") from None
