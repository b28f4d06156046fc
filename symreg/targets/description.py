"""What is to be emitted, in words and kernels: the one description that every target's files are written from.

Takes an objective and its updates, hands on a `Module`: what the header says, and per function its kernel, arguments
and formulas. Nothing here belongs to one language.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import nan

from symreg.expressions.text import to_text
from symreg.expressions.tree import Binary, Logic, Name, Tree, names, number, substitute, walk
from symreg.kernel import Kernel, lower
from symreg.model.interval import WORDS, Interval
from symreg.model.objective import Objective
from symreg.model.spec import Array, Parameter, ProxCall, Rule, State
from symreg.model.terms import Terms
from symreg.proximal.operator import Operator
from symreg.targets.command import command_of, digest_of
from symreg.updates.update import WITHIN_REACH, Update

WIDTH = 96
"""Of lines of words in what is emitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function to be written.

    Args:
        kernel: What it does.
        title: What it is in a few words: `adam step`.
        summary: One sentence.
        formulas: What it computes, an equation a row: left side, sign, right side.
        parameters: Scalars in the order of the arguments: the rule's, then the penalty's.
        arrays: Declared arrays.
        states: Of a rule, in its order.
        counts: Is the number of steps taken kept, as `t`?
        notes: Sentences.
    """

    kernel: Kernel
    title: str
    summary: str
    formulas: tuple[tuple[str, str, str], ...]
    parameters: tuple[Parameter, ...]
    arrays: tuple[Array, ...]
    states: tuple[State, ...] = ()
    counts: bool = False
    notes: tuple[str, ...] = ()

    @property
    def update(self) -> Update:
        """The update that the kernel is of."""
        return self.kernel.update

    @property
    def name(self) -> str:
        """`value`, `gradient`, `prox`, `adam_step`."""
        return self.kernel.update.name

    @property
    def is_indexed(self) -> bool:
        """Is something in index notation, so that the weights have one dimension?"""
        return self.kernel.update.indexed is not None

    @property
    def argument(self) -> str:
        """What the array is called that comes first."""
        return "v" if self.update.kind == "prox" else "w"

    @property
    def needs(self) -> Tree | None:
        """The condition without which an operator's cost has no minimum for a step that all share, or None."""
        operator, rule = self.update.operator, self.update.rule
        if not isinstance(operator, Operator) or operator.needs is None:
            return None
        if rule is None:
            return operator.needs
        # Before the step `t` is one less than in its assignments.
        return _needed(operator.needs, rule, Binary("+", Name("t"), number(1)))

    @property
    def refused(self) -> str:
        """The name of the argument that breaks what is needed: `step`, or the rule's parameter."""
        rule = self.update.rule
        if self.needs is None or rule is None:
            return "step" if self.needs is not None else ""
        used = names(self.needs)
        return next((p.name for p in rule.parameters if p.name in used), "t")

    @property
    def has_out(self) -> bool:
        """Is the result another array?"""
        return self.update.kind in ("gradient", "prox")

    @property
    def kept(self) -> tuple[tuple[str, bool], ...]:
        """What a step keeps, in the order of the arguments: the name, and whether it is an array."""
        rows = [(state.name, state.is_array) for state in self.states]
        return (*rows, ("t", False)) if self.counts else tuple(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """The functions of one objective.

    Args:
        name: Stem of the files.
        title: Of the objective.
        formulas: What R(w) is, as in `Function`.
        references: Of the penalty and the rules, and a caution if nobody judged the files.
        command: That makes the files again.
        digest: SHA-256 of the specs and the target's templates.
        functions: In order.
    """

    name: str
    title: str
    formulas: tuple[tuple[str, str, str], ...]
    references: tuple[str, ...]
    command: str
    digest: str
    functions: tuple[Function, ...]

    @property
    def contents(self) -> str:
        """What there is, as in `value, gradient and adam step` or `value, gradient and 5 update steps`."""
        first = [f.title for f in self.functions if f.update.kind != "step"]
        steps = [f.title for f in self.functions if f.update.kind == "step"]
        *others, last = [*first, f"{len(steps)} update steps"] if len(steps) > 1 else [*first, *steps]
        return f"{', '.join(others)} and {last}" if others else last


UNJUDGED = "NOT JUDGED: written with --unjudged; nobody has compared this code with its formula."


def describe(objective: Objective, updates: tuple[Update, ...], target: str, *, is_judged: bool = True) -> Module:
    """Return the description of an objective's functions."""
    rules = tuple(update.rule for update in updates if update.rule is not None)
    rows = [*objective.references, *(rule.reference for rule in rules)]
    return Module(
        name=objective.name,
        title=objective.title,
        formulas=_penalty(objective.terms),
        references=(*dict.fromkeys(row for row in rows if row), *(() if is_judged else (UNJUDGED,))),
        command=command_of(objective, rules, target, is_judged),
        digest=digest_of(objective, updates, target),
        functions=tuple(_function(update) for update in updates),
    )


def domain_in_words(domain: Interval, above: str = "") -> str:
    """Return what a parameter must be: `> 0`, `>= 1`, `in [0, 1)`, `a real number`, `> lo` (another parameter)."""
    if above:
        return f"> {above}" if domain.is_all else f"{domain_in_words(domain)}, > {above}"
    if domain.is_all:
        return "a real number"
    text = str(Interval(**{key: getattr(domain, key) for key in ("low", "high", "low_closed", "high_closed")}))
    if domain.high is None:
        return f"{'>=' if domain.low_closed else '>'} {float(domain.low or 0):.15g}"
    if domain.low is None:
        return f"{'<=' if domain.high_closed else '<'} {float(domain.high):.15g}"
    return f"in {text}"


def table(rows: Iterable[tuple[str, str, str]], width: int) -> list[str]:
    """Return equations below one another, aligned at their signs and wrapped."""
    kept = list(rows)
    left = max((len(row[0]) for row in kept), default=0)
    made: list[str] = []
    for name, sign, text in kept:
        lead = f"{name:<{left}} {sign} "
        made += textwrap.wrap(
            text,
            width,
            initial_indent=lead,
            subsequent_indent=" " * len(lead),
            break_long_words=False,
            break_on_hyphens=False,
        )
    return made


def wrapped(text: str, width: int, indent: str = "  ") -> list[str]:
    """Return words as lines, those after the first indented."""
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


STEP = Parameter(name="step", domain=WORDS["positive"], default=nan, doc="factor of the penalty")
"""What a proximal operator takes besides the penalty's parameters; it has no default."""


def _function(update: Update) -> Function:
    terms, rule = update.terms, update.rule
    own = rule.parameters if rule else (STEP,) if update.kind == "prox" else ()
    title, summary = {
        "value": ("value", "Return the penalty R(w), the sum over all weights."),
        "gradient": ("gradient", "Return dR/dw, the penalty's gradient."),
        "prox": (
            "proximal operator",
            "Return prox(v), which weighs the penalty against the distance from v.",
        ),
        "step": (
            f"{update.name.replace('_', ' ')}",
            f"Take one step of {rule.name if rule else ''} on L(w) + R(w), in place.",
        ),
    }[update.kind]
    return Function(
        kernel=lower(update),
        title=title,
        summary=summary,
        formulas=_formulas(update),
        parameters=(*own, *terms.parameters),
        arrays=terms.arrays,
        states=rule.states if rule else (),
        counts=rule.uses_t if rule else False,
        notes=(*update.notes, *_refusal(update)),
    )


def _refusal(update: Update) -> tuple[str, ...]:
    """Return what is said of steps for which there is no minimum, as sentences."""
    operator, rule = update.operator, update.rule
    if not isinstance(operator, Operator) or operator.needs is None:
        return ()
    needed = operator.needs if rule is None else _needed(operator.needs, rule, Name("t"))
    said = [] if needed is None else [f"The cost has a minimum only if {to_text(needed)}; other steps are refused."]
    own = [call.step for call in rule.prox_calls if call.is_step_per_weight] if rule else []
    for condition in dict.fromkeys(substitute(operator.needs, {_STEP: step}) for step in own):
        said.append(f"A weight for which {to_text(condition)} does not hold becomes NaN: its cost has no minimum.")
    return tuple(said)


def _needed(needs: Tree, rule: Rule, t: Tree) -> Tree | None:
    """Return what an operator needs of the steps that all weights of a rule share; None where there are none.

    It is over the rule's parameters, its states before the step, and `t`.
    """
    found = [_shared(rule, call, t) for call in rule.prox_calls if not call.is_step_per_weight]
    conditions = tuple(dict.fromkeys(substitute(needs, {_STEP: step}) for step in found))
    return None if not conditions else conditions[0] if len(conditions) == 1 else Logic("and", conditions)


def _shared(rule: Rule, call: ProxCall, t: Tree) -> Tree:
    known: dict[Tree, Tree] = {Name("t"): t}
    for row in rule.steps:
        if any(node == call.tree for node in walk(row.expression)):
            break
        known[Name(row.target)] = substitute(row.expression, known)
    return substitute(call.step, known)


_STEP = Name(STEP.name)


def _penalty(terms: Terms) -> tuple[tuple[str, str, str], ...]:
    """Return R(w) as it was written."""
    rows: list[tuple[str, str, str]] = []
    phis = [_weighted(term.coefficient, term.tree) for term in terms.elementwise]
    sums = [to_text(_weighted(term.coefficient, term.tree)) for term in terms.indexed]
    if phis:
        sums = ["sum(phi(w[i]), i)", *sums]
        rows.append(("phi(w)", "=", to_text(_total(phis))))
    moving = dict.fromkeys(term.domain for term in terms.terms if term.domain.names)
    rows += [("w[i]", "in", f"{domain}, elsewhere R(w) is +inf") for domain in moving]
    return (("R(w)", "=", " + ".join(sums)), *rows)


def _formulas(update: Update) -> tuple[tuple[str, str, str], ...]:
    """Return what a function computes, in the form in which it is computed."""
    if update.kind == "value":
        return ()
    if update.kind == "prox":
        cost = "step*R(u) + norm(u - v)**2/2" if update.is_radial else "step*phi(u) + (u - v)**2/2"
        return (("prox(v)", "=", f"argmin over u of {cost}"),)
    slope: list[tuple[str, str, str]] = []
    addends = []
    if update.elementwise is not None:
        addends.append("phi'(w[j])")
        slope.append(("phi'(w)", "=", to_text(substitute(update.elementwise, {WITHIN_REACH: Name("w")}))))
    if update.indexed is not None:
        addends.append(to_text(update.indexed))
    slope.insert(0, ("dR/dw[j]", "=", " + ".join(addends)))
    if update.kind == "gradient":
        return tuple(slope)
    steps = [(step.target, "<-", to_text(step.expression)) for step in update.assignments]
    return (*steps, ("g_penalty", "=", "dR/dw[j], of the weights before the step"), *slope)


def _weighted(coefficient: Fraction, tree: Tree) -> Tree:
    return tree if coefficient == 1 else Binary("*", number(coefficient), tree)


def _total(trees: Iterable[Tree]) -> Tree:
    first, *others = trees
    for other in others:
        first = Binary("+", first, other)
    return first
