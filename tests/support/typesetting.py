"""Compile LaTeX in tests with what Debian's texlive-latex-recommended has, and hold its log to be clean."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

WARNING = re.compile(r"^(?:(?:Over|Under)full .*|.*Warning.*|! .*)$", re.MULTILINE)


def compiled(latex: str, folder: Path, name: str = "derivation") -> str:
    """Return pdflatex's log of a document; TeX's own lines in it are not wrapped."""
    (folder / f"{name}.tex").write_text(latex, encoding="ascii")
    made = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", f"{name}.tex"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "max_print_line": "1000", "HOME": str(folder), "openin_any": "p"},
        capture_output=True,
        check=False,
        timeout=120,
    )
    log = (folder / f"{name}.log").read_text(encoding="latin-1")
    assert made.returncode == 0, log[-2_000:]
    return log


def assert_clean(latex: str, folder: Path, name: str = "derivation") -> None:
    log = compiled(latex, folder, name)
    found = WARNING.findall(log)
    assert not found, found[:5]
    assert ".pfb" in log and ".pk" not in log, "a font that is not TeX's own"
