"""What a worker does for `symreg plot`: objectives given as text in, the bytes of a picture and notes out."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from symreg.application.requests import read_objective
from symreg.application.tasks.objectives import derive_updates
from symreg.application.worker import Phase, Tell
from symreg.errors import SpecError, ToolMissing, UnknownName
from symreg.model.names import did_you_mean

if TYPE_CHECKING:
    from symreg.application.plotting.sitter import Sitter
    from symreg.model.spec import Rule
    from symreg.presentation.plots.figure import Form
    from symreg.presentation.plots.portrait import Panel

PANELS: tuple[Panel, ...] = ("value", "gradient", "prox", "step")
UNLESS_ASKED: tuple[Panel, ...] = PANELS[:3]
MOST_OBJECTIVES = 7
MOST_STEPS = 100_000


class DrawnPlot(NamedTuple):
    """The bytes of a picture, and what its reader must know besides, one line each."""

    data: bytes
    notes: tuple[str, ...]


def draw_plot(
    tell: Tell,
    *,
    objectives: Sequence[str],
    form: Form,
    functions: str | None = None,
    rule: str = "gradient_descent",
    settings: Mapping[str, float] | None = None,
    limits: tuple[float, float] | None = None,
    steps: int | None = None,
    parameters: Sequence[str] = (),
    domain: str | None = None,
) -> DrawnPlot:
    """Return a picture of penalties laid over each other.

    Args:
        tell: Called with each phase.
        objectives: Texts, from one to seven.
        form: Of the picture.
        functions: Which panels, joined by commas; None for those that a penalty has.
        rule: Whose steps lead along a path.
        settings: Numbers of parameters; the others have their defaults.
        limits: Of the weight.
        steps: How many a path has.
        parameters: Declarations of parameters.
        domain: Where each weight lies.

    Raises:
        ToolMissing: There is no matplotlib.
        SymregError: An objective, or what is asked of it, is wrong.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise ToolMissing("matplotlib, of the extra 'plot', is missing; pip install matplotlib")
    panels = named_panels(functions)
    if len(objectives) > MOST_OBJECTIVES:
        raise SpecError(f"{len(objectives)} objectives: a plot tells {MOST_OBJECTIVES} lines apart")

    tell(Phase("load matplotlib", is_symbolic=False))
    from symreg.application.plotting.portraits import picture_of
    from symreg.application.plotting.sitter import require_known
    from symreg.objectives.rules import resolve_rule
    from symreg.presentation.plots.figure import draw

    followed = resolve_rule(rule)
    sitters: list[Sitter] = []
    notes: list[str] = []
    for text in objectives:
        sitter, about = _sitter(tell, text, (followed,) if "step" in panels else (), settings or {}, parameters, domain)
        sitters.append(sitter)
        notes += about
    tell(Phase("draw", is_symbolic=False))
    require_known(settings or {}, sitters)
    panels, without = _with_operator(panels, sitters, is_asked=functions is not None)
    picture = picture_of(sitters, panels, followed, limits=limits, steps=steps)
    return DrawnPlot(data=draw(picture, form), notes=(*notes, *without))


def named_panels(functions: str | None) -> tuple[Panel, ...]:
    """Return the panels that are named, joined by commas, each once, in the order in which they are named.

    Raises:
        UnknownName: There is no such panel, or none is named.
    """
    if functions is None:
        return UNLESS_ASKED
    panels: dict[Panel, None] = {}
    for name in (part.strip() for part in functions.split(",")):
        panel = next((known for known in PANELS if known == name), None)
        if panel is None:
            near = did_you_mean(name[:40], PANELS) or "; write value, gradient, prox or step"
            raise UnknownName(f"there is no function '{name[:40]}' to plot{near}")
        panels[panel] = None
    return tuple(panels)


def _sitter(
    tell: Tell,
    text: str,
    rules: tuple[Rule, ...],
    settings: Mapping[str, float],
    parameters: Sequence[str],
    domain: str | None,
) -> tuple[Sitter, tuple[str, ...]]:
    """Return an objective with its emitted functions, and what was assumed of it."""
    from symreg.application.plotting.single_weight import of_one_weight
    from symreg.application.plotting.sitter import Sitter
    from symreg.application.tasks.printed import notes_on
    from symreg.targets.loading.load import load

    objective = of_one_weight(read_objective(text, parameters=parameters, domain=domain))
    updates = derive_updates(tell, objective=objective, rules=rules)
    functions = vars(load(objective, updates, "numpy"))
    return Sitter(objective=objective, functions=functions, settings=settings), notes_on(objective)


def _with_operator(
    panels: tuple[Panel, ...], sitters: Sequence[Sitter], *, is_asked: bool
) -> tuple[tuple[Panel, ...], list[str]]:
    """Return the panels without the operator where no penalty has one, and a note for each penalty without."""
    if "prox" not in panels:
        return panels, []
    without = [sitter.objective.name for sitter in sitters if sitter.prox is None]
    if len(without) == len(sitters):
        if is_asked:
            raise SpecError(f"{without[0]} has no proximal operator that is derived; leave prox out of the functions")
        panels = tuple(panel for panel in panels if panel != "prox")
    return panels, [f"{name} has no proximal operator that is derived; none is drawn" for name in without]
