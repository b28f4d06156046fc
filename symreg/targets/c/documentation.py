"""Comments on the arguments of a C function."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from symreg.targets.c.precision import Precision
from symreg.targets.signature import Argument, Signature
from symreg.targets.wording import WIDTH, domain_in_words, each_in_words


def documented(
    signature: Signature, precision: Precision, matrix: Iterable[tuple[str, str]] = (), gradient: str = "the gradient"
) -> list[str]:
    """Return the arguments with what they are, one below the other.

    Args:
        signature: Of the function.
        precision: The types of the function.
        matrix: The arguments in place of X, each with what it is.
        gradient: What a function returns that returns an array.
    """
    rows: list[tuple[str, str]] = []
    for argument in signature.arguments:
        if argument.role == "matrix":
            rows.extend(matrix)
        else:
            rows.append((argument.name, _meaning(argument, signature, precision, gradient)))
    return definitions(rows)


def definitions(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Return names with what they stand for, one below the other."""
    kept = list(rows)
    width = max((len(name) for name, _ in kept), default=0)
    return [
        line
        for name, meaning in kept
        for line in textwrap.wrap(
            meaning, WIDTH - 8, initial_indent=f"{name:<{width}}  ", subsequent_indent=" " * (width + 2)
        )
    ]


def _meaning(argument: Argument, signature: Signature, precision: Precision, gradient: str) -> str:
    """Return what an argument is: how many numbers, of what, which are allowed, and whether it is written to."""
    data = next((data.name for data in signature.of("data")), "")
    is_prox = data == "v"
    match argument.role:
        case "length":
            return {"v": "the length of v", "z": "the number of predictions"}.get(data, "the number of weights")
        case "data":
            overwritten = ", overwritten" if argument.is_overwritten else ""
            return f"n { {'v': 'numbers', 'z': 'predictions'}.get(data, 'weights') }{overwritten}"
        case "direction":
            return "n numbers, what the Hessian is multiplied by"
        case "samples":
            return "the number of samples"
        case "labels":
            count = "n" if argument.shape == ("n",) else "samples"
            if argument.labels is None or argument.labels.are_all:
                return f"{count} labels"
            return f"{count} labels, each {argument.labels.condition('y').removeprefix('y ')}"
        case "sample_weight":
            return "samples numbers, the weight of each sample, >= 0; null for 1 each"
        case "sum":
            return f"receives the sum of the {'losses' if argument.name == 'loss' else 'weights of the samples'}"
        case "array":
            order = ", row by row" if len(argument.shape) > 1 else ""
            each = each_in_words(argument.domain, argument.above)
            return f"{' x '.join('samples' if k == 'm' else str(k) for k in argument.shape)} numbers{order}{each}"
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
            return f"n numbers, receives {'prox(v)' if is_prox else gradient}{may_be}"
        case "scratch":
            rows, _ = argument.shape
            return f"{'n' if rows == 1 else f'{rows} * n'} numbers of scratch"
        case "rows":
            return f"{' * '.join(map(str, argument.shape))} numbers of scratch"
    raise AssertionError(argument)
