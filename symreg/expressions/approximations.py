"""Functions that no library has, approximated: what emitted code computes them by, a row each, of text and numbers.

A row's coefficients come from `tests/support/interpolation.py`, which says how; a test works them out again, and
another holds what they give against balls.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Approximation:
    """A function of t >= 0 as `f(t) = p(q)/(t + shift)**power`, q = (t - scale)/(t + scale), p a polynomial.

    Args:
        name: What formulas of the table of functions call it (column `emitted`).
        doc: What it is.
        scale: The t at which q is 0: it takes t from 0 to infinity to q from -1 to 1.
        shift: At least 1, so that there is no pole.
        power: Far out f(t) falls like 1/t**power.
        double: The polynomial's coefficients in double precision, the highest power first, with spaces between.
        single: Those of a shorter one, which is as good in single precision.
    """

    name: str
    doc: str
    scale: int
    shift: int
    power: int
    double: str
    single: str


_ROWS = (
    Approximation(
        name="normal_excess",
        doc="E[X - t | X > t] of a standard normal X, t >= 0",
        scale=4,
        shift=1,
        power=1,
        double=(
            "6.9100219813068022e-9 1.6408782709952746e-9 -7.3194899313321173e-8 1.0280565972055142e-8 "
            "3.9978383672116731e-7 -2.8046028027705547e-7 -1.5339209924039294e-6 2.3331034918042366e-6 "
            "4.5911334921464475e-6 -1.2794784906688889e-5 -1.0273011792657902e-5 5.5326977418264525e-5 "
            "9.2121253116863478e-6 -2.0243886411859457e-4 6.8740614016779238e-5 6.3900488227111966e-4 "
            "-5.6038341506849138e-4 -1.693714638995166e-3 2.7520372390943735e-3 3.2926607174017746e-3 "
            "-1.060553895943636e-2 -1.1290861315951631e-3 3.242420504450178e-2 -3.0769392021502346e-2 "
            "-6.1071084203172226e-2 1.9293246887907473e-1 -1.921037481908367e-1 -6.2056379981136373e-2 "
            "1.1280357224473554"
        ),
        single=(
            "2.18432174e-4 -3.23281988e-4 -1.22170353e-3 2.43796146e-3 3.00170141e-3 -1.03967155e-2 -1.03280231e-3 "
            "3.23522793e-2 -3.0784936e-2 -6.10592131e-2 1.92933425e-1 -1.92104486e-1 -6.20563897e-2 1.12803573"
        ),
    ),
    Approximation(
        name="normal_third_moment",
        doc="the third central moment of a standard normal X, given that X > t, t >= 0",
        scale=3,
        shift=2,
        power=3,
        double=(
            "6.5811346191035798e-7 7.7701867104137055e-7 -5.8121235237688136e-6 -8.1831073470066314e-6 "
            "2.1355854650819494e-5 3.7570160635346951e-5 -3.7851088061350873e-5 -9.0544502561850325e-5 "
            "2.7311782973308488e-5 8.8225589246956538e-5 -8.3979696299289256e-5 7.3888514381754449e-5 "
            "7.7561436978846029e-4 1.3339249538477578e-4 -3.1952920926302888e-3 -3.5472306172633992e-3 "
            "7.2206572124320454e-3 1.717857585085029e-2 -6.2173610693945414e-3 -5.1209998262003395e-2 "
            "-2.1566419835958628e-2 1.1105019982510411e-1 1.2045474990871668e-1 -1.8203114334057181e-1 "
            "-3.5631462573925941e-1 2.1607342476747675e-1 8.0309727329365706e-1 -1.4213156491061111e-1 "
            "-1.5206859093429983 -6.9181285928159805e-2 2.5171172254226491 2.6761699254572065e-1 "
            "-3.6023872422455542 -3.6107552678913946e-2 3.933834103855311"
        ),
        single=(
            "3.67621263e-3 -9.9401581e-3 -3.01590034e-2 5.49507492e-2 1.25257714e-1 -1.36608062e-1 -3.58028242e-1 "
            "1.93947518e-1 8.03474074e-1 -1.35828797e-1 -1.5207332 -7.01518184e-2 2.5171201 2.67685013e-1 "
            "-3.6023873 -3.61089587e-2 3.9338341"
        ),
    ),
)

APPROXIMATIONS = {row.name: row for row in _ROWS}
