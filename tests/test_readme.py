"""README.md and docs/: each block is carried out as a reader would, each list is what the catalogue gives.

    python tests/test_readme.py [PAGE.md ...]        write outputs, excerpts, pictures and lists anew

What a block is, `pages` in tests/support/ says.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent / "support"))

from pages import Block, anchors_of, blocks_of, carried_out, curves_of, prose_of

import symreg
from symreg import catalogue
from symreg.cli.group import symreg as command_line

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
CATALOGUE = ROOT / "docs" / "catalogue.md"
"""The page that lists the catalogue."""
SET_UP = "Set up"


@dataclass(frozen=True, slots=True)
class Page:
    """A page, its blocks, and the code within its sentences."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def blocks(self) -> tuple[Block, ...]:
        return blocks_of(self.text)

    @property
    def inline(self) -> tuple[str, ...]:
        codes = re.findall(r"`([^`]+)`", prose_of(self.text))
        return tuple(dict.fromkeys(" ".join(code.split()) for code in codes))


PAGES = tuple(Page(path) for path in (README, *sorted((ROOT / "docs").glob("*.md"))))
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler called cc")


def set_up() -> list[str]:
    """Return the commands with which .ci/run begins, which are README's; `set -e` alone lets a failed `a && b` pass."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    return re.findall(r'^say ".* as README.md says"\n(.*) \|\| exit 1$', script, flags=re.MULTILINE)


def listings() -> dict[str, str]:
    """Return what the catalogue gives by the heading that it stands below: two tables and a line of rules."""
    penalties = [("name", "formula", "reference"), ("---",) * 3]
    for name in catalogue.penalties():
        spec = tomllib.loads(catalogue.source_text(name))["penalty"]
        penalties.append((_link("penalties", name), f"`{spec['expr']}`", spec["reference"]))
    losses = [("name", "formula", "y", "reference"), ("---",) * 4]
    for name in catalogue.losses():
        spec = tomllib.loads(catalogue.source_text(name))["loss"]
        losses.append((_link("losses", name), f"`{spec['expr']}`", f"`{spec['label']}`", spec["reference"]))
    return {
        "### Penalties": _table(penalties),
        "### Losses": _table(losses),
        "### Rules": ", ".join(_link("rules", name) for name in catalogue.rules()),
    }


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)


def _link(folder: str, name: str) -> str:
    return f"[{name}]({'../' * (len(CATALOGUE.relative_to(ROOT).parts) - 1)}symreg/catalogue/{folder}/{name}.toml)"


def paragraph_below(heading: str, lines: list[str]) -> range:
    """Return which lines the paragraph or table right below a heading takes."""
    start = lines.index(heading) + 2
    return range(start, [*lines, ""].index("", start))


IN_EVERY_RUN = ("README.md", "docs/properties.md")
"""Pages whose commands every run carries out; `.ci/run` carries out those of all."""


@needs_compiler
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "page",
    [page if page.name in IN_EVERY_RUN else pytest.param(page, marks=pytest.mark.sweep) for page in PAGES],
    ids=lambda page: page.name,
)
def test_blocks_do_what_the_page_says(page: Page, tmp_path: Path) -> None:
    wrong: list[str] = []
    for block, right in carried_out(page.blocks, tmp_path):
        if block.kind == "picture":
            is_right = shows_the_same(page.path.parent / block.text, tmp_path / Path(block.text).name)
        else:
            is_right = block.text == right
        if not is_right:
            wrong.append(f"{page.name}:{block.start + 1}:\n{block.text}\n-- and now:\n{right}")
    assert not wrong, "\n\n".join([*wrong, f"python tests/test_readme.py {page.name} writes it anew"])


def shows_the_same(committed: Path, drawn: Path) -> bool:
    """Are the curves of two pictures the same? Their letters and ticks are matplotlib's, and differ by its version."""
    if not committed.is_file():
        return False
    one, other = curves_of(committed.read_text()), curves_of(drawn.read_text())
    assert one, f"{committed}: no curves"
    return one.keys() == other.keys() and all(other[name] == pytest.approx(one[name], abs=0.01) for name in one)


@pytest.mark.parametrize("heading", listings())
def test_listing_is_what_the_catalogue_gives(heading: str) -> None:
    lines = CATALOGUE.read_text(encoding="utf-8").splitlines()
    rows = paragraph_below(heading, lines)
    assert "\n".join(lines[rows.start : rows.stop]) == listings()[heading], "python tests/test_readme.py writes it anew"


def test_listings_name_all_of_the_catalogue() -> None:
    linked = re.findall(r"symreg/catalogue/(\w+)/(\w+)\.toml\)", CATALOGUE.read_text(encoding="utf-8"))
    files = (ROOT / "symreg" / "catalogue").glob("*/*.toml")
    assert sorted(linked) == sorted((path.parent.name, path.stem) for path in files)


def test_set_up_takes_one_command_for_each_purpose_and_is_what_ci_runs() -> None:
    blocks = [block for block in Page(README).blocks if block.section == SET_UP]
    assert len(blocks) == 2 and all(block.kind == "sh" and len(block.lines) == 1 for block in blocks)
    assert [block.text for block in blocks] == set_up()


def test_readme_is_read_in_minutes() -> None:
    assert len(Page(README).text.splitlines()) <= 150


# What stands within a sentence


@each_page
def test_command_within_a_sentence_can_be_parsed(page: Page) -> None:
    for code in page.inline:
        if re.match(r"(\S*/)?symreg \w", code):
            _, name, *arguments = shlex.split(code)
            command = command_line.commands[name]
            if any(word.isupper() for word in arguments):
                continue  # a pattern, not a command
            with suppress(click.MissingParameter, click.BadOptionUsage):  # a sentence may leave out of what
                command.make_context(name, arguments)


@each_page
def test_option_within_a_sentence_exists(page: Page) -> None:
    known = {
        option
        for command in command_line.commands.values()
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    }
    benchmark = (ROOT / "benchmarks" / "run.py").read_text(encoding="utf-8")
    named = {code for code in page.inline if re.fullmatch(r"--\w[\w-]*", code)}
    assert [option for option in sorted(named - known - {"--help"}) if option not in benchmark] == []


@each_page
def test_name_within_a_sentence_exists(page: Page) -> None:
    named = {name for code in page.inline for name in re.findall(r"^symreg\.(\w+)", code)}
    assert [name for name in sorted(named) if not hasattr(symreg, name)] == []


@each_page
def test_path_or_link_within_a_sentence_exists(page: Page) -> None:
    words = {word for code in page.inline for word in code.split()}
    paths = {word for word in words if re.match(r"(symreg|templates|tests|benchmarks|docs|\.ci)/", word)}
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
    links = re.findall(r"\]\(((?!https?:)[^)]+)\)", prose_of(page.text))
    assert [link for link in links if not leads_somewhere(link, page)] == []


def leads_somewhere(link: str, page: Page) -> bool:
    """Tell whether a link of a page leads to a file, and to a heading of it if it names one."""
    name, _, anchor = link.partition("#")
    path = page.path.parent / name if name else page.path
    return path.exists() and (not anchor or anchor in anchors_of(path.read_text(encoding="utf-8")))


def test_sentences_hold_what_is_looked_for() -> None:
    codes = [code for page in PAGES for code in page.inline]
    assert len([code for code in codes if code.startswith("symreg ")]) > 4
    assert len([code for code in codes if code.startswith("symreg.")]) > 2
    assert len([code for code in codes if code.startswith("--")]) > 2


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
        ("![a curve](curve.svg)\n", "no block before this one draws curve.svg"),
        ("<!-- not run -->\n```sh\nfalse\n```\n", "only fenced blocks"),
        ("<!-- not run: it fails -->\n## Next\n```sh\nfalse\n```\n", "exit code 1"),
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
        ("```sh\necho > a.svg\n```\n![a](docs/a.svg)\n", "docs/a.svg", "docs/a.svg"),
    ],
)
def test_block_that_repeats_is_compared(text: str, said: str, expected: str, tmp_path: Path) -> None:
    ((block, right),) = carried_out(blocks_of(text), tmp_path)
    assert (block.text, right) == (said, expected)


@pytest.mark.parametrize("mark", ["not run: it fails", "not run without no_such_module"])
def test_nothing_is_run_below_a_mark(mark: str, tmp_path: Path) -> None:
    text = f"<!-- {mark} -->\n```sh\nfalse\n```\n```text\nout\n```\n"
    assert list(carried_out(blocks_of(text), tmp_path)) == []


def test_what_needs_a_module_is_run_where_it_is() -> None:
    assert all(block.is_run for block in blocks_of("<!-- not run without pytest -->\n```sh\nls\n```\n"))


def test_headings_are_found_as_links_name_them() -> None:
    assert anchors_of("# A `prox` of l_1, by cases\n```sh\n# not this\n```\n") == {"a-prox-of-l_1-by-cases"}


def test_picture_that_shows_something_else_is_noticed(tmp_path: Path) -> None:
    committed, drawn = ROOT / "docs" / "pictures" / "path.svg", tmp_path / "path.svg"
    drawn.write_text(committed.read_text())
    assert shows_the_same(committed, drawn)
    drawn.write_text((committed.parent / "question.svg").read_text())
    assert not shows_the_same(committed, drawn) and not shows_the_same(tmp_path / "missing.svg", drawn)
    name, coordinates = next(iter(curves_of(committed.read_text()).items()))
    assert name == "gradient-2" and len(coordinates) >= 4
    drawn.write_text(committed.read_text().replace(f"{coordinates[1]:.6f}".rstrip("0"), f"{coordinates[1] + 1:.6f}"))
    assert not shows_the_same(committed, drawn)


def test_index_names_every_page() -> None:
    links = set(re.findall(r"\]\(([^)#]+)", (ROOT / "docs" / "README.md").read_text(encoding="utf-8")))
    assert sorted(path.name for path in (ROOT / "docs").glob("*.md") if path.name not in links | {"README.md"}) == []


def rewrite(page: Page) -> None:
    """Write a page anew: outputs, excerpts, pictures and what the catalogue gives."""
    lines = page.text.splitlines()
    changes: list[tuple[range, str]] = []
    if page.path == CATALOGUE:
        changes += [(paragraph_below(heading, lines), text) for heading, text in listings().items()]
    with tempfile.TemporaryDirectory() as folder:
        for block, right in carried_out(page.blocks, Path(folder)):
            if block.kind == "picture":
                shutil.copyfile(Path(folder) / Path(block.text).name, page.path.parent / block.text)
            else:
                changes.append((range(block.start, block.start + len(block.lines)), right))
    for rows, right in sorted(changes, key=lambda change: change[0].start, reverse=True):
        lines[rows.start : rows.stop] = right.splitlines()
    page.path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for path in sys.argv[1:] or [page.path for page in PAGES]:
        rewrite(Page(Path(path).resolve()))
