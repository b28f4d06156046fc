"""Walk Python's syntax tree of one addend and make a tree of the language; whatever is not in it is refused.

It starts at `walk_addend`; a number is walked by `_walk_value`, a condition by `_walk_condition`.
"""

from __future__ import annotations

import ast
import math
from fractions import Fraction

from symreg.errors import SpecError
from symreg.expressions.functions import FUNCTIONS, RULE_FUNCTIONS
from symreg.expressions.tree import Binary, Call, Compare, Constant, Item, Logic, Name, Negate, Number, Sum, Tree, walk
from symreg.language.addend import Addend, count, refuse
from symreg.language.constants import constant_value
from symreg.language.excerpt import fail_in
from symreg.language.leaves import refuse_whole_arrays, walk_item, walk_name, walk_norm
from symreg.language.limits import DEEPEST, LARGEST_EXPONENT, MOST_ARGUMENTS, MOST_SWITCHES
from symreg.language.notation.functions import advice
from symreg.model.names import check_identifier, mentioned

_IN_EXPONENTS = "numbers, parameters and 't', nothing that varies with w"
_SWITCHES = frozenset({"abs", "sign", "min", "max", "where"})
_BINARY: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_COMPARE: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "=="}


def walk_addend(addend: Addend, part: str) -> Tree:
    """Return the tree of an addend.

    Args:
        addend: What may stand in it.
        part: Its text, which has passed `limits`.

    Raises:
        LanguageError: What is wrong, where, and what would be right.
    """
    flat = "".join(" " if c.isspace() else c for c in part)
    try:
        parsed = ast.parse(flat, mode="eval").body
    except SyntaxError as error:
        fail_in(addend.place, _reason(error, flat), addend.text, addend.offset + max((error.offset or 1) - 1, 0))
    except (MemoryError, RecursionError, ValueError):
        fail_in(addend.place, f"nested more than {DEEPEST} deep", addend.text, addend.offset)
    tree = _walk_value(addend, parsed, 1)
    if addend.bare is not None and addend.indexed is not None:
        refuse(
            addend,
            "'w' stands bare beside index notation in one term; write w[i] under a sum, or two terms",
            addend.bare,
        )
    return tree


def _walk_value(addend: Addend, node: ast.expr, depth: int) -> Tree:
    """Walk an expression that is a number."""
    count(addend, node, depth)
    tree = _walk_unchecked(addend, node, depth)
    if isinstance(tree, Number | Constant | Name | Item | Sum):
        return tree
    try:
        constant = constant_value(tree)
    except (ValueError, OverflowError, ZeroDivisionError):
        refuse(addend, "this is not a finite real number", node)
    if constant is not None and not math.isfinite(constant):
        refuse(addend, "this is not a finite real number", node)
    return tree


def _walk_unchecked(addend: Addend, node: ast.expr, depth: int) -> Tree:
    """Walk a number whose constant part may be infinite or undefined."""
    match node:
        case ast.Constant(value=value) if type(value) in (int, float):
            start = addend.offset + node.col_offset
            return Number(Fraction(addend.text[start : addend.offset + (node.end_col_offset or 0)]))
        case ast.Name(id=name):
            return walk_name(addend, node, name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Negate(_walk_value(addend, operand, depth + 1))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _walk_value(addend, operand, depth + 1)
        case ast.BinOp(op=ast.Pow(), left=base, right=exponent):
            return _walk_power(addend, base, exponent, depth)
        case ast.BinOp(op=operator, left=left, right=right) if type(operator) in _BINARY:
            above, below = _walk_value(addend, left, depth + 1), _walk_value(addend, right, depth + 1)
            if isinstance(operator, ast.Div) and constant_value(below) == 0:
                refuse(addend, "this divides by zero", node)
            return Binary(_BINARY[type(operator)], above, below)
        case ast.Call():
            return _walk_call(addend, node, depth)
        case ast.Subscript():
            return walk_item(addend, node)
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp():
            refuse(addend, "a condition stands where a number should; write where(condition, a, b)", node)
        case ast.IfExp():
            refuse(addend, "write where(condition, a, b) for a choice", node)
        case ast.Tuple(elts=[]):
            refuse(addend, "an operand is missing in these brackets", node)
        case ast.Tuple():
            refuse(addend, "a comma stands outside a function's brackets", node)
        case _:
            refuse(addend, f"{_KINDS.get(type(node), 'this')} is not in the language", node)


def _walk_power(addend: Addend, base_node: ast.expr, exponent_node: ast.expr, depth: int) -> Tree:
    base = _walk_value(addend, base_node, depth + 1)
    before = (addend.bare, addend.indexed)
    exponent = _walk_value(addend, exponent_node, depth + 1)
    if before != (addend.bare, addend.indexed) or _varies(exponent, addend):
        allowed = "numbers and parameters, neither z nor y" if addend.in_loss else _IN_EXPONENTS
        refuse(addend, f"an exponent may hold {allowed}", exponent_node)
    constant = constant_value(exponent)
    if constant is not None and abs(constant) > LARGEST_EXPONENT:
        refuse(addend, f"an exponent beyond +-{LARGEST_EXPONENT}", exponent_node)
    return Binary("**", base, exponent)


def _varies(tree: Tree, addend: Addend) -> bool:
    loose = {"z", "y"} if addend.in_loss else {"w", "g", "g_loss", "g_penalty"}
    return any(
        isinstance(n, Item | Sum)
        or (isinstance(n, Name) and n.name in loose)
        or (isinstance(n, Call) and n.function in RULE_FUNCTIONS)
        for n in walk(tree)
    )


def _walk_call(addend: Addend, node: ast.Call, depth: int) -> Tree:
    if not isinstance(node.func, ast.Name):
        refuse(addend, "only a function of the language can be called", node)
    name = node.func.id
    function = FUNCTIONS.get(name) or (RULE_FUNCTIONS.get(name) if addend.in_rule else None)
    if function is None:
        meant = "; it is for update rules" if name in RULE_FUNCTIONS else advice(name)
        refuse(addend, f"{mentioned(name, 'unknown function')}{meant}", node)
    if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
        refuse(addend, f"{name} takes its arguments by position", node)
    most = MOST_ARGUMENTS if function.most is None else function.most
    if not function.least <= len(node.args) <= most:
        wanted = str(function.least) if function.least == most else f"{function.least} to {most}"
        refuse(addend, f"{name} takes {wanted} argument{'s' if wanted != '1' else ''}, not {len(node.args)}", node)
    addend.switches += name in _SWITCHES
    if addend.switches > MOST_SWITCHES:
        refuse(addend, f"more than {MOST_SWITCHES} of abs, sign, min, max and where in one term", node)
    if name == "prox":
        return _walk_prox(addend, node, depth)
    if name == "sum":
        return _walk_sum(addend, node, depth)
    if name == "norm":
        return walk_norm(addend, node)
    if name == "where":
        condition = _walk_condition(addend, node.args[0], depth + 1)
        return Call(name, (condition, *(_walk_value(addend, a, depth + 1) for a in node.args[1:])))
    return Call(name, tuple(_walk_value(addend, argument, depth + 1) for argument in node.args))


def _walk_prox(addend: Addend, node: ast.Call, depth: int) -> Tree:
    if addend.in_prox:
        refuse(addend, "a prox stands within another one; write the inner one as a step of its own", node)
    addend.in_prox = True
    tree = Call("prox", tuple(_walk_value(addend, argument, depth + 1) for argument in node.args))
    addend.in_prox = False
    return tree


def _walk_sum(addend: Addend, node: ast.Call, depth: int) -> Tree:
    refuse_whole_arrays(addend, node)
    body, index_node = node.args
    if not isinstance(index_node, ast.Name):
        refuse(addend, "the second argument of sum is its index, as in sum(w[i]**2, i)", index_node)
    index = index_node.id
    if index in addend.bound:
        refuse(addend, f"the index '{index}' is already in use; take another letter", index_node)
    if index in addend.names and not addend.is_open:
        refuse(addend, f"'{index}' is a name already; take another letter for the index", index_node)
    try:
        check_identifier(index, "index")
    except SpecError as error:
        refuse(addend, str(error), index_node)
    addend.indexed = addend.indexed or node
    addend.bound.append(index)
    addend.uses.append(set())
    tree = _walk_value(addend, body, depth + 1)
    addend.bound.pop()
    if index not in addend.uses.pop():
        refuse(addend, f"the index '{index}' subscripts nothing in this sum", node)
    return Sum(tree, index)


def _walk_condition(addend: Addend, node: ast.expr, depth: int) -> Tree:
    """Walk an expression that is true or false."""
    count(addend, node, depth)
    match node:
        case ast.Compare(left=left, ops=operators, comparators=rights):
            operands = [_walk_value(addend, o, depth + 1) for o in (left, *rights)]
            made: list[Tree] = []
            for operator, a, b in zip(operators, operands, operands[1:], strict=False):
                if type(operator) not in _COMPARE:
                    refuse(addend, "compare with <, <=, >, >= or ==", node)
                made.append(Compare(_COMPARE[type(operator)], a, b))
            return made[0] if len(made) == 1 else Logic("and", tuple(made))
        case ast.BoolOp(op=operator, values=values):
            word = "and" if isinstance(operator, ast.And) else "or"
            return Logic(word, tuple(_walk_condition(addend, v, depth + 1) for v in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Logic("not", (_walk_condition(addend, operand, depth + 1),))
        case _:
            refuse(addend, "a condition is wanted here, such as abs(w) <= c", node)


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
