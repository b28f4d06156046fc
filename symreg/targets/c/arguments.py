"""A signature in C: the prototype, and the checks with which a function begins.

All parameters and scalars are `double`, whatever the precision of the arrays.
"""

from __future__ import annotations

from collections.abc import Iterator

from symreg.model.interval import Interval
from symreg.targets.c.layout import Row, filled
from symreg.targets.c.literals import signed_literal
from symreg.targets.signature import Argument, Signature
from symreg.targets.wording import WIDTH


def prototype(signature: Signature, real: str, *, in_source: bool = False) -> list[str]:
    """Return the declarations of the arguments as lines.

    Args:
        signature: What is declared.
        real: The type of elements, `float` or `double`.
        in_source: Are pointers to what no other argument may overlap `restrict`?
    """
    are_apart = in_source and bool(spans(signature, real))
    may_overlap = {name for a in signature.arguments if a.may_be for name in (a.name, a.may_be)}
    return filled(
        (
            _declaration(argument, real, is_restrict=are_apart and argument.name not in may_overlap)
            for argument in signature.arguments
        ),
        WIDTH - 4,
    )


def type_of(argument: Argument, real: str) -> str:
    """Return the type of a scalar, or of what a pointer points to."""
    return {"size": "size_t", "real": real, "double": "double"}[argument.dtype]


def _declaration(argument: Argument, real: str, *, is_restrict: bool) -> str:
    star = ("*RESTRICT " if is_restrict else "*") if argument.is_pointer else ""
    const = "const " if argument.is_pointer and not argument.is_overwritten else ""
    return f"{const}{type_of(argument, real)} {star}{argument.name}"


def domains(signature: Signature) -> list[str]:
    """Return the conditions on parameters, all of which must hold; each is false at NaN."""
    parameters = signature.of("parameter")
    return [
        *(_is_inside(p.name, p.domain) for p in parameters),
        *(f"{p.above} < {p.name}" for p in parameters if p.above),
    ]


def _is_inside(name: str, domain: Interval) -> str:
    """Return the condition that a parameter is finite and in its domain."""
    low = "-DBL_MAX" if domain.low is None else signed_literal(domain.low)
    high = "DBL_MAX" if domain.high is None else signed_literal(domain.high)
    above = ">=" if domain.low is None or domain.low_closed else ">"
    below = "<=" if domain.high is None or domain.high_closed else "<"
    return f"{name} {above} {low} && {name} {below} {high}"


def checked_elements(signature: Signature, real: str) -> Iterator[Row]:
    """Yield the arrays whose elements are checked, each with when one is refused: never at NaN."""
    for array in signature.of("array"):
        if not array.domain.is_all:
            below, above = _is_outside(array.domain, real)
            yield {"name": array.name, "size": size(array), "below": below, "above": above}


def _is_outside(domain: Interval, real: str) -> tuple[str, str]:
    """Return the comparisons of a number that lies below a domain, and of one above it, with ends of its own type."""
    suffix, largest = ("f", "FLT_MAX") if real == "float" else ("", "DBL_MAX")
    below, above = "<" if domain.low_closed else "<=", ">" if domain.high_closed else ">="
    low = f"< -{largest}" if domain.low is None else f"{below} {signed_literal(domain.low, suffix)}"
    high = f"> {largest}" if domain.high is None else f"{above} {signed_literal(domain.high, suffix)}"
    return low, high


def size(argument: Argument) -> str:
    """Return how many numbers a pointer points to, `n * n` say."""
    return " * ".join(map(str, argument.shape))


def written(signature: Signature) -> list[Argument]:
    """Return what a function writes to."""
    return [argument for argument in signature.arguments if argument.is_overwritten]


def spans(signature: Signature, real: str) -> list[str]:
    """Return the memory that may not overlap, each as its start and its bytes: first what is written."""
    targets = written(signature)
    sources = [*signature.of("array"), *(a for a in signature.of("data", "gradient") if not a.is_overwritten)]
    if not targets:
        return []
    may_be = {target.may_be: target.name for target in targets if target.may_be}
    rows = []
    for argument in (*targets, *sources):
        count = f"{size(argument)} * " if argument.shape else ""
        text = f"{count}sizeof({type_of(argument, real)})"
        if argument.name in may_be:
            text = f"{may_be[argument.name]} == {argument.name} ? 0 : {text}"
        rows.append(f"{{{argument.name}, {text}}}")
    return rows


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
