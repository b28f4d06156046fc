"""Parameters of a penalty that become one number for each weight: `l1(lam=c[n])`, or `--per-weight lam`."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from symreg.errors import SpecError
from symreg.expressions.tree import is_elementwise, names
from symreg.language.specs.per_weight import with_zero
from symreg.model.spec import Parameter, Penalty

_CALL = re.compile(r"\s*(?P<name>[A-Za-z]\w*|\S+\.toml)\s*(?:\((?P<arguments>\s*|[^()=]+=[^()]*)\))?\s*", re.ASCII)


def text_of_each(text: str, chosen: Sequence[str]) -> str:
    """Return the text of one penalty with an element for each weight of some parameters: `l1(lam=lam[n])`.

    Raises:
        SpecError: The text is more than a penalty by name or file.
    """
    if not chosen:
        return text
    match = _CALL.fullmatch(text)
    if match is None:
        raise SpecError(
            f"--per-weight {chosen[0]} goes with one penalty by name; in a longer text write {chosen[0]}[n] where it "
            f"stands, as in l1({chosen[0]}={chosen[0]}[n])"
        )
    given = [match["arguments"]] if (match["arguments"] or "").strip() else []
    return f"{match['name']}({', '.join([*given, *(f'{name}={name}[n]' for name in chosen)])})"


def with_each(penalty: Penalty, chosen: Collection[str]) -> Penalty:
    """Return a penalty some of whose parameters have an element for each weight.

    A strength, for which the penalty is 0 where it is 0, may be that for some weights, which are left alone then.

    Raises:
        SpecError: The penalty is no sum over single weights, or the parameter is an end of the domain.
    """
    if not chosen:
        return penalty
    shown = ", ".join(f"{name}[n]" for name in chosen)
    if penalty.arrays or not is_elementwise(penalty.expression) or {"n"} & names(penalty.expression):
        raise SpecError(f"{penalty.name}: {shown}: a penalty that is no sum over single weights has no element of each")
    for parameter in penalty.parameters:
        if parameter.above and (parameter.name in chosen) != (parameter.above in chosen):
            raise SpecError(f"{penalty.name}: {parameter.condition}; write both of them with [n], or none")
    changed = tuple(_of_each(p, penalty) if p.name in chosen else p for p in penalty.parameters)
    return replace(penalty, parameters=changed)


def _of_each(parameter: Parameter, penalty: Penalty) -> Parameter:
    changed = replace(parameter, shape=("n",))
    is_end = parameter.name in penalty.domain.names
    return changed if is_end else with_zero(changed, penalty.expression, penalty.parameters)
