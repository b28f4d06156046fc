"""Everything that a worker process can be asked to do, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symreg.application import command_tasks, objective_tasks
from symreg.application.plotting import task as plot_task

TASKS: dict[str, Callable[..., Any]] = {
    task.__name__: task
    for task in (
        objective_tasks.decide_loss_properties,
        objective_tasks.decide_properties,
        objective_tasks.derive_chains,
        objective_tasks.derive_loss_chain,
        objective_tasks.derive_judged_updates,
        objective_tasks.derive_updates,
        objective_tasks.emit_sources,
        objective_tasks.prove_convexity,
        command_tasks.audit_place,
        command_tasks.write_catalogue_entry,
        command_tasks.write_derivation,
        command_tasks.write_overview,
        command_tasks.write_properties,
        command_tasks.write_report,
        command_tasks.write_sources,
        plot_task.draw_plot,
    )
}
