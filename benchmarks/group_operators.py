"""The peers' operators of groups of weights: which are audited, with the sizes of groups, and what is said of them."""

from __future__ import annotations

from operators import Entry

_OF_SKGLM = ("grp_ptr=[0,3,6,8]", "grp_indices=[0,1,2,3,4,5,6,7]")
_UNEVEN = "3:1,3:2,2:0.5"
_BLOCKS = "skglm.penalties.block_separable"

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
)
"""Each with the sizes of groups, and their weights in the formula."""

REMARKS = {
    f"{_BLOCKS}:L2_05": "At a group of zeros it raises, for a division by the norm.",
    f"{_BLOCKS}:BlockMCPenalty": "At a group of zeros NaN comes out, of a division by the norm. Beyond that, with "
    "steps above gamma, norms below step*alpha are set to 0 where the group itself has the lower objective.",
    f"{_BLOCKS}:BlockSCAD": "At a group of zeros NaN comes out, of a division by the norm.",
    f"{_BLOCKS}:WeightedL1GroupL2": "The operator of group g takes the weight of feature number g, "
    "`weights_features[g]`, for all features of the group. With equal weights of features it is right.",
}
