"""Derive a proximal operator to be read: from the minimum that it is to cases of v, with its envelope and conjugate.

Takes terms; hands on a `ProxChain`. The operator is the one that is emitted (`updates`), its formulas are as papers
write them (`branches`).
"""

from __future__ import annotations

from dataclasses import replace

from symreg.calculus.border import border
from symreg.calculus.pieces.undefined import undefined_notes
from symreg.calculus.radial import radial_profile
from symreg.calculus.signs.extremes import derivative_of
from symreg.calculus.signs.nondimensional import scaled
from symreg.calculus.symbolic.exponents import restored
from symreg.calculus.symbolic.simplify import tidy
from symreg.claims.sentences import formula_of
from symreg.claims.thresholding import SingleFormula
from symreg.derivation.model import Case, Letters, ProxChain
from symreg.derivation.proximal.branches import Range, beyond, definitions, even_in, formula, objective, single
from symreg.derivation.proximal.conjugate import Y, conjugate
from symreg.derivation.proximal.opening import PHI, PHI_ITSELF, SLOPE, F, Telling
from symreg.derivation.proximal.search import Absorbing, Searching
from symreg.errors import Intractable
from symreg.expressions.arithmetic import (
    INFINITY,
    ONE,
    ZERO,
    W,
    call,
    minus,
    negative,
    over,
    plus,
    power,
    size,
    times,
    where,
)
from symreg.expressions.text import mention
from symreg.expressions.tree import Compare, Logic, Name, Tree, number, substitute
from symreg.model.objective import Objective
from symreg.model.terms import Terms
from symreg.proximal.derive import with_exponents
from symreg.proximal.operator import STEP, Cell, Operator, Rest, V


@border("the proximal operator")
def derive_prox(objective_: Objective, terms: Terms | None = None) -> ProxChain:
    """Return the derivation of the proximal operator of an objective's penalty, or of some of its terms.

    Raises:
        Intractable, NotDifferentiable: Why there is no operator.
    """
    terms = objective_.terms if terms is None else terms
    is_radial = bool(terms.indexed)
    profiles = _profiles(terms) if is_radial else terms
    found, profiles, exponents = with_exponents(profiles)
    letters = _letters(terms, is_radial=is_radial)
    if isinstance(found, Operator) and (found.pull != ZERO or found.rise != ZERO):
        return Absorbing(objective_, terms, profiles, found, letters, exponents, is_radial=is_radial).chain()
    if isinstance(found, Operator):
        return _Cases(objective_, terms, profiles, found, letters, exponents, is_radial=is_radial).chain()
    return Searching(objective_, terms, profiles, found, letters, exponents, is_radial=is_radial).chain()


def _profiles(terms: Terms) -> Terms:
    """Return phi of a function of the norm as terms over single weights, of |w|."""
    rows = [(term, radial_profile(term)) for term in terms.terms]
    size_of: dict[Tree, Tree] = {W: call("abs", W)}
    made = [replace(term, tree=substitute(tree, size_of)) for term, tree in rows if tree is not None]
    if len(made) < len(rows):
        raise Intractable("a proximal operator is derived for sums over single weights and for functions of norm(w)")
    return Terms(terms=tuple(made))


def _letters(terms: Terms, *, is_radial: bool) -> Letters:
    taken = {parameter.name for parameter in terms.parameters}
    u, s, x, r = (next(c for c in letters if c not in taken) for letters in ("uzqabc", "shkdef", "xabcdef", "rlmnij"))
    return Letters(weight=u, point=r if is_radial else "v", step=s, scaled=x)


LARGEST_ENVELOPE = 100
"""Envelopes of more nodes before they are tidied are left to their definition."""

_T = Name("t")
CONJUGATE, ENVELOPE = "phi_conjugate", "envelope"
"""Formal functions: phi* and the Moreau envelope."""

_FEW = 4
"""Of more terms than this nothing is proved on the way: the time would grow faster than their number."""


class _Cases(Telling[Operator]):
    """Writes the steps one after the other, to formulas by cases."""

    def chain(self) -> ProxChain:
        """Return the whole derivation."""
        bound = self.bound()
        is_single = bound is not None and bound.bound != ZERO
        one = single(self.operator, self.parameters, bound.condition if bound else None) if is_single else None
        others: tuple[Range, ...] = ()
        if bound is not None and bound.condition is not None:
            others = beyond(self.operator, self.parameters, None if bound.bound == ZERO else _negated(bound.condition))
        self.opening()
        self.scaling()
        self.pieces(one)
        self.validity(bound)
        if one is not None:
            self.solved(one)
        cases = [self.case(range_) for range_ in ([one] if one is not None else []) + list(others) if range_.is_closed]
        self.results(cases, others, bound)
        dual = None
        if one is not None and bound is not None and bound.condition is None and self.operator.period is None:
            dual = conjugate(one.branches, self.parameters, is_even=self.operator.is_even)
        self.envelopes(cases)
        self.dual(dual)
        shown = self.shown
        return ProxChain(
            objective=self.objective,
            terms=self.terms,
            letters=self.letters,
            steps=tuple(self.steps),
            whys=tuple(self.whys),
            cases=tuple(cases),
            bound=None if bound is None else restored(bound.bound, self.exponents),
            validity=None if bound is None or bound.condition is None else shown(bound.condition),
            conjugate=None if dual is None else restored(dual, self.exponents),
            is_radial=self.is_radial,
            notes=undefined_notes(self.terms),
        )

    def bound(self) -> SingleFormula | None:
        """Return up to which step F rises everywhere: as the claims have it, or by the operator's own cells."""
        found = formula_of(self.profiles) if len(self.profiles.terms) <= _FEW else None
        if found is not None:
            return found
        cells = [item for segment in self.operator.segments for item in segment if isinstance(item, Cell)]
        if len(self.operator.segments) == 1 and not any(cell.turns for cell in cells):
            return SingleFormula(bound=INFINITY, is_strict=False, condition=None)
        return None

    # The equation

    def scaling(self) -> None:
        """Say which one number is left of the step and the parameters."""
        cells = [item for segment in self.operator.segments for item in segment if isinstance(item, Cell)]
        cells += [dip.cell for dip in self.operator.dips if dip.cell is not None]
        slopes = [derivative_of(cell.value, self.parameters) for cell in cells]
        form = scaled(slopes, self.parameters, lengths=[end for cell in cells for end in (cell.low, cell.high)])
        if form.prefactor == ONE and form.scale == ONE:
            return
        x, c = Name(self.letters.scaled), form.scale
        if c != ONE:
            self.put("scaling", W, times(c, x), "and ", Compare("==", V, times(c, Y)))
        group = tidy(over(times(STEP, form.prefactor), c), self.known)
        groups = [Name(group_.parameter.name) for group_ in form.groups]
        left = [part for name in groups if name not in self.exponents for part in (" and ", name)]
        equation: Tree = Compare("==", Y if c != ONE else V, plus(x if c != ONE else W, times(_T, call("dpsi", x))))
        if c == ONE:
            equation = substitute(equation, {x: W})
        self.put(
            "scaling", _T, group, "the equation is ", equation, ": what it looks like depends on ", _T, *left, " alone"
        )

    def pieces(self, one: Range | None) -> None:
        """Write the equation on every piece, and the interval of v on every convex kink."""
        items: list[Rest | Cell]
        if one is not None:
            items = [branch.item for branch in one.branches]
        else:
            items = [item for segment in self.operator.segments for item in segment]
        for item in items:
            if isinstance(item, Rest):
                ends = [self.force(item.position, slope, side) for slope, side in ((item.left, -1), (item.right, 1))]
                is_everywhere = item.left is None and item.right is None
                self.put(
                    "kink",
                    V,
                    call("interval", *ends),
                    "a local minimum whatever it is: the slope is infinite on either side"
                    if is_everywhere
                    else "the subdifferential is an interval: the minimiser stays here meanwhile",
                    condition=Compare("==", W, item.position),
                )
                continue
            slope = derivative_of(item.value, self.parameters)
            why = (PHI_ITSELF, " is constant here") if slope == ZERO else ()
            inside = between(item.low, W, item.high, is_strict=True)
            self.put("piece", V, plus(W, times(STEP, slope)), *why, condition=inside)

    def force(self, u: Tree, slope: Tree | None, side: int) -> Tree:
        if slope is None:
            return INFINITY if side > 0 else negative(INFINITY)
        return tidy(plus(u, times(STEP, slope)), self.known)

    # The cases

    def solved(self, one: Range) -> None:
        for branch in one.branches:
            if isinstance(branch.item, Rest):
                continue
            condition = between(branch.low, V, branch.high, is_strict=False)
            if branch.inverse is None:
                self.put(
                    "solve",
                    W,
                    call("F_inverse", V),
                    *("no closed form of low degree; ", F, " rises: one root, which is enclosed and iterated"),
                    condition=condition,
                )
                continue
            self.put("solve", W, branch.inverse.tree, branch.inverse.method, condition=condition)
            for name, tree in branch.inverse.definitions:
                self.put("abbreviation", Name(name), tree)

    def case(self, range_: Range) -> Case:
        is_even = self.operator.is_even and not self.is_radial
        shown = self.shown
        found = self.envelope(range_, is_even=is_even)
        return Case(
            condition=None if range_.condition is None else shown(range_.condition),
            formula=shown(formula(range_, self.known, is_even=is_even)),
            definitions=tuple((n, shown(t)) for n, t in definitions(range_, self.known, is_even=is_even)),
            envelope=None if found is None else shown(found),
        )

    def results(self, cases: list[Case], others: tuple[Range, ...], bound: SingleFormula | None) -> None:
        is_told = len(others) < len(cases)
        if is_told:
            signs = ("for either sign of ", V) if self.operator.is_even and not self.is_radial else ()
            self.result(cases[0], *signs)
        if bound is not None and bound.condition is None:
            return
        self.jumps(others)
        for case in cases[1 if is_told else 0 :]:
            self.result(case, "at the jump itself the smaller magnitude is taken")

    def result(self, case: Case, *why: str | Tree) -> None:
        self.put("result", self.prox(), case.formula, *why, condition=case.condition)
        told = {(step.before, step.after) for step in self.steps}
        for name, tree in case.definitions:
            if (Name(name), tree) not in told:
                self.put("abbreviation", Name(name), tree)

    def jumps(self, others: tuple[Range, ...]) -> None:
        """Say where the better of two minima changes."""
        taken = {p.name for p in self.parameters}
        a, b = (
            Name(letter) for letter in next(pair for pair in ("ab", "pq", "de", "fh", "kl") if not taken & set(pair))
        )
        left, right = (objective(call(PHI, x), x) for x in (a, b))
        why: tuple[str | Tree, ...] = ("else ", F, " falls between two minima, ", Compare("<", a, b), "; ", a)
        why = (*why, " is the better one below the ", V, " at which they are equally good")
        if not others:
            why = (*why, "; that one is found by iteration, once a call, and at it the smaller magnitude is taken")
        self.put("jump", left, right, *why)
        for range_ in others:
            assert range_.jump is not None
            self.put("jump", V, range_.jump, "where the two are equally good", condition=range_.condition)

    # Envelope and conjugate

    def envelope(self, range_: Range, *, is_even: bool) -> Tree | None:
        """Return the Moreau envelope by cases where u is linear in v on all of them."""
        if not range_.is_linear:
            return None
        rows = []
        for branch in range_.branches:
            assert branch.inverse is not None
            value = (
                branch.item.value
                if isinstance(branch.item, Rest)
                else substitute(branch.item.value, {W: branch.inverse.tree})
            )
            distance = over(power(minus(branch.inverse.tree, V), number(2)), times(number(2), STEP))
            whole = plus(value, distance)
            if size(whole) > LARGEST_ENVELOPE:
                return None
            row = tidy(whole, self.known)
            rows.append(even_in(row, V) if is_even else row)
        v = call("abs", V) if is_even else V
        made = rows[-1]
        for branch, row in reversed(list(zip(range_.branches, rows, strict=True))[:-1]):
            assert branch.high is not None
            made = where(Compare("<=", v, branch.high), row, made)
        return made

    def envelopes(self, cases: list[Case]) -> None:
        envelope = call(ENVELOPE, V)
        whole = plus(call(PHI, W), over(power(minus(W, V), number(2)), times(number(2), STEP)))
        self.put("Moreau envelope", envelope, call("minimum", W, whole), "the least value itself, over ", STEP)
        self.put(
            "its gradient",
            call("denvelope", V),
            over(minus(V, self.prox()), STEP),
            "wherever the minimiser is the only one",
        )
        for case in cases:
            if case.envelope is not None:
                self.put("Moreau envelope", envelope, case.envelope, "the minimiser put in", condition=case.condition)

    def dual(self, found: Tree | None) -> None:
        if found is None:
            return
        whole = minus(times(W, Y), call(PHI, W))
        self.put(
            "Fenchel conjugate",
            call(CONJUGATE, Y),
            call("supremum", W, whole),
            *("attained where ", Compare("==", call(SLOPE, W), Y), ", or ", Y, " lies in the subdifferential"),
        )
        self.put("Fenchel conjugate", call(CONJUGATE, Y), found)


def between(low: Tree | None, x: Tree, high: Tree | None, *, is_strict: bool) -> Tree | None:
    """Return the condition that x lies between two ends; None where both are infinite."""
    operator = "<" if is_strict else "<="
    if low is None and high is None:
        return None
    if low is None or high is None:
        end = low if high is None else high
        assert end is not None
        return Compare(operator if low is None else operator.replace("<", ">"), x, end)
    return Logic("and", (Compare(operator, low, x), Compare(operator, x, high)))


def _negated(condition: Tree) -> Tree:
    match condition:
        case Compare("<", left, right):
            return Compare(">=", left, right)
        case Compare("<=", left, right):
            return Compare(">", left, right)
    raise Intractable(f"{mention(condition, 'a condition')} is no bound")
