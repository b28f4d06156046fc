"""README.md: each block is carried out as a reader would, each list is what the catalogue gives.

    python tests/test_readme.py        write outputs, excerpts and lists anew

What a block is, its kind and the line before it say. `sh` is run; a `text` after it is what that printed. `python` is
run too. Below "In `FILE`:" a block is the reader's file, which a later block of the section must use; below "From
`FILE`:" it is an excerpt of an emitted file, with `...` where lines are left out. Each section has a folder of its own.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

import symreg
from symreg import catalogue
from symreg.cli.group import symreg as command_line

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SET_UP = "Set up"

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler called cc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: its kind, its lines, where they begin, the heading above it and the last line before it."""

    kind: str
    lines: tuple[str, ...]
    start: int
    section: str
    caption: str

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def blocks_of(text: str) -> tuple[Block, ...]:
    """Return the blocks of a document; what looks like code but is no fenced block is an error."""
    found: list[Block] = []
    section = caption = ""
    inside: list[str] | None = None
    kind = ""
    for number, line in enumerate(text.splitlines()):
        fence = re.fullmatch(r"```(.*)", line)
        if inside is not None and fence:
            assert fence[1] == "", f"line {number + 1}: a fence that ends a block has no kind"
            start = number - len(inside)
            found.append(Block(kind=kind, lines=tuple(inside), start=start, section=section, caption=caption))
            inside, caption = None, ""
        elif inside is not None:
            inside.append(line)
        elif fence:
            inside, kind = [], fence[1]
        else:
            assert not re.match(r" {4}|\t|~~~|\s+```|<", line), f"line {number + 1}: only fenced blocks, please: {line}"
            if line.startswith("## "):
                section = line.removeprefix("## ")
            caption = line or caption
    assert inside is None, "a block does not end"
    return tuple(found)


def carried_out(blocks: Iterable[Block], folder: Path) -> Iterator[tuple[Block, str]]:
    """Do what the blocks of one section say, in order; yield those that repeat something with what they should say."""
    printed: str | None = None
    unused: dict[str, Block] = {}
    for position, block in enumerate(blocks):
        named = re.search(r"\b(In|From) `([\w./]+)`:$", block.caption)
        output, printed = printed, None
        if block.kind in ("sh", "python"):
            unused = {name: made for name, made in unused.items() if name not in block.text}
        match block.kind, named and named[1]:
            case "sh", None if block.section == SET_UP and position == 0:
                yield block, set_up()
            case "sh", None:
                printed = run("bash", "-euo", "pipefail", "-c", block.text, folder=folder)
            case "python", None:
                printed = run(sys.executable, "-W", "error", "-c", block.text, folder=folder)
            case "text", None:
                assert output is not None, f"{block.section}: no block before this one prints anything: {block.text}"
                yield block, output
            case "python" | "toml" | "c", "In":
                path = folder / named[2]
                assert path.parent == folder and not path.exists(), f"{block.section}: {named[2]} is no file to write"
                path.write_text(block.text + "\n", encoding="utf-8")
                unused[named[2]] = block
            case "python" | "c", "From":
                path = folder / named[2]
                assert path.is_file(), f"{block.section}: {named[2]} was not emitted"
                yield block, excerpt(block.lines, path.read_text(encoding="utf-8").splitlines())
            case kind, word:
                raise AssertionError(f"{block.section}: nobody carries out a block of kind {kind!r} below {word}")
    assert not unused, f"written and never used: {', '.join(unused)}"


def run(*command: str, folder: Path) -> str:
    """Return what a command prints, on standard output and error as on a terminal; it must succeed."""
    scripts = sysconfig.get_path("scripts")
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    printed = "\n".join(line.rstrip() for line in done.stdout.splitlines())
    assert done.returncode == 0, f"exit code {done.returncode} of {command[-1]}\n{printed}"
    return printed


def excerpt(shown: Iterable[str], emitted: list[str]) -> str:
    """Return an excerpt as it is in what is emitted now: each piece of it from its first line to its last."""
    made: list[str] = []
    at = 0
    for piece in "\n".join(shown).split("\n...\n"):
        first, *_, last = [*piece.split("\n")] * 2
        assert first in emitted[at:], f"not emitted: {first}"
        start = emitted.index(first, at)
        assert last in emitted[start:], f"not emitted: {last}"
        at = emitted.index(last, start) + 1
        made.append("\n".join(emitted[start:at]))
    return "\n...\n".join(made)


def set_up() -> str:
    """Return the commands with which .ci/run sets up and tests."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    return script.partition('say "set up and test, as README.md says"\n')[2].partition("\n\n")[0]


def listings() -> dict[str, str]:
    """Return what the catalogue gives by the heading that it stands below: a table of penalties, a line of rules."""
    cells = [("name", "formula", "reference"), ("---", "---", "---")]
    for name in catalogue.penalties():
        expression = tomllib.loads(catalogue.source_text(name))["penalty"]["expr"]
        cells.append((_link("penalties", name), f"`{expression}`", catalogue.penalty(name).reference))
    rows = [" | ".join(cell.replace("|", r"\|") for cell in row) for row in cells]
    return {
        "### Penalties": "\n".join(f"| {row} |" for row in rows),
        "### Rules": ", ".join(_link("rules", name) for name in catalogue.rules()),
    }


def _link(folder: str, name: str) -> str:
    return f"[{name}](symreg/catalogue/{folder}/{name}.toml)"


def paragraph_below(heading: str, lines: list[str]) -> range:
    """Return which lines the paragraph or table right below a heading takes."""
    start = lines.index(heading) + 2
    return range(start, lines.index("", start))


TEXT = README.read_text(encoding="utf-8")
BLOCKS = blocks_of(TEXT)
SECTIONS = tuple(dict.fromkeys(block.section for block in BLOCKS))
PROSE = re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)
INLINE = tuple(dict.fromkeys(" ".join(code.split()) for code in re.findall(r"`([^`]+)`", PROSE)))


@needs_compiler
@pytest.mark.parametrize("section", SECTIONS)
def test_blocks_do_what_the_section_says(section: str, tmp_path: Path) -> None:
    blocks = [block for block in BLOCKS if block.section == section]
    for block, expected in carried_out(blocks, tmp_path):
        assert block.text == expected, f"line {block.start + 1}; python tests/test_readme.py writes it anew"


@pytest.mark.parametrize("heading", listings())
def test_listing_is_what_the_catalogue_gives(heading: str) -> None:
    lines = TEXT.splitlines()
    rows = paragraph_below(heading, lines)
    assert "\n".join(lines[rows.start : rows.stop]) == listings()[heading], "python tests/test_readme.py writes it anew"


def test_listings_name_all_of_the_catalogue() -> None:
    linked = re.findall(r"\]\(symreg/catalogue/(\w+)/(\w+)\.toml\)", TEXT)
    files = (ROOT / "symreg" / "catalogue").glob("*/*.toml")
    assert sorted(linked) == sorted((path.parent.name, path.stem) for path in files)


def test_set_up_takes_two_commands_and_is_what_ci_runs() -> None:
    (block,) = [block for block in BLOCKS if block.section == SET_UP]
    assert block.kind == "sh" and len(block.lines) == 2
    assert block.text == set_up()
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").count("pytest") == block.text.count("pytest")


# What stands within a sentence


@pytest.mark.parametrize("code", [code for code in INLINE if re.match(r"(\S*/)?symreg ", code)])
def test_command_within_a_sentence_can_be_parsed(code: str) -> None:
    _, name, *arguments = shlex.split(code)
    command = command_line.commands[name]
    if arguments:
        command.make_context(name, arguments)


def test_option_within_a_sentence_exists() -> None:
    named = {code for code in INLINE if re.fullmatch(r"--\w[\w-]*", code)}
    known = {
        option
        for command in command_line.commands.values()
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    }
    assert named and named <= known | {"--quick"}
    assert "--quick" in (ROOT / "benchmarks" / "run.py").read_text(encoding="utf-8")


def test_name_within_a_sentence_exists() -> None:
    named = {name for code in INLINE for name in re.findall(r"^symreg\.(\w+)", code)}
    assert named and all(hasattr(symreg, name) for name in named)


def test_path_or_link_within_a_sentence_exists() -> None:
    words = {
        word for code in INLINE for word in code.split() if re.match(r"(symreg|templates|tests|benchmarks|\.ci)/", word)
    }
    links = set(re.findall(r"\]\(([^)]+)\)", PROSE))
    assert len(words) > 4 and len(links) > 4
    assert [path for path in sorted(words | links) if not (ROOT / path).exists()] == []


# The reader of blocks notices what is wrong

FILE = "In `mine.py`:\n```python\nx = 1\n```\n"
EMITTED = "```sh\nprintf 'a\\nb\\nc\\nd\\n' > emitted.c\n```\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```console\nls\n```\n", "nobody carries out a block of kind 'console'"),
        ("```\nls\n```\n", "nobody carries out a block of kind ''"),
        ("```toml\nx = 1\n```\n", "nobody carries out a block of kind 'toml'"),
        ("```c\nint x;\n```\n", "nobody carries out a block of kind 'c'"),
        ("In `mine.sh`:\n```sh\nls\n```\n", "nobody carries out a block of kind 'sh'"),
        ("```text\nout\n```\n", "no block before this one prints"),
        ("```sh\necho out\n```\n```text\nout\n```\n```text\nout\n```\n", "no block before this one prints"),
        ("```sh\nfalse\ntrue\n```\n", "exit code 1"),
        ("```sh\nfalse | cat\n```\n", "exit code 1"),
        ("```python\nassert 1 == 2\n```\n", "AssertionError"),
        ("```python\nimport warnings\nwarnings.warn('w')\n```\n", "UserWarning"),
        (FILE, "written and never used: mine.py"),
        (FILE + FILE, "mine.py is no file to write"),
        ("In `../mine.py`:\n```python\nx = 1\n```\n", "is no file to write"),
        ("From `emitted.c`:\n```c\na\n```\n", "emitted.c was not emitted"),
        (EMITTED + "From `emitted.c`:\n```c\nx\n...\nd\n```\n", "not emitted: x"),
        (EMITTED + "From `emitted.c`:\n```c\nc\n...\na\n```\n", "not emitted: a"),
        ("```sh\nls\n", "does not end"),
        ("    ls\n", "only fenced blocks"),
        ("~~~sh\nls\n~~~\n", "only fenced blocks"),
        (" ```sh\nls\n ```\n", "only fenced blocks"),
        ("<pre>ls</pre>\n", "only fenced blocks"),
    ],
)
def test_wrong_block_is_noticed(text: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=re.escape(complaint)):
        list(carried_out(blocks_of(text), tmp_path))


@pytest.mark.parametrize(
    ("text", "said", "expected"),
    [
        ("```sh\necho out; echo err >&2\n```\n```text\nin\n```\n", "in", "out\nerr"),
        ("```python\nprint('out ')\n```\n```text\nout \n```\n", "out ", "out"),
        (EMITTED + "From `emitted.c`:\n```c\na\nc\n```\n", "a\nc", "a\nb\nc"),
        (EMITTED + "From `emitted.c`:\n```c\na\n...\nc\nx\nd\n```\n", "a\n...\nc\nx\nd", "a\n...\nc\nd"),
    ],
)
def test_block_that_repeats_is_compared(text: str, said: str, expected: str, tmp_path: Path) -> None:
    ((block, right),) = carried_out(blocks_of(text), tmp_path)
    assert (block.text, right) == (said, expected)


def rewrite() -> None:
    """Write README.md anew: outputs, excerpts, the set-up and what the catalogue gives."""
    lines = TEXT.splitlines()
    changes: list[tuple[range, str]] = [(paragraph_below(heading, lines), made) for heading, made in listings().items()]
    for section in SECTIONS:
        with tempfile.TemporaryDirectory() as folder:
            for block, right in carried_out((b for b in BLOCKS if b.section == section), Path(folder)):
                changes.append((range(block.start, block.start + len(block.lines)), right))
    for rows, right in sorted(changes, key=lambda change: change[0].start, reverse=True):
        lines[rows.start : rows.stop] = right.splitlines()
    README.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    rewrite()
