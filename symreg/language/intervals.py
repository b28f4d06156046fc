"""Read numbers, domains and labels as they are written: `0.5`, `positive`, `[0, 1)`, `[lo, hi]`, `{-1, 1}`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

from symreg.errors import SpecError
from symreg.expressions.tree import Name, Negate, Tree, number
from symreg.model.domain import Domain, ParametricInterval
from symreg.model.interval import REAL, WORDS, Interval, inside
from symreg.model.labels import Labels
from symreg.model.names import check_identifier, did_you_mean, printable

_NUMBER = r"[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,3})?"
_INTERVAL = re.compile(rf"\s*([(\[])\s*({_NUMBER}|-inf)\s*,\s*({_NUMBER}|\+?inf)\s*([)\]])\s*", re.ASCII)
_SET = re.compile(rf"\s*\{{\s*({_NUMBER}(?:\s*,\s*{_NUMBER})*)\s*\}}\s*", re.ASCII)
_WHOLE = re.compile(rf"\s*integers\s*(?:(>=?|<=?)\s*({_NUMBER})\s*)?", re.ASCII)
MOST_LABELS = 32
_END = rf"-inf|\+?inf|{_NUMBER}|-?\s*[A-Za-z_]\w*"
_DOMAIN = re.compile(rf"\s*([(\[])\s*({_END})\s*,\s*({_END})\s*([)\]])\s*", re.ASCII)


def parse_number(text: str) -> float:
    """Return the double that a decimal writes; unlike `float`, no `nan`, no `1_000`, no digits of other scripts.

    Raises:
        SpecError: It writes none.
    """
    if re.fullmatch(rf"\s*{_NUMBER}\s*", text, re.ASCII) is None:
        raise SpecError(f"'{printable(text.strip(), 40)}' is not a number such as 2, 0.5 or 1e-3")
    return float(text)


def parse_interval(text: str) -> Interval:
    """Return the interval that `text` writes: `real`, `positive`, `nonnegative`, `(2, inf)`, `[0, 1)`.

    Raises:
        SpecError: If it is none of these or holds no point; says what would be right.
    """
    if text in WORDS:
        return WORDS[text]
    shown = printable(text, 60)
    match = _INTERVAL.fullmatch(text)
    if match is None:
        raise SpecError(f"domain {shown!r} is not one; write real, positive, nonnegative, '(2, inf)' or '[0, 1)'")
    opening, low_text, high_text, closing = match.groups()
    low = None if low_text == "-inf" else Fraction(low_text)
    high = None if high_text.endswith("inf") else Fraction(high_text)
    if any(end is not None and not _is_double(end) for end in (low, high)):
        raise SpecError(f"domain {shown!r} has an end beyond double precision; write inf for an end that is not there")
    low_closed, high_closed = opening == "[", closing == "]"
    if (low is None and low_closed) or (high is None and high_closed):
        raise SpecError(f"domain {shown!r} includes infinity; write that end with a round bracket")
    if low is not None and high is not None and (low > high or (low == high and not (low_closed and high_closed))):
        hint = f"; write '({high_text}, {low_text})'" if low > high else ""
        raise SpecError(f"domain {shown!r} is empty{hint}")
    interval = Interval(low=low, high=high, low_closed=low_closed, high_closed=high_closed)
    if inside(interval) not in interval:
        raise SpecError(f"domain {shown!r} holds no number of double precision")
    return interval


def parse_domain(text: str, known: Iterable[str] | None = None) -> Domain:
    """Return the domain that `text` writes: `real`, `(0, inf)`, `[lo, hi]`, `[-b, b]`.

    Args:
        text: An interval; an end is a number, a parameter, or minus one.
        known: Names of the parameters there are; None takes every name for one.

    Raises:
        SpecError: It is none; says what would be right.
    """
    match = None if text in WORDS else _DOMAIN.fullmatch(text)
    if match is None or not (_is_name(match[2]) or _is_name(match[3])):
        return parse_interval(text)
    opening, low_text, high_text, closing = match.groups()
    low, high = (_end(end, known, text) for end in (low_text, high_text))
    shown = printable(text, 60)
    if low_text.lstrip("+") == "inf" or high_text == "-inf":
        raise SpecError(f"domain {shown!r} is empty")
    if (low is None and opening == "[") or (high is None and closing == "]"):
        raise SpecError(f"domain {shown!r} includes infinity; write that end with a round bracket")
    return ParametricInterval(lower=low, upper=high, low_closed=opening == "[", high_closed=closing == "]")


def parse_labels(text: str) -> Labels:
    """Return what `text` says of labels: `{-1, 1}`, `integers >= 0`, or a domain as `parse_interval` reads it.

    The numbers of a set are such as single precision holds, so that a label is one of them or is not.

    Raises:
        SpecError: It says none of these; says what would be right.
    """
    if (listed := _SET.fullmatch(text)) is not None:
        return _labels_of_set([part.strip() for part in listed[1].split(",")])
    if (whole := _WHOLE.fullmatch(text)) is not None:
        return Labels(interval=_bounded(whole[1], whole[2]) if whole[1] else REAL, are_whole=True)
    try:
        return Labels(interval=parse_interval(text))
    except SpecError as error:
        reason = str(error)
    if _INTERVAL.fullmatch(text) is None:
        reason = (
            f"{printable(text, 60)!r} says not what a label may be; "
            "write real, positive, nonnegative, '[0, 1]', '{-1, 1}' or 'integers >= 0'"
        )
    raise SpecError(reason)


def _labels_of_set(texts: list[str]) -> Labels:
    if len(texts) > MOST_LABELS:
        raise SpecError(f"a set of {len(texts)} labels; at most {MOST_LABELS}, or an interval")
    for text in texts:
        if not _is_single(Fraction(text)):
            raise SpecError(f"the label {text} is no number of single precision, such as 0, 1 or 0.5")
    values = tuple(sorted(map(Fraction, texts)))
    for value, following in pairwise(values):
        if value == following:
            raise SpecError(f"the label {value} stands twice in the set")
    ends = Interval(low=values[0], high=values[-1], low_closed=True, high_closed=True)
    return Labels(interval=ends, values=values)


def _bounded(comparison: str, text: str) -> Interval:
    """Return the numbers on one side of an end."""
    is_closed = comparison.endswith("=")
    if comparison.startswith(">"):
        return parse_interval(f"{'[' if is_closed else '('}{text}, inf)")
    return parse_interval(f"(-inf, {text}{']' if is_closed else ')'}")


def _is_single(value: Fraction) -> bool:
    """Does single precision hold a number exactly, within its normal range?"""
    if value == 0:
        return True
    mantissa = abs(value.numerator)
    return (
        value.denominator & (value.denominator - 1) == 0
        and (mantissa // (mantissa & -mantissa)).bit_length() <= 24
        and 2**-126 <= abs(value) < 2**128
    )


def _is_double(value: Fraction) -> bool:
    """Is a number within double precision's range: no overflow, and no underflow to zero?"""
    return abs(value) <= sys.float_info.max and (value == 0 or abs(value) >= sys.float_info.min)


def _is_name(text: str) -> bool:
    return text.lstrip("-+ ").isidentifier() and text.lstrip("-+ ") != "inf"


def _end(text: str, known: Iterable[str] | None, whole: str) -> Tree | None:
    """Return an end of a domain, None where it is infinite."""
    if text.endswith("inf") and not _is_name(text):
        return None
    if not _is_name(text):
        (end,) = (parse_interval(f"[{text}, {text}]").low,)
        return None if end is None else number(end)
    name, names = text.lstrip("- "), None if known is None else list(known)
    if names is not None and name not in names:
        raise SpecError(
            f"domain {printable(whole, 60)!r} is not one; write real, positive, nonnegative, '(2, inf)', '[0, 1)', "
            f"or parameters for ends; '{printable(name, 40)}' is none{did_you_mean(name, names)}"
        )
    check_identifier(name, "domain: parameter")
    return Negate(Name(name)) if text.startswith("-") else Name(name)
