"""symreg from Python: objectives in, derivations, source, callables and reports out.

Texts are parsed in this process, which is cheap and bounded; symbolic work runs in a child that is killed at the limit.
Nothing is cached. `timeout=` is that limit in seconds, 10 unless it is given.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symreg.application import worker
from symreg.application.choices import AUDIT_POINTS, VERIFY_POINTS, AuditKind, JudgedKind
from symreg.application.requests import (
    audit_request,
    distinct_rules,
    named_dtype,
    named_functions,
    named_targets,
    verify_request,
)
from symreg.application.specs import ObjectiveLike, Rules
from symreg.errors import SpecError
from symreg.model.loss import Loss
from symreg.model.names import mentioned
from symreg.objectives.resolve import resolve
from symreg.objectives.single_loss import single_loss
from symreg.objectives.structures import group_sizes, with_sizes
from symreg.targets.options import BOTH, DtypeLike, Options, Style
from symreg.targets.styles import in_style, named_style
from symreg.updates.kinds import KINDS

if TYPE_CHECKING:
    from symreg.presentation import Derivation, Properties
    from symreg.targets.loading.functions import Functions
    from symreg.verification import Report
    from symreg.verification.audit import Report as AuditReport

_GRADIENT_DESCENT = ("gradient_descent",)


def derive(
    source: ObjectiveLike | Loss, rule: Rules | None = None, *, prox: bool = False, timeout: float | None = None
) -> Derivation:
    """Return the derivation of an objective's gradient and of its update under a rule, gradient descent unless given.

    Args:
        source: The objective, or a loss alone, which is derived by its prediction.
        rule: The update rule, or several; if one takes a proximal operator, the derivation of that follows.
        prox: Derive the penalty's proximal operator as well, with its Moreau envelope and Fenchel conjugate.
        timeout: Seconds that symbolic work may take.

    Returns:
        The derivation: its `steps`, and `text()`, `latex()`, `fragment()`, `markdown()`, `to_json()` of it.

    Raises:
        SymregError: The objective or the rule is wrong, or cannot be derived.
        OutOfTime: It took longer than `timeout` seconds.

    Example:
        >>> print(symreg.derive("l2", rule="adamw").text())
    """
    from symreg.presentation import Derivation

    loss = None if rule is not None or prox else single_loss(source)
    if loss is not None:
        return Derivation(worker.call("derive_loss_chain", timeout=timeout, loss=loss))
    if isinstance(source, Loss):
        raise SpecError(f"a loss alone has no rule and no operator; derive an objective, as in 'mean({source.name})'")
    chains, operator = worker.call(
        "derive_chains",
        timeout=timeout,
        objective=resolve(source),
        rules=distinct_rules(_GRADIENT_DESCENT if rule is None else rule),
        has_prox=prox,
    )
    return Derivation(chains[0], chains[1:], operator)


def analyse(source: ObjectiveLike | Loss, *, timeout: float | None = None) -> Properties:
    """Return what can be said of an objective's penalty, or of a loss in its prediction.

    Each claim is proved, conditional, refuted or undecided.

    Args:
        source: The objective, or a loss alone.
        timeout: Seconds that symbolic work may take.

    Returns:
        The verdicts, by claim: `properties["convex"].verdict`, `.holds_iff`, `.witness`.

    Raises:
        SymregError: The objective is wrong, or has no value.
        OutOfTime: It took longer than `timeout` seconds.
    """
    from symreg.presentation import Properties

    loss = single_loss(source)
    if loss is not None:
        return Properties(worker.call("decide_loss_properties", timeout=timeout, loss=loss))
    assert not isinstance(source, Loss)
    return Properties(worker.call("decide_properties", timeout=timeout, objective=resolve(source)))


def generate(
    source: ObjectiveLike,
    rules: Rules = _GRADIENT_DESCENT,
    target: str = "numpy",
    *,
    name: str | None = None,
    dtype: DtypeLike = "float64",
    functions: str | Sequence[str] = KINDS,
    style: Style = "blocks",
    judge: bool = True,
    timeout: float | None = None,
) -> dict[str, str]:
    """Return emitted source by path, such as `numpy/mcp.py`, once the judge has looked at it.

    Args:
        source: The objective.
        rules: Update rules that a step is emitted for.
        target: `numpy`, `c` or `all`.
        name: Stem of the files, in place of the objective's name.
        dtype: The precision in which C is emitted: `float64`, `float32`, or `all` for both. A NumPy module takes
            both, whichever is asked for.
        functions: Which are emitted, of `value`, `gradient`, `prox` and `step`.
        style: How NumPy is written: `blocks`, in place and in blocks, or `plain`, as pure functions to read.
        judge: If not, nothing is judged, and the files' headers say so.
        timeout: Seconds that symbolic work may take.

    Returns:
        Text by path below an output folder. What the files' owner must know besides is a warning.

    Raises:
        SymregError: The objective or a rule is wrong, or cannot be derived.
        WrongCode: A function is wrong, or could not be judged at everyday values; its text is the judge's report.
        OutOfTime: It took longer than `timeout` seconds.

    Example:
        >>> for path, text in symreg.generate("mcp", rules=("adam", "proximal_gradient"), target="all").items():
        ...     pathlib.Path("build", path).write_text(text)
    """
    emitted = worker.call(
        "emit_sources",
        timeout=timeout,
        objective=resolve(source, name=name),
        rules=distinct_rules(rules),
        targets=named_targets(target),
        options=Options(
            dtype=named_dtype(dtype),
            kinds=named_functions(functions),
            is_judged=judge,
            style=named_style(style, named_targets(target)),
        ),
    )
    for note in emitted.notes:
        warnings.warn(note, stacklevel=2)
    files: dict[str, str] = emitted.files
    return files


def load(
    source: ObjectiveLike,
    rules: Rules = _GRADIENT_DESCENT,
    target: str = "c",
    dtype: DtypeLike = "all",
    *,
    style: Style = "blocks",
    judge: bool = True,
    timeout: float | None = None,
) -> Functions:
    """Return the emitted functions, compiled and loaded: `value`, `gradient`, and a step per rule.

    They have the same Python signatures on either target. All arrays of a call are of one precision, float32 or
    float64. The judge looks at the functions first, unless `judge` is false.

    Args:
        source: The objective.
        rules: Update rules that a step is loaded for, as `RULE_step`; of a rule with states, `RULE_state` makes them.
        target: `numpy` or `c`.
        dtype: `float64` or `float32`, by name, as NumPy's type or as a `numpy.dtype`: arrays of the other precision are
            refused. `all` takes both.
        style: Of NumPy; `plain` gives functions that return new arrays: `w, state = adam_step(w, g, state, lr=...)`.
        judge: If not, nothing is judged.
        timeout: Seconds that symbolic work may take.

    Returns:
        Functions by name: `value(w, *, lam) -> float`; `gradient(w, *, lam) -> array` of w's shape; where there is one
        `prox(v, *, step, lam)`; `adam_step(w, g, state, *, lr, lam)`, which changes w of any shape (of one dimension
        for index notation) and its state in place. `w`, `g` and `v` are arrays of one shape.

    Raises:
        SymregError: The objective or a rule is wrong, or cannot be derived.
        WrongCode: A function is wrong, or could not be judged at everyday values; its text is the judge's report.
        ToolMissing: There is no C compiler; names what to install.
        OutOfTime: It took longer than `timeout` seconds.

    Example:
        >>> symreg.load("l2").gradient(np.array([1.0, -2.0]), lam=0.5)
        array([ 1., -2.])
    """
    from symreg.targets.loading.c_compiler import find_compiler
    from symreg.targets.loading.load import load

    (name,), precision = named_targets(target, allows_all=False), named_dtype(dtype)
    resolved, resolved_rules = resolve(source), distinct_rules(rules)
    if name == "c":
        find_compiler()
    options = replace(BOTH, style=named_style(style, (name,)))
    if judge:
        updates, _ = worker.call(
            "derive_judged_updates",
            timeout=timeout,
            objective=resolved,
            rules=resolved_rules,
            target=name,
            options=options,
        )
    else:
        updates = worker.call("derive_updates", timeout=timeout, objective=resolved, rules=resolved_rules)
        updates, _ = in_style(resolved, updates, name, options)
    return load(resolved, updates, name, precision, options)


def verify(
    source: ObjectiveLike,
    rules: Rules = _GRADIENT_DESCENT,
    target: str = "all",
    against: Callable[..., Any] | None = None,
    as_: JudgedKind = "gradient",
    points: int = VERIFY_POINTS,
    params: Mapping[str, float] | None = None,
    *,
    rtol: float | None = None,
    dtype: DtypeLike | None = None,
    range: tuple[float, float] | None = None,
    far: bool = False,
    call: str | None = None,
    arrays: str | None = None,
    groups: str | None = None,
    timeout: float | None = None,
) -> Report:
    """Compare emitted functions, or one of your own, with certified values of the objective as written.

    Args:
        source: The objective.
        rules: Update rules whose steps are judged.
        target: `numpy`, `c` or `all`.
        against: A function to judge in place of the emitted ones; called as the emitted function of its kind would be:
            `f(w, *, lam)`, `f(v, *, step, lam)` or `f(w, g, [state], *, lr, lam)`, on copies of its own. Parameters
            that `params` fixes it need not take.
        as_: What `against` computes: `value`, `gradient`, `prox` or `step`.
        points: How many points each check compares.
        params: Values of parameters that are sampled from their domains otherwise, and of the `step` of a prox.
        rtol: Relative error that is allowed besides the tolerance; 1e-9 for `against`, of single precision 5e-6, else
            0.
        dtype: Of the arrays: `float64`, `float32` or `all`; `float64` for `against`, else `all`.
        range: The least and the greatest size of the weights that decide on `against`; 1e-6 and 1e6 unless given.
        far: Does `against` fail for what is wrong at other sizes as well?
        call: What `against` is called with, such as `"v, tau=step*lam"`: numbers, names, `+ - * / **` and keywords.
        arrays: What `against` takes: `numpy`, `torch` tensors, or `numbers`, one weight at a time; as its own code
            tells unless given.
        groups: Sizes of groups of weights, such as `"3,3,2"`, or with their weights `"3:1,3:1,2:0.5"`; of a penalty
            over groups.
        timeout: Seconds that symbolic work may take; the comparison itself is not limited.

    Returns:
        The report: `passed`, `checks`, and its table as text.

    Raises:
        SymregError: The objective, a rule or a number that was asked for is wrong.
        ToolMissing: The C target is among them and there is no compiler.
        OutOfTime: Symbolic work took longer than `timeout` seconds.

    Example:
        >>> symreg.verify("l2", against=lambda w, *, lam: lam * w).passed  # it should be 2*lam*w
        False
    """
    from symreg.application.verify import judge, judge_function

    objective = resolve(source)
    request = verify_request(
        objective if groups is None else with_sizes(objective, groups),
        distinct_rules(rules),
        kind=None if against is None else as_,
        points=points,
        parameters=params,
        rtol=rtol,
        dtype=dtype,
        size_range=range,
        is_far_asked=far,
        call=call,
        arrays=arrays,
    )
    if against is not None:
        prove = partial(worker.call, "prove_convexity", timeout=timeout, objective=request.objective)
        return judge_function(request, against, proofs=prove)
    targets = named_targets(target)
    updates = worker.call("derive_updates", timeout=timeout, objective=request.objective, rules=request.rules)
    return judge(request, updates, targets)


def audit(
    subject: object,
    objective: ObjectiveLike | None = None,
    *,
    as_: AuditKind | None = None,
    arguments: Mapping[str, object] | None = None,
    params: Mapping[str, float | Sequence[float]] | None = None,
    steps: Sequence[float] | None = None,
    points: int = AUDIT_POINTS,
    rtol: float | None = None,
    groups: str | None = None,
    timeout: float | None = None,
) -> AuditReport:
    """Judge somebody's object by a formula, or, without one, by what it says of itself.

    Args:
        subject: Anything elementwise with some of `prox(v, step)`, `value(w)` or `__call__`, and `grad(w)`, as in
            pyproximal and proxop, or of `value(w)`, `prox_1d(v, step, j)` and `subdiff_distance(w, grad, ws)`, as in
            skglm; other libraries' names are understood as well. Or a function: a value, a gradient or a prox. It is
            called on arrays of its own, here in this process.
        objective: What it should be the value, gradient and prox of.
        as_: What a function computes: `value`, `gradient` or `prox`; by its name unless given.
        arguments: That a function is called with besides its point and a step, by name.
        params: A number for each of the objective's parameters; a default that a spec gives is taken for others. Of one
            with `[n]` behind its name an element for each weight.
        steps: Steps of the prox that are looked at; several from 0.01 to 100 unless given.
        points: Points per check, about.
        rtol: Relative error that is allowed besides rounding; 1e-9 unless given.
        groups: Sizes of groups of weights, such as `"3,3,2"`, of an object that acts on groups; their weights in the
            objective behind colons, the roots of the sizes unless given.
        timeout: Seconds that it may take; a single call of the object's is not interrupted. No limit unless given.

    Returns:
        The report: `passed`, `checks`, and its table by `text()`.

    Raises:
        SymregError: There is nothing to audit, it acts on whole arrays, or a parameter lacks its number.
        OutOfTime: It took longer than `timeout` seconds.
    """
    from symreg.application.audit import acts_on_vectors, audit_in_groups, audit_object, operator_for

    if timeout is not None:
        worker.checked_timeout(timeout)
    if isinstance(subject, str | Path):
        raise SpecError(f"{mentioned(str(subject), 'the text')} is a name; hand over the object itself")
    resolved = None if objective is None else resolve(objective)
    request = audit_request(resolved, parameters=params, steps=steps, points=points, rtol=rtol)
    if acts_on_vectors(resolved, groups):
        operator = operator_for(subject, as_, arguments, () if groups is None else group_sizes(groups))
        return audit_in_groups(operator, request, groups, timeout=timeout)
    return audit_object(operator_for(subject, as_, arguments, count=request.weights), request, timeout=timeout)
