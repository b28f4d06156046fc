"""A rule beside an objective: names that both have are told apart, so that each has one meaning in all of a file.

The objective's names stay as they are; the rule's get its own name in front: `eps` of `adam` becomes `adam_eps`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from symreg.model.names import is_free
from symreg.model.spec import Assignment, Parameter, Rule, State
from symreg.model.terms import Terms, renamed_tree


def told_apart(rule: Rule, terms: Terms, letters: Collection[str] = ()) -> Rule:
    """Return a rule whose parameters, states and local names are no names of an objective's.

    A rule that was told apart from the same terms before comes back as it is.

    Args:
        rule: As its author wrote it.
        terms: Of the objective; a rule that takes only some of them is told apart from all.
        letters: Other names with a meaning, as the number of samples has in a derivation.
    """
    own = own_names(rule)
    taken = {*terms.names, *letters}
    known = {*own, *taken}
    renamed: dict[str, str] = {}
    for name in sorted(own & taken):
        new = f"{rule.name}_{name}"
        while new in known or not is_free(new):
            new += "_own"
        known.add(new)
        renamed[name] = new
    return replace(under_names(rule, renamed), renamed=(*rule.renamed, *renamed.items())) if renamed else rule


def own_names(rule: Rule) -> frozenset[str]:
    """Return the names of a rule's parameters, states and what its steps assign."""
    return frozenset(
        (*(p.name for p in rule.parameters), *(s.name for s in rule.states), *(step.target for step in rule.steps))
    )


def notes_on_names(rule: Rule, letters: Collection[str] = ()) -> tuple[str, ...]:
    """Return what is to be told of a rule's names beside an objective, one line each.

    Args:
        rule: Told apart from the objective.
        letters: Names that are not the objective's, but have a meaning beside it.
    """
    return tuple(
        f"{new} is {rule.name}'s own {old}" + (_ELSE if old in letters else f"; {old} is the penalty's")
        for old, new in rule.renamed
    )


_ELSE = ", which means something else in a derivation"


def under_names(rule: Rule, new: Mapping[str, str]) -> Rule:
    """Return a rule some of whose own names are others."""

    def name_of(name: str) -> str:
        return new.get(name, name)

    def parameter(old: Parameter) -> Parameter:
        return replace(old, name=name_of(old.name), above=name_of(old.above))

    def state(old: State) -> State:
        return replace(old, name=name_of(old.name))

    def assignment(old: Assignment) -> Assignment:
        return Assignment(target=name_of(old.target), expression=renamed_tree(old.expression, new))

    return replace(
        rule,
        steps=tuple(map(assignment, rule.steps)),
        states=tuple(map(state, rule.states)),
        parameters=tuple(map(parameter, rule.parameters)),
    )
