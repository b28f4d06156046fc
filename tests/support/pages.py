"""A page of Markdown whose blocks are carried out as a reader would carry them out.

What a block is, its kind and the line before it say. `sh` is run; a `text` after it is what that printed. `python` is
run too. Below "In `FILE`:" a block is the reader's file, which a later block of the page must use; below "From
`FILE`:" it is an excerpt of an emitted file, with `...` where lines are left out. A picture is the file of its name
that a block before it wrote. Each page has a folder of its own. From a line `<!-- not run: REASON -->`, or
`<!-- not run without MODULE -->` where there is no such module, to the next heading of the second level all is to be
read only, and so is `mermaid` everywhere.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

NOT_RUN = re.compile(r"<!-- not run(?:: \S.*| without (\w+)) -->")
PICTURE = re.compile(r"!\[[^]]*\]\(([^)]+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block or a picture.

    Args:
        kind: What stands behind the first fence; `picture` for a picture.
        lines: What is between the fences; the path of a picture.
        start: The number of the first line of these in the page, from 0.
        section: The heading of the second level above it.
        caption: The last line of text before it.
        is_run: Is it carried out?
    """

    kind: str
    lines: tuple[str, ...]
    start: int
    section: str
    caption: str
    is_run: bool

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def blocks_of(text: str) -> tuple[Block, ...]:
    """Return the blocks of a page; what looks like code but is no fenced block is an error."""
    blocks: list[Block] = []
    section = caption = kind = ""
    inside: list[str] | None = None
    is_run = True
    for number, line in enumerate(text.splitlines()):
        fence = re.fullmatch(r"```(.*)", line)
        if inside is not None and fence:
            assert fence[1] == "", f"line {number + 1}: a fence that ends a block has no kind"
            start = number - len(inside)
            blocks.append(
                Block(kind=kind, lines=tuple(inside), start=start, section=section, caption=caption, is_run=is_run)
            )
            inside, caption = None, ""
        elif inside is not None:
            inside.append(line)
        elif fence:
            inside, kind = [], fence[1]
        elif picture := PICTURE.fullmatch(line):
            lines = (picture[1],)
            blocks.append(
                Block(kind="picture", lines=lines, start=number, section=section, caption=caption, is_run=is_run)
            )
        elif mark := NOT_RUN.fullmatch(line):
            is_run = mark[1] is not None and importlib.util.find_spec(mark[1]) is not None
        else:
            assert not re.match(r" {4}|\t|~~~|\s+```|<", line), f"line {number + 1}: only fenced blocks, please: {line}"
            if line.startswith("## "):
                section, is_run = line.removeprefix("## "), True
            caption = line or caption
    assert inside is None, "a block does not end"
    return tuple(blocks)


def carried_out(blocks: Iterable[Block], folder: Path) -> Iterator[tuple[Block, str]]:
    """Do what the blocks of a page say, in order; yield those that repeat something with what they should say.

    A picture is yielded with its own path when a file of its name is in the folder.
    """
    printed: str | None = None
    unused: dict[str, Block] = {}
    for block in (block for block in blocks if block.is_run):
        named = re.search(r"\b(In|From) `([\w./]+)`:$", block.caption)
        output, printed = printed, None
        where = f"line {block.start + 1}"
        if block.kind in ("sh", "python"):
            unused = {name: file for name, file in unused.items() if name not in block.text}
        match block.kind, named and named[1]:
            case "mermaid", None:
                pass
            case "picture", None:
                assert (folder / Path(block.text).name).is_file(), (
                    f"{where}: no block before this one draws {block.text}"
                )
                yield block, block.text
            case "sh", None:
                printed = run("bash", "-euo", "pipefail", "-c", block.text, folder=folder)
            case "python", None:
                printed = run(sys.executable, "-W", "error", "-c", block.text, folder=folder)
            case "text", None:
                assert output is not None, f"{where}: no block before this one prints anything: {block.text}"
                yield block, output
            case "python" | "toml" | "c" | "tex", "In":
                path = folder / named[2]
                assert path.parent == folder and not path.exists(), f"{where}: {named[2]} is no file to write"
                path.write_text(block.text + "\n", encoding="utf-8")
                unused[named[2]] = block
            case "python" | "c" | "tex" | "toml", "From":
                path = folder / named[2]
                assert path.is_file(), f"{where}: {named[2]} was not emitted"
                yield block, excerpt(block.lines, path.read_text(encoding="utf-8").splitlines())
            case kind, word:
                raise AssertionError(f"{where}: nobody carries out a block of kind {kind!r} below {word}")
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
    pieces: list[str] = []
    at = 0
    for piece in "\n".join(shown).split("\n...\n"):
        first, *_, last = [*piece.split("\n")] * 2
        assert first in emitted[at:], f"not emitted: {first}"
        start = emitted.index(first, at)
        assert last in emitted[start:], f"not emitted: {last}"
        at = emitted.index(last, start) + 1
        pieces.append("\n".join(emitted[start:at]))
    return "\n...\n".join(pieces)


def curves_of(svg: str) -> dict[str, list[float]]:
    """Return the coordinates of the curves in a picture of `symreg plot`, in points, by their names in it."""
    rows = re.findall(r'<g id="(\w+-\d+)">\s*<path d="([^"]*)"', svg)
    return {name: [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?", path)] for name, path in rows}


def prose_of(text: str) -> str:
    """Return a page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors_of(text: str) -> set[str]:
    """Return what a link into a page may name: its headings, as GitHub spells them."""
    headings = re.findall(r"^#+ (.+)$", prose_of(text), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
