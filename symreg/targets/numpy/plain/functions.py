"""One function in plain style: its head, the formula as a comment, its statements and what it returns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Call, Name, Negate, Tree, names
from symreg.kernel import Kernel, Let, Reduce
from symreg.kernel.ir import Routine, names_in
from symreg.kernel.names import Namer
from symreg.model.names import RESERVED
from symreg.targets.description import Function
from symreg.targets.formulas import Equation
from symreg.targets.minimum import checked_condition, refused_argument
from symreg.targets.numpy.arguments import default_text
from symreg.targets.numpy.layout import LONGEST_LINE
from symreg.targets.numpy.plain.calls import SLOPE
from symreg.targets.numpy.plain.scope import Loop, Scope
from symreg.targets.numpy.plain.simplified import trees_of
from symreg.targets.numpy.plain.statements import print_stages, print_statements
from symreg.targets.signature import Argument, Signature
from symreg.targets.wording import table, wrapped

MOST_LINES = 15
"""Of a function; the comment above its statements is left out where it would be longer."""

_ONE_LOOP = Loop(index="")
"""Around what is computed for each element of a routine's arguments, which has no index."""


def function_lines(function: Function, formulas: tuple[Equation, ...], routines: dict[Routine, str]) -> list[str]:
    """Return a function that computes in double precision.

    Args:
        function: Which.
        formulas: What R(w) is.
        routines: Names of the module's routines.
    """
    kernel, signature = function.kernel, function.signature
    scope = _scope(kernel, signature, routines)
    if signature.states:
        scope.lines.extend(_unpacked([state.name for state in signature.states]))
    scope.lines.extend(_refusal(function, scope))
    if kernel.update.indexed == SLOPE:
        scope.lines.append(f"g_penalty = gradient({', '.join(['w', *(f'{name}={name}' for name in scope.given)])})")
    print_stages(scope, kernel.stages)
    returned = _returned(function, scope)
    body = _with_length([*_without_weights(function), *scope.lines, *returned], signature.data.name)
    head = [*head_lines(function.name, signature), f'    """{_summary(function)}"""']
    formula = table(formulas if function.update.kind == "value" else function.formulas, LONGEST_LINE - 6)
    notes = [line for note in function.notes for line in wrapped(note, LONGEST_LINE - 6)]
    lines = [f"    {line}" if line else "" for line in body]
    room = MOST_LINES - len(head) - len(lines)
    comment = next((kept for kept in ([*formula, *notes], formula) if len(kept) <= room), [])
    return [*head, *(f"    # {line}" for line in comment), *lines]


def state_lines(function: Function) -> list[str]:
    """Return the function that makes a rule's state before its first step."""
    rule, signature = function.update.rule, function.signature
    assert rule is not None
    stem = function.name.removesuffix("_step")
    rows = [(state.name, _initial(state)) for state in signature.states]
    return [
        f"def {stem}_state(w):",
        f'    """Return the state of {rule.name.replace("_", " ")} before its first step."""',
        *(f"    {line}" for line in _dict_lines("return ", rows)),
    ]


def routine_lines(routine: Routine, routines: dict[Routine, str]) -> list[str]:
    """Return a private function of numbers that prox and the steps call."""
    fields = routine.record.results if routine.record is not None else ()
    own = {*routine.arguments, *routine.elements, *names_in((*routine.body, *routine.each)), *fields}
    scope = Scope(namer=Namer({*RESERVED, *own, "n", "at"}), routines=routines)
    parameters = [*routine.elements, *(["at"] if routine.record is not None else []), *routine.arguments]
    if routine.record is not None:
        used = {name for part in routine.each for tree in trees_of(part) for name in names(tree)}
        scope.lines.append(f"{', '.join(field if field in used else '_' for field in fields)} = at")
    print_statements(scope, routine.body)
    if routine.each:
        scope.axes.update(dict.fromkeys(routine.elements, frozenset({0})))
        print_statements(scope.inside(_ONE_LOOP), routine.each)
    results = ", ".join(routine.results)
    scope.lines.append(f"return {_last(scope, results, 'return ') or results}")
    first, *formulas = routine.purpose
    comment = [line for text in formulas for line in wrapped(text, LONGEST_LINE - 6)]
    return [
        f"def {routines[routine]}({', '.join(parameters)}):",
        *_docstring(first),
        *(f"    # {line}" for line in comment),
        *(f"    {line}" if line else "" for line in scope.lines),
    ]


def _docstring(sentence: str) -> list[str]:
    lines = wrapped(sentence, LONGEST_LINE - 7, "")
    if len(lines) == 1 and len(sentence) <= LONGEST_LINE - 10:
        return [f'    """{sentence}"""']
    return [f'    """{lines[0]}', *(f"    {line}" for line in lines[1:]), '    """']


def head_lines(name: str, signature: Signature) -> list[str]:
    """Return the lines of `def`."""
    keywords = [argument for argument in signature.by_keyword if argument.role != "result"]
    rows = [*signature.by_position, *(["*"] if keywords else []), *map(_keyword, keywords)]
    line = f"def {name}({', '.join(rows)}):"
    if len(line) <= LONGEST_LINE:
        return [line]
    inner = f"    {', '.join(rows)}"
    rows = [inner] if len(inner) <= LONGEST_LINE else [f"    {row}," for row in rows]
    return [f"def {name}(", *rows, "):"]


def _keyword(argument: Argument) -> str:
    text = default_text(argument.default) if argument.role == "parameter" else ""
    return f"{argument.name}{text.replace(' ', '')}"


def _summary(function: Function) -> str:
    rule = function.update.rule
    return {
        "value": "Return the penalty R(w).",
        "gradient": "Return dR/dw, the gradient of the penalty.",
        "prox": "Return the proximal operator of step*R at v.",
        "step": f"Return w{' and the state' if function.signature.states else ''} after one step of "
        f"{rule.name.replace('_', ' ') if rule else ''} on L(w) + R(w).",
    }[function.update.kind]


def _scope(kernel: Kernel, signature: Signature, routines: dict[Routine, str]) -> Scope:
    given = {argument.name for argument in signature.arguments}
    taken = {*RESERVED, *given, *names_in(kernel.stages), *(buffer.name for buffer in kernel.buffers)}
    terms = kernel.update.terms
    of_penalty = (*(array.name for array in terms.arrays), *(parameter.name for parameter in terms.parameters))
    return Scope(namer=Namer(taken), routines=routines, given=of_penalty)


def _unpacked(states: list[str]) -> Iterator[str]:
    """Yield assignments of the states to their names, several in a line."""
    row: list[str] = []
    for state in states:
        longer = [*row, state]
        if row and len(_unpacking(longer)) + 4 > LONGEST_LINE:
            yield _unpacking(row)
            longer = [state]
        row = longer
    yield _unpacking(row)


def _unpacking(row: list[str]) -> str:
    return f"{', '.join(row)} = " + ", ".join(f'state["{name}"]' for name in row)


def _refusal(function: Function, scope: Scope) -> Iterator[str]:
    """Yield what refuses steps for which the operator's cost has no minimum."""
    condition = checked_condition(function.update)
    if condition is not None:
        name = refused_argument(function.update)
        told = f'"{name}: the cost has no minimum unless {to_text(condition)}"'
        yield f"if not ({scope.text(condition)}):"
        line = f"    raise ValueError({told})"
        yield from [line] if len(line) + 4 <= LONGEST_LINE else ["    raise ValueError(", f"        {told}", "    )"]


def _returned(function: Function, scope: Scope) -> list[str]:
    """Return the lines that return the result."""
    kernel, signature = function.kernel, function.signature
    if function.update.kind == "value":
        assert kernel.result is not None
        text = _last(scope, kernel.result.name, "return float()") if isinstance(kernel.result, Name) else ""
        return [f"return float({text or scope.fitting(kernel.result, len('return float()'))})"]
    if function.update.kind != "step":
        is_alike = not scope.axes["out"]  # a number stands for as many as there are
        text = _last(scope, "out", "return ") or "out"
        return [f"return np.full_like({signature.data.name}, {text})" if is_alike else f"return {text}"]
    if not signature.states:
        return [f"return {_last(scope, 'w', 'return ') or 'w'}"]
    values = {name: f"float({scope.text(tree)})" for name, tree in kernel.scalars}
    rows = [(s.name, s.name if s.shape else values.get(s.name, f"float({s.name})")) for s in signature.states]
    return _dict_lines("return w, ", rows)


def _last(scope: Scope, name: str, frame: str) -> str:
    """Take back the line that assigned a name, if it is the last, and return what it assigned; else ""."""
    head, _, text = scope.lines[-1].partition(" = ") if scope.lines else ("", "", "")
    if head != name or scope.indent + len(frame) + len(text) > LONGEST_LINE:
        return ""
    scope.lines.pop()
    return text


def _without_weights(function: Function) -> list[str]:
    """Return what returns the value of no weights, where the formula would give something else than 0."""
    kernel = function.kernel
    if kernel.result is None or not function.is_indexed:
        return []
    empty = {stage.name for stage in kernel.stages if isinstance(stage, Reduce)}
    for stage in kernel.stages:
        if isinstance(stage, Let) and _is_zero(stage.value, empty):
            empty.add(stage.name)
    return [] if _is_zero(kernel.result, empty) else ["if w.size == 0:", "    return 0.0"]


def _is_zero(tree: Tree, zero: set[str]) -> bool:
    """Is a number 0 where those of some names are, whatever the others?"""
    match tree:
        case Name(name):
            return name in zero
        case Negate(operand) | Call("sqrt" | "abs", (operand,)):
            return _is_zero(operand, zero)
        case Binary("+" | "-", left, right):
            return _is_zero(left, zero) and _is_zero(right, zero)
        case Binary("*", left, right):
            return _is_zero(left, zero) or _is_zero(right, zero)
        case Binary("/", left, right):
            return _is_zero(left, zero) and not names(right) & {*zero, "n"}
        case _:
            return False


def _with_length(lines: list[str], data: str) -> list[str]:
    """Return a function's lines after one that says how many weights there are, if they ask for it."""
    asking = [line for line in lines if re.search(r"\bn\b", line)]
    # Numbers of Python would raise an error where they are divided by 0.
    size = f"np.float64({data}.size)" if any("/" in line for line in asking) else f"{data}.size"
    return [*([f"n = {size}"] if asking else []), *lines]


def _initial(state: Argument) -> str:
    if not state.shape:
        return repr(float(state.default))
    return "np.zeros_like(w)" if state.default == 0 else f"np.full_like(w, {state.default:.17g})"


def _dict_lines(head: str, rows: list[tuple[str, str]]) -> list[str]:
    """Return a dict as a line behind a head, or an entry a line."""
    entries = [f'"{name}": {text}' for name, text in rows]
    line = f"{head}{{{', '.join(entries)}}}"
    if len(line) + 4 <= LONGEST_LINE:
        return [line]
    return [f"{head}{{", *(f"    {entry}," for entry in entries), "}"]
