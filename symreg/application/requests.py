"""What a user asks for, checked before any work begins: rules, parameters, targets, tolerances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

from symreg.errors import SpecError, UnknownName
from symreg.model.interval import WORDS
from symreg.model.names import did_you_mean
from symreg.model.objective import Objective
from symreg.model.ordering import require_order
from symreg.model.spec import Array, Parameter, Rule, Shape
from symreg.targets.emit import TARGETS

ArrayLike: TypeAlias = "Sequence[str] | tuple[Sequence[str], str | tuple[str, float]]"


def named_targets(target: str, *, allows_all: bool = True) -> tuple[str, ...]:
    if target == "all" and allows_all:
        return tuple(TARGETS)
    if target not in TARGETS:
        raise UnknownName(f"there is no target '{str(target)[:40]}'{did_you_mean(str(target)[:40], TARGETS)}")
    return (target,)


def declared_parameter(name: str, value: str | tuple[str, float]) -> Parameter:
    if isinstance(value, str):
        return parameter_of(name, value)
    try:
        domain, default = value
        return parameter_of(name, f"{domain} = {float(default)!r}")
    except (TypeError, ValueError):
        raise SpecError(f"parameter '{name[:40]}': write a domain, or a domain and a default") from None


def declared_array(name: str, value: ArrayLike) -> Array:
    shape: object = value
    said: str | tuple[str, float] = "real"
    if isinstance(value, tuple) and len(value) == 2 and not isinstance(value[0], str):
        shape, said = value[0], value[1]
    rows: dict[tuple[object, ...], Shape] = {("n",): ("n",), ("n", "n"): ("n", "n")}
    try:
        dimensions = rows[tuple(shape)] if isinstance(shape, Iterable) else rows[()]
    except (KeyError, TypeError):
        raise SpecError(
            f"array '{name[:40]}': its shape is ('n',) or ('n', 'n'); with a domain write (('n',), 'nonnegative = 1')"
        ) from None
    element = declared_parameter(name, said)
    return Array(name=name, shape=dimensions, domain=element.domain, default=element.default)


def finite(name: str, number: Any) -> float:
    if isinstance(number, bool):
        raise SpecError(f"{name} = {number}: write a number")
    try:
        return float(number)
    except (TypeError, ValueError, OverflowError):
        raise SpecError(f"{name} = {number!r:.40}: write a number") from None


def read_objective(
    text: str, *, parameters: Sequence[str] = (), name: str | None = None, domain: str | None = None
) -> Objective:
    """Return the objective of a text; one that holds a `[penalty]` table is a spec file's own text."""
    from symreg.language.toml import read_penalty
    from symreg.objectives.resolve import resolve

    source = read_penalty(text, "standard input") if "[penalty]" in text else text
    return resolve(source, parameters=[read_parameter(row) for row in parameters], name=name, domain=domain)


def distinct_rules(rules: Iterable[str | Path | Rule]) -> tuple[Rule, ...]:
    """Return the rules that names, paths or texts give.

    Raises:
        SpecError: Two of them would be emitted under one name.
    """
    from symreg.errors import SpecError
    from symreg.objectives.rules import resolve_rule

    made = tuple(resolve_rule(rule) for rule in rules)
    names = [rule.name for rule in made]
    if len(set(names)) != len(names):
        raise SpecError(f"two rules are called '{max(names, key=names.count)}'; rename one or leave it out")
    return made


def read_parameter(text: str) -> Parameter | Array:
    """Return what `c: (0, inf) = 2` declares, or `c[n]: nonnegative = 1`; the default may be left out.

    Raises:
        SpecError: It is not of that form; says what would be right.
    """
    from symreg.errors import SpecError
    from symreg.language.declarations import make_array
    from symreg.model.names import mentioned

    name, colon, rest = text.partition(":")
    if not colon:
        raise SpecError(f"{mentioned(text, '--param')}: write a name, a domain and a default, as in 'c: (0, inf) = 2'")
    name, bracket, dimensions = name.strip().partition("[")
    shape = _SHAPES.get("".join(dimensions.split()))
    if shape is None:
        return parameter_of(f"{name}{bracket}{dimensions}", rest)
    element = parameter_of(name.strip(), rest, "array")
    return make_array(element.name, shape=shape, domain=element.domain, default=element.default)


_SHAPES: dict[str, Shape] = {"n]": ("n",), "n,n]": ("n", "n")}


def parameter_of(name: str, text: str, what: str = "parameter") -> Parameter:
    """Return the parameter of a name whose domain and default are written `(0, inf) = 2`."""
    from symreg.errors import SpecError
    from symreg.language.declarations import make_parameter
    from symreg.model.interval import parse_interval, parse_number
    from symreg.model.names import check_identifier

    check_identifier(name, what)
    domain, equals, default = text.partition("=")
    try:
        value = parse_number(default) if equals else None
    except SpecError as error:
        raise SpecError(f"{what} '{name}': default {error}") from None
    return make_parameter(name, domain=parse_interval(domain.strip()), default=value, where=what)


DTYPES: tuple[Literal["float64", "float32"], ...] = ("float64", "float32")


RTOL = 1e-9  # somebody else's function may be right to fewer digits


def check_request(
    objective: Objective, rules: Sequence[Rule], parameters: Mapping[str, float] | None, rtol: float | None, points: int
) -> None:
    """Refuse values that nothing can be judged with, before any work is done.

    Raises:
        SpecError, UnknownName: A fixed parameter does not exist or lies outside its domain, or a number is none.
    """
    checked_parameters(objective, rules, parameters, has_step=True)
    allowed(rtol, 0.0)
    if isinstance(points, bool) or not isinstance(points, int) or not 1 <= points <= 10**7:
        raise SpecError(f"points = {points!r:.40}: write an integer from 1 to 10000000")


def checked_parameters(
    objective: Objective, rules: Sequence[Rule], parameters: Mapping[str, float] | None, *, has_step: bool
) -> dict[str, float]:
    """Return the parameters to fix as floats that their domains hold; with a prox among them, the step is one."""
    declared = [*objective.terms.parameters, *(p for rule in rules for p in rule.parameters)]
    if has_step:
        declared.append(Parameter(name="step", domain=WORDS["positive"], default=1.0))
    known = [p.name for p in declared]
    made: dict[str, float] = {}
    for name, value in (parameters or {}).items():
        if name not in known:
            raise UnknownName(f"there is no parameter '{str(name)[:40]}' to set{did_you_mean(str(name)[:40], known)}")
        if isinstance(value, bool):
            raise SpecError(f"{name} = {value}: write a number")
        try:
            made[name] = float(value)
        except (TypeError, ValueError, OverflowError):
            raise SpecError(f"{name} = {value!r:.40}: write a number") from None
        for one in declared:
            if one.name == name and made[name] not in one.domain:
                raise SpecError(f"{name} = {made[name]:g} is outside its domain {one.domain}")
    require_order(objective.terms.parameters, made)
    return made


def allowed(rtol: float | None, otherwise: float) -> float:
    """Return a relative error that may be allowed."""
    if rtol is None:
        return otherwise
    if isinstance(rtol, bool) or not isinstance(rtol, int | float) or not 0 <= rtol <= 1:
        raise SpecError(f"rtol = {rtol!r:.40}: write a number from 0 to 1")
    return float(rtol)


def words(error: BaseException) -> str:
    """Return an error's kind and the first line of what it says."""
    said = str(error).splitlines()
    return f"{type(error).__name__}: {said[0][:200]}" if said else type(error).__name__
