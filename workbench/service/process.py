"""One run, in its own process: the table in, training's updates out into events, scores and artifacts."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import psutil
from sqlalchemy import delete
from sqlalchemy.orm import Session

from workbench.catalogue import TASKS
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.errors import WorkbenchError
from workbench.recipe import Recipe
from workbench.runs import ending, events, lookup, queue, scores
from workbench.runs.carrier import Carrier, NotHeld, hold
from workbench.runs.record import FAILED, SUCCEEDED, RunId, RunRecord
from workbench.service import sizing
from workbench.service.memory import even_share
from workbench.service.past import recall
from workbench.settings import Settings
from workbench.store import artifacts
from workbench.store.store import Store, open_store
from workbench.store.tables import ArtifactRow, RunRow
from workbench.training.request import (
    ExperimentFitted,
    FitFailed,
    FoldFailed,
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
    store = open_store(settings).holding(RunRow, run_id)
    carrier = Carrier(os.getpid(), psutil.Process().create_time())
    try:
        if queue.register(store, run_id, owner, carrier):
            Telling(store, lookup.get(store, run_id), carrier).tell()
    except NotHeld:
        print("The run was ended, or another process carries it: this one stops.", file=sys.stderr)
    except WorkbenchError as error:
        ending.finish(store, run_id, FAILED, f"{type(error).__name__}: {error}", carrier=carrier)
    except Exception as error:  # noqa: BLE001 - the run's log keeps the traceback, the run its first line
        traceback.print_exc(file=sys.stderr)
        ending.finish(store, run_id, FAILED, f"{type(error).__name__}: {error}", carrier=carrier)
    finally:
        store.close()


class Telling:
    """Turns training's updates into what the store keeps, as long as its process carries the run.

    Every method raises `NotHeld` when it does not any more; nothing is written then.
    """

    def __init__(self, store: Store, run: RunRecord, carrier: Carrier) -> None:
        self._store = store
        self._run = run
        self._carrier = carrier
        self._folds = 0
        self._fold_s = 0.0
        self._names: dict[str, str] = {}
        self._scored: dict[str, int] = {}
        self._told: dict[str, set[int]] = {}
        self._best: str | None = None
        self._lost_fold = ""
        self._unfitted: list[str] = []
        self._new_rows = ""

    @cached_property
    def _source(self) -> Source:
        return Sources(self._store).get(self._run.source_id, hidden=True)

    def tell(self) -> None:
        from workbench.training.train import train

        # Before the table is there, as the forecast tells of it too.
        workers = self.workers()
        frame = self._load()
        for update in train(frame, self._request(workers)):
            self.take(update)
        summary = {"rows": len(frame), "best": self._best, "sort": self._run.spec["sort"]}
        if notes := [*self._unfitted, *([self._new_rows] if self._new_rows else [])]:
            summary["note"] = " ".join(notes)
        if self._run.plan != "setup" and self._best is None:
            self._finish(FAILED, f"NoModel: {self._why_none()}")
            return
        self._finish(SUCCEEDED, self._closing_words(), summary)

    def _load(self) -> Any:
        started = time.perf_counter()
        frame = Sources(self._store).load(self._source)
        took = (time.perf_counter() - started) * 1000
        self._event(
            "data.loaded",
            f"{len(frame):,} rows × {frame.shape[1]:,} columns from {self._run.source_name}",
            {"rows": len(frame), "columns": frame.shape[1]},
            took,
        )
        return frame

    def workers(self) -> int:
        """Return on how many workers to compute, as `workbench.service.sizing.workers` finds."""
        return sizing.workers(self._run, self._source, self._store.settings, self._event)

    def _request(self, workers: int) -> TrainingRequest:
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
                workers=workers,
                model_s=spec["model_timeout_s"],
                unit_bytes=spec["unit_memory"] or self._share_of_memory(workers),
            ),
            past=self._past(),
        )

    def _share_of_memory(self, workers: int) -> int:
        # A cluster shares out the memory of its own machines.
        is_here = self._run.spec["executor"] == "local"
        return even_share(workers * self._store.settings.concurrent_runs) if is_here else 0

    def _past(self) -> Past:
        """Gather what is known of this run already; nothing is told of it again."""
        past = recall(self._store, self._run, self._carrier)
        self._scored = {model: len(folds) for model, folds in past.scored.items()}
        for known in (past.scored, past.failed):
            for model, folds in known.items():
                self._told.setdefault(model, set()).update(folds)
        return past

    def take(self, update: Update) -> None:
        """Store what an update tells."""
        match update:
            case ExperimentFitted():
                self._fitted(update)
            case FoldPrepared():
                self._prepared(update)
            case FoldFailed():
                self._failed_fold(update)
            case UnitScored():
                self._scored_unit(update)
            case UnitFailed():
                self._failed_unit(update)
            case RacedOut():
                self._raced_out(update)
            case FitFailed():
                self._failed_fit(update)
            case PipelineFitted():
                self._pipeline(update)

    def _fitted(self, update: ExperimentFitted) -> None:
        self._names, self._folds = {entry.id: entry.name for entry in update.field}, update.folds
        known = self._run.model_name
        stored = self._stored({artifacts.ENVIRONMENT: update.environment.encode()})
        with self._writing() as log:
            self._keep(log.session, stored)
            row = log.session.get_one(RunRow, self._run.id)
            row.fitted = {
                "folds": update.folds,
                "test_ratio": update.test_ratio,
                "versions": dict(update.versions),
            }
            row.field = [[entry.id, entry.name, entry.recipe.as_dict()] for entry in update.field] + [
                [model, known(model)] for model in update.missing
            ]
            log.append(
                "experiment.fitted",
                f"{update.train_rows:,} rows to train on, "
                f"{f'{update.test_rows:,} held out, ' if update.test_rows else ''}"
                f"{update.features_in:,} → {update.features_out:,} features, "
                f"{len(update.field)} model{'s' if len(update.field) != 1 else ''} in the field"
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
                    scores.store_score(log.session, self._run.id, model, fold, "failed", reason=reason)
                log.append("model.failed", f"{known(model)}: {reason}", payload={"model": model})

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
        with self._writing() as log:
            scores.store_score(
                log.session,
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
            log.append(
                "unit.scored",
                f"{self._on(update)}: {sort} {shown}",
                payload={"model": update.model, "fold": update.fold, "metrics": dict(update.metrics)},
                duration_ms=(update.fit_s + update.score_s) * 1000,
            )
            if self._scored[update.model] == self._folds:
                message = f"{name} on {f'all {self._folds} folds' if self._folds > 1 else 'the whole table'}"
                log.append("model.scored", message, payload={"model": update.model})

    def _failed_unit(self, update: UnitFailed) -> None:
        kind: events.EventKind = "model.timed_out" if update.timed_out else "model.failed"
        folds = self._left(update.model) if update.gives_up else {update.fold}
        message = f"{self._on(update)}: {update.reason}"
        status: scores.UnitStatus = "timed_out" if update.timed_out else "failed"
        counted = scores.zeros(self._run.task) if update.counts_zero else None
        self._lose(update.model, folds, status, update.reason, kind, message, pycaret=counted)

    def _failed_fold(self, update: FoldFailed) -> None:
        """Tell why no model is scored on a fold: once, and in every row."""
        left = [model for model in self._names if update.fold in self._left(model)]
        self._lost_fold = update.reason
        with self._writing() as log:
            for model in left:
                self._told.setdefault(model, set()).add(update.fold)
                scores.store_score(
                    log.session,
                    self._run.id,
                    model,
                    update.fold,
                    "unprepared",
                    reason=update.reason,
                    pycaret=scores.zeros(self._run.task),
                )
            log.append("fold.failed", update.reason, payload={"fold": update.fold})

    def _failed_fit(self, update: FitFailed) -> None:
        self._unfitted.append(f"{self._names[update.model]} could not be fitted in the end: {update.reason}")
        with self._writing() as log:
            log.append("model.failed", self._unfitted[-1], payload={"model": update.model})

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
        *,
        pycaret: Mapping[str, float] | None = None,
    ) -> None:
        self._told.setdefault(model, set()).update(folds)
        with self._writing() as log:
            for fold in sorted(folds):
                scores.store_score(log.session, self._run.id, model, fold, status, reason=reason, pycaret=pycaret)
            log.append(kind, message, payload={"model": model, "folds": sorted(folds)})

    def _pipeline(self, update: PipelineFitted) -> None:
        self._best = update.model
        known = TASKS[self._run.task].model(update.candidate.recipe.model)
        self._new_rows = known.new_rows if known is not None else ""
        contents = {
            artifacts.PIPELINE: update.pickled,
            artifacts.SCHEMA: json.dumps(update.schema).encode(),
            artifacts.SAMPLE: json.dumps(update.sample).encode(),
            artifacts.REFERENCE: json.dumps(update.reference).encode(),
            artifacts.HOLDOUT: json.dumps(
                {"source_sha256": self._run.spec.get("source_sha256"), **update.holdout}
            ).encode(),
        }
        stored = self._stored(contents)
        pipeline = stored[0]
        with self._writing() as log:
            self._keep(log.session, stored)
            log.append(
                "artifact.saved",
                f"{pipeline.name} with {self._names[update.model]}, {pipeline.size_bytes / 1024:,.0f} KiB, "
                f"SHA-256 {pipeline.sha256[:12]}…{f' {self._new_rows}' if self._new_rows else ''}",
                payload={"name": pipeline.name, "sha256": pipeline.sha256, "size_bytes": pipeline.size_bytes},
                duration_ms=update.duration_s * 1000,
            )

    def _stored(self, contents: Mapping[str, bytes]) -> list[artifacts.Stored]:
        # Outside of any transaction, for it may take its time; looked at first, or a lost process would write over
        # what the next one stored.
        with self._writing():
            pass
        return [self._store.artifacts.put(self._run.id, name, content) for name, content in contents.items()]

    def _keep(self, session: Session, stored: list[artifacts.Stored]) -> None:
        # An earlier process of this run may have come as far.
        named = ArtifactRow.name.in_([artifact.name for artifact in stored])
        session.execute(delete(ArtifactRow).where(ArtifactRow.run_id == self._run.id, named))
        for artifact in stored:
            session.add(
                ArtifactRow(
                    run_id=self._run.id, name=artifact.name, sha256=artifact.sha256, size_bytes=artifact.size_bytes
                )
            )

    def _why_none(self) -> str:
        if self._unfitted:
            return " ".join(self._unfitted)
        lacking = "was scored on every fold" if self._folds > 1 else f"has a {self._run.spec['sort']}"
        return f"no model {lacking}.{f' {self._lost_fold}' if self._lost_fold else ''}"

    def _closing_words(self) -> str:
        if self._best is None:
            return "set-up fitted"
        name = self._names[self._best]
        return f"{name} is best by {self._run.spec['sort']}" if len(self._names) > 1 else f"{name} is fitted"

    def _event(
        self, kind: events.EventKind, message: str, payload: dict[str, Any], duration_ms: float | None = None
    ) -> None:
        with self._writing() as log:
            log.append(kind, message, payload=payload, duration_ms=duration_ms)

    def _finish(self, status: str, message: str, summary: Mapping[str, Any] | None = None) -> None:
        ending.finish(self._store, self._run.id, status, message, summary=summary, carrier=self._carrier)

    @contextmanager
    def _writing(self) -> Iterator[events.Log]:
        """Open a transaction in which this process carries the run, to its end."""
        with self._store.database.write() as session:
            yield hold(session, self._run.id, self._carrier)
