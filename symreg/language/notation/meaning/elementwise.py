"""Sums over all weights of one function of each: the language writes that function alone."""

from __future__ import annotations

from dataclasses import replace

from symreg.language.notation.formula import Node
from symreg.language.notation.meaning.letters import addends
from symreg.language.notation.tokens.token import Source


def with_bare_weights(node: Node, source: Source) -> Node:
    """Return a formula whose weights have an index only where a sum binds it; `|w_i|` alone is of each weight.

    Raises:
        LanguageError: A weight has the index of a sum that has ended before.
    """
    bound = {part.text for part in node.walk() if part.kind == "sum"}
    loose = _loose(node, frozenset())
    outside = next((part for part in loose if any(s.index in bound for s in part.subscripts)), None)
    if outside is not None:
        source.fail(
            f"{source.quoted(outside.start, outside.end)} stands behind the sum over its index; "
            "write brackets around what is summed, or the sign of a sum before it",
            outside.start,
        )
    if not all(part.text == "w" and not any(s.shift for s in part.subscripts) for part in loose):
        return node
    if len({part.subscripts for part in loose}) != 1:
        return node
    return node.changed(lambda part: _bare(part) if part in loose else part)


def _loose(node: Node, bound: frozenset[str]) -> list[Node]:
    """Return the elements of arrays with an index that no sum around them binds."""
    if node.kind == "item":
        return [node] if any(s.index not in bound for s in node.subscripts) else []
    bound |= {node.text} if node.kind == "sum" else set()
    return [item for part in node.parts for item in _loose(part, bound)]


def _bare(item: Node) -> Node:
    return replace(item, kind="name", subscripts=())


def collapsed(node: Node) -> Node:
    """Return a formula in which a sum of one function of each weight is that function.

    A constant beside such sums would be added for each weight then, so that all stays as it is where there is one.
    """
    has_constant = any("w" not in part.names() and not _is_kept(part) for part in addends(node))
    return node if has_constant else _each(node)


def _is_kept(addend: Node) -> bool:
    """Is an addend a penalty by its name or path, with or without a number before it?"""
    return any(part.kind == "kept" for part in addend.walk())


def _each(node: Node) -> Node:
    """Return a sum of addends, each of them collapsed if it can be."""
    if (node.kind == "binary" and node.text in ("+", "-")) or node.kind == "negate":
        return node.over(*map(_each, node.parts))
    alone = _summand(node)
    return node if alone is None else alone


def _summand(node: Node) -> Node | None:
    """Return the function whose sum over all weights a formula is, up to factors without weights, else None."""
    match node.kind, node.parts:
        case "sum", (body,):
            return _without_indices(body, frozenset((node.text,)))
        case "negate", (operand,):
            inner = _summand(operand)
            return None if inner is None else node.over(inner)
        case "binary", (left, right) if node.text in ("+", "-"):
            one, other = _summand(left), _summand(right)
            return None if one is None or other is None else node.over(one, other)
        case "binary", (left, right) if node.text == "/" and _is_factor(right):
            above = _summand(left)
            return None if above is None else node.over(above, right)
        case "binary", (left, right) if node.text == "*":
            if _is_factor(left):
                after = _summand(right)
                return None if after is None else node.over(left, after)
            before = _summand(left) if _is_factor(right) else None
            return None if before is None else node.over(before, right)
        case _:
            return None


def _is_factor(node: Node) -> bool:
    return "w" not in node.names() and all(part.kind not in ("item", "sum", "norm") for part in node.walk())


def _without_indices(body: Node, indices: frozenset[str]) -> Node | None:
    """Return the body of a sum over the weights alone, each once, with bare weights; None if it is something else."""
    if body.kind == "sum":
        return _without_indices(body.parts[0], indices | {body.text})
    if any(
        part.kind in ("sum", "norm") or (part.kind == "name" and part.text in ("w", *indices)) for part in body.walk()
    ):
        return None
    items = [part for part in body.walk() if part.kind == "item"]
    if not items or any(part.text != "w" or any(s.shift for s in part.subscripts) for part in items):
        return None
    if any({s.index for s in part.subscripts} != indices or len(part.subscripts) != len(indices) for part in items):
        return None
    if len({part.subscripts for part in items}) != 1:
        return None
    return body.changed(lambda part: _bare(part) if part.kind == "item" else part)
