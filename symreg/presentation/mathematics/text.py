"""Print a tree as mathematics in plain ASCII, `lam*sum_i w_i^2`, with no bracket that is not needed."""

from __future__ import annotations

from dataclasses import replace

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
    walk,
)
from symreg.presentation.mathematics.layout import BETWEEN, EACH, NEVER, WITHIN, Run, row
from symreg.presentation.mathematics.notation import Notation
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

_WORDS = {"inf": "inf", "nan": "undefined", "pi": "pi"}
_LONGEST_PIECE = 24
_GREATEST: Tree = Constant("inf")
_LEAST: Tree = Negate(_GREATEST)


def formula(tree: Tree, notation: Notation) -> Run:
    """Return the tree as ASCII mathematics; widths are in characters."""
    return _run(on_paper(tree), ANY, notation)


def piece(text: str) -> Run:
    """Return text that stays in one piece."""
    return Run(text, len(text))


def condition_after(condition: Tree | None, notation: Notation) -> str:
    """Return `if ...` or `otherwise`, as it stands after a case."""
    return "otherwise" if condition is None else f"if {formula(condition, notation).flat}"


def _run(tree: Tree, least: int, notation: Notation) -> Run:
    """Print a node, in brackets if it binds less tightly than `least`."""
    run, level = _parts(tree, notation)
    return row((piece("("), run, piece(")"))) if level < least else run


def _parts(tree: Tree, notation: Notation) -> tuple[Run, int]:
    match tree:
        case Number(value):
            return _digits(numeral(value)), PRODUCT if "/" in numeral(value) else ATOM
        case Constant(name):
            return piece(_WORDS.get(name, name)), ATOM
        case Name("O" | "L" | "R" | "S" | "P" as name) if name not in notation.symbols:
            return piece(f"{name}(w)"), ATOM
        case Name(name):
            return piece(_indexed(name, "j") if name in notation.varying else name), ATOM
        case Item(array, subscripts):
            return piece(_indexed(array, ",".join(map(_subscript, subscripts)))), ATOM
        case Negate() | Binary("+" | "-"):
            return _sum(tree, notation)
        case Binary("*" | "/"):
            ((is_negative, product),) = addends(tree)
            return _sum(tree, notation) if is_negative else (_product(product, notation), PRODUCT)
        case Binary(_, base, exponent):
            above = _run(exponent, ATOM, notation)
            return row((_run(base, ATOM, notation), _before("^", above))), POWER
        case Compare(operator, left, right):
            return _compared([left, operator, right], notation), COMPARISON
        case Logic("not", (operand,)):
            return row((piece("not "), _run(operand, NOT, notation))), NOT
        case Logic("and", operands):
            return _joined([_compared(group, notation) for group in comparisons(operands)], " and"), AND
        case Logic(_, operands):
            return _joined([_run(operand, AND, notation) for operand in operands], " or"), OR
        case Call("d", (argument, Name(by))):
            return _derivative(argument, replace(notation, variable=by)), PRODUCT
        case Call("d", (argument,)):
            return _derivative(argument, notation), PRODUCT
        case Call("transpose", (Name(name),)):
            return piece(f"{name}'"), ATOM
        case Call("gradient" | "hessian" as function, (argument,)):
            return row((piece("grad " if function == "gradient" else "hess "), _run(argument, ATOM, notation))), POWER
        case Call("where", _):
            shown = [_case(value, condition, notation) for value, condition in cases(tree)]
            return row((piece("{"), _joined(shown, ";", EACH), piece("}"))), ATOM
        case Call("abs", (argument,)) if not _has_bars(argument):
            return row((piece("|"), _run(argument, ANY, notation), piece("|"))), ATOM
        case Call(function, (variable, body)) if function in EXTREMES:
            before = row((piece(f"{EXTREMES[function][0]}_"), _run(variable, ATOM, notation), piece(" (")))
            return row((before, _run(body, ANY, notation), piece(")"))), PRODUCT
        case Call("interval", (low, high)):
            opening, closing = ("(" if low == _LEAST else "["), (")" if high == _GREATEST else "]")
            ends = [_run(end, ANY, notation) for end in (low, high)]
            return row((piece(opening), _joined(ends, ","), piece(closing))), ATOM
        case Call(function, arguments):
            shown = [_run(argument, ANY, notation) for argument in arguments]
            name, _ = FORMAL.get(function, (function, ""))
            if not arguments:
                return piece(name), ATOM
            return row((piece(f"{name}("), _joined(shown, ","), piece(")"))), ATOM
        case Sum(body, index):
            least = SIGN if isinstance(body, Sum) else PRODUCT
            return row((piece(f"sum_{index} "), _run(body, least, notation))), SIGN
    raise AssertionError(tree)


def _sum(tree: Tree, notation: Notation) -> tuple[Run, int]:
    terms = addends(tree)
    if len(terms) == 1:
        ((is_negative, term),) = terms
        return (_before("-", _run(term, SIGN, notation)), SIGN) if is_negative else _parts(term, notation)
    parts = []
    for position, (is_negative, term) in enumerate(terms):
        sign = ("-" if is_negative else "") if position == 0 else (" - " if is_negative else " + ")
        parts.append(_before(sign, _run(term, SIGN, notation)))
    return row(parts, BETWEEN), SUM


def _product(tree: Tree, notation: Notation) -> Run:
    """Print factors above the line, then `/` and those below it, then sums, choices and formal derivatives."""
    above, below, after = fraction(tree)
    parts = []
    for position, factor in enumerate(above):
        parts.append(_before("*" if position else "", _run(factor, POWER if position else PRODUCT, notation)))
    if len(below) == 1:
        parts.append(_before("/", _run(below[0], POWER, notation)))
    elif below:
        bottom = [_before("*" if i else "", _run(f, POWER if i else PRODUCT, notation)) for i, f in enumerate(below)]
        parts.append(row((piece("/("), row(bottom, WITHIN), piece(")"))))
    for position, factor in enumerate(after):
        is_last = position == len(after) - 1
        least = SIGN if isinstance(factor, Sum) and is_last else POWER
        least = PRODUCT if isinstance(factor, Call) else least
        parts.append(_before("*" if parts else "", _run(factor, least, notation)))
    return row(parts, WITHIN)


def _derivative(argument: Tree, notation: Notation) -> Run:
    """Print a formal derivative."""
    if isinstance(argument, Name):
        return piece(f"d{argument.name}/d{notation.variable}")
    return row((piece("d("), _run(argument, ANY, notation), piece(f")/d{notation.variable}")))


def _case(value: Tree, condition: Tree | None, notation: Notation) -> Run:
    shown = _run(value, SUM, notation)
    if condition is None:
        return row((shown, piece(" otherwise")))
    return row((shown, _before(" if ", _run(condition, ANY, notation))), BETWEEN)


def _compared(operands: list[Tree | str], notation: Notation) -> Run:
    """Print `a < b <= c`, or one operand of an `and` that is no comparison."""
    if len(operands) == 1 and not isinstance(operands[0], str):
        return _run(operands[0], NOT, notation)
    parts = []
    sign = ""
    for operand in operands:
        if isinstance(operand, str):
            sign = f" {'=' if operand == '==' else operand} "
        else:
            parts.append(_before(sign, _run(operand, SUM, notation)))
    return row(parts, WITHIN)


def _joined(parts: list[Run], separator: str, breaks: int = BETWEEN) -> Run:
    """Return parts with a separator after each but the last, where a line may end."""
    shown = [
        _before(" " if position else "", row((part, piece(separator))) if position < len(parts) - 1 else part)
        for position, part in enumerate(parts)
    ]
    return row(shown, breaks)


def _before(text: str, run: Run) -> Run:
    """Return a run with text in front that is not parted from it."""
    if not text:
        return run
    if not run.parts:
        return Run(text + run.flat, len(text) + run.width)
    first, *rest = run.parts
    if run.breaks == NEVER:
        return Run(text + run.flat, len(text) + run.width, (_before(text, first), *rest))
    return Run(text + run.flat, len(text) + run.width, (piece(text), run))


def _digits(text: str) -> Run:
    if len(text) <= _LONGEST_PIECE:
        return piece(text)
    parts = [text[i : i + _LONGEST_PIECE] for i in range(0, len(text), _LONGEST_PIECE)]
    return row([piece(part) for part in parts], WITHIN)


def _indexed(name: str, subscript: str) -> str:
    return f"{name}_{subscript}" if len(subscript) == 1 and "_" not in name else f"{name}_{{{subscript}}}"


def _subscript(subscript: Subscript) -> str:
    return subscript.index + (f"{subscript.shift:+d}" if subscript.shift else "")


def _has_bars(tree: Tree) -> bool:
    return any(isinstance(node, Call) and node.function == "abs" for node in walk(tree))
