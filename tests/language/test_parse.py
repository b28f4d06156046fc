"""The parser and the printer: what is written is what is meant, and what is printed is what was parsed."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from symreg.errors import LanguageError
from symreg.expressions.text import to_text
from symreg.expressions.tree import (
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
from symreg.language.parse import parse
from symreg.objectives.resolve import resolve

W, A = Name("w"), Name("a")


NUMBERS = [Fraction(2), Fraction(0), Fraction(1, 10), Fraction(375, 1000), Fraction(10) ** 30, Fraction(12345, 10**12)]


@st.composite
def trees(draw: st.DrawFn, in_sum: bool, depth: int = 4) -> Tree:
    """Draw a tree; in a sum the weights are `w[i + shift]`."""

    def tree() -> Tree:
        return draw(trees(in_sum, depth - 1))

    def condition(level: int = 2) -> Tree:
        kind = draw(st.sampled_from(["compare", "and", "or", "not"] if level else ["compare"]))
        if kind == "compare":
            return Compare(draw(st.sampled_from(["<", "<=", ">", ">=", "=="])), tree(), tree())
        return Logic(kind, tuple(condition(level - 1) for _ in range(1 if kind == "not" else 2)))

    weight = Item("w", (Subscript("i", draw(st.integers(-3, 3))),)) if in_sum else W
    kind = draw(st.integers(0, 9 if depth else 3))
    match kind:
        case 0 | 1:
            return weight
        case 2:
            return Number(draw(st.one_of(st.sampled_from(NUMBERS), st.integers(0, 10**6).map(Fraction))))
        case 3:
            return draw(st.sampled_from([A, Name("lam"), Constant("pi")]))
        case 4:
            return Negate(tree())
        case 5 | 6:
            return Binary(draw(st.sampled_from(["+", "-", "*", "/"])), tree(), tree())
        case 7:
            return Binary("**", tree(), draw(st.sampled_from([Number(Fraction(2)), A, Negate(A), Binary("/", A, A)])))
        case 8:
            function = draw(st.sampled_from(["abs", "exp", "tanh", "softplus", "min", "logaddexp"]))
            return Call(function, tuple(tree() for _ in range(2 if function in ("min", "logaddexp") else 1)))
        case _:
            return Call("where", (condition(), tree(), tree()))


def refused_for_a_limit(error: LanguageError) -> bool:
    return any(words in error.message for words in ("finite", "divides by zero", "more than", "exponent", "beyond"))


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
        assume(not refused_for_a_limit(error))
        raise
    assert parsed == tree


@given(trees(in_sum=True))
def test_parsing_a_printed_sum_gives_the_sum(tree: Tree) -> None:
    whole = Sum(Binary("*", Item("w", (Subscript("i"),)), tree), "i")
    try:
        parsed = parse(to_text(whole))
    except LanguageError as error:
        assume(not refused_for_a_limit(error))
        raise
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
        ("w if w else w", 3, "write where(condition, a, b)"),
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


def test_a_number_beside_sums_is_counted_once() -> None:
    """It is no function of each weight: sqrt(S + mu) - sqrt(mu) vanishes with S, however many weights there are."""
    (term,) = resolve("sqrt(sum(w[i]**2, i) + mu) - sqrt(mu)").terms.terms
    assert to_text(term.tree) == "sqrt(sum(w[i]**2, i) + mu) - sqrt(mu)"
    beside = resolve("abs(w) + 1 + sum(w[i]**2, i)").terms
    assert [to_text(term.tree) for term in beside.terms] == ["abs(w) + 1", "sum(w[i]**2, i)"]


def test_a_function_of_n_is_a_sum_over_the_weights() -> None:
    (term,) = resolve("i*w**2/n").terms.terms
    assert to_text(term.tree) == "sum(i*w[j]**2/n, j)"
