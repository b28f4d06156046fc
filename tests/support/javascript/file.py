"""A target in a hundred lines: gradients of elementwise penalties as a JavaScript module that needs `Math` alone."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from symreg.expressions.text import number_text
from symreg.expressions.tree import Item
from symreg.kernel import Let, Map, Store
from symreg.kernel.ir import Stage, Statement
from symreg.targets.description import Function, Module
from symreg.targets.infix import Notation, infix

OWN_NAMES = {"pow": "Math.pow", "copysign": "copysign"}
MATH = ("abs", "atan", "cos", "cosh", "exp", "expm1", "floor", "log", "log1p", "max", "min", "sign", "sin", "sinh",
        "sqrt", "tan", "tanh")  # fmt: skip
FUNCTIONS = {name: f"Math.{name}" for name in MATH} | OWN_NAMES

COPYSIGN = "const copysign = (x, y) => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x));"


def write(module: Module) -> dict[str, str]:
    """Return the module by path."""
    functions = [line for function in module.functions if is_printed(function) for line in printed(function)]
    lines = [
        f"// {module.title}",
        *(f"//     {left} {sign} {right}" for left, sign, right in module.formulas),
        f"// Regenerate: {module.command}",
        f"// SHA-256 of specs and templates: {module.digest}",
        *([COPYSIGN] if any("copysign(" in line for line in functions) else []),
        *functions,
    ]
    return {f"javascript/{module.name}.mjs": "\n".join(lines) + "\n"}


def is_printed(function: Function) -> bool:
    """Is it a gradient in which each weight stands for itself?"""
    return function.name == "gradient" and not function.is_indexed


def printed(function: Function) -> Iterator[str]:
    """Yield the lines of a function: parameters by name, as everywhere."""
    names = ", ".join(argument.name for argument in function.signature.of("parameter"))
    yield f"export function {function.name}({', '.join(function.signature.by_position)}, {{ {names} }}) {{"
    yield "  const n = w.length, out = new Float64Array(n);"
    for stage in function.kernel.stages:
        yield from (f"  {line}" for line in statements(stage))
    yield "  return out;"
    yield "}"


def statements(stage: Stage | Statement) -> Iterator[str]:
    match stage:
        case Let(name=name, value=value):
            yield f"const {name} = {infix(value, NOTATION)};"
        case Store(array=array, value=value):
            yield f"{array}[j] = {infix(value, NOTATION)};"
        case Map(body=body):
            yield "for (let j = 0; j < n; ++j) {"
            yield from (f"  {line}" for statement in body for line in statements(statement))
            yield "}"
        case _:
            raise NotImplementedError(type(stage).__name__)


def element(item: Item) -> str:
    return f"{item.array}[j]"


def literal(value: Fraction) -> str:
    text = number_text(value)
    return repr(float(value)) if "/" in text else text


NOTATION = Notation(
    literal=literal,
    constants={"pi": "Math.PI", "inf": "Infinity", "nan": "NaN", "reach": "1e150"},
    functions=FUNCTIONS,
    name=lambda name: name,
    item=element,
    index=lambda index: index,
    words={"and": "&&", "or": "||", "not": "!"},
    choice="{0} ? {1} : {2}",
    is_nan="Number.isNaN({})",
)
