"""Attacks by path: whatever stands in the way of the output, one line says so and nothing outside is touched."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from symreg.application.emitted_files import MANIFEST, compare, write
from symreg.application.one_piece import write_file
from symreg.errors import OutputError, SymregError
from symreg.objectives.resolve import resolve

SOURCES = {"numpy/l2.py": "import numpy\n", "c/l2.h": "/* h */\n"}

PATHS_OF_SOURCES = (
    "../l2.py",
    "numpy/../../l2.py",
    "/etc/l2.py",
    "//l2.py",
    "numpy//l2.py",
    "./l2.py",
    "numpy/./l2.py",
    "numpy/l2.py/",
    "numpy/",
    "",
    ".",
    "..",
    "~/l2.py",
    "numpy/~root.py",
    "numpy\\l2.py",
    "numpy/l2.py\0.txt",
    "numpy/l2\n.py",
    "numpy/l2 .py",
    "numpy/.l2.py",
    ".git/hooks/pre_commit.sh",
    "numpy/l2.py.",
    "numpy/l2.PY",
    "numpy/\uff4c2.py",
    "numpy/" + "x" * 101 + ".py",
    "a/" * 6 + "l2.py",
    "C:/l2.py",
    "numpy/l2.py:stream.py",
    "file://l2.py",
    "numpy/$HOME.py",
    "numpy/*.py",
    MANIFEST,
)

NAMES = (
    "../x",
    "x/y",
    "/etc/passwd",
    ".",
    "..",
    ".hidden",
    "x\0y",
    "x\ny",
    "x y",
    "-x",
    "con.py",
    "x.py",
    "~root",
    "$HOME",
    "x;y",
    "x*",
    "\uff58",
    "x" * 65,
    "",
    "import",
    "numpy",
    "__init__",
)

FOLDERS = ("", "a\0b", "x" * 300, "/proc/symreg", "/dev/null", "/dev/null/build", "/sys/symreg")


def refused(action: Callable[[], object]) -> str:
    """Return the one line of the error that an action meets."""
    with pytest.raises(SymregError) as caught:
        action()
    line = str(caught.value)
    assert line.isprintable(), "one line without control characters"
    assert len(line) < 400
    return line


@pytest.mark.parametrize("path", PATHS_OF_SOURCES)
def test_a_source_stays_below_its_folder(tmp_path: Path, path: str) -> None:
    refused(lambda: write(tmp_path / "build", {"numpy/l1.py": "\n", path: "\n"}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_stem_is_an_identifier(name: str) -> None:
    refused(lambda: resolve("lam*abs(w)", name=name))


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_that_cannot_be_had_is_named(folder: str) -> None:
    refused(lambda: write(folder, SOURCES))


@pytest.mark.parametrize("at", ["numpy", "numpy/l2.py", MANIFEST, "c", "c/l2.h"])
@pytest.mark.parametrize("target", ["folder", "file", "missing", "loop"])
@pytest.mark.parametrize("force", [False, True])
def test_no_link_below_the_folder_is_followed(tmp_path: Path, at: str, target: str, force: bool) -> None:
    outside, build = tmp_path / "outside", tmp_path / "build"
    outside.mkdir()
    (outside / "precious").write_text("precious")
    link = build / at
    link.parent.mkdir(parents=True)
    ends = {"folder": outside, "file": outside / "precious", "missing": outside / "missing", "loop": link}
    link.symlink_to(ends[target])
    line = refused(lambda: write(build, SOURCES, force=force))
    assert "is a symbolic link" in line
    assert [path.name for path in outside.iterdir()] == ["precious"]
    assert (outside / "precious").read_text() == "precious"
    assert [path for path in build.rglob("*") if path.is_file() and not path.is_symlink()] == []


MANIFESTS = (
    "",
    "null",
    "[]",
    "{}",
    "1e999",
    "[" * 100_000,
    "{" + '"a":{' * 50_000,
    '"\\ud800"',
    "\0",
    '{"files": null, "written_by": "symreg"}',
    '{"files": [], "written_by": "symreg"}',
    '{"files": {"../x.py": "' + "0" * 64 + '"}, "written_by": "symreg"}',
    '{"files": {"/etc/passwd": "' + "0" * 64 + '"}, "written_by": "symreg"}',
    '{"files": {"c/l2.h": 5}, "written_by": "symreg"}',
    '{"files": {"c/l2.h": "0"}, "written_by": "symreg"}',
    '{"files": {}, "written_by": "somebody"}',
)


@pytest.mark.parametrize("text", MANIFESTS, ids=lambda text: ascii(text[:30]))
def test_a_manifest_that_is_not_ours_is_not_believed(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    assert "manifest.json was not written by symreg" in refused(lambda: write(tmp_path, SOURCES))
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]
    assert (tmp_path / MANIFEST).read_text() == text


@pytest.mark.parametrize("at", ["c/l2.h", MANIFEST])
def test_a_file_of_any_size_is_not_read_to_its_end(tmp_path: Path, at: str) -> None:
    path = tmp_path / at
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.truncate(1 << 40)
    for action in (lambda: write(tmp_path, SOURCES, force=True), lambda: compare(tmp_path, SOURCES, is_whole=True)):
        assert "is not a regular file of a size that symreg writes" in refused(action)
    assert path.stat().st_size == 1 << 40


@pytest.mark.parametrize("target", ["missing", "loop", "file"])
def test_a_folder_that_is_a_link_to_none_is_not_written_to(tmp_path: Path, target: str) -> None:
    (tmp_path / "file").write_text("mine")
    link = tmp_path / "build"
    link.symlink_to(tmp_path / {"missing": "missing", "loop": "build", "file": "file"}[target])
    assert "is there and is not a folder" in refused(lambda: write(link, SOURCES))
    assert (tmp_path / "file").read_text() == "mine"
    assert not (tmp_path / "missing").exists()


def test_a_file_that_has_another_name_elsewhere_keeps_its_content_there(tmp_path: Path) -> None:
    build, other = tmp_path / "build", tmp_path / "other"
    (build / "c").mkdir(parents=True)
    other.write_text("precious")
    os.link(other, build / "c" / "l2.h")
    assert "was not written by symreg" in refused(lambda: write(build, SOURCES))
    write(build, SOURCES, force=True)
    assert other.read_text() == "precious"
    assert (build / "c" / "l2.h").read_text() == SOURCES["c/l2.h"]


def test_a_folder_swapped_for_a_link_meanwhile_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build, outside = tmp_path / "build", tmp_path / "outside"
    (build / "numpy").mkdir(parents=True)
    outside.mkdir()

    def fsync(descriptor: int) -> None:
        if not (build / "numpy").is_symlink():
            (build / "numpy").rename(build / "moved")
            (build / "numpy").symlink_to(outside)

    monkeypatch.setattr(os, "fsync", fsync)
    assert "no such file" in refused(lambda: write(build, SOURCES))
    assert list(outside.iterdir()) == []
    assert not (build / MANIFEST).exists()


def test_a_working_folder_that_is_gone_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for action in (
        lambda: write("build", SOURCES),
        lambda: write(".", SOURCES),
        lambda: write_file("l2.tex", "text"),
        lambda: resolve("my.toml"),
    ):
        assert "no such file" in refused(action) or "there is no file my.toml" in refused(action)


@pytest.mark.parametrize("depth", [300, 3000])
def test_a_folder_too_deep_for_the_system_is_named(tmp_path: Path, depth: int) -> None:
    refused(lambda: write(tmp_path / ("folder/" * depth * 2), SOURCES))
    refused(lambda: write_file(tmp_path / ("folder/" * depth * 2) / "l2.tex", "text"))


def test_a_link_is_not_followed_to_compare_either(tmp_path: Path) -> None:
    (tmp_path / "numpy").symlink_to("/etc")
    assert "is a symbolic link" in refused(lambda: compare(tmp_path, SOURCES))


def test_a_manifest_cannot_have_other_files_removed(tmp_path: Path) -> None:
    build = tmp_path / "build"
    write(build, SOURCES, is_whole=True)
    victim = tmp_path / "victim.py"
    victim.write_text("import numpy\n")
    manifest = (build / MANIFEST).read_text()
    (build / MANIFEST).write_text(manifest.replace("numpy/l2.py", "../victim.py"))
    assert "was not written by symreg" in refused(lambda: write(build, SOURCES, is_whole=True))
    assert victim.exists()


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "numpy" / "l2.py").mkdir(parents=True)
    refused(lambda: write(tmp_path, SOURCES, force=True))
    assert not (tmp_path / MANIFEST).exists()


def test_a_file_in_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "numpy").write_text("mine")
    refused(lambda: write(tmp_path, SOURCES, force=True))
    assert (tmp_path / "numpy").read_text() == "mine"
    refused(lambda: write(tmp_path / "numpy", SOURCES))


def test_a_pipe_does_not_make_us_wait(tmp_path: Path) -> None:
    (tmp_path / "numpy").mkdir()
    os.mkfifo(tmp_path / "numpy" / "l2.py")
    assert "is not a regular file" in refused(lambda: write(tmp_path, SOURCES, force=True))


def test_a_socket_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "numpy").mkdir()
    monkeypatch.chdir(tmp_path / "numpy")  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("l2.py")
        refused(lambda: write(tmp_path, SOURCES, force=True))


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "permission denied" in refused(lambda: write(tmp_path, SOURCES))


def test_two_writers_take_turns(tmp_path: Path) -> None:
    threads = [
        threading.Thread(target=write, args=(tmp_path, {f"c/x{number}.h": f"{number}\n"})) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {f"c/x{number}.h": f"{number}\n" for number in range(8)}
    assert compare(tmp_path, expected, is_whole=True) == ()


@pytest.mark.parametrize("path", ["", ".", "/", "/tmp/", "/nonexistent/x.txt", "/proc/x.txt", "a\0b", "x" * 300])
def test_a_single_file_that_cannot_be_written_is_named(path: str) -> None:
    with pytest.raises(OutputError):
        write_file(path, "text")


@pytest.mark.parametrize(
    "path", ["/dev/zero.toml", "/etc/shadow.toml", "../x.toml", "/proc/self/mem.toml", "x" * 300 + ".toml"]
)
def test_a_spec_file_that_cannot_be_read_is_named(path: str) -> None:
    refused(lambda: resolve(path))


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "huge", "binary"])
def test_a_spec_file_is_a_small_text(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "my.toml"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "huge":
            with path.open("wb") as file:
                file.truncate(1 << 30)
        case "binary":
            path.write_bytes(b"\xff\xfe\x00")
    refused(lambda: resolve(str(path)))
