"""Parameters and arrays as they are declared, in a file or in Python, checked."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from symreg.errors import SpecError
from symreg.model.interval import REAL, Interval, inside
from symreg.model.names import LONGEST_MENTION, check_identifier
from symreg.model.spec import Array, Parameter, Shape

LONGEST_LINE = 200

LONGEST_DOC = 1_000

_PLAIN = re.compile(r"[ -!#-\[\]-~\"]*", re.ASCII)

_GREEK = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell"
)


_LATEX_SYMBOL = rf"(?:[A-Za-z]|\\(?:{'|'.join(_GREEK.split())})|\\(?:bar|hat|tilde|mathrm|mathbf){{[A-Za-z]{{1,20}}}})"

_LATEX_SCRIPT = rf"(?:[A-Za-z0-9]|{{(?:[A-Za-z0-9]{{1,12}}|\\mathrm{{[A-Za-z]{{1,20}}}})}}|{_LATEX_SYMBOL})"

_LATEX = re.compile(rf"{_LATEX_SYMBOL}(?:_{_LATEX_SCRIPT})?", re.ASCII)


def make_parameter(
    name: str,
    *,
    domain: Interval,
    default: float | None = None,
    latex: str = "",
    doc: str = "",
    where: str = "parameter",
    allowed: Iterable[str] = (),
) -> Parameter:
    """Return a checked parameter.

    Args:
        name: Identifier; not one of the reserved names.
        domain: Values that it may take.
        default: One of these; without one it is taken from inside the domain.
        latex: One symbol from the allowed commands, or "".
        doc: A few words.
        where: What messages call it.
        allowed: Reserved names that it may have all the same.

    Raises:
        SpecError: A bad or reserved name, a default outside the domain, LaTeX beyond the allowed symbols.
    """
    check_identifier(name, where, allowed=allowed)
    is_chosen = default is None
    if default is None:
        default = inside(domain)
    if isinstance(default, bool) or not isinstance(default, int | float):
        raise SpecError(f"{where} '{name}': default must be a number")
    try:
        value = float(default)
    except OverflowError:
        value = math.inf
    if value not in domain:
        raise SpecError(f"{where} '{name}': {_default(default)} is outside its domain {domain}")
    if latex and not _LATEX.fullmatch(latex):
        raise SpecError(
            f"{where} '{name}': latex {shown_text(latex)} is not an allowed symbol; "
            "write one such as '\\lambda' or 'c_1'"
        )
    return Parameter(
        name=name,
        domain=domain,
        default=value,
        latex=latex,
        doc=check_line(doc, f"{where} '{name}': doc"),
        is_chosen=is_chosen,
    )


def make_array(
    name: str,
    *,
    shape: Shape,
    domain: Interval = REAL,
    default: float | None = None,
    latex: str = "",
    doc: str = "",
    where: str = "array",
    allowed: Iterable[str] = (),
) -> Array:
    """Return a checked array; see `make_parameter`, whose rules each of its elements obeys."""
    element = make_parameter(name, domain=domain, default=default, latex=latex, doc=doc, where=where, allowed=allowed)
    return Array(name=name, shape=shape, latex=latex, doc=element.doc, domain=domain, default=element.default)


def _default(value: float) -> str:
    text = repr(value)
    return f"default {text}" if len(text) <= LONGEST_MENTION else f"a default of {len(text)} digits"


def check_line(text: str, what: str, longest: int = LONGEST_LINE) -> str:
    """Return user text if it may stand in a comment of what is emitted: printable ASCII that does not end one."""
    if not isinstance(text, str):
        raise SpecError(f"{what}: write text, not a value of type {type(text).__name__}")
    if len(text) > longest:
        raise SpecError(f"{what}: {len(text)} characters; at most {longest}")
    if not is_plain(text):
        raise SpecError(f"{what}: write one line of printable ASCII without backslash, '/*', '*/' and triple quotes")
    return text


def is_plain(text: str) -> bool:
    """May a text stand in a comment of what is emitted?"""
    return _PLAIN.fullmatch(text) is not None and not any(bad in text for bad in ("*/", "/*", '"""', "??/"))


def shown_text(text: str) -> str:
    """Return a text in quotes; of a long one its length."""
    safe = repr(text.encode("unicode_escape").decode())
    return safe if len(text) <= LONGEST_MENTION else f"a text of {len(text)} characters"
