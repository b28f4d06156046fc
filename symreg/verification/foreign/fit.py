"""Does a call fit a function? By its own signature, before it is called: one that does not fit is no wrong function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from inspect import Parameter
from typing import Any

from symreg.errors import SpecError
from symreg.verification.foreign.arguments import Arguments
from symreg.verification.foreign.call import Call

_LONGEST = 160  # characters of a signature that is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a function is called.

    Args:
        call: What there is to hand over.
        name: The function's name.
        arguments: As they were written out; None for all of them under their own names.
        left_out: Names of fixed parameters that the function does not take.
    """

    call: Call
    name: str
    arguments: Arguments | None = None
    left_out: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """The call as the report shows it."""
        if self.arguments is not None:
            return f"{self.name}({self.arguments.text})"
        return self._with(self.given).text(self.name)

    @property
    def given(self) -> tuple[str, ...]:
        """The names among those given by keyword that the function is given, or that its arguments are made of."""
        used = None if self.arguments is None else self.arguments.names
        return tuple(p for p in self.call.named if p not in self.left_out and (used is None or p in used))

    def _with(self, named: Iterable[str]) -> Call:
        return Call(kind=self.call.kind, arrays=self.call.arrays, named=tuple(named), states=self.call.states)

    def at(self, values: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments by position and by keyword, given the value of each name."""
        if self.arguments is not None:
            return self.arguments.at(values)
        named = {name: values[name] for name in self.call.named if name not in self.left_out}
        return tuple(values[name] for name in self.call.arrays), named


def planned(
    function: Callable[..., Any],
    name: str,
    call: Call,
    fixed: Collection[str],
    arguments: Arguments | None,
    usual: Collection[str] = (),
) -> Plan:
    """Return how a function is called.

    Args:
        function: Somebody's own.
        name: What it is called in messages.
        call: What there is to hand over.
        fixed: The parameters that have one value throughout: a function need not take them.
        arguments: Written out, or None.
        usual: Names whose value is the one that None stands for: a function whose default is None is to know it.

    Raises:
        SpecError: The call does not fit the function's signature, or leaves out what the result depends on.
    """
    signature = signature_of(function)
    if arguments is not None:
        _require_all_used(arguments, call, fixed)
        plan = Plan(call=call, name=name, arguments=arguments)
    else:
        taken = _by_keyword(signature)
        left_out = [] if taken is None else [p for p in call.named if p in fixed and p not in taken]
        left_out += [p for p in usual if signature is not None and _is_none_by_default(signature, p)]
        plan = Plan(call=call, name=name, left_out=frozenset(left_out))
    if signature is None:
        return plan
    nothing = dict.fromkeys((*call.names, "n", "m"), 1.0)
    positional, named = plan.at(nothing)
    try:
        signature.bind(*positional, **named)
    except TypeError as error:
        raise SpecError(mismatch(plan, function, str(error))) from None
    if arguments is None and (swapped := _swapped(signature, call)):
        raise SpecError(mismatch(plan, function, swapped))
    return plan


def _is_none_by_default(signature: inspect.Signature, name: str) -> bool:
    return name in signature.parameters and signature.parameters[name].default is None


def _swapped(signature: inspect.Signature, call: Call) -> str:
    """Say where a function's own names tell that it takes the arrays in another order; "" if nowhere."""
    for own, array in zip(_by_position_or_keyword(signature), call.arrays, strict=False):
        if own.name != array and own.name in call.arrays:
            return f"its {own.name} would be {array}"
    return ""


def without_fixed(plan: Plan, fixed: Collection[str]) -> Plan | None:
    """Return the plan without the fixed parameters, for a function that does not tell its signature; None if it is."""
    left_out = frozenset(name for name in plan.call.named if name in fixed)
    if plan.arguments is not None or not left_out - plan.left_out:
        return None
    return Plan(call=plan.call, name=plan.name, left_out=left_out)


def signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """Return a function's signature; None if it does not tell, as many a compiled one does not."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def mismatch(plan: Plan, function: Callable[..., Any], reason: str) -> str:
    """Return the message that a call does not fit: the call, the function's own signature, and what would be right."""
    signature = signature_of(function)
    own = "" if signature is None else f"; it is {_cut(f'{plan.name}{_plain(signature)}')}"
    states = f", state = {{{', '.join(plan.call.states)}}}" if plan.call.states and plan.arguments is None else ""
    remedy = _remedy(signature, plan)
    if inspect.isclass(function):
        remedy = "it is a class: name a method of an object, as in FILE.py:OBJECT.METHOD, or judge the whole with audit"
    return f"{plan.name} cannot be called as {plan.text}{states}{own} ({reason}); {remedy}"


def _plain(signature: inspect.Signature) -> str:
    """Return a signature without annotations, which are long."""
    bare = [p.replace(annotation=Parameter.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]}...)"


def _by_keyword(signature: inspect.Signature | None) -> frozenset[str] | None:
    """Return the names that a function takes by keyword; None for any, or where it does not tell."""
    if signature is None:
        return None
    parameters = signature.parameters.values()
    if any(p.kind is Parameter.VAR_KEYWORD for p in parameters):
        return None
    return frozenset(p.name for p in parameters if p.kind in (Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD))


def _require_all_used(arguments: Arguments, call: Call, fixed: Collection[str]) -> None:
    """Require that the result can depend on all that it should depend on.

    Raises:
        SpecError: A name is neither handed over nor fixed.
    """
    used = arguments.names
    states = set() if "state" in used else set(call.states)
    needed = [name for name in (*call.arrays, *call.named) if name != "state"]
    missing = [name for name in (*needed, *sorted(states)) if name not in used and name not in fixed]
    if not missing:
        return
    first = missing[0]
    if first in call.named:
        raise SpecError(f"--call '{arguments.text}' leaves out {first}; hand it over, or fix it: --set {first}=...")
    raise SpecError(f"--call '{arguments.text}' leaves out {first}, which the result depends on")


def _remedy(signature: inspect.Signature | None, plan: Plan) -> str:
    """Return what to write, as far as the function's own names tell."""
    call = plan.call
    if signature is not None and plan.arguments is None:
        if (guess := _guess(signature, call)) is not None:
            return f'write out its arguments, perhaps --call "{guess}"'
        taken = _by_keyword(signature)
        untaken = [name for name in call.named if taken is not None and name not in taken]
        if untaken and len(_by_position_or_keyword(signature)) == len(call.arrays) + len(call.named) - len(untaken):
            return f"fix what it does not take: {' '.join(f'--set {name}=...' for name in untaken)}"
    last = "*".join(call.named) if call.named[:1] == ("step",) and len(call.named) == 2 else "".join(call.named[-1:])
    return f'write out its arguments, as in --call "{", ".join([*call.arrays, *([last] if last else [])])}"'


def _by_position_or_keyword(signature: inspect.Signature) -> list[Parameter]:
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    return [p for p in signature.parameters.values() if p.kind in kinds]


def _guess(signature: inspect.Signature, call: Call) -> str | None:
    """Return arguments that fit: the arrays in order, what has a name of its own, and what is left in order."""
    own = _by_position_or_keyword(signature)
    arrays = own[: len(call.arrays)]
    names = [p.name for p in arrays]
    if sorted(names) == sorted(call.arrays) and tuple(names) != call.arrays:
        return ", ".join([*names, *(f"{p.name}={p.name}" for p in own if p.name in call.named)])
    if len(arrays) < len(call.arrays) or any(p.kind is Parameter.KEYWORD_ONLY or p.name in call.named for p in arrays):
        return None
    rest = own[len(arrays) :]
    same = {p.name for p in rest} & set(call.named)
    theirs = [p for p in rest if p.name not in same and p.default is Parameter.empty]
    theirs = theirs or [p for p in rest if p.name not in same][:1]
    ours = [name for name in call.named if name not in same]
    is_product = len(theirs) == 1 and ours[:1] == ["step"] and len(ours) == 2  # the threshold of many a prox
    if not theirs or not ours or (len(theirs) != len(ours) and not is_product):
        return None
    values = ["*".join(ours)] if is_product else ours
    given = dict(zip([p.name for p in theirs], values, strict=True)) | {name: name for name in same}
    shown = [f"{p.name}={given[p.name]}" if p.kind is not Parameter.POSITIONAL_ONLY else given[p.name]
             for p in rest if p.name in given]  # fmt: skip
    return ", ".join([*call.arrays, *shown])
