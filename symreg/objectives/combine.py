"""Combine penalties into one objective: terms with coefficients, one parameter a name, one name for the whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from symreg.errors import SpecError
from symreg.expressions.arithmetic import ONE, times
from symreg.expressions.decompose import addends
from symreg.expressions.text import to_text
from symreg.expressions.tree import (
    Item,
    Name,
    Negate,
    Subscript,
    Sum,
    Tree,
    arrays,
    is_elementwise,
    names,
    number,
    substitute,
)
from symreg.language.declarations import is_plain
from symreg.language.parse import fold
from symreg.model.coefficient import weighted_text
from symreg.model.interval import inside, intersection
from symreg.model.lifts import Difference, neighbours_in
from symreg.model.loss import DataTerm
from symreg.model.objective import Objective
from symreg.model.ordering import asked_of
from symreg.model.spec import Array, Parameter, Penalty
from symreg.model.terms import Term, Terms
from symreg.objectives.samples import is_over_samples, split
from symreg.objectives.structures import with_common_arguments

LONGEST_STEM = 64

_PERSONS = ("Cauchy", "Huber", "Poisson", "Tukey", "Tweedie")
"""Whose names titles of losses begin with."""
RESERVED_BESIDE_DATA = ("samples", "sample_weight")
"""Arguments of what is emitted for a loss over samples."""


def combined(addends: Iterable[tuple[Fraction, Penalty]], text: str, data: DataTerm | None = None) -> Objective:
    """Return the objective of penalties with coefficients, and of a loss over samples.

    Args:
        addends: Positive coefficients and penalties; may be none beside a loss.
        text: As the user wrote it.
        data: The loss.

    Raises:
        SpecError: Two terms have declarations of one name that do not go together.
    """
    weighted, data = _without_samples(tuple(addends), data)
    weighted = with_common_arguments(weighted, () if data is None else [p.name for p in data.parameters])
    terms: list[Term] = []
    for coefficient, penalty in weighted:
        terms.extend(_terms(penalty, coefficient, {term.name for term in terms}))
    of_loss = [] if data is None else [data.loss.name]
    stems = list(dict.fromkeys((*of_loss, *(penalty.name for _, penalty in weighted))))
    while len("_".join(stems)) > LONGEST_STEM:
        kept = len(stems) - (2 if stems[-1].startswith("and_") else 1)
        stems = [*stems[:kept], f"and_{len(of_loss) + len(weighted) - kept}_more"]
    titles = [weighted_text(c, p.title or p.name) for c, p in weighted]
    titles = titles if len(titles) <= 4 else [f"sum of {len(titles)} penalties"]
    unified, data = _unified(Terms(terms=tuple(terms)), data)
    own = () if data is None else data.parameters
    specs = (*(() if data is None else (data.loss,)), *(penalty for _, penalty in weighted))
    if data is not None:
        titles.insert(0, _title(data))
    return Objective(
        name="_".join(stems),
        title=" + ".join(titles),
        terms=unified,
        text=_as_written(text, " + ".join(weighted_text(c, p.name) for c, p in weighted)),
        references=tuple(dict.fromkeys(spec.reference for spec in specs if spec.reference)),
        notes=tuple(note for spec in specs for note in spec.notes),
        assumptions=note_on_assumed({p.name: p for p in (*own, *unified.parameters)}.values()),
        docs=tuple(dict.fromkeys(spec.doc for spec in specs if spec.doc)),
        data=data,
    )


def _without_samples(
    addends: tuple[tuple[Fraction, Penalty], ...], data: DataTerm | None
) -> tuple[tuple[tuple[Fraction, Penalty], ...], DataTerm | None]:
    """Return the penalties, and the loss that one of them may hold in index notation."""
    kept: list[tuple[Fraction, Penalty]] = []
    for coefficient, penalty in addends:
        if not is_over_samples(penalty):
            kept.append((coefficient, penalty))
            continue
        if data is not None:
            raise SpecError(f"{penalty.name} is a second loss; an objective has one")
        data, rest = split(coefficient, penalty)
        kept += [] if rest is None else [(coefficient, rest)]
    return tuple(kept), data


def _title(data: DataTerm) -> str:
    loss = data.loss.title or data.loss.name
    factors = times(number(data.coefficient), data.factor)
    if loss.split()[0].removesuffix("'s") not in _PERSONS:
        loss = f"{loss[:1].lower()}{loss[1:]}"
    shown = f"{'mean' if data.reduction == 'mean' else 'sum'} of {loss}"
    return f"{shown[:1].upper()}{shown[1:]}" if factors == ONE else f"{to_text(factors)} times the {shown}"


def _unified(terms: Terms, data: DataTerm | None) -> tuple[Terms, DataTerm | None]:
    """Return penalties and a loss with one declaration of each parameter.

    Raises:
        SpecError: Two declarations of one name do not go together, or a name is that of an argument that holds data.
    """
    if data is None:
        return with_unified_parameters(terms), None
    *penalties, changed = with_unified_parameters(Terms(terms=(*terms.terms, data.declarations))).terms
    unified = Terms(terms=tuple(penalties))
    for name in (*(p.name for p in changed.parameters), *unified.names):
        if name in RESERVED_BESIDE_DATA:
            raise SpecError(f"'{name}' is an argument beside a loss; give the parameter another name")
    known = {p.name: p for p in changed.parameters}
    return unified, replace(
        data,
        loss=replace(data.loss, parameters=tuple(known[p.name] for p in data.loss.parameters)),
        factor_parameters=tuple(known[p.name] for p in data.factor_parameters),
    )


def note_on_assumed(parameters: Iterable[Parameter]) -> tuple[str, ...]:
    """Return one note on all parameters that nobody declared, if there are any."""
    taken = [p for p in parameters if p.is_assumed]
    notes = tuple(
        f"{p.name}[n] is taken as {p.allowed}; declare it otherwise with --param '{p.name}[n]: positive = 1'"
        for p in taken
        if p.shape
    )
    names = [p.name for p in taken if not p.shape]
    if not names:
        return notes
    listed = f"{', '.join(names[:-1])} and {names[-1]} are" if len(names) > 1 else f"{names[0]} is"
    what = "one otherwise" if len(names) > 1 else "it otherwise"
    return (f"{listed} taken as positive; declare {what} with --param '{names[0]}: real = 1'", *notes)


def _terms(penalty: Penalty, coefficient: Fraction, taken: set[str]) -> list[Term]:
    """Return a penalty's terms: its elementwise addends together, each one in index notation by itself."""
    if penalty.lift is not None:
        return [make_term(penalty, _fresh(penalty.name, taken), coefficient, penalty.expression)]
    elementwise: list[tuple[str, Tree]] = []
    indexed: list[Tree] = []
    for sign, addend in addends(penalty.expression):
        tree = _over_weights(addend)
        if is_elementwise(tree):
            elementwise.append(("-" if sign < 0 else "+", tree))
        else:
            indexed.append(Negate(tree) if sign < 0 else tree)
    trees = indexed
    if indexed and not any(names(tree) & {"w"} for _, tree in elementwise):
        indexed[0] = fold([("", indexed[0]), *elementwise])  # a number beside sums is no function of each weight
    elif elementwise:
        (mark, first), *others = elementwise
        trees = [fold([("", Negate(first) if mark == "-" else first), *others]), *indexed]
    terms: list[Term] = []
    for tree in trees:
        terms.append(make_term(penalty, _fresh(penalty.name, taken), coefficient, tree))
    return terms


def _fresh(stem: str, taken: set[str]) -> str:
    """Return a name that no term has, and note that one has it now."""
    name, count = stem, 1
    while name in taken:
        count += 1
        name = f"{stem}_{count}"
    taken.add(name)
    return name


def _over_weights(tree: Tree) -> Tree:
    """Return an addend that holds the number of weights, and so is no function of one of them alone, as a sum."""
    if not (is_elementwise(tree) and {"w", "n"} <= names(tree)):
        return tree
    index = next(letter for letter in "ijklm" if letter not in names(tree))
    return Sum(substitute(tree, {Name("w"): Item("w", (Subscript(index),))}), index)


def make_term(penalty: Penalty, name: str, coefficient: Fraction, tree: Tree) -> Term:
    """Return an addend of a penalty as a term, with the parameters and arrays that it uses."""
    ends = penalty.domain.names if penalty.lift is None else penalty.lift.domain.names
    used, subscripted = names(tree).union(ends), arrays(tree)
    return Term(
        name=name,
        coefficient=coefficient,
        tree=tree,
        domain=penalty.domain,
        parameters=tuple(p for p in penalty.parameters if p.name in used),
        arrays=tuple(a for a in penalty.arrays if a.name in subscripted),
        lift=penalty.lift or _difference_in(penalty, tree),
    )


def _difference_in(penalty: Penalty, tree: Tree) -> Difference | None:
    """Return what an addend that is a sum over neighbours holds, written out as it may be."""
    phi = neighbours_in(tree) if penalty.domain.is_all else None
    return None if phi is None else Difference(phi=phi, domain=penalty.domain)


def with_unified_parameters(terms: Terms) -> Terms:
    """Return terms in which parameters and arrays of one name are one, in the domain that all of them allow.

    Raises:
        SpecError: No value suits all, or an array has two shapes.
    """
    shared: dict[str, Parameter] = {}
    shapes = {a.name: a.shape for term in terms.terms for a in term.arrays}
    elements: dict[str, Parameter] = {}
    for term in terms.terms:
        for array in term.arrays:
            if shapes[array.name] != array.shape:
                raise SpecError(f"the terms need '{array.name}' in two shapes; rename one, as in tikhonov(A=B)")
            elements[array.name] = _narrowed(elements.get(array.name, array.element), array.element)
        for parameter in term.parameters:
            if parameter.name in shapes:
                raise SpecError(f"'{parameter.name}' is a parameter of one term and an array of another; rename one")
            shared[parameter.name] = _narrowed(shared.get(parameter.name, parameter), parameter)
    for domain in dict.fromkeys(term.domain for term in terms.terms):
        shared = {p.name: p for p in asked_of(domain, tuple(shared.values()), "the terms")}

    def of_array(array: Array) -> Array:
        element = elements[array.name]
        return replace(array, domain=element.domain, default=element.default)

    return Terms(
        terms=tuple(
            replace(
                term,
                parameters=tuple(shared[p.name] for p in term.parameters),
                arrays=tuple(map(of_array, term.arrays)),
            )
            for term in terms.terms
        )
    )


def _narrowed(first: Parameter, second: Parameter) -> Parameter:
    """Return one declaration of two, in the domain that both allow."""
    name = first.name
    if first.shape != second.shape:
        raise SpecError(
            f"'{name}' is one number in a term, and {name}[n] one for each weight in another; rename one, as in "
            f"l1({name}=mu)"
        )
    domain = intersection(first.domain, second.domain)
    if domain is None:
        raise SpecError(f"the terms share '{name}' but no value of it suits both; rename one, as in l1({name}=mu)")
    default = next((p.default for p in (first, second) if p.default in domain), inside(domain))
    return replace(
        first,
        domain=domain,
        default=default,
        is_assumed=first.is_assumed and second.is_assumed,
        is_chosen=default not in (p.default for p in (first, second) if not p.is_chosen),
        above=first.above or second.above,
        has_zero=first.has_zero and second.has_zero,
    )


def _as_written(text: str, otherwise: str) -> str:
    """Return the objective as its user wrote it, on one line, if that may stand in a comment of what is emitted."""
    flat = " ".join(text.split())
    return flat if is_plain(flat) else otherwise
