"""See to it that NaN in any input comes out as NaN, though a comparison with NaN is false and takes the other branch.

A `where` whose condition is false at NaN takes its second branch: where only the first lets NaN through, the condition
is turned round, and a guard `where(not x == x, x, ...)` is put around the whole where turning does not do.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

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
    Tree,
    children,
    rebuild,
)

INVERSE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}

_BEYOND = (Constant("inf"), Constant("nan"))
"""What a function is outside its domain, whatever a formula gives there that has no value: a NaN is no input's then."""

_Inputs = dict[Tree, Tree | None]
"""Inputs in order, for what is emitted may not depend on hashes; each with the condition that it exists, if any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the expressions of a function are made of.

    Args:
        sums: Names of sums, each with the arrays all of whose elements are in it.
        values: Names of other numbers that may be NaN, worked out before from elements.
        nonzero: Names of parameters that are never 0.
        arrays: Arrays whose elements may be NaN; every array unless given.
    """

    sums: Mapping[str, Set[str]] = field(default_factory=dict)
    values: Set[str] = frozenset()
    nonzero: Set[str] = frozenset()
    arrays: Set[str] | None = None


def with_nan(tree: Tree, known: Known) -> Tree:
    """Return a tree, a number without sums in it, in a form that is NaN wherever one of its inputs is."""
    traced = _trace(tree, known)
    made = traced.tree
    for item, exists in traced.reads.items():
        if item not in traced.carries:
            is_nan: Tree = Logic("not", (Compare("==", item, item),))
            made = Call("where", (is_nan if exists is None else Logic("and", (exists, is_nan)), item, made))
    return made


@dataclass(frozen=True, slots=True)
class _Traced:
    """A tree with its inputs, and those whose NaN surely comes out of it."""

    tree: Tree
    reads: _Inputs
    carries: _Inputs


def _trace(tree: Tree, known: Known) -> _Traced:
    match tree:
        case Item(array) if known.arrays is None or array in known.arrays:
            return _Traced(tree, {tree: None}, {tree: None})
        case Name(name) if name in known.sums or name in known.values:
            return _Traced(tree, {tree: None}, {tree: None})
        case Call("where", (condition, then, otherwise)):
            return _choice(_trace(condition, known), _trace(then, known), _trace(otherwise, known), known)
        case Call("in_range"):
            return _Traced(tree, {}, {})
        case _:
            below = [_trace(child, known) for child in children(tree)]
            if not below:
                return _Traced(tree, {}, {})
            reads = _union(*(part.reads for part in below))
            carries = _union(*(part.carries for part in below))
            if isinstance(tree, Binary) and tree.operator == "**" and not _is_nonzero(tree.right, known):
                carries = {}  # NaN to the power 0 is 1
            return _Traced(rebuild(tree, tuple(part.tree for part in below)), reads, carries)


def _choice(condition: _Traced, then: _Traced, otherwise: _Traced, known: Known) -> _Traced:
    """Trace a `where`, turned round if more gets through that way."""
    range_part = _range_of(condition.tree)
    if range_part is not None:
        # An element out of range is no input: it is read only where it exists.
        condition, then = (
            _Traced(part.tree, _where(range_part, part.reads), _where(range_part, part.carries))
            for part in (condition, then)
        )
        made = Call("where", (condition.tree, then.tree, otherwise.tree))
        if condition.tree == range_part:
            return _Traced(made, _union(then.reads, otherwise.reads), _union(then.carries, otherwise.carries))
        reads = _union(condition.reads, then.reads, otherwise.reads)
        guarded = _is_nan_test(condition.tree, then.tree)
        carries = {item: exists for item, exists in reads.items() if item == guarded or item in otherwise.carries}
        return _Traced(made, reads, carries)
    reads = _union(condition.reads, then.reads, otherwise.reads)
    straight = _through(condition.tree, reads, then, otherwise, known)
    if then.tree in _BEYOND:
        beyond = {item: exists for item, exists in otherwise.carries.items() if item not in condition.reads}
        return _Traced(Call("where", (condition.tree, then.tree, otherwise.tree)), reads, _union(straight, beyond))
    inverse = _inverse(condition.tree)
    turned = _through(inverse, reads, otherwise, then, known)
    if len(turned) > len(straight):
        return _Traced(Call("where", (inverse, otherwise.tree, then.tree)), reads, turned)
    return _Traced(Call("where", (condition.tree, then.tree, otherwise.tree)), reads, straight)


def _through(condition: Tree, reads: _Inputs, then: _Traced, otherwise: _Traced, known: Known) -> _Inputs:
    """Return the inputs whose NaN gets through `where(condition, then, otherwise)`."""
    made: _Inputs = {}
    for item in reads:
        truth = _truth_at_nan(condition, item, known)
        taken = {True: (then,), False: (otherwise,), None: (then, otherwise)}[truth]
        if all(item in branch.carries for branch in taken):
            made[item] = reads[item]
    return made


def _truth_at_nan(condition: Tree, item: Tree, known: Known) -> bool | None:
    """Return what a condition is where the item is NaN; None if something else decides."""
    match condition:
        case Compare(_, left, right):
            carried = _union(_carried(left, known), _carried(right, known))
            return False if any(part == item or _holds(part, item, known) for part in carried) else None
        case Logic("not", (operand,)):
            inner = _truth_at_nan(operand, item, known)
            return None if inner is None else not inner
        case Logic(operator, operands):
            truths = [_truth_at_nan(operand, item, known) for operand in operands]
            decisive = operator == "or"
            if decisive in truths:
                return decisive
            return None if None in truths else not decisive
        case _:
            return None


def _carried(tree: Tree, known: Known) -> _Inputs:
    """Return every leaf whose NaN surely comes out of a tree; a side of a comparison, which was traced before."""
    match tree:
        case Item() | Name():
            return {tree: None}
        case Call("where", (condition, then, otherwise)):
            a, b = _carried(then, known), _carried(otherwise, known)
            truths = {item: _truth_at_nan(condition, item, known) for item in _union(a, b)}
            return {i: None for i, t in truths.items() if (t is False or i in a) and (t is True or i in b)}
        case Binary("**", base, exponent):
            return _carried(base, known) if _is_nonzero(exponent, known) else {}
        case _:
            return _union(*(_carried(child, known) for child in children(tree)))


def _holds(part: Tree, item: Tree, known: Known) -> bool:
    """Is a part of an expression a sum with every element of the item's array in it?"""
    return isinstance(part, Name) and isinstance(item, Item) and item.array in known.sums.get(part.name, ())


def _inverse(condition: Tree) -> Tree:
    """Return the condition that holds where this one does not, except at NaN, where both sides compare false."""
    match condition:
        case Compare(operator, left, right) if operator in INVERSE:
            return Compare(INVERSE[operator], left, right)
        case Logic("not", (operand,)):
            return operand
        case Logic(operator, operands):
            return Logic("or" if operator == "and" else "and", tuple(_inverse(o) for o in operands))
        case _:
            return Logic("not", (condition,))


def _range_of(condition: Tree) -> Tree | None:
    """Return the part of a condition that asks whether elements exist, or None if there is none."""
    match condition:
        case Call("in_range"):
            return condition
        case Logic("and", operands):
            asked = tuple(part for operand in operands if (part := _range_of(operand)) is not None)
            return None if not asked else asked[0] if len(asked) == 1 else Logic("and", asked)
        case Logic("or", operands) if all(_range_of(operand) == operand for operand in operands):
            return condition
        case _:
            return None


def _is_nan_test(condition: Tree, then: Tree) -> Tree | None:
    """Return the element that `where(it exists and is NaN, it, ...)` lets through, or None."""
    match condition:
        case Logic("and", (*_, Logic("not", (Compare("==", left, right),)))) if left == right == then:
            return then
        case _:
            return None


def _is_nonzero(exponent: Tree, known: Known) -> bool:
    match exponent:
        case Number(value):
            return value != 0
        case Name(name):
            return name in known.nonzero
        case Negate(operand):
            return _is_nonzero(operand, known)
        case Binary("*" | "/", left, right):
            return _is_nonzero(left, known) and _is_nonzero(right, known)
        case _:
            return False


def _union(*sets: _Inputs) -> _Inputs:
    made: _Inputs = {}
    for one in sets:
        for item, exists in one.items():
            made[item] = _either(made[item], exists) if item in made else exists
    return made


def _where(condition: Tree, inputs: _Inputs) -> _Inputs:
    return {item: _both(condition, exists) for item, exists in inputs.items()}


def _both(one: Tree, other: Tree | None) -> Tree:
    return one if other is None or one == other else Logic("and", (one, other))


def _either(one: Tree | None, other: Tree | None) -> Tree | None:
    if one is None or other is None:
        return None
    return one if one == other else Logic("or", (one, other))
