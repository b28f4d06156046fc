"""Notations other than the language's own: what each is read as, and what is refused or asked back with which words."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from test_parse import trees

from symreg import catalogue
from symreg.errors import LanguageError, SpecError, SymregError
from symreg.expressions.text import to_text
from symreg.expressions.tree import Tree, names
from symreg.language.inline import inline_penalty
from symreg.language.notation.either import read_either
from symreg.language.notation.functions import KNOWN, MEANINGS, advice
from symreg.language.notation.translation import in_another_notation
from symreg.language.notation.words import words
from symreg.language.parse import parse
from symreg.language.specs.toml import read_penalty
from symreg.objectives.resolve import resolve

UNDERSTOOD = {
    "w^2": "w**2",
    "|w|": "abs(w)",
    "lam|w|": "lam*abs(w)",
    "3|w|^p": "3*abs(w)**p",
    "||w| - c|": "abs(abs(w) - c)",
    "|w||w - 1|": "abs(w)*abs(w - 1)",
    "|w - |w||": "abs(w - abs(w))",
    "|||w|| - 1|": "abs(norm(w) - 1)",
    "lam/2*||w||": "lam/2*norm(w)",
    "||w||_1": "abs(w)",
    "||w||_2": "norm(w)",
    "||w||^2": "w**2",
    "||w||_2^2": "w**2",
    "||w||_p^p": "abs(w)**p",
    "||w||_1^2": "sum(abs(w[i]), i)**2",
    "‖w‖₂²": "w**2",
    "w² + w³": "w**2 + w**3",
    "w⁻²": "w**-2",
    "λ|w| + μw²": "lam*abs(w) + mu*w**2",
    "λ₁|w| + λ₂w²": "lam1*abs(w) + lam2*w**2",
    "log(1 + |w|/ε)": "log(1 + abs(w)/eps)",
    "γ·w×w − β": "gamma*w*w - beta",
    "√(w² + ε²)": "sqrt(w**2 + eps**2)",
    "½ w²": "1/2*w**2",
    "𝜆‖𝐰‖₁": "lam*abs(w)",
    "Σ wᵢ²": "w**2",
    "∑ᵢ |wᵢ|": "abs(w)",
    "where(|w| ≤ 1, w², 2|w| − 1)": "where(abs(w) <= 1, w**2, 2*abs(w) - 1)",
    "lambda*w**2": "lam*w**2",
    "ln(1 + w**2)": "log(1 + w**2)",
    "ln w": "log(w)",
    "sgn(w)*w": "sign(w)*w",
    "relu(w)": "max(w, 0)",
    "(|w| - c)_+": "max(abs(w) - c, 0)",
    "pow(w, 2)": "w**2",
    "square(w)": "w**2",
    "cbrt(w)": "sign(w)*abs(w)**(1/3)",
    "hypot(w, c)": "sqrt(w**2 + c**2)",
    "log10(1 + w**2)": "log(1 + w**2)/log(10)",
    "log2(1 + w**2)": "log(1 + w**2)/log(2)",
    "clip(w, -1, 1)": "min(max(w, -1), 1)",
    "maximum(w, 0)": "max(w, 0)",
    "minimum(abs(w), c)": "min(abs(w), c)",
    "2lam*w": "2*lam*w",
    "lam w**2": "lam*w**2",
    "2 lam (1 - w)": "2*lam*(1 - w)",
    "sum(abs(w))": "abs(w)",
    "lam*sqrt(sum(w**2))": "lam*sqrt(sum(w[i]**2, i))",
    "sum(abs(w))**2": "sum(abs(w[i]), i)**2",
    "norm(w, 1)": "abs(w)",
    "norm(w, 2)": "norm(w)",
    "norm(w)^2": "w**2",
    "norm1(w)": "abs(w)",
    "mean(w^2)": "w**2/n",
    "sum_i w_i^2": "w**2",
    "sum_{i=1}^n |w_i|": "abs(w)",
    "sum_i (w_{i+1} - w_i)^2": "sum((w[i+1] - w[i])**2, i)",
    "sum(w_i**2, i)": "w**2",
    "lam*abs(w_i)": "lam*abs(w)",
    "np.abs(w)": "abs(w)",
    "numpy.log(1 + w**2)": "log(1 + w**2)",
    "torch.log(1 + w**2)": "log(1 + w**2)",
    "math.sqrt(w**2 + 1)": "sqrt(w**2 + 1)",
    "jnp.sum(jnp.abs(w))": "abs(w)",
    "tf.math.log(1 + w**2)": "log(1 + w**2)",
    "np.linalg.norm(w)": "norm(w)",
    "torch.norm(w, p=1)": "abs(w)",
    "w.abs().sum()": "abs(w)",
    "w.pow(2).sum()": "w**2",
    "w.T@w": "w**2",
    "lam*w.T @ w": "lam*w**2",
    "w@w": "w**2",
    "w'w": "w**2",
    "dot(w, w)": "w**2",
    "w^T A w": "sum(sum(A[i, j]*w[i]*w[j], j), i)",
    "R(w) = lam*|w|": "lam*abs(w)",
    "R(theta) = lam*|theta|": "lam*abs(w)",
    "abs(w)  # the lasso": "abs(w)",
    "1 - e**(-w^2)": "1 - exp(-w**2)",
    "e^(-|w|)": "exp(-abs(w))",
    "2**w": "exp(w*log(2))",
    "a**abs(w)": "exp(abs(w)*log(a))",
    "sin^2(pi w)": "sin(pi*w)**2",
    "lam*abs(x)": "lam*abs(w)",
    "x**2": "w**2",
    "l1(lam=mu) + 0.5 l2 + w^4": "l1(lam=mu) + 0.5*l2 + w**4",
    "-w^2": "-w**2",
    r"\left|\left| w \right|\right|": "norm(w)",
    r"R_{reg}(w) = \lambda_{\max} \text{ReLU}(w)": "lam_max*max(w, 0)",
    "where(w != 0, w^2, 0)": "where(not w == 0, w**2, 0)",
    "lam*|w| + c": "lam*abs(w) + c",
    "lam*sum_i |w_i| + c": "lam*sum(abs(w[i]), i) + c",
    r"\|w\|_1 = \sum_i |w_i|": "abs(w)",
    r"N(u) := \sqrt{\sum_k |u_k|^2} = \|u\|_2": "sqrt(sum(abs(w[k])**2, k))",
    r"\alpha\|u\|_{\ell_1} - \|u\|_{L_2}": "alpha*abs(w) - norm(w)",
    r"\tfrac12 w^H w": "1/2*w**2",
    r"\mu\log(1 + |w|/\nu), \quad \mu > 0, \nu > 0": "mu*log(1 + abs(w)/nu)",
    r"\tau |w|^t + g": "tau*abs(w)**t_0 + g_0",
    r"q(u) = u": "w",
    r"\begin{cases} a b & \text{if } & |w| > a b \\ |w| & |w| \le b a \end{cases}": "where(abs(w) > a*b, a*b, abs(w))",
}

REFUSED = {
    r"\beta w^{(3)}": "a raised '(3)' is a label or an exponent",
    r"\|w^{\mathrm{new}}\|_1": "a raised 'new' is a label or an exponent",
    r"\mathbf{u}^T": "a raised T transposes, and nothing stands behind it",
    r"f_k(w)": "begins a product, or a function that is not in the language",
    r"\|w\|_1 + \chi_{+}(w)": "begins the call of a function that is not in the language",
    r"\kappa^2(u) + u^2": "'\\kappa^2(u)' is a product, or the value of a function",
    r"\sigma_{\max}(w^2)": "begins a product, or a function that is not in the language",
    r"\mu^{|k-l|}": "it is not clear which of k, l, mu is the weight",
    r"(k + 1)^\mu": "it is not clear which of k, mu is the weight",
    r"\exp(u^T \beta)": "it is not clear which of beta, u is the weight",
    r"\mathbf{u} - \tau \mathbf{q}^2": "it is not clear which of q, tau, u is the weight",
    r"R(w) = \alpha\|w\|_1 = \sum_i |w_i|": "the sides of '=' are read as alpha*abs(w) and as abs(w)",
    r"\sum_i w_i = 1": "what stands before '='",
    r"u_{k+1} = u_k + \tau u_k": "the sides of '='",
    r"\lambda u, u > 0": "it is not clear which of lam, u is the weight",
    r"R(u) = \lambda u, u > 0": "what stands behind the formula is not read",
    r"\lambda |w|, w > 0": "what stands behind the formula is not read",
    r"\lambda |w|^p, \quad p > 1": "what stands behind the formula is not read",
    r"\min_{u} \|u\|_1": "says what is done with an objective",
    r"\max \|w\|_1": "takes its arguments in brackets",
    r"\tau\|\cdot\|_1": "a dot between bars stands for any vector",
    "|w|x|y|": "as abs(w*abs(x)*y) or as abs(w)*x*abs(y)",
    "1/2w": "'1/2w' reads as (1/2)*w or as 1/(2*w)",
    "1/2||w||^2": "reads as (1/2)*||w||^2 or as 1/(2*||w||^2)",
    "a/b c*|w|": "'a/b c' reads as (a/b)*c or as a/(b*c)",
    "log w^2": "reads as log(w ^ ...) or as log(w) ^ ...",
    "log w/c": "reads as log(w / ...) or as log(w) / ...",
    "√2w": "write the brackets",
    "sin^{-1}(w)": "an inverse by its name",
    "f(w)*|w|": "begins a product, or a function that is not in the language",
    "sum_i w_i^2 + |w_i|": "stands behind the sum over its index",
    r"p_\lambda(|w|)": "begins a product, or a function that is not in the language",
    r"\delta_C(w)": "begins a product, or a function that is not in the language",
    r"\mathbb{E}[w^2]": "a set or an expectation is not read",
    r"\text{lasso: } \lambda \|w\|_1": "'lasso' is not read",
    r"\lambda \|w\|_1 \qquad (3)": "no part of the formula",
    "lam*|w| (lasso)": "an operator is missing before '('",
    r"\rho'(w)": "a derivative is not read",
    r"\|w\|_H^2": "the norm 'H' is not in the language",
    "sum_i w_i |x_i|": "it is not clear which of w, x is the weight",
    "lam*(1 - exp(-x^2))": "as in R(x) = ...",
    "||Aw||^2": "'Aw' is one name",
    "||w||_0": "jumps and has no gradient",
    "||w||_inf": "greatest magnitude of all weights is not in the language",
    "norm(w, inf)": "greatest magnitude of all weights is not in the language",
    "max(abs(w[i]), i)": "the greatest over all weights is not in the language",
    "max(abs(w))": "the greatest over all weights is not in the language",
    "||w||_{2,1}": "groups of weights",
    "sum_g ||w_g||": "groups of weights",
    "||w - v||^2": "write sum((w[i] - v_0[i])**2, i) or (w - v_0)**2",
    "|w|_1": "||w||_1",
    "sum_{i=2}^n |w_i|": "these limits leave out weights",
    "sum_{i<j} |w_i - w_j|": "a sum runs over every index",
    "where(w > 0, w, inf)": "give --domain",
    "w_1^2 + w_2^2": "one weight by its number",
    "erf(w)": "unknown function 'erf'; there are abs, sqrt, exp",
    "sum(w**2, axis=0)": "leave the axis out",
    "|w|, w > 0": "declared by --param",
    "w^w": "nothing that varies with w",
}


def test_there_are_sixty() -> None:
    assert len(UNDERSTOOD) >= 60


@pytest.mark.parametrize("typed", UNDERSTOOD)
def test_a_notation_is_read_as_the_language_has_it(typed: str) -> None:
    read = resolve(typed)
    assert read.notes[0] == f"read as: {UNDERSTOOD[typed]}"
    assert read.text == UNDERSTOOD[typed]
    assert resolve(UNDERSTOOD[typed]).terms == read.terms


@pytest.mark.parametrize("typed", REFUSED)
def test_what_is_not_clear_or_not_there_is_asked_back(typed: str) -> None:
    with pytest.raises(LanguageError, match=re.escape(REFUSED[typed])) as caught:
        resolve(typed)
    assert type(caught.value) is LanguageError  # as it goes from one process to another
    assert caught.value.text == typed
    assert 1 <= caught.value.column <= len(typed)


@pytest.mark.parametrize(
    ("typed", "column"),
    [
        ("λ‖w‖₁ + erf(w)", 9),
        ("lam|w| + erf(w)^2", 10),
        (r"\lambda |w| + \mathrm{erf}(w)", 23),
        (r"\frac{1}{2} w^2 + \foo", 19),
        ("w² + 2w^99", 9),
    ],
)
def test_an_error_points_into_what_was_typed(typed: str, column: int) -> None:
    with pytest.raises(LanguageError) as caught:
        resolve(typed)
    assert (caught.value.text, caught.value.column) == (typed, column)


@pytest.mark.parametrize("name", catalogue.penalties())
def test_a_text_of_the_language_is_read_as_it_stands(name: str) -> None:
    text = to_text(catalogue.penalty(name).expression)
    assert read_either(text, parse) == (parse(text), None)
    assert resolve(text).text == text


def is_in_the_language(text: str) -> bool:
    try:
        parse(text)
    except LanguageError:
        return False
    return True


@settings(max_examples=150)
@given(trees(in_sum=False))
def test_a_tree_in_the_language_is_never_read_in_another_way(tree: Tree) -> None:
    text = to_text(tree)
    assume(is_in_the_language(text))
    assert read_either(text, parse) == (parse(text), None)


@settings(max_examples=150)
@given(trees(in_sum=False))
@example(parse("w + a**2"))
def test_the_reader_of_other_notations_knows_the_language(tree: Tree) -> None:
    """What it adds to a text is all that it changes: with a comment behind, the text is what was there."""
    text = to_text(tree)
    assume(is_in_the_language(text) and "w" in names(tree))
    assert parse(in_another_notation(f"{text} # as it stands").text) == parse(text)


@pytest.mark.parametrize("name", MEANINGS)
def test_a_function_of_another_language_has_a_formula_of_this_one(name: str) -> None:
    for meaning in MEANINGS[name]:
        formula = meaning.formula.replace("where(c,", "where(c > 0,")
        assert names(parse(formula)) == set(meaning.arguments)
        assert meaning.formula in advice(name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("square", "sqrt"),
        ("log10", "log1p"),
        ("norm1", "norm"),
        ("acosh", "cosh"),
        ("asin", "sin"),
        ("atan2", "atan"),
        ("erfc", "erf"),
        ("log3", "log"),
        ("gamma", "max"),
    ],
)
def test_a_name_is_never_taken_for_a_function_with_another_meaning(name: str, meant: str) -> None:
    assert f"did you mean '{meant}'" not in advice(name)


@pytest.mark.parametrize(
    ("name", "meant"), [("abss", "abs"), ("tahn", "tanh"), ("lgo", "log"), ("softpluss", "softplus")]
)
def test_a_slip_is_told_with_the_function_that_was_meant(name: str, meant: str) -> None:
    assert advice(name) == f"; did you mean '{meant}'?"
    assert name not in KNOWN


def test_a_penalty_keeps_the_note_on_how_it_was_read() -> None:
    penalty = inline_penalty("lam*|w|", name="mine")
    assert penalty.notes == ("read as: lam*abs(w)",)
    assert resolve(penalty).notes[0] == "read as: lam*abs(w)"
    with pytest.raises(SpecError, match="does not hold the weights"):
        inline_penalty("lam*mu", name="mine")


def test_a_spec_file_is_told_its_formula_in_the_language() -> None:
    text = '[penalty]\nname = "mine"\nexpr = "lam*|w|^2"\n[params.lam]\n'
    with pytest.raises(LanguageError, match=r"all of it in the language's notation: lam\*abs\(w\)\*\*2") as caught:
        read_penalty(text, "mine.toml")
    assert (caught.value.line, caught.value.column) == (3, 13)


SOUP = words(
    r"\frac { } ^ _ \left( \right) \left| \right| | \| || \sum_i \sum_{j=1}^n w x \lambda & \\ \text{if} \tfrac12 "
    r"\begin{cases} \end{cases} \text{otherwise} 2 12 + - = , ( ) [ ] \{ \} \log \sqrt \mathbf \mathrm $ % ' \max "
    "λ ² ₁ √ ∑ ‖ · − ½ ᵀ w_i w_{i+1} np. w.T @ norm(w e** sum( abs sin # / * ** < <= and not l1 l1(lam=mu) .5 1e"
)


@settings(max_examples=400)
@given(
    st.lists(st.sampled_from(SOUP), max_size=14).map("".join)
    | st.lists(st.sampled_from(SOUP), max_size=20).map(" ".join)
)
def test_no_soup_of_notations_meets_an_unforeseen_error(text: str) -> None:
    refused: SymregError | None = None
    try:
        read = resolve(text)
    except SymregError as error:
        refused = error
    if refused is None:
        assert resolve(read.text).terms == read.terms
        return
    line, *rest = str(refused).split("\n")
    assert refused.exit_code == 2
    assert line.isprintable() and len(line) < 400
    assert not rest or rest[1].strip() == "^"
    assert not isinstance(refused, LanguageError) or refused.text in (text, None)
