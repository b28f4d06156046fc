"""Read one operand: a number, a name, brackets, bars, a fraction, a root, a function, a sum, the rows of a choice."""

from __future__ import annotations

from symreg.language.notation.formula import Node, Subscript, binary, call, number
from symreg.language.notation.functions import KNOWN, WHOLE
from symreg.language.notation.grammar.cursor import Cursor
from symreg.language.notation.grammar.rows import choice
from symreg.language.notation.grammar.scripts import read_subscripts, with_base, with_subscript
from symreg.language.notation.grammar.sums import summed
from symreg.language.notation.tokens.symbols import LETTERS
from symreg.language.notation.tokens.token import INDICES, Token
from symreg.language.notation.words import words

_GROUPS = "norms over groups of weights are not in the language; the norm of one weight is its magnitude, |w|"
_LETTERS_OF_FUNCTIONS = frozenset(words("f g h p q r F G H J L P R S T phi psi rho Phi Psi Omega ell Gamma"))
"""Letters that papers use for functions: brackets behind one are its arguments rather than a factor."""
_GREEK = frozenset(LETTERS.values()) - _LETTERS_OF_FUNCTIONS


def atom(cursor: Cursor) -> Node:
    """Read an operand, without what is raised or lowered behind it.

    Raises:
        LanguageError: It can be read in two ways, or is known and not in the language.
        Ungrammatical: There is none.
    """
    cursor.deeper()
    token = cursor.next
    match token.kind, token.text:
        case "number", _:
            cursor.take()
            node = Node(kind="number", text=token.text, start=token.start, end=token.end)
        case "kept", _:
            cursor.take()
            node = Node(kind="kept", text=token.text, start=token.start, end=token.end)
        case "open", _:
            node = _enclosed(cursor)
        case "name", name if name in KNOWN and not _is_weighted_name(cursor):
            node = _applied(cursor)
        case "name", _:
            node = _named(cursor)
        case "command", "frac":
            cursor.take()
            above, below = argument(cursor), argument(cursor)
            node = Node(kind="binary", text="/", parts=(above, below), start=token.start, end=cursor.end)
        case "command", "sqrt" | "cbrt":
            node = _root(cursor)
        case "command", "sum":
            node = summed(cursor)
        case "command", "rows":
            node = choice(cursor)
        case _:
            cursor.missing()
    cursor.depth -= 1
    return node


def _is_weighted_name(cursor: Cursor) -> bool:
    """Is a function's name no function here: has it a subscript of an array, as `max[i]`?"""
    return cursor.tokens[cursor.place + 1].text == "[" and not cursor.is_latex


def _enclosed(cursor: Cursor) -> Node:
    opening = cursor.take()
    if opening.text == "\\{" and cursor.meets("command", "rows"):
        node = choice(cursor)
        if not cursor.takes("close", "."):
            cursor.takes("close", "\\}")
        return node
    if opening.text == "<":
        return _inner_product(cursor, opening)
    known = cursor.known.get(cursor.place - 1)
    if known is not None:
        (inner,), cursor.place = known
        return inner
    first = cursor.next
    inner = cursor.expression(cursor)
    before = cursor.tokens[cursor.place - 1]
    closing = cursor.close(opening)
    is_adjacent = cursor.is_latex or (opening.end == first.start and before.end == closing.start)
    is_doubled = is_adjacent and first.kind == "open" and first.text == "|"
    place = Node(kind="name", start=opening.start, end=closing.end)
    if opening.text == "||":
        if inner.kind == "item":
            cursor.source.fail(_GROUPS, inner.start)
        return Node(kind="norm", parts=(inner,), start=opening.start, end=closing.end)
    if opening.text != "|":
        return inner
    if is_doubled and inner.kind == "call" and inner.text == "abs" and inner.end == before.end:
        return Node(kind="norm", parts=inner.parts, start=opening.start, end=closing.end)
    return call("abs", inner, at=place)


def _inner_product(cursor: Cursor, opening: Token) -> Node:
    left = cursor.expression(cursor)
    if not cursor.takes("operator", ","):
        cursor.missing()
    right = cursor.expression(cursor)
    closing = cursor.close(opening)
    return Node(kind="call", text="dot", parts=(left, right), start=opening.start, end=closing.end)


def argument(cursor: Cursor) -> Node:
    """Read the argument of a command: a group in braces, or one token and of a number one digit."""
    if cursor.meets("open", "{"):
        return _enclosed(cursor)
    if cursor.meets("number"):
        token = cursor.first_digit()
        return Node(kind="number", text=token.text, start=token.start, end=token.end)
    if cursor.meets("name") or cursor.meets("command"):
        return atom(cursor)
    cursor.missing()


def _root(cursor: Cursor) -> Node:
    command = cursor.take()
    order = 3 if command.text == "cbrt" else 2
    if cursor.is_latex and cursor.meets("open", "["):
        degree = cursor.group(cursor.take())
        texts = [token.text for token in degree]
        if len(texts) != 1 or not texts[0].isdecimal() or not 2 <= int(texts[0][:4]) <= 64:
            cursor.source.fail("the degree of a root is a whole number; write a power", command.start)
        order = int(texts[0])
    is_braced = cursor.meets("open", "{")
    inner = argument(cursor) if is_braced else _bare(cursor, command)
    place = Node(kind="name", start=command.start, end=cursor.end)
    if order in (2, 3):
        return call("sqrt" if order == 2 else "cbrt", inner, at=place)
    return binary("**", inner, binary("/", number(1, place), number(order, place)))


def _bare(cursor: Cursor, function: Token) -> Node:
    """Read what a function without brackets is taken of: one operand, and nothing that may belong to it."""
    cursor.source.mark(function.start)
    if cursor.meets("open", "(", "[", "\\{", "|", "||"):
        inner = atom(cursor)
        is_bracketed = True
    else:
        inner = argument(cursor)
        while cursor.meets("operator", "_"):
            at = cursor.take().start
            inner = with_subscript(cursor, inner, cursor.script(), at)
        is_bracketed = inner.kind == "call"
    token = cursor.next
    goes_on = cursor.meets("operator", "^", "/") if not is_bracketed else cursor.meets("operator", "^")
    is_factor = token.kind in ("name", "number", "open") or (token.kind == "command" and token.text != "end rows")
    if goes_on and function.kind == "name" and is_bracketed and inner.kind == "call" and inner.text != "abs":
        goes_on = False
    if goes_on or (is_factor and not is_bracketed):
        name, rest = cursor.source.quoted(function.start, function.end).strip("'"), inner
        shown = cursor.source.part(rest.start, rest.end)
        more = cursor.source.quoted(token.start, token.end).strip("'")
        written = cursor.source.quoted(function.start, rest.end)
        cursor.source.fail(
            f"{written} with '{more}' behind it reads as {name}({shown} {more} ...) or as {name}({shown}) {more} ...; "
            "write the brackets",
            function.start,
        )
    return inner


def _applied(cursor: Cursor) -> Node:
    """Read a function: `log(x)`, `\\log x`, `\\sin^2 x`, `\\log_2 x`."""
    token = cursor.take()
    name = token.text
    exponent: Node | None = None
    while cursor.meets("operator", "^", "_"):
        mark = cursor.take()
        script = cursor.script()
        texts = [t.text for t in script]
        if mark.text == "_":
            name = with_base(cursor, name, texts, mark.start)
        elif len(texts) == 1 and texts[0].isdecimal():
            exponent = Node(kind="number", text=texts[0], start=script[0].start, end=script[0].end)
        else:
            cursor.source.fail(
                f"'{name}' with a raised '{''.join(texts)[:20]}' is a power or an inverse function; "
                f"write a power as ({name}(x))^a, an inverse by its name",
                mark.start,
            )
    brackets = ("(", "[", "\\{", "{") if cursor.is_latex else ("(",)
    if cursor.meets("open", *brackets):
        opening = cursor.take()
        arguments = _arguments(cursor)
        cursor.close(opening)
    elif name in ("max", "min") and cursor.is_latex and not cursor.meets("end"):
        cursor.source.fail(
            f"'{name}' takes its arguments in brackets, as in {name}(a, b); leave it out where it says what is done "
            "with an objective",
            token.start,
        )
    elif cursor.next.kind in ("number", "name", "open", "command"):
        arguments = [_bare(cursor, token)]
    else:
        cursor.source.stop(f"'{name}' is a function; write {name}(...)", token.start)
    node = _called(cursor, name, arguments, token.start)
    return node if exponent is None else binary("**", node, exponent)


def _arguments(cursor: Cursor) -> list[Node]:
    """Read arguments up to a closing bracket, those with a name too."""
    arguments: list[Node] = []
    while not cursor.meets("close"):
        following = cursor.tokens[cursor.place + 1 : cursor.place + 2]
        if cursor.meets("name") and following and following[0].text == "=":
            keyword = cursor.take()
            cursor.take()
            value = cursor.expression(cursor)
            arguments.append(
                Node(kind="keyword", text=keyword.text, parts=(value,), start=keyword.start, end=value.end)
            )
        else:
            arguments.append(cursor.expression(cursor))
        if not cursor.takes("operator", ",", ";"):
            break
    return arguments


def _named(cursor: Cursor) -> Node:
    """Read the name of a parameter or of the weights, with the subscripts that belong to it."""
    token = cursor.take()
    node = Node(kind="name", text=token.text, is_bold=token.is_bold, start=token.start, end=token.end)
    if cursor.meets("open", "[") and not cursor.is_latex and not cursor.next.after_space:
        opening = cursor.take()
        subscripts = read_subscripts(cursor.group(opening), frozenset(cursor.bound) | frozenset("ijklmnopqrs"))
        if not subscripts:
            cursor.source.stop("a subscript is an index with a constant shift, as in w[i + 1]", opening.start)
        return Node(kind="item", text=token.text, subscripts=tuple(subscripts), start=token.start, end=cursor.end)
    base, _, below = token.text.rpartition("_")
    indices = frozenset(cursor.bound) | INDICES
    if base and below and (below in indices or set(below) <= INDICES):
        letters = [below] if below in indices else list(below)
        cursor.source.mark(token.start)
        subscripts = [Subscript(index=letter) for letter in letters]
        node = Node(kind="item", text=base, subscripts=tuple(subscripts), start=token.start, end=token.end)
    elif base and below.isdecimal():
        node = Node(kind="name", text=token.text, letter=base, start=token.start, end=token.end)
    if cursor.meets("open", "("):
        return before_brackets(cursor, node)
    return node


def before_brackets(cursor: Cursor, node: Node) -> Node:
    """Return a name that brackets stand behind: a factor, or a function that is not in the language."""
    name = node.text
    opening = cursor.next
    if node.kind == "call":
        cursor.source.fail(
            f"{cursor.source.quoted(node.start, opening.end)} begins the call of a function that is not in the "
            "language; write its formula",
            node.start,
        )
    is_letter = len(name) == 1 or name in LETTERS.values() or node.kind == "item" or bool(node.letter)
    if not is_letter:
        cursor.take()
        arguments = _arguments(cursor)
        cursor.close(opening)
        return _called(cursor, name, arguments, node.start)
    start = cursor.place
    cursor.take()
    arguments = _arguments(cursor)
    cursor.close(opening)
    cursor.known[start] = (arguments, cursor.place)
    cursor.place = start
    is_word = node.letter and name.rpartition("_")[2].isalpha()
    if len(arguments) == 1 and not is_word and _is_factor_before(node.letter or name, arguments[0]):
        return node
    cursor.source.fail(
        f"{cursor.source.quoted(node.start, opening.end)} begins a product, or a function that is not in the language; "
        f"write {name}*(...) for a product",
        node.start,
    )


def _called(cursor: Cursor, name: str, arguments: list[Node], start: int) -> Node:
    """Return a call; one whose arguments are all `old=new` is a penalty with its parameters, and stays as it is."""
    if arguments and all(a.kind == "keyword" for a in arguments) and name not in WHOLE:
        return Node(kind="kept", text=cursor.source.text[start : cursor.end], start=start, end=cursor.end)
    return Node(kind="call", text=name, parts=tuple(arguments), start=start, end=cursor.end)


def _is_factor_before(letter: str, inner: Node) -> bool:
    """Is a letter before brackets a factor: no letter of functions, and before a sum, or else a Greek letter?"""
    if letter in _LETTERS_OF_FUNCTIONS:
        return False
    is_sum = inner.kind == "binary" and inner.text in ("+", "-")
    return is_sum or inner.kind == "number" or (letter in _GREEK and inner.kind not in ("name", "item"))
