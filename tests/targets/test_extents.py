"""Loops over rows of data: a sum and a loop over another extent than the number of weights, as losses will need."""

from __future__ import annotations

from symreg.expressions.tree import Binary, Item, Name, Subscript
from symreg.kernel import Let, Map, Reduce, Store, lower
from symreg.objectives.resolve import resolve
from symreg.targets.c.expressions import scope_of as c_scope
from symreg.targets.c.precision import DOUBLE
from symreg.targets.c.statements import statements as c_statements
from symreg.targets.description import Function
from symreg.targets.numpy.expressions import scope_of as numpy_scope
from symreg.targets.numpy.statements import statements as numpy_statements
from symreg.targets.signature import signature_of
from symreg.updates.assemble import updates

LABEL = Item("y", (Subscript("i"),))
SUM = Reduce(name="s", index="i", low=0, high=0, body=(), term=Binary("*", LABEL, LABEL), extent="rows")
RESIDUALS = Map(
    index="i",
    body=(Let(name="r", value=Binary("-", LABEL, Name("s"))), Store(array="y", value=Name("r"))),
    extent="rows",
    is_double=True,
)


def gradient() -> Function:
    update = next(update for update in updates(resolve("l2"), ()) if update.name == "gradient")
    kernel = lower(update)
    return Function(kernel=kernel, signature=signature_of(kernel), title="", summary="", formulas=())


def test_c_loops_over_the_extent() -> None:
    scope = c_scope(gradient(), {}, {}, DOUBLE)
    (total,) = c_statements(scope, SUM)
    assert (total["more"], total["left"]) == ("start < rows", "rows - start")
    (loop,) = c_statements(scope, RESIDUALS)
    assert (loop["start"], loop["more"]) == (0, "i < rows")


def test_numpy_loops_over_the_extent() -> None:
    scope = numpy_scope(gradient(), {})
    for stage in (SUM, RESIDUALS):
        lines = str(list(numpy_statements(scope, stage, [])))
        assert "for i in range(0, rows, _BLOCK):" in lines and "stop = min(i + _BLOCK, rows)" in lines
        assert "min(_BLOCK, rows)" in lines and "n)" not in lines
