"""What a function over samples refuses, in C: null pointers, labels that are none, memory that is shared."""

from __future__ import annotations

from symreg.model.labels import Labels
from symreg.targets.c.literals import signed_literal
from symreg.targets.description import Function
from symreg.targets.signature import Argument, Signature


def label_condition(labels: Labels, real: str) -> str:
    """Return the condition that `y[k]` is a label, in numbers of its own type; it is not asked of NaN.

    Without branches, so that compilers vectorise it.
    """
    suffix, largest = ("f", "FLT_MAX") if real == "float" else ("", "DBL_MAX")
    if labels.values:
        return " | ".join(f"(y[k] == {signed_literal(value, suffix)})" for value in labels.values)
    domain = labels.interval
    low = f"-{largest}" if domain.low is None else signed_literal(domain.low, suffix)
    high = largest if domain.high is None else signed_literal(domain.high, suffix)
    above = ">=" if domain.low is None or domain.low_closed else ">"
    below = "<=" if domain.high is None or domain.high_closed else "<"
    is_whole = f" & (floor{suffix}(y[k]) == y[k])" if labels.are_whole else ""
    return f"((y[k] {above} {low}) & (y[k] {below} {high}){is_whole})"


def checked_labels(signature: Signature) -> Argument | None:
    """Return the argument that holds the labels, where not every number is one."""
    return next((y for y in signature.of("labels") if y.labels is not None and not y.labels.are_all), None)


def missing(signature: Signature) -> str:
    """Return the condition that a pointer is null without which a function over samples cannot do.

    X has checks of its own; without `sample_weight` each sample counts once, and without weights of groups the roots of
    their sizes do.
    """
    by_extent: dict[str, list[str]] = {}
    for argument in signature.arguments:
        if argument.is_pointer and argument.role not in ("matrix", "sample_weight", "group_weights"):
            extent = "" if not argument.shape else "samples" if argument.shape == ("m",) else "n"
            by_extent.setdefault(extent, []).append(f"!{argument.name}")
    return " || ".join(_of_extent(extent, nulls) for extent, nulls in by_extent.items())


def _of_extent(extent: str, nulls: list[str]) -> str:
    either = " || ".join(nulls)
    if not extent:
        return either
    return f"({extent} > 0 && {either if len(nulls) == 1 else f'({either})'})"


def is_mean(function: Function) -> bool:
    """Does a function divide by the sum of the weights, so that there has to be a sample?"""
    data, is_whole = function.update.data, function.signature.returns != "sums"
    return bool(function.signature.of("matrix")) and is_whole and data is not None and data.reduction == "mean"
