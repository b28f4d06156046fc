"""Terms: what an objective's penalties become once names are resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from symreg.expressions.tree import Item, Name, Tree, is_elementwise, number, substitute, transform
from symreg.model.domain import Domain, renamed_domain
from symreg.model.domain import at_numbers as domain_at_numbers
from symreg.model.interval import Interval
from symreg.model.lifts import STARTS, Group, Lift, changed
from symreg.model.ordering import beside_numbers
from symreg.model.spec import Array, Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """`coefficient * tree`, one addend of R(w).

    Args:
        name: The penalty that it is from; `penalty`, `penalty_2`, ... for inline expressions.
        coefficient: Exact and positive.
        tree: Elementwise (phi of the bare `w`, summed over all weights) or in index notation, never both.
        domain: Of each weight.
        parameters: Those that the tree uses, in the spec's order.
        arrays: Those that the tree uses.
        lift: What holds the penalty phi of one number, where the term is made of one; the tree is how it is written.
        is_elementwise: Is it a sum over i of phi(w_i)?
    """

    name: str
    coefficient: Fraction
    tree: Tree
    domain: Domain
    parameters: tuple[Parameter, ...]
    arrays: tuple[Array, ...] = ()
    lift: Lift | None = None
    is_elementwise: bool = field(init=False, repr=False, compare=False)

    @property
    def scalars(self) -> tuple[Parameter, ...]:
        """The parameters, and one element of each array under the array's name."""
        return (*self.parameters, *(array.element for array in self.arrays))

    @property
    def phi(self) -> Term:
        """The penalty of one number that its lift holds, with its coefficient."""
        assert self.lift is not None
        return replace(self, tree=self.lift.phi, domain=self.lift.domain, lift=None)

    def __post_init__(self) -> None:
        is_plain = self.lift is None and is_elementwise(self.tree)
        object.__setattr__(self, "is_elementwise", is_plain)  # it is asked for at every point


def at_numbers(term: Term, values: Mapping[str, Fraction]) -> Term:
    """Return a term with numbers in place of some of its parameters."""
    numbers: dict[Tree, Tree] = {Name(name): number(value) for name, value in values.items()}
    lift = term.lift
    if lift is not None:
        lift = changed(lift, lambda tree: substitute(tree, numbers), lambda domain: domain_at_numbers(domain, values))
    return replace(
        term,
        lift=lift,
        tree=substitute(term.tree, numbers),
        domain=domain_at_numbers(term.domain, values),
        parameters=beside_numbers(term.parameters, values),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A sum of terms; two with a parameter of one name share it (its domain is the narrower one)."""

    terms: tuple[Term, ...]

    @property
    def elementwise(self) -> tuple[Term, ...]:
        """The terms that add up to one phi(w_i)."""
        return tuple(term for term in self.terms if term.is_elementwise)

    @property
    def indexed(self) -> tuple[Term, ...]:
        """The terms in index notation, those over differences among them."""
        return tuple(term for term in self.terms if not term.is_elementwise and not isinstance(term.lift, Group))

    @property
    def grouped(self) -> tuple[Term, ...]:
        """The terms over groups of weights."""
        return tuple(term for term in self.terms if isinstance(term.lift, Group))

    @property
    def couple_weights(self) -> bool:
        """Is there a term of several weights together, in index notation or over groups?"""
        return any(not term.is_elementwise for term in self.terms)

    @property
    def of_phi(self) -> Terms:
        """The penalties of one number: those that lifts hold, and the others as they are."""
        return Terms(terms=tuple(term.phi if term.lift else term for term in self.terms))

    @property
    def groups(self) -> Group | None:
        """What all terms over groups have in common: the names of their arguments; None where there are no groups."""
        return next((term.lift for term in self.terms if isinstance(term.lift, Group)), None)

    @property
    def count(self) -> int:
        """How many weights a judge is to look at; 0 for any number of them."""
        return max((term.lift.count for term in self.terms if term.lift is not None), default=0)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Each parameter once, in the order in which the terms name them."""
        return tuple({p.name: p for term in self.terms for p in term.parameters}.values())

    @property
    def arrays(self) -> tuple[Array, ...]:
        """Each declared array once."""
        return tuple({a.name: a for term in self.terms for a in term.arrays}.values())

    def intervals(self, values: Mapping[str, Any]) -> tuple[Interval, ...]:
        """Return the terms' domains for values of their parameters, each once."""
        return tuple(domain.at(values) for domain in dict.fromkeys(term.domain for term in self.terms))

    @property
    def per_weight(self) -> tuple[str, ...]:
        """The names of the parameters of which each weight has an element of its own."""
        return tuple(p.name for p in self.parameters if p.shape)

    @property
    def names(self) -> list[str]:
        """The names of the parameters and of the arrays, and of what says which weights are a group."""
        own = [] if self.groups is None else [STARTS, self.groups.weights]
        return [*(p.name for p in self.parameters), *(a.name for a in self.arrays), *own]


def rename(terms: Terms, renamed: dict[str, str]) -> Terms:
    """Return the terms with parameters and arrays under new names."""

    def change_term(term: Term) -> Term:
        lift = term.lift
        if lift is not None:
            lift = changed(
                lift, lambda tree: renamed_tree(tree, renamed), lambda domain: renamed_domain(domain, renamed)
            )
        return replace(
            term,
            lift=lift,
            tree=renamed_tree(term.tree, renamed),
            domain=renamed_domain(term.domain, renamed),
            parameters=tuple(
                replace(p, name=renamed.get(p.name, p.name), above=renamed.get(p.above, p.above))
                for p in term.parameters
            ),
            arrays=tuple(replace(a, name=renamed.get(a.name, a.name)) for a in term.arrays),
        )

    return Terms(terms=tuple(change_term(term) for term in terms.terms))


def renamed_tree(tree: Tree, renamed: Mapping[str, str]) -> Tree:
    """Return a tree with parameters and arrays under new names."""

    def change(node: Tree) -> Tree:
        match node:
            case Name(name) if name in renamed:
                return Name(renamed[name])
            case Item(array, subscripts) if array in renamed:
                return Item(renamed[array], subscripts)
            case _:
                return node

    return transform(tree, change)
