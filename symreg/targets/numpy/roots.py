"""The root of one number's equation in NumPy; those of all elements of a block together are in `blocks.py`."""

from __future__ import annotations

from collections.abc import Iterator

from symreg.kernel import Invoke, Let, Root
from symreg.targets.numpy.expressions import Scope, expression
from symreg.targets.numpy.layout import LONGEST_LINE, Row, call_lines, code_line


def root(scope: Scope, stage: Root) -> Iterator[Row]:
    """Yield the loop that finds one number."""
    taken = set(scope.namer.taken)
    low, high = (scope.namer.fresh(f"{stage.name}_{end}") for end in ("low", "high"))
    trial, moves = scope.namer.fresh("trial"), scope.namer.fresh("moves")
    residual, change = scope.namer.fresh("residual"), scope.namer.fresh("change")
    u = stage.name
    starts = [expression(scope, tree) for tree in (stage.start, stage.low, stage.high)]
    # Numbers of Python would raise an error where they are divided by 0.
    yield from call_lines(f"{u}, {low}, {high}", "np.array", [f"[{', '.join(starts)}]", "float"], indent=scope.indent)
    scope.nesting += 1
    body = [row for inner in stage.body for row in number(scope, inner)]
    body.append(code_line(f"{residual} = {expression(scope, stage.residual)}"))
    if stage.in_logarithm:
        slope = f"2 * {u} * ({expression(scope, stage.slope)}) + {residual}"
        body += call_lines(change, "np.divide", [f"-2 * {residual}", slope], indent=scope.indent)
        body.append(code_line(f"{change} = {u} * {change}"))
    else:
        slope = expression(scope, stage.slope)
        body += call_lines(change, "np.divide", [f"-{residual}", slope], indent=scope.indent)
    arguments = [u, residual, change, low, high, trial]
    body += call_lines(f"{u}, {low}, {high}, {moves}", "_newton", arguments, indent=scope.indent)
    body.append(code_line(f"if not {moves}:"))
    body.append(code_line("    break"))
    scope.nesting -= 1
    yield {"kind": "loop", "head": f"for {trial} in range(_ROUNDS):", "body": body}
    scope.namer.taken = taken


def number(scope: Scope, part: Let | Root | Invoke) -> Iterator[Row]:
    """Yield how a number is computed that is no element's."""
    match part:
        case Let(name=name, value=value):
            yield code_line(f"{name} = {expression(scope, value)}")
        case Root():
            yield from root(scope, part)
        case Invoke():
            yield from invoked(scope, part)


def invoked(scope: Scope, stage: Invoke, *, is_record: bool = False) -> Iterator[Row]:
    """Yield the call of a routine of scalars; several results by their names, or together as a record."""
    target = stage.name if is_record else ", ".join(stage.names)
    arguments = [expression(scope, argument) for argument in stage.arguments]
    routine = scope.routines[stage.routine]
    if len(f"{target} = {routine}({', '.join(arguments)})") + scope.indent <= LONGEST_LINE or len(stage.names) == 1:
        yield from call_lines(target, routine, arguments, indent=scope.indent)
        return
    yield code_line("(")
    yield from (code_line(f"    {name},") for name in stage.names)
    yield code_line(f") = {routine}({', '.join(arguments)})")
