"""Derivations as text, Markdown and JSON: what is printed means what the tree means, fits, and says the right thing."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any, Literal

import pytest
from derived import chain_of
from hypothesis import given, settings
from hypothesis import strategies as st
from paper_values import of_latex, of_text, of_tree

import symreg
from symreg import catalogue
from symreg.calculus.differentiation.step import Step
from symreg.calculus.pieces.knot import Knot
from symreg.derivation.model import Direction, GradientDerivation, Sign
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
    free_indices,
    substitute,
    transform,
)
from symreg.language.parse import parse
from symreg.model.interval import WORDS
from symreg.model.objective import Objective
from symreg.model.spec import Assignment, Parameter, Rule
from symreg.model.terms import Term, Terms
from symreg.objectives.resolve import resolve
from symreg.presentation import Derivation
from symreg.presentation.markdown import escape as escape_markdown
from symreg.presentation.mathematics.latex import formula as latex_formula
from symreg.presentation.mathematics.layout import broken
from symreg.presentation.mathematics.notation import Notation, is_symbol, latex_symbol
from symreg.presentation.mathematics.text import formula as text_formula
from symreg.presentation.outline.outline import outline

WJ = Item("w", (Subscript("j"),))
NOTATION = Notation({"lam": r"\lambda"})


def chain(gradient: Tree, *, title: str = "", rule_title: str = "", **more: Any) -> GradientDerivation:
    """Return a chain made by hand: `R = lam*w**2` and one step that says that its derivative is `gradient`."""
    lam = Parameter(name="lam", domain=WORDS["positive"], default=0.1, latex=r"\lambda", doc=title)
    term = Term(name="made", coefficient=Fraction(1), tree=parse("lam*w**2"), domain=WORDS["real"], parameters=(lam,))
    rate = Parameter(name="lr", domain=WORDS["positive"], default=0.01, latex=r"\eta", doc=rule_title)
    update = Binary("-", WJ, Binary("*", Name("lr"), gradient))
    rule = Rule(
        name="gradient_descent",
        title=rule_title,
        steps=(Assignment(target="w", expression=parse("w - lr*g", in_rule=True, known=["lr"])),),
        states=(),
        parameters=(rate,),
        reference=rule_title,
    )
    steps = (
        Step(rule="power rule", before=Call("d", (Name("R"),)), after=gradient, why="only i = j holds w_j"),
        Step(rule="gradient descent", before=update, after=update, target="w"),
    )
    objective = Objective(
        name="made", title=title, terms=Terms(terms=(term,)), text="lam*w**2", references=(title,), notes=()
    )
    made = GradientDerivation(objective=objective, rule=rule, steps=steps, gradient=gradient, update=(("w", update),))
    return replace(made, **more)


def long_sum(terms: int) -> Tree:
    """Return a sum of so many different terms, some of them fractions."""
    text = " + ".join(f"a_{k}*w**{k % 5 + 1}/(b + {k}.25*abs(w))" for k in range(terms))
    return transform(parse(text), lambda node: WJ if node == Name("w") else node)


def nested(depth: int) -> Tree:
    tree: Tree = WJ
    for k in range(depth):
        tree = Call(("exp", "log", "abs", "sqrt")[k % 4], (Binary("+", tree, Name("a_very_long_parameter_name")),))
    return tree


def tower(step: str, height: int) -> Tree:
    """Return `step` put into itself at `w`, so many times."""
    tree: Tree = WJ
    for _ in range(height):
        tree = substitute(parse(step), {Name("w"): tree})
    return tree


MONSTERS = {
    "a tower of exp": tower("exp(w)", 40),
    "a continued fraction": tower("a/(b + w)", 20),
    "a tower of fractions": tower("b*(c + w)/(d*a)", 20),
    "a tower of roots": tower("sqrt(1 + w**2)", 20),
    "a tower of choices": tower("where(w > a, b/w, w)", 4),
    "sixty terms": long_sum(60),
    "nested": nested(38),
    "a long number": Binary("*", Number(Fraction(int("12345678901234567890" * 12), 10**200)), WJ),
    "a product of sums": parse("*".join(f"(aaaa{k} + bbbb{k} - cccc{k}*dddd{k})" for k in range(30))),
    "quotients of quotients": parse("(" * 9 + "a + b" + "".join(f")/(c{k} + d{k})" for k in range(9))),
    "many pieces": parse(
        "where(" * 12 + "a < b, a, b)" + "".join(f" < e{k}, e{k}*(a + b - {k}), e{k}**2/b)" for k in range(11))
    ),
    "long exponents": parse("(a + b)**(" + " + ".join(f"c{k}*d{k}/e" for k in range(20)) + ")"),
    "long names": parse("*".join(f"{'n' * 30}{k}" for k in range(20))),
}

HOSTILE = (
    r"\input{/etc/passwd} \end{document} $x^2$ #1 %comment & ~ ^ _ { } | < > \" ' ` -- --- ?` !`",
    "<script>alert(1)</script> [link](javascript:alert) ![i](x) @everyone https://x.y **bold** `code` # head | cell",
    "m" * 200,
    "caf\u00e9 \u202e\x07\n\ttab \\",
)


CHAINS: dict[str, Callable[[], GradientDerivation]] = {
    **{name: partial(chain_of, name) for name in catalogue.penalties()},
    **{
        f"{name} with {rule}": partial(chain_of, name, rule)
        for name, rule in (("log_sum", "adam"), ("l1", "lion"), ("first_difference", "adamw"), ("scad", "nadam"))
    },
    **{name: partial(chain, tree) for name, tree in MONSTERS.items()},
    **{
        f"hostile {text[:12]!r}": partial(chain, parse("lam"), title=text, rule_title=text, notes=(text,))
        for text in HOSTILE
    },
}
"""What is printed, derived when it is asked for."""


@st.composite
def trees(draw: st.DrawFn, depth: int = 4) -> Tree:
    def tree() -> Tree:
        return draw(trees(depth - 1))

    def condition(level: int = 2) -> Tree:
        kind = draw(st.sampled_from(["compare", "and", "or", "not"] if level else ["compare"]))
        if kind == "compare":
            return Compare(draw(st.sampled_from(["<", "<=", ">", ">=", "=="])), tree(), tree())
        return Logic(kind, tuple(condition(level - 1) for _ in range(1 if kind == "not" else 2)))

    numbers = st.sampled_from(["0", "1", "2", "7", "0.5", "1.25", "1/3", "22/7", "0.1", "1e-8", "2.5e-12", "1e30"])
    weight = Item("w", (Subscript("j", draw(st.integers(-2, 2))),))
    match draw(st.integers(0, 12 if depth else 3)):
        case 0:
            return Number(Fraction(draw(numbers)))
        case 1:
            return weight
        case 2:
            return Item("A", (Subscript("j", draw(st.integers(-1, 1))), Subscript("j")))
        case 3:
            return draw(st.sampled_from([Name("a"), Name("lam"), Constant("pi"), Call("norm", (Name("w"),))]))
        case 4:
            return Negate(tree())
        case 5 | 6 | 7:
            return Binary(draw(st.sampled_from("+-*/")), tree(), tree())
        case 8:
            power = st.sampled_from(["2", "3", "0.5", "a", "-1", "-a", "lam/2", "a - 1", "(a*lam)", "a**lam", "-a/lam"])
            return Binary("**", tree(), parse(draw(power)))
        case 9:
            function = draw(st.sampled_from(["abs", "exp", "tanh", "softplus", "sqrt", "log1p", "expm1", "sign"]))
            return Call(function, (tree(),))
        case 10:
            return Call(draw(st.sampled_from(["min", "max", "logaddexp"])), (tree(), tree()))
        case 11:
            return Call("where", (condition(), tree(), tree()))
        case _:
            index = draw(st.sampled_from("ik"))
            return Sum(Binary(draw(st.sampled_from("+-*")), Item("w", (Subscript(index),)), tree()), index)


@given(trees())
@settings(max_examples=200)
def test_text_means_what_the_tree_means(tree: Tree) -> None:
    assert of_text(text_formula(tree, NOTATION).flat) == of_tree(tree)


@given(trees(), st.integers(20, 60))
@settings(max_examples=100)
def test_broken_text_means_what_the_tree_means_and_fits(tree: Tree, width: int) -> None:
    for step in (0, 4):
        lines = broken(text_formula(tree, NOTATION), width, step=step)
        assert of_text(" ".join(line.text for line in lines)) == of_tree(tree)
        assert all(line.indent + len(line.text) <= width for line in lines)


@given(trees())
@settings(max_examples=200)
def test_latex_means_what_the_tree_means(tree: Tree) -> None:
    assert of_latex(latex_formula(tree, NOTATION).flat) == of_tree(tree)


@given(trees(), st.integers(9_000, 30_000))
@settings(max_examples=100)
def test_broken_latex_means_what_the_tree_means(tree: Tree, width: int) -> None:
    lines = broken(latex_formula(tree, NOTATION), width, step=2_000, deepest=width // 3)
    assert of_latex(" ".join(line.text for line in lines)) == of_tree(tree)
    for line in lines:
        bare = line.text.replace(r"\{", "").replace(r"\}", "")
        assert bare.count("{") == bare.count("}"), line
        assert line.text.count(r"\left") - line.text.count(r"\leftarrow") == line.text.count(r"\right"), line


@pytest.mark.parametrize(
    ("tree", "text", "latex"),
    [
        ("2*lam*w", "2*lam*w", r"2 \lambda w"),
        ("lam*abs(w) - w**2/(2*a)", "lam*|w| - w^2/(2*a)", r"\lambda \lvert w\rvert - \frac{w^2}{2 a}"),
        ("a - (b - c)", "a - (b - c)", "a - (b - c)"),
        ("a*(b + c)", "a*(b + c)", "a (b + c)"),
        ("(a*b)**2", "(a*b)^2", "(a b)^2"),
        ("-a**2", "-a^2", "-a^2"),
        ("(-a)**2", "(-a)^2", "(-a)^2"),
        ("a/b/c", "a/(b*c)", r"\frac{a}{b c}"),
        ("a*-2*b", "-2*a*b", "-2 a b"),
        ("0.5*w**2", "1/2*w^2", r"\frac{w^2}{2}"),
        ("exp(-w**2/a)", "exp(-w^2/a)", "e^{-w^2/a}"),
        ("cosh(w)**2", "cosh(w)^2", r"\cosh^2(w)"),
        ("where(0 < w and w <= a, 1, 2)", "{1 if 0 < w <= a; 2 otherwise}", None),
        ("lam*sum(w[i]**2, i)", "lam*sum_i w_i^2", r"\lambda \sum_{i} w_i^2"),
        ("sum(w[i], i)**2", "(sum_i w_i)^2", r"\Bigl(\sum_{i} w_i\Bigr)^2"),
        ("sum(w[i], i)/n", "1/n*sum_i w_i", r"\frac{1}{n} \sum_{i} w_i"),
        ("1/2*w**2", "w^2/2", r"\frac{w^2}{2}"),
        ("1e-8", "1e-8", "10^{-8}"),
    ],
)
def test_a_formula_is_written_as_on_paper(tree: str, text: str, latex: str | None) -> None:
    made = parse(tree)
    assert text_formula(made, NOTATION).flat == text
    assert latex is None or latex_formula(made, NOTATION).flat == latex


@pytest.mark.one_in(7)
@pytest.mark.parametrize("name", CHAINS)
def test_text_is_ascii_and_no_line_is_wider_than_80(name: str) -> None:
    made = CHAINS[name]()
    lines = Derivation(made).text().splitlines()
    assert len(lines) > 5
    for line in lines:
        assert line == line.rstrip() and line.isascii() and line.isprintable() and len(line) <= 80, line


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", CHAINS)
def test_json_is_the_chain_as_data(name: str) -> None:
    made = CHAINS[name]()
    data = json.loads(Derivation(made).to_json())
    assert data["schema_version"] == 1
    assert [step["rule"] for step in data["steps"]] == [step.rule for step in made.steps]
    assert len(data["objective"]["parameters"]) == len(made.objective.terms.parameters)
    for shown, parameter in zip(data["rule"]["parameters"], made.rule.parameters, strict=True):
        assert (shown["name"], shown["default"]) == (parameter.name, parameter.default)
        assert shown["domain"] == str(parameter.domain)
    for shown, step in zip(data["steps"], made.steps, strict=True):
        assert set(shown) == {"rule", "before", "after", "why", "condition", "target", "is_bound"}
        assert (shown["why"], shown["target"]) == (step.why, step.target)
        assert (shown["before"], shown["after"]) == (to_text(step.before), to_text(step.after))
        assert shown["condition"] == (None if step.condition is None else to_text(step.condition))
    assert data["gradient"] == to_text(made.gradient)
    assert [(u["target"], u["expression"]) for u in data["update"]] == [(n, to_text(tree)) for n, tree in made.update]
    for shown, knot in zip(data["knots"], made.knots, strict=True):
        sides = (knot.position, knot.left, knot.right, knot.chosen)
        assert [shown[key] for key in ("position", "left", "right", "chosen")] == [to_text(tree) for tree in sides]
        assert shown["is_kink"] is knot.is_kink
    assert [(d["side"], d["sign"]) for d in data["directions"]] == [(d.side, d.sign) for d in made.directions]
    assert [b["condition"] for b in data["bounds"]] == [to_text(b.condition) for b in made.bounds]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", catalogue.penalties())
def test_every_expression_in_json_parses_to_its_tree(name: str) -> None:
    made = chain_of(name)
    found = [tree for s in made.steps for tree in (s.before, s.after, s.condition) if tree is not None]
    found += [tree for k in made.knots for tree in (k.position, k.left, k.right, k.chosen)]
    found += [made.gradient, *(tree for _, tree in made.update)]
    assert len(found) > 10
    for tree in found:
        assert _read(to_text(tree), tree) == tree


@pytest.mark.sweep
@pytest.mark.parametrize("rule", catalogue.rules())
def test_every_entry_reads_well_with_every_rule(rule: str) -> None:
    for name in catalogue.penalties():
        made = Derivation(chain_of(name, rule))
        assert max(map(len, made.text().splitlines())) <= 80, name
        assert json.loads(made.to_json())["rule"]["name"] == rule
        assert "operatorname" not in made.markdown()


_STAND_INS = {"inf": "q_inf", "nan": "q_nan", "t": "q_t", "g[": "q_g[", "v[": "q_v["}
_IN_RANGE = Number(Fraction(918_273))


def _read(text: str, tree: Tree) -> Tree:
    """Return what the language's parser makes of an expression in a derivation's JSON; `tree` says what is free."""
    formal = next(name for name in ("tan", "sinh", "softplus", "expm1") if name not in text)
    text = re.sub(r"\bin_range\((w\[[^]]*\])\)", r"\1 < 918273", re.sub(r"\bd\(", f"{formal}(", text))
    for word, stand_in in _STAND_INS.items():
        assert stand_in not in text
        text = re.sub(rf"(?<!\w){re.escape(word)}" + (r"\b" if word.isalpha() else ""), stand_in, text)

    def back(node: Tree) -> Tree:
        match node:
            case Call(function, arguments) if function == formal:
                return Call("d", arguments)
            case Compare("<", element, right) if right == _IN_RANGE:
                return Call("in_range", (element,))
            case Name("q_inf" | "q_nan" as name):
                return Constant(name[2:])
            case Name(name):
                return Name(name.removeprefix("q_"))
            case Item(array, subscripts):
                return Item(array.removeprefix("q_"), subscripts)
            case _:
                return node

    if isinstance(tree, Compare | Logic):
        return transform(parse(f"where({text}, 1, 2)", indices=free_indices(tree)), back).arguments[0]
    return transform(parse(text, indices=free_indices(tree)), back)


EXPECTED_L2 = """\
l2 - Squared L2 norm (ridge, weight decay)                 lam > 0 (default 0.1)
   Hoerl & Kennard (1970), Technometrics 12(1):55-67
with gradient_descent - Gradient descent                   lr > 0 (default 0.01)
   Robbins & Monro (1951), Ann. Math. Stat. 22(3):400-407; torch.optim.SGD

1  objective         O(w) = L(w) + R(w)    the loss and the penalty
2  penalty           R(w) = sum_i lam*w_i^2    as it was written
3  sum rule          dO/dw_j = g_j + dR/dw_j    g_j = dL/dw_j
4  index sum         d(sum_i lam*w_i^2)/dw_j = d(lam*w_j^2)/dw_j
                     (only i = j holds w_j)
"""


def test_l2_reads_like_a_page_of_a_textbook() -> None:
    text = Derivation(chain_of("l2")).text()
    assert text.startswith(EXPECTED_L2)
    assert "   w_j < 0   dR/dw_j < 0, so the step moves w_j up, toward the origin\n" in text
    assert "   w_j > 0   dR/dw_j > 0, so the step moves w_j down, toward the origin\n" in text
    assert re.search(r'"small enough": no overshoot iff (lr\*lam|lam\*lr) <= 1/2; contraction iff \1 < 1\n', text)
    assert text.endswith("symreg verify l2 --rule gradient_descent\n")


@pytest.mark.parametrize(("objective", "least", "most"), [("3*lam*w**2", "1/6", "1/3"), ("lam*w**2/2", "1", "2")])
def test_the_bounds_on_the_step_are_the_penalty_s_own(objective: str, least: str, most: str) -> None:
    text = " ".join(Derivation(chain_of(objective)).text().split())
    assert re.search(rf"no overshoot iff (lr\*lam|lam\*lr) <= {least}; contraction iff \1 < {most} ", text)


SIGNS = ("negative", "nonpositive", "zero", "nonnegative", "positive", "both", "undecided")


@pytest.mark.parametrize("name", catalogue.penalties())
def test_the_gradient_is_stated_once_before_it_is_used(name: str) -> None:
    made = chain_of(name)
    said = [e.equation for e in outline(made).entries if e.equation.left == Call("d", (Name("R"),))]
    assert [made.gradient in equation.rights for equation in said if not _is_at_a_point(equation.condition)] == [True]


def _is_at_a_point(condition: Tree | None) -> bool:
    return isinstance(condition, Compare) and condition.operator == "=="


@pytest.mark.parametrize("name", catalogue.penalties())
def test_every_elementwise_penalty_closes_with_what_it_does_to_a_weight(name: str) -> None:
    terms = resolve(name).terms
    text = Derivation(chain_of(name)).text()
    _, _, said = text.partition("What the penalty does to a weight\n")
    if terms.indexed:
        assert not said
        return
    sides = {"positive": r"^   (w_j > |0 < w_j|\w.* < w_j)", "negative": r"^   (w_j < |-.* < w_j < 0)"}
    for side, pattern in sides.items():
        is_allowed = any((1 if side == "positive" else -1) * x in terms.terms[0].domain for x in (0.01, 1, 1e9))
        assert bool(re.search(pattern, said, re.MULTILINE)) is is_allowed, (side, said)


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("side", ["negative", "positive"])
def test_a_direction_says_which_way_the_weight_moves(side: Literal["negative", "positive"], sign: Sign) -> None:
    text = Derivation(chain(parse("lam"), directions=(Direction(side=side, sign=sign),))).text()
    (line,) = re.findall(rf"^   w_j {'<' if side == 'negative' else '>'} 0 +(.*(?:\n    .*)*)", text, re.MULTILINE)
    line = " ".join(line.split())
    if sign in ("negative", "nonpositive", "positive", "nonnegative"):
        is_up = sign in ("negative", "nonpositive")
        assert ("moves w_j up," in line) is is_up and ("moves w_j down," in line) is not is_up
        assert ("toward the origin" in line) is (is_up == (side == "negative"))
        assert ("away from the origin" in line) is (is_up != (side == "negative"))
        assert ("or leaves it where it is" in line) is sign.startswith("non")
    else:
        said = {"zero": "leaves w_j where it is", "both": "takes both signs", "undecided": "was not decided"}
        assert said[sign] in line


def test_a_direction_on_a_part_of_a_side_names_the_part() -> None:
    inner = Compare("<", Call("abs", (Name("w"),)), Name("lam"))
    outer = Compare(">", Call("abs", (Name("w"),)), Name("lam"))
    between = Logic("and", (Compare(">", Name("w"), Name("lam")), Compare("<", Name("w"), parse("2*lam"))))
    strange = Compare("<", parse("w**2"), Name("lam"))
    made = chain(
        parse("lam"),
        directions=(
            Direction(side="negative", sign="negative", where=inner),
            Direction(side="negative", sign="zero", where=outer),
            Direction(side="positive", sign="zero", where=between),
            Direction(side="positive", sign="undecided", where=strange),
        ),
    )
    text = Derivation(made).text()
    assert re.search(r"^   w_j < -lam +dR/dw_j = 0", text, re.MULTILINE)
    assert re.search(r"^   -lam < w_j < 0 +dR/dw_j < 0", text, re.MULTILINE)
    assert re.search(r"^   lam < w_j < 2\*lam +dR/dw_j = 0", text, re.MULTILINE)
    assert re.search(r"^   w_j > 0 and w_j\^2 < lam +the sign of dR/dw_j was not decided", text, re.MULTILINE)


def test_without_bounds_and_directions_nothing_is_said_of_them() -> None:
    text = Derivation(chain(parse("lam"))).text()
    assert "small enough" not in text and "What the penalty does" not in text


def test_knots_are_told_with_both_sides_and_the_choice() -> None:
    lam = Name("lam")
    knots = (
        Knot(position=parse("0"), left=Negate(lam), right=lam, kind="convex kink", chosen=parse("0")),
        Knot(position=lam, left=lam, right=parse("3*lam"), kind="convex kink", chosen=lam),
        Knot(position=parse("2*lam"), left=lam, right=lam, kind="smooth", chosen=lam),
        Knot(position=parse("3*lam"), left=lam, right=Constant("nan"), kind="undecided", chosen=lam),
    )
    text = " ".join(Derivation(chain(parse("lam"), knots=knots)).text().split())
    assert "w_j = 0 -lam from the left, lam from the right; 0 lies between them" in text
    assert "w_j = lam lam from the left, 3*lam from the right; lam is the one nearer to 0" in text
    assert "w_j = 2*lam the derivative is lam from either side" in text
    assert "w_j = 3*lam the domain ends here; from the left the derivative is lam" in text


def test_pieces_stand_one_below_the_other() -> None:
    text = Derivation(chain_of("mcp")).text()
    at = text.index("{ lam*sign(w_j) - w_j/gamma   if |w_j| <= gamma*lam")
    column = at - text.rindex("\n", 0, at)
    following = text[text.index("\n", at) :].splitlines()[1]
    assert following[column - 1 :] == "{ 0                           otherwise"


def test_a_command_is_shown_as_it_can_be_typed() -> None:
    def command(text: str) -> str:
        made = chain(parse("lam"))
        shown = Derivation(replace(made, objective=replace(made.objective, text=text))).text()
        return shown.split("finite differences:")[1].strip()

    assert command("l1 + 0.5*l2") == 'symreg verify "l1 + 0.5*l2" --rule gradient_descent'
    assert command("a'b") == "symreg verify 'a'\"'\"'b' --rule gradient_descent"
    assert command("$(reboot)") == "symreg verify '$(reboot)' --rule gradient_descent"
    assert command("w**2 + " * 300 + "w") == "symreg verify OBJECTIVE --rule gradient_descent"


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", CHAINS)
def test_markdown_holds_only_mathematics_that_github_renders(name: str) -> None:
    made = CHAINS[name]()
    text = Derivation(made).markdown()
    for macro in (r"\operatorname", r"\phantom", r"\mbox", r"\begin{align", r"\input", r"\def"):
        assert macro + "{" not in re.sub(r"\\\\", "", text) or made.objective.title in HOSTILE
    blocks = len(outline(made).entries)
    assert text.count("```math\n") == blocks >= len(made.steps) and text.count("```") == 2 * blocks + 2
    outside = re.sub(r"```.*?```|\$`[^`]*`\$", "", text, flags=re.DOTALL)
    outside = outside.replace("<!-- -->", "")
    assert not re.search(r"(?<!\\)[$`<]", outside), outside


def test_a_notebook_gets_mathematics_between_dollars() -> None:
    made = Derivation(chain_of("l2"))
    text = made._repr_markdown_()
    assert (
        "`" not in text.split("To check")[0] and "$$\n\\frac{\\partial R}{\\partial w_j} = 2 \\lambda w_j\n$$" in text
    )
    assert made._repr_latex_().startswith("$\\displaystyle \\begin{aligned} w_j & \\leftarrow")


@pytest.mark.parametrize("text", HOSTILE)
def test_user_text_stays_text_in_markdown(text: str) -> None:
    shown = escape_markdown(text)
    assert "<script" not in shown and "](" not in shown.replace("\\](", "").replace("\\]", "]\\")
    assert "@everyone" not in shown and "://" not in shown and "\n" not in shown


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("lam", r"\lambda"), ("beta1", r"\beta_1"), ("c_1", "c_1"), ("sigma_max", r"\sigma_{\mathrm{max}}"),
        ("m_hat", r"\hat{m}"), ("grad_avg", r"\mathrm{grad\_avg}"), ("eps", r"\varepsilon"), ("x", "x"),
        ("mu_lam", r"\mu_{\lambda}"), ("\\input{x}", r"\square"), ("beta12", r"\beta_{12}"),
    ],
)  # fmt: skip
def test_a_name_has_a_symbol(name: str, latex: str) -> None:
    assert latex_symbol(name) == latex
    assert latex == r"\square" or is_symbol(latex.replace("\\_", ""))


@pytest.mark.parametrize(
    "latex",
    ["", r"\input{x}", r"\lambda}", "{x", "x_", r"\mathrm", r"\hat", "x y", "$", "x^2", "_x", r"\mathrm{}", "a_b_c"],
)
def test_latex_that_is_no_symbol_is_not_printed(latex: str) -> None:
    assert not is_symbol(latex)
    made = chain(parse("lam"))
    (term,) = made.objective.terms.terms
    (lam,) = term.parameters
    terms = Terms(terms=(replace(term, parameters=(replace(lam, latex=latex),)),))
    shown = Derivation(replace(made, objective=replace(made.objective, terms=terms)))
    assert shown.latex() == Derivation(made).latex()


def test_a_rule_s_symbol_and_the_penalty_s_are_told_apart() -> None:
    shown = Derivation(chain_of("log_sum", "adam"))
    assert "adam_eps is adam's own eps; eps is the penalty's" in " ".join(shown.text().split())
    assert r"_{\mathrm{adam}}" in shown.latex()


def test_a_derivation_is_data_and_reads_without_sympy() -> None:
    made = Derivation(chain_of("l2"))
    again = pickle.loads(pickle.dumps(made))
    assert again == made and again.steps == made.chain.steps and str(again) == made.text()
    code = "import sys; sys.modules['sympy'] = None; from symreg.presentation import latex, markdown, to_json, text"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_format_is_the_same_in_every_run() -> None:
    code = """
from symreg.derivation.gradient import derive
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.presentation import Derivation
made = Derivation(derive(resolve("log_sum"), resolve_rule("adam")))
print(made.text(), made.latex(), made.markdown(), made.to_json())
"""
    seen = {
        subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True).stdout
        for env in ({**os.environ, "PYTHONHASHSEED": "1", "LC_ALL": "C"}, {**os.environ, "PYTHONHASHSEED": "2"})
    }
    assert len(seen) == 1


def test_what_each_weight_has_an_element_of_has_a_subscript() -> None:
    """A bound of the whole takes the greatest element, and what is solved for one number is left out."""
    derivation = symreg.derive("mean(squared_error) + l2(lam=c[n])")
    text = " ".join(derivation.text().split())
    assert "c_i >= 0 (default 0.1)" in text and "R(w) = sum_i c_i*w_i^2" in text and "dR/dw_j = 2*c_j*w_j" in text
    assert "norm(hess R(w)) <= max(2*c_i)" in text and "lr < min(1/(c_i + norm(X)^2/m))" in text
    assert "normal equations" not in text and r"\max(2 c_i)" in derivation.latex()
    assert "min(1/(c[i] + norm(X)**2/m))" in derivation.to_json()
