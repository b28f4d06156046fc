"""Parse text of the language into a tree: Python's grammar, our own walk over it, nothing ever executed."""

from __future__ import annotations

import ast
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NoReturn

from symreg.errors import LanguageError, SpecError
from symreg.expressions.functions import CONSTANTS, FUNCTIONS, RULE_FUNCTIONS
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
from symreg.language.constants import constant_value
from symreg.language.limits import (
    DEEPEST,
    LARGEST_EXPONENT,
    LARGEST_SHIFT,
    MOST_ARGUMENTS,
    MOST_NODES,
    MOST_SWITCHES,
    split_addends,
)
from symreg.model.names import check_identifier, did_you_mean, mentioned

_IN_PENALTY = frozenset({"w", "n"})
_IN_RULE = frozenset({"w", "g", "g_loss", "g_penalty", "t"})
_ELSEWHERE = {
    "ln": "log(x)",
    "arctan": "atan(x)",
    "fabs": "abs(x)",
    "maximum": "max(a, b)",
    "minimum": "min(a, b)",
    "Piecewise": "where(condition, a, b)",
    "relu": "max(x, 0)",
}
_SWITCHES = frozenset({"abs", "sign", "min", "max", "where"})
_BINARY: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_COMPARE: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "=="}


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpted:
    """A text that stands inside another one, for messages: the whole, its name, and where the text starts in it."""

    source: str = "expression"
    whole: str | None = None
    offset: int = 0


def parse(
    text: str,
    *,
    source: str | Excerpted = "expression",
    indices: Collection[str] = (),
    in_rule: bool = False,
    known: Collection[str] | None = None,
) -> Tree:
    """Return the tree of an expression.

    Args:
        text: In the language's notation; at most 128 addends of 2,000 characters.
        source: What messages call the text, or where it stands in a file.
        indices: Indices that may occur free (`j` in a printed gradient).
        in_rule: Is it a rule's assignment: elementwise, over `w`, `g`, `g_loss`, `g_penalty`, `t` and names in `known`?
        known: Names of the parameters and arrays there are; None takes every other name for a parameter.

    Raises:
        LanguageError: What is wrong, the column, and what would be right.
    """
    return fold(parse_addends(text, source=source, indices=indices, in_rule=in_rule, known=known))


def parse_addends(
    text: str,
    *,
    source: str | Excerpted = "expression",
    indices: Collection[str] = (),
    in_rule: bool = False,
    known: Collection[str] | None = None,
) -> list[tuple[str, Tree]]:
    """Return the sign ("" for the first, `+`, `-`) and the tree of each top-level addend; see `parse`."""
    place = source if isinstance(source, Excerpted) else Excerpted(source=source)
    allowed = (_IN_RULE if in_rule else _IN_PENALTY) | frozenset(known or ())

    def fail(message: str, position: int) -> NoReturn:
        _fail(message, text, position, place)

    made: list[tuple[str, Tree]] = []
    for start, end, sign in split_addends(text, fail):
        part = text[start:end]
        padding = len(part) - len(part.lstrip())
        walker = _Walker(
            text=text,
            offset=start + padding,
            place=place,
            in_rule=in_rule,
            names=allowed,
            is_open=known is None,
            bound=list(indices),
        )
        made.append((sign, walker.whole(part.strip())))
    return made


def fold(addends: Iterable[tuple[str, Tree]]) -> Tree:
    """Return the sum of signed addends, associated to the left; the first one's sign is its own."""
    (_, made), *others = addends
    for sign, tree in others:
        made = Binary(sign, made, tree)
    return made


def _fail(message: str, text: str, position: int, place: Excerpted) -> NoReturn:
    whole = text if place.whole is None else place.whole
    fail_at(message, whole, min(position, max(len(text) - 1, 0)) + place.offset, place.source)


def fail_at(message: str, text: str, position: int, source: str = "expression") -> NoReturn:
    """Raise the error at a position of a text."""
    at = min(position, max(len(text) - 1, 0))
    line_start = text.rfind("\n", 0, at) + 1
    line = text.count("\n", 0, at) + 1
    raise LanguageError(message, source=source, text=text, line=line, column=at - line_start + 1)


@dataclass(slots=True)
class _Walker:
    """One addend's walk: the text it stands in, the names that are allowed, the indices bound so far."""

    text: str
    offset: int
    place: Excerpted
    in_rule: bool
    names: frozenset[str]
    is_open: bool
    bound: list[str]
    nodes: int = 0
    switches: int = 0
    in_prox: bool = False
    uses: list[set[str]] = field(default_factory=list)
    bare: ast.Name | None = None
    indexed: ast.expr | None = None

    def whole(self, part: str) -> Tree:
        flat = "".join(" " if c.isspace() else c for c in part)
        try:
            parsed = ast.parse(flat, mode="eval").body
        except SyntaxError as error:
            _fail(_reason(error, flat), self.text, self.offset + max((error.offset or 1) - 1, 0), self.place)
        except (MemoryError, RecursionError, ValueError):
            _fail(f"nested more than {DEEPEST} deep", self.text, self.offset, self.place)
        tree = self.value(parsed, 1)
        if self.bare is not None and self.indexed is not None:
            self.fail(
                "'w' stands bare beside index notation in one term; write w[i] under a sum, or two terms", self.bare
            )
        return tree

    def fail(self, message: str, node: ast.AST) -> NoReturn:
        _fail(message, self.text, self.offset + getattr(node, "col_offset", 0), self.place)

    def count(self, node: ast.AST, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self.fail(f"more than {MOST_NODES} nodes in one term", node)
        if depth > DEEPEST:
            self.fail(f"nested more than {DEEPEST} deep", node)

    def value(self, node: ast.expr, depth: int) -> Tree:
        """Walk an expression that is a number."""
        self.count(node, depth)
        tree = self._value(node, depth)
        if isinstance(tree, Number | Constant | Name | Item | Sum):
            return tree
        try:
            constant = constant_value(tree)
        except (ValueError, OverflowError, ZeroDivisionError):
            self.fail("this is not a finite real number", node)
        if constant is not None and not math.isfinite(constant):
            self.fail("this is not a finite real number", node)
        return tree

    def _value(self, node: ast.expr, depth: int) -> Tree:
        match node:
            case ast.Constant(value=value) if type(value) in (int, float):
                start = self.offset + node.col_offset
                return Number(Fraction(self.text[start : self.offset + (node.end_col_offset or 0)]))
            case ast.Name(id=name):
                return self.name(node, name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Negate(self.value(operand, depth + 1))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.value(operand, depth + 1)
            case ast.BinOp(op=ast.Pow(), left=base, right=exponent):
                return self.power(base, exponent, depth)
            case ast.BinOp(op=operator, left=left, right=right) if type(operator) in _BINARY:
                above, below = self.value(left, depth + 1), self.value(right, depth + 1)
                if isinstance(operator, ast.Div) and constant_value(below) == 0:
                    self.fail("this divides by zero", node)
                return Binary(_BINARY[type(operator)], above, below)
            case ast.Call():
                return self.call(node, depth)
            case ast.Subscript():
                return self.item(node)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp():
                self.fail("a condition stands where a number should; write where(condition, a, b)", node)
            case ast.IfExp():
                self.fail("write where(condition, a, b) for a choice", node)
            case ast.Tuple(elts=[]):
                self.fail("an operand is missing in these brackets", node)
            case ast.Tuple():
                self.fail("a comma stands outside a function's brackets", node)
            case _:
                self.fail(f"{_KINDS.get(type(node), 'this')} is not in the language", node)

    def name(self, node: ast.Name, name: str) -> Tree:
        if name in CONSTANTS:
            return Constant(name)
        if name in FUNCTIONS or (self.in_rule and name in RULE_FUNCTIONS):
            self.fail(f"'{name}' is a function; write {name}(...)", node)
        if name in self.bound:
            self.fail(f"the index '{name}' must subscript something, as in w[{name}]", node)
        if name == "w" and not self.in_rule:
            self.bare = self.bare or node
        if name in self.names:
            return Name(name)
        if not self.is_open:
            self.fail(f"{mentioned(name, 'unknown name')}{did_you_mean(name, self.names | CONSTANTS.keys())}", node)
        try:
            check_identifier(name, "name")
        except SpecError as error:
            self.fail(str(error), node)
        return Name(name)

    def power(self, base_node: ast.expr, exponent_node: ast.expr, depth: int) -> Tree:
        base = self.value(base_node, depth + 1)
        before = (self.bare, self.indexed)
        exponent = self.value(exponent_node, depth + 1)
        if before != (self.bare, self.indexed) or self.varies(exponent):
            self.fail("an exponent may hold numbers, parameters and 't', nothing that varies with w", exponent_node)
        constant = constant_value(exponent)
        if constant is not None and abs(constant) > LARGEST_EXPONENT:
            self.fail(f"an exponent beyond +-{LARGEST_EXPONENT}", exponent_node)
        return Binary("**", base, exponent)

    def varies(self, tree: Tree) -> bool:
        from symreg.expressions.tree import walk

        loose = {"w", "g", "g_loss", "g_penalty"}
        return any(
            isinstance(n, Item | Sum)
            or (isinstance(n, Name) and n.name in loose)
            or (isinstance(n, Call) and n.function in RULE_FUNCTIONS)
            for n in walk(tree)
        )

    def call(self, node: ast.Call, depth: int) -> Tree:
        if not isinstance(node.func, ast.Name):
            self.fail("only a function of the language can be called", node)
        name = node.func.id
        function = FUNCTIONS.get(name) or (RULE_FUNCTIONS.get(name) if self.in_rule else None)
        if function is None:
            meant = f"; write {_ELSEWHERE[name]}" if name in _ELSEWHERE else did_you_mean(name, FUNCTIONS)
            meant = "; it is for update rules" if name in RULE_FUNCTIONS else meant
            self.fail(f"{mentioned(name, 'unknown function')}{meant}", node)
        if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            self.fail(f"{name} takes its arguments by position", node)
        most = MOST_ARGUMENTS if function.most is None else function.most
        if not function.least <= len(node.args) <= most:
            wanted = str(function.least) if function.least == most else f"{function.least} to {most}"
            self.fail(f"{name} takes {wanted} argument{'s' if wanted != '1' else ''}, not {len(node.args)}", node)
        self.switches += name in _SWITCHES
        if self.switches > MOST_SWITCHES:
            self.fail(f"more than {MOST_SWITCHES} of abs, sign, min, max and where in one term", node)
        if name == "prox":
            return self.prox(node, depth)
        if name == "sum":
            return self.sum(node, depth)
        if name == "norm":
            return self.norm(node)
        if name == "where":
            condition = self.condition(node.args[0], depth + 1)
            return Call(name, (condition, *(self.value(a, depth + 1) for a in node.args[1:])))
        return Call(name, tuple(self.value(argument, depth + 1) for argument in node.args))

    def prox(self, node: ast.Call, depth: int) -> Tree:
        if self.in_prox:
            self.fail("a prox stands within another one; write the inner one as a step of its own", node)
        self.in_prox = True
        tree = Call("prox", tuple(self.value(argument, depth + 1) for argument in node.args))
        self.in_prox = False
        return tree

    def norm(self, node: ast.Call) -> Tree:
        match node.args:
            case [ast.Name(id="w")] if not self.in_rule:
                self.indexed = self.indexed or node
                return Call("norm", (Name("w"),))
            case _ if self.in_rule:
                self.fail("a rule is elementwise: no sum, norm or subscript", node)
            case _:
                self.fail("norm takes the whole vector; write norm(w), or sqrt(sum(...**2, i))", node)

    def sum(self, node: ast.Call, depth: int) -> Tree:
        if self.in_rule:
            self.fail("a rule is elementwise: no sum, norm or subscript", node)
        body, index_node = node.args
        if not isinstance(index_node, ast.Name):
            self.fail("the second argument of sum is its index, as in sum(w[i]**2, i)", index_node)
        index = index_node.id
        if index in self.bound:
            self.fail(f"the index '{index}' is already in use; take another letter", index_node)
        if index in self.names and not self.is_open:
            self.fail(f"'{index}' is a name already; take another letter for the index", index_node)
        try:
            check_identifier(index, "index")
        except SpecError as error:
            self.fail(str(error), index_node)
        self.indexed = self.indexed or node
        self.bound.append(index)
        self.uses.append(set())
        tree = self.value(body, depth + 1)
        self.bound.pop()
        if index not in self.uses.pop():
            self.fail(f"the index '{index}' subscripts nothing in this sum", node)
        return Sum(tree, index)

    def item(self, node: ast.Subscript) -> Tree:
        if self.in_rule:
            self.fail("a rule is elementwise: no sum, norm or subscript", node)
        if not isinstance(node.value, ast.Name):
            self.fail("only an array can be subscripted, as in w[i]", node)
        array = node.value.id
        if array != "w":
            self.name(node.value, array)
        self.indexed = self.indexed or node
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        subscripts = tuple(self.subscript(part) for part in parts)
        used = [s.index for s in subscripts]
        if array == "w" and len(used) != 1:
            self.fail("w has one subscript", node)
        if len(used) > 2:
            self.fail(f"{array} has {len(used)} subscripts; at most 2", node)
        if len(set(used)) != len(used):
            self.fail("an index may stand once in a subscript", node)
        return Item(array, subscripts)

    def subscript(self, node: ast.expr) -> Subscript:
        match node:
            case ast.Name(id=index):
                shift = 0
            case ast.BinOp(
                left=ast.Name(id=index), op=ast.Add() | ast.Sub() as operator, right=ast.Constant(value=int(amount))
            ):
                shift = amount if isinstance(operator, ast.Add) else -amount
            case _:
                self.fail("a subscript is an index with a constant shift, as in w[i + 1]", node)
        if index not in self.bound:
            self.fail(f"{mentioned(index, 'the index')} is not bound by a sum{did_you_mean(index, self.bound)}", node)
        if abs(shift) > LARGEST_SHIFT:
            self.fail(f"a shift beyond +-{LARGEST_SHIFT}", node)
        for level in self.uses:
            level.add(index)
        return Subscript(index, shift)

    def condition(self, node: ast.expr, depth: int) -> Tree:
        """Walk an expression that is true or false."""
        self.count(node, depth)
        match node:
            case ast.Compare(left=left, ops=operators, comparators=rights):
                operands = [self.value(o, depth + 1) for o in (left, *rights)]
                made: list[Tree] = []
                for operator, a, b in zip(operators, operands, operands[1:], strict=False):
                    if type(operator) not in _COMPARE:
                        self.fail("compare with <, <=, >, >= or ==", node)
                    made.append(Compare(_COMPARE[type(operator)], a, b))
                return made[0] if len(made) == 1 else Logic("and", tuple(made))
            case ast.BoolOp(op=operator, values=values):
                word = "and" if isinstance(operator, ast.And) else "or"
                return Logic(word, tuple(self.condition(v, depth + 1) for v in values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Logic("not", (self.condition(operand, depth + 1),))
            case _:
                self.fail("a condition is wanted here, such as abs(w) <= c", node)


def _reason(error: SyntaxError, text: str) -> str:
    is_at_end = max((error.offset or 1) - 1, 0) >= len(text)
    return "the expression ends too early" if is_at_end else "this does not follow the grammar"


_KINDS: dict[type[ast.expr], str] = {
    ast.Attribute: "a dot",
    ast.Lambda: "a lambda",
    ast.List: "a list",
    ast.ListComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.NamedExpr: "an assignment",
    ast.Constant: "this literal",
}
