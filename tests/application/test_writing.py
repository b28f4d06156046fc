"""The output folder: everything or nothing is written, and what somebody else wrote or edited is left alone."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symreg.application.emitted_files import MANIFEST, Difference, compare, diff, write
from symreg.application.one_piece import RECORD, own_text, write_file, write_files
from symreg.errors import OutputError

SOURCES = {"numpy/l2.py": "import numpy\n", "c/l2.h": "/* h */\n", "c/l2.c": "/* c */\n"}


def content(folder: Path) -> dict[str, str]:
    """Return every file below a folder, hidden and temporary ones too."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_sources_are_written_with_a_manifest(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "build"
    assert write(folder, SOURCES) == tuple(f"{folder}/{path}" for path in SOURCES)
    found = content(folder)
    manifest = json.loads(found.pop(MANIFEST))
    assert found == SOURCES
    assert manifest["schema_version"] == 1
    assert sorted(manifest["files"]) == sorted(SOURCES)


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, SOURCES)
    before = {path: path.stat() for path in tmp_path.rglob("*")}
    write(tmp_path, SOURCES)
    after = {path: path.stat() for path in tmp_path.rglob("*")}
    assert {path: (s.st_ino, s.st_mtime_ns) for path, s in before.items()} == {
        path: (s.st_ino, s.st_mtime_ns) for path, s in after.items()
    }


def test_a_later_call_adds_to_the_manifest(tmp_path: Path) -> None:
    write(tmp_path, SOURCES)
    write(tmp_path, {"numpy/l1.py": "import numpy\n"})
    write(tmp_path, {path: f"{text}#\n" for path, text in SOURCES.items()})
    assert len(json.loads((tmp_path / MANIFEST).read_text())["files"]) == 4
    assert (tmp_path / "c" / "l2.h").read_text() == "/* h */\n#\n"


def test_a_file_that_was_edited_stops_everything(tmp_path: Path) -> None:
    write(tmp_path, SOURCES)
    (tmp_path / "c" / "l2.c").write_text("mine\n")
    before = content(tmp_path)
    changed = {path: f"{text}#\n" for path, text in SOURCES.items()}
    with pytest.raises(OutputError, match=r"c/l2.c was edited since symreg wrote it; keep your copy or pass --force"):
        write(tmp_path, changed)
    assert content(tmp_path) == before
    write(tmp_path, changed, force=True)
    assert (tmp_path / "c" / "l2.c").read_text() == changed["c/l2.c"]


def test_a_file_that_symreg_did_not_write_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "l2.h").write_text("mine\n")
    with pytest.raises(OutputError, match=r"c/l2.h is there and was not written by symreg"):
        write(tmp_path, SOURCES)
    assert content(tmp_path) == {"c/l2.h": "mine\n"}


def test_a_file_that_is_as_it_would_be_written_is_taken_over(tmp_path: Path) -> None:
    """So that a run which was cut off between the files and the manifest can be repeated."""
    write(tmp_path, SOURCES)
    (tmp_path / MANIFEST).unlink()
    write(tmp_path, SOURCES)
    assert len(json.loads((tmp_path / MANIFEST).read_text())["files"]) == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"files": {}}',
        '{"written_by": "symreg"}',
        '{"written_by": "symreg", "files": []}',
        '{"written_by": "symreg", "files": {"../x.py": "' + "0" * 64 + '"}}',
        '{"written_by": "symreg", "files": {"c/l2.h": 1}}',
        '{"written_by": "symreg", "files": {"c/l2.h": "short"}}',
        "[" * 100_000,
        '{"name": "a web extension", "manifest_version": 3}',
    ],
)
def test_a_manifest_of_somebody_else_is_kept(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(OutputError, match=r"manifest.json was not written by symreg"):
        write(tmp_path, SOURCES)
    assert content(tmp_path) == {MANIFEST: text}
    write(tmp_path, SOURCES, force=True)
    assert content(tmp_path).keys() == {MANIFEST, *SOURCES}


def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, SOURCES)
    before = content(tmp_path)
    calls = []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OutputError, match="no space left on device"):
        write(tmp_path, {path: f"{text}#\n" for path, text in SOURCES.items()})
    assert len(calls) == 3
    assert content(tmp_path) == before


def test_the_manifest_is_moved_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = []
    replace = os.replace

    def noted(source: str, target: str) -> None:
        moved.append(os.path.basename(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", noted)
    write(tmp_path, SOURCES)
    assert moved == ["l2.py", "l2.h", "l2.c", MANIFEST]


def test_a_whole_folder_drops_what_is_no_longer_made(tmp_path: Path) -> None:
    write(tmp_path, SOURCES, is_whole=True)
    (tmp_path / "mine.txt").write_text("mine\n")
    write(tmp_path, {"numpy/l2.py": "import numpy\n"}, is_whole=True)
    assert content(tmp_path).keys() == {"numpy/l2.py", "mine.txt", MANIFEST}


def test_a_whole_folder_keeps_what_was_edited(tmp_path: Path) -> None:
    write(tmp_path, SOURCES, is_whole=True)
    (tmp_path / "c" / "l2.c").write_text("mine\n")
    with pytest.raises(OutputError, match="was edited"):
        write(tmp_path, {"numpy/l2.py": "import numpy\n"}, is_whole=True)


def test_differences_are_named(tmp_path: Path) -> None:
    assert compare(tmp_path / "none", SOURCES) == tuple(sorted(Difference("missing", path) for path in SOURCES))
    write(tmp_path, SOURCES, is_whole=True)
    assert compare(tmp_path, SOURCES, is_whole=True) == ()
    (tmp_path / "numpy" / "l2.py").write_text("import numpy as np\n")
    (tmp_path / "c" / "l2.c").unlink()
    (tmp_path / "c" / "old.c").write_text("")
    (tmp_path / "numpy" / "__pycache__").mkdir()
    (tmp_path / "numpy" / "__pycache__" / "l2.pyc").write_text("")
    assert compare(tmp_path, SOURCES, is_whole=True) == (
        Difference("extra", "c/old.c"),
        Difference("missing", "c/l2.c"),
        Difference("stale", "numpy/l2.py"),
    )
    assert compare(tmp_path, {"c/l2.h": SOURCES["c/l2.h"]}) == ()


def test_a_manifest_that_does_not_agree_is_stale(tmp_path: Path) -> None:
    write(tmp_path, SOURCES, is_whole=True)
    (tmp_path / MANIFEST).write_text("{}")
    assert compare(tmp_path, SOURCES, is_whole=True) == (Difference("stale", MANIFEST),)


def test_a_diff_shows_what_would_change(tmp_path: Path) -> None:
    assert diff(tmp_path / "none", {"c/l2.h": "a\n"}).splitlines() == [
        "--- /dev/null",
        f"+++ {tmp_path}/none/c/l2.h",
        "@@ -0,0 +1 @@",
        "+a",
    ]
    write(tmp_path, SOURCES)
    assert diff(tmp_path, SOURCES) == ""
    assert "-/* h */\n+/* new */\n" in diff(tmp_path, {"c/l2.h": "/* new */\n"})
    assert not (tmp_path / "none").exists()


def test_one_file_is_written_in_one_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "l2.tex"
    write_file(path, "old\n")
    monkeypatch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space")))
    with pytest.raises(OutputError, match="no space"):
        write_file(path, "new\n")
    found = content(tmp_path)
    assert found.pop(RECORD)
    assert found == {"l2.tex": "old\n"}


def test_a_file_that_was_named_is_written_again_only_if_it_is_ours(tmp_path: Path) -> None:
    path, other = tmp_path / "My paper, v2.tex", tmp_path / "notes.txt"
    write_file(path, "old\n")
    write_file(path, "new\n")
    assert (path.read_text(), own_text(path)) == ("new\n", "new\n")
    path.write_text("mine\n")
    other.write_text("mine\n")
    for place, why in ((path, "was edited since symreg wrote it"), (other, "is there and was not written by symreg")):
        with pytest.raises(OutputError, match=rf"{place.name} {why}"):
            write_file(place, "new\n")
        assert place.read_text() == "mine\n" and own_text(place) == ""
        write_file(place, "new\n", force=True)
        write_file(place, b"\x89newer")
        assert place.read_bytes() == b"\x89newer"


def test_files_that_were_named_are_written_all_or_none(tmp_path: Path) -> None:
    (tmp_path / "refs.bib").write_text("mine\n")
    with pytest.raises(OutputError, match=r"refs.bib is there"):
        write_files({tmp_path / "l2.tex": "text\n", tmp_path / "refs.bib": "new\n"})
    assert content(tmp_path) == {"refs.bib": "mine\n"}


def test_a_record_of_somebody_else_is_kept(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text("{}")
    with pytest.raises(OutputError, match=rf"{RECORD} is there and was not written by symreg"):
        write_file(tmp_path / "l2.tex", "text")
    assert content(tmp_path) == {RECORD: "{}"}


def test_a_device_is_written_to_as_it_is(tmp_path: Path) -> None:
    write_file("/dev/null", "text")
    assert not os.path.isfile("/dev/null")
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "real.txt")
    write_file(link, "text")
    assert link.is_symlink()
    assert (tmp_path / "real.txt").read_text() == "text"


@pytest.mark.sweep
@given(st.dictionaries(st.from_regex(r"[a-z]{1,3}/[a-z]{1,3}\.[ch]", fullmatch=True), st.text(max_size=20)))
def test_what_was_written_is_there(tmp_path_factory: pytest.TempPathFactory, sources: dict[str, str]) -> None:
    folder = tmp_path_factory.mktemp("out")
    write(folder, sources, is_whole=True)
    assert compare(folder, sources, is_whole=True) == ()
    assert diff(folder, sources) == ""
