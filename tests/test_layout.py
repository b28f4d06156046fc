"""The tests stand as the code does: a folder for each room that has tests of its own."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent
ROOMS = {path.parent.name for path in (TESTS.parent / "symreg").glob("*/__init__.py")}
OF_NO_ROOM = {
    "whole": "what goes through all rooms, from text to verdict",
    "support": "what several tests need",
    "data": "recorded numbers",
}
OF_THE_REPOSITORY = ("test_architecture", "test_imports", "test_layout", "test_packaging", "test_readme")


def folders() -> set[str]:
    return {path.name for path in TESTS.iterdir() if path.is_dir() and path.name != "__pycache__"}


def test_a_folder_of_tests_has_the_name_of_a_room() -> None:
    assert len(ROOMS) >= 10
    assert folders() - ROOMS == set(OF_NO_ROOM)


def test_tests_stand_in_such_a_folder() -> None:
    """Here, outside, only what is about the repository as a whole."""
    assert {path.stem for path in TESTS.glob("test_*.py")} <= set(OF_THE_REPOSITORY)
    astray = [path for folder in OF_NO_ROOM if folder != "whole" for path in (TESTS / folder).rglob("test_*.py")]
    assert not astray


def test_modules_that_tests_import_by_name_have_names_of_their_own() -> None:
    """They are found by their names alone: one of two with the same name would hide the other."""
    names = [path.stem for path in (TESTS / "support").rglob("*.py")]
    assert len(names) == len(set(names)) > 10
