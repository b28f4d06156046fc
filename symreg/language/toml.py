"""Read spec files: TOML text in, a validated `Penalty` or `Rule` out; errors name the file, the table and the key."""

from __future__ import annotations

import math
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, TypeVar

from symreg.errors import SpecError
from symreg.expressions.text import to_text
from symreg.expressions.tree import Item, Tree, names, walk
from symreg.expressions.tree import arrays as subscripted
from symreg.language.parse import Excerpted, parse
from symreg.model.domain import Domain, parse_domain
from symreg.model.interval import REAL, WORDS, Interval, inside, parse_interval
from symreg.model.names import LONGEST_MENTION, check_identifier, check_stem, did_you_mean
from symreg.model.ordering import asked_of
from symreg.model.spec import Array, Assignment, Parameter, Penalty, Rule, Shape, State, varying_names

LARGEST_FILE = 300_000
MOST_PARAMETERS = 32
MOST_DOTS = 2_000  # tomllib takes time in the square of a dotted key's length
LONGEST_LINE = 200
LONGEST_DOC = 1_000

_PENALTY_KEYS = ("name", "title", "expr", "reference", "domain", "doc")
_RULE_KEYS = ("name", "title", "steps", "reference", "doc")
_PARAMETER_KEYS = ("domain", "default", "latex", "doc")
_ARRAY_KEYS = ("shape", "domain", "default", "latex", "doc")
_SHAPES: dict[int, Shape] = {1: ("n",), 2: ("n", "n")}

_Row = TypeVar("_Row")

_PLAIN = re.compile(r"[ -!#-\[\]-~\"]*", re.ASCII)
_GREEK = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell"
)
_LATEX_SYMBOL = rf"(?:[A-Za-z]|\\(?:{'|'.join(_GREEK.split())})|\\(?:bar|hat|tilde|mathrm|mathbf){{[A-Za-z]{{1,20}}}})"
_LATEX_SCRIPT = rf"(?:[A-Za-z0-9]|{{(?:[A-Za-z0-9]{{1,12}}|\\mathrm{{[A-Za-z]{{1,20}}}})}}|{_LATEX_SYMBOL})"
_LATEX = re.compile(rf"{_LATEX_SYMBOL}(?:_{_LATEX_SCRIPT})?", re.ASCII)
_ASSIGNMENT = re.compile(r"\s*(?P<target>[A-Za-z_]\w*)\s*=(?!=)(?P<expression>.*)", re.ASCII | re.DOTALL)


def read_penalty(text: str, source: str) -> Penalty:
    """Return the penalty that a TOML text describes.

    Args:
        text: The file's text.
        source: The file's name, for messages.

    Raises:
        SpecError, LanguageError: What is wrong, where, and what would be right.
    """
    file = _File(text, source)
    file.only(file.data, "", ("penalty", "params", "arrays"))
    table = file.table("penalty", _PENALTY_KEYS)
    expression_text = file.text(table, "penalty", "expr", longest=LARGEST_FILE, is_plain=False)
    parameters = file.parameters()
    declared_arrays = _arrays(file, {p.name for p in parameters})
    known = [p.name for p in parameters] + [a.name for a in declared_arrays]
    expression = parse(expression_text, source=file.excerpted("expr", expression_text), known=known)
    penalty = make_penalty(
        name=file.text(table, "penalty", "name"),
        title=file.text(table, "penalty", "title", default=""),
        expression=expression,
        domain=file.domain_of_weights(table, [p.name for p in parameters]),
        parameters=parameters,
        arrays=declared_arrays,
        reference=file.text(table, "penalty", "reference", default=""),
        doc=file.text(table, "penalty", "doc", default="", longest=LONGEST_DOC),
        source=source,
    )
    return penalty


def read_rule(text: str, source: str) -> Rule:
    """Return the update rule that a TOML text describes; see `read_penalty`."""
    file = _File(text, source)
    file.only(file.data, "", ("rule", "state", "params"))
    table = file.table("rule", _RULE_KEYS)
    parameters = file.parameters()
    initial = file.states({p.name for p in parameters})
    steps = table.get("steps")
    if not isinstance(steps, list) or not steps or not all(isinstance(s, str) for s in steps):
        file.fail('[rule] steps: write a list of assignments, such as ["w = w - lr*g"]')
    if len(steps) > 64:
        file.fail(f"[rule] steps: {len(steps)} assignments; at most 64")
    known = {p.name for p in parameters} | initial.keys()
    fixed = {p.name for p in parameters} | {"g", "g_loss", "g_penalty", "t"}
    made: list[Assignment] = []
    for step in steps:
        match = _ASSIGNMENT.fullmatch(step)
        if match is None:
            file.fail(f"[rule] steps: {_shown(step)} is not an assignment such as 'w = w - lr*g'")
        target = match["target"]
        if target in fixed:
            file.fail(f"[rule] steps: '{target}' cannot be assigned to; assign to w, a state or a new name")
        if target != "w" and target not in known:
            file.identifier(target, "steps: name", allowed=("v",))
        place = file.excerpted("steps", step, start=match.start("expression"))
        made.append(
            Assignment(target=target, expression=parse(match["expression"], source=place, in_rule=True, known=known))
        )
        known.add(target)
    if all(step.target != "w" for step in made):
        file.fail("[rule] steps: nothing is assigned to w")
    _check_rule_uses(file, made, parameters, initial)
    varying = varying_names(made)
    rule = Rule(
        name=file.identifier(file.text(table, "rule", "name"), "name"),
        title=file.text(table, "rule", "title", default=""),
        steps=tuple(made),
        states=tuple(State(name=n, initial=x, is_array=n in varying) for n, x in initial.items()),
        parameters=parameters,
        reference=file.text(table, "rule", "reference", default=""),
        doc=file.text(table, "rule", "doc", default="", longest=LONGEST_DOC),
        source=source,
    )
    for call in rule.prox_calls:
        if not names(call.argument) & varying:
            file.fail(
                f"[rule] steps: {to_text(call.tree)} takes one number; write one a weight, as in prox(w - lr*g, lr)"
            )
    return rule


def make_penalty(
    *,
    name: str,
    title: str,
    expression: Tree,
    domain: Domain,
    parameters: tuple[Parameter, ...],
    arrays: tuple[Array, ...] = (),
    reference: str = "",
    doc: str = "",
    source: str = "expression",
) -> Penalty:
    """Return a penalty whose parts have been checked against each other.

    Raises:
        SpecError: A parameter or array that is not used, an array with the wrong number of subscripts, no `w`.
    """
    check_stem(name, f"{source}: name")
    if domain.lower is not None and domain.lower == domain.upper and not domain.names:
        raise SpecError(f"{source}: domain {domain} is a single point; write an interval of weights")
    used_names, used_arrays = names(expression), subscripted(expression)
    if "w" not in used_names and "w" not in used_arrays:
        raise SpecError(f"{source}: expr does not hold the weights; write 'w', or 'w[i]' under a sum")
    for parameter in parameters:
        if parameter.name in used_arrays:
            raise SpecError(
                f"{source}: '{parameter.name}' is a parameter, but is subscripted; "
                f"declare [arrays.{parameter.name}], or '{parameter.name}[n]: real = 1' beside an expression"
            )
        if parameter.name not in used_names and parameter.name not in domain.names:
            raise SpecError(f"{source}: [params.{parameter.name}] is not used in expr")
    for array in arrays:
        if array.name in used_names:
            raise SpecError(f"{source}: the array '{array.name}' needs its subscripts, as in {array.name}[i]")
        if array.name not in used_arrays:
            raise SpecError(f"{source}: [arrays.{array.name}] is not used in expr")
    shapes = {a.name: len(a.shape) for a in arrays} | {"w": 1}
    for node in walk(expression):
        if isinstance(node, Item):
            if node.array not in shapes:
                raise SpecError(
                    f"{source}: the array '{node.array}' is not declared; add [arrays.{node.array}] with its shape"
                )
            if len(node.subscripts) != shapes[node.array]:
                used, shape = len(node.subscripts), shapes[node.array]
                raise SpecError(f"{source}: {node.array} has {shape} dimension(s), not {used} subscript(s)")
    return Penalty(
        name=name,
        title=check_line(title, f"{source}: title"),
        expression=expression,
        domain=domain,
        parameters=asked_of(domain, parameters, source),
        arrays=arrays,
        reference=check_line(reference, f"{source}: reference"),
        doc=check_line(doc, f"{source}: doc", LONGEST_DOC),
        source=source,
    )


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
    """Return a checked parameter; without a default one is taken from inside the domain.

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
            f"{where} '{name}': latex {_shown(latex)} is not an allowed symbol; write one such as '\\lambda' or 'c_1'"
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
) -> Array:
    """Return a checked array; see `make_parameter`, whose rules each of its elements obeys."""
    one = make_parameter(name, domain=domain, default=default, latex=latex, doc=doc, where=where)
    return Array(name=name, shape=shape, latex=latex, doc=one.doc, domain=domain, default=one.default)


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


class _File:
    """A TOML file's data and name; the readers of its tables, each of which fails with the place named."""

    def __init__(self, text: str, source: str) -> None:
        self.source, self.whole = source, text
        if len(text) > LARGEST_FILE:
            self.fail(f"a file of {len(text)} characters; at most {LARGEST_FILE}")
        if text.count("[") + text.count("{") > 4_000:
            self.fail("more than 4,000 brackets")
        if re.search(r"[\[{][\s\[{]{100}", text):
            self.fail("brackets nested too deeply")
        if sum(line.count(".") ** 2 for line in text.splitlines()) > MOST_DOTS**2:
            self.fail(f"more than {MOST_DOTS} dots in a line")
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
            reason = str(error).splitlines()[0][:120].encode("ascii", "backslashreplace").decode()
            self.fail(f"not TOML: {reason}")

    def fail(self, message: str) -> NoReturn:
        raise SpecError(f"{self.source}: {message}")

    def only(self, table: Mapping[str, Any], path: str, allowed: Iterable[str]) -> None:
        """Refuse keys that mean nothing."""
        for key in table:
            if key not in allowed:
                shown = f"[{path}] {_shown(key)}" if path else f"[{_shown(key)}]"
                self.fail(f"{shown} is not a key here{did_you_mean(key[:40], allowed)}")

    def table(self, name: str, keys: tuple[str, ...]) -> dict[str, Any]:
        table = self.data.get(name)
        if not isinstance(table, dict):
            self.fail(f"there is no [{name}] table")
        self.only(table, name, keys)
        return table

    def text(
        self,
        table: Mapping[str, Any],
        path: str,
        key: str,
        *,
        default: str | None = None,
        longest: int = LONGEST_LINE,
        is_plain: bool = True,
    ) -> str:
        value = table.get(key, default)
        if value is None:
            self.fail(f"[{path}] has no {key}")
        if not isinstance(value, str):
            self.fail(f"[{path}] {key}: write text in quotes")
        return check_line(value, f"{self.source}: [{path}] {key}", longest) if is_plain else value

    def identifier(self, name: str, what: str, allowed: Iterable[str] = ()) -> str:
        return check_identifier(name, f"{self.source}: {what}", allowed=allowed)

    def domain(self, table: Mapping[str, Any], path: str, default: Interval | None = None) -> Interval:
        if "domain" not in table and default is not None:
            return default
        text = self.text(table, path, "domain", is_plain=False)
        try:
            return parse_interval(text)
        except SpecError as error:
            self.fail(f"[{path}] {error}")

    def domain_of_weights(self, table: Mapping[str, Any], known: Iterable[str]) -> Domain:
        if "domain" not in table:
            return REAL
        text = self.text(table, "penalty", "domain", is_plain=False)
        try:
            return parse_domain(text, known)
        except SpecError as error:
            self.fail(f"[penalty] {error}")

    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(self._rows("params", _PARAMETER_KEYS, self._parameter))

    def _parameter(self, name: str, table: dict[str, Any]) -> Parameter:
        path = f"params.{name}"
        return make_parameter(
            name,
            domain=self.domain(table, path, WORDS["positive"]),
            default=table.get("default"),
            latex=self.text(table, path, "latex", default="", is_plain=False),
            doc=self.text(table, path, "doc", default=""),
            where=f"{self.source}: [params]",
        )

    def states(self, taken: set[str]) -> dict[str, float]:
        table = self.data.get("state", {})
        if not isinstance(table, dict) or len(table) > MOST_PARAMETERS:
            self.fail(f"[state]: write a table of at most {MOST_PARAMETERS} names and their first values")
        for name, value in table.items():
            self.identifier(name, "[state]", allowed=("v", "z", "y"))
            if name in taken:
                self.fail(f"[state] '{name}' is a parameter already")
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
                self.fail(f"[state] {name}: write its first value, a finite number")
        return {name: float(value) for name, value in table.items()}

    def _rows(self, name: str, keys: tuple[str, ...], make: Callable[[str, dict[str, Any]], _Row]) -> Iterable[_Row]:
        rows = self.data.get(name, {})
        if not isinstance(rows, dict):
            self.fail(f"[{name}] is not a table of tables")
        if len(rows) > MOST_PARAMETERS:
            self.fail(f"[{name}]: {len(rows)} entries; at most {MOST_PARAMETERS}")
        for key, row in rows.items():
            self.identifier(key, f"[{name}]")
            if not isinstance(row, dict):
                self.fail(f"[{name}] '{key}': write a table [{name}.{key}]")
            self.only(row, f"{name}.{key}", keys)
            yield make(key, row)

    def arrays(self) -> tuple[Array, ...]:
        return tuple(self._rows("arrays", _ARRAY_KEYS, self._array))

    def _array(self, name: str, table: dict[str, Any]) -> Array:
        shape = _SHAPES.get(len(table["shape"])) if table.get("shape") in (["n"], ["n", "n"]) else None
        if shape is None:
            self.fail(f'[arrays.{name}] shape: write ["n"] or ["n", "n"] (n is the number of weights)')
        return make_array(
            name,
            shape=shape,
            domain=self.domain(table, f"arrays.{name}", REAL),
            default=table.get("default"),
            latex=self.text(table, f"arrays.{name}", "latex", default="", is_plain=False),
            doc=self.text(table, f"arrays.{name}", "doc", default=""),
            where=f"{self.source}: [arrays]",
        )

    def excerpted(self, key: str, text: str, start: int = 0) -> Excerpted:
        """Say where a value stands in the file, or without a place where it was written with escapes."""
        after = re.search(rf"^[ \t]*{key}[ \t]*=", self.whole, re.MULTILINE)
        at = self.whole.find(text, after.end() if after else 0)
        if at < 0:
            return Excerpted(source=f"{self.source}: {key}")
        return Excerpted(source=self.source, whole=self.whole, offset=at + start)


def _arrays(file: _File, taken: set[str]) -> tuple[Array, ...]:
    made = file.arrays()
    for array in made:
        if array.name in taken:
            file.fail(f"'{array.name}' is both a parameter and an array")
    return made


def _check_rule_uses(
    file: _File, steps: list[Assignment], parameters: tuple[Parameter, ...], initial: dict[str, float]
) -> None:
    used = frozenset().union(*(names(step.expression) for step in steps))
    for parameter in parameters:
        if parameter.name not in used:
            file.fail(f"[params.{parameter.name}] is not used in steps")
    for step in steps:
        if step.target not in used | initial.keys() | {"w"}:
            file.fail(f"[rule] steps: '{step.target}' is assigned but not used")
    for state in initial:
        if state not in used:
            file.fail(f"[state] '{state}' is not used in steps")
        if all(step.target != state for step in steps):
            file.fail(f"[state] '{state}' is never assigned; make it a parameter")
    if not used & {"g", "g_loss", "g_penalty"}:
        file.fail("[rule] steps: no gradient is used; write g, or g_loss and g_penalty")


def _shown(text: str) -> str:
    """Return a text in quotes; of a long one its length."""
    safe = repr(text.encode("unicode_escape").decode())
    return safe if len(text) <= LONGEST_MENTION else f"a text of {len(text)} characters"
