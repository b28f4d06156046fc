"""`symreg verify`: the judge's report on emitted code, or on a function of the user's own."""

from __future__ import annotations

import click

from symreg.application.choices import ARRAYS, DTYPES, JUDGED_KINDS, MOST_VERIFY_POINTS, VERIFY_POINTS
from symreg.cli.child import run_task
from symreg.cli.options import (
    common_options,
    domain_option,
    objective_argument,
    objective_text,
    parsed_range,
    parsed_settings,
    rtol_option,
    rule_options,
    target_option,
    targets_named,
)
from symreg.cli.outcomes import print_report
from symreg.errors import SpecError
from symreg.targets.options import STYLES, UNLESS_ASKED, Style

_CALLS = """
What --against is called with, arrays by position and parameters by name, on copies:

\b
  value     f(w, *, lam)         returns one number
  gradient  f(w, *, lam)         returns an array like w
  prox      f(v, *, step, lam)   returns an array like v
  step      f(w, g, *, lr, lam)  returns new weights, or changes w in place;
            of a rule with states, which are in a dict,
            f(w, g, state, *, lr, beta1, beta2, eps, lam)

and of an objective with a loss over samples, where sample_weight is for what takes it, and a step computes g itself:

\b
  value, gradient                f(w, X, y, *, lam, sample_weight)
  hessian_vector                 f(w, v, X, y, *, lam, sample_weight)
  partial                        f(w, X, y, *, sample_weight)
            returns the sums (loss, gradient, weight), without the penalty
  step                           f(w, X, y, *, lr, lam, sample_weight)
  loss_value, loss_gradient, loss_hessian
                                 f(z, y)    returns an array like z

where lam stands for all parameters of OBJECTIVE, lr for those of the rule, and g is the gradient of the loss. What has
other arguments is called as --call says:

\b
  --call "v, tau=step*lam"   numbers, names, + - * / ** and keywords
  --set lam=0.3              fixes what the function then need not take
"""


@click.command(epilog=_CALLS)
@objective_argument
@rule_options
@target_option("all")
@click.option("--style", type=click.Choice(STYLES), help="Of the NumPy that is emitted.  [default: blocks]")
@click.option(
    "--points",
    type=click.IntRange(1, MOST_VERIFY_POINTS),
    default=VERIFY_POINTS,
    show_default=True,
    help="Points per check.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as data.")
@click.option(
    "--against",
    metavar="FILE.py:FUNCTION",
    help="Judge this function, or package.module:FUNCTION, in place of what symreg emits.",
)
@click.option(
    "--as", "kind", type=click.Choice(JUDGED_KINDS), metavar="KIND", help="What --against computes: see below."
)
@click.option("--call", metavar="ARGUMENTS", help='What --against is called with, as in "v, tau=step*lam".')
@click.option(
    "--arrays", type=click.Choice(ARRAYS), help="What --against takes; numbers: one weight at a time.  [default: found]"
)
@click.option(
    "--dtype",
    type=click.Choice([*DTYPES, "all"]),
    help="Precision of the arrays.  [default: all; float64 for --against]",
)
@click.option(
    "--range",
    "size_range",
    metavar="LEAST,GREATEST",
    callback=lambda _ctx, _parameter, text: parsed_range(text),
    help="Sizes of the weights that decide on --against.  [default: 1e-6,1e6]",
)
@click.option("--far", "is_far_asked", is_flag=True, help="Fail --against for what is wrong at other sizes as well.")
@click.option(
    "--groups", metavar="SIZES", help="Of the groups of weights, as in 3,3,2, or with their weights: 3:1,3:1,2:0.5."
)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Fix a parameter that is else sampled.")
@rtol_option("for --against 1e-9, of float32 5e-6")
@domain_option
@common_options
def verify(
    objective: str,
    rules: tuple[str, ...],
    target: str,
    style: Style | None,
    points: int,
    as_json: bool,
    against: str | None,
    kind: str | None,
    call: str | None,
    arrays: str | None,
    dtype: str | None,
    size_range: tuple[float, float] | None,
    is_far_asked: bool,
    groups: str | None,
    settings: tuple[str, ...],
    rtol: float | None,
    domain: str | None,
    parameters: tuple[str, ...],
    timeout: float | None,
) -> int:
    """Compare what is emitted for OBJECTIVE, or a function of your own, with certified finite differences."""
    from symreg.targets.styles import named_style

    if (against is None) != (kind is None):
        raise click.UsageError("--against and --as go together", click.get_current_context())
    of_function = {"--call": call, "--arrays": arrays, "--range": size_range, "--far": is_far_asked or None}
    if against is None and (given := [option for option, value in of_function.items() if value is not None]):
        raise click.UsageError(f"{given[0]} goes with --against", click.get_current_context())
    if against is not None and style is not None:
        raise click.UsageError("--style is of what is emitted, not of --against", click.get_current_context())
    targets = targets_named(target)
    try:
        chosen = named_style(style or UNLESS_ASKED.style, targets)
    except SpecError as error:
        raise click.UsageError(str(error), click.get_current_context()) from None
    report = run_task(
        "write_report",
        timeout=timeout,
        objective=objective_text(objective),
        rules=rules,
        targets=targets,
        style=chosen,
        points=points,
        as_json=as_json,
        against=against,
        kind=kind,
        settings=parsed_settings(settings),
        rtol=rtol,
        dtype=dtype,
        size_range=size_range,
        is_far_asked=is_far_asked,
        call=call,
        arrays=arrays,
        parameters=parameters,
        domain=domain,
        groups=groups,
    )
    return print_report(report)
