"""A rule's state in C: the function that sets it as it is before the first step."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from symreg.kernel.names import Namer
from symreg.model.spec import Rule
from symreg.targets.c.arguments import prototype, type_of
from symreg.targets.c.documentation import documented
from symreg.targets.c.layout import Row
from symreg.targets.c.literals import signed_literal
from symreg.targets.c.precision import Precision
from symreg.targets.signature import Argument, Signature, state_signature

_WHAT_IT_DOES = ("arguments", "arrays", "numbers")


def initial_rows(stem: str, rule: Rule, signature: Signature, precision: Precision) -> Row:
    """Return what the templates need of the function that sets a rule's state; nothing of a rule without state.

    Args:
        stem: Of the file.
        rule: The rule.
        signature: Of its step.
        precision: The types of the function.
    """
    if not signature.states:
        return {}
    own = state_signature(signature)
    arrays = [state for state in own.states if state.shape]
    numbers = [state for state in own.states if not state.shape]
    index = Namer(state.name for state in own.states).fresh("j")
    return {
        "name": f"{stem}_{rule.name}_init_{precision.suffix}",
        "rule": rule.name.replace("_", " "),
        "documented": documented(own, precision),
        "arguments": prototype(own, precision),
        "index": index,
        "arrays": [
            f"{' = '.join(f'{array.name}[{index}]' for array in alike)} = {value};"
            for value, alike in _by_value(arrays, precision).items()
        ],
        "numbers": [{"name": number.name, "value": _initial(number, precision)} for number in numbers],
        "pointers": [state.name for state in own.states],
        "same_as": "",
    }


def share_initial_functions(functions: Iterable[Row]) -> None:
    """Let a function that sets a state as an earlier one does call that, in the order in which they are written."""
    written: list[Row] = []
    for own in (function["init"] for function in functions if function["init"]):
        alike = (earlier for earlier in written if all(earlier[key] == own[key] for key in _WHAT_IT_DOES))
        own["same_as"] = next((earlier["name"] for earlier in alike), "")
        if not own["same_as"]:
            written.append(own)


def _by_value(arrays: list[Argument], precision: Precision) -> dict[str, list[Argument]]:
    """Return the arrays that begin with one value, by that value."""
    values: dict[str, list[Argument]] = {}
    for array in arrays:
        values.setdefault(_initial(array, precision), []).append(array)
    return values


def _initial(state: Argument, precision: Precision) -> str:
    suffix = "f" if type_of(state, precision) == "float" else ""
    return signed_literal(Fraction(state.default), suffix)
