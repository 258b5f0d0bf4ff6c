"""What a pipeline keeps of its run, so that nothing is lost when the run is deleted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from workbench.catalogue import TASKS
from workbench.registry.pipeline import Measure
from workbench.runs import scores
from workbench.runs.record import RunRecord
from workbench.store.store import Store
from workbench.store.tables import EventRow


def of_run(store: Store, run: RunRecord) -> dict[str, Any]:
    """Tell where the model that a run fitted comes from, JSON-ready.

    Returns
    -------
    dict
        ``run`` (id, who asked for it, when it ended), ``source`` (id, name, SHA-256 and rows of the table), ``plan``,
        ``recipe`` (None where the run did not keep it), ``setup``, ``options``, ``seed``, ``folds``, ``test_ratio`` of
        their rows, ``sort`` metric, ``racing``, ``versions`` of libraries, ``rows`` (``trained``, ``held_out``; None
        where the log does not tell), and ``notes``, a sentence each.
    """
    spec, best = run.spec, run.best or ""
    recipe = run.recipe(best)
    fitted = _last_event(store, run.id, "experiment.fitted")
    trained, held_out = fitted.get("train_rows"), fitted.get("test_rows")
    if run.plan == "finalize" and trained is not None and held_out is not None:
        trained, held_out = trained + held_out, 0
    return {
        "run": {
            "id": run.id,
            "created_by": run.created_by,
            "finished_at": None if run.finished_at is None else run.finished_at.isoformat(),
        },
        "source": {
            "id": run.source_id,
            "name": run.source_name,
            "sha256": spec["source_sha256"],
            "rows": spec["rows"],
        },
        "plan": run.plan,
        "recipe": None if recipe is None else recipe.as_dict(),
        "setup": dict(spec["setup"]),
        "options": dict(spec["options"]),
        "seed": spec["seed"],
        "folds": run.folds,
        "test_ratio": scores.test_ratio(run),
        "sort": spec["sort"],
        "racing": spec["racing"],
        "versions": dict(run.versions),
        "rows": {"trained": trained, "held_out": held_out},
        "notes": _notes(run, fitted.get("notices", ())),
    }


def measures(store: Store, run: RunRecord) -> dict[str, Measure]:
    """Read the metrics of the model that a run fitted off its leaderboard; none where it was not scored."""
    rows = scores.leaderboard(store.database, run)
    row = next((found for found in rows if found.model == run.best), None)
    if row is None or not row.folds_scored:
        return {}
    remarks = row.remarks
    return {
        metric: Measure(
            mean=mean,
            std=row.std.get(metric),
            interval=row.interval.get(metric),
            folds=tuple(row.folds.get(metric, ())),
            note=remarks.get(metric),
        )
        for metric, mean in row.metrics.items()
    }


def schema_version(schema: Iterable[Mapping[str, str]]) -> str:
    """Hash the names and kinds of a pipeline's input columns: what a caller must know to send it rows.

    Neither their order nor whether a number is whole belongs to it.
    """
    told = sorted((column["name"], kind_of(column)) for column in schema)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def kind_of(column: Mapping[str, str]) -> str:
    """Return ``number``, ``text``, ``bool`` or ``date``: what a schema says, else what its dtype is."""
    if "kind" in column:
        return column["kind"]
    dtype = column["dtype"]
    if dtype.startswith(("int", "uint", "float")):
        return "number"
    return "date" if dtype.startswith("datetime") else "bool" if dtype.startswith("bool") else "text"


def _notes(run: RunRecord, notices: Sequence[str]) -> list[str]:
    notes = [*notices]
    if run.spec["racing"]:
        notes.append(
            "Models raced: one that could not catch the leader stopped early, so the field was not scored whole."
        )
    known = None if (recipe := run.recipe(run.best or "")) is None else TASKS[run.task].model(recipe.model)
    told = (run.summary or {}).get("note") or ("" if known is None else known.new_rows)
    return [*notes, *([told] if told else [])]


def _last_event(store: Store, run_id: str, kind: str) -> Mapping[str, Any]:
    # The last one counts: a run that another environment took over was set up anew.
    query = (
        select(EventRow.payload)
        .where(EventRow.run_id == run_id, EventRow.kind == kind)
        .order_by(EventRow.seq.desc())
        .limit(1)
    )
    with store.database.read() as session:
        return session.scalar(query) or {}
