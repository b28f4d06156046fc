"""The parser and the printer: what is written is what is meant, and what is printed is what was parsed."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symreg.errors import LanguageError
from symreg.language.parse import parse
from symreg.language.text import to_text
from symreg.language.tree import (
    Binary,
    Call,
    Compare,
    Constant,
    Item,
    Logic,
    Name,
    Negate,
    Number,
    Subscript,
    Sum,
    Tree,
)

W, A = Name("w"), Name("a")


@st.composite
def trees(draw: st.DrawFn, in_sum: bool) -> Tree:
    return draw(_trees(in_sum))


def _trees(in_sum: bool) -> st.SearchStrategy[Tree]:
    number = st.one_of(
        st.integers(0, 10**6).map(Fraction),
        st.builds(Fraction, st.integers(0, 999), st.sampled_from([2, 5, 10, 1000])),
        st.sampled_from([Fraction(10) ** 300, Fraction(1, 10**300), Fraction(12345, 10**12)]),
    ).map(Number)
    weight: st.SearchStrategy[Tree] = (
        st.builds(Item, st.just("w"), st.builds(Subscript, st.just("i"), st.integers(-3, 3)).map(lambda s: (s,)))
        if in_sum
        else st.just(W)
    )
    leaf = st.one_of(number, weight, st.sampled_from([A, Name("lam"), Constant("pi")]))

    def grow(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        compare = st.builds(Compare, st.sampled_from(["<", "<=", ">", ">=", "=="]), inner, inner)
        condition = st.recursive(
            compare,
            lambda c: st.one_of(
                st.builds(Logic, st.sampled_from(["and", "or"]), st.tuples(c, c)),
                st.builds(lambda x: Logic("not", (x,)), c),
            ),
            max_leaves=3,
        )
        return st.one_of(
            st.builds(Negate, inner),
            st.builds(Binary, st.sampled_from(["+", "-", "*", "/"]), inner, inner),
            st.builds(
                Binary, st.just("**"), inner, st.sampled_from([Number(Fraction(2)), A, Negate(A), Binary("/", A, A)])
            ),
            st.builds(lambda f, x: Call(f, (x,)), st.sampled_from(["abs", "exp", "tanh", "softplus"]), inner),
            st.builds(lambda f, x, y: Call(f, (x, y)), st.sampled_from(["min", "max", "logaddexp"]), inner, inner),
            st.builds(lambda c, x, y: Call("where", (c, x, y)), condition, inner, inner),
        )

    return st.recursive(leaf, grow, max_leaves=14)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("w - a", Binary("-", W, A)),
        ("w - a + a", Binary("+", Binary("-", W, A), A)),
        ("-w**2", Negate(Binary("**", W, Number(Fraction(2))))),
        ("w*-a", Binary("*", W, Negate(A))),
        ("0.1*w", Binary("*", Number(Fraction(1, 10)), W)),
        ("abs(w) <= a and not w > a", None),
        ("pi*w", Binary("*", Constant("pi"), W)),
        ("w[i-2]", None),
        ("sum(w[i-2], i)", Sum(Item("w", (Subscript("i", -2),)), "i")),
        (
            "where(0 < w <= a, w, a)",
            Call("where", (Logic("and", (Compare("<", Number(Fraction(0)), W), Compare("<=", W, A))), W, A)),
        ),
    ],
)
def test_text_becomes_the_tree_that_it_says(text: str, tree: Tree | None) -> None:
    if tree is None:
        with pytest.raises(LanguageError):
            parse(text)
    else:
        assert parse(text) == tree


@given(trees(in_sum=False))
def test_parsing_a_printed_tree_gives_the_tree(tree: Tree) -> None:
    try:
        parsed = parse(to_text(tree))
    except LanguageError as error:
        assert any(word in str(error) for word in ("finite", "more than", "exponent", "beyond")), error
    else:
        assert parsed == tree


@given(trees(in_sum=True))
def test_parsing_a_printed_sum_gives_the_sum(tree: Tree) -> None:
    whole = Sum(Binary("*", Item("w", (Subscript("i"),)), tree), "i")
    try:
        parsed = parse(to_text(whole))
    except LanguageError as error:
        assert any(word in str(error) for word in ("finite", "more than", "exponent", "beyond")), error
    else:
        assert parsed == whole


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("lam*log(1 + w**2/epss", 8, "never closed"),
        ("lam * w * sum(w[i], i)", 7, "stands bare"),
        ("abss(w)", 1, "did you mean 'abs'"),
        ("w^2", 2, "write '**'"),
        ("2w", 1, "write 2*w"),
        ("w**9**9**9", 7, "an exponent beyond +-64"),
        ("1e400*w", 1, "beyond double precision"),
        ("log(0)*w", 1, "not a finite real number"),
        ("w**w", 4, "nothing that varies with w"),
        ("sum(w[i], i) + w*norm(w)", 16, "stands bare"),
        ("t*w", 1, "reserved"),
        ("w if w else w", 3, "operator is missing"),
        ("sum(sum(w[i], i), i)", 15, "already in use"),
        ("sum(w[k], i)", 7, "not bound"),
        ("sum(w[i+65], i)", 7, "shift beyond"),
        ("\uff57", 1, "not ASCII"),
    ],
)
def test_an_error_names_the_column_and_what_would_be_right(text: str, column: int, words: str) -> None:
    with pytest.raises(LanguageError) as caught:
        parse(text)
    assert caught.value.column == column
    assert words in caught.value.message
    assert str(caught.value).endswith("^")


def test_a_hundred_and_twenty_eight_terms_are_taken_and_one_more_is_not() -> None:
    parse(" + ".join(["w**2"] * 128))
    with pytest.raises(LanguageError, match="128 terms"):
        parse(" + ".join(["w**2"] * 129))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 41 + "w" + ")" * 41,
        "-" * 42 + "w",
        "w" + "*w" * 600,
        "+".join(["2"] * 20_000),
        "w" * 3000,
        "w**2*" * 17 + "w",
    ],
    ids=["brackets", "signs", "product", "addends", "name", "powers"],
)
def test_a_text_past_a_limit_is_refused_at_once(text: str) -> None:
    with pytest.raises(LanguageError):
        parse(text)
