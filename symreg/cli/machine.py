"""What symreg finds on this machine: versions, the C compiler and its flags, the cache folder, optional packages."""

from __future__ import annotations

import platform
import re
import shlex
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from symreg.errors import ToolMissing
from symreg.version import DISTRIBUTION, __version__


def examine() -> tuple[str, bool]:
    """Return a report of `name  what was found` lines, and whether nothing that symreg needs is missing."""
    needed, extras = _requirements()
    rows = [("symreg", __version__), ("python", f"{platform.python_version()} ({platform.system()})")]
    versions = {name: _version(name) for name in needed}
    rows += [(name, found or f"missing; pip install {name}") for name, found in versions.items()]
    rows += _compiler()
    rows += [(f"[{extra}] {name}", _version(name) or f"not installed; pip install {name}") for extra, name in extras]
    width = max(len(name) for name, _ in rows)
    return "".join(f"{name:<{width}}  {found}\n" for name, found in rows), all(versions.values())


def _compiler() -> Iterator[tuple[str, str]]:
    from symreg.targets.loading import c_compiler

    try:
        compiler = c_compiler.find_compiler()
    except ToolMissing as error:
        yield "C compiler", str(error)
    else:
        yield "C compiler", f"{shlex.join(compiler.command)}: {compiler.version}"
        yield "C flags", shlex.join((*compiler.flags, *compiler.libraries))
    yield "processor", c_compiler.processor()
    yield "cache folder", str(c_compiler.cache_folder())


def _requirements() -> tuple[list[str], list[tuple[str, str]]]:
    """Return the packages needed, and (extra, package) pairs, as the installed metadata or the checkout says."""
    try:
        rows = [row.partition(";") for row in requires(DISTRIBUTION) or ()]
    except PackageNotFoundError:
        project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
        extras = project["optional-dependencies"]
        needed = [_name(row) for row in project["dependencies"]]
        return needed, [(extra, _name(row)) for extra in extras for row in extras[extra]]
    needed = [_name(row) for row, _, marker in rows if "extra" not in marker]
    optional = [(marker.split("==")[1].strip(" '\""), _name(row)) for row, _, marker in rows if "extra" in marker]
    return needed, optional


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement.strip(), maxsplit=1)[0]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
