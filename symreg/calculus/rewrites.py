"""The ordered table of local rewrites that can make an expression more accurate: equal forms of one node.

Each row takes a node and yields nodes that have the same value, some of them only under conditions that the caller
proves. The literature's names for most of them are in Kahan (1987), "Branch cuts for complex elementary functions",
and in the manual of every math library: log1p, expm1, and the half-angle formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from symreg.calculus.algebra import ONE, ZERO, call, factors, minus, negative, numeric, over, plus, power, times
from symreg.calculus.monomials import difference, is_same, product_of, terms, total_of
from symreg.calculus.regrouping import bounded, cleared, regrouped
from symreg.calculus.series import is_nonnegative, near_zero
from symreg.language.tree import Binary, Call, Compare, Constant, Negate, Tree, number

TWO = number(2)
_RIGHT_ANGLE = Binary("/", Constant("pi"), TWO)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A row of the table.

    Args:
        name: In a few words.
        is_always: Is the new form never the worse one, so that it may be applied everywhere at once?
        forms: Yields equal forms of a node; nothing where the row does not apply.
    """

    name: str
    is_always: bool
    forms: Callable[[Tree], Iterator[Tree]]


def _logarithm(node: Tree) -> Iterator[Tree]:
    """log(1 + x) is log1p(x), and log((a + b)/a) is log1p(b/a)."""
    if not isinstance(node, Call) or node.function not in ("log", "log1p"):
        return
    (inside,) = node.arguments
    if node.function == "log1p":
        match inside:
            case Call("exp", (x,)) if not _is_nonpositive(x):
                yield call("softplus", x)
            case Negate(Call("sigmoid", (x,))):
                yield negative(call("softplus", x))
        return
    addends = terms(inside)
    exponentials = [tree.arguments[0] for sign, tree in addends if _is(tree, "exp") and sign > 0]
    if len(addends) == 2 and len(exponentials) == 2:
        yield call("logaddexp", *exponentials)
    if len(addends) == 2 and len(exponentials) == 1 and any(sign > 0 and tree == ONE for sign, tree in addends):
        yield call("softplus", exponentials[0])
    match inside:
        case Call("cosh", (x,)):
            size = x if is_nonnegative(x) else call("abs", x)
            far = minus(plus(size, call("log1p", call("exp", times(number(-2), size)))), call("log", TWO))
            yield _where_small(x, ONE, over(call("log1p", power(call("sinh", x), TWO)), TWO), far)
        case Call("sigmoid", (x,)):
            yield negative(call("softplus", negative(x)))
        case Call("exp", (x,)):
            yield x
        case Binary("/", top, below) if top == ONE:
            yield negative(call("log", below))
        case Binary("/", top, below):
            rest = difference(top, below)
            if len(terms(rest)) < len(terms(top)):
                yield call("log1p", over(rest, below))
    for place, (sign, tree) in enumerate(addends):
        if sign > 0 and tree == ONE and len(addends) > 1:
            yield call("log1p", total_of(addends[:place] + addends[place + 1 :]))
            return
    value = sum((sign * (numeric(tree) or 0) for sign, tree in addends), Fraction(0))
    if value and len(addends) > 1:
        yield call("log1p", difference(inside, ONE))


def _is_nonpositive(tree: Tree) -> bool:
    """Is it minus an absolute value or a square, times a positive number?"""
    return all(sign < 0 and any(_is(f, "abs") for f, _ in factors(t)) for sign, t in terms(tree))


def _difference_of_logarithms(node: Tree) -> Iterator[Tree]:
    """log(a) - log(b) is log(a/b)."""
    for sign, first, others in _pairs(node):
        match first, others[0][1]:
            case Call("log", (a,)), Call("log", (b,)) if sign * others[0][0] < 0:
                made = call("log", over(a, b) if sign > 0 else over(b, a))
                yield total_of([(1, made), *others[1:]])


def _one_beside(node: Tree) -> Iterator[Tree]:
    """a*f(x) - a, for the many f of which f(x) - 1 has a form of its own."""
    addends = terms(node)
    if len(addends) < 2:
        return
    for place, (sign, tree) in enumerate(addends):
        for scale, function in _factorings(tree):
            for other, (other_sign, other_tree) in enumerate(addends):
                if other == place or not is_same(scale, other_tree):
                    continue
                rest = [a for k, a in enumerate(addends) if k not in (place, other)]
                made = less_one(function) if sign != other_sign else plus_one(function)
                if made is not None:
                    yield total_of([(sign, times(scale, made)), *rest])


def less_one(tree: Tree) -> Tree | None:
    """Return a form of f - 1 that keeps its digits where f is near 1, or None if none is known."""
    match tree:
        case Call("exp", (x,)):
            return call("expm1", x)
        case Call("cos", (x,)):
            return times(number(-2), power(call("sin", over(x, TWO)), TWO))
        case Call("cosh", (x,)):
            return times(TWO, power(call("sinh", over(x, TWO)), TWO))
        case Call("sigmoid", (x,)):
            return negative(call("sigmoid", negative(x)))
        case Call("tanh", (x,)):
            return times(number(-2), call("sigmoid", times(number(-2), x)))
        case Call("sqrt", (u,)):
            rest = difference(u, ONE)
            return over(rest, plus(tree, ONE)) if len(terms(rest)) < len(terms(u)) else None
        case Binary("**", Call("tanh", (x,)), exponent) if exponent == TWO:
            return negative(power(over(ONE, call("cosh", x)), TWO))
        case Binary("**", Call("sin" | "cos" as function, (x,)), exponent) if exponent == TWO:
            return negative(power(call("cos" if function == "sin" else "sin", x), TWO))
        case Binary("**", Call("cosh", (x,)), exponent) if exponent == TWO:
            return power(call("sinh", x), TWO)
        case Binary("**", base, exponent):
            return _power_less_one(base, exponent)
        case Binary("/", top, below):
            rest = difference(top, below)
            return over(rest, below) if len(terms(rest)) < len(terms(top)) + len(terms(below)) else None
    return None


def plus_one(tree: Tree) -> Tree | None:
    """Return a form of f + 1 that keeps its digits where f is near -1, or None if none is known."""
    match tree:
        case Call("cos", (x,)):
            return times(TWO, power(call("cos", over(x, TWO)), TWO))
        case Call("tanh", (x,)):
            return times(TWO, call("sigmoid", times(TWO, x)))
    return None


def _power_less_one(base: Tree, exponent: Tree) -> Tree | None:
    value = quotient_value(exponent)
    rest = difference(base, ONE)
    if value is not None and value.denominator == 3:
        near = call("expm1", times(exponent, _log(base)))
        return _where_small(rest, ONE, near, minus(_power_of_thirds(base, value), ONE))
    if value is None or value.denominator != 1:
        return call("expm1", times(exponent, _log(base)))
    if not 2 <= value <= 6:
        return None
    sum_of_powers = total_of([(1, power(base, number(k))) for k in range(int(value))])
    return times(rest, sum_of_powers)


def _root_less(node: Tree) -> Iterator[Tree]:
    """sqrt(a) - b is (a - b**2)/(sqrt(a) + b)."""
    for sign, tree, others in _pairs(node):
        (other_sign, other), *rest = others
        if sign == other_sign:
            continue
        for scale, root in _factorings(tree):
            match root:
                case Call("sqrt", (a,)):
                    found = _quotient(other, scale)
                    if found is None or found == ONE:
                        continue
                    square = a_square(found)
                    top = difference(a, square)
                    if len(terms(top)) < len(terms(a)) + len(terms(square)) - 1:
                        made = times(scale, over(top, plus(root, found)))
                        yield total_of([(sign, made), *rest])


def a_square(tree: Tree) -> Tree:
    """Return a tree's square, a root undone."""
    match tree:
        case Call("sqrt", (inside,)):
            return inside
        case Call("abs", (inside,)):
            return power(inside, TWO)
        case _:
            return power(tree, TWO)


def _quotient(tree: Tree, scale: Tree) -> Tree | None:
    """Return tree/scale where the scale is a factor of it."""
    if scale == ONE:
        return tree
    rest = factors(tree)
    for factor, above in factors(scale):
        if (factor, above) not in rest:
            return None
        rest.remove((factor, above))
    return product_of(rest)


def _difference_of_exponentials(node: Tree) -> Iterator[Tree]:
    """exp(x) - exp(y) is exp(y)*expm1(x - y), and with exp(-x) it is 2*sinh(x)."""
    for sign, first, others in _pairs(node):
        match first, others[0][1]:
            case Call("exp", (x,)), Call("exp", (y,)) if sign != others[0][0]:
                if is_same(x, negative(y)):
                    yield total_of([(sign, times(TWO, call("sinh", x))), *others[1:]])
                else:
                    yield total_of([(sign, times(call("exp", y), call("expm1", minus(x, y)))), *others[1:]])
            case Call("exp", (x,)), Call("exp", (y,)) if sign == others[0][0] and is_same(x, negative(y)):
                yield total_of([(sign, times(TWO, call("cosh", x))), *others[1:]])


def _squares(node: Tree) -> Iterator[Tree]:
    """a**2 - b**2 is (a - b)*(a + b), and likewise for cubes and on."""
    for sign, first, others in _pairs(node):
        if sign < 0 or others[0][0] > 0:
            continue
        for degree in (2, 3, 4):
            a, b = _root(first, degree), _root(others[0][1], degree)
            if a is None or b is None or (a == ONE and b == ONE):
                continue
            if degree == 3:
                other = plus(plus(power(a, TWO), times(a, b)), power(b, TWO))
            elif degree == 2:
                other = plus(a, b)
            else:
                other = times(plus(a, b), plus(power(a, TWO), power(b, TWO)))
            yield total_of([(1, times(difference(a, b), other)), *others[1:]])
            break


def _root(tree: Tree, degree: int) -> Tree | None:
    """Return what the tree is the power of, if it is written as one."""
    if tree == ONE:
        return ONE
    match tree:
        case Binary("**", base, exponent):
            value = numeric(exponent)
            return power(base, number(value / degree)) if value is not None and value % degree == 0 else None
        case Binary("*" | "/", _, _):
            made: list[tuple[Tree, bool]] = []
            for factor, above in factors(tree):
                root = _root(factor, degree)
                if root is None:
                    return None
                made.append((root, above))
            return product_of(made)
    return None


def _hyperbolic(node: Tree) -> Iterator[Tree]:
    """sinh/cosh is tanh, and so is (exp(2*x) - 1)/(exp(2*x) + 1)."""
    parts = factors(node) if isinstance(node, Binary) and node.operator in "*/" else []
    for place, (factor, above) in enumerate(parts):
        for other, (second, second_above) in enumerate(parts):
            if above and not second_above and (found := _tangent(factor, second)) is not None:
                made, left = found
                instead = {place: [(made, True)], other: [] if left == ONE else [(left, False)]}
                yield product_of([p for k, part in enumerate(parts) for p in instead.get(k, [part])])


def _tangent(above: Tree, below: Tree) -> tuple[Tree, Tree] | None:
    """Return above/below as a tangent, and what is left of the denominator."""
    match above, below:
        case Call("sinh", (x,)), Call("cosh", (y,)) if x == y:
            return call("tanh", x), ONE
        case Call("sinh", (x,)), Binary("**", Call("cosh", (y,)), exponent) if x == y:
            return call("tanh", x), power(call("cosh", x), minus(exponent, ONE))
        case Call("sin", (x,)), Call("cos", (y,)) if x == y:
            return call("tan", x), ONE
        case Call("expm1", (x,)), Binary("+", a, b) if call("exp", x) in (a, b) and ONE in (a, b):
            return call("tanh", over(x, TWO)), ONE
    return None


def _logistic(node: Tree) -> Iterator[Tree]:
    """1/(1 + exp(x)) is sigmoid(-x), exp(x)/(1 + exp(x)) is sigmoid(x)."""
    parts = factors(node) if isinstance(node, Binary) and node.operator in "*/" else []
    for place, (below, is_above) in enumerate(parts):
        if is_above:
            continue
        base, count = _base_and_count(below)
        exponent = _one_and_exponential(base)
        if exponent is None:
            continue
        made: Tree = call("sigmoid", negative(exponent))
        rest = [p for k, p in enumerate(parts) if k != place]
        if count > 1:
            rest.append((power(base, number(count - 1)), False))
        for other, (factor, above) in enumerate(rest):
            if above and factor == call("exp", exponent):
                yield product_of([*rest[:other], *rest[other + 1 :], (call("sigmoid", exponent), True)])
        yield product_of([*rest, (made, True)])


def _base_and_count(tree: Tree) -> tuple[Tree, int]:
    match tree:
        case Binary("**", base, exponent):
            value = numeric(exponent)
            if value is not None and value.denominator == 1 and value > 0:
                return base, int(value)
    return tree, 1


def _one_and_exponential(tree: Tree) -> Tree | None:
    """Return x of 1 + exp(x)."""
    addends = terms(tree)
    if len(addends) == 2 and all(sign > 0 for sign, _ in addends) and ONE in (addends[0][1], addends[1][1]):
        other = addends[0][1] if addends[1][1] == ONE else addends[1][1]
        if isinstance(other, Call) and other.function == "exp":
            return other.arguments[0]
    return None


def _exponentials(node: Tree) -> Iterator[Tree]:
    """exp(x)*exp(y) is exp(x + y); a quotient of sums of exponentials is divided through by one of them."""
    parts = factors(node) if isinstance(node, Binary) and node.operator in "*/" else []
    found = [(k, f, above) for k, (f, above) in enumerate(parts) if _is(f, "exp")]
    if len(found) > 1:
        exponent = ZERO
        for _, factor, above in found:
            assert isinstance(factor, Call)
            exponent = plus(exponent, factor.arguments[0] if above else negative(factor.arguments[0]))
        places = {k for k, _, _ in found}
        yield product_of([*(p for k, p in enumerate(parts) if k not in places), (call("exp", exponent), True)])
    for place, factor, above in found:
        if not above:
            continue
        assert isinstance(factor, Call)
        for other, (below, is_above) in enumerate(parts):
            addends = terms(below)
            if not is_above and any(tree == factor for _, tree in addends) and len(addends) > 1:
                shrunk = call("exp", negative(factor.arguments[0]))
                divided = [(s, ONE if tree == factor else times(tree, shrunk)) for s, tree in addends]
                rest = [p for k, p in enumerate(parts) if k not in (place, other)]
                yield product_of([*rest, (total_of(divided), False)])


def _roots_of_squares(node: Tree) -> Iterator[Tree]:
    """sqrt(x**2) is abs(x); a logarithm of a power is a multiple of a logarithm."""
    match node:
        case Call("sqrt", (Binary("**", base, exponent),)) if exponent == TWO:
            yield call("abs", base)
        case Call("log", (Binary("**", base, exponent),)):
            value = numeric(exponent)
            is_even = value is not None and value.denominator == 1 and value % 2 == 0
            yield times(exponent, call("log", call("abs", base) if is_even else base))
        case Call("log", (Call("sqrt", (base,)),)):
            yield over(call("log", base), TWO)


def _softplus(node: Tree) -> Iterator[Tree]:
    """softplus(x) - x is softplus(-x), and softplus(x) + softplus(-x) is 2*log(2*cosh(x/2))."""
    addends = terms(node)
    for place, (sign, tree) in enumerate(addends):
        for scale, function in _factorings(tree):
            if not (isinstance(function, Call) and function.function == "softplus"):
                continue
            (x,) = function.arguments
            for other, (other_sign, other_tree) in enumerate(addends):
                if other == place:
                    continue
                rest = [a for k, a in enumerate(addends) if k not in (place, other)]
                if sign != other_sign and is_same(times(scale, x), other_tree):
                    yield total_of([(sign, times(scale, call("softplus", negative(x)))), *rest])
                if sign == other_sign and is_same(times(scale, call("softplus", negative(x))), other_tree):
                    both = plus(call("log", call("cosh", over(x, TWO))), call("log", TWO))
                    yield total_of([(sign, times(times(TWO, scale), a)) for _, a in terms(both)] + rest)


def _softplus_less_log2(node: Tree) -> Iterator[Tree]:
    """softplus(x) - log(2) is log1p(expm1(x)/2), which does for small x."""
    for sign, tree, others in _pairs(node):
        for scale, function in _factorings(tree):
            match function:
                case Call("softplus", (x,)) if sign != others[0][0]:
                    if is_same(times(scale, call("log", TWO)), others[0][1]):
                        far = minus(function, call("log", TWO))
                        made = _where_small(x, ONE, call("log1p", over(call("expm1", x), TWO)), far)
                        yield total_of([(sign, times(scale, made)), *others[1:]])


def _arc_tangent(node: Tree) -> Iterator[Tree]:
    """pi/2 - atan(x) is atan(1/x) for positive x."""
    for sign, tree, others in _pairs(node):
        for scale, function in _factorings(tree):
            match function:
                case Call("atan", (x,)) if sign != others[0][0] and is_same(times(scale, _RIGHT_ANGLE), others[0][1]):
                    far = call("atan", over(ONE, call("max", x, ONE)))
                    made = call("where", Compare("<=", x, ONE), minus(_RIGHT_ANGLE, function), far)
                    yield total_of([(-sign, times(scale, made)), *others[1:]])


def _powers(node: Tree) -> Iterator[Tree]:
    """(1 + x)**p is exp(p*log1p(x)), x**(p - 1) is x**p/x, and a cube root is put right by a step of Newton's method.

    The first is for x near 0; of p - 1, rounded, the digits count that it has lost.
    """
    if not (isinstance(node, Binary) and node.operator == "**"):
        return
    base, exponent = node.left, node.right
    value = quotient_value(exponent)
    if value is not None:
        if value.denominator == 3:
            yield _power_of_thirds(base, value)
        return
    near = call("exp", times(exponent, _log(base)))
    yield near
    whole = next((sign * v for sign, t in terms(exponent) if (v := numeric(t)) and v.denominator == 1), None)
    if whole is not None:
        free = power(base, difference(exponent, number(whole)))
        far = over(free, power(base, number(-whole))) if whole < 0 else times(free, power(base, number(whole)))
        yield far
        rest = difference(base, ONE)
        if len(terms(rest)) < len(terms(base)):
            yield _where_small(rest, ONE, near, far)


def _log(tree: Tree) -> Tree:
    return next(_logarithm(call("log", tree)), call("log", tree))


def _power_of_thirds(base: Tree, value: Fraction) -> Tree:
    """Return a power whose exponent is a multiple of 1/3; 1/3 itself is no floating-point number."""
    root = power(base, Binary("/", ONE, number(3)))
    square = times(root, root)
    better = minus(root, over(minus(times(square, root), base), times(number(3), square)))
    made = power(call("where", Compare("==", base, ZERO), ZERO, better), number(abs(value.numerator)))
    return made if value > 0 else over(ONE, made)


def quotient_value(tree: Tree) -> Fraction | None:
    """Return the value of a number or of a quotient of numbers."""
    if isinstance(tree, Binary) and tree.operator == "/":
        top, below = numeric(tree.left), numeric(tree.right)
        return top / below if top is not None and below else None
    return numeric(tree)


def _large_logarithm(node: Tree) -> Iterator[Tree]:
    """log1p(x**k) without the power of a large x: with m = max(|x|, 1) it is k*log(m) + log1p((|x|/m/m)**k) and so."""
    match node:
        case Call("log1p", (inside,)):
            for degree in (2, 4, 6, 3):
                root = _root(inside, degree)
                if root is None:
                    continue
                size = root if degree == 3 or is_nonnegative(root) else call("abs", root)
                most, least = call("max", size, ONE), call("min", size, ONE)
                tail = call("log1p", power(over(least, most), number(degree)))
                yield plus(times(number(degree), call("log", most)), tail)
                return


def _where_small(x: Tree, bound: Tree, near: Tree, far: Tree) -> Tree:
    size = x if is_nonnegative(x) else call("abs", x)
    return call("where", Compare("<=", size, bound), near, far)


def _factorings(tree: Tree) -> Iterator[tuple[Tree, Tree]]:
    """Yield the ways to see a term as scale*function: each factor above the line, then the term as a whole."""
    yield ONE, tree
    if isinstance(tree, Binary) and tree.operator in "*/":
        parts = factors(tree)
        for place, (factor, above) in enumerate(parts):
            if above and numeric(factor) is None:
                yield product_of(parts[:place] + parts[place + 1 :]), factor


def _pairs(node: Tree) -> Iterator[tuple[int, Tree, list[tuple[int, Tree]]]]:
    """Yield each addend with its sign and the others, each of which comes first once."""
    addends = terms(node)
    if len(addends) < 2:
        return
    for place, (sign, tree) in enumerate(addends):
        rest = addends[:place] + addends[place + 1 :]
        for k in range(len(rest)):
            yield sign, tree, [rest[k], *rest[:k], *rest[k + 1 :]]


def _is(tree: Tree, function: str) -> bool:
    return isinstance(tree, Call) and tree.function == function


REWRITES: tuple[Rewrite, ...] = (
    Rewrite("log1p, logaddexp, softplus, log(cosh)", True, _logarithm),
    Rewrite("difference of logarithms", True, _difference_of_logarithms),
    Rewrite("f(x) - 1", True, _one_beside),
    Rewrite("root less a number", True, _root_less),
    Rewrite("difference of exponentials", True, _difference_of_exponentials),
    Rewrite("tanh and tan", True, _hyperbolic),
    Rewrite("sigmoid", True, _logistic),
    Rewrite("roots and logarithms of powers", True, _roots_of_squares),
    Rewrite("softplus beside its argument", True, _softplus),
    Rewrite("softplus less log(2)", False, _softplus_less_log2),
    Rewrite("pi/2 - atan(x)", False, _arc_tangent),
    Rewrite("powers that are no products", False, _powers),
    Rewrite("x - f(x) near zero", False, near_zero),
    Rewrite("product of exponentials", False, _exponentials),
    Rewrite("difference of powers", False, _squares),
    Rewrite("logarithm of a large power", False, _large_logarithm),
    Rewrite("products and powers in another order", False, regrouped),
    Rewrite("inner quotients cleared", False, cleared),
    Rewrite("quotients of powers bounded", False, bounded),
)
