"""One run, in its own process: the table in, training's updates out into events, scores and artifacts."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

import psutil

from workbench.data.sources import Sources
from workbench.errors import WorkbenchError
from workbench.runs import ending, events, lookup, queue, scores
from workbench.runs.record import RunId, RunRecord
from workbench.settings import Settings
from workbench.store import artifacts
from workbench.store.store import Store, open_store
from workbench.store.tables import ArtifactRow, RunRow
from workbench.training.request import (
    ExperimentFitted,
    FoldPrepared,
    PipelineFitted,
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
        self._folds_prepared = 0
        self._folds = 0
        self._fold_s = 0.0
        self._names: dict[str, str] = {}
        self._scored: dict[str, int] = {}
        self._told: dict[str, set[int]] = {}
        self._best: str | None = None

    def tell(self) -> None:
        from workbench.training.plans import train

        frame = self._load()
        for update in train(frame, self._request()):
            self._take(update)
        summary = {"rows": len(frame), "best": self._best, "sort": self._run.spec["sort"]}
        if self._run.plan != "setup" and self._best is None:
            ending.finish(self._store, self._run.id, "failed", "NoModel: no model was scored on every fold.")
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
            setup=spec["setup"],
            workers=self._store.settings.worker_count,
            model_timeout_s=spec["model_timeout_s"],
        )

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
            case PipelineFitted():
                self._pipeline(update)

    def _fitted(self, update: ExperimentFitted) -> None:
        self._names, self._folds = dict(update.field), update.folds
        known = self._run.model_name
        with self._store.database.write() as session:
            row = session.get_one(RunRow, self._run.id)
            row.spec = row.spec | {"versions": dict(update.versions)}
            row.field = [[model, name] for model, name in update.field] + [
                [model, known(model)] for model in update.missing
            ]
            events.append(
                session,
                self._run.id,
                "experiment.fitted",
                f"{update.train_rows:,} rows to train on, {update.test_rows:,} held out, "
                f"{update.features_in:,} → {update.features_out:,} features, {len(update.field)} models in the field",
                payload={
                    "train_rows": update.train_rows,
                    "test_rows": update.test_rows,
                    "features_in": update.features_in,
                    "features_out": update.features_out,
                    "models": [model for model, _ in update.field],
                    "folds": update.folds,
                },
                duration_ms=update.duration_s * 1000,
            )
            for model in update.missing:
                reason = f"{model} is not installed where training runs."
                for fold in range(update.folds):
                    scores.store_score(session, self._run.id, model, fold, "failed", reason=reason)
                events.append(
                    session, self._run.id, "model.failed", f"{known(model)}: {reason}", payload={"model": model}
                )

    def _prepared(self, update: FoldPrepared) -> None:
        self._folds_prepared += 1
        self._fold_s += update.duration_s
        if self._folds_prepared == self._folds:
            self._event(
                "folds.prepared",
                f"{self._folds} folds, {update.features:,} features each",
                {"folds": self._folds, "features": update.features},
                self._fold_s * 1000,
            )

    def _scored_unit(self, update: UnitScored) -> None:
        sort = self._run.spec["sort"]
        value = update.metrics.get(sort)
        shown = "undefined" if value is None else f"{value:.4f}"
        reason = "; ".join(f"{metric} is undefined: {why}" for metric, why in update.undefined.items()) or None
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
                reason=reason,
                metrics=update.metrics,
                fit_s=update.fit_s,
                score_s=update.score_s,
            )
            events.append(
                session,
                self._run.id,
                "unit.scored",
                f"{name}, fold {update.fold + 1}: {sort} {shown}",
                payload={"model": update.model, "fold": update.fold, "metrics": dict(update.metrics)},
                duration_ms=(update.fit_s + update.score_s) * 1000,
            )
            if self._scored[update.model] == self._folds:
                message = f"{name} on all {self._folds} folds"
                events.append(session, self._run.id, "model.scored", message, payload={"model": update.model})

    def _failed_unit(self, update: UnitFailed) -> None:
        kind: events.EventKind = "model.timed_out" if update.timed_out else "model.failed"
        status: scores.UnitStatus = "timed_out" if update.timed_out else "failed"
        told = self._told.setdefault(update.model, set())
        folds = set(range(self._folds)) - told if update.gives_up else {update.fold}
        told |= folds
        with self._store.database.write() as session:
            for fold in sorted(folds):
                scores.store_score(session, self._run.id, update.model, fold, status, reason=update.reason)
            events.append(
                session,
                self._run.id,
                kind,
                f"{self._names[update.model]}, fold {update.fold + 1}: {update.reason}",
                payload={"model": update.model, "fold": update.fold},
            )

    def _pipeline(self, update: PipelineFitted) -> None:
        self._best = update.model
        contents = {
            artifacts.PIPELINE: update.pickled,
            artifacts.SCHEMA: json.dumps(update.schema).encode(),
            artifacts.SAMPLE: json.dumps(update.sample).encode(),
            artifacts.ENVIRONMENT: update.environment.encode(),
        }
        stored = [self._store.artifacts.put(self._run.id, name, content) for name, content in contents.items()]
        pipeline = stored[0]
        with self._store.database.write() as session:
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
                f"SHA-256 {pipeline.sha256[:12]}…",
                payload={"name": pipeline.name, "sha256": pipeline.sha256, "size_bytes": pipeline.size_bytes},
                duration_ms=update.duration_s * 1000,
            )

    def _closing_words(self) -> str:
        if self._best is None:
            return "set-up fitted"
        return f"{self._names[self._best]} is best by {self._run.spec['sort']}"

    def _event(
        self, kind: events.EventKind, message: str, payload: dict[str, Any], duration_ms: float | None = None
    ) -> None:
        with self._store.database.write() as session:
            events.append(session, self._run.id, kind, message, payload=payload, duration_ms=duration_ms)


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
