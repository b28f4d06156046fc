"""Values that a kernel names: each is computed once, under the name that it was given."""

from symreg.expressions.tree import Binary, Item, Name, Subscript, Tree, number
from symreg.kernel.cse import share
from symreg.kernel.ir import Let, Map, Root, Store, names_in
from symreg.kernel.names import Namer

LAM, STEP = Name("lam"), Name("step")
W = Item("w", (Subscript("j"),))


def product(left: Tree, right: Tree) -> Tree:
    return Binary("*", left, right)


def test_a_value_that_is_named_twice_is_computed_once_under_its_first_name() -> None:
    lets = (Let(name="threshold", value=product(STEP, LAM)), Let(name="bottom", value=product(STEP, LAM)))
    total = Binary("+", Name("threshold"), Name("bottom"))
    shared = share(lets, (total,), Namer(("lam", "step", "threshold", "bottom")))
    assert shared.stages == (
        Let(name="threshold", value=product(STEP, LAM)),
        Let(name="t1", value=Binary("+", Name("threshold"), Name("threshold"))),
    )
    assert shared.scalars == (Name("t1"),)


def test_an_expression_in_a_loop_has_the_name_that_its_value_was_given_before_it() -> None:
    loop = Map(index="j", body=(Store(array="out", value=product(product(STEP, LAM), W)),))
    shared = share((Let(name="threshold", value=product(STEP, LAM)), loop), (), Namer(("lam", "step", "threshold")))
    assert shared.stages[0] == Let(name="threshold", value=product(STEP, LAM))
    assert shared.stages[1] == Map(index="j", body=(Store(array="out", value=product(Name("threshold"), W)),))


def test_another_name_of_a_name_is_that_name() -> None:
    loop = Map(index="j", body=(Store(array="out", value=product(Name("step2"), W)),))
    shared = share((Let(name="step2", value=Name("lr")), loop), (), Namer(("lr", "step2")))
    assert shared.stages == (Map(index="j", body=(Store(array="out", value=product(Name("lr"), W)),)),)


def test_what_is_needed_twice_in_a_loop_is_a_temporary_of_that_loop() -> None:
    square = product(W, W)
    body = (Store(array="out", value=Binary("/", square, Binary("+", number(1), square))),)
    shared = share((Map(index="j", body=body), Map(index="j", body=body)), (), Namer(("w", "out")))
    assert [
        [s.name for s in stage.body if isinstance(s, Let)] for stage in shared.stages if isinstance(stage, Map)
    ] == [
        ["t1"],
        ["t1"],
    ]


def test_an_element_that_was_written_since_is_another_value() -> None:
    body = (
        Let(name="old", value=product(W, W)),
        Store(array="w", value=number(0)),
        Store(array="out", value=Binary("+", product(W, W), Name("old"))),
    )
    (loop,) = share((Map(index="j", body=body),), (), Namer(("w", "out", "old"))).stages
    assert isinstance(loop, Map)
    assert loop.body[0] == Let(name="old", value=product(W, W))
    assert loop.body[-1] == Store(array="out", value=Binary("+", product(W, W), Name("old")))


def test_a_scalar_has_no_name_that_an_earlier_loop_uses_for_something_else() -> None:
    u, square = Name("u"), product(Name("u"), Name("u"))
    residual = Binary("-", Binary("/", square, Binary("+", number(1), square)), LAM)
    root = Root(name="u", low=number(0), high=W, start=W, residual=residual, slope=number(1))
    far = product(product(STEP, LAM), product(STEP, LAM))
    shared = share((Map(index="j", body=(root, Store(array="out", value=product(u, far)))),), (), Namer(("w", "out")))
    *scalars, loop = shared.stages
    assert isinstance(loop, Map)
    inside = {name for stage in loop.body for name in names_in((stage,))}
    assert scalars
    assert inside.isdisjoint(names_in(scalars))
