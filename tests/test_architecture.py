"""docs/architecture.md is true of the layout: every room is named, and everything named is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "symreg"
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PATHS = sorted(set(re.findall(r"`([\w/]+/|[\w/]+\.(?:py|md))`", TEXT)))


def rooms() -> set[str]:
    """Return the folders and files that stand directly in the package, as the page writes them."""
    folders = {f"{path.name}/" for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    return folders | {path.name for path in PACKAGE.glob("*.py")}


def test_every_room_has_a_row() -> None:
    table = TEXT.partition("## The rooms")[2].partition("\n## ")[0]
    named = [re.findall(r"`([^`]+)`", line.split("|")[1]) for line in table.splitlines() if line.startswith("| `")]
    rows = [name for names in named for name in names]
    assert sorted(rows) == sorted(rooms())


@pytest.mark.parametrize("path", PATHS)
def test_what_is_named_is_there(path: str) -> None:
    assert (PACKAGE / path).exists() or (ROOT / path).exists(), path


def test_paths_are_found_in_the_page() -> None:
    assert len(PATHS) > 40
