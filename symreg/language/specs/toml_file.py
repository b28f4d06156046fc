"""One TOML table, read with its line numbers."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, NoReturn, TypeVar

from symreg.errors import SpecError
from symreg.language.declarations import LONGEST_LINE, check_line, make_array, make_parameter, shown_text
from symreg.language.excerpt import Excerpted
from symreg.language.intervals import parse_domain, parse_interval, parse_labels
from symreg.model.domain import Domain
from symreg.model.interval import REAL, WORDS, Interval
from symreg.model.labels import Labels
from symreg.model.names import check_identifier, did_you_mean
from symreg.model.spec import OF_DATA, Array, Parameter, Shape

LARGEST_FILE = 300_000
MOST_PARAMETERS = 32
MOST_DOTS = 2_000  # tomllib takes time in the square of a dotted key's length

_PARAMETER_KEYS = ("shape", "domain", "default", "latex", "doc")
_ARRAY_KEYS = ("shape", "domain", "default", "latex", "doc")
"""Names that arrays over the samples may have, and no others."""
_SHAPES: tuple[Shape, ...] = (("n",), ("n", "n"), ("m", "n"), ("m",))

_OTHER_KINDS = {
    "rule": "name it with --rule {}",
    "penalty": "it stands where the objective does",
    "loss": "it stands in an objective as mean({})",
}
"""What to say of a file that describes something else."""

_Row = TypeVar("_Row")


class TomlFile:
    """A TOML file's data and name; the readers of its tables, each of which fails with the place named.

    Every method raises SpecError for what is not as it should be: file, table, key, and what would be right.
    """

    def __init__(self, text: str, source: str) -> None:
        """Parse the text, if it is within the limits; `source` is what messages call the file."""
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
        """Raise the error of a file."""
        raise SpecError(f"{self.source}: {message}")

    def only(self, table: Mapping[str, Any], path: str, allowed: Iterable[str]) -> None:
        """Refuse keys that mean nothing."""
        for key in table:
            if key not in allowed:
                shown = f"[{path}] {shown_text(key)}" if path else f"[{shown_text(key)}]"
                self.fail(f"{shown} is not a key here{did_you_mean(key[:40], allowed)}")

    def refuse_another_kind(self, name: str) -> None:
        """Refuse a file without the table that is wanted, and with that of something else."""
        for other, hint in _OTHER_KINDS.items():
            if other != name and other in self.data and name not in self.data:
                self.fail(f"it holds a [{other}], not a [{name}]; {hint.format(self.source)}")

    def table(self, name: str, keys: tuple[str, ...]) -> dict[str, Any]:
        """Return a table that has to be there, with no keys but these."""
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
        """Return the text under a key of a table.

        Args:
            table: The table.
            path: Its name, for messages.
            key: The key.
            default: What stands for a key that is not there; None where there has to be one.
            longest: Characters at most.
            is_plain: May it stand in a comment of what is emitted?
        """
        value = table.get(key, default)
        if value is None:
            self.fail(f"[{path}] has no {key}")
        if not isinstance(value, str):
            self.fail(f"[{path}] {key}: write text in quotes")
        return check_line(value, f"{self.source}: [{path}] {key}", longest) if is_plain else value

    def aliases(self, table: Mapping[str, Any], path: str) -> tuple[str, ...]:
        """Return the other names of what a table describes."""
        names = table.get("aliases", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self.fail(f'[{path}] aliases: write a list of names, such as ["lasso"]')
        if len(names) > MOST_PARAMETERS:
            self.fail(f"[{path}] aliases: {len(names)} names; at most {MOST_PARAMETERS}")
        for name in names:
            self.identifier(name, f"[{path}] alias")
            if names.count(name) > 1 or name == table.get("name"):
                self.fail(f"[{path}] aliases: '{name}' is a name of it already")
        return tuple(names)

    def identifier(self, name: str, what: str, allowed: Iterable[str] = ()) -> str:
        """Return a name that may be one."""
        return check_identifier(name, f"{self.source}: {what}", allowed=allowed)

    def domain(self, table: Mapping[str, Any], path: str, default: Interval | None = None) -> Interval:
        """Return the domain of a parameter or of an array's elements."""
        if "domain" not in table and default is not None:
            return default
        text = self.text(table, path, "domain", is_plain=False)
        try:
            return parse_interval(text)
        except SpecError as error:
            self.fail(f"[{path}] {error}")

    def domain_of_variable(self, table: Mapping[str, Any], path: str, key: str, known: Iterable[str]) -> Domain:
        """Return the domain of each weight or of a prediction, whose ends may be known parameters."""
        if key not in table:
            return REAL
        text = self.text(table, path, key, is_plain=False)
        try:
            return parse_domain(text, known)
        except SpecError as error:
            self.fail(f"[{path}] {error}")

    def labels(self, table: Mapping[str, Any]) -> Labels:
        """Return what the label of a sample may be."""
        if "label" not in table:
            self.fail("[loss] has no label; say what y may be: real, '[0, 1]', '{-1, 1}' or 'integers >= 0'")
        text = self.text(table, "loss", "label", is_plain=False)
        try:
            return parse_labels(text)
        except SpecError as error:
            self.fail(f"[loss] label: {error}")

    def parameters(self) -> tuple[Parameter, ...]:
        """Return what the tables `[params.NAME]` declare."""
        return tuple(self._rows("params", _PARAMETER_KEYS, self._parameter))

    def _parameter(self, name: str, table: dict[str, Any]) -> Parameter:
        path = f"params.{name}"
        if table.get("shape", ["n"]) != ["n"]:
            self.fail(f'[{path}] shape: write ["n"], for an element of each weight, or leave it out')
        parameter = make_parameter(
            name,
            domain=self.domain(table, path, WORDS["positive"]),
            default=table.get("default"),
            latex=self.text(table, path, "latex", default="", is_plain=False),
            doc=self.text(table, path, "doc", default=""),
            where=f"{self.source}: [params]",
        )
        return replace(parameter, shape=("n",)) if "shape" in table else parameter

    def states(self, taken: set[str]) -> dict[str, float]:
        """Return the first values that the table `[state]` gives to names that are not taken."""
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
            self.identifier(key, f"[{name}]", allowed=OF_DATA if name == "arrays" else ())
            if not isinstance(row, dict):
                self.fail(f"[{name}] '{key}': write a table [{name}.{key}]")
            self.only(row, f"{name}.{key}", keys)
            yield make(key, row)

    def arrays(self) -> tuple[Array, ...]:
        """Return what the tables `[arrays.NAME]` declare."""
        return tuple(self._rows("arrays", _ARRAY_KEYS, self._array))

    def _array(self, name: str, table: dict[str, Any]) -> Array:
        written = table.get("shape")
        shape = next((shape for shape in _SHAPES if list(shape) == written), None)
        if shape is None:
            self.fail(
                f'[arrays.{name}] shape: write ["n"] or ["n", "n"], of data ["m", "n"] and ["m"] '
                "(n is the number of weights, m of samples)"
            )
        return make_array(
            name,
            shape=shape,
            domain=self.domain(table, f"arrays.{name}", REAL),
            default=table.get("default"),
            latex=self.text(table, f"arrays.{name}", "latex", default="", is_plain=False),
            doc=self.text(table, f"arrays.{name}", "doc", default=""),
            where=f"{self.source}: [arrays]",
            allowed=OF_DATA if "m" in shape else (),
        )

    def excerpted(self, key: str, text: str, start: int = 0) -> Excerpted:
        """Say where a value stands in the file, or without a place where it was written with escapes."""
        after = re.search(rf"^[ \t]*{key}[ \t]*=", self.whole, re.MULTILINE)
        at = self.whole.find(text, after.end() if after else 0)
        if at < 0:
            return Excerpted(source=f"{self.source}: {key}")
        return Excerpted(source=self.source, whole=self.whole, offset=at + start)
