"""What an emitted function has to refuse: parameters outside their domains, and arrays with an element outside theirs.

Takes a call under test; hands failures to its harness. NaN is refused as a parameter, which would spoil everything,
but not as an element: there it comes out at the weights that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from symreg.model.spec import Parameter
from symreg.model.terms import Terms
from symreg.verification.behaviour.harness import Harness
from symreg.verification.cases.calling import CallFailed
from symreg.verification.cases.sampling.arrays import outside_elements
from symreg.verification.cases.sampling.groups import Group
from symreg.verification.oracle.formats import Dtype


def wrong_parameters(terms: Terms, group: Group) -> Iterator[tuple[str, Group]]:
    """Yield groups that differ from a right one by a parameter outside its domain, and what is wrong."""
    for parameter in (p for p in terms.parameters if not p.shape):
        for value in (*outside_parameter(parameter), float("nan")):
            yield f"{parameter.name} = {value}", replace(group, parameters={**group.parameters, parameter.name: value})


def wrong_relations(terms: Terms, group: Group, dtype: Dtype) -> Iterator[tuple[str, Group]]:
    """Yield groups in which an end of a domain does not exceed the other, or an array holds what it may not."""
    for parameter in terms.parameters:
        for value in _not_above(parameter, group):
            what = f"{parameter.name} = {value} beside {parameter.above} = {group.parameters[parameter.above]}"
            yield what, replace(group, parameters={**group.parameters, parameter.name: value})
    for array in terms.arrays:
        for value in outside_elements(array, dtype):
            changed = group.arrays[array.name].copy()
            changed.flat[-1] = value
            yield f"{array.name} with {value} in it", replace(group, arrays={**group.arrays, array.name: changed})


def _not_above(one: Parameter, group: Group) -> Iterator[float]:
    if one.above:
        bottom = group.parameters[one.above]
        yield from (x for x in (bottom, bottom - (1.0 + abs(bottom))) if x in one.domain)


def outside_parameter(one: Parameter) -> Iterator[float]:
    """Yield numbers beyond the ends of a parameter's domain, and ends that do not belong to it."""
    for end, side in ((one.domain.low, -1.0), (one.domain.high, 1.0)):
        if end is not None:
            at = float(end)
            yield from (x for x in (at, at + side * (1.0 + abs(at))) if x not in one.domain)


def require_all(harness: Harness, groups: Iterable[tuple[str, Group]], call: Callable[[Group], Any]) -> None:
    """Require that a call refuses every wrong group."""
    for what, wrong in groups:
        require_refusal(harness, what, partial(call, wrong))


def require_refusal(harness: Harness, what: str, call: Callable[[], Any]) -> None:
    """Require that a call raises what a wrong argument is refused with."""
    try:
        call()
    except CallFailed as failed:
        if not isinstance(failed.__cause__, ValueError | TypeError):
            harness.fail(f"with {what} {failed}")
    else:
        harness.fail(f"{what} is not refused")
