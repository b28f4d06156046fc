"""A signature in C: the prototype, and the checks with which a function begins.

Parameters and scalars are `double`, or `float` where all of the file is in single precision.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from symreg.model.interval import Interval
from symreg.targets.c.layout import LONGEST_LINE, Row, filled
from symreg.targets.c.literals import signed_literal
from symreg.targets.c.precision import Precision
from symreg.targets.signature import Argument, Dimension, Role, Signature

_LONGEST_SPANS = LONGEST_LINE - len("    const struct span spans[] = {};")


def prototype(
    signature: Signature, precision: Precision, *, in_source: bool = False, matrix: Iterable[str] = ()
) -> list[str]:
    """Return the declarations of the arguments as lines.

    Args:
        signature: What is declared.
        precision: The types of the function.
        in_source: Are pointers to what no other argument may overlap `restrict`?
        matrix: Declarations in place of X.
    """
    are_apart = in_source and any(argument.is_overwritten for argument in signature.arguments)
    may_overlap = {name for a in signature.arguments if a.may_be for name in (a.name, a.may_be)}
    declared: list[str] = []
    for argument in signature.arguments:
        if argument.role == "matrix":
            declared.extend(matrix)
        else:
            is_restrict = are_apart and argument.name not in may_overlap
            declared.append(_declaration(argument, precision, is_restrict=is_restrict))
    return filled(declared, LONGEST_LINE - 4)


def type_of(argument: Argument, precision: Precision) -> str:
    """Return the type of a scalar, or of what a pointer points to."""
    return {"size": "size_t", "index": "int64_t", "real": precision.real, "wide": precision.wide}[argument.dtype]


def _declaration(argument: Argument, precision: Precision, *, is_restrict: bool) -> str:
    star = ("*restrict " if is_restrict else "*") if argument.is_pointer else ""
    const = "const " if argument.is_pointer and not argument.is_overwritten else ""
    return f"{const}{type_of(argument, precision)} {star}{argument.name}"


_LIMITS = {"float": ("f", "FLT_MAX"), "double": ("", "DBL_MAX")}
"""The suffix of literals of a type, and its largest number."""


COMMON_DOMAINS = {
    "is_positive": Interval(low=Fraction(0)),
    "is_fraction": Interval(low=Fraction(0), high=Fraction(1), low_closed=True),
}
"""Domains for which a file has a function where it checks them often, by its name."""
_OFTEN = 4


def often_checked(signatures: Iterable[Signature]) -> dict[str, Interval]:
    """Return which common domains a file has a function for."""
    counts = Counter(parameter.domain for signature in signatures for parameter in signature.of("parameter"))
    return {name: domain for name, domain in COMMON_DOMAINS.items() if counts[domain] >= _OFTEN}


def domains(signature: Signature, wide: str, functions: Mapping[Interval, str]) -> list[str]:
    """Return the conditions on parameters, all of which must hold; each is false at NaN.

    Args:
        signature: Whose parameters they are.
        wide: Type of the parameters.
        functions: Names of the file's own functions that check a domain.
    """
    parameters = signature.of("parameter")
    return [
        *(
            f"{functions[p.domain]}({p.name})" if p.domain in functions else is_inside(p.name, p.domain, wide)
            for p in parameters
        ),
        *(f"{p.above} < {p.name}" for p in parameters if p.above),
    ]


def all_hold(conditions: list[str], refusal: str) -> str:
    """Return that all conditions hold, as an operand of `!`; "" if there are none.

    Args:
        conditions: In C.
        refusal: What a function returns at once if one does not: the last line has to leave room for that.
    """
    if len(conditions) == 1 and " " not in conditions[0]:
        return conditions[0]
    room, end = LONGEST_LINE - len("    if (!("), len(f")) return {refusal};")
    lines = filled(conditions, room, between=" && ", at_start="&& ")
    if lines and len(lines[-1]) + end > room:
        lines = filled(conditions, room - end, between=" && ", at_start="&& ")
    text = "\n          ".join(lines)
    return f"({text})" if lines else ""


def is_inside(name: str, domain: Interval, wide: str) -> str:
    """Return the condition that a parameter is finite and in its domain."""
    suffix, largest = _LIMITS[wide]
    low = f"-{largest}" if domain.low is None else signed_literal(domain.low, suffix)
    high = largest if domain.high is None else signed_literal(domain.high, suffix)
    above = ">=" if domain.low is None or domain.low_closed else ">"
    below = "<=" if domain.high is None or domain.high_closed else "<"
    return f"{name} {above} {low} && {name} {below} {high}"


CHECKED: tuple[Role, ...] = ("array", "sample_weight")
"""Arrays whose elements may have a domain."""


def checked_elements(signature: Signature, real: str) -> Iterator[Row]:
    """Yield the arrays whose elements are checked, each with the comparisons of which none may hold: none does at NaN.

    A comparison is with a number, or with the same `element` of another array.
    """
    for array in signature.of(*CHECKED):
        if is_checked(array):
            outside = [] if array.domain.is_all else [(sign, "") for sign in _is_outside(array.domain, real)]
            extent = f"({array.name} ? {size(array)} : 0)" if array.role == "sample_weight" else size(array)
            yield {
                "name": array.name,
                "size": extent,
                "refused": [*outside, *([("<=", array.above)] if array.above else [])],
            }


def is_checked(array: Argument) -> bool:
    """Are there elements that an array may not have?"""
    return not array.domain.is_all or bool(array.above)


def _is_outside(domain: Interval, real: str) -> tuple[str, str]:
    """Return the comparisons of a number that lies below a domain, and of one above it, with ends of its own type."""
    suffix, largest = _LIMITS[real]
    below, above = "<" if domain.low_closed else "<=", ">" if domain.high_closed else ">="
    low = f"< -{largest}" if domain.low is None else f"{below} {signed_literal(domain.low, suffix)}"
    high = f"> {largest}" if domain.high is None else f"{above} {signed_literal(domain.high, suffix)}"
    return low, high


def size(argument: Argument) -> str:
    """Return how many numbers a pointer points to, `n * n` say."""
    return " * ".join(map(_extent, argument.shape))


def _extent(extent: Dimension) -> str:
    return "samples" if extent == "m" else str(extent)


PARTS_OF_MATRIX = 3
"""Arrays that X may be made of: its numbers, and in compressed rows their columns and where each row begins."""

_READ: tuple[Role, ...] = (
    *("data", "direction", "matrix", "labels", "sample_weight", "array", "gradient"),
    *("groups", "group_weights"),
)


def overlaps(signature: Signature, precision: Precision) -> Row:
    """Return how a function finds out whether what it writes to shares memory with anything else.

    Returns:
        `pair`, a condition on the only two arrays; or `spans`, each as its start and its size, those that are written
        first, with their `count` and how many are `written`. A size is in numbers, or in bytes in a file of two types.
    """
    targets = [argument for argument in signature.arguments if argument.is_overwritten]
    sources = [a for a in signature.of(*_READ) if not a.is_overwritten]
    row: Row = {"pair": [], "spans": [], "written": len(targets), "count": len(targets) + len(sources)}
    row["count"] += (PARTS_OF_MATRIX - 1) * len(signature.of("matrix"))
    if not targets:
        return row
    if len(targets) == len(sources) == 1 and {targets[0].shape, sources[0].shape} == {("n",)}:
        (target,), (source,) = targets, sources
        row["pair"] = [target.name, source.name, _span_size(target, precision)]
        return row | {"may_be": target.may_be == source.name}
    spans = _spans(targets, sources, precision)
    is_short = len(", ".join(spans)) <= _LONGEST_SPANS
    return row | {"spans": filled(spans, LONGEST_LINE - 8), "is_short": is_short}


def _spans(targets: list[Argument], sources: list[Argument], precision: Precision) -> list[str]:
    """Return the start and the size of each; nothing of one that another may be."""
    may_be = {target.may_be: target.name for target in targets if target.may_be}
    spans = []
    for argument in (*targets, *sources):
        if argument.role == "matrix":
            spans += [f"memory_of_{precision.suffix}(X, samples, n, {part})" for part in range(PARTS_OF_MATRIX)]
            continue
        text = _span_size(argument, precision)
        if argument.name in may_be:
            text = f"{may_be[argument.name]} == {argument.name} ? 0 : {text}"
        spans.append(f"{{{argument.name}, {text}}}")
    return spans


def _span_size(argument: Argument, precision: Precision) -> str:
    """Return how many numbers a pointer points to, or how many bytes where the file has numbers of two types."""
    count = " * ".join(_extent(extent) for extent in argument.shape if extent != 1) or "1"
    if argument.role == "groups":
        count = f"({count} + 1)"
    if precision.is_alone:
        return count
    of_each = f"sizeof({type_of(argument, precision)})"
    whole = of_each if count == "1" else f"{count} * {of_each}"
    return f"{argument.name} ? {whole} : 0" if argument.role == "sample_weight" else whole


def buffers(signature: Signature, names: list[str]) -> list[Row]:
    """Return where scratch arrays but the first begin: all are one argument.

    Args:
        signature: Whose scratch it is.
        names: Of the arrays.
    """
    if not names:
        return []
    (scratch,) = signature.of("scratch")
    return [
        {"name": name, "first": scratch.name, "offset": f"{k} * n" if k > 1 else "n"}
        for k, name in enumerate(names[1:], start=1)
    ]
