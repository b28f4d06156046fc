"""Print a tree as LaTeX mathematics, with an upper bound of its width, so that long formulas can be broken into lines.

Widths are thousandths of an em in Computer Modern; the macros are amsmath's, and among them those that GitHub allows.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

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
from symreg.presentation.mathematics.latex_runs import (
    FUNCTIONS,
    bars,
    before,
    beside,
    bracketed,
    listed,
    number,
    piece,
    root,
)
from symreg.presentation.mathematics.latex_slashed import WIDEST_EXPONENT, exponent_of, raised, slashed
from symreg.presentation.mathematics.layout import BETWEEN, EACH, INSTEAD, WITHIN, Run, row
from symreg.presentation.mathematics.notation import Notation, with_index
from symreg.presentation.mathematics.paper import (
    EXTREMES,
    FORMAL,
    addends,
    cases,
    comparisons,
    fraction,
    numeral,
    on_paper,
)
from symreg.presentation.mathematics.precedence import AND, ANY, ATOM, COMPARISON, NOT, OR, POWER, PRODUCT, SIGN, SUM

_MAY_BE_RAISED = ("log", "sin", "cos", "tan", "sinh", "cosh", "tanh")
_CONSTANTS = {"pi": (r"\pi", 570), "inf": (r"\infty", 1000), "nan": (r"\text{undefined}", 5000)}
_RELATIONS = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "==": "="}
_GREATEST: Tree = Constant("inf")
_LEAST: Tree = Negate(_GREATEST)
_BELOW = r" \\ \quad "
_BARS = (r"\lvert ", r"\rvert")


def formula(tree: Tree, notation: Notation) -> Run:
    """Return the tree as LaTeX mathematics; widths are in thousandths of an em."""
    return _run(on_paper(tree), ANY, notation)


def _run(tree: Tree, least: int, notation: Notation) -> Run:
    """Print a node, in brackets if it binds less tightly than `least`."""
    return _enclosed(*_parts(tree, notation), least)


def _enclosed(run: Run, level: int, least: int) -> Run:
    return bracketed(run) if level < least else run


def _parts(tree: Tree, notation: Notation) -> tuple[Run, int]:
    match tree:
        case Number(value):
            return number(value)
        case Constant(name):
            latex, width = _CONSTANTS[name]
            return piece(latex, width), ATOM
        case Name("O" | "L" | "R" | "S" | "P" as name) if name not in notation.symbols:
            return piece(f"{name}(w)"), ATOM
        case Name(name):
            symbol = notation.latex(name)
            return piece(with_index(symbol, "j") if name in notation.varying else symbol), ATOM
        case Item(array, subscripts):
            return piece(with_index(notation.latex(array), _index(subscripts))), ATOM
        case Negate() | Binary("+" | "-"):
            return _sum(tree, notation)
        case Binary("*" | "/"):
            ((is_negative, product),) = addends(tree)
            return _sum(tree, notation) if is_negative else (_product(product, notation), PRODUCT)
        case Binary(_, base, exponent):
            return _power(base, exponent, notation), POWER
        case Compare(operator, left, right):
            return _compared([left, operator, right], notation), COMPARISON
        case Logic("not", (operand,)):
            return row((piece(r"\neg ", 700), _run(operand, ATOM, notation))), NOT
        case Logic("and", operands):
            return listed([_compared(g, notation) for g in comparisons(operands)], r" \text{ and } "), AND
        case Logic(_, operands):
            return listed([_run(operand, AND, notation) for operand in operands], r" \text{ or } "), OR
        case Call():
            return _call(tree.function, tree.arguments, notation)
        case Sum(body, index):
            least = SIGN if isinstance(body, Sum) else PRODUCT
            return row((piece(f"\\sum_{{{index}}} ", 1700, height=2), _run(body, least, notation))), SIGN


def _call(function: str, arguments: tuple[Tree, ...], notation: Notation) -> tuple[Run, int]:
    match function, arguments:
        case "d", (argument, Name(by)):
            return _call(function, (argument,), replace(notation, variable=by))
        case "transpose", (Name(name),):
            return piece(f"{name}^\\top", 1500, height=1), ATOM
        case "gradient" | "hessian", (argument,):
            sign = r"\nabla " if function == "gradient" else r"\nabla^2 "
            return row((piece(sign, 1300), _run(argument, ATOM, notation))), POWER
        case "d", (Name(name),):
            return piece(f"\\frac{{\\partial {name}}}{{\\partial {notation.variable}}}", 1750, height=2), PRODUCT
        case "d", (argument,):
            operator = f"\\frac{{\\partial}}{{\\partial {notation.variable}}} "
            inner = bracketed(_run(argument, ANY, notation), "", ("[", "]"), smallest=1)
            return row((piece(operator, 1900, height=2), inner)), PRODUCT
        case "where", _:
            return _cases(Call(function, arguments), notation), ATOM
        case "abs", (argument,):
            inner = _run(argument, ANY, notation)
            return (bracketed(inner, pair=_BARS) if inner.height else replace(bars(inner), height=0)), ATOM
        case "sqrt", (argument,):
            return root(_run(argument, ANY, notation)), ATOM
        case "norm", (argument,):
            inner = _run(argument, ANY, notation)
            if not inner.parts and not inner.height:
                return piece(f"\\lVert {inner.flat}\\rVert_2", 1400 + inner.width), ATOM
            return row((piece(r"\lVert ", 500), inner, piece(r"\rVert_2", 900))), ATOM
        case "prox", (argument, size):
            return _operator(argument, size, notation), ATOM
        case "argmin" | "minimum" | "supremum" | "infimum", (variable, body):
            name = EXTREMES[function][1]
            below = f"\\mathop{{\\mathrm{{{name}}}}}_{{{_run(variable, ATOM, notation).flat}}}"
            return bracketed(_run(body, ANY, notation), below), PRODUCT
        case "interval", (low, high):
            pair = ("(" if low == _LEAST else "["), (")" if high == _GREATEST else "]")
            return bracketed(listed([_run(end, ANY, notation) for end in (low, high)], ", "), pair=pair), ATOM
        case "subdifferential", (argument,):
            return row((piece(r"\partial ", 600), _run(argument, ATOM, notation))), POWER
        case "cbrt", (argument,):
            inner = _run(argument, ANY, notation)
            instead = bracketed(inner, after="^{1/3}")
            return Run(f"\\sqrt[3]{{{inner.flat}}}", inner.width + 1100, (instead,), INSTEAD, inner.height), ATOM
        case "exp", (argument,):
            above = exponent_of(argument, notation, _parts)
            if above is not None:
                return piece(f"e^{{{above.flat}}}", 480 + above.width, height=0), POWER
    written = function.replace("_", r"\_")
    _, name = FORMAL.get(function, ("", FUNCTIONS.get(function, f"\\operatorname{{{written}}}")))
    if not arguments:
        return piece(name), ATOM
    shown = [_run(argument, ANY, notation) for argument in arguments]
    return bracketed(listed(shown, ", "), name), ATOM


def _operator(argument: Tree, size: Tree, notation: Notation) -> Run:
    """Print a proximal operator, its step before the penalty in the subscript, or after the point where it is long."""
    step = slashed(size, PRODUCT, notation, _parts)
    shown = _run(argument, ANY, notation)
    if step is None or step.width > WIDEST_EXPONENT:
        both = listed([shown, _run(size, ANY, notation)], ", ")
        return bracketed(both, f"\\operatorname{{prox}}_{{{notation.proximal}}}")
    return bracketed(shown, f"\\operatorname{{prox}}_{{{step.flat} {notation.proximal}}}")


def _power(base: Tree, exponent: Tree, notation: Notation) -> Run:
    above = exponent_of(exponent, notation, _parts)
    if above is None:
        shown = [_run(argument, ANY, notation) for argument in (base, exponent)]
        return bracketed(listed(shown, ", "), r"\operatorname{pow}")
    script = raised(above)
    is_count = isinstance(exponent, Number) and exponent.value.denominator == 1
    match base:
        case Call(function, arguments) if function in _MAY_BE_RAISED and is_count:
            shown = [_run(argument, ANY, notation) for argument in arguments]
            return bracketed(listed(shown, ", "), FUNCTIONS[function] + script)
        case Call("abs", (argument,)):
            inner = _run(argument, ANY, notation)
            if inner.height:
                return bracketed(inner, pair=_BARS, after=script)
            return row((piece(r"\lvert ", 290), inner, piece(r"\rvert" + script)))
    below, level = _parts(base, notation)
    if level == ATOM and not below.parts:
        return piece(below.flat + script, below.width + above.width, below.height)
    return bracketed(below, after=script)


def inline(tree: Tree, notation: Notation) -> Run:
    """Return the tree as it stands in a line of prose, quotients with a slash where that is enough."""
    return _inline(on_paper(tree), notation)


def _inline(tree: Tree, notation: Notation) -> Run:
    match tree:
        case Call("d", (Name(name),)):
            return piece(f"\\partial {name} / \\partial {notation.variable}", 4500)
        case Compare(operator, left, right):
            sign = before(f" {_RELATIONS[operator]} ", 1400, _inline(right, notation))
            return row((_inline(left, notation), sign), WITHIN)
        case Logic("and", operands):
            groups = comparisons(operands)
            if len(groups) == 1:
                return _compared(groups[0], notation)
    return slashed(tree, ANY, notation, _parts) or _run(tree, ANY, notation)


def _sum(tree: Tree, notation: Notation) -> tuple[Run, int]:
    terms = addends(tree)
    if len(terms) == 1 and not terms[0][0]:
        return _parts(terms[0][1], notation)
    parts = []
    for position, (is_negative, term) in enumerate(terms):
        sign = ("-" if is_negative else "") if position == 0 else (" - " if is_negative else " + ")
        parts.append(before(sign, 1250 if position else 800, _run(term, SIGN, notation)))
    return (parts[0], SIGN) if len(terms) == 1 else (row(parts, BETWEEN), SUM)


def _product(tree: Tree, notation: Notation) -> Run:
    """Print factors above and below a line, then tall sums, choices and formal derivatives."""
    above, below, after = fraction(tree)
    above, below = _with_numbers_split(above, below)
    top = [(factor, *_parts(factor, notation)) for factor in above]
    beyond: list[Run] = []
    if below and len(top) > 1:
        beyond = [bracketed(run) for _, run, level in top if level <= SUM and run.height >= 2]
        top = [row for row in top if row[2] > SUM or row[1].height < 2] or [(_ONE, piece("1"), ATOM)]
    is_alone = len(top) == 1 and (bool(below) or not after)
    parts = [
        _enclosed(run, level, PRODUCT if is_alone else POWER)
        for factor, run, level in top
        if factor != _ONE or is_alone
    ]
    if below:
        bottom = beside([_run(factor, ANY if len(below) == 1 else POWER, notation) for factor in below])
        whole = top[0][1] if is_alone else beside(parts)
        flat = f"\\frac{{{whole.flat}}}{{{bottom.flat}}}"
        instead = [*(parts if top[0][0] != _ONE else ()), bracketed(bottom, after="^{-1}")]
        height = 3 if max(whole.height, bottom.height) >= 2 else 2
        parts = [Run(flat, max(whole.width, bottom.width) + 300, (beside(instead),), INSTEAD, height)]
    parts += beyond
    for position, factor in enumerate(after):
        is_last = position == len(after) - 1
        least = PRODUCT if isinstance(factor, Call) else SIGN if is_last and isinstance(factor, Sum) else POWER
        parts.append(_run(factor, least, notation))
    return beside(parts)


_ONE: Tree = Number(Fraction(1))


def _with_numbers_split(above: list[Tree], below: list[Tree]) -> tuple[list[Tree], list[Tree]]:
    """Return factors above and below the line with each fraction among them as a number above and one below."""
    top: list[Tree] = []
    bottom: list[Tree] = []
    for factors, numerators, denominators in ((above, top, bottom), (below, bottom, top)):
        for factor in factors:
            if isinstance(factor, Number) and "/" in numeral(factor.value):
                numerators.append(Number(Fraction(factor.value.numerator)))
                denominators.insert(0, Number(Fraction(factor.value.denominator)))
            else:
                numerators.append(factor)
    kept = [factor for factor in top if factor != _ONE] or [_ONE]
    return kept, [factor for factor in bottom if factor != _ONE]


def _cases(tree: Tree, notation: Notation) -> Run:
    """Print a choice with a brace; where that is too wide, each condition below its value, or all in running lines."""
    rows = []
    values = []
    conditions = []
    for value, condition in cases(tree):
        shown = _run(value, ANY, notation)
        if condition is None:
            after = piece(r"\text{otherwise}", 4600)
        else:
            after = before(r"\text{if } ", 1000, _run(condition, ANY, notation))
        tall = r"\displaystyle " if shown.height >= 2 else ""
        rows.append((f"{tall}{shown.flat}", after.flat))
        values.append(shown)
        conditions.append(after)
    is_tall = any(value.height >= 2 for value in values)
    flat = r"\begin{cases} " + (r" \\[4pt] " if is_tall else r" \\ ").join(map(" & ".join, rows)) + r" \end{cases}"
    width = max(v.width for v in values) + max(c.width for c in conditions) + 2400
    pairs = [row((v, before(r" \; ", 300, c)), BETWEEN) for v, c in zip(values, conditions, strict=True)]
    broken = row((piece(r"\Bigl\{ ", 700), listed(pairs, "; \\enspace ", EACH), piece(r" \Bigr\}", 700)))
    height = 4 if len(rows) == 2 and not is_tall else 5
    below = [f"{value}{_BELOW}{after}" for value, after in rows]
    stacked = r"\begin{cases} " + r" \\[4pt] ".join(below) + r" \end{cases}"
    narrow = max(*(v.width for v in values), *(c.width + 1_000 for c in conditions)) + 1_400
    return Run(flat, width, (Run(stacked, narrow, (broken,), INSTEAD, 5),), INSTEAD, height)


def _compared(operands: list[Tree | str], notation: Notation) -> Run:
    """Print `a < b <= c`, or one operand of an `and` that is no comparison."""
    if len(operands) == 1 and not isinstance(operands[0], str):
        return _run(operands[0], NOT, notation)
    parts = []
    sign = ""
    for operand in operands:
        if isinstance(operand, str):
            sign = f" {_RELATIONS[operand]} "
        else:
            parts.append(before(sign, 1400 if sign else 0, _run(operand, SUM, notation)))
    return row(parts, WITHIN)


def _index(subscripts: tuple[Subscript, ...]) -> str:
    shown = [s.index + (f"{s.shift:+d}" if s.shift else "") for s in subscripts]
    return ("" if all(len(s) == 1 for s in shown) else ",").join(shown)
