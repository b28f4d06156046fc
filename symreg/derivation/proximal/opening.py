"""How each operator's derivation begins: what it is, what a minimiser satisfies, and when there is one formula."""

from __future__ import annotations

from symreg.calculus.radial import radial_profile
from symreg.calculus.symbolic.simplify import simplify
from symreg.claims.thresholding import SingleFormula
from symreg.derivation.proximal.writer import PHI, PHI_ITSELF, SLOPE, F, Words, Writer
from symreg.expressions.arithmetic import ONE, ZERO, W, call, minus, negative, over, plus, times, total
from symreg.expressions.tree import Call, Compare, Name, Tree, number, walk
from symreg.proximal.jump_formulas import cost
from symreg.proximal.operator import STEP, V


def open_derivation(writer: Writer, period: Tree | None = None) -> None:
    """Write what the operator is, and what every minimiser satisfies.

    Args:
        writer: Takes the steps.
        period: Of a periodic phi.
    """
    if writer.is_radial:
        _along_the_ray(writer)
    phi = call(PHI, W)
    writer.put(
        "penalty",
        phi,
        _profile(writer),
        "one weight at a time" if not writer.is_radial else "as a function of the length",
    )
    writer.put("proximal operator", writer.prox, call("argmin", W, cost(phi, W)), Compare(">", STEP, ZERO))
    if writer.is_even and not writer.is_radial:
        writer.put(
            "symmetry",
            call("prox", negative(V), STEP),
            negative(call("prox", V, STEP)),
            *(PHI_ITSELF, " is even: ", Compare(">=", V, ZERO), " and ", Compare(">=", W, ZERO), " are enough"),
        )
    if period is not None:
        writer.put(
            "periodicity",
            call("prox", plus(V, period), STEP),
            plus(call("prox", V, STEP), period),
            *(PHI_ITSELF, " repeats itself, and so ", V, " is taken to within half a period of ", ZERO),
        )
    writer.put(
        "stationarity",
        ZERO,
        plus(minus(W, V), times(STEP, call("subdifferential", phi))),
        "what every minimiser satisfies",
    )
    writer.put(
        "on smooth pieces",
        V,
        plus(W, times(STEP, call(SLOPE, W))),
        *("call the right side ", call("F", W), "; a minimum lies where ", F, " rises"),
    )


def _along_the_ray(writer: Writer) -> None:
    """Write that the minimiser of a function of the norm lies on the ray of the point."""
    u, v, s = (Name(name) for name in (writer.letters.weight, writer.letters.point, writer.letters.step))
    point = Name("v")
    of = "R is a function of the norm alone"
    if writer.terms.groups is not None:
        of = f"of each group by itself, with its step times {writer.terms.groups.weights}[g] for the step: R is a "
        of += "function of its norm, nowhere less than at 0"
    writer.put(
        "radial theorem",
        call("prox", point, s),
        times(over(u, v), point),
        f"{of}, so the minimiser lies on the ray of ",
        *(point, "; ", u, " is its norm, and ", v, " that of ", point),
        raw=True,
    )


def _profile(writer: Writer) -> Tree:
    """Return phi as it was written; of a function of the norm, over the norm."""
    if writer.terms.grouped:
        return writer.phi.value
    trees = [radial_profile(term) if writer.is_radial else term.tree for term in writer.terms.terms]
    rows = zip(writer.terms.terms, trees, strict=True)
    return total([times(number(term.coefficient), tree) for term, tree in rows if tree is not None])


def tell_validity(writer: Writer, bound: SingleFormula | None) -> None:
    """Write up to which step F rises everywhere; nothing where that is not decided."""
    if bound is None:
        return
    curvature, rises = call("ddphi", W), call("dF", W)
    rise = plus(ONE, times(STEP, curvature))
    if bound.condition is None:
        writer.put(
            "validity",
            rises,
            rise,
            *(PHI_ITSELF, " is convex: ", F, " rises everywhere for every "),
            *(STEP, ", and one formula holds for all ", V),
        )
    elif bound.bound == ZERO:
        falls = "the slope jumps down, or falls without bound: for no "
        writer.put("validity", rises, rise, falls, STEP, " does ", F, " rise everywhere")
    else:
        why: tuple[Words, ...] = (F, " rises everywhere, and one formula holds for all ", V)
        if bound.is_strict:
            why = (*why, "; not at the bound itself, where ", F, " is constant on an interval")
        if not _has_where(bound.bound):
            least = simplify(negative(over(ONE, bound.bound)), writer.parameters)
            writer.put("least curvature", call("infimum", W, curvature), least, "over all smooth pieces")
        writer.put("validity", rises, rise, *why, condition=bound.condition)


def _has_where(tree: Tree) -> bool:
    return any(isinstance(node, Call) and node.function == "where" for node in walk(tree))
