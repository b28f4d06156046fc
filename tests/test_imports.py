"""The house's order: no room imports one that stands above it, and nothing runs text."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "symreg"

# Each room and those it may import besides itself; what a room's own imports may bring with them is not repeated.
ROOMS: dict[str, set[str]] = {
    "errors": set(),
    "expressions": set(),
    "model": {"errors", "expressions"},
    "calculus": {"errors", "expressions", "model"},
    "accuracy": {"errors", "expressions", "model", "calculus"},
    "claims": {"errors", "expressions", "model", "calculus"},
    "language": {"errors", "expressions", "model"},
    "catalogue": {"errors", "model", "language"},
    "objectives": {"errors", "expressions", "model", "language", "catalogue"},
    "proximal": {"errors", "expressions", "model", "calculus", "accuracy"},
    "derivation": {"errors", "expressions", "model", "calculus", "claims", "proximal"},
    "templates": set(),
    "presentation": {"expressions", "model", "calculus", "claims", "derivation", "templates"},
    "updates": {"errors", "expressions", "model", "calculus", "accuracy", "claims", "proximal"},
    "kernel": {"errors", "expressions", "model", "proximal", "updates"},
    "targets": {"errors", "expressions", "model", "proximal", "templates", "updates", "kernel"},
    "verification": {"errors", "expressions", "model"},
    "version": set(),
}
ENTRANCES = {"__init__", "__main__", "application", "cli"}

# Third-party packages by room; the standard library is free to all.
PACKAGES: dict[str, set[str]] = {
    "accuracy": {"sympy", "flint"},
    "calculus": {"sympy", "mpmath", "z3", "flint"},
    "claims": {"sympy", "flint"},
    "proximal": {"sympy"},
    "derivation": {"sympy"},
    "templates": {"jinja2"},
    "targets": {"numpy"},
    "presentation": {"rich"},
    "verification": {"numpy", "flint"},
    "cli": {"click", "rich"},
}

# Ways of running text; `eval` and the like of other objects are named with their owner.
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "parse_expr", "lambdify", "sympify", "S"}


def modules() -> Iterator[tuple[str, Path]]:
    """Yield each module's room and file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Yield every absolute name that a file imports, anywhere in it, with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            assert node.module is not None
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def wrong_arrows(files: Iterator[tuple[str, Path]]) -> list[str]:
    """Return each import that runs back up or leaves the packages that its room may use."""
    wrong: list[str] = []
    for room, path in files:
        for name, line in imported(path):
            top, *rest = name.split(".")
            if top == "symreg":
                target = rest[0] if rest else "__init__"
                if target == "__version__" or room in ENTRANCES or target == room:
                    continue
                if target not in ROOMS.get(room, set()):
                    wrong.append(f"{path.name}:{line}: {room} imports {name}")
            elif top not in sys.stdlib_module_names and top not in PACKAGES.get(room, set()):
                wrong.append(f"{path.name}:{line}: {room} imports {name}")
    return wrong


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


def test_every_room_is_known() -> None:
    assert {room for room, _ in modules()} <= ROOMS.keys() | ENTRANCES


def test_no_import_runs_back_up() -> None:
    assert wrong_arrows(modules()) == []


def test_an_arrow_that_runs_back_up_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "ball.py"
    path.write_text("def f():\n    from symreg.derivation import model\n    import sympy\n")
    assert wrong_arrows(iter([("verification", path)])) == [
        "ball.py:2: verification imports symreg.derivation.model",
        "ball.py:3: verification imports sympy",
    ]


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
        ("symreg", ("sympy", "numpy", "click", "symreg.application.api")),
        (
            "symreg.cli.group",
            ("sympy", "numpy", "jinja2", "z3", "flint", "rich", "symreg.language", "symreg.application.worker"),
        ),
        ("symreg.application.api", ("sympy", "jinja2", "z3", "flint", "rich", "click")),
        ("symreg.application.worker", ("sympy", "numpy", "click")),
        ("symreg.application.tasks", ("sympy", "numpy", "click")),
    ],
)
def test_importing_an_entrance_brings_nothing_heavy(module: str, heavy: tuple[str, ...]) -> None:
    loaded = in_a_new_process(f"import sys, {module}; print(*sys.modules)").split()
    assert [name for name in heavy if name in loaded] == []


def test_verification_works_without_sympy() -> None:
    script = "import sys; sys.modules['sympy'] = None; import symreg.verification; print('works')"
    assert in_a_new_process(script) == "works"
