"""Where a minimiser is needed, and the names that its routines have of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from symreg.expressions.tree import Name, Tree
from symreg.kernel.ir import Routine
from symreg.kernel.names import Namer
from symreg.kernel.proximal.scope import Statements
from symreg.proximal.operator import STEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a minimiser is needed.

    Args:
        x: The number that it is of, a name.
        step: s, a name.
        once: Receives what is the same for all elements.
        each: Receives what is computed for each; may be `once`, where all of it is, or where nothing is the same.
        is_scalar: Is it one number, and no loop's?
        namer: Knows the names in use.
        parameters: Names that the operator is over, in order.
        per_weight: Those of them that are another number for each element.
    """

    x: Name
    step: Tree
    once: Statements
    each: Statements
    is_scalar: bool = False
    namer: Namer
    parameters: tuple[str, ...]
    per_weight: tuple[str, ...] = ()

    @property
    def own_x(self) -> Name:
        """What a routine calls the number that the minimiser is of."""
        return Name(Namer({*self.parameters, STEP.name}).fresh("x"))

    def own_names(self, *taken: str) -> Namer:
        """Return the names that are free in a routine; they do not depend on who invokes it."""
        return Namer({*self.parameters, STEP.name, "n", self.own_x.name, *taken})

    def scalars(self, names: Collection[str]) -> tuple[str, ...]:
        """Return those of the step and the parameters that are among the names."""
        return tuple(name for name in (STEP.name, *self.parameters) if name in names)

    def arguments(self, routine: Routine, outside: Mapping[Tree, Tree]) -> tuple[Tree, ...]:
        """Return what a routine takes where it is invoked.

        Args:
            routine: The routine.
            outside: What stands there for names of the routine, besides the step and the number.
        """
        known: dict[Tree, Tree] = {**outside, self.own_x: self.x, STEP: self.step}
        return tuple(known.get(Name(name), Name(name)) for name in (*routine.arguments, *routine.elements))
