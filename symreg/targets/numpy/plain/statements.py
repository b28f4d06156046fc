"""The stages of a kernel as statements on whole arrays."""

from __future__ import annotations

from collections.abc import Iterable

from symreg.expressions.tree import Call, Tree, walk
from symreg.kernel import Invoke, Let, Map, Reduce, Root, Store
from symreg.kernel.ir import Stage, Statement
from symreg.targets.infix import shifted
from symreg.targets.numpy.layout import LONGEST_LINE
from symreg.targets.numpy.plain.scope import Loop, Scope

_LONGEST_BOUNDS = 40  # characters of both together, where they stand in a call


def print_stages(scope: Scope, stages: tuple[Stage, ...]) -> None:
    """Print the stages of a function that searches for no minimisers."""
    for place, stage in enumerate(stages):
        match stage:
            case Let(name=name, value=value):
                scope.assign(name, value)
            case Reduce():
                _print_sum(scope, stage)
            case Root():
                _print_root(scope, stage)
            case Invoke():
                _print_call(scope, stage, is_record=_is_handed_on(stage, stages[place + 1 :]))
            case Map():
                _print_loop(scope, stage)
            case _:
                raise AssertionError(stage)


def print_statements(scope: Scope, statements: Iterable[Statement], *, keeps_old: bool = False) -> None:
    """Print the statements of a loop, or those of one number.

    Args:
        keeps_old: Are neighbours of a weight that is assigned those from before?
    """
    for statement in statements:
        match statement:
            case Let(name=name, value=value):
                scope.assign(name, value)
            case Reduce():
                _print_sum(scope, statement)
            case Root():
                _print_root(scope, statement)
            case Invoke():
                _print_call(scope, statement)
            case Store(array="w", value=value) if keeps_old:
                name = scope.now.get("w") or scope.namer.fresh("w_new")
                scope.assign(name, value)
                scope.now["w"] = name
            case Store(array=array, value=value):
                loop = scope.loops[-1]
                scope.parts[array] = (loop.low, loop.high)
                scope.assign(array, value)
            case _:
                raise AssertionError(statement)


def _print_loop(scope: Scope, stage: Map) -> None:
    body = stage.edge or stage.body
    print_statements(scope.inside(_loop(scope, stage, body)), body, keeps_old=stage.reads_old)
    scope.neighbours.clear()
    if "w" in scope.now:
        scope.lines.append(f"w = {scope.now.pop('w')}")


def _print_sum(scope: Scope, stage: Reduce) -> None:
    """Print a sum over the last axis, or the greatest of its terms."""
    inner = scope.inside(_loop(scope, stage, stage.body, stage.term))
    print_statements(inner, stage.body)
    last, axes = len(scope.loops), inner.axes_of(stage.term)
    start = ", initial=-np.inf" if stage.is_greatest else ""
    name, ending = "np.max" if stage.is_greatest else "np.sum", f"{start}{', axis=-1' if last else ''})"
    if last not in axes:  # all terms are alike
        name, ending = "" if stage.is_greatest else f"{_count(stage)} * ", ")"
    term = inner.fitting(stage.term, len(f"{stage.name} = {name}({ending}"))
    scope.lines.append(f"{stage.name} = {name}({term}{ending}")
    scope.axes[stage.name] = axes - {last}
    scope.neighbours.clear()


def _count(stage: Reduce) -> str:
    """Return how many terms a sum has."""
    left_out = _first(stage) + stage.high
    return f"max({shifted(stage.extent, -left_out)}, 0)" if left_out else stage.extent


def _first(stage: Map | Reduce) -> int:
    """Return the first index of a loop; only those over a group of weights, which are not written here, have a name."""
    assert isinstance(stage.low, int)
    return stage.low


def _loop(scope: Scope, stage: Map | Reduce, body: Iterable[Statement], *trees: Tree) -> Loop:
    """Return a loop; if a condition asks whether neighbours exist, its places are computed first."""
    index, places = stage.index, ""
    if any(_asks(tree, index) for tree in (*_trees(body), *trees)):
        places = scope.namer.fresh(index)
        start = f"{stage.low}, " if stage.low else ""
        end = shifted("w.size" if stage.extent == "n" else stage.extent, -stage.high)
        scope.lines.append(f"{places} = np.arange({start}{end})")
    return Loop(index=index, low=_first(stage), high=stage.high, places=places)


def _trees(statements: Iterable[Statement]) -> Iterable[Tree]:
    for statement in statements:
        if isinstance(statement, Let | Store):
            yield statement.value
        if isinstance(statement, Reduce):
            yield statement.term
            yield from _trees(statement.body)


def _asks(tree: Tree, index: str) -> bool:
    """Is there a condition on whether elements at a shifted index exist?"""
    asked = [
        item for node in walk(tree) if isinstance(node, Call) and node.function == "in_range" for item in walk(node)
    ]
    return any(s.index == index and s.shift for item in asked for s in getattr(item, "subscripts", ()))


def _print_root(scope: Scope, stage: Root) -> None:
    """Print the number, or the number of each element, at which a function that rises is 0."""
    u, ends = stage.name, (stage.low, stage.high)
    if sum(len(scope.text(end)) for end in ends) > _LONGEST_BOUNDS:
        names = [scope.namer.fresh(end) for end in ("low", "high")]
        for name, end in zip(names, ends, strict=True):
            scope.assign(name, end)
        bounds = ", ".join(names)
    else:
        bounds = ", ".join(map(scope.text, ends))
    scope.axes[u] = frozenset(range(len(scope.loops)))
    line = f"{u} = _root(lambda {u}: {scope.text(stage.residual)}, {bounds})"
    if not stage.body and scope.indent + len(line) <= LONGEST_LINE:
        scope.lines.append(line)
        return
    excess, lines = scope.namer.fresh("excess"), list[str]()
    inner = scope.within(lines)
    print_statements(inner, stage.body)
    lines.append(f"return {inner.fitting(stage.residual, len('return '))}")
    scope.lines.extend(["", f"def {excess}({u}):", *(f"    {line}" if line else "" for line in lines), ""])
    scope.lines.append(f"{u} = _root({excess}, {bounds})")


def _print_call(scope: Scope, stage: Invoke, *, is_record: bool = False) -> None:
    """Print the call of a routine: several results by their names, or together as a record."""
    count = len(stage.routine.arguments)
    elements, others = stage.arguments[count:], stage.arguments[:count]
    given = [scope.text(tree) for tree in elements]
    given += [stage.record] if stage.record else []
    given += [scope.text(tree) for tree in others]
    target = stage.name if is_record else ", ".join(stage.names)
    line = f"{target} = {scope.routines[stage.routine]}({', '.join(given)})"
    if scope.indent + len(line) <= LONGEST_LINE:
        scope.lines.append(line)
    else:
        head = f"{target} = {scope.routines[stage.routine]}("
        scope.lines.extend([head, *(f"    {argument}," for argument in given), ")"])
    for name in stage.names:
        scope.axes[name] = frozenset(range(len(scope.loops))) if elements else frozenset()


def _is_handed_on(stage: Invoke, later: Iterable[Stage]) -> bool:
    """Are a routine's results handed on together, to another one?"""
    calls = [inner for other in later if isinstance(other, Map) for inner in other.body if isinstance(inner, Invoke)]
    return stage.name != "" and any(call.record == stage.name for call in calls)
