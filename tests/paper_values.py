"""Read printed mathematics back, for tests: values of trees, of ASCII formulas and of LaTeX, in one finite field.

A formula means what its tree means if both have the same value. Values are residues modulo a prime, with 1/0 = 0, and
each function is some polynomial: equal in exact arithmetic is equal here, and a lost bracket is not.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import reduce

from symreg.language.tree import Binary, Call, Compare, Constant, Item, Logic, Name, Negate, Number, Sum, Tree

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
        case Call("norm", _):
            return _named("norm")
        case Call(function, arguments):
            return _call(function, [of_tree(a, at) for a in arguments])
        case Sum(body, index):
            return sum(of_tree(body, {**at, index: value}) for value in INDICES) % P
    raise AssertionError(tree)


def of_text(text: str) -> int:
    """Return the value of an ASCII formula."""
    return _Reader(_TEXT.findall(text), juxtaposes=False).whole()


def of_latex(latex: str) -> int:
    """Return the value of a LaTeX formula (with `\\lambda` for the name lam)."""
    return _Reader(_latex_tokens(latex), juxtaposes=True).whole()


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


_TEXT = re.compile(
    r"\d+(?:\.\d+)?(?:e-?\d+)?|sum_[a-z] |norm\(w\)|[A-Za-z]+_\{[^}]*\}|[A-Za-z]+_[a-z]\b|<=|>=|[A-Za-z]\w*|[^\s]"
)
_LATEX = re.compile(
    r"\\operatorname\{\w+\}|\\text\{[^}]*\}|\\begin\{cases\}|\\end\{cases\}|\\sum_\{[a-z]\}|\\lVert w\\rVert_2"
    r"|\\displaystyle|\\\\(?:\[\w+\])?|\\[A-Za-z]+|[A-Za-z]_\{[^}]*\}|[A-Za-z]_[a-z]|\\[{},;]|\d+(?:\.\d+)?|\S"
)
_DROPPED = {
    *(rf"\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in "lr"),
    *(r"\left", r"\right", r"\,", r"\;", r"\displaystyle", r"\enspace", r"\quad", "&"),
}
_MEANING = {r"\cdot": "*", r"\times": "*", r"\le": "<=", r"\ge": ">=", r"\{": "{", r"\}": "}", r"\neg": "not"} | {
    r"\begin{cases}": "{", r"\end{cases}": "}", r"\lVert w\rVert_2": "norm(w)", r"\arctan": "atan", r"\lambda": "lam"
}  # fmt: skip


def _latex_tokens(latex: str) -> list[str]:
    made = []
    for token in _LATEX.findall(latex):
        if token in _DROPPED:
            continue
        if token.startswith(r"\\"):
            made.append(";")
        elif token.startswith((r"\text{", r"\operatorname{")):
            made.append(token[token.index("{") + 1 : -1].strip())
        elif token.startswith(r"\sum_"):
            made.append(f"sum_{token[6]} ")
        else:
            made.append(_MEANING.get(token, token.lstrip("\\") if token[0] == "\\" and token[1:].isalpha() else token))
    return made


_FUNCTIONS = frozenset(
    ["sqrt", "exp", "log", "tanh", "atan", "sign", "min", "max", "abs", "softplus", "logaddexp", "pow", "cosh"]
)
_ENDS = ("if", "otherwise", "and", "or", ")", "}", "]", ";", ",", "|", "rvert", "<", "<=", ">", ">=", "=", "+", "-", "")


class _Reader:
    """Recursive descent over tokens: each method returns a function of the indices' values."""

    def __init__(self, tokens: list[str], *, juxtaposes: bool) -> None:
        self.tokens, self.at, self.juxtaposes = tokens, 0, juxtaposes
        self.index: dict[str, int] = dict(FREE)

    def whole(self) -> int:
        value = self.condition()
        assert self.next() == "", self.tokens[self.at :]
        return value

    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.next()
        assert not expected or token in expected, (token, expected, self.tokens)
        self.at += 1
        return token

    def condition(self) -> int:
        value = self.conjunction()
        while self.next() == "or":
            self.take()
            value = max(self.conjunction(), value)
        return value

    def conjunction(self) -> int:
        value = self.negation()
        while self.next() == "and":
            self.take()
            value = min(self.negation(), value)
        return value

    def negation(self) -> int:
        if self.next() == "not":
            self.take()
            return 1 - self.negation()
        value = self.sum()
        holds = None
        while self.next() in ("<", "<=", ">", ">=", "="):
            operator, right = self.take(), self.sum()
            holds = _compare(operator, value, right) if holds is None else min(holds, _compare(operator, value, right))
            value = right
        return value if holds is None else holds

    def sum(self) -> int:
        sign = self.take() if self.next() == "-" else "+"
        value = _operate(sign, 0, self.product())
        while self.next() in ("+", "-"):
            value = _operate(self.take(), value, self.product())
        return value

    def product(self) -> int:
        value = self.power()
        while True:
            if self.next() in ("*", "/"):
                value = _operate(self.take(), value, self.power())
            elif self.juxtaposes and self.next() not in _ENDS:
                value = _operate("*", value, self.power())
            else:
                return value

    def power(self) -> int:
        if self.next().startswith("sum_"):
            index = self.take()[4]
            start, total = self.at, 0
            for value in INDICES:
                self.at, self.index[index] = start, value
                total += self.product()
            return total % P
        base = self.atom()
        if self.next() == "^":
            return _operate("**", base, self.exponent())
        return base

    def exponent(self) -> int:
        self.take("^")
        return self.atom()

    def atom(self) -> int:
        token = self.take()
        if token in ("(", "["):
            value = self.condition()
            self.take(")", "]")
            return value
        if token == "{":
            return self.braces()
        if token in ("|", "lvert"):
            value = self.sum()
            self.take("|", "rvert")
            return _call("abs", [value])
        if token == "frac":
            return _operate("/", self.atom(), self.atom())
        if token == "sqrt" and self.next() == "{":
            return _call("sqrt", [self.atom()])
        if token == "e" and self.next() == "^":
            return _call("exp", [self.exponent()])
        if token in _FUNCTIONS:
            return self.function(token)
        if token == "norm(w)":
            return _named("norm")
        if token[0].isdigit():
            return _number(Fraction(token))
        name, _, subscript = token.partition("_")
        assert re.fullmatch(r"[A-Za-z]\w*", name), (token, self.tokens)
        if not subscript:
            return _named(token)
        inside = subscript.strip("{}")
        parts = inside.split(",") if "," in inside or "+" in inside or "-" in inside else list(inside)
        return _element(name, tuple(self.place(part) for part in parts))

    def place(self, subscript: str) -> int:
        return self.index[subscript[0]] + int(subscript[1:] or 0)

    def function(self, name: str) -> int:
        raised = self.exponent() if self.next() == "^" else None
        self.take("(")
        arguments = [self.sum()]
        while self.next() == ",":
            self.take()
            arguments.append(self.sum())
        self.take(")")
        value = _operate("**", *arguments) if name == "pow" else _call(name, arguments)
        return value if raised is None else _operate("**", value, raised)

    def braces(self) -> int:
        """Read the pieces of a choice, or a group of LaTeX."""
        chosen = None
        while True:
            value = self.sum()
            if self.next() == "if":
                self.take()
                if self.condition() and chosen is None:
                    chosen = value
            elif self.next() == "otherwise":
                self.take()
                chosen = value if chosen is None else chosen
            else:
                assert chosen is None
                chosen = value
            if self.take(";", "}") == "}":
                assert chosen is not None
                return chosen
