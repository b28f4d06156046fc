"""What a plot shows is what the penalty does: kinks, gaps, thresholds, ends and paths are where they should be."""

from __future__ import annotations

import importlib.util
from functools import cache

import numpy as np
import pytest

from symreg import catalogue
from symreg.application.plotting.portraits import picture_of, threshold_of
from symreg.application.plotting.sitter import Sitter, require_known
from symreg.application.plotting.task import _sitter, draw_plot, named_panels
from symreg.application.requests import read_objective
from symreg.errors import Intractable, SpecError, ToolMissing, UnknownName
from symreg.objectives.rules import resolve_rule
from symreg.presentation.plots.portrait import Curve, Picture, Portrait

ALL = named_panels("value,gradient,prox,step")
DESCENT = resolve_rule("gradient_descent")


def told(notice: object) -> None:
    pass


@cache
def sitter(text: str, domain: str | None = None, rule: str = "gradient_descent", **settings: float) -> Sitter:
    return _sitter(told, text, (resolve_rule(rule),), settings, (), domain)[0]


@cache
def picture(text: str, domain: str | None = None, **settings: float) -> Picture:
    return picture_of([sitter(text, domain, **settings)], ALL, DESCENT)


def portrait(text: str, domain: str | None = None, **settings: float) -> Portrait:
    (only,) = picture(text, domain, **settings).portraits
    return only


def gaps(curve: Curve | None) -> list[tuple[float, float, float]]:
    """Return where a curve is interrupted, and what it is before and behind."""
    assert curve is not None
    x, y = np.array(curve.x), np.array(curve.y)
    at = np.flatnonzero(np.isnan(y))
    return [(float(x[k]), float(y[k - 1]), float(y[k + 1])) for k in at]


def test_kink_has_all_slopes_between_its_sides() -> None:
    (kink,) = portrait("l1", lam=0.3).subdifferentials
    assert kink.weight == 0 and (kink.low, kink.high) == pytest.approx((-0.3, 0.3))
    assert portrait("l2").subdifferentials == ()


def test_kink_that_opens_downward_is_a_gap() -> None:
    capped = portrait("capped_l1", lam=0.1, theta=0.5)
    assert [(s.weight, round(s.high, 9)) for s in capped.subdifferentials] == [(0.0, 0.1)]
    assert gaps(capped.gradient) == [
        (pytest.approx(-0.5), pytest.approx(0.0), pytest.approx(-0.1)),
        (0.0, pytest.approx(-0.1), pytest.approx(0.1)),
        (pytest.approx(0.5), pytest.approx(0.1), pytest.approx(0.0)),
    ]


def test_slope_without_bound_is_a_kink_of_all_slopes() -> None:
    (kink,) = portrait("l_half").subdifferentials
    assert kink.low < -100 and kink.high > 100


def test_operator_jumps_where_both_minima_are_as_good() -> None:
    step, lam, gamma, a = 4.0, 0.1, 3.0, 3.7
    _, (at, before, after) = gaps(portrait("mcp", step=step, lam=lam, gamma=gamma).prox)
    assert (at, before, after) == pytest.approx((lam * np.sqrt(gamma * step), 0.0, at))
    _, (at, before, after) = gaps(portrait("scad", step=step, lam=lam, a=a).prox)
    assert (before, after) == pytest.approx((at - lam * step, at))
    assert lam * (a - 1) / 2 < at - lam < lam * (a - 1) * 2


def test_continuous_operator_has_no_gap() -> None:
    assert gaps(portrait("mcp", step=2.9).prox) == []


def test_threshold() -> None:
    assert portrait("l1", lam=0.3, step=2.0).threshold == pytest.approx((-0.6, 0.6))
    assert portrait("l2").threshold is None
    assert portrait("lam*(abs(w) + w/2)", lam=1.0).threshold == pytest.approx((-0.5, 1.5))
    assert threshold_of(lambda v: v - 1) is None
    low, high = portrait("lam*abs(w)", "[0, inf)").threshold or (0, 0)
    assert (low, high) == (-np.inf, 1.0)


def test_end_of_a_domain_has_slopes_that_point_outward() -> None:
    shown = portrait("lam*w**2", "[-1, 2]", lam=1.0)
    ends = {(s.weight, round(s.low, 6), round(s.high, 6)) for s in shown.subdifferentials}
    assert ends == {(-1.0, -np.inf, -2.0), (2.0, 4.0, np.inf)}
    assert shown.value is not None and (shown.value.x[0], shown.value.x[-1]) == (-1.0, 2.0)
    assert portrait("log_barrier").subdifferentials == (), "an open end does not belong to the domain"


def test_paths_are_those_of_the_closed_form() -> None:
    down, up = portrait("l2", lr=0.5, lam=0.1).paths
    assert np.allclose(up.y, up.y[0] * 0.9 ** np.array(up.x)) and np.allclose(down.y, -np.array(up.y))
    assert 0 < up.y[-1] < 0.05 * up.y[0]


def test_path_within_a_domain_begins_there() -> None:
    assert all(path.y[0] > 0 for path in portrait("log_barrier", lr=0.01).paths)


def test_path_that_leaves_ends() -> None:
    (_, up) = portrait("l2", lr=11.0, lam=0.1).paths
    assert np.isfinite(up.y).all() and max(map(abs, up.y)) <= 4 * up.y[0]


@pytest.mark.sweep
def test_range_shows_what_happens() -> None:
    for text, settings, landmark in (
        ("l1", {"lam": 30.0}, 30.0),
        ("huber", {"delta": 1e-3}, 1e-3),
        ("cauchy", {}, 1.0),
    ):
        low, high = picture(text, **settings).range
        assert low == -high and 1.5 * landmark <= high <= 8 * landmark, text
    assert picture("log_barrier").range[0] > -1 and picture("l2").range == (-2.0, 2.0)


def test_parameters_of_one_name_stay_apart() -> None:
    both = sitter("log_sum", None, "adam", lam=0.5, eps=0.3)
    assert both.values["eps"] == 0.3
    assert len(picture_of([both], ALL, resolve_rule("adam"), steps=5).portraits[0].paths[0].x) == 6


@pytest.mark.one_in(2)
@pytest.mark.parametrize("text", ["lam*sum(w[i]**2, i)", "sum(lam*w[i]**2, i)", "-(-lam)*sum(2*w[k]**2, k)/2"])
def test_sum_over_single_weights_is_a_function_of_one(text: str) -> None:
    assert portrait(text, lam=0.1).value == portrait("l2", lam=0.1).value


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    "text", ["first_difference", "lam*norm(w)", "lam*sum(abs(w[i]), i)**2", "variance", "l1 + l2_norm", "tikhonov"]
)
def test_penalty_on_the_whole_vector_is_refused(text: str) -> None:
    with pytest.raises(Intractable, match="acts on the whole vector"):
        sitter(text)


def test_what_is_asked_for_is_checked() -> None:
    with pytest.raises(UnknownName, match="no function 'grad' to plot; did you mean 'gradient'"):
        named_panels("value,grad")
    with pytest.raises(UnknownName, match="there is no parameter 'lamda' to set; did you mean 'lam'"):
        require_known({"lamda": 1.0}, [sitter("l1")])
    with pytest.raises(SpecError, match="lam"):
        picture("l1", lam=-1.0)
    with pytest.raises(SpecError, match="has no value from -2 to -1; give another range"):
        picture_of([sitter("log_barrier")], ALL, DESCENT, limits=(-2.0, -1.0))
    with pytest.raises(SpecError, match="8 objectives"):
        draw_plot(told, objectives=["l1"] * 8, form="svg")


@pytest.mark.sweep
def test_operator_that_is_not_there_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    without = "lam*max(exp(w) - w**2, 0)"
    drawn = draw_plot(told, objectives=[without], form="svg", limits=(-1.0, 1.0))
    assert any("no proximal operator" in note for note in drawn.notes) and b"prox-" not in drawn.data
    with pytest.raises(SpecError, match="leave prox out"):
        draw_plot(told, objectives=[without], form="svg", functions="prox")
    with pytest.raises(SpecError, match="step: the cost has no minimum unless"):
        draw_plot(told, objectives=["-(w**2)"], form="svg", functions="prox")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolMissing, match="the extra 'plot'") as caught:
        draw_plot(told, objectives=["l1"], form="svg")
    assert caught.value.exit_code == 3


@pytest.mark.one_in(32)
@pytest.mark.parametrize("name", catalogue.penalties())
def test_whole_catalogue_is_drawn_or_refused(name: str) -> None:
    if read_objective(name).terms.indexed:
        with pytest.raises(Intractable, match="acts on the whole vector"):
            draw_plot(told, objectives=[name], form="svg")
    else:
        drawn = draw_plot(told, objectives=[name], form="svg", functions="value,gradient,step")
        assert all(f'id="{panel}-'.encode() in drawn.data for panel in ("value", "gradient", "step"))
