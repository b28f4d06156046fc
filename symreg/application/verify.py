"""Before the judge: emitted functions are loaded, or somebody's own is found in its file; fixed parameters are checked.

Takes an objective and what is to be judged, hands on the judge's report.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, get_args

from symreg.errors import SpecError, UnknownName
from symreg.model.interval import WORDS
from symreg.model.names import did_you_mean, mentioned
from symreg.model.ordering import require_order
from symreg.model.spec import Parameter, Rule
from symreg.objectives.resolve import Objective

if TYPE_CHECKING:
    from symreg.claims.verdict import Analysis, Verdict
    from symreg.derivation.model import Chain
    from symreg.updates.update import Update
    from symreg.verification import Convexity, Report, Subject
    from symreg.verification.claims import Claimed

Kind = Literal["value", "gradient", "prox", "step"]
Watch = Callable[[int, int, str], None]

DTYPES: tuple[Literal["float64", "float32"], ...] = ("float64", "float32")
_RTOL = 1e-9  # somebody else's function may be right to fewer digits


def judge(
    objective: Objective,
    updates: tuple[Update, ...],
    rules: Sequence[Rule],
    targets: Iterable[str],
    *,
    points: int,
    parameters: Mapping[str, float] | None = None,
    rtol: float | None = None,
    proofs: Sequence[Convexity] = (),
    progress: Watch | None = None,
) -> Report:
    """Return the report on the emitted functions of an objective, for each target and in both precisions.

    Args:
        proofs: What is proved of the objective's convexity; what follows from it is checked as well.

    Raises:
        ToolMissing: The C target is among them and there is no compiler.
        SpecError, UnknownName: A fixed parameter does not exist or lies outside its domain.
    """
    from symreg.verification import verify

    fixed = _checked(objective, rules, parameters, has_step=True)
    return verify(
        objective.terms,
        rules,
        _subjects(objective, updates, targets),
        points=points,
        params=fixed,
        rtol=_allowed(rtol, 0.0),
        proofs=proofs,
        progress=progress,
    )


def look(
    objective: Objective,
    updates: tuple[Update, ...],
    rules: Sequence[Rule],
    targets: Iterable[str],
) -> Report:
    """Return the report of a quick look at the emitted functions of an objective, everyday values first.

    Raises:
        ToolMissing: The C target is among them and there is no compiler.
    """
    from symreg.verification import quick_look

    return quick_look(objective.terms, rules, _subjects(objective, updates, targets))


def judge_function(
    objective: Objective,
    rules: Sequence[Rule],
    function: Callable[..., Any],
    *,
    kind: Kind,
    label: str = "",
    points: int,
    parameters: Mapping[str, float] | None = None,
    rtol: float | None = None,
    proofs: Sequence[Convexity] = (),
    progress: Watch | None = None,
) -> Report:
    """Return the report on a function that claims to be the objective's value, gradient, prox or a rule's step."""
    from symreg.verification import against

    if kind not in get_args(Kind):
        raise UnknownName(f"a function is judged as 'value', 'gradient', 'prox' or 'step', not as {kind!r:.40}")
    if not callable(function):
        raise SpecError(f"{mentioned(str(function), 'against:')} is not a function to judge")
    if kind == "step" and len(rules) != 1:
        raise SpecError(f"a step is judged by one rule; {len(rules)} were given")
    return against(
        objective.terms,
        rules[0] if kind == "step" else None,
        _contained(function),
        kind,
        rtol=_allowed(rtol, _RTOL),
        points=points,
        params=_checked(objective, rules if kind == "step" else (), parameters, has_step=kind == "prox"),
        label=label or str(getattr(function, "__name__", "function")),
        proofs=proofs,
        progress=progress,
    )


def check_request(
    objective: Objective, rules: Sequence[Rule], parameters: Mapping[str, float] | None, rtol: float | None, points: int
) -> None:
    """Refuse values that nothing can be judged with, before any work is done.

    Raises:
        SpecError, UnknownName: A fixed parameter does not exist or lies outside its domain, or a number is none.
    """
    _checked(objective, rules, parameters, has_step=True)
    _allowed(rtol, 0.0)
    if isinstance(points, bool) or not isinstance(points, int) or not 1 <= points <= 10**7:
        raise SpecError(f"points = {points!r:.40}: write an integer from 1 to 10000000")


def function_in(place: str) -> Callable[..., Any]:
    """Return the function that `FILE.py:FUNCTION` names; the file is run, as an import would.

    Raises:
        SpecError, UnknownName: There is no such file or function, or the file raises when it is run.
    """
    file, colon, name = place.rpartition(":")
    if not colon or not file.endswith(".py") or not name.isidentifier():
        raise SpecError(f"--against {place[:80]!r}: write FILE.py:FUNCTION, as in mine.py:update")
    path = Path(file)
    module = loaded_file(path)
    found = getattr(module, name, None)
    if found is None:
        known = [key for key, value in vars(module).items() if callable(value)]
        raise UnknownName(f"{path.name} has no function '{name[:40]}'{did_you_mean(name[:40], known)}")
    if not callable(found):
        raise SpecError(f"{path.name}: '{name[:40]}' is not a function")
    function: Callable[..., Any] = found
    return function


def loaded_file(path: Path) -> ModuleType:
    """Return the module of a Python file, which is run, as an import would.

    Raises:
        SpecError, UnknownName: There is no such file, or it raises when it is run.
    """
    if "\0" in str(path) or not path.is_file():
        raise UnknownName(f"there is no file {str(path)[:200]}")
    spec = importlib.util.spec_from_file_location(f"symreg_against_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.append(str(path.resolve().parent))  # its neighbours can be imported, but hide nothing
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise SpecError(f"{path.name} raised {words(error)}") from error
    return module


def _subjects(objective: Objective, updates: tuple[Update, ...], targets: Iterable[str]) -> list[Subject]:
    """Return the emitted functions as the judge calls them, for each target and in both precisions."""
    from symreg.targets.loading.load import load
    from symreg.verification import Subject

    return [
        Subject(label=target, dtype=dtype, functions=vars(load(objective, updates, target, dtype)))
        for target in targets
        for dtype in DTYPES
    ]


def _contained(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with an attempt to leave the process made an error like any other."""

    def called(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except (SystemExit, GeneratorExit) as error:
            raise RuntimeError(words(error)) from error

    return called


def _checked(
    objective: Objective, rules: Sequence[Rule], parameters: Mapping[str, float] | None, *, has_step: bool
) -> dict[str, float]:
    """Return the parameters to fix as floats that their domains hold; with a prox among them, the step is one."""
    declared = [*objective.terms.parameters, *(p for rule in rules for p in rule.parameters)]
    if has_step:
        declared.append(Parameter(name="step", domain=WORDS["positive"], default=1.0))
    known = [p.name for p in declared]
    made: dict[str, float] = {}
    for name, value in (parameters or {}).items():
        if name not in known:
            raise UnknownName(f"there is no parameter '{str(name)[:40]}' to set{did_you_mean(str(name)[:40], known)}")
        if isinstance(value, bool):
            raise SpecError(f"{name} = {value}: write a number")
        try:
            made[name] = float(value)
        except (TypeError, ValueError, OverflowError):
            raise SpecError(f"{name} = {value!r:.40}: write a number") from None
        for one in declared:
            if one.name == name and made[name] not in one.domain:
                raise SpecError(f"{name} = {made[name]:g} is outside its domain {one.domain}")
    require_order(objective.terms.parameters, made)
    return made


def _allowed(rtol: float | None, otherwise: float) -> float:
    """Return a relative error that may be allowed."""
    if rtol is None:
        return otherwise
    if isinstance(rtol, bool) or not isinstance(rtol, int | float) or not 0 <= rtol <= 1:
        raise SpecError(f"rtol = {rtol!r:.40}: write a number from 0 to 1")
    return float(rtol)


def words(error: BaseException) -> str:
    """Return an error's kind and the first line of what it says."""
    said = str(error).splitlines()
    return f"{type(error).__name__}: {said[0][:200]}" if said else type(error).__name__


def confront_verdicts(analysis: Analysis) -> None:
    """Look for samples that contradict a verdict before it is handed on.

    Raises:
        Contradicted: One does: a mistake in a proof of symreg's.
    """
    from symreg.verification.claims import confront

    confront(analysis.objective.terms, map(_claimed, analysis.verdicts))


def confront_updates(updates: Iterable[Update]) -> None:
    """Look for samples that contradict what the docstrings of emitted functions say of a step and of the operator.

    Raises:
        Contradicted: One does: a mistake in a proof of symreg's.
    """
    from symreg.claims.sentences import rate_of, told_of_operator, told_of_steps
    from symreg.updates.assemble import FEW
    from symreg.verification.claims import confront

    for update in updates:
        if not update.notes or update.terms.indexed or len(update.terms.terms) > FEW:
            continue
        if update.kind == "prox":
            confront(update.terms, map(_claimed, told_of_operator(update.terms)))
        elif update.kind == "step" and update.rule is not None and rate_of(update.rule) is not None:
            confront(update.terms, map(_claimed, told_of_steps(update.terms)))


def confront_derivation(chain: Chain) -> None:
    """Look for samples that contradict what a derivation says of a step on the penalty alone.

    Raises:
        Contradicted: One does: a mistake in a proof of symreg's.
    """
    if not chain.directions:
        return
    from symreg.model.terms import told_apart
    from symreg.verification.claims import Sign, confront_chain

    terms, _ = told_apart(chain.objective.terms, chain.rule)
    signs = [Sign(side=1 if d.side == "positive" else -1, sign=d.sign, where=d.where) for d in chain.directions]
    confront_chain(terms, chain.rule, signs, [(bound.claim, bound.condition) for bound in chain.bounds])


def _claimed(verdict: Verdict) -> Claimed:
    """Return a verdict as the judge takes it."""
    from symreg.verification.claims import Claimed, Refutation

    witness = verdict.witness
    refutation = None
    if witness is not None:
        refutation = Refutation(
            at=witness.at,
            left=witness.left,
            operator=witness.operator,
            right=witness.right,
            weights=witness.weights,
            arrays=dict(witness.arrays),
        )
    return Claimed(
        claim=verdict.claim,
        verdict=verdict.verdict,
        holds_iff=verdict.holds_iff,
        value=verdict.value,
        refutation=refutation,
    )
