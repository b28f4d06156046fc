"""A wheel, a wheel built from the sdist and an editable install: each finds its templates and ships nothing ignored."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEMPLATES = sorted(
    str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*") if path.is_file()
)
SPECS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "symreg" / "catalogue").rglob("*.toml"))
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff", "LICENSE")
JUNK = ("templates/numpy/module.py.jinja~", "templates/.DS_Store", "symreg/__pycache__/old.cpython-311.pyc")

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    # Nothing of this process's surroundings: a PYTHONPATH would find the checkout.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PIP_"))}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the checkout with files in it that git ignores."""
    copy = tmp_path_factory.mktemp("packaging") / "checkout"
    copy.mkdir()
    for folder in ("symreg", "templates"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", *PAGES, ".gitignore"):
        shutil.copy(ROOT / name, copy)
    for name in JUNK:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text("not for anybody else")
    return copy


@pytest.fixture(scope="session")
def sdist(checkout: Path) -> Path:
    folder = checkout.parent / "sdist"
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, cwd=checkout)
    (path,) = folder.glob("*.tar.gz")
    return path


@pytest.fixture(scope="session")
def wheel(checkout: Path) -> Path:
    folder = checkout.parent / "wheel"
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=checkout)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def wheel_of_sdist(sdist: Path) -> Path:
    unpacked, folder = sdist.parent / "unpacked", sdist.parent / "wheel"
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    (project,) = unpacked.iterdir()
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=project)
    (path,) = folder.glob("*.whl")
    return path


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_there_is_something_to_look_for() -> None:
    assert TEMPLATES
    assert SPECS


def test_a_wheel_holds_everything_that_is_needed(wheel: Path) -> None:
    names = names_in(wheel)
    assert {f"symreg/_templates/{name}" for name in TEMPLATES} <= names
    assert set(SPECS) <= names
    assert "symreg/py.typed" in names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert all(name.startswith(("symreg/", "symreg_compiler-")) for name in names)


def test_nothing_that_git_ignores_is_shipped(wheel: Path, wheel_of_sdist: Path, sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        shipped = {*archive.getnames(), *names_in(wheel), *names_in(wheel_of_sdist)}
    assert [name for name in shipped if name.endswith(("~", ".pyc", ".DS_Store"))] == []


def test_an_sdist_holds_the_pages_of_the_project(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert set(PAGES) <= names


def test_both_wheels_are_the_same(wheel: Path, wheel_of_sdist: Path) -> None:
    assert names_in(wheel) == names_in(wheel_of_sdist)


@pytest.mark.sweep  # .ci/run installs the wheel and uses it
@pytest.mark.parametrize("kind", ["wheel_of_sdist", "wheel", "editable"])
def test_an_install_finds_its_templates(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    venv = tmp_path / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=tmp_path)
    python = venv / "bin" / "python"
    (site,) = (venv / "lib").glob("python*/site-packages")
    # The dependencies are those of this process; a path line brings no package's own .pth files with it.
    (site / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n")
    what = ("-e", request.getfixturevalue("checkout")) if kind == "editable" else (request.getfixturevalue(kind),)
    run(
        sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index",
        "--no-build-isolation", "--disable-pip-version-check", *what, cwd=tmp_path,
    )  # fmt: skip
    where = Path(run(python, "-c", "import symreg; print(symreg.__file__)", cwd=tmp_path).strip())
    expected = request.getfixturevalue("checkout") if kind == "editable" else site
    assert where == expected / "symreg" / "__init__.py"
    symreg = venv / "bin" / "symreg"
    assert run(symreg, "derive", "l2", "--format", "latex", cwd=tmp_path)
    written = run(symreg, "generate", "mcp", "--rule", "adam", "--target", "all", cwd=tmp_path).split()
    assert written == ["build/numpy/mcp.py", "build/c/mcp.h", "build/c/mcp.c"]
    assert run(symreg, "generate", "mcp", "--rule", "adam", "--target", "all", "--check", cwd=tmp_path) == ""


def test_the_version_is_said_once() -> None:
    import symreg

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == symreg.__version__


def test_no_message_names_what_pip_would_bring_from_a_stranger() -> None:
    """`symreg` on PyPI is another project."""
    from symreg.version import DISTRIBUTION

    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "symreg").rglob("*.py")]
    texts += [path.read_text(encoding="utf-8") for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))]
    named = {name for text in texts for name in re.findall(r"pip install (?:-\S+ )*['\"]?([A-Za-z][\w-]*)", text)}
    assert named and "symreg" not in named
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["name"] == DISTRIBUTION
