"""Random input: text, token soup, broken expressions and broken spec files only ever meet errors meant for users."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from symreg import catalogue
from symreg.derivation.gradient import derive
from symreg.errors import LanguageError, SymregError
from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.text import to_text
from symreg.language.inline_declarations import read_declaration
from symreg.language.parse import parse
from symreg.language.specs.toml import read_penalty, read_rule
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TOKENS = (
    *FUNCTIONS,
    *_words("w w w w[i] w[i+1] A[i,j] lam eps n t pi g i j 0 1 2 0.5 1e-3 3/4 + - * / ** ( ) , < <= == and or not"),
    *_words("= [ ] . ' \" : ; # @ \\ l1 0.5*l2 atan l1(lam=mu) lambda __class__ 9**9 where(w>0,w**2,0)"),
    "\n",
    "\r",
    "where(w >= 0, ",
)
"""What expressions are made of, and what they must not be made of."""

FORMULAS = tuple(
    match.group(1)
    for name in (*catalogue.penalties(), *catalogue.rules())
    for match in re.finditer(r'"([^"\n]*w[^"\n]*)",?\n', catalogue.source_text(name))
)
SPECS = tuple(catalogue.source_text(name) for name in (*catalogue.penalties(), *catalogue.rules()))
GRADIENT_DESCENT = resolve_rule("gradient_descent")


def check(error: SymregError, source: str = "") -> None:
    """Check that an error may be shown: one line that names its source, and below it at most the text and a caret."""
    line, *rest = str(error).split("\n")
    assert line.startswith(source)
    assert error.exit_code == 2
    assert line.isprintable() and len(line) < 400
    assert len(rest) == (2 if isinstance(error, LanguageError) and error.text is not None else 0)
    if rest:
        assert isinstance(error, LanguageError) and error.text is not None
        assert 1 <= error.line <= error.text.count("\n") + 1
        assert rest[1].strip() == "^" and len(rest[1]) <= max(len(rest[0]), 4) + 1


@st.composite
def broken(draw: st.DrawFn, texts: tuple[str, ...], most: int = 4) -> str:
    """Draw a text from `texts` with pieces of it taken out, doubled, moved or replaced."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, most))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        piece = draw(
            st.one_of(
                st.just(""),
                st.sampled_from(TOKENS),
                st.just(text[start:end] * 2),
                st.characters(),
                st.just(text[:start]),
            )
        )
        text = text[:start] + piece + text[end:]
    return text


soup = st.lists(st.sampled_from(TOKENS), max_size=24).map(" ".join) | st.lists(
    st.sampled_from(TOKENS), max_size=12
).map("".join)
expressions = st.one_of(st.text(max_size=60), soup, broken(FORMULAS))


@settings(max_examples=300)
@given(expressions)
@example("w" * 70 + "\n" + "(" * 50)
def test_no_expression_meets_an_unforeseen_error(text: str) -> None:
    try:
        resolve(text)
    except SymregError as error:
        check(error)


SHAPES = (
    *_words("({}+{}) ({}-{}) {}*{} {}/{} {}*{} ({})**2 ({})**0.5 ({})**lam ({})**-1 abs({}) abs({}) sqrt({}) exp({})"),
    *_words("log({}) log1p({}) sin({}) tanh({}) atan({}) sign({}) max({},{}) min({},{}) logaddexp({},{}) softplus({})"),
    "where({} < {}, {}, {})",
    "where({} <= lam and not {} == 0, {}, {})",
)
elementwise = st.recursive(
    st.sampled_from(_words("w w w w lam eps 0 1 2 0.5 pi n")),
    lambda inner: st.builds(str.format, st.sampled_from(SHAPES), inner, inner, inner, inner).map(
        lambda text: f"{text}"
    ),
    max_leaves=6,
).filter(lambda text: len(text) < 60)
whole_formulas = st.one_of(
    elementwise,
    elementwise.map(lambda text: f"sum({re.sub('w(?![a-z])', 'w[i]', text)}, i)"),
    elementwise.map(lambda text: f"sum({re.sub('w(?![a-z])', '(w[i+1] - w[i])', text)}, i)"),
    elementwise.map(lambda text: re.sub("w(?![a-z])", "norm(w)", text)),
)


@settings(max_examples=300)
@given(
    st.one_of(expressions, whole_formulas, st.tuples(whole_formulas, whole_formulas).map("({0[0]})/({0[1]})".format))
)
def test_what_parses_is_printed_and_parses_to_the_same(text: str) -> None:
    try:
        tree = parse(text)
    except LanguageError as error:
        check(error)
        return
    assert parse(to_text(tree)) == tree


@settings(max_examples=100)
@given(st.one_of(whole_formulas, broken(FORMULAS, most=1)))
def test_no_derivation_of_what_resolves_meets_an_unforeseen_error(text: str) -> None:
    try:
        chain = derive(resolve(text), GRADIENT_DESCENT)
    except SymregError as error:
        check(error)
        return
    assert chain.steps


@pytest.mark.one_in(2)
@settings(max_examples=150)
@given(st.one_of(st.text(max_size=80), broken(SPECS)))
@pytest.mark.parametrize("read", [read_penalty, read_rule])
def test_no_spec_file_meets_an_unforeseen_error(read: type, text: str) -> None:
    try:
        read(text, "my.toml")
    except SymregError as error:
        check(error, source="my.toml")


toml_values = st.recursive(
    st.one_of(
        st.integers().map(str),
        st.floats().map(repr),
        st.sampled_from(
            ["true", '"w"', '"lam*w**2"', '"w = w - g"', '["n"]', '["n", "n"]', "2020-01-01", '"(0, inf)"']
        ),
        st.text(max_size=8).map(lambda text: '"' + "".join(f"\\U{ord(c):08x}" for c in text) + '"'),
    ),
    lambda inner: st.lists(inner, max_size=3).map(lambda rows: f"[{', '.join(rows)}]"),
    max_leaves=6,
)
toml_keys = st.sampled_from(
    _words(
        "name title expr steps reference domain doc default latex shape penalty rule params state arrays lam w A m x.y"
    )
)
toml_lines = st.one_of(
    st.builds("{} = {}".format, toml_keys, toml_values),
    st.sampled_from(
        ["[penalty]", "[rule]", "[params.lam]", "[params.w]", "[arrays.A]", "[state]", "[params]", '[params."\\n"]']
    ),
)


@pytest.mark.one_in(2)
@settings(max_examples=150)
@given(st.lists(toml_lines, max_size=12).map("\n".join))
@pytest.mark.parametrize("read", [read_penalty, read_rule])
def test_no_arrangement_of_keys_meets_an_unforeseen_error(read: type, text: str) -> None:
    try:
        read(text, "my.toml")
    except SymregError as error:
        check(error)


@settings(max_examples=200)
@given(st.one_of(st.text(max_size=30), broken(("c: (0, inf) = 2", "lam: positive = 1", "a: [0, 1) = 0.5"))))
def test_no_declaration_meets_an_unforeseen_error(text: str) -> None:
    try:
        parameter = read_declaration(text)
    except SymregError as error:
        check(error)
        return
    assert parameter.default in parameter.domain
