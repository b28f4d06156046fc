"""Lower an update to a kernel: the sums that are needed first, then one loop that computes and writes each element."""

from __future__ import annotations

from functools import lru_cache

from symreg.expressions.tree import Item, Name, Subscript, Sum, Tree, substitute
from symreg.kernel.boundaries import has_greatest, map
from symreg.kernel.cse import share
from symreg.kernel.groups import pulled, shrunk, sum_over_groups
from symreg.kernel.ir import Buffer, Kernel, Search, Store
from symreg.kernel.names import Namer
from symreg.kernel.penalty import Lowered, penalty, placing_of, total, without_norm
from symreg.kernel.proximal.table_search import search_of
from symreg.kernel.routines.points import of_each, of_norm
from symreg.kernel.step import step_stages
from symreg.proximal.operator import TableSearch
from symreg.updates.update import Update


@lru_cache(maxsize=256)
def lower(update: Update) -> Kernel:
    """Return the kernel of an update; kept, as every target asks for it.

    Raises:
        Intractable: A sum over an index all of whose subscripts may be out of range.
    """
    lowered = {"value": _value, "gradient": _gradient, "prox": _prox, "step": step_stages}[update.kind](update)
    shared = share(lowered.placing.stages, lowered.results, lowered.placing.namer)
    return Kernel(
        update=update,
        stages=shared.stages,
        buffers=tuple(Buffer(name=name) for name in lowered.placing.buffers),
        result=shared.scalars[0] if update.kind == "value" else None,
        scalars=tuple(zip(lowered.kept, shared.scalars, strict=True)) if update.kind == "step" else (),
        may_alias=lowered.may_alias,
        search=_search(update, lowered.placing.namer),
    )


def _search(update: Update, namer: Namer) -> Search | None:
    """Return the search that the operator of an update needs, if it needs one."""
    if not isinstance(update.operator, TableSearch):
        return None
    return search_of(update.operator, tuple(p.name for p in update.terms.parameters), namer.fresh("rows"))


def _value(update: Update) -> Lowered:
    placing = placing_of(update)
    addends: list[Tree] = []
    if update.elementwise is not None:
        each = substitute(update.elementwise, {Name("w"): Item("w", (Subscript("i"),))})
        addends.append(placing.placed(Sum(each, "i")))
    if update.indexed is not None:
        addends.append(placing.placed(without_norm(update.indexed)))
    if update.of_norm is not None:
        addends.append(sum_over_groups(update.of_norm, placing))
    return Lowered(placing=placing, results=(placing.with_nan(total(addends)),))


def _gradient(update: Update) -> Lowered:
    placing = placing_of(update)
    is_alone = update.elementwise is None and update.indexed is None
    if update.of_norm is not None and is_alone:
        pulled(update.of_norm, "out", placing, is_added=False)
        return Lowered(placing=placing, may_alias=True)
    body, gradient = penalty(update, placing)
    loop = map([*body, Store(array="out", value=gradient)], is_double=has_greatest([*placing.stages, *body]))
    placing.stages.append(loop)
    if update.of_norm is not None:
        pulled(update.of_norm, "out", placing, is_added=True)
        return Lowered(placing=placing)
    reads_one = all(isinstance(statement, Store) for statement in body) and not loop.edge
    return Lowered(placing=placing, may_alias=reads_one)


def _prox(update: Update) -> Lowered:
    """Lower a proximal operator: of each number by itself, or of the norm of all."""
    placing = placing_of(update)
    if update.norm_operator is not None:
        if update.operator is not None:
            of_each(update.operator, placing)
        source = "v" if update.operator is None else "out"
        shrunk(update.norm_operator, source, "out", Name("step"), placing)
        return Lowered(placing=placing, may_alias=True)
    operator = update.operator
    assert operator is not None
    return of_norm(update, placing) if update.is_radial else of_each(operator, placing)
