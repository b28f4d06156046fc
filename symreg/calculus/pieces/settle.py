"""Settle the switches of a tree between two knots: which branch it takes there, for all parameter values."""

from __future__ import annotations

from symreg.calculus.evaluation.high_precision import evaluate, samples
from symreg.calculus.evaluation.spans import middle
from symreg.calculus.signs.sign import sign_between, sign_for_all
from symreg.calculus.signs.symbolic_sign import STRICT
from symreg.errors import Intractable
from symreg.expressions.arithmetic import ZERO, W, has_w, minus, negative
from symreg.expressions.decompose import factors
from symreg.expressions.text import mention, to_text
from symreg.expressions.tree import Binary, Call, Compare, Logic, Tree, children, number, rebuild, walk
from symreg.model.spec import Parameter


def settled(tree: Tree, low: Tree | None, high: Tree | None, parameters: tuple[Parameter, ...]) -> Tree:
    """Return the tree as it is between two ends with no knot between them: without `abs`, `sign` or `where` of w.

    Raises:
        Intractable: A switch falls differently for different parameters, or it was not decided how it falls.
    """
    match tree:
        case Call("where", (condition, then, otherwise)):
            branch = then if _holds(condition, low, high, parameters) else otherwise
            return settled(branch, low, high, parameters)
        case Call("abs" | "sign" as function, (argument,)) if has_w(argument):
            inner = settled(argument, low, high, parameters)
            sign = _strict(inner, low, high, parameters)
            return number(sign) if function == "sign" else negative(inner) if sign < 0 else inner if sign else ZERO
        case _:
            below = children(tree)
            made = tuple(settled(child, low, high, parameters) for child in below)
            return tree if all(a is b for a, b in zip(made, below, strict=True)) else rebuild(tree, made)


def _holds(condition: Tree, low: Tree | None, high: Tree | None, parameters: tuple[Parameter, ...]) -> bool:
    match condition:
        case Compare(operator, left, right):
            difference = settled(minus(left, right), low, high, parameters)
            sign = _strict(difference, low, high, parameters)
            return operator in _HOLDS[sign]
        case Logic("not", (operand,)):
            return not _holds(operand, low, high, parameters)
        case Logic(operator, operands):
            together = all if operator == "and" else any
            return together(_holds(operand, low, high, parameters) for operand in operands)
        case _:
            raise Intractable(f"{mention(condition, 'a condition')} is not a condition")


_HOLDS = {-1: ("<", "<="), 0: ("<=", ">=", "=="), 1: (">", ">=")}


def _strict(switch: Tree, low: Tree | None, high: Tree | None, parameters: tuple[Parameter, ...]) -> int:
    """Return the sign -1, 0 or 1 that a switch has all over the span.

    On a span without knots a weak sign is a strict one where all zeros of the switch are knots and it is not 0 itself.
    """
    sign = sign_between(switch, low, high, parameters) if has_w(switch) else sign_for_all(switch, parameters)
    if sign in STRICT:
        return STRICT[sign]
    at = middle(low, high)
    values = [evaluate(switch, {**row, W: evaluate(at, row)}) for row in samples(parameters)]
    signs: set[int] = {(value > 0) - (value < 0) for value in values}
    if len(signs) == 1 and 0 not in signs and _has_listed_zeros(switch, parameters):
        return signs.pop()
    raise Intractable(
        f"whether {mention(switch)} is positive {_between(low, high)} depends on the parameters; "
        "give them domains that settle it"
    )


def _has_listed_zeros(switch: Tree, parameters: tuple[Parameter, ...]) -> bool:
    """Are the zeros of a switch exactly its listed roots, for all parameters?

    So it is where w stands in it once, under functions that are continuous, and no factor beside it can be 0. Between
    its roots it then keeps its sign, also as the parameters run through their domains, which are connected.
    """
    if sum(node == W for node in walk(switch)) != 1:
        return False
    for node in walk(switch):
        match node:
            case Binary("*" | "/", _, _):
                scalars = [factor for factor, _ in factors(node) if not has_w(factor)]
                if any(sign_for_all(scalar, parameters) not in ("positive", "negative") for scalar in scalars):
                    return False
                if any(has_w(factor) and not above for factor, above in factors(node)):
                    return False
            case Call("tan", _):
                return False
            case _:
                pass
    return True


def _between(low: Tree | None, high: Tree | None) -> str:
    if low is None and high is None:
        return "everywhere"
    if low is None or high is None:
        return f"above {to_text(low)}" if low is not None else f"below {to_text(high or ZERO)}"
    return f"between {to_text(low)} and {to_text(high)}"
