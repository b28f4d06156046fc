"""The last step of a derivation, read back as it is printed, against the judge's gradient of the formula as written.

Of every penalty of the catalogue and of a list of penalties on whole vectors: from text, LaTeX and Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import mpmath
import pytest
from derived import chain_of
from flint import arb, ctx
from paper_values import sides_of_latex, sides_of_text
from tree_values import Values, value

from symreg import catalogue
from symreg.derivation.model import GradientDerivation
from symreg.expressions.tree import Binary, Call, Compare, Item, Name, Number, Subscript, Tree, transform
from symreg.model.terms import Terms
from symreg.presentation import Derivation
from symreg.presentation.outline.outline import outline
from symreg.verification.oracle.slopes import slopes

OF_VECTORS = (
    "norm(w)",
    "lam*norm(w)**2",
    "lam*norm(w) + mu*w**2",
    "mu*sqrt(lam**2 + norm(w)**2)",
    "lam*norm(w)/(1 + norm(w))",
    "lam*log(1 + norm(w)/c)",
    "lam*max(norm(w) - c, 0)**2",
    "lam*norm(w)**(3/2)",
    "norm(w)*sum(w[i], i)",
    "lam*sqrt(sum(w[i]**2, i))",
    "sqrt(lam + sum(w[i]**2, i))",
    "sum(w[i], i)**2",
    "lam*abs(sum(w[i], i))",
    "sum(w[i]**2, i)*sum(w[i]**4, i)",
    "sum(w[i], i)*sum(exp(w[i]), i)",
    "sum(abs(w[i]), i)**2",
    "sum(w[i]**2, i)/(1 + sum(abs(w[i]), i))",
    "log(sum(exp(w[i]), i))",
    "lam*sum((w[i+1] - w[i])**2, i)",
    "lam*sum(abs(w[i+1] - w[i]), i)",
    "lam*sum((w[i+2] - 2*w[i+1] + w[i])**2, i)",
    "lam*sum(sqrt((w[i+1] - w[i])**2 + eps), i)",
    "sum(w[i-1]*w[i+2], i)",
    "sum(where(w[i] > w[i+1], (w[i] - w[i+1])**2, 0), i)",
    "lam*sum(sum((w[i] - w[j])**2, j), i)",
    "lam*sum(sum(abs(w[i] - 2*w[j]), j), i)",
    "lam*sum(sum(sqrt((w[i] - w[j])**2 + eps), j), i)",
    "sum(sum(w[i]*w[j]**2, j), i)",
    "sum(sum(A[i, j]*w[i]*w[j], j), i)",
    "sum(c[i]*abs(w[i]), i)",
    "sum(w[i]**2, i)/n - (sum(w[i], i)/n)**2",
)

WEIGHTS = (
    (Fraction(3, 4), Fraction(-5, 8), Fraction(7, 16), Fraction(9, 8), Fraction(-21, 16)),
    (Fraction(5, 2), Fraction(1, 8)),
    (Fraction(5, 2), Fraction(0), Fraction(-1, 8)),
    (Fraction(0), Fraction(0), Fraction(0)),
)
WITHIN = (
    (Fraction(3, 4), Fraction(5, 8), Fraction(7, 16)),
    (Fraction(1, 16), Fraction(11, 4)),
)
"""Of a penalty whose domain leaves out some of the others."""

TOLERANCE = mpmath.mpf(10) ** -15


@dataclass(frozen=True)
class Printed:
    """The last step as each format has it."""

    text: Tree
    latex: Tree
    markdown: Tree


def printed(chain: GradientDerivation) -> Printed:
    made, notation = Derivation(chain), outline(chain).assignments
    parameters = (*chain.objective.terms.parameters, *chain.rule.parameters)
    symbols = {notation.latex(parameter.name): parameter.name for parameter in parameters}
    arrays = {notation.latex(array.name): array.name for array in chain.objective.terms.arrays}
    assert len(symbols) == len(parameters) and all(symbol == name for symbol, name in arrays.items())
    blocks = re.findall(r"\\begin\{align\*\}\n(.*?)\\end\{align\*\}", made.latex(), re.DOTALL)
    displays = re.findall(r"```math\n(.*?)```", made.markdown(), re.DOTALL)
    displays = [re.sub(r"\\(begin|end)\{aligned\}", "", display) for display in displays]
    return Printed(_of_text(made.text(), chain), *(_of_latex(rows[-1], symbols) for rows in (blocks, displays)))


def _of_text(text: str, chain: GradientDerivation) -> Tree:
    """Return the last side of the last numbered step: `w_j <- a = b`, less what says why."""
    step = chain.steps[-1]
    body = re.split(r"\n(?:Where pieces meet|What the penalty does|Notes|Check it)", text)[0]
    last = re.split(r"^\d+ ", body, flags=re.MULTILINE)[-1]
    flat = " ".join(last.split()).removeprefix(step.rule).strip()
    why = " ".join(step.why.split())
    assert flat.endswith((why, f"({why})"))
    flat = flat.removesuffix(f"({why})").removesuffix(why).strip() if why else flat
    left, _, right = flat.partition(" <- ")
    assert left == "w_j"
    return _with_ranges(sides_of_text(right)[-1])


def _of_latex(display: str, symbols: dict[str, str]) -> Tree:
    left, _, right = display.partition(r"\leftarrow")
    assert left.strip(" &\n") == "w_j"
    return _with_ranges(sides_of_latex(right, symbols)[-1])


def _with_ranges(tree: Tree) -> Tree:
    """Return a tree in which `i < n - 1` and `i >= 1` say that a subscript exists."""

    def change(node: Tree) -> Tree:
        match node:
            case Compare("<", Name("i" | "j" | "k" as index), Name("n")):
                shift = 0
            case Compare("<", Name("i" | "j" | "k" as index), Binary("-", Name("n"), Number(amount))):
                shift = int(amount)
            case Compare(">=", Name("i" | "j" | "k" as index), Number(amount)):
                shift = -int(amount)
            case _:
                return node
        return Call("in_range", (Item("w", (Subscript(index, shift),)),))

    return transform(tree, change)


def is_inside(terms: Terms, weights: Sequence[Fraction]) -> bool:
    return all(w in term.domain for term in terms.terms for w in weights)


def check(chain: GradientDerivation) -> int:
    """Compare the printed steps with `w - lr*(g + slope)`, the slope the judge's; return how many weights it did."""
    terms, shown = chain.objective.terms, printed(chain)
    every = (*terms.parameters, *chain.rule.parameters)
    parameters = {parameter.name: Fraction(parameter.default) for parameter in every}
    numbers = {name: mpmath.mpf(x.numerator) / x.denominator for name, x in parameters.items()}
    compared = 0
    for weights in (row for row in (*WEIGHTS, *WITHIN) if is_inside(terms, row)):
        n = len(weights)
        exact = {a.name: _elements(n, len(a.shape)) for a in terms.arrays}
        w, g = [_mp(x) for x in weights], [_mp(Fraction(3 + k, 16)) for k in range(n)]
        arrays = {"w": w, "g": g, **{name: _deep(_mp, rows) for name, rows in exact.items()}}
        slope_by = slopes(terms, parameters, exact)
        for j in range(n):
            slope = slope_by(weights, j)
            if slope is None or not slope.value.is_finite() or not slope.is_settled:
                continue
            given = Values(mpmath, {**numbers, "n": mpmath.mpf(n)}, arrays, {"j": j})
            for form in ("text", "latex", "markdown"):
                moved = value(getattr(shown, form), given)
                found = (w[j] - moved) / numbers["lr"] - g[j]
                expected = _middle(slope.value)
                assert abs(found - expected) <= TOLERANCE * (1 + abs(expected)), (form, weights, j)
            compared += 1
    return compared


def _elements(n: int, dimensions: int) -> list[object]:
    """Return distinct elements of either sign."""
    if dimensions == 1:
        return [Fraction((-1) ** k * (k + 2), 8) for k in range(n)]
    return [[Fraction(3 * k - 2 * m + 1, 8) for m in range(n)] for k in range(n)]


def _deep(change: Callable[[Fraction], object], rows: object) -> object:
    return [_deep(change, row) for row in rows] if isinstance(rows, list) else change(rows)  # type: ignore[arg-type]


def _mp(x: Fraction) -> mpmath.mpf:
    return mpmath.mpf(x.numerator) / x.denominator


def _middle(ball: arb) -> mpmath.mpf:
    with ctx.workprec(400):
        return mpmath.mpf(ball.mid().str(40, radius=False))


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", catalogue.penalties())
def test_the_last_step_of_the_catalogue_is_the_certified_one(name: str) -> None:
    with mpmath.workdps(40):
        assert check(chain_of(name)) >= 4


@pytest.mark.one_in(3)
@pytest.mark.parametrize("text", OF_VECTORS)
def test_the_last_step_of_a_penalty_on_vectors_is_the_certified_one(text: str) -> None:
    with mpmath.workdps(40):
        assert check(chain_of(text)) >= 5


def test_a_norm_in_a_step_is_that_of_all_weights() -> None:
    for rule in ("gradient_descent", "adam", "adamw", "momentum", "lion"):
        made = Derivation(chain_of("l2_norm", rule))
        assert "norm(w)" in made.text() and "norm(w_j)" not in made.text()
        for shown in (made.latex(), made.markdown()):
            assert r"\lVert w\rVert" in shown and r"\lVert w_j" not in shown


def test_an_operator_of_the_norm_is_told_to_take_the_whole_vector() -> None:
    said = {
        name: " ".join(Derivation(chain_of(name, "proximal_gradient")).text().split()) for name in ("l2_norm", "l1")
    }
    assert "it takes the whole vector, and prox(w_j, s) is entry j of what it gives" in said["l2_norm"]
    assert "the whole vector" not in said["l1"]
