"""Statements that compute numbers, in a routine or for one: what they use and give, and the same under other names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from symreg.expressions.tree import Name, Tree, substitute, walk
from symreg.kernel.cse import share
from symreg.kernel.ir import Invoke, Let, Map, Root, Stage, Statement, Store, names_in
from symreg.kernel.names import Namer

Part = Let | Root | Invoke
"""A statement that computes numbers."""


def shared(
    once: Iterable[Part], each: Iterable[Part], u: Tree, namer: Namer, elements: Collection[str]
) -> tuple[tuple[Part, ...], tuple[Part, ...], Tree]:
    """Return statements with common subexpressions named, and a result over them.

    Args:
        once: Before the loop.
        each: For each element.
        u: The result for each element.
        namer: Knows the names in use.
        elements: Names of what is another number for each element.
    """
    loop = Map(index="k", body=(*each, Store(array="", value=u)), is_double=True)
    *before, written = share((*once, loop), (), namer, varying=elements).stages
    assert isinstance(written, Map)
    *within, last = written.body
    assert isinstance(last, Store)
    return numbers(before), numbers(within), last.value


def numbers(stages: Iterable[Stage | Statement]) -> tuple[Part, ...]:
    """Return stages all of which compute numbers."""
    parts: list[Part] = []
    for stage in stages:
        assert isinstance(stage, Let | Root | Invoke)
        parts.append(stage)
    return tuple(parts)


def given(parts: Iterable[Part]) -> Iterator[str]:
    """Yield the names that statements give, without those within the trials of a root."""
    for part in parts:
        yield from part.names if isinstance(part, Invoke) else (part.name,)


def used(parts: Iterable[Part], *trees: Tree) -> dict[str, None]:
    """Return the names that statements and trees use, in the order in which they do."""
    found: dict[str, None] = {}
    for part in parts:
        match part:
            case Let(value=value):
                found |= _names(value)
            case Root(low=low, high=high, start=start, body=body, residual=residual, slope=slope):
                found |= used(body, low, high, start, residual, slope)
            case Invoke(arguments=arguments):
                found |= _names(*arguments)
    return found | _names(*trees)


def _names(*trees: Tree) -> dict[str, None]:
    return dict.fromkeys(node.name for tree in trees for node in walk(tree) if isinstance(node, Name))


def free_names(parts: Iterable[Part]) -> set[str]:
    """Return the names that statements use and do not give."""
    kept = tuple(parts)
    return {*used(kept)} - {*names_in(kept)}


def fresh(parts: Iterable[Part], namer: Namer) -> dict[str, str]:
    """Return names that are free where statements are to stand, by those that they give."""
    return {name: namer.fresh(name) for name in names_in(tuple(parts))}


def stem(name: str) -> str:
    """Return a name without the number behind it."""
    return name.rstrip("0123456789_") or name


def trees_of(own: Mapping[str, str]) -> dict[Tree, Tree]:
    """Return names by names as trees."""
    return {Name(name): Name(other) for name, other in own.items()}


def renamed(parts: Iterable[Part], known: Mapping[Tree, Tree]) -> tuple[Part, ...]:
    """Return statements with other trees for names; what a statement gives has the name that stands for it."""
    values = dict(known)

    def name_of(name: str) -> str:
        tree = values.get(Name(name))
        return tree.name if isinstance(tree, Name) else name

    def now(tree: Tree) -> Tree:
        return substitute(tree, values)

    def other(part: Part) -> Part:
        match part:
            case Let(name=name, value=value):
                return replace(part, name=name_of(name), value=now(value))
            case Root(name=name, low=low, high=high, start=start, body=body, residual=residual, slope=slope):
                return replace(
                    part,
                    name=name_of(name),
                    low=now(low),
                    high=now(high),
                    start=now(start),
                    body=tuple(map(other, body)),
                    residual=now(residual),
                    slope=now(slope),
                )
            case Invoke(names=results, arguments=arguments):
                return replace(part, names=tuple(map(name_of, results)), arguments=tuple(map(now, arguments)))

    return tuple(map(other, parts))


def without_temporaries(parts: Iterable[Part], named: Collection[str], known: dict[Tree, Tree]) -> tuple[Part, ...]:
    """Return statements with temporaries written out.

    Args:
        parts: In order.
        named: The names that are none.
        known: Receives what each temporary stands for.
    """
    kept: list[Part] = []
    for part in parts:
        if isinstance(part, Let) and part.name not in named:
            known[Name(part.name)] = substitute(part.value, known)
            continue
        if isinstance(part, Root):
            part = replace(part, body=without_temporaries(part.body, named, known))
        kept.extend(renamed((part,), known))
    return tuple(kept)


def needed(parts: Iterable[Part], results: Iterable[str]) -> tuple[Part, ...]:
    """Return the statements that some results need."""
    wanted = set(results)
    kept: list[Part] = []
    for part in reversed(tuple(parts)):
        if not wanted.isdisjoint(given((part,))):
            kept.append(part)
            wanted |= {*used((part,))}
    return tuple(reversed(kept))
