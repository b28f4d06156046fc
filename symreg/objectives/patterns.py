"""What an addend of an objective's text may look like: a path, or a name with or without brackets behind it."""

from __future__ import annotations

import re

PATH = re.compile(r"(?<![^\s*+(),=])[^\s*+(),=]*\.toml(?!\w)")

FILE = re.compile(rf"(?P<path>{PATH.pattern})\s*(?:\((?P<arguments>[^()]*)\))?\s*")

CALL = re.compile(r"(?P<name>[A-Za-z]\w*)\s*(?:\((?P<arguments>[^()]*)\))?\s*", re.ASCII)

EQUALS = re.compile(r"(?<![<>=!])=(?!=)")


def top_level(text: str, signs: str) -> list[int]:
    """Return where some signs stand outside all brackets; of `**` neither."""
    depth, places = 0, []
    for place, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        is_power = character == "*" and "*" in (text[place + 1 : place + 2], text[place - 1 : place])
        if depth == 0 and character in signs and not is_power:
            places.append(place)
    return places
