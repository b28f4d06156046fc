"""Lower an update to a kernel: the sums that are needed first, then one loop that computes and writes each element."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from symreg.expressions.arithmetic import ZERO, plus, times
from symreg.expressions.tree import Item, Name, Subscript, Sum, Tree, substitute
from symreg.kernel.boundaries import has_greatest, map
from symreg.kernel.cse import share
from symreg.kernel.functions.groups import pulled, shrunk, sum_over_groups
from symreg.kernel.functions.samples import (
    data_gradient,
    data_hessian,
    data_value,
    lipschitz_bound,
    loss_each,
    partial_sums,
)
from symreg.kernel.functions.step import step_stages
from symreg.kernel.ir import Buffer, Kernel, Map, Search, Statement, Store
from symreg.kernel.names import Namer
from symreg.kernel.penalty import WEIGHT, Lowered, penalty, placing_of, total, without_norm
from symreg.kernel.per_weight import elements
from symreg.kernel.proximal.table_search import search_of
from symreg.kernel.routines.points import of_each, of_norm, variation_stage
from symreg.kernel.sums import Placing
from symreg.proximal.operator import TableSearch
from symreg.updates.kinds import Kind
from symreg.updates.update import Update


@lru_cache(maxsize=256)
def lower(update: Update) -> Kernel:
    """Return the kernel of an update; kept, as every target asks for it.

    Raises:
        Intractable: A sum over an index all of whose subscripts may be out of range.
    """
    lowered = _LOWERED[update.kind](update)
    shared = share(lowered.placing.stages, lowered.results, lowered.placing.namer)
    return Kernel(
        update=update,
        stages=shared.stages,
        buffers=tuple(Buffer(name=name) for name in lowered.placing.buffers),
        result=shared.scalars[0] if update.kind in ("value", "lipschitz") else None,
        scalars=tuple(zip(lowered.kept, shared.scalars, strict=True)) if update.kind in ("step", "partial") else (),
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
    addends: list[Tree] = [] if update.data is None else [data_value(update, placing)]
    if update.elementwise is not None:
        each = substitute(update.elementwise, {Name("w"): Item("w", (Subscript("i"),))})
        addends.append(placing.placed(Sum(elements(each, update.terms.per_weight, "i"), "i")))
    if update.indexed is not None:
        addends.append(placing.placed(without_norm(update.indexed)))
    if update.of_norm is not None:
        addends.append(sum_over_groups(update.of_norm, placing))
    return Lowered(placing=placing, results=(placing.with_nan(total(addends)),))


def _loss(update: Update) -> Lowered:
    placing = placing_of(update)
    placing.stages.append(Map(index="j", body=(loss_each(update, placing),)))
    return Lowered(placing=placing)


def _partial(update: Update) -> Lowered:
    placing = placing_of(update)
    return Lowered(placing=placing, results=partial_sums(update, placing), kept=("loss", "weight"))


def _lipschitz(update: Update) -> Lowered:
    placing = placing_of(update)
    return Lowered(placing=placing, results=(lipschitz_bound(update, placing),))


def _hessian_vector(update: Update) -> Lowered:
    placing = placing_of(update)
    from_samples = data_hessian(update, placing)
    curvature = substitute(update.curvature or ZERO, {Name("w"): WEIGHT})
    curvature = placing.with_nan(elements(curvature, update.terms.per_weight, "j"))
    return _of_samples(update, placing, from_samples, times(curvature, Item("v", (Subscript("j"),))), [])


def _of_samples(
    update: Update, placing: Placing, from_samples: Tree, of_penalty: Tree, body: list[Statement]
) -> Lowered:
    """Lower the last loops over the weights: what came of the samples, and the penalty's part."""
    value = plus(from_samples, of_penalty)
    if value != Item("out", (Subscript("j"),)):
        is_double = has_greatest([*placing.stages, *body])
        placing.stages.append(map([*body, Store(array="out", value=value)], is_double=is_double))
    if update.kind == "gradient" and update.of_norm is not None:
        pulled(update.of_norm, "out", placing, is_added=True)
    return Lowered(placing=placing)


def _gradient(update: Update) -> Lowered:
    placing = placing_of(update)
    if update.data is not None:
        from_samples = data_gradient(update, placing, "out")
        body, gradient = penalty(update, placing)
        return _of_samples(update, placing, from_samples, gradient, body)
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
    if update.variation is not None:
        placing.stages.append(variation_stage(update.variation, "v", "out", Name("step"), placing))
        if update.operator is not None:
            of_each(update, update.operator, placing, "out")
        return Lowered(placing=placing, may_alias=True)
    if update.norm_operator is not None:
        if update.operator is not None:
            of_each(update, update.operator, placing)
        source = "v" if update.operator is None else "out"
        shrunk(update.norm_operator, source, "out", Name("step"), placing)
        return Lowered(placing=placing, may_alias=True)
    operator = update.operator
    assert operator is not None
    return of_norm(update, placing) if update.is_radial else of_each(update, operator, placing)


_LOWERED: dict[Kind, Callable[[Update], Lowered]] = {
    "loss_value": _loss,
    "loss_gradient": _loss,
    "loss_hessian": _loss,
    "value": _value,
    "gradient": _gradient,
    "hessian_vector": _hessian_vector,
    "partial": _partial,
    "lipschitz": _lipschitz,
    "prox": _prox,
    "step": step_stages,
}
