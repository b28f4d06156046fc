"""What a user asks for, checked before any work begins: each thing in one place, in one wording.

Takes names, texts and numbers as they came from Python or the command line; what it hands on is not checked again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from symreg.application.choices import (
    ARRAYS,
    DTYPES,
    EVERYDAY,
    JUDGED_KINDS,
    MOST_AUDIT_POINTS,
    MOST_VERIFY_POINTS,
    OF_SAMPLES,
    RTOL,
    Arrays,
    Dtype,
    JudgedKind,
)
from symreg.errors import SpecError, UnknownName
from symreg.language.inline_declarations import read_declaration
from symreg.language.specs.toml import STANDARD_INPUT, read_penalty
from symreg.model.clashes import told_apart
from symreg.model.interval import WORDS
from symreg.model.names import did_you_mean
from symreg.model.objective import Objective
from symreg.model.ordering import require_order
from symreg.model.spec import Parameter, Rule
from symreg.objectives.resolve import resolve
from symreg.objectives.rules import resolve_rule
from symreg.targets.emit import TARGETS, no_target
from symreg.targets.options import DtypeChoice, DtypeLike, Options, dtype_of
from symreg.updates.kinds import KINDS, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRequest:
    """What the judge is asked to compare.

    Args:
        objective: What the functions claim to be of.
        rules: Those whose steps are judged, told apart from the objective.
        parameters: Values of parameters that are fixed, in their domains; the others are sampled.
        points: How many points each check compares.
        rtol: Relative error that is allowed besides the tolerance; None for what is usual in a precision.
        dtypes: The precisions of the arrays.
        kind: What a function of a user's own claims to compute; None for what symreg emits.
        size_range: The least and the greatest size of the weights that decide on such a function.
        is_far_asked: Does it fail for what is wrong at other sizes as well?
        call: What it is called with, written out; None for the parameters under their own names.
        arrays: What it takes; None for what its own code tells.
    """

    objective: Objective
    rules: tuple[Rule, ...]
    parameters: Mapping[str, float]
    points: int
    rtol: float | None
    dtypes: tuple[Dtype, ...] = DTYPES
    kind: JudgedKind | None = None
    size_range: tuple[float, float] = EVERYDAY
    is_far_asked: bool = False
    call: str | None = None
    arrays: Arrays | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRequest:
    """What the auditor is asked to compare.

    Args:
        objective: The formula that an object should be of, or None where it is judged by itself.
        parameters: A number for each of the formula's parameters, or an element for each weight.
        steps: Of the proximal operator; None for the auditor's own choice.
        points: Points per check, about.
        rtol: Relative error that is allowed besides rounding.
    """

    objective: Objective | None
    parameters: Mapping[str, float | tuple[float, ...]]
    steps: tuple[float, ...] | None
    points: int
    rtol: float

    @property
    def numbers(self) -> dict[str, float]:
        """The parameters that are one number.

        Raises:
            SpecError: One is not.
        """
        for name, value in self.parameters.items():
            if isinstance(value, tuple):
                raise SpecError(f"{name} has elements here, and is one number in the objective; write {name}[n] in it")
        return {name: x for name, x in self.parameters.items() if not isinstance(x, tuple)}

    @property
    def weights(self) -> int:
        """How many weights have elements of their own; 1 where none have."""
        return next((len(x) for x in self.parameters.values() if isinstance(x, tuple)), 1)


def read_objective(
    text: str, *, parameters: Sequence[str] = (), name: str | None = None, domain: str | None = None
) -> Objective:
    """Return the objective of a command line.

    Args:
        text: As `symreg.objective` takes it; one that holds a `[penalty]` table is a spec file's own text.
        parameters: Declarations such as `c: (0, inf) = 2`.
        name: Stem of emitted files.
        domain: Where each weight lies besides.

    Raises:
        LanguageError, SpecError, UnknownName: What is wrong, where, and what would be right.
    """
    source = read_penalty(text, STANDARD_INPUT) if "[penalty]" in text else text
    return resolve(source, parameters=[read_declaration(row) for row in parameters], name=name, domain=domain)


def distinct_rules(rules: str | Path | Rule | Iterable[str | Path | Rule]) -> tuple[Rule, ...]:
    """Return the rules that names, paths or texts give.

    Raises:
        LanguageError, SpecError, UnknownName: One is none, or two of them would be emitted under one name.
    """
    try:
        sources = (rules,) if isinstance(rules, str | Path | Rule) else tuple(rules)
    except TypeError:
        raise SpecError(
            f"rules are names, paths, spec files' text or a list of these, not of type {type(rules).__name__}"
        ) from None
    resolved = tuple(resolve_rule(source) for source in sources)
    names = [rule.name for rule in resolved]
    if len(set(names)) != len(names):
        raise SpecError(f"two rules are called '{max(names, key=names.count)}'; rename one or leave it out")
    return resolved


def named_targets(target: str, *, allows_all: bool = True) -> tuple[str, ...]:
    """Return the targets that a name stands for, which may be `all`.

    Raises:
        UnknownName: There is none of that name.
    """
    if target == "all" and allows_all:
        return tuple(TARGETS)
    if target not in TARGETS:
        raise UnknownName(no_target(str(target)))
    return (target,)


def named_functions(functions: str | Sequence[str]) -> tuple[Kind, ...]:
    """Return the kinds of functions that are named, one by one or joined by commas, in the order of files.

    Raises:
        UnknownName: There is no such function, or none is named.
    """
    named = functions.split(",") if isinstance(functions, str) else list(functions)
    names = [str(name).strip() for name in named]
    for name in names or [""]:
        if name not in KINDS:
            raise UnknownName(f"there is no function '{name[:40]}' to emit{_what_is_right(name, KINDS)}")
    return tuple(kind for kind in KINDS if kind in names)


def named_dtype(dtype: DtypeLike) -> DtypeChoice:
    """Return the precision that is named, as a text, as a type of NumPy's or as a `numpy.dtype`; it may be `all`.

    Raises:
        UnknownName: There is none of that name.
    """
    known = dtype_of(dtype)
    if known is None:
        shown = dtype if isinstance(dtype, str) else getattr(dtype, "__name__", str(dtype))
        raise UnknownName(f"there is no dtype '{shown[:40]}'; write float64, float32 or all")
    return known


def _what_is_right(name: str, known: Sequence[str]) -> str:
    """Return the name that was meant, else all of them."""
    return did_you_mean(name[:40], known) or f"; write {', '.join(known[:-1])} or {known[-1]}"


def require_functions(objective: Objective, options: Options, kinds: Collection[Kind]) -> None:
    """Refuse to leave out a function that was asked for by name, because the objective does not have it.

    Args:
        objective: What is emitted.
        options: What was asked for.
        kinds: The functions that the objective has.

    Raises:
        SpecError: Names what is missing.
    """
    if options.kinds != KINDS:
        for kind in options.kinds:
            if kind not in kinds:
                missing = _MISSING[kind] if objective.data is not None or kind in ("prox", "step") else _NO_LOSS
                raise SpecError(f"{objective.name} has {missing}; leave {kind} out of the functions to emit")


_NO_LOSS = "no loss over samples, as in mean(logistic) + l1"
_MISSING: dict[Kind, str] = {
    "loss_hessian": "a loss whose second derivative is not found",
    "hessian_vector": "no Hessian at every w: it is not twice differentiable, or its penalty is in index notation",
    "lipschitz": "a loss whose second derivative has no bound that is proved",
    "prox": "no proximal operator that is derived",
    "step": "no rule to take a step of",
}
"""Why a function is not there, of an objective that could have it."""


def verify_request(
    objective: Objective,
    rules: Sequence[Rule],
    *,
    kind: JudgedKind | None = None,
    points: int,
    parameters: Mapping[str, float] | None = None,
    rtol: float | None = None,
    dtype: DtypeLike | None = None,
    size_range: Sequence[float] | None = None,
    is_far_asked: bool = False,
    call: str | None = None,
    arrays: str | None = None,
) -> VerifyRequest:
    """Return what the judge is asked to compare.

    Args:
        objective: What the functions claim to be of.
        rules: Those whose steps are judged; a function of the user's own takes one if it is a step, else none.
        kind: What that function computes, or None for what symreg emits.
        points: From 1 to 10,000,000.
        parameters: Numbers by name; of a prox, of `step` as well.
        rtol: From 0 to 1; by default 1e-9 for a function of the user's own, 5e-6 in single precision, else 0.
        dtype: `float64`, `float32` or `all`; by default `float64` for a function of the user's own, else `all`.
        size_range: Two numbers, the first less; for a function of the user's own.
        is_far_asked: For a function of the user's own.
        call: For a function of the user's own, such as `"v, tau=step*lam"`.
        arrays: For a function of the user's own: `numpy`, `torch` or `numbers`.

    Raises:
        SpecError, UnknownName: A fixed parameter does not exist or lies outside its domain, a number is none, a
            step is to be judged by more rules than one, or something is asked of what symreg emits that goes with a
            function of the user's own.
    """
    if kind is not None and kind not in JUDGED_KINDS:
        listed = ", ".join(map(repr, JUDGED_KINDS[:-1]))
        raise UnknownName(f"a function is judged as {listed} or {JUDGED_KINDS[-1]!r}, not as {kind!r:.40}")
    if kind is not None:
        _require_kind(objective, kind, size_range)
    if kind == "step" and len(rules) != 1:
        raise SpecError(f"a step is judged by one rule; {len(rules)} were given")
    of_foreign = {"range": size_range is not None, "far": is_far_asked, "call": call is not None, "arrays": arrays}
    if kind is None and (given := [name for name, is_given in of_foreign.items() if is_given]):
        raise SpecError(f"{given[0]} goes with a function of your own: name it with against")
    if arrays is not None and arrays not in ARRAYS:
        raise UnknownName(f"a function takes 'numpy', 'torch' or 'numbers', not {arrays!r:.40}")
    if call is not None and not isinstance(call, str):
        raise SpecError(f"call = {call!r:.40}: write a text, such as 'v, tau=step*lam'")
    judged_rules = tuple(told_apart(rule, objective.declarations) for rule in rules) if kind in (None, "step") else ()
    return VerifyRequest(
        objective=objective,
        rules=judged_rules,
        parameters=_fixed_parameters(objective, judged_rules, parameters, has_step=kind in (None, "prox")),
        rtol=0.0 if kind is None and rtol is None else None if rtol is None else _relative_error(rtol, RTOL),
        dtypes=_judged_dtypes(dtype, "float64" if kind else "all"),
        points=_point_count(points, MOST_VERIFY_POINTS),
        kind=kind,
        size_range=EVERYDAY if size_range is None else _size_range(size_range),
        is_far_asked=bool(is_far_asked),
        call=call,
        arrays=next((known for known in ARRAYS if known == arrays), None),
    )


def _require_kind(objective: Objective, kind: JudgedKind, size_range: Sequence[float] | None) -> None:
    """Refuse a kind of function that an objective does not have, and sizes of weights where data are drawn.

    Raises:
        SpecError: Says what is missing, and what would be right.
    """
    if objective.data is None and kind in OF_SAMPLES:
        raise SpecError(f"{kind}: the objective has {_NO_LOSS}")
    if objective.data is not None and kind == "prox" and not objective.terms.terms:
        raise SpecError("prox: the objective has no penalty to be the operator of")
    if objective.data is not None and kind != "prox" and size_range is not None:
        raise SpecError("range is of functions of weights alone; data are drawn with predictions of everyday sizes")


def _judged_dtypes(dtype: DtypeLike | None, default: DtypeChoice) -> tuple[Dtype, ...]:
    """Return the precisions that a name stands for, which may be `all`."""
    asked = named_dtype(default if dtype is None else dtype)
    return tuple(known for known in DTYPES if asked in (known, "all"))


def _size_range(bounds: Sequence[float]) -> tuple[float, float]:
    """Return the least and the greatest size of weights."""
    try:
        least, greatest = (_number("range", x) for x in bounds)
    except (TypeError, ValueError):
        raise SpecError(f"range = {bounds!r:.60}: write the least and the greatest size, as in 1e-6, 1e6") from None
    if not 0 <= least < greatest < inf:
        raise SpecError(f"range = {least:g}, {greatest:g}: write two sizes from 0 on, the first less than the second")
    return least, greatest


def audit_request(
    objective: Objective | None,
    *,
    parameters: Mapping[str, float | Sequence[float]] | None = None,
    steps: Iterable[float] | None = None,
    points: int,
    rtol: float | None = None,
) -> AuditRequest:
    """Return what the auditor is asked to compare; which parameters need a number the auditor says itself.

    Args:
        objective: The formula, or None.
        parameters: Numbers, or elements for the weights, by name.
        steps: Of the proximal operator.
        points: From 1 to 1,000,000.
        rtol: From 0 to 1; 1e-9 by default.

    Raises:
        SpecError: There are parameters and no objective, or a number is none.
    """
    if objective is None and parameters:
        raise SpecError(f"{next(iter(parameters))} is a parameter of no objective; name one")
    return AuditRequest(
        objective=objective,
        points=_point_count(points, MOST_AUDIT_POINTS),
        rtol=_relative_error(rtol, RTOL),
        parameters={name: _number_or_elements(name, value) for name, value in (parameters or {}).items()},
        steps=None if steps is None else tuple(_number("step", step) for step in steps),
    )


def _fixed_parameters(
    objective: Objective, rules: Sequence[Rule], values: Mapping[str, float] | None, *, has_step: bool
) -> dict[str, float]:
    """Return the parameters to fix as floats in their domains; with a prox among the functions, `step` is one."""
    declared = [*objective.parameters, *(p for rule in rules for p in rule.parameters)]
    if has_step:
        declared.append(Parameter(name="step", domain=WORDS["positive"], default=1.0))
    known = [p.name for p in declared]
    fixed: dict[str, float] = {}
    for name, value in (values or {}).items():
        if name not in known:
            raise UnknownName(f"there is no parameter '{str(name)[:40]}' to set{did_you_mean(str(name)[:40], known)}")
        fixed[name] = _number(name, value)
        for parameter in declared:  # of an objective and of rules: two may share a name
            if parameter.name == name and fixed[name] not in parameter.domain:
                raise SpecError(f"{name} = {fixed[name]:g} is outside its domain {parameter.domain}")
    require_order(objective.parameters, fixed)
    return fixed


def _number_or_elements(name: str, value: Any) -> float | tuple[float, ...]:
    if isinstance(value, list | tuple | np.ndarray) and np.ndim(value):
        return tuple(_number(name, x) for x in value)
    return _number(name, value)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool):
        raise SpecError(f"{name} = {value}: write a number")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise SpecError(f"{name} = {value!r:.40}: write a number") from None


def _point_count(points: int, most: int) -> int:
    if isinstance(points, bool) or not isinstance(points, int) or not 1 <= points <= most:
        raise SpecError(f"points = {points!r:.40}: write an integer from 1 to {most}")
    return points


def _relative_error(rtol: float | None, default: float) -> float:
    if rtol is None:
        return default
    if isinstance(rtol, bool) or not isinstance(rtol, int | float) or not 0 <= rtol <= 1:
        raise SpecError(f"rtol = {rtol!r:.40}: write a number from 0 to 1")
    return float(rtol)
