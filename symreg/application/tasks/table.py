"""Everything that a worker process can be asked to do, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symreg.application.plotting import task as plot_task
from symreg.application.tasks import documents, objectives, reports, sources

TASKS: dict[str, Callable[..., Any]] = {
    task.__name__: task
    for task in (
        objectives.decide_loss_properties,
        objectives.decide_properties,
        objectives.derive_chains,
        objectives.derive_loss_chain,
        objectives.derive_judged_updates,
        objectives.derive_updates,
        objectives.emit_sources,
        objectives.prove_convexity,
        reports.audit_place,
        sources.write_catalogue_entry,
        documents.write_derivation,
        documents.write_overview,
        documents.write_properties,
        reports.write_report,
        sources.write_sources,
        plot_task.draw_plot,
    )
}
