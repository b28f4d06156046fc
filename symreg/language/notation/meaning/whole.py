"""Norms, inner products and sums of the whole vector, in terms of sums over an index."""

from __future__ import annotations

from dataclasses import replace

from symreg.language.notation.formula import Node, Subscript, binary, call, name, number
from symreg.language.notation.tokens.token import Source

_TOTALS = ("sum", "reduce_sum", "nansum")
_MEANS = ("mean", "average", "reduce_mean", "nanmean")
_PRODUCTS = ("dot", "inner", "vdot")
_SQUARES = ("normsq", "sum_squares")
_ORDERS = ("p", "ord")
_ORDERS_BY_LETTER = ("p", "q", "r", "s", "alpha")
_INFINITE = ("inf", "Inf", "infinity")
_EUCLIDEAN = ("2", "2.0", "F", "fro", "Fro")


def of_whole_vector(node: Node, source: Source) -> Node:
    """Return a function of the whole vector as a `total`, a `sum`, a `norm` or what is made of them.

    Args:
        node: A formula whose parts have been through this; anything else is returned as it is.
        source: What was typed.

    Raises:
        LanguageError: It is known and not in the language.
    """
    if node.kind == "norm":
        source.mark(node.start)
        return _norm(node, node.parts[0], node.parts[1] if len(node.parts) > 1 else None, source)
    if node.kind == "binary":
        return _of_operator(node, source)
    if node.kind != "call" or not node.parts:
        return node
    argument, *others = node.parts
    if node.text in _TOTALS[1:] + _MEANS + _PRODUCTS + _SQUARES + ("norm1", "norm2", "l2_loss"):
        source.mark(node.start)
    if node.text in ("sum", "norm") and len(others) != (node.text == "sum"):
        source.mark(node.start)
    match node.text:
        case function if function in _TOTALS:
            return _sum(node, argument, others, source)
        case function if function in _MEANS and not others:
            return binary("/", _total(argument, node), name("n", node))
        case function if function in _PRODUCTS and len(others) == 1:
            return _dot(argument, others[0], node, source)
        case "norm" if len(others) < 2:
            order = others[0] if others else None
            if order is not None and order.kind == "keyword":
                order = (
                    order.parts[0]
                    if order.text in _ORDERS
                    else source.fail(f"norm has no argument '{order.text[:40]}' in the language", order.start)
                )
            return _norm(node, argument, order, source)
        case "norm1" if not others:
            return _norm(node, argument, number(1, node), source)
        case "norm2" if not others:
            return _norm(node, argument, None, source)
        case function if function in _SQUARES and not others:
            return _total(binary("**", argument, number(2, node)), node)
        case "l2_loss" if not others:
            return binary("/", _total(binary("**", argument, number(2, node)), node), number(2, node))
        case "max" | "min":
            return _extreme(node, source)
        case _:
            return node


def _total(body: Node, at: Node) -> Node:
    return Node(kind="total", parts=(body,), start=at.start, end=at.end)


def _sum(node: Node, body: Node, others: list[Node], source: Source) -> Node:
    if not others:
        return _total(body, node)
    keyword = next((other for other in others if other.kind == "keyword"), None)
    if keyword is not None:
        source.fail("a sum runs over all weights; leave the axis out", keyword.start)
    if len(others) == 1 and others[0].kind == "name":
        return Node(kind="sum", text=others[0].text, parts=(body,), start=node.start, end=node.end)
    return node


def _extreme(node: Node, source: Source) -> Node:
    """Refuse the greatest or least over all weights, which is no penalty of the language."""
    indices = {s.index for part in node.parts[0].walk() for s in part.subscripts}
    is_over_index = len(node.parts) == 2 and node.parts[1].kind == "name" and node.parts[1].text in indices
    if len(node.parts) == 1 or is_over_index:
        word = "greatest" if node.text == "max" else "least"
        source.fail(
            f"the {word} over all weights is not in the language; it has sums, and norm(w); {node.text} takes two "
            "numbers or more",
            node.start,
        )
    return node


def _norm(node: Node, argument: Node, order: Node | None, source: Source) -> Node:
    _check_argument(argument, source)
    text = "2" if order is None else order.text if order.kind in ("number", "name") else ""
    if text in _INFINITE:
        source.fail(
            "the greatest magnitude of all weights is not in the language; it has norms of order 1, 2 and p", node.start
        )
    if order is not None and order.kind == "number" and float(text) == 0:
        source.fail(
            "the number of weights that are not zero jumps and has no gradient; near it is abs(w)**p with a small p",
            node.start,
        )
    if text in _EUCLIDEAN:
        return replace(node, kind="norm", text="", parts=(argument,))
    if order is not None and order.kind == "name" and text not in _ORDERS_BY_LETTER:
        source.fail(f"the norm '{text[:20]}' is not in the language; it has those of order 1, 2 and p", node.start)
    magnitude = call("abs", argument, at=argument)
    if order is None or text in ("1", "1.0"):
        return _total(magnitude, node)
    powers = _total(binary("**", magnitude, order), node)
    return replace(binary("**", powers, binary("/", number(1, node), order)), start=node.start, end=node.end)


def _check_argument(argument: Node, source: Source) -> None:
    """Require the weights alone in a norm, or with factors that are numbers."""
    names = argument.names()
    matrix = next((letter for letter in sorted(names) if len(letter) == 1 and letter.isupper()), None)
    if any(part.kind == "item" for part in argument.walk()):
        source.fail(
            "the norm of one weight is its magnitude, abs(w); norms over groups of weights are not in the language",
            argument.start,
        )
    if argument.kind == "name" and argument.text == "w":
        return
    if "w" not in names:
        source.fail(
            "the norm of something else than the weights; leave it out, or write w for the weights", argument.start
        )
    if matrix is not None:
        source.fail(
            f"a norm of {matrix} times the weights is not in the language; write it in index notation, "
            f"as in sum(sum({matrix}[i, j]*w[j], j)**2, i)",
            argument.start,
        )
    if any(part.kind == "binary" and part.text in "+-" for part in argument.walk()) and names - {"w", "pi", "n"}:
        other = sorted(names - {"w", "pi", "n"})[0]
        source.fail(
            f"'{other}' is a vector or a number here; write sum((w[i] - {other}[i])**2, i) or (w - {other})**2",
            argument.start,
        )


def _dot(left: Node, right: Node, node: Node, source: Source) -> Node:
    """Return the inner product of two vectors, or of what is left of a quadratic form and the weights."""
    left = left.parts[0] if left.kind == "transposed" else left
    right = right.parts[0] if right.kind == "transposed" else right
    if left == right:
        return _total(binary("**", left, number(2, node)), node)
    if left.kind == "call" and left.text == "dot":
        first, matrix = left.parts
        if first == right and matrix.kind == "name":
            return _quadratic(matrix, node)
    if {left.kind, right.kind} == {"name"} and "w" in (left.text, right.text):
        other = right if left.text == "w" else left
        if len(other.text) == 1 and other.text.isupper():
            return call("dot", left, right, at=node)  # the beginning of a quadratic form
        return _sum_of(node, binary("*", _item(left.text, left, "i"), _item(right.text, right, "i")), "i")
    source.fail("this product of vectors is not in the language; write a sum in index notation", node.start)


def _quadratic(matrix: Node, at: Node) -> Node:
    entry = binary("*", _item(matrix.text, matrix, "i", "j"), _item("w", matrix, "i"))
    return _sum_of(at, _sum_of(at, binary("*", entry, _item("w", matrix, "j")), "j"), "i")


def _item(array: str, at: Node, *letters: str) -> Node:
    subscripts = tuple(Subscript(index=letter) for letter in letters)
    return Node(kind="item", text=array, subscripts=subscripts, start=at.start, end=at.end)


def _sum_of(at: Node, body: Node, index: str) -> Node:
    return Node(kind="sum", text=index, parts=(body,), start=at.start, end=at.end)


def _of_operator(node: Node, source: Source) -> Node:
    """Return a power of a norm, or a quadratic form, in terms of sums."""
    left, right = node.parts
    if node.text == "*" and left.kind == "call" and left.text == "dot":
        return _dot(left, right, node, source)
    if node.text != "**":
        return node
    if left.kind == "norm" and right.kind == "number" and float(right.text) == 2:
        return _total(binary("**", left.parts[0], right), node)
    if left.kind == "binary" and left.text == "**" and left.parts[0].kind == "total":
        powers, root = left.parts
        if root.kind == "binary" and root.text == "/" and root.parts[1] == powers.parts[0].parts[1]:
            order = root.parts[1]
            return powers if order == right else binary("**", powers, binary("/", right, order))
    return node


def over_an_index(node: Node, taken: frozenset[str]) -> Node:
    """Return a `total` as the sum over the index that its body has, or over a new one."""
    if node.kind != "total":
        return node
    (body,) = node.parts
    bound = {part.text for part in body.walk() if part.kind == "sum"}
    free = {s.index for part in body.walk() for s in part.subscripts} - bound
    index = next(iter(free)) if len(free) == 1 else next(c for c in "ijklmopqrs" if c not in taken | free | bound)

    def subscripted(part: Node) -> Node:
        is_vector = part.kind == "name" and part.text == "w"
        return replace(part, kind="item", subscripts=(Subscript(index=index),)) if is_vector else part

    return Node(kind="sum", text=index, parts=(body.changed(subscripted),), start=node.start, end=node.end)


def with_one_form(node: Node) -> Node:
    """Return a formula in which an even power has no magnitude below it, and a root of a sum of squares is the norm.

    It is what papers write in two ways on the sides of `=`, as in `||x||_2 = sqrt(sum(abs(x[i])**2, i))`.
    """
    return node.changed(lambda part: _norm_of_root(_without_magnitude(part)))


def _without_magnitude(part: Node) -> Node:
    match part.kind, part.parts:
        case "binary", (Node(kind="call", text="abs", parts=(inner,)), Node(kind="number", text="2")) if (
            part.text == "**"
        ):
            return part.over(inner, part.parts[1])
        case _:
            return part


def _norm_of_root(part: Node) -> Node:
    match part.kind, part.parts:
        case "call", (Node(kind="sum", parts=(Node(kind="binary", text="**", parts=(root, two)),)),) if (
            part.text == "sqrt" and root.kind == "item" and root.text == "w" and two.text == "2"
        ):
            return Node(kind="norm", parts=(name("w", part),))
        case _:
            return part
