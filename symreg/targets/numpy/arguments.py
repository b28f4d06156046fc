"""A signature in Python: `def`, and the checks with which a function begins."""

from __future__ import annotations

from fractions import Fraction

from symreg.model.interval import Interval
from symreg.targets.numpy.expressions import number
from symreg.targets.numpy.layout import LONGEST_LINE, Row
from symreg.targets.signature import Argument, Signature

_TYPES = {"state": "dict[str, np.ndarray | float]"}
_RESULTS = {
    "number": "float",
    "array": "np.ndarray",
    "nothing": "None",
    "sums": "tuple[float, np.ndarray, float]",
}


def definition(name: str, signature: Signature) -> list[str]:
    """Return the lines of `def`."""
    rows = [f"{argument}: {_TYPES.get(argument, 'np.ndarray')}" for argument in signature.by_position]
    keywords = [_keyword(argument) for argument in signature.by_keyword]
    rows += ["*", *keywords] if keywords else []
    result = _RESULTS[signature.returns]
    line = f"def {name}({', '.join(rows)}) -> {result}:"
    if len(line) <= LONGEST_LINE:
        return [line]
    return [f"def {name}(", *(f"    {row}," for row in rows), f") -> {result}:"]


def _keyword(argument: Argument) -> str:
    match argument.role:
        case "result" | "group_weights" | "sample_weight":
            return f"{argument.name}: np.ndarray | None = None"
        case "parameter":
            return f"{argument.name}: float{default_text(argument.default)}"
        case _:
            return f"{argument.name}: np.ndarray"


def default_text(value: float) -> str:
    """Return a default as it stands in a signature; NaN is none."""
    if value != value:
        return ""
    return f" = {int(value)}" if value.is_integer() and abs(value) < 1e15 else f" = {value!r}"


def parameter_rows(signature: Signature) -> list[Row]:
    """Return the parameters with what each is checked for."""
    return [
        {"name": parameter.name, "bounds": _bounds(parameter.domain), "order": _order(parameter)}
        for parameter in signature.of("parameter")
    ]


def array_rows(signature: Signature) -> list[Row]:
    """Return the declared arrays with the shape and the elements that each must have.

    `above` is another array whose elements its own have to exceed, "" for none.
    """
    return [
        {
            "name": array.name,
            "shape": ", ".join(f"{signature.data.name}.size" for _ in array.shape) + "," * (len(array.shape) == 1),
            "bounds": _bounds(array.domain),
            "above": array.above,
        }
        for array in signature.of("array")
    ]


def state_rows(signature: Signature) -> list[Row]:
    """Return what a rule keeps, with its values before the first step."""
    return [
        {
            "name": state.name,
            "is_array": bool(state.shape),
            "initial": number(Fraction(state.default)),
            "doc": state.doc,
        }
        for state in signature.states
    ]


def _order(parameter: Argument) -> list[str]:
    """Return the lines that refuse a parameter that does not exceed the one that it has to."""
    if not parameter.above:
        return []
    name, other = parameter.name, parameter.above
    told = f'f"{name}: must be > {other} = {{{other}:g}}, got {{{name}:g}}"'
    line = f"    raise ValueError({told})"
    lines = [line] if len(line) + 4 <= LONGEST_LINE else ["    raise ValueError(", f"        {told}", "    )"]
    return [f"if not {other} < {name}:", *lines]


def _bounds(domain: Interval) -> str:
    """Return a domain as keyword arguments of the check."""
    rows = []
    if domain.low is not None:
        rows.append(f"{'least' if domain.low_closed else 'above'}={number(domain.low)}")
    if domain.high is not None:
        rows.append(f"{'most' if domain.high_closed else 'below'}={number(domain.high)}")
    return "".join(f", {row}" for row in rows)
