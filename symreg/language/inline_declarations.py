"""Parameters and arrays declared beside an expression: `c: (0, inf) = 2` as text, `c="positive = 2"` in Python."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias

from symreg.errors import SpecError
from symreg.language.declarations import make_array, make_parameter
from symreg.language.intervals import parse_interval, parse_number
from symreg.model.names import check_identifier, mentioned
from symreg.model.spec import OF_DATA, Array, Parameter, Shape

ElementLike: TypeAlias = "str | tuple[str, float]"
"""A domain, with a default after `=` or beside it."""
ArrayLike: TypeAlias = "Sequence[str] | tuple[Sequence[str], ElementLike]"
"""A shape, or a shape and what each element may be."""

_SHAPES: dict[str, Shape] = {"n]": ("n",), "n,n]": ("n", "n"), "m,n]": ("m", "n"), "m]": ("m",)}
_SHAPES_BY_DIMENSIONS: dict[tuple[object, ...], Shape] = {
    shape: shape for shape in _SHAPES.values() if "m" not in shape
}


def read_declaration(text: str) -> Parameter | Array:
    """Return what `c: (0, inf) = 2` declares, or `c[n]: nonnegative = 1`, `X[m, n]: real`; the default may be left out.

    Raises:
        SpecError: It is not of that form; says what would be right.
    """
    name, colon, element_text = text.partition(":")
    if not colon:
        raise SpecError(f"{mentioned(text, '--param')}: write a name, a domain and a default, as in 'c: (0, inf) = 2'")
    name, bracket, dimensions = name.strip().partition("[")
    shape = _SHAPES.get("".join(dimensions.split()))
    if shape is None:
        return _parameter(f"{name}{bracket}{dimensions}", element_text)
    allowed = OF_DATA if "m" in shape else ()
    if name.strip() in OF_DATA and not allowed:
        raise SpecError(f"array '{name.strip()}': it is over the samples; write X[m, n] and y[m]")
    element = _parameter(name.strip(), element_text, "array", allowed)
    return make_array(element.name, shape=shape, domain=element.domain, default=element.default, allowed=allowed)


def declared_parameter(name: str, element: ElementLike) -> Parameter:
    """Return the parameter that `name="(0, 1) = 0.3"` or `name=("(0, 1)", 0.3)` declares.

    Raises:
        SpecError: It is neither; says what would be right.
    """
    if isinstance(element, str):
        return _parameter(name, element)
    try:
        domain, default = element
        return _parameter(name, f"{domain} = {float(default)!r}")
    except (TypeError, ValueError):
        raise SpecError(f"parameter '{name[:40]}': write a domain, or a domain and a default") from None


def declared_array(name: str, array: ArrayLike) -> Array:
    """Return the array that a shape, or a shape and its elements' domain and default, declares.

    Args:
        name: Identifier.
        array: `("n",)`, `("n", "n")`, or one of these and an element, as in `(("n",), "nonnegative = 1")`.

    Raises:
        SpecError: It is none of these; says what would be right.
    """
    dimensions: object = array
    element: ElementLike = "real"
    if isinstance(array, tuple) and len(array) == 2 and not isinstance(array[0], str):
        dimensions, element = array[0], array[1]
    try:
        shape = _SHAPES_BY_DIMENSIONS[tuple(dimensions) if isinstance(dimensions, Iterable) else ()]
    except (KeyError, TypeError):
        raise SpecError(
            f"array '{name[:40]}': its shape is ('n',) or ('n', 'n'); with a domain write (('n',), 'nonnegative = 1')"
        ) from None
    scalar = declared_parameter(name, element)
    return Array(name=name, shape=shape, domain=scalar.domain, default=scalar.default)


def _parameter(name: str, text: str, what: str = "parameter", allowed: Collection[str] = ()) -> Parameter:
    """Return the parameter of a name whose domain and default are written `(0, inf) = 2`."""
    check_identifier(name, what, allowed=allowed)
    domain, equals, default = text.partition("=")
    try:
        value = parse_number(default) if equals else None
    except SpecError as error:
        raise SpecError(f"{what} '{name}': default {error}") from None
    return make_parameter(name, domain=parse_interval(domain.strip()), default=value, where=what, allowed=allowed)
