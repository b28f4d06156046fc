"""Cut out of the kernels what several of them compute alike, as routines that stand once in a file.

Of a proximal operator these are its thresholds, which is all that depends on the step and the parameters alone; the
roots that are found on the way to them (`solvers.py`); and the minimiser of each element where that is a root, too. A
routine's names are its own, so that it is the same whoever invokes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from symreg.expressions.tree import Name, Tree, substitute
from symreg.kernel.cse import share
from symreg.kernel.ir import Invoke, Let, Root, Routine, names_in
from symreg.kernel.proximal.cases import solved
from symreg.kernel.proximal.scope import Statements
from symreg.kernel.routines.numbers import (
    Part,
    free_names,
    fresh,
    given,
    needed,
    numbers,
    renamed,
    shared,
    stem,
    trees_of,
    used,
    without_temporaries,
)
from symreg.kernel.routines.place import Place
from symreg.kernel.routines.solvers import equations, with_solvers
from symreg.proximal.operator import STEP, AnyOperator, TableSearch

_FEW = 3
"""Values that are computed wherever they are needed: a routine would be longer."""


def minimiser(operator: AnyOperator, place: Place) -> Tree:
    """Return the minimiser of an operator, over names that the place's statements give."""
    if isinstance(operator, TableSearch):  # its table has functions of its own
        return solved(operator, place.x, place.step, place.once, place.each, place.namer)
    once: Statements = []
    each: Statements = once if place.once is place.each else []
    u = solved(operator, place.own_x, STEP, once, each, place.own_names())
    if once is not each:
        return _of_elements(numbers(once), numbers(each), u, place)
    if place.is_scalar:
        return _of_one(numbers(once), u, place)
    return _of_each(numbers(each), u, place, _Known(elements=(place.own_x.name, STEP.name, *place.per_weight)))


def _of_elements(once: tuple[Part, ...], each: tuple[Part, ...], u: Tree, place: Place) -> Tree:
    """Return the minimiser of each element; what all elements have in common is computed before the loop."""
    elements = (place.own_x.name,)
    named = {*names_in((*once, *each))}
    # Both together, so that the loop uses the names of what is computed before it.
    before, within, least = shared(with_solvers(once, place), each, u, place.own_names(*named), elements)
    temporaries: dict[Tree, Tree] = {}
    lasting = without_temporaries(before, named, temporaries)
    within = without_temporaries(within, named, temporaries)
    least = substitute(least, temporaries)
    wanted = used(within, least)
    fields = tuple(name for name in given(lasting) if name in wanted)
    body = needed(before, fields)
    if _is_short(body):
        own = trees_of(fresh(once, place.namer))
        place.once.extend(renamed(once, {**own, STEP: place.step}))
        return _of_each(each, u, place, _Known(elements=elements, outside=own))
    routine = Routine(
        stem="thresholds",
        purpose=("What prox needs of the step and the parameters alone.",),
        arguments=place.scalars(used(body)),
        body=body,
        results=fields,
    )
    outside = {name: place.namer.fresh(name) for name in fields}
    invoke = Invoke(
        routine=routine,
        names=tuple(outside.values()),
        arguments=place.arguments(routine, {}),
        name=place.namer.fresh("at") if len(fields) > 1 else "",
    )
    place.once.append(invoke)
    record = invoke if invoke.name else None
    return _of_each(within, least, place, _Known(elements=elements, outside=trees_of(outside), record=record))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the minimiser of each element is computed from.

    Args:
        elements: Names of what is another number for each element.
        outside: What is computed before the loop: the names that it has there, by those that the routines have for it.
        record: The routine that has computed all of that.
    """

    elements: tuple[str, ...]
    outside: Mapping[Tree, Tree] = field(default_factory=dict)
    record: Invoke | None = None


def _of_each(each: tuple[Part, ...], u: Tree, place: Place, known: _Known) -> Tree:
    """Return the minimiser of each element: where it is a root a routine's, which finds those of a block together."""
    if not any(isinstance(part, Root) for part in each):
        values = {**known.outside, **trees_of(fresh(each, place.namer)), place.own_x: place.x, STEP: place.step}
        place.each.extend(renamed(each, values))
        return substitute(u, values)
    fields = known.record.routine.results if known.record is not None else ()
    namer = place.own_names(*free_names(each), *fields)
    own = trees_of({name: namer.fresh(stem(name)) for name in names_in(each)})
    each, u = renamed(each, own), substitute(u, own)
    nested = (
        replace(part, body=with_solvers(part.body, place, part.name)) if isinstance(part, Root) else part
        for part in each
    )
    body, statements, least = shared((), nested, u, namer, known.elements)
    result = least if isinstance(least, Name) else Name(namer.fresh("u"))
    if result != least:
        statements = (*statements, Let(name=result.name, value=least))
    names = used((*body, *statements))
    inner = {*given(body), *names_in(statements), *known.elements, *fields, *place.scalars(names)}
    is_recorded = known.record is not None and not names.keys().isdisjoint(fields)
    routine = Routine(
        stem="minimisers",
        purpose=(f"The u at which step*phi(u) + (u - {place.own_x.name})**2/2 is least.", *equations(each)),
        arguments=(
            *(name for name in names if name not in inner),
            *(name for name in place.scalars(names) if name not in known.elements),
        ),
        elements=known.elements,
        record=known.record.routine if is_recorded and known.record is not None else None,
        body=body,
        each=statements,
        results=(result.name,),
    )
    name = place.namer.fresh("u")
    record = known.record.name if is_recorded and known.record is not None else ""
    arguments = place.arguments(routine, known.outside)
    place.each.append(Invoke(routine=routine, names=(name,), arguments=arguments, record=record))
    return Name(name)


def _of_one(once: tuple[Part, ...], u: Tree, place: Place) -> Tree:
    """Return the minimiser for one number, from a routine unless that would be longer."""
    namer = place.own_names(*names_in(once))
    written = share(with_solvers(once, place), (u,), namer)
    body, (least,) = numbers(written.stages), written.scalars
    if _is_short(body):
        values = {**trees_of(fresh(once, place.namer)), place.own_x: place.x, STEP: place.step}
        place.once.extend(renamed(once, values))
        return substitute(u, values)
    result = least if isinstance(least, Name) else Name(namer.fresh("u"))
    if result != least:
        body = (*body, Let(name=result.name, value=least))
    routine = Routine(
        stem="minimiser",
        purpose=(f"The u at which step*phi(u) + (u - {place.own_x.name})**2/2 is least.",),
        arguments=(place.own_x.name, *place.scalars(used(body))),
        body=body,
        results=(result.name,),
    )
    name = place.namer.fresh("u")
    place.once.append(Invoke(routine=routine, names=(name,), arguments=place.arguments(routine, {})))
    return Name(name)


def _is_short(body: Iterable[Part]) -> bool:
    parts = tuple(body)
    return len(parts) <= _FEW and all(isinstance(part, Let) for part in parts)
