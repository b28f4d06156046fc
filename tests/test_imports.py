"""The house's order: no room imports one that stands above it, and nothing runs text."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "symreg"
MOST_FILES = 15

# Each room and those it may import besides itself, from the ground up; what a room's own imports may bring with them is
# not repeated. A room is a folder or a file; the rooms within a folder have a table of their own.
HOUSE: dict[str, dict[str, set[str]]] = {
    "": {
        "errors": set(),
        "display": set(),
        "expressions": set(),
        "model": {"errors", "display", "expressions"},
        "calculus": {"errors", "expressions", "model"},
        "accuracy": {"errors", "expressions", "model", "calculus"},
        "claims": {"errors", "display", "expressions", "model", "calculus"},
        "language": {"errors", "expressions", "model"},
        "catalogue": {"errors", "model", "language"},
        "objectives": {"errors", "expressions", "model", "language", "catalogue"},
        "proximal": {"errors", "expressions", "model", "calculus", "accuracy"},
        "derivation": {"errors", "expressions", "model", "calculus", "claims", "proximal"},
        "templates": set(),
        "presentation": {"errors", "display", "expressions", "model", "calculus", "claims", "derivation", "templates"},
        "updates": {"errors", "expressions", "model", "calculus", "accuracy", "claims", "proximal"},
        "kernel": {"errors", "expressions", "model", "proximal", "updates"},
        "targets": {"errors", "display", "expressions", "model", "proximal", "templates", "updates", "kernel"},
        "verification": {"errors", "display", "expressions", "model"},
        "version": set(),
    },
    "language/notation": {
        "words": set(),
        "formula": set(),
        "functions": {"words"},
        "tokens": {"words", "functions"},
        "grammar": {"words", "formula", "functions", "tokens"},
        "meaning": {"words", "formula", "functions", "tokens"},
        "definition": {"tokens"},
        "reading": set(),
        "translation": {"formula", "tokens", "definition", "grammar", "meaning", "reading"},
        "either": {"reading", "translation"},
    },
    "calculus": {
        "border": set(),
        "evaluation": set(),
        "loss_profile": {"evaluation"},
        "radial": set(),
        "symbolic": {"evaluation"},
        "differentiation": {"border", "evaluation", "symbolic"},
        "signs": {"border", "evaluation", "symbolic", "differentiation"},
        "domains": {"evaluation", "symbolic", "signs"},
        "pieces": {"border", "evaluation", "symbolic", "differentiation", "signs", "domains"},
        "gradient": {"symbolic", "differentiation", "domains", "pieces"},
        "differentiability": {"evaluation", "radial", "signs", "pieces", "gradient"},
        "sides": {"signs", "pieces"},
        "ratio": {"symbolic", "signs", "pieces", "sides"},
        "analysis": {
            "border",
            "radial",
            "symbolic",
            "signs",
            "domains",
            "pieces",
            "gradient",
            "differentiability",
            "sides",
            "ratio",
        },
    },
    "verification": {
        "oracle": set(),
        "claims": {"oracle"},
        "minimum": {"oracle"},
        "report": set(),
        "comparison": {"oracle", "minimum", "report"},
        "cases": {"oracle", "minimum", "comparison"},
        "audit": {"oracle", "minimum", "report", "comparison", "cases"},
        "behaviour": {"oracle", "minimum", "report", "comparison", "cases"},
        "foreign": {"oracle", "cases"},
        "data": {"oracle", "minimum", "report", "comparison", "cases", "checks"},
        "checks": {"oracle", "minimum", "report", "comparison", "cases", "behaviour", "foreign"},
    },
    "targets": {
        "approximations": set(),
        "formulas": set(),
        "infix": set(),
        "options": set(),
        "command": {"options"},
        "signature": set(),
        "minimum": {"signature"},
        "description": {"formulas", "options", "command", "signature", "minimum"},
        "emit": {"options", "description"},
        "loading": {"options", "signature", "emit"},
        "wording": set(),
        "c": {"approximations", "infix", "options", "signature", "minimum", "description", "wording"},
        "numpy": {"approximations", "formulas", "infix", "signature", "minimum", "description", "wording"},
        "styles": {"options", "emit"},
    },
    "presentation": {
        "mathematics": set(),
        "outline": {"mathematics"},
        "display": {"mathematics", "outline"},
        "escaping": set(),
        "bibliography": {"escaping"},
        "latex": {"mathematics", "outline", "display", "escaping"},
        "fragment": {"mathematics", "outline", "display", "escaping", "bibliography", "latex"},
        "markdown": {"mathematics", "outline", "display"},
        "text": {"mathematics", "outline", "escaping"},
        "to_json": set(),
        "derivation": {"outline", "bibliography", "fragment", "latex", "markdown", "text", "to_json"},
        "meanings": {"outline"},
        "verdicts": {"mathematics", "outline", "display", "escaping", "markdown", "meanings", "text", "to_json"},
        "plots": {"mathematics"},
        "properties": {"markdown", "verdicts"},
        "overview": {"mathematics", "outline", "escaping", "text", "verdicts"},
        "overview_of_loss": {"outline", "escaping", "text", "verdicts", "overview"},
    },
    "kernel": {
        "graph": set(),
        "ir": set(),
        "lines": set(),
        "names": set(),
        "nan": set(),
        "numbering": {"graph", "ir"},
        "scalars": {"graph", "ir", "lines", "names", "numbering"},
        "loops": {"ir", "lines", "numbering", "scalars"},
        "sums": {"ir", "names", "nan"},
        "boundaries": {"graph", "ir", "sums"},
        "unused": {"ir"},
        "cse": {"ir", "names", "numbering", "scalars", "loops", "unused"},
        "proximal": {"ir", "names", "cse"},
        "per_weight": {"ir", "names"},
        "penalty": {"ir", "names", "sums", "per_weight"},
        "routines": {"ir", "names", "sums", "cse", "proximal", "penalty", "per_weight"},
        "functions": {"per_weight", "ir", "sums", "boundaries", "cse", "proximal", "penalty", "routines"},
        "lower": {"per_weight", "ir", "names", "boundaries", "cse", "proximal", "penalty", "routines", "functions"},
    },
}
ENTRANCES = {"__init__", "__main__", "application", "cli"}
FACES = {"__init__"}  # of a folder: what it offers those outside

# Third-party packages by room; the standard library is free to all.
PACKAGES: dict[str, set[str]] = {
    "language": {"pylatexenc"},
    "accuracy": {"sympy", "flint"},
    "calculus": {"sympy", "mpmath", "z3", "flint"},
    "claims": {"sympy", "flint"},
    "proximal": {"sympy"},
    "derivation": {"sympy"},
    "templates": {"jinja2"},
    "targets": {"numpy"},
    "presentation": {"rich", "matplotlib"},
    "application": {"numpy", "flint"},
    "verification": {"numpy", "flint", "scipy"},
    "cli": {"click", "rich"},
}

# Ways of running text; `eval` and the like of other objects are named with their owner.
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "parse_expr", "lambdify", "sympify", "S"}


def modules(folder: str = "") -> Iterator[tuple[str, Path]]:
    """Yield the room and the file of each module below a folder."""
    root = PACKAGE / folder
    for path in sorted(root.rglob("*.py")):
        yield path.relative_to(root).parts[0].removesuffix(".py"), path


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Yield every absolute name that a file imports, anywhere in it, with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            assert node.module is not None
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def wrong_arrows(files: Iterator[tuple[str, Path]], folder: str = "") -> list[str]:
    """Return each import that runs back up among the rooms of a folder."""
    place, rooms = ["symreg", *folder.split("/")] if folder else ["symreg"], HOUSE[folder]
    wrong: list[str] = []
    for room, path in files:
        for name, line in imported(path):
            parts = name.split(".")
            if parts[: len(place)] != place or room in FACES or (not folder and room in ENTRANCES):
                continue
            target = (*parts[len(place) :], "__init__")[0]
            if target not in ({room} | rooms.get(room, set())):
                wrong.append(f"{path.name}:{line}: {room} imports {name}")
    return wrong


def strange_packages(files: Iterator[tuple[str, Path]]) -> list[str]:
    """Return each import of a package that a room may not use."""
    return [
        f"{path.name}:{line}: {room} imports {name}"
        for room, path in files
        for name, line in imported(path)
        if (top := name.partition(".")[0]) != "symreg"
        and top not in sys.stdlib_module_names | PACKAGES.get(room, set())
    ]


def circles() -> list[list[str]]:
    """Return the modules that import each other in a loop, anywhere in their files."""
    known = {".".join(("symreg", *path.relative_to(PACKAGE).with_suffix("").parts)): path for _, path in modules()}
    arrows: dict[str, set[str]] = {}
    for module, path in known.items():
        names = [name for name, _ in imported(path)]
        arrows[module] = {
            target
            for name in names
            for target in (name, name.rpartition(".")[0])
            if target in known and target != module
        }
    sorter = TopologicalSorter(arrows)
    try:
        sorter.prepare()
    except CycleError as error:
        return [error.args[1]]
    return []


def text_that_runs(source: str) -> list[str]:
    """Return each call in a source that would run a text as code."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
        if name not in FORBIDDEN_CALLS:
            continue
        if isinstance(called, ast.Attribute):
            owner = ast.unparse(called.value)
            if name == "compile" and owner == "re":
                continue
        if name in ("sympify", "S") and node.args and isinstance(node.args[0], ast.Constant | ast.Call):
            constant = node.args[0]
            if isinstance(constant, ast.Constant) and not isinstance(constant.value, str):
                continue
        found.append(f"line {node.lineno}: {ast.unparse(node)[:60]}")
    return found


@pytest.mark.parametrize("folder", HOUSE)
def test_every_room_is_known(folder: str) -> None:
    rooms = {room for room, _ in modules(folder)} - {"__init__"}
    assert rooms - (set() if folder else ENTRANCES) == HOUSE[folder].keys()


@pytest.mark.one_in(9)
@pytest.mark.parametrize("folder", HOUSE)
def test_no_import_runs_back_up(folder: str) -> None:
    assert wrong_arrows(modules(folder), folder) == []


@pytest.mark.parametrize("folder", HOUSE)
def test_the_tables_have_no_circle(folder: str) -> None:
    assert sorted(TopologicalSorter(HOUSE[folder]).static_order()) == sorted(HOUSE[folder])


def test_no_modules_import_each_other_in_a_loop() -> None:
    assert circles() == []


def test_each_room_uses_its_packages_only() -> None:
    assert strange_packages(modules()) == []


@pytest.mark.parametrize("folder", sorted({path.parent for _, path in modules()}), ids=lambda path: path.name)
def test_a_folder_of_many_files_says_how_it_is_cut(folder: Path) -> None:
    files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert len(files) <= MOST_FILES
    assert len(files) <= 6 or (folder / "README.md").is_file()


def test_an_arrow_that_runs_back_up_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "ball.py"
    path.write_text("def f():\n    from symreg.derivation import model\n    import sympy\n")
    files = [("verification", path)]
    assert wrong_arrows(iter(files)) == ["ball.py:2: verification imports symreg.derivation.model"]
    assert strange_packages(iter(files)) == ["ball.py:3: verification imports sympy"]


def test_an_arrow_that_runs_back_up_within_a_folder_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "bounds.py"
    path.write_text("from symreg.calculus.pieces.knot import Knot\nfrom symreg.calculus import analysis\n")
    assert wrong_arrows(iter([("evaluation", path)]), "calculus") == [
        "bounds.py:1: evaluation imports symreg.calculus.pieces.knot.Knot",
        "bounds.py:2: evaluation imports symreg.calculus.analysis",
    ]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("path", [path for _, path in modules()], ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_text_is_run(path: Path) -> None:
    assert text_that_runs(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    ["eval('1')", "sympy.sympify(text)", "sympy.S('x')", "parse_expr(t)", "f = lambdify(w, e)", "exec(compile(t))"],
)
def test_running_text_is_seen(source: str) -> None:
    assert text_that_runs(source)


def in_a_new_process(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PACKAGE.parent, timeout=60
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("symreg", ("sympy", "numpy", "click", "symreg.application.api", "symreg.application.specs")),
        (
            "symreg.cli.group",
            ("sympy", "numpy", "jinja2", "z3", "flint", "rich", "symreg.language", "symreg.application.worker"),
        ),
        ("symreg.application.api", ("sympy", "jinja2", "z3", "flint", "rich", "click")),
        ("symreg.application.worker", ("sympy", "numpy", "click")),
        ("symreg.application.tasks.table", ("sympy", "numpy", "click")),
    ],
)
def test_importing_an_entrance_brings_nothing_heavy(module: str, heavy: tuple[str, ...]) -> None:
    loaded = in_a_new_process(f"import sys, {module}; print(*sys.modules)").split()
    assert [name for name in heavy if name in loaded] == []


def test_a_derivation_as_text_brings_nothing_that_it_does_without() -> None:
    script = (
        "import sys\n"
        "from symreg.application.tasks.documents import write_derivation\n"
        "write_derivation(lambda notice: None, objective='l2', rules=('gradient_descent',), form='text')\n"
        "print(*sys.modules)"
    )
    loaded = in_a_new_process(script).split()
    heavy = [
        "numpy",
        "jinja2",
        "symreg.accuracy",
        "symreg.language.notation.translation",
        "symreg.proximal.derive",
        "symreg.verification.checks",
    ]
    assert [name for name in heavy if name in loaded] == []


def test_verification_works_without_sympy() -> None:
    script = "import sys; sys.modules['sympy'] = None; from symreg.verification import *; print('works')"
    assert in_a_new_process(script) == "works"
