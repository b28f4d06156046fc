"""Mutants: updates and emitted sources with one mistake each, for the test that the judge catches them.

Takes an `Update`; hands on every update that differs from it by one mistake somewhere in its trees, and what the
mistake is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

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
    children,
    names,
    number,
    rebuild,
)
from symreg.model.spec import Assignment
from symreg.updates.update import Update

ZERO, ONE = number(0), number(1)
SHIFT = number(1 + Fraction(1, 10**6))
RELATIVE = {"float64": number(1 + Fraction(1, 10**9)), "float32": number(1 + Fraction(1, 10**5))}
_OPPOSITE = {"+": "-", "-": "+"}
_STRICT = {"<=": "<", "<": "<=", ">=": ">", ">": ">="}
_OTHER = {"max": "min", "min": "max"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """An update with one mistake.

    Args:
        kind: Of the mistake.
        text: What stands in place of what.
        update: With it.
    """

    kind: str
    text: str
    update: Update


@dataclass(frozen=True, slots=True)
class _Setting:
    """What a mutation needs to know of the place: the parameters in use, and a factor that is to be noticed."""

    parameters: tuple[str, ...]
    factor: Tree


_Found = Iterator[tuple[str, str, Tree]]


def mutants(update: Update, dtype: str = "float64") -> tuple[Mutant, ...]:
    """Return every mutant of an update; a text that two of them share ends in a number in all but the first."""
    trees = [update.elementwise, update.indexed, *(step.expression for step in update.assignments)]
    used = frozenset().union(*(names(tree) for tree in trees if tree is not None))
    declared = [*update.terms.parameters, *(update.rule.parameters if update.rule else ())]
    setting = _Setting(tuple(p.name for p in declared if p.name in used), RELATIVE[dtype])
    made: list[Mutant] = []
    seen: dict[str, int] = {}
    for kind, text, other in _of_update(update, setting):
        seen[text] = seen.get(text, 0) + 1
        made.append(Mutant(kind, text if seen[text] == 1 else f"{text} #{seen[text]}", other))
    return tuple(made)


def _of_update(update: Update, setting: _Setting) -> Iterator[tuple[str, str, Update]]:
    if update.kind != "step":
        for field in ("elementwise", "indexed"):
            tree = getattr(update, field)
            if tree is not None:
                for kind, text, other in _anywhere(tree, setting):
                    yield kind, text, replace(update, **{field: other})
        return
    steps = update.assignments
    kept = {"w", *(state.name for state in (update.rule.states if update.rule else ()))}
    for k, step in enumerate(steps):
        before, after = steps[:k], steps[k + 1 :]
        for kind, text, other in _anywhere(step.expression, setting):
            changed = Assignment(target=step.target, expression=other)
            yield kind, f"{step.target}: {text}", replace(update, assignments=(*before, changed, *after))
        if step.target in kept:
            yield "skip", f"{step.target} is not assigned", replace(update, assignments=(*before, *after))
        # In another order one of them reads the other's target before or after it has changed.
        if after and _reads(after[0], kept & {step.target}) | _reads(step, kept & {after[0].target}):
            swapped = (*before, after[0], step, *after[1:])
            yield "order", f"{after[0].target} before {step.target}", replace(update, assignments=swapped)


def _reads(step: Assignment, targets: set[str]) -> bool:
    return bool(names(step.expression) & targets)


def _anywhere(tree: Tree, setting: _Setting, within: str = "", is_even: bool = False) -> _Found:
    """Yield the tree with one mistake at any node of it.

    Args:
        within: What the tree is a part of, as far as it matters: a condition, a sign.
        is_even: Does the sign of the tree have no bearing?
    """
    for kind, other in _here(tree, setting):
        yield f"{kind}{within}", f"{to_text(tree)} -> {to_text(other)}", other
    if not is_even and isinstance(tree, Binary) and tree.operator in "*/":
        yield f"sign{within}", f"{to_text(tree)} -> {to_text(Negate(tree))}", Negate(tree)
    if isinstance(tree, Call) and tree.function == "in_range":
        (item,) = tree.arguments
        assert isinstance(item, Item)
        for other in _shifted(item):
            if all(subscript.shift == 0 for subscript in other.subscripts):
                continue  # always in range
            yield "guard", f"in_range({to_text(item)}) -> in_range({to_text(other)})", Call("in_range", (other,))
        return
    below = children(tree)
    for k, child in enumerate(below):
        for kind, text, other in _anywhere(child, setting, _within(tree) or within, _is_even(tree, k)):
            yield kind, text, rebuild(tree, (*below[:k], other, *below[k + 1 :]))


def _within(tree: Tree) -> str:
    match tree:
        case Compare(_, _, right):
            return " in a comparison with 0" if right == ZERO else " in a condition"
        case Call("sign", _):
            return " in a sign"
        case _:
            return ""


def _here(tree: Tree, setting: _Setting) -> Iterator[tuple[str, Tree]]:
    """Yield what stands in place of a node by mistake."""
    match tree:
        case Compare(operator, left, right):
            if operator in _STRICT:
                yield "strict", Compare(_STRICT[operator], left, right)
            if right == ZERO:
                yield "knot", Compare(operator, Binary("-", left, number(Fraction(1, 10**6))), right)
            else:
                yield "knot", Compare(operator, left, Binary("*", right, SHIFT))
            return
        case Logic() | Call("in_range", _):
            return
        case Binary("+", Call("sqrt", (radicand,)), Name("eps")):
            yield "root", Call("sqrt", (Binary("+", radicand, Name("eps")),))
    if tree != ZERO and not isinstance(tree, Constant):
        yield "factor", Binary("*", tree, setting.factor)
    match tree:
        case Binary("+" | "-" as operator, left, right):
            yield "sign", Binary(_OPPOSITE[operator], left, right)
            yield "drop", left
            yield "drop", right if operator == "+" else Negate(right)
        case Binary("*", left, right):
            yield "drop", left
            yield "drop", right
        case Binary("/", left, _):
            yield "drop", left
        case Binary("**", base, exponent):
            yield "power", Binary("**", base, Binary("+", exponent, ONE))
        case Negate(operand):
            yield "sign", operand
        case Number(value):
            yield "number", number(value + 1)
        case Name("t"):
            yield "late", Binary("+", tree, ONE)
            yield "late", Binary("-", tree, ONE)
        case Name(name) if name in setting.parameters and len(setting.parameters) > 1:
            place = setting.parameters.index(name)
            yield "name", Name(setting.parameters[place - 1])
        case Item():
            for other in _shifted(tree):
                yield "index", other
        case Call("where", (condition, then, otherwise)):
            yield "branch", Call("where", (condition, otherwise, then))
            yield "guard", then
            if otherwise != ZERO:
                yield "drop", otherwise
        case Call("sign", (operand,)):
            yield "kink", Call("where", (Compare(">=", operand, ZERO), ONE, number(-1)))
            yield "function", operand
        case Call("log1p", (operand,)):
            yield "unstable", Call("log", (Binary("+", ONE, operand),))
        case Call("expm1", (operand,)):
            yield "unstable", Binary("-", Call("exp", (operand,)), ONE)
        case Call("max" | "min" as function, arguments):
            yield "function", Call(_OTHER[function], arguments)
        case Call(_, (operand,)):
            yield "function", operand


def _shifted(item: Item) -> Iterator[Item]:
    """Yield an element with one of its subscripts off by one."""
    for k, subscript in enumerate(item.subscripts):
        for shift in (-1, 1):
            other = Subscript(subscript.index, subscript.shift + shift)
            yield Item(item.array, (*item.subscripts[:k], other, *item.subscripts[k + 1 :]))


def _is_even(tree: Tree, place: int) -> bool:
    """Is the sign of an operand without bearing?"""
    match tree:
        case Call("abs" | "cosh", _):
            return True
        case Binary("**", _, Number(exponent)):
            return place == 0 and exponent.denominator == 1 and exponent.numerator % 2 == 0
        case Sum():
            return False
        case _:
            return False
