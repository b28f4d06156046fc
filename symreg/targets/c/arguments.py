"""A signature in C: the prototype, and the checks with which a function begins.

Parameters and scalars are `double`, or `float` where all of the file is in single precision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from symreg.model.interval import Interval
from symreg.targets.c.layout import LONGEST_LINE, Row, filled
from symreg.targets.c.literals import signed_literal
from symreg.targets.c.precision import Precision
from symreg.targets.signature import Argument, Role, Signature

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
    return {"size": "size_t", "real": precision.real, "wide": precision.wide}[argument.dtype]


def _declaration(argument: Argument, precision: Precision, *, is_restrict: bool) -> str:
    star = ("*restrict " if is_restrict else "*") if argument.is_pointer else ""
    const = "const " if argument.is_pointer and not argument.is_overwritten else ""
    return f"{const}{type_of(argument, precision)} {star}{argument.name}"


_LIMITS = {"float": ("f", "FLT_MAX"), "double": ("", "DBL_MAX")}
"""The suffix of literals of a type, and its largest number."""


def domains(signature: Signature, wide: str) -> list[str]:
    """Return the conditions on parameters, all of which must hold; each is false at NaN."""
    parameters = signature.of("parameter")
    return [
        *(_is_inside(p.name, p.domain, wide) for p in parameters),
        *(f"{p.above} < {p.name}" for p in parameters if p.above),
    ]


def _is_inside(name: str, domain: Interval, wide: str) -> str:
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
    """Yield the arrays whose elements are checked, each with when one is refused: never at NaN."""
    for array in signature.of(*CHECKED):
        if not array.domain.is_all:
            below, above = _is_outside(array.domain, real)
            extent = f"({array.name} ? {size(array)} : 0)" if array.role == "sample_weight" else size(array)
            yield {"name": array.name, "size": extent, "below": below, "above": above}


def _is_outside(domain: Interval, real: str) -> tuple[str, str]:
    """Return the comparisons of a number that lies below a domain, and of one above it, with ends of its own type."""
    suffix, largest = _LIMITS[real]
    below, above = "<" if domain.low_closed else "<=", ">" if domain.high_closed else ">="
    low = f"< -{largest}" if domain.low is None else f"{below} {signed_literal(domain.low, suffix)}"
    high = f"> {largest}" if domain.high is None else f"{above} {signed_literal(domain.high, suffix)}"
    return low, high


def size(argument: Argument) -> str:
    """Return how many numbers a pointer points to, `n * n` say."""
    return " * ".join("samples" if extent == "m" else str(extent) for extent in argument.shape)


PARTS_OF_MATRIX = 3
"""Arrays that X may be made of: its numbers, and in compressed rows their columns and where each row begins."""

_READ: tuple[Role, ...] = ("data", "direction", "matrix", "labels", "sample_weight", "array", "gradient")


def overlaps(signature: Signature, precision: Precision, bytes_name: str) -> Row:
    """Return how a function finds out whether what it writes to shares memory with anything else.

    Args:
        signature: Of the function.
        precision: The types of the function.
        bytes_name: What the size of n elements is called, where several arrays have it.

    Returns:
        `pair`, a condition on the only two arrays; or `spans`, each as its start and its bytes, those that are written
        first, with their `count`, how many are `written`, and the number of `bytes` of n elements, which has a name
        where it would be written too often.
    """
    targets = [argument for argument in signature.arguments if argument.is_overwritten]
    sources = [a for a in signature.of(*_READ) if not a.is_overwritten]
    row: Row = {"pair": [], "spans": [], "bytes": "", "written": len(targets), "count": len(targets) + len(sources)}
    row["count"] += (PARTS_OF_MATRIX - 1) * len(signature.of("matrix"))
    if not targets:
        return row
    size = f"n * sizeof({precision.real})"
    if len(targets) == len(sources) == 1 and {targets[0].shape, sources[0].shape} == {("n",)}:
        (target,), (source,) = targets, sources
        row["pair"] = [target.name, source.name, size]
        return row | {"may_be": target.may_be == source.name}
    for size_name, name in ((size, ""), (bytes_name, bytes_name)):
        spans = _spans(targets, sources, precision, size_name)
        is_short = len(", ".join(spans)) <= _LONGEST_SPANS
        if is_short or name:
            break
    lines = filled(spans, LONGEST_LINE - 8)
    return row | {"spans": lines, "is_short": is_short, "bytes": size, "bytes_name": name}


def _spans(targets: list[Argument], sources: list[Argument], precision: Precision, size: str) -> list[str]:
    """Return the start and the bytes of each; size: how the number of bytes of n elements is written."""
    may_be = {target.may_be: target.name for target in targets if target.may_be}
    spans = []
    for argument in (*targets, *sources):
        if argument.role == "matrix":
            spans += [f"memory_of_{precision.suffix}(X, samples, n, {part})" for part in range(PARTS_OF_MATRIX)]
            continue
        text = _bytes(argument, precision, size)
        if argument.name in may_be:
            text = f"{may_be[argument.name]} == {argument.name} ? 0 : {text}"
        spans.append(f"{{{argument.name}, {text}}}")
    return spans


def _bytes(argument: Argument, precision: Precision, bytes_name: str) -> str:
    if argument.shape == ("n",):
        return bytes_name
    if argument.role == "sample_weight":
        return f"sample_weight ? samples * sizeof({precision.real}) : 0"
    if argument.shape and argument.shape[-1] == "n":
        return " * ".join([*(str(rows) for rows in argument.shape[:-1] if rows != 1), bytes_name])
    bytes_of_one = f"sizeof({type_of(argument, precision)})"
    return f"{size(argument)} * {bytes_of_one}" if argument.shape else bytes_of_one


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
