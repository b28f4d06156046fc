"""Comments on the arguments of a C function."""

from __future__ import annotations

import textwrap

from symreg.targets.c.precision import Precision
from symreg.targets.signature import Argument, Signature
from symreg.targets.wording import WIDTH, domain_in_words


def documented(signature: Signature, precision: Precision) -> list[str]:
    """Return the arguments with what they are, one below the other."""
    width = max(len(argument.name) for argument in signature.arguments)
    return [
        line
        for argument in signature.arguments
        for line in textwrap.wrap(
            _meaning(argument, signature, precision),
            WIDTH - 8,
            initial_indent=f"{argument.name:<{width}}  ",
            subsequent_indent=" " * (width + 2),
        )
    ]


def _meaning(argument: Argument, signature: Signature, precision: Precision) -> str:
    """Return what an argument is: how many numbers, of what, which are allowed, and whether it is written to."""
    is_prox = any(data.name == "v" for data in signature.of("data"))
    match argument.role:
        case "length":
            return "the length of v" if is_prox else "the number of weights"
        case "data":
            overwritten = ", overwritten" if argument.is_overwritten else ""
            return f"n {'numbers' if is_prox else 'weights'}{overwritten}"
        case "array":
            order = ", row by row" if len(argument.shape) > 1 else ""
            each = "" if argument.domain.is_all else f", each {domain_in_words(argument.domain)}"
            return f"{' x '.join(map(str, argument.shape))} numbers{order}{each}"
        case "gradient":
            return "n numbers, the gradient of the loss L at w"
        case "state":
            count = "n numbers" if argument.shape else "one number"
            return f"{count}, {float(argument.default):.15g} before the first step; overwritten"
        case "count":
            ends = "; it ends at 2**24, where every bias correction is 1" if precision.wide == "float" else ""
            return f"the number of steps taken, 0 before the first; overwritten{ends}"
        case "groups_length":
            return "the number of groups"
        case "groups":
            return "groups_n + 1 numbers: where each group begins, from 0 on, ascending, and n"
        case "group_weights":
            return "groups_n numbers, what each group's penalty is multiplied by, >= 0; null for the root of its size"
        case "parameter":
            allowed = domain_in_words(argument.domain, argument.above)
            return f"{argument.doc}, {allowed}" if argument.doc else allowed
        case "result":
            may_be = f"; may be {argument.may_be}" if argument.may_be else ""
            return f"n numbers, receives {'prox(v)' if is_prox else 'the gradient'}{may_be}"
        case "scratch":
            rows, _ = argument.shape
            return f"{'n' if rows == 1 else f'{rows} * n'} numbers of scratch"
        case "rows":
            return f"{' * '.join(map(str, argument.shape))} numbers of scratch"
    raise AssertionError(argument)
