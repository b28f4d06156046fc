"""Prove conditions for all values of their names with Z3; what Z3 does not know is left open, so only proofs count.

Functions that are not algebraic stand as unknown numbers about which a few inequalities hold: a proof with these holds
for the functions, a counterexample need not, so none is handed on.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import z3

from symreg.errors import Intractable
from symreg.expressions.arithmetic import rational
from symreg.expressions.formulas import ARGUMENTS, VALUE, function_of
from symreg.expressions.functions import FUNCTIONS
from symreg.expressions.operators import COMPARISONS
from symreg.expressions.tree import Binary, Call, Compare, Constant, Logic, Name, Negate, Number, Tree
from symreg.model.spec import Parameter

EFFORT = 400_000
"""Z3's own count of steps, the same on every machine: some 50 to 100 ms."""
_MOST = 16
"""Powers beyond this are unknown numbers."""


def is_proved(
    claim: Tree, parameters: tuple[Parameter, ...], assumptions: Iterable[Tree] = (), *, effort: int = EFFORT
) -> bool:
    """Does a condition follow from the parameters' domains and the assumptions, for all values of every other name?

    False where it does not, and where Z3 gave up.
    """
    reader = _Reader()
    try:
        negated = z3.Not(reader.condition(claim))
        given = [reader.condition(assumption) for assumption in assumptions]
    except Intractable:
        return False
    solver = z3.SolverFor("QF_NRA")
    solver.set("rlimit", effort)
    solver.add(*(fact for p in parameters for fact in _in_domain(p)), *given, *reader.facts, negated)
    return bool(solver.check() == z3.unsat)


def _in_domain(parameter: Parameter) -> list[Any]:
    x, domain = z3.Real(parameter.name), parameter.domain
    made = []
    if domain.low is not None:
        low = z3.RealVal(str(domain.low))
        made.append(x >= low if domain.low_closed else x > low)
    if domain.high is not None:
        high = z3.RealVal(str(domain.high))
        made.append(x <= high if domain.high_closed else x < high)
    if parameter.above:
        made.append(x > z3.Real(parameter.above))
    return made


class _Reader:
    """Translates trees; collects what is known of the unknown numbers that stand for roots and functions."""

    def __init__(self) -> None:
        self.facts: list[Any] = []
        self.unknowns: dict[Tree, Any] = {}

    def condition(self, tree: Tree) -> Any:
        match tree:
            case Compare(operator, left, right):
                a, b = self.term(left), self.term(right)
                return COMPARISONS[operator](a, b)
            case Logic(operator, operands):
                join = {"and": z3.And, "or": z3.Or, "not": z3.Not}[operator]
                return join(*(self.condition(operand) for operand in operands))
            case _:
                raise Intractable("not a condition")

    def term(self, tree: Tree) -> Any:
        match tree:
            case Number(value):
                return _real(value)
            case Constant("pi"):
                return self.unknown(tree, lambda x: [x > z3.RealVal("3.14159265"), x < z3.RealVal("3.14159266")])
            case Name(name):
                return z3.Real(name)
            case Negate(operand):
                return -self.term(operand)
            case Binary("+", left, right):
                return self.term(left) + self.term(right)
            case Binary("-", left, right):
                return self.term(left) - self.term(right)
            case Binary("*", left, right):
                return self.term(left) * self.term(right)
            case Binary("/", left, right):
                a, b = self.term(left), self.term(right)
                return self.unknown(tree, lambda x: [z3.Implies(b != 0, x * b == a)])
            case Binary("**", base, exponent):
                return self.power(tree, base, rational(exponent))
            case Call("where", (condition, then, otherwise)):
                return z3.If(self.condition(condition), self.term(then), self.term(otherwise))
            case Call():
                return self.call(tree, [self.term(a) for a in tree.arguments])
            case _:
                raise Intractable("a sum is no number")

    def power(self, tree: Tree, base: Tree, exponent: Fraction | None) -> Any:
        a = self.term(base)
        if exponent is None or abs(exponent.numerator) > _MOST or exponent.denominator > _MOST:
            return self.unknown(tree, lambda x: [z3.Implies(a > 0, x > 0)])
        top, bottom = exponent.numerator, exponent.denominator
        if bottom == 1 and top >= 0:
            return _repeated(a, top)
        if top < 0:
            return self.unknown(tree, lambda x: [z3.Implies(a > 0, z3.And(x > 0, _root_is(a, x, -top, bottom)))])
        return self.unknown(
            tree, lambda x: [z3.Implies(a >= 0, z3.And(x >= 0, _repeated(x, bottom) == _repeated(a, top)))]
        )

    def call(self, tree: Call, arguments: list[Any]) -> Any:
        a, function = arguments[0], tree.function
        match function:
            case "abs":
                return z3.If(a >= 0, a, -a)
            case "sign":
                return z3.If(a > 0, z3.RealVal(1), z3.If(a < 0, z3.RealVal(-1), z3.RealVal(0)))
            case "min" | "max":
                made = a
                for b in arguments[1:]:
                    made = z3.If(made <= b if function == "min" else made >= b, made, b)
                return made
            case "sqrt":
                return self.unknown(tree, lambda x: [z3.Implies(a >= 0, z3.And(x >= 0, x * x == a))])
            case _ if function in FUNCTIONS and FUNCTIONS[function].facts:
                return self.unknown(tree, lambda x: self.told(x, tree, arguments))
            case _:
                raise Intractable(f"{function} is not told to Z3")

    def told(self, x: Any, tree: Call, arguments: list[Any]) -> list[Any]:
        """Return the facts of a function's value x at its arguments; other functions stand in them at the same ones."""

        def connect(name: str, *operands: Any) -> Any:
            if name in _CONNECTIVES:
                return _CONNECTIVES[name](*operands)
            return self.call(Call(name, tree.arguments), list(operands))

        facts = FUNCTIONS[tree.function].facts
        told = (function_of(fact, _real, connect, (VALUE, *ARGUMENTS)) for fact in facts)
        return [fact(x, *arguments) for fact in told]

    def unknown(self, tree: Tree, facts: Any) -> Any:
        """Return the number that stands for a subtree; the same one wherever that stands."""
        if tree not in self.unknowns:
            made = self.unknowns[tree] = z3.Real(f"#{len(self.unknowns)}")
            self.facts += facts(made)
        return self.unknowns[tree]


def _repeated(base: Any, count: int) -> Any:
    """Return a power as a product."""
    made = z3.RealVal(1)
    for _ in range(count):
        made = made * base
    return made


def _root_is(base: Any, x: Any, top: int, bottom: int) -> Any:
    """Return that x is base**(-top/bottom)."""
    return _repeated(x, bottom) * _repeated(base, top) == 1


def _real(value: Fraction) -> Any:
    return z3.RealVal(str(value))


_CONNECTIVES: dict[str, Any] = {"and": z3.And, "implies": z3.Implies}
