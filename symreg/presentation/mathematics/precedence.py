"""How tightly what is printed binds: a node stands in brackets where its level is less than what surrounds it needs."""

from __future__ import annotations

ANY, OR, AND, NOT, COMPARISON, SUM, SIGN, PRODUCT, POWER, ATOM = range(10)
