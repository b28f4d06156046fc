"""Read tokens as a formula: conditions, sums, products with and without a sign, powers and what follows an operand."""

from __future__ import annotations

from dataclasses import replace

from symreg.language.notation.formula import Node, binary, call
from symreg.language.notation.functions import KNOWN
from symreg.language.notation.grammar.atoms import atom, before_brackets
from symreg.language.notation.grammar.cursor import Cursor
from symreg.language.notation.grammar.scripts import refuse_label, takes_mark, with_subscript
from symreg.language.notation.tokens.symbols import LETTERS

_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


def expression(cursor: Cursor) -> Node:
    """Read an expression, or a condition of two or more.

    Raises:
        LanguageError: It can be read in two ways; the message has both.
        Ungrammatical: It is no formula.
    """
    return _logical(cursor, "or")


def _logical(cursor: Cursor, operator: str) -> Node:
    first = _below(cursor, operator)
    operands = [first]
    while cursor.meets("operator", operator) or cursor.meets("word", operator):
        cursor.take()
        operands.append(_below(cursor, operator))
    if len(operands) == 1:
        return first
    return Node(kind="logic", text=operator, parts=tuple(operands), start=first.start, end=cursor.end)


def _below(cursor: Cursor, operator: str) -> Node:
    return _logical(cursor, "and") if operator == "or" else _negated(cursor)


def _negated(cursor: Cursor) -> Node:
    if not cursor.meets("operator", "not"):
        return _compared(cursor)
    start = cursor.take().start
    cursor.deeper()
    operand = _negated(cursor)
    cursor.depth -= 1
    return Node(kind="logic", text="not", parts=(operand,), start=start, end=cursor.end)


def _compared(cursor: Cursor) -> Node:
    left = total(cursor)
    pairs: list[Node] = []
    while cursor.meets("operator", *_COMPARISONS):
        sign = cursor.take().text
        right = total(cursor)
        pair = Node(kind="compare", text=sign, parts=(left, right), start=left.start, end=right.end)
        if sign == "!=":
            cursor.source.mark(left.end)
            pair = replace(pair, kind="logic", text="not", parts=(replace(pair, text="=="),))
        pairs.append(pair)
        left = right
    if len(pairs) < 2:
        return pairs[0] if pairs else left
    return Node(kind="logic", text="and", parts=tuple(pairs), start=pairs[0].start, end=cursor.end)


def total(cursor: Cursor) -> Node:
    """Read a sum of products."""
    left = product(cursor)
    while cursor.meets("operator", "+", "-"):
        sign = cursor.take().text
        left = binary(sign, left, product(cursor))
    return left


def product(cursor: Cursor) -> Node:
    """Read a product; a sign of multiplication may be left out, but not behind a slash."""
    left = _signed(cursor)
    divisor: Node | None = None
    while True:
        if cursor.meets("operator", "*", "/"):
            sign = cursor.take().text
            right = _signed(cursor)
            divisor = right if sign == "/" else None
            left = _times(left, right) if sign == "*" else binary("/", left, right)
        elif cursor.takes("operator", "@"):
            left = _inner_product(left, _power(cursor))
        elif _begins_factor(cursor):
            left, divisor = _times_unsigned(cursor, left, divisor), None
        else:
            return left


def _begins_factor(cursor: Cursor) -> bool:
    token = cursor.next
    return token.kind in ("name", "number", "kept", "open") or (token.kind == "command" and token.text != "end rows")


def _times_unsigned(cursor: Cursor, left: Node, divisor: Node | None) -> Node:
    """Read one more factor of a product, with no sign before it."""
    token = cursor.next
    if left.kind == "number" and not token.after_space and _could_be_of_a_number(left, cursor):
        cursor.source.stop(f"{cursor.source.quoted(left.start, token.end)} is not a number", left.start)
    if token.kind == "number":
        cursor.source.stop(f"an operator is missing before '{token.text}'; write '*' to multiply", token.start)
    if token.kind == "open" and token.text == "[" and not (cursor.is_latex or token.after_space):
        cursor.source.stop("only an array can be subscripted, as in w[i]", token.start)
    if token.is_apart:
        cursor.source.fail("what stands behind a wide space is no part of the formula; leave it out", token.start)
    cursor.source.mark(token.start)
    is_sum = token.kind == "command" and token.text == "sum"
    right = _power(cursor)
    if token.kind == "open" and token.text == "(" and _is_remark(right):
        cursor.source.stop("an operator is missing before '('; write '*' to multiply", token.start)
    if token.kind == "open" and token.text == "(" and right.kind in ("name", "item") and left.kind != "number":
        cursor.source.fail(
            f"{cursor.source.quoted(left.start, cursor.end)} is a product, or the value of a function that is not in "
            "the language; write '*' for a product",
            token.start,
        )
    if divisor is not None and not is_sum:
        above, below, after = (
            cursor.source.part(a, b)
            for a, b in ((left.start, divisor.start), (divisor.start, divisor.end), (right.start, right.end))
        )
        above = above.removesuffix("/").rstrip()
        written = cursor.source.quoted(left.start, right.end)
        cursor.source.fail(
            f"{written} reads as ({above}/{below})*{after} or as {above}/({below}*{after}); write the brackets"
            if len(above + below + after) < 80
            else "what follows a slash without '*' may belong to the denominator or not; write the brackets",
            token.start,
        )
    return _times(left, right)


def _inner_product(left: Node, right: Node) -> Node:
    """Return `left @ right`, with the factors before a vector in front: `lam*w.T@w`."""
    is_factored = (
        left.kind == "binary" and left.text == "*" and (left.parts[1].kind == "transposed" or left.parts[1] == right)
    )
    if not is_factored:
        return call("dot", left, right, at=left)
    return left.over(left.parts[0], call("dot", left.parts[1], right, at=right))


def _times(left: Node, right: Node) -> Node:
    """Return a product, in which a transposed vector and what follows it are an inner product."""
    last = left.parts[1] if left.kind == "binary" and left.text == "*" else left
    is_open_form = last.kind == "call" and last.text == "dot" and len(last.parts) == 2 and last.parts[1].text.isupper()
    if last.kind != "transposed" and not is_open_form:
        return binary("*", left, right)
    inner = call("dot", last, right, at=last)
    return inner if last is left else left.over(left.parts[0], inner)


def _is_remark(inner: Node) -> bool:
    """Is it what nobody writes brackets about in a product: a number, or a word, as in `|w| (lasso)`?"""
    return inner.kind == "number" or (
        inner.kind == "name" and len(inner.text) > 1 and inner.text not in LETTERS.values()
    )


def _could_be_of_a_number(left: Node, cursor: Cursor) -> bool:
    """Might a number and a name behind it be one number, as 0x10, 2j and 1.e are elsewhere?"""
    name = cursor.next.text
    follower = cursor.tokens[cursor.place + 1] if cursor.next.kind == "name" else None
    if follower is None or cursor.is_latex:
        return False
    return left.text == "0" or name in ("j", "J") or (name in ("e", "E") and follower.text != "^")


def _signed(cursor: Cursor) -> Node:
    if not cursor.meets("operator", "+", "-"):
        return _power(cursor)
    token = cursor.take()
    cursor.deeper()
    operand = _signed(cursor)
    cursor.depth -= 1
    if token.text == "+":
        return operand
    return Node(kind="negate", parts=(operand,), start=token.start, end=operand.end)


def _power(cursor: Cursor) -> Node:
    """Read an operand with what is raised, lowered or called behind it."""
    cursor.deeper()
    node = atom(cursor)
    while True:
        if cursor.takes("operator", "^"):
            node = _raised(cursor, node)
        elif cursor.meets("operator", "_"):
            at = cursor.take().start
            was_name = node.kind == "name"
            node = with_subscript(cursor, node, cursor.script(), at)
            if was_name and cursor.meets("open", "("):
                node = before_brackets(cursor, node)
        elif cursor.meets("operator", "'", "T"):
            cursor.take()
            node = _transposed(cursor, node)
        elif cursor.meets("operator", "."):
            node = _method(cursor, node)
        else:
            cursor.depth -= 1
            return node


def _transposed(cursor: Cursor, node: Node) -> Node:
    if node.kind == "name" and (cursor.meets("open", "(") or cursor.meets("operator", "_")):
        cursor.source.fail("a derivative is not read; write the formula of the penalty", node.start)
    return Node(kind="transposed", parts=(node,), start=node.start, end=cursor.end)


def _raised(cursor: Cursor, base: Node) -> Node:
    """Read what stands behind `^`: an exponent, or the mark of a transposed vector."""
    if cursor.takes("operator", "T", "'") or takes_mark(cursor):
        return _transposed(cursor, base)
    if cursor.meets("operator", "*"):
        cursor.source.fail("a raised star has no meaning here; leave it out", cursor.next.start)
    token = cursor.next
    if cursor.is_latex and token.kind == "number" and len(token.text) > 1 and "." not in token.text:
        cursor.source.fail(
            f"in LaTeX this raises {token.text[0]} alone; write ^{{{token.text}}} or a space behind it", token.start
        )
    if cursor.meets("open", "{"):
        inner = cursor.group(cursor.take())
        refuse_label(cursor, inner)
        exponent = _whole(cursor.inside(inner))
    elif cursor.is_latex and not cursor.meets("operator"):
        if token.text in ("T", "H") and base.kind == "name":
            cursor.source.fail(
                f"a raised {token.text} transposes, and nothing stands behind it; write w^T w, or another letter for "
                "an exponent",
                token.start,
            )
        refuse_label(cursor, [token])
        exponent = atom(cursor)
    else:
        exponent = _signed(cursor)
    return binary("**", base, exponent)


def _whole(cursor: Cursor) -> Node:
    """Read all that a cursor is over."""
    node = expression(cursor)
    if cursor.next.kind != "end":
        cursor.missing()
    return node


def _method(cursor: Cursor, node: Node) -> Node:
    """Read `.name(...)`, which is the function of what stands before it."""
    at = cursor.take()
    name = cursor.next.text
    if not cursor.takes("name"):
        cursor.missing()
    if name not in ("T", "mT") and name not in KNOWN:
        cursor.source.stop(f"'.{name}' is not read", at.start)
    if name in ("T", "mT"):
        return _transposed(cursor, node)
    if not cursor.meets("open", "("):
        cursor.source.stop(f"'.{name}' is not read", at.start)
    opening = cursor.take()
    arguments: list[Node] = []
    while not cursor.meets("close"):
        arguments.append(cursor.expression(cursor))
        if not cursor.takes("operator", ","):
            break
    cursor.close(opening)
    return Node(kind="call", text=name, parts=(node, *arguments), start=node.start, end=cursor.end)
