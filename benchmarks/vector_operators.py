"""The peers' operators of vectors: which are audited, on which groups of weights, and what is said of them.

Without groups each weight has an element of a parameter, or vectors are taken as they are.
"""

from __future__ import annotations

from operators import Entry

_OF_SKGLM = ("grp_ptr=[0,3,6,8]", "grp_indices=[0,1,2,3,4,5,6,7]")
_UNEVEN = "3:1,3:2,2:0.5"
_BLOCKS = "skglm.penalties.block_separable"
_WEIGHTS = "weights=[1.0,0.0,2.0,0.5]"
_MCP = "where(abs(w) <= gamma*alpha, alpha*abs(w) - w**2/(2*gamma), gamma*alpha**2/2)"
_NORMS = "group(l1(lam=1))"
_EPS = "1e-16 is added to the norm, which shows where the result is small beside the input."
_DIFFERENCES = "difference(l1(lam=sigma))"

ENTRIES: tuple[tuple[Entry, str], ...] = (
    (Entry(place="pyproximal:L21", arguments=("ndim=2", "sigma=0.7"), objective="group(l1(lam=sigma))"), "2:1,2:1,2:1"),
    (
        Entry(
            place="pyproximal:L21_plus_L1",
            arguments=("sigma=0.7", "rho=0.4"),
            objective="l1(lam=a) + group(l1(lam=b))",
            settings=("a=0.28", "b=0.42"),
        ),
        "2:1,2:1,2:1",
    ),
    (Entry(place=f"{_BLOCKS}:L2_1", arguments=("alpha=0.7",), objective="group(l1(lam=alpha))"), "3:1,3:1"),
    (Entry(place=f"{_BLOCKS}:L2_05", arguments=("alpha=0.7",), objective="group(alpha*sqrt(abs(w)))"), "3:1,3:1"),
    (
        Entry(
            place=f"{_BLOCKS}:BlockMCPenalty", arguments=("alpha=0.7", "gamma=3.0"), objective="group(mcp(lam=alpha))"
        ),
        "3:1,3:1",
    ),
    (
        Entry(
            place=f"{_BLOCKS}:BlockSCAD",
            arguments=("alpha=0.7", "gamma=3.7"),
            objective="group(scad(lam=alpha))",
            settings=("a=3.7",),
        ),
        "3:1,3:1",
    ),
    (
        Entry(
            place=f"{_BLOCKS}:WeightedGroupL2",
            arguments=("alpha=0.7", "weights=[1.0,2.0,0.5]", *_OF_SKGLM),
            objective="group(l1(lam=alpha))",
        ),
        _UNEVEN,
    ),
    (
        Entry(
            place=f"{_BLOCKS}:WeightedGroupL2",
            arguments=("alpha=0.7", "weights=[1.0,2.0,0.5]", *_OF_SKGLM, "positive=True"),
            objective="nonnegative() + group(l1(lam=alpha))",
        ),
        _UNEVEN,
    ),
    (
        Entry(
            place=f"{_BLOCKS}:WeightedL1GroupL2",
            arguments=(
                "alpha=0.7",
                "weights_groups=[1.0,2.0,0.5]",
                "weights_features=[1.0,0.1,2.0,0.5,1.0,1.0,3.0,0.2]",
                *_OF_SKGLM,
            ),
        ),
        "3,3,2",
    ),
    (
        Entry(
            place="skglm.penalties:WeightedL1",
            arguments=("alpha=0.7", _WEIGHTS),
            objective="alpha*weights[n]*abs(w)",
        ),
        "",
    ),
    (
        Entry(
            place="skglm.penalties:WeightedMCPenalty",
            arguments=("alpha=1.0", "gamma=3.0", _WEIGHTS),
            objective=f"weights[n]*{_MCP}",
        ),
        "",
    ),
    (
        Entry(
            place="pyproximal:Box",
            arguments=("lower=[-1.0,0.0,-3.0]", "upper=[1.0,2.0,5.0]"),
            objective="box(lower[n], upper[n])",
        ),
        "",
    ),
    (Entry(place="pyproximal:Euclidean", arguments=("sigma=0.7",), objective="group(l1(lam=sigma))"), "4:1"),
    (Entry(place="pyproximal:EuclideanBall", arguments=("center=0.0", "radius=1.5")), "3"),
    (Entry(place="pyproximal:TV", arguments=("dims=(5,)", "sigma=0.7"), objective=_DIFFERENCES), "5"),
    (
        Entry(
            place="pyproximal:TV",
            arguments=("dims=(5,)", "sigma=0.7", "niter=300", "rtol=0.0"),
            objective=_DIFFERENCES,
        ),
        "5",
    ),
    (Entry(place="proxop:L2Norm", objective=_NORMS), "4:1"),
    (Entry(place="proxop:L21columns", objective=_NORMS), "2:1,2:1,2:1"),
    (Entry(place="proxop:L21rows", objective=_NORMS), "2:1,2:1,2:1"),
    (Entry(place="proxop:L2Positive", objective=f"nonnegative() + {_NORMS}"), "4:1"),
    (
        Entry(place="proxop:Vapnik", arguments=("epsilon=0.5",), objective="group(max(abs(w) - epsilon, 0))"),
        "4:1",
    ),
    (Entry(place="proxop:Max"), "4"),
    (Entry(place="proxop:Linf"), "4"),
    (Entry(place="proxop:Linf1"), "2,2,2"),
    (Entry(place="proxop:L2Ball", arguments=("eta=1.5",)), "3"),
    (Entry(place="proxop:L1Ball", arguments=("eta=1.5",)), "3"),
    (Entry(place="proxop:PositiveL2Ball", arguments=("eta=1.5",)), "3"),
    (Entry(place="proxop:Hyperslab", arguments=("u=[1.0,-0.5,2.0]",)), "3"),
    (Entry(place="proxop:AffineBarrier", arguments=("a=[1.0,-0.5,2.0]", "b=1.5")), "3"),
    (Entry(place="proxop:HyperslabBarrier", arguments=("a=[1.0,-0.5,2.0]",)), "3"),
    (Entry(place="proxop:L2BallBarrier", arguments=("center=[0.0,0.0,0.0]", "radius2=4.0")), "3"),
)
"""Each with the sizes of groups, and their weights in the formula; "" where there are none."""

REMARKS = {
    f"{_BLOCKS}:L2_05": "At a group of zeros it raises, for a division by the norm.",
    f"{_BLOCKS}:BlockMCPenalty": "At a group of zeros NaN comes out, of a division by the norm. Beyond that, with "
    "steps above gamma, norms below step*alpha are set to 0 where the group itself has the lower objective.",
    f"{_BLOCKS}:BlockSCAD": "At a group of zeros NaN comes out, of a division by the norm.",
    "skglm.penalties:WeightedMCPenalty": "As MCPenalty.",
    "pyproximal:Euclidean": "The gradient is NaN at a vector of zeros, where there is none.",
    "pyproximal:TV": "FISTA on the dual problem: ten iterations, and a tolerance of 1e-4, unless it is told otherwise; "
    "with 300 and none it is right to 1e-8. `hasgrad` is True, and `grad` is inherited: that of a Moreau envelope.",
    "proxop:L2Norm": _EPS,
    "proxop:L21columns": _EPS,
    "proxop:L21rows": _EPS,
    "proxop:Linf": "The operator of the greatest size is that of the greatest element, with the signs put back; with a "
    "step above the sum of the sizes they come out turned, where 0 is right.",
    "proxop:Linf1": "But for the first one, a row comes out as 0 where all of its sizes are cut off.",
    "proxop:L1Ball": "By Linf, whose fault it has: points inside are moved.",
    f"{_BLOCKS}:WeightedL1GroupL2": "The operator of group g takes the weight of feature number g, "
    "`weights_features[g]`, for all features of the group. With equal weights of features it is right.",
}
