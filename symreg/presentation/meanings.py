"""What each claim about a penalty says, as a sentence with its mathematics quantified."""

from __future__ import annotations

from collections.abc import Collection

from symreg.claims.verdict import PHI, PHI_OF_W, SLOPE, SLOPE_OF_W
from symreg.expressions.arithmetic import INFINITY, ONE, ZERO, W, call, minus, negative, over, plus, power, times
from symreg.expressions.tree import Compare, Name, Tree, names, number, substitute
from symreg.presentation.outline.document import Sentence

_U, _V, _A = Name("u"), Name("v"), Name("a")
_TWO = number(2)
_RATE, _STEP, _RHO, _MU, _BOUND, _SLOPE_BOUND, _DEGREE = map(Name, ("lr", "step", "rho", "mu", "L", "G", "d"))
_CONSTANTS = (_A, _RATE, _STEP, _RHO, _MU, _BOUND, _SLOPE_BOUND, _DEGREE)
_ALL_W: Sentence = (" for all ", W)
_ALL_PAIRS: Sentence = (" for all ", _U, ", ", _V)
_FAR: Sentence = (" as ", call("abs", W), " runs to ", INFINITY)


def _half_square(factor: Tree) -> Tree:
    return over(times(factor, power(W, _TWO)), _TWO)


def meaning_of(claim: str, taken: Collection[str]) -> Sentence:
    """Return what a claim says, its constants in letters that are no parameter's.

    Args:
        claim: Its name.
        taken: The parameters.
    """
    meaning = _MEANINGS[claim]
    used = {name for part in meaning if not isinstance(part, str) for name in names(part)}
    letters = (letter for letter in "ckqbefhpradmosxz" if letter not in used.union(taken))
    own: dict[Tree, Tree] = {c: Name(next(letters)) for c in _CONSTANTS if c.name in used.intersection(taken)}
    return tuple(part if isinstance(part, str) else substitute(part, own) for part in meaning)


_MEANINGS: dict[str, Sentence] = {
    "even": (Compare("==", call("phi", negative(W)), PHI_OF_W), *_ALL_W),
    "nonnegative": (Compare(">=", PHI_OF_W, ZERO), *_ALL_W),
    "continuous": (PHI, " has no jump"),
    "differentiable": (SLOPE_OF_W, " exists", *_ALL_W),
    "convex": (
        Compare("<=", call("phi", over(plus(_U, _V), _TWO)), over(plus(call("phi", _U), call("phi", _V)), _TWO)),
        *_ALL_PAIRS,
    ),
    "weakly convex": (plus(PHI_OF_W, _half_square(_RHO)), " is convex for some ", Compare(">=", _RHO, ZERO)),
    "strongly convex": (minus(PHI_OF_W, _half_square(_MU)), " is convex for some ", Compare(">", _MU, ZERO)),
    "gradient Lipschitz": (
        Compare(
            "<=",
            call("abs", minus(call("dphi", _V), call("dphi", _U))),
            times(_BOUND, call("abs", minus(_V, _U))),
        ),
        " for some ",
        _BOUND,
        " and all ",
        _U,
        ", ",
        _V,
    ),
    "monotone": (SLOPE, " has one sign"),
    "bounded slope": (Compare("<=", call("abs", SLOPE_OF_W), _SLOPE_BOUND), " for some ", _SLOPE_BOUND, " and all ", W),
    "coercive": (PHI_OF_W, " runs to ", INFINITY, *_FAR),
    "shrinks toward the origin": (Compare(">=", times(W, SLOPE_OF_W), ZERO), *_ALL_W),
    "step without overshoot": (Compare("<=", over(times(_RATE, SLOPE_OF_W), W), ONE), " for all ", W, " but ", ZERO),
    "step that contracts": (
        Compare("<", call("abs", minus(W, times(_RATE, SLOPE_OF_W))), call("abs", W)),
        " wherever ",
        SLOPE_OF_W,
        " is not ",
        ZERO,
    ),
    "sparse": (SLOPE, " is negative beside ", ZERO, " on the left and positive on the right"),
    "unbiased": (SLOPE_OF_W, " runs to ", ZERO, *_FAR),
    "continuous thresholding": (call("prox", _V, _STEP), " is continuous in ", _V),
    "positively homogeneous": (
        Compare("==", call("phi", times(_A, W)), times(power(_A, _DEGREE), PHI_OF_W)),
        " for some ",
        _DEGREE,
        " and all ",
        Compare(">", _A, ZERO),
    ),
    "prox by quadratics": (
        Compare("==", plus(_U, times(_STEP, call("dphi", _U))), _V),
        " is of degree at most ",
        _TWO,
        " in ",
        _U,
        ", or in a root of it, on every piece",
    ),
}
"""By the claim's name; over one weight."""
