"""What messages show of a text: all of it, or its name, its length and its place; never the half of a formula."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import symreg
from symreg.calculus.domains.conditions import refuse_undefined
from symreg.cli.group import symreg as command
from symreg.derivation.proximal.derive import derive_prox
from symreg.errors import SymregError, excerpt
from symreg.expressions.text import LONGEST_MENTION, mention, to_text
from symreg.language.inline_declarations import read_declaration
from symreg.language.parse import parse
from symreg.language.specs.toml import read_rule
from symreg.objectives.resolve import resolve

SUM = " + ".join(f"a{k}*abs(w - {k})/(1 + w**2)" for k in range(9))
CUBIC = " + ".join(f"a{k}*w**{k + 3}" for k in range(12))
SQUARES = " + ".join(f"a{k}{'b' * 12}*w**2" for k in range(8))
ROOT = " - ".join(["sqrt(-1 - w**2)", *(f"c{k}*w**2" for k in range(12))])


def cli(*arguments: str) -> str:
    made = CliRunner().invoke(command, arguments, standalone_mode=False)
    assert isinstance(made.exception, Exception)
    return str(getattr(made.exception, "message", made.exception))


def failing(call: Callable[[], object]) -> str:
    with pytest.raises(SymregError) as caught:
        call()
    return str(caught.value).partition("\n")[0]


RULE = """
[rule]
name = "mine"
steps = ["{}"]
[params.lr]
"""

MESSAGES: dict[str, tuple[str, Callable[[str], str]]] = {
    "no value anywhere": (ROOT, lambda t: failing(lambda: refuse_undefined(*_term_of(t)))),
    "a switch without listed roots": (
        f"abs({CUBIC} - w)",
        lambda t: failing(lambda: derive_prox(resolve(t))),
    ),
    "a grammar": (f"({SUM}) w +* ({CUBIC})", lambda t: failing(lambda: resolve(t))),
    "an assignment": (SUM, lambda t: failing(lambda: read_rule(RULE.format(t), "mine.toml"))),
    "a declaration": (SUM, lambda t: failing(lambda: read_declaration(t))),
    "a number": ("1." + "1234567890" * 9 + "lam*w", lambda t: failing(lambda: resolve(t))),
    "a missing operator": (f"w {'lam' * 40}*w", lambda t: failing(lambda: parse(t))),
    "a long name": (f"{'lam' * 50}(w)", lambda t: failing(lambda: resolve(t))),
    "a coefficient": (f"{'1.2.3' * 30}*l2", lambda t: failing(lambda: resolve(t))),
    "a renamed parameter": (f"l1({SUM.replace('(', '').replace(')', '')}=mu)", lambda t: failing(lambda: resolve(t))),
    "an audit": (SUM, lambda t: failing(lambda: symreg.audit(t))),
    "a penalty": (SUM, lambda t: failing(lambda: symreg.penalty(t))),
    "a command": (SUM, lambda t: cli(t)),
    "show": (SUM, lambda t: failing(lambda: _invoked("show", "--spec", t))),
    "a setting": (SUM, lambda t: cli("verify", "l2", "--set", t)),
    "two objectives": (SQUARES, lambda t: cli("generate", t, t, "-o", "-", "--timeout", "120")),
}


def _term_of(text: str) -> tuple:  # type: ignore[type-arg]
    (term,) = resolve(text).terms.terms
    return term, term.parameters


def _invoked(*arguments: str) -> None:
    made = CliRunner().invoke(command, arguments, standalone_mode=False)
    if made.exception is not None:
        raise made.exception


def longest_part(text: str, message: str) -> int:
    """Return how much of a text, 20 characters or nothing, a message shows in one piece."""
    flat = " ".join(text.split())
    return max((20 for start in range(len(flat) - 20) if flat[start : start + 20] in message), default=0)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_shows_no_part_of_a_long_formula(name: str) -> None:
    text, call = MESSAGES[name]
    message = call(text)
    assert message and len(message) < 400
    assert text in message or longest_part(text, message) < 20, message


@pytest.mark.parametrize("name", ["an assignment", "a declaration", "an audit", "a command", "show", "a setting"])
def test_a_message_shows_a_short_text_whole(name: str) -> None:
    assert "lam*abs(w) - c" in MESSAGES[name][1]("lam*abs(w) - c")


def test_a_tree_is_shown_whole_or_by_its_length() -> None:
    assert mention(parse("lam*abs(w)")) == "lam*abs(w)"
    text = to_text(parse(CUBIC))
    assert len(text) > LONGEST_MENTION
    assert mention(parse(CUBIC), "a condition") == f"a condition of {len(text)} characters"


@pytest.mark.parametrize("column", [1, 30, 60, 150, 240])
def test_a_line_that_goes_on_beyond_an_excerpt_is_marked_so(column: int) -> None:
    line = "".join(chr(97 + k % 26) for k in range(240))
    shown, caret = (row[4:] for row in excerpt(line, 1, column).split("\n"))
    assert len(shown) == 76
    assert (shown.startswith("..."), shown.endswith("...")) == (column > 39, column < 202)
    assert column > len(line) or shown[caret.index("^")] == line[column - 1]
    assert excerpt("lam*w", 1, 5) == "    lam*w\n        ^"


def test_no_source_cuts_the_text_of_a_tree() -> None:
    cut = re.compile(r"to_text\([^()]*(?:\([^()]*\))?[^()]*\)(?:\[:|:\.\d)|str\((?:tree|expression)\)\[:")
    root = Path(symreg.__file__).parent
    found = [f"{path.name}: {match[0]}" for path in root.rglob("*.py") for match in cut.finditer(path.read_text())]
    assert not found
