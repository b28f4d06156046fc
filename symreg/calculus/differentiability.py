"""Is a term differentiable wherever it is finite, for all values of its parameters?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symreg.calculus.evaluation.bounds import is_positive
from symreg.calculus.evaluation.high_precision import samples
from symreg.calculus.gradient import DerivedAddend, derive_elementwise
from symreg.calculus.pieces.knots import knots
from symreg.calculus.pieces.one_sided import Summand, one_sided
from symreg.calculus.radial import of_norms, radial_profile
from symreg.calculus.signs.roots import listed, roots
from symreg.errors import NotDifferentiable
from symreg.expressions.arithmetic import INFINITY, NAN, ZERO, W, call, has_w, numeric, plus
from symreg.expressions.tree import Binary, Call, Compare, Item, Name, Sum, Tree, children, substitute, transform, walk
from symreg.model.interval import REAL
from symreg.model.lifts import Group
from symreg.model.spec import Parameter
from symreg.model.terms import Term, Terms, at_numbers


def is_differentiable(term: Term, addends: tuple[DerivedAddend, ...]) -> bool:
    """Has the term a finite derivative at every weight of its domain, for all values of its parameters?

    A term in index notation has one if its shape shows it; False where that does not show.

    Args:
        term: With its parameters.
        addends: Of an elementwise term its addends with their derivatives.

    Raises:
        NotDifferentiable: A jump in value, or a switch whose roots cannot be listed.
    """
    if term.lift is not None:
        (term,) = of_norms(Terms(terms=(term,))).terms if isinstance(term.lift, Group) else (term.phi,)
        return _has_no_kink(term, _derived(term))
    if term.is_elementwise:
        return _has_no_kink(term, addends)
    radial = radial_profile(term)
    if radial is not None:
        term = replace(term, tree=substitute(radial, {W: call("abs", W)}))
        return _has_no_kink(term, _derived(term))
    return _is_smooth(term.tree, term)


def _derived(term: Term) -> tuple[DerivedAddend, ...]:
    return derive_elementwise(Terms(terms=(term,)))


def _has_no_kink(term: Term, addends: tuple[DerivedAddend, ...]) -> bool:
    """Decide of an elementwise term: for parameters inside their domains, and for each one at an end that it has."""
    return _is_smooth_inside(term, addends) and all(map(_is_smooth_or_undefined, _at_ends_of_parameters(term)))


def _at_ends_of_parameters(term: Term) -> Iterator[Term]:
    """Yield the term with one parameter at an end of its domain that belongs to it."""
    for parameter in term.parameters:
        domain = parameter.domain
        for end, is_closed in ((domain.low, domain.low_closed), (domain.high, domain.high_closed)):
            if end is not None and is_closed:
                yield at_numbers(term, {parameter.name: end})


def _is_smooth_or_undefined(term: Term) -> bool:
    try:
        return _is_smooth_inside(term, _derived(term))
    except NotDifferentiable:
        return True  # at this end it divides by zero, and has no value at any weight


def _is_smooth_inside(term: Term, addends: tuple[DerivedAddend, ...]) -> bool:
    """Decide at the roots of the term's switches, and of what it takes roots of, and at the ends of its domain."""
    parameters = term.parameters
    for addend in addends:
        summand = addend.summand
        try:
            delicate = [tree for tree in _delicate(summand.value, parameters) if roots(tree)]
        except NotDifferentiable:
            return False  # the root of something that is 0 nobody knows where
        if listed(summand.value, parameters)[1]:
            return False  # as well as a kink nobody knows where
        marked = replace(summand, value=plus(summand.value, _nothing(delicate)))
        for knot in knots((marked,), parameters):
            if knot.is_kink or _may_be_infinite(knot.left) or _may_be_infinite(knot.right):
                return False
        if any(_may_be_infinite(slope) for slope in _slopes_at_ends(summand, parameters)):
            return False
    return True


def _nothing(delicate: list[Tree]) -> Tree:
    """Return zero, written with switches at the roots of the trees, so that these are looked at as knots."""
    made: Tree = ZERO
    for tree in delicate:
        made = Binary("+", made, Binary("*", ZERO, call("abs", tree)))
    return made


def _delicate(tree: Tree, parameters: tuple[Parameter, ...]) -> Iterator[Tree]:
    """Yield what stands under a root or a power that is no whole number, and may be 0 at some weight."""
    for node in walk(tree):
        match node:
            case Call("sqrt", (base,)):
                pass
            case Binary("**", base, exponent):
                value = numeric(exponent)
                if value is not None and value.denominator == 1:
                    continue
            case _:
                continue
        if has_w(base) and not is_positive(base, parameters):
            yield base


def _slopes_at_ends(summand: Summand, parameters: tuple[Parameter, ...]) -> Iterator[Tree]:
    """Yield the derivative at the ends of the domain that belong to it."""
    domain, points = summand.domain, samples(parameters)
    if domain.lower is not None and domain.low_closed:
        yield one_sided(summand.gradient, domain.lower, 1, parameters, points)
    if domain.upper is not None and domain.high_closed:
        yield one_sided(summand.gradient, domain.upper, -1, parameters, points)


def _may_be_infinite(slope: Tree) -> bool:
    return any(node in (INFINITY, NAN) for node in walk(slope))


def _is_smooth(tree: Tree, term: Term) -> bool:
    """Decide of an expression in index notation: smooth functions and sums of smooth expressions are smooth."""
    if _keeps_smooth(tree, term) and all(_is_smooth(child, term) for child in children(tree)):
        return True
    return isinstance(tree, Sum) and any(
        _is_smooth(inner, term) and _is_differentiable_in(inner, tree.body, term) for inner in _switched(tree.body)
    )


def _keeps_smooth(node: Tree, term: Term) -> bool:
    """Is the node a smooth function of its operands, as far as these depend on weights?"""
    if not _holds_weights(node):
        return True
    match node:
        case Call("abs" | "sign" | "min" | "max" | "where" | "norm", _):
            return False
        case Call("sqrt", (base,)):
            return is_positive(base, term.parameters)
        case Binary("**", base, exponent):
            value = numeric(exponent)
            return (value is not None and value.denominator == 1) or is_positive(base, term.parameters)
        case _:
            return True


def _switched(body: Tree) -> Iterator[Tree]:
    """Yield what holds weights and stands directly in a switch, a root or a power."""
    for node in walk(body):
        match node:
            case Call("abs" | "sign" | "sqrt" | "min" | "max", _) | Compare() | Binary("**", _, _):
                yield from (operand for operand in children(node) if _holds_weights(operand))


def _is_differentiable_in(inner: Tree, body: Tree, term: Term) -> bool:
    """Is a summand a differentiable function of one expression, as a Huber function of `w[i+1] - w[i]` is?"""
    alone = substitute(body, {inner: W})
    if _holds_weights(substitute(alone, {W: ZERO})) or any(isinstance(node, Sum) for node in walk(alone)):
        return False
    tree = transform(alone, _as_parameter)
    profile = replace(term, tree=tree, domain=REAL, parameters=term.scalars, arrays=())
    return _has_no_kink(profile, _derived(profile))


def _as_parameter(node: Tree) -> Tree:
    return Name(node.array) if isinstance(node, Item) else node


def _holds_weights(tree: Tree) -> bool:
    return any(node == W or (isinstance(node, Item) and node.array == "w") for node in walk(tree))
