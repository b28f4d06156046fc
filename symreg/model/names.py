"""Identifiers: what may be a name, what is reserved, and which known name somebody probably meant."""

from __future__ import annotations

import builtins
import difflib
import keyword
import re
import sys
from collections.abc import Iterable

from symreg.errors import SpecError
from symreg.expressions.functions import CONSTANTS, FUNCTIONS

LONGEST = 32


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OF_SYMREG = _words("w n t v g g_loss g_penalty out step state work X y z np numpy nan inf prox")
_OF_C = _words(
    """auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile bool true false
    alignas alignof and and_eq asm bitand bitor catch class compl concept const_cast consteval constexpr constinit
    co_await co_return co_yield decltype delete dynamic_cast explicit export friend mutable namespace new noexcept not
    not_eq nullptr operator or or_eq private protected public reinterpret_cast requires static_assert static_cast
    template this thread_local throw try typeid typename using virtual wchar_t char8_t char16_t char32_t xor xor_eq
    generic imaginary complex noreturn typeof typeof_unqual unix linux asm fortran
    size_t ptrdiff_t max_align_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t intptr_t uintptr_t
    float_t double_t NULL NAN INFINITY HUGE_VAL HUGE_VALF HUGE_VALL MATH_ERRNO MATH_ERREXCEPT I EOF DOMAIN SING
    OVERFLOW UNDERFLOW PLOSS TLOSS HUGE SIMD RESTRICT main offsetof"""
)
_OF_MATH_H = _words(
    """acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs fdim floor fma
    fmax fmin fmod fpclassify frexp hypot ilogb isfinite isgreater isgreaterequal isinf isless islessequal
    islessgreater isnan isnormal isunordered ldexp lgamma llrint llround log log10 log1p log2 logb lrint lround modf
    nearbyint nextafter nexttoward pow remainder remquo rint round scalbln scalbn signbit sin sinh sqrt tan tanh tgamma
    trunc j0 j1 jn y0 y1 yn signgam significand drem exp10 pow10 sincos scalb finite"""
)
_WITH_SUFFIX = frozenset(name + suffix for name in _OF_MATH_H for suffix in "fl")

RESERVED = (
    _OF_SYMREG
    | _OF_C
    | _OF_MATH_H
    | _WITH_SUFFIX
    | frozenset(FUNCTIONS)
    | frozenset(CONSTANTS)
    | frozenset(keyword.kwlist)
    | frozenset(keyword.softkwlist)
    | frozenset(dir(builtins))
) - {"_"}
"""Names that no parameter, array or state may have: a meaning of the language's own, or a word of Python, C or C++."""

_OF_FILES = sys.stdlib_module_names | _words(
    """assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic
    stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype
    con prn aux nul com0 com1 com2 com3 com4 com5 com6 com7 com8 com9 lpt0 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9
    clock conin conout"""
)
"""Names that no emitted file may have: a header of C, a module of Python or a device of Windows would be hidden."""

_MACRO = re.compile(
    r"(?:DBL|FLT|LDBL|FP|M|MATH|SYMREG)_[A-Z0-9_]+|[A-Z][A-Z0-9_]*_(?:OK|NULL|DOMAIN|OVERLAP|H)|DECIMAL_DIG|TERMS",
    re.ASCII,
)
"""Names in capitals that C's headers or emitted ones define: a parameter of that name would be replaced by a number."""

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)


def check_identifier(name: str, what: str, *, allowed: Iterable[str] = ()) -> str:
    """Return `name` if it may be the name of a `what` ("parameter", "penalty", ...).

    Args:
        name: The name as it was given.
        what: For the message.
        allowed: Reserved names that are all right for this `what`.

    Raises:
        SpecError: Not an identifier, too long, or reserved.
    """
    if not isinstance(name, str):
        raise SpecError(f"{what}: a name is text, not of type {type(name).__name__}")
    shown = f"'{printable(name, 40)}'"
    if not _IDENTIFIER.fullmatch(name) or "__" in name:
        raise SpecError(f"{what} {shown}: write a letter, then letters, digits and single underscores")
    if len(name) > LONGEST:
        raise SpecError(f"{what} {shown}: {len(name)} characters long; at most {LONGEST}")
    if not is_free(name) and (name not in allowed or _MACRO.fullmatch(name)):
        raise SpecError(f"{what} {shown}: the name is reserved; write another, such as '{name.lower()}_0'")
    return name


def is_free(name: str) -> bool:
    """Is this no word of Python, C or symreg, and no macro of a header?"""
    return name not in RESERVED and not _MACRO.fullmatch(name)


def check_stem(name: str, what: str) -> str:
    """Return `name` if it may be the name of a penalty, and so of the files that are emitted for it.

    Raises:
        SpecError: As `check_identifier`, or a file of that name would hide another.
    """
    check_identifier(name, what, allowed=FUNCTIONS)
    if name.lower() in _OF_FILES:
        raise SpecError(f"{what} '{name}': a file of that name would hide another; write another, such as '{name}_0'")
    return name


def printable(text: str, longest: int = 200) -> str:
    """Return a text as it may stand in a message: one line of ASCII, cut to a length."""
    safe = "".join(
        c if c.isascii() and c.isprintable() else c.encode("unicode_escape").decode() for c in text[:longest]
    )
    return safe if len(text) <= longest and len(safe) <= longest else f"{safe[:longest]}..."


LONGEST_MENTION = 120


def mentioned(text: str, what: str) -> str:
    """Return `what` and what a user wrote, in quotes; of a long text its length: a part of it would mean another."""
    if len(text) > LONGEST_MENTION:
        return f"{what} of {len(text)} characters"
    return f"{what} '{printable(text, 10 * LONGEST_MENTION)}'"


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that `name` was probably meant to be, or None."""
    by_lower = {c.lower(): c for c in sorted(set(candidates))}
    swapped = [c for c in by_lower if sorted(c) == sorted(name.lower())]
    near = swapped or difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[near[0]] if near else None


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return `; did you mean 'x'?`, or an empty text where nothing is near."""
    near = nearest(name, candidates)
    return f"; did you mean '{near}'?" if near else ""
