"""Free a function of the weight from its parameters: f(w) = k*r(w/c), by the dimensions that its sums and powers fix.

As in physics: addends have one dimension, what stands in `exp` or `log` has none. Each positive parameter that the
dimensions leave free is made the unit of its own, so that claims for all of its values become claims for the value 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from symreg.calculus.symbolic.simplify import simplify
from symreg.errors import Intractable
from symreg.expressions.arithmetic import ONE, has_w, numeric, over, power, rational, times
from symreg.expressions.decompose import factors, product
from symreg.expressions.text import mention
from symreg.expressions.tree import (
    Binary,
    Call,
    Compare,
    Constant,
    Logic,
    Name,
    Negate,
    Number,
    Tree,
    names,
    number,
    substitute,
)
from symreg.model.interval import WORDS, Interval
from symreg.model.spec import Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What is left of a parameter: a product of powers without dimension.

    Args:
        parameter: Its stand-in in the reduced trees, under the parameter's own name, with the group's domain.
        value: The group in the parameters: `mu*c**2/lam`.
    """

    parameter: Parameter
    value: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """tree(w) = prefactor*reduced(w/scale), for each tree and for all parameters.

    Args:
        prefactor: k, without the weight.
        scale: c > 0, without the weight.
        reduced: Each tree over `w`, which stands for w/c, and over the groups' names.
        lengths: The trees that are weights, such as ends of pieces, over c.
        groups: The parameters that are left; empty nearly always.
    """

    prefactor: Tree
    scale: Tree
    reduced: tuple[Tree, ...]
    lengths: tuple[Tree | None, ...]
    groups: tuple[Group, ...]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The groups' stand-ins."""
        return tuple(group.parameter for group in self.groups)

    def restored(self, tree: Tree) -> Tree:
        """Return a tree over the groups' names (and none but these) as one in the parameters."""
        return substitute(tree, {Name(group.parameter.name): group.value for group in self.groups})


def scaled(trees: Sequence[Tree], parameters: tuple[Parameter, ...], *, lengths: Sequence[Tree | None] = ()) -> Scaled:
    """Return trees, which share one dimension, in one scaled variable.

    Args:
        trees: Over the bare `w`, free of switches; the slopes of all pieces, say.
        parameters: With their domains.
        lengths: Trees without w that are weights: the ends of the pieces. None (an infinite end) stays None.
    """
    pulled, cores = _common_prefactor(trees)
    ruler = _Ruler(parameters)
    for core in cores:
        ruler.equal(ruler.dimension(core), ruler.unit("value"))
    for length in lengths:
        if length is not None:
            ruler.equal(ruler.dimension(length), ruler.unit("w"))
    powers = ruler.solved()

    def monomial(name: str) -> Tree:
        return product(
            [(power(Name(q), number(abs(row[name]))), row[name] > 0) for q, row in powers.items() if row.get(name)]
        )

    scale = simplify(monomial("w"), parameters)
    used = frozenset[str]().union(*map(names, (*cores, *(end for end in lengths if end is not None))))
    left = [p for p in parameters if p.name in used and p.name not in powers]
    groups = tuple(Group(parameter=p, value=simplify(over(Name(p.name), monomial(p.name)), parameters)) for p in left)
    units: dict[Tree, Tree] = {Name(q): ONE for q in powers}
    kept = tuple(group.parameter for group in groups)
    return Scaled(
        prefactor=simplify(times(pulled, monomial("value")), parameters),
        scale=scale,
        reduced=tuple(simplify(substitute(core, units), kept) for core in cores),
        lengths=tuple(None if end is None else simplify(substitute(end, units), kept) for end in lengths),
        groups=groups,
    )


def _common_prefactor(trees: Sequence[Tree]) -> tuple[Tree, list[Tree]]:
    """Return the factors without w that all trees share (those that are 0 aside), and the trees without them."""
    split = [factors(tree) for tree in trees]
    shared: list[tuple[Tree, bool]] | None = None
    for tree, parts in zip(trees, split, strict=True):
        if numeric(tree) == 0:
            continue
        scalars = [part for part in parts if not has_w(part[0])]
        shared = scalars if shared is None else _intersection(shared, scalars)
    if not shared:
        return ONE, list(trees)
    cores = [
        tree if numeric(tree) == 0 else product(_without(parts, shared))
        for tree, parts in zip(trees, split, strict=True)
    ]
    return product(shared), cores


def _intersection(a: list[tuple[Tree, bool]], b: list[tuple[Tree, bool]]) -> list[tuple[Tree, bool]]:
    rest, made = list(b), []
    for part in a:
        if part in rest:
            rest.remove(part)
            made.append(part)
    return made


def _without(parts: list[tuple[Tree, bool]], taken: list[tuple[Tree, bool]]) -> list[tuple[Tree, bool]]:
    rest = list(parts)
    for part in taken:
        rest.remove(part)
    return rest


Form = dict[str, Fraction]
"""A dimension: how often it holds that of each name; a linear form in the unknown dimensions."""


class _Ruler:
    """Collects the equations that dimensions satisfy. Names whose domain is no half-line from 0 are pure numbers,
    and so are two of which one has to exceed the other: in a unit that is not the same for both that would be lost.
    """

    def __init__(self, parameters: tuple[Parameter, ...]) -> None:
        tied = {name for p in parameters if p.above for name in (p.name, p.above)}
        self.units = [p.name for p in parameters if p.domain == WORDS["positive"] and p.name not in tied]
        cones = [p.name for p in parameters if _is_cone(p.domain) and p.name not in tied]
        self.names = [*self.units, *(name for name in cones if name not in self.units), "w", "value"]
        self.equations: list[Form] = []

    def unit(self, name: str) -> Form:
        return {name: Fraction(1)}

    def equal(self, a: Form | None, b: Form | None) -> Form | None:
        """Take two dimensions for the same (None: that of 0, which has every one)."""
        if a is not None and b is not None:
            difference = _added(a, b, Fraction(-1))
            if difference:
                self.equations.append(difference)
        return b if a is None else a

    def dimension(self, tree: Tree) -> Form | None:
        match tree:
            case Number(value):
                return None if value == 0 else {}
            case Constant():
                return {}
            case Name(name):
                return self.unit(name) if name in self.names else {}
            case Negate(operand):
                return self.dimension(operand)
            case Binary("+" | "-", left, right):
                return self.equal(self.dimension(left), self.dimension(right))
            case Binary("*" | "/" as operator, left, right):
                a, b = self.dimension(left), self.dimension(right)
                return None if a is None or b is None else _added(a, b, Fraction(1 if operator == "*" else -1))
            case Binary("**", base, exponent):
                return self.power(self.dimension(base), exponent)
            case Call("sqrt", (argument,)):
                return self.power(self.dimension(argument), Number(Fraction(1, 2)))
            case Call("abs", (argument,)):
                return self.dimension(argument)
            case Call("min" | "max", arguments):
                made = None
                for argument in arguments:
                    made = self.equal(made, self.dimension(argument))
                return made
            case Call("where", (condition, then, otherwise)):
                self.condition(condition)
                return self.equal(self.dimension(then), self.dimension(otherwise))
            case Call("sign", (argument,)):
                self.dimension(argument)
                return {}
            case Call(_, arguments):
                for argument in arguments:
                    self.equal(self.dimension(argument), {})
                return {}
        raise Intractable(f"{mention(tree)} has no dimension")

    def power(self, base: Form | None, exponent: Tree) -> Form | None:
        value = rational(exponent)
        if value is not None:
            return None if base is None else {name: count * value for name, count in base.items()}
        self.equal(self.dimension(exponent), {})
        self.equal(base, {})
        return {}

    def condition(self, tree: Tree) -> None:
        match tree:
            case Compare(_, left, right):
                self.equal(self.dimension(left), self.dimension(right))
            case Logic(_, operands):
                for operand in operands:
                    self.condition(operand)

    def solved(self) -> dict[str, Form]:
        """Return by each parameter that becomes a unit how every name's dimension grows with its own.

        Raises nothing: with no freedom, no parameter becomes one.
        """
        directions = _reduced(_null_space(self.equations, self.names), self.names)
        return {pivot: row for pivot, row in directions if pivot in self.units}


def _is_cone(domain: Interval) -> bool:
    return domain.low in (None, 0) and domain.high in (None, 0)


def _added(a: Form, b: Form, factor: Fraction) -> Form:
    made = {name: a.get(name, Fraction(0)) + factor * b.get(name, Fraction(0)) for name in {**a, **b}}
    return {name: count for name, count in made.items() if count}


def _reduced(rows: list[Form], columns: list[str]) -> list[tuple[str, Form]]:
    """Return the rows in reduced echelon form, each with its pivot's column; columns are preferred in their order."""
    rest, made = [row for row in rows if row], list[tuple[str, Form]]()
    for column in columns:
        found = next((row for row in rest if column in row), None)
        if found is None:
            continue
        rest.remove(found)
        pivot = {name: count / found[column] for name, count in found.items()}
        rest = [_added(row, pivot, -row.get(column, Fraction(0))) for row in rest]
        made = [(name, _added(row, pivot, -row.get(column, Fraction(0)))) for name, row in made]
        made.append((column, pivot))
    return made


def _null_space(equations: list[Form], columns: list[str]) -> list[Form]:
    """Return a basis of what satisfies all equations."""
    bound = dict(_reduced(equations, columns[::-1]))
    basis: list[Form] = []
    for free in (name for name in columns if name not in bound):
        row = {free: Fraction(1)}
        row |= {name: -equation[free] for name, equation in bound.items() if equation.get(free)}
        basis.append(row)
    return basis
