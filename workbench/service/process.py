"""One run, in its own process: the table in, training's updates out into events, scores and artifacts."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import delete

from workbench.catalogue import TASKS
from workbench.data.sources import Sources
from workbench.errors import WorkbenchError
from workbench.recipe import Recipe
from workbench.runs import ending, events, lookup, queue, scores
from workbench.runs.record import RunId, RunRecord
from workbench.settings import Settings
from workbench.store import artifacts
from workbench.store.store import Store, open_store
from workbench.store.tables import ArtifactRow, RunRow
from workbench.training.request import (
    ExperimentFitted,
    FoldPrepared,
    Limits,
    Past,
    PipelineFitted,
    RacedOut,
    TrainingRequest,
    UnitFailed,
    UnitScored,
    Update,
)


def carry_out(run_id: RunId, owner: str, settings: Settings) -> None:
    """Carry a claimed run to its terminal state; every outcome but a dead process is told here.

    Nothing is done where the run is not its owner's any more: another process has it, or somebody ended it.
    """
    store = open_store(settings)
    started = psutil.Process().create_time()
    try:
        if not queue.register(store, run_id, owner, os.getpid(), started):
            return
        _Telling(store, lookup.get(store, run_id)).tell()
    except WorkbenchError as error:
        ending.finish(store, run_id, "failed", f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001 - the run's log keeps the traceback, the run its first line
        traceback.print_exc(file=sys.stderr)
        ending.finish(store, run_id, "failed", f"{type(error).__name__}: {error}")
    finally:
        store.close()


class _Telling:
    """Turns training's updates into what the store keeps."""

    def __init__(self, store: Store, run: RunRecord) -> None:
        self._store = store
        self._run = run
        self._folds = 0
        self._fold_s = 0.0
        self._names: dict[str, str] = {}
        self._scored: dict[str, int] = {}
        self._told: dict[str, set[int]] = {}
        self._best: str | None = None
        self._new_rows = ""

    def tell(self) -> None:
        from workbench.training.train import train

        frame = self._load()
        for update in train(frame, self._request()):
            self._take(update)
        summary = {"rows": len(frame), "best": self._best, "sort": self._run.spec["sort"]}
        if self._new_rows:
            summary["note"] = self._new_rows
        if self._run.plan != "setup" and self._best is None:
            lacking = "was scored on every fold" if self._folds > 1 else f"has a {self._run.spec['sort']}"
            ending.finish(self._store, self._run.id, "failed", f"NoModel: no model {lacking}.")
            return
        ending.finish(self._store, self._run.id, "succeeded", self._closing_words(), summary=summary)

    def _load(self) -> Any:
        import time

        started = time.perf_counter()
        sources = Sources(self._store)
        frame = sources.load(sources.get(self._run.source_id, hidden=True))
        took = (time.perf_counter() - started) * 1000
        self._event(
            "data.loaded",
            f"{len(frame):,} rows × {frame.shape[1]:,} columns from {self._run.source_name}",
            {"rows": len(frame), "columns": frame.shape[1]},
            took,
        )
        return frame

    def _request(self) -> TrainingRequest:
        spec = self._run.spec
        return TrainingRequest(
            task=spec["task"],
            target=spec["target"],
            plan=spec["plan"],
            sort=spec["sort"],
            seed=spec["seed"],
            folds=spec["folds"],
            models=None if spec["include"] is None else tuple(spec["include"]),
            exclude=tuple(spec["exclude"]),
            bases=tuple(Recipe.of(base) for base in spec["bases"]),
            setup=spec["setup"],
            options=spec["options"],
            racing=spec["racing"],
            executor=spec["executor"],
            limits=Limits(
                workers=self._store.settings.worker_count,
                model_s=spec["model_timeout_s"],
                unit_bytes=spec["unit_memory"] or self._share_of_memory(),
            ),
            past=self._past(),
        )

    def _share_of_memory(self) -> int:
        # A cluster shares out the memory of its own machines.
        is_here = self._run.spec["executor"] == "local"
        return _even_share(self._store.settings.worker_count) if is_here else 0

    def _past(self) -> Past:
        """Gather what an earlier process of this run scored; this one tells nothing of it again."""
        scored: dict[str, dict[int, Any]] = {}
        failed: dict[str, set[int]] = {}
        spent: dict[str, float] = {}
        for unit in scores.of_run(self._store.database, self._run.id):
            self._told.setdefault(unit.model, set()).add(unit.fold)
            if unit.status == "scored":
                scored.setdefault(unit.model, {})[unit.fold] = unit.metrics
                spent[unit.model] = spent.get(unit.model, 0.0) + (unit.fit_s or 0) + (unit.score_s or 0)
            else:
                failed.setdefault(unit.model, set()).add(unit.fold)
        self._scored = {model: len(folds) for model, folds in scored.items()}
        return Past(scored, {model: frozenset(folds) for model, folds in failed.items()}, spent)

    def _take(self, update: Update) -> None:
        match update:
            case ExperimentFitted():
                self._fitted(update)
            case FoldPrepared():
                self._prepared(update)
            case UnitScored():
                self._scored_unit(update)
            case UnitFailed():
                self._failed_unit(update)
            case RacedOut():
                self._raced_out(update)
            case PipelineFitted():
                self._pipeline(update)

    def _fitted(self, update: ExperimentFitted) -> None:
        self._names, self._folds = {entry.id: entry.name for entry in update.field}, update.folds
        known = self._run.model_name
        with self._store.database.write() as session:
            row = session.get_one(RunRow, self._run.id)
            row.spec = row.spec | {"versions": dict(update.versions), "folds": update.folds}
            row.field = [[entry.id, entry.name, entry.recipe.as_dict()] for entry in update.field] + [
                [model, known(model)] for model in update.missing
            ]
            events.append(
                session,
                self._run.id,
                "experiment.fitted",
                f"{update.train_rows:,} rows to train on, "
                f"{f'{update.test_rows:,} held out, ' if update.test_rows else ''}"
                f"{update.features_in:,} → {update.features_out:,} features, {len(update.field)} models in the field"
                f"{''.join(f' · {notice}' for notice in update.notices)}",
                payload={
                    "train_rows": update.train_rows,
                    "test_rows": update.test_rows,
                    "features_in": update.features_in,
                    "features_out": update.features_out,
                    "models": [entry.id for entry in update.field],
                    "folds": update.folds,
                    "notices": list(update.notices),
                },
                duration_ms=update.duration_s * 1000,
            )
            for model, reason in update.missing.items():
                if self._told.get(model):
                    continue
                for fold in range(update.folds):
                    scores.store_score(session, self._run.id, model, fold, "failed", reason=reason)
                events.append(
                    session, self._run.id, "model.failed", f"{known(model)}: {reason}", payload={"model": model}
                )

    def _prepared(self, update: FoldPrepared) -> None:
        self._fold_s += update.duration_s
        if update.fold == self._folds - 1:
            self._event(
                "folds.prepared",
                f"{f'{self._folds} folds' if self._folds > 1 else 'the table'}, {update.features:,} features",
                {"folds": self._folds, "features": update.features},
                self._fold_s * 1000,
            )

    def _scored_unit(self, update: UnitScored) -> None:
        sort = self._run.spec["sort"]
        value = update.metrics.get(sort)
        shown = "undefined" if value is None else f"{value:.4f}"
        self._told.setdefault(update.model, set()).add(update.fold)
        self._scored[update.model] = self._scored.get(update.model, 0) + 1
        name = self._names[update.model]
        with self._store.database.write() as session:
            scores.store_score(
                session,
                self._run.id,
                update.model,
                update.fold,
                "scored",
                metrics=update.metrics,
                undefined=update.undefined,
                pycaret=update.pycaret,
                fit_s=update.fit_s,
                score_s=update.score_s,
            )
            events.append(
                session,
                self._run.id,
                "unit.scored",
                f"{self._on(update)}: {sort} {shown}",
                payload={"model": update.model, "fold": update.fold, "metrics": dict(update.metrics)},
                duration_ms=(update.fit_s + update.score_s) * 1000,
            )
            if self._scored[update.model] == self._folds:
                message = f"{name} on {f'all {self._folds} folds' if self._folds > 1 else 'the whole table'}"
                events.append(session, self._run.id, "model.scored", message, payload={"model": update.model})

    def _failed_unit(self, update: UnitFailed) -> None:
        kind: events.EventKind = "model.timed_out" if update.timed_out else "model.failed"
        folds = self._left(update.model) if update.gives_up else {update.fold}
        message = f"{self._on(update)}: {update.reason}"
        self._lose(update.model, folds, "timed_out" if update.timed_out else "failed", update.reason, kind, message)

    def _raced_out(self, update: RacedOut) -> None:
        message = f"{self._names[update.model]}: {update.reason}"
        self._lose(update.model, self._left(update.model), "raced_out", update.reason, "model.raced_out", message)

    def _on(self, unit: UnitScored | UnitFailed) -> str:
        name = self._names[unit.model]
        return f"{name}, fold {unit.fold + 1}" if self._folds > 1 else name

    def _left(self, model: str) -> set[int]:
        return set(range(self._folds)) - self._told.get(model, set())

    def _lose(
        self,
        model: str,
        folds: set[int],
        status: scores.UnitStatus,
        reason: str,
        kind: events.EventKind,
        message: str,
    ) -> None:
        self._told.setdefault(model, set()).update(folds)
        with self._store.database.write() as session:
            for fold in sorted(folds):
                scores.store_score(session, self._run.id, model, fold, status, reason=reason)
            events.append(session, self._run.id, kind, message, payload={"model": model, "folds": sorted(folds)})

    def _pipeline(self, update: PipelineFitted) -> None:
        self._best = update.model
        known = TASKS[self._run.task].model(update.candidate.recipe.model)
        self._new_rows = known.new_rows if known is not None else ""
        contents = {
            artifacts.PIPELINE: update.pickled,
            artifacts.SCHEMA: json.dumps(update.schema).encode(),
            artifacts.SAMPLE: json.dumps(update.sample).encode(),
            artifacts.ENVIRONMENT: update.environment.encode(),
        }
        stored = [self._store.artifacts.put(self._run.id, name, content) for name, content in contents.items()]
        pipeline = stored[0]
        with self._store.database.write() as session:
            # An earlier process of this run may have come as far.
            session.execute(delete(ArtifactRow).where(ArtifactRow.run_id == self._run.id))
            for artifact in stored:
                session.add(
                    ArtifactRow(
                        run_id=self._run.id,
                        name=artifact.name,
                        sha256=artifact.sha256,
                        size_bytes=artifact.size_bytes,
                    )
                )
            events.append(
                session,
                self._run.id,
                "artifact.saved",
                f"{pipeline.name} with {self._names[update.model]}, {pipeline.size_bytes / 1024:,.0f} KiB, "
                f"SHA-256 {pipeline.sha256[:12]}…{f' {self._new_rows}' if self._new_rows else ''}",
                payload={"name": pipeline.name, "sha256": pipeline.sha256, "size_bytes": pipeline.size_bytes},
                duration_ms=update.duration_s * 1000,
            )

    def _closing_words(self) -> str:
        if self._best is None:
            return "set-up fitted"
        name = self._names[self._best]
        return f"{name} is best by {self._run.spec['sort']}" if len(self._names) > 1 else f"{name} is fitted"

    def _event(
        self, kind: events.EventKind, message: str, payload: dict[str, Any], duration_ms: float | None = None
    ) -> None:
        with self._store.database.write() as session:
            events.append(session, self._run.id, kind, message, payload=payload, duration_ms=duration_ms)


def _even_share(workers: int) -> int:
    """Memory that each of so many units may take, in bytes: four fifths of what is free now, shared out."""
    return int(_free_memory() * 0.8) // workers


def _free_memory() -> int:
    free = int(psutil.virtual_memory().available)
    group = Path("/sys/fs/cgroup")
    try:
        # A container may hold less than the machine.
        limit, used = ((group / name).read_text().strip() for name in ("memory.max", "memory.current"))
        return free if limit == "max" else min(free, int(limit) - int(used))
    except (OSError, ValueError):
        return free


def main(run_id: RunId, owner: str, settings: Settings) -> None:
    """Run in a freshly forked process and never return."""
    code = 0
    try:
        carry_out(run_id, owner, settings)
    except BaseException:  # noqa: BLE001 - the store itself failed: the exit code is all that is left to tell
        traceback.print_exc(file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
