"""Read printed mathematics back, for tests: ASCII formulas and LaTeX as trees, and values of trees in a finite field.

A formula means what its tree means if both have the same value. Values are residues modulo a prime, with 1/0 = 0, and
each function is some polynomial: equal in exact arithmetic is equal here, and a lost bracket is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import reduce

from symreg.expressions.functions import FUNCTIONS
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
    number,
)

P = 2**61 - 1
INDICES = (0, 1, 2)
FREE = {"j": 1}


def of_tree(tree: Tree, at: dict[str, int] = FREE) -> int:
    """Return a tree's value; indices have the values of `at`."""
    match tree:
        case Number(value):
            return _number(value)
        case Constant(name) | Name(name):
            return _named(name)
        case Item(array, subscripts):
            return _element(array, tuple(at[s.index] + s.shift for s in subscripts))
        case Negate(operand):
            return -of_tree(operand, at) % P
        case Binary(operator, left, right):
            return _operate(operator, of_tree(left, at), of_tree(right, at))
        case Compare(operator, left, right):
            return _compare(operator, of_tree(left, at), of_tree(right, at))
        case Logic("not", (operand,)):
            return 1 - of_tree(operand, at)
        case Logic(operator, operands):
            return int((all if operator == "and" else any)(of_tree(o, at) for o in operands))
        case Call("where", (condition, then, otherwise)):
            return of_tree(then if of_tree(condition, at) else otherwise, at)
        case Call("norm", (Name("w"),)):
            return _named("norm")
        case Call(function, arguments):
            return _call(function, [of_tree(a, at) for a in arguments])
        case Sum(body, index):
            return sum(of_tree(body, {**at, index: value}) for value in INDICES) % P
    raise AssertionError(tree)


def of_text(text: str) -> int:
    """Return the value of an ASCII formula."""
    return of_tree(_Reader(_TEXT.findall(text), juxtaposes=False).whole())


def of_latex(latex: str) -> int:
    """Return the value of a LaTeX formula (with `\\lambda` for the name lam)."""
    return of_tree(_Reader(_latex_tokens(latex, {r"\lambda": "lam"}), juxtaposes=True).whole())


def sides_of_text(text: str) -> list[Tree]:
    """Return the sides of an ASCII equation `a = b = c` as trees."""
    return _Reader(_TEXT.findall(text), juxtaposes=False).sides()


def sides_of_latex(latex: str, symbols: Mapping[str, str]) -> list[Tree]:
    """Return the sides of an equation in LaTeX as trees; `symbols` gives the parameters' names by their symbols."""
    return _Reader(_latex_tokens(latex, symbols), juxtaposes=True).sides()


def _number(value: Fraction) -> int:
    return value.numerator * pow(value.denominator, -1, P) % P


def _named(name: str) -> int:
    return reduce(lambda h, c: (h * 1_000_003 + ord(c)) % P, name, 17)


def _element(array: str, places: tuple[int, ...]) -> int:
    return _named(f"{array}{places}")


def _inverse(x: int) -> int:
    return pow(x, P - 2, P)


def _operate(operator: str, x: int, y: int) -> int:
    match operator:
        case "+":
            return (x + y) % P
        case "-":
            return (x - y) % P
        case "*":
            return x * y % P
        case "/":
            return x * _inverse(y) % P
    if y < 400:
        return pow(x, y, P)
    return pow(_inverse(x), P - y, P) if P - y < 400 else (x * y + y + 1) % P


def _compare(operator: str, x: int, y: int) -> int:
    return int({"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y, "==": x == y, "=": x == y}[operator])


def _call(function: str, arguments: list[int]) -> int:
    if function == "sqrt":
        return _operate("**", arguments[0], _inverse(2))
    if function == "abs":
        arguments = [arguments[0] ** 2]
    if function == "log1p":
        return _call("log", [1 + arguments[0]])
    if function == "expm1":
        return (_call("exp", arguments) - 1) % P
    return reduce(lambda h, x: (h * 1_000_003 + x * x + x) % P, arguments, _named(function))


_TEXT = re.compile(r"\d+(?:\.\d+)?(?:e-?\d+)?|sum_[a-z] |[A-Za-z]+_\{[^}]*\}|[A-Za-z]+_[a-z]\b|<=|>=|[A-Za-z]\w*|[^\s]")
_LATEX = re.compile(
    r"\\operatorname\{\w+\}|\\text\{[^}]*\}|\\begin\{cases\}|\\end\{cases\}|\\sum_\{[a-z]\}|\\rVert_2"
    r"|\\displaystyle|\\\\(?:\[\w+\])?|\\[A-Za-z]+|[A-Za-z]_\{[^}]*\}|[A-Za-z]_[a-z]|\\[{},;]|\d+(?:\.\d+)?|\S"
)
_DROPPED = {
    *(rf"\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in "lr"),
    *(r"\left", r"\right", r"\,", r"\;", r"\displaystyle", r"\enspace", r"\quad", "&"),
}
_MEANING = {r"\cdot": "*", r"\times": "*", r"\le": "<=", r"\ge": ">=", r"\{": "{", r"\}": "}", r"\neg": "not"} | {
    r"\begin{cases}": "{", r"\end{cases}": "}", r"\lVert": "norm(", r"\rVert_2": ")", r"\arctan": "atan"
}  # fmt: skip


def _latex_tokens(latex: str, symbols: Mapping[str, str]) -> list[str]:
    """Return the tokens of LaTeX: parameters under their names, `;` between the rows of cases, no other line ends."""
    latex = re.sub(r"\\hspace\{\w+\}|\{\} ", "", latex)
    latex = re.sub(r"\\mathop\{\\mathrm\{(\w+)\}\}", r"\\operatorname{\1}", latex)
    known = "|".join(rf"{re.escape(s)}(?![A-Za-z])" for s in sorted(symbols, key=len, reverse=True))
    pattern = re.compile(f"{known}|{_LATEX.pattern}" if known else _LATEX.pattern)
    made: list[str] = []
    depth = 0
    for token in pattern.findall(latex):
        depth += (token == r"\begin{cases}") - (token == r"\end{cases}")
        if token in symbols:
            made.append(symbols[token])
        elif token in _DROPPED:
            continue
        elif token.startswith(r"\\"):
            made += [";"] * (depth > 0)
        elif token.startswith((r"\text{", r"\operatorname{")):
            word = token[token.index("{") + 1 : -1].strip()
            if word in ("if", "otherwise") and made and made[-1] == ";":
                made.pop()  # a condition below its value
            made.append(word)
        elif token.startswith(r"\sum_"):
            made.append(f"sum_{token[6]} ")
        else:
            made.append(_MEANING.get(token, token.lstrip("\\") if token[0] == "\\" and token[1:].isalpha() else token))
    return made


_FUNCTIONS = frozenset([*FUNCTIONS, "pow"]) - {"where", "sum", "norm"}
_ENDS = ("if", "otherwise", "and", "or", ")", "}", "]", ";", ",", "|", "rvert", "<", "<=", ">", ">=", "=", "+", "-", "")


class _Reader:
    """Recursive descent over tokens."""

    def __init__(self, tokens: list[str], *, juxtaposes: bool) -> None:
        self.tokens, self.at, self.juxtaposes = tokens, 0, juxtaposes

    def whole(self) -> Tree:
        tree = self.condition()
        assert self.next() == "", self.tokens[self.at :]
        return tree

    def sides(self) -> list[Tree]:
        """Read `a = b = c`."""
        made = [self.sum()]
        while self.next() == "=":
            self.take()
            made.append(self.sum())
        assert self.next() == "", self.tokens[self.at :]
        return made

    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.next()
        assert not expected or token in expected, (token, expected, self.tokens)
        self.at += 1
        return token

    def condition(self) -> Tree:
        tree = self.conjunction()
        while self.next() == "or":
            self.take()
            tree = Logic("or", (tree, self.conjunction()))
        return tree

    def conjunction(self) -> Tree:
        tree = self.negation()
        while self.next() == "and":
            self.take()
            tree = Logic("and", (tree, self.negation()))
        return tree

    def negation(self) -> Tree:
        if self.next() == "not":
            self.take()
            return Logic("not", (self.negation(),))
        left = self.sum()
        holds: list[Tree] = []
        while self.next() in ("<", "<=", ">", ">=", "="):
            operator, right = self.take(), self.sum()
            holds.append(Compare("==" if operator == "=" else operator, left, right))
            left = right
        return left if not holds else holds[0] if len(holds) == 1 else Logic("and", tuple(holds))

    def sum(self) -> Tree:
        tree: Tree
        if self.next() == "-":
            self.take()
            tree = Negate(self.product())
        else:
            tree = self.product()
        while self.next() in ("+", "-"):
            tree = Binary(self.take(), tree, self.product())
        return tree

    def product(self) -> Tree:
        tree = self.power()
        while True:
            if self.next() in ("*", "/"):
                tree = Binary(self.take(), tree, self.power())
            elif self.juxtaposes and self.next() not in _ENDS:
                tree = Binary("*", tree, self.power())
            else:
                return tree

    def power(self) -> Tree:
        if self.next().startswith("sum_"):
            index = self.take()[4]
            return Sum(self.product(), index)
        base = self.atom()
        return Binary("**", base, self.exponent()) if self.next() == "^" else base

    def exponent(self) -> Tree:
        self.take("^")
        return self.atom()

    def atom(self) -> Tree:
        token = self.take()
        if token in ("(", "["):
            tree = self.condition()
            self.take(")", "]")
            return tree
        if token == "{":
            return self.braces()
        if token in ("|", "lvert"):
            tree = self.sum()
            self.take("|", "rvert")
            return Call("abs", (tree,))
        if token == "frac":
            return Binary("/", self.atom(), self.atom())
        if token == "sqrt" and self.next() == "{":
            return Call("sqrt", (self.atom(),))
        if token == "e" and self.next() == "^":
            return Call("exp", (self.exponent(),))
        if token in _FUNCTIONS:
            return self.function(token)
        if token == "norm(" or (token == "norm" and self.next() == "("):
            self.at += token == "norm"
            tree = self.sum()
            self.take(")")
            return Call("norm", (tree,))
        if token[0].isdigit():
            return number(Fraction(token))
        return self.name(token)

    def name(self, token: str) -> Tree:
        """Read a name, or an element with subscripts: `w_j`, `A_{ij}`, `w_{i+1}`."""
        assert re.fullmatch(r"[A-Za-z]\w*(?:\{[^}]*\})?", token), (token, self.tokens)
        name, _, below = token.rpartition("_")
        if not name or not re.fullmatch(r"[a-z]|\{[a-z+\-\d,]+\}", below):
            return Constant("pi") if token == "pi" else Name(token)
        inside = below.strip("{}")
        parts = inside.split(",") if "," in inside or "+" in inside or "-" in inside else list(inside)
        return Item(name, tuple(Subscript(part[0], int(part[1:] or 0)) for part in parts))

    def function(self, name: str) -> Tree:
        raised = self.exponent() if self.next() == "^" else None
        self.take("(")
        arguments = [self.sum()]
        while self.next() == ",":
            self.take()
            arguments.append(self.sum())
        self.take(")")
        tree = Binary("**", *arguments) if name == "pow" else Call(name, tuple(arguments))
        return tree if raised is None else Binary("**", tree, raised)

    def braces(self) -> Tree:
        """Read the pieces of a choice, or a group of LaTeX."""
        pieces: list[tuple[Tree, Tree]] = []
        while True:
            tree = self.sum()
            if self.next() == "if":
                self.take()
                pieces.append((self.condition(), tree))
            elif self.next() == "otherwise":
                self.take()
            else:
                assert not pieces
            if self.take(";", "}") == "}":
                for condition, then in reversed(pieces):
                    tree = Call("where", (condition, then, tree))
                return tree
