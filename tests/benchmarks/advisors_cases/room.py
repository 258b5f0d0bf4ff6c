"""A home in which tables are stored, runs trained and rows answered for real, all in this process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from workbench import connect, requests
from workbench.access.actor import owner
from workbench.data.source import Source
from workbench.preflight import overriding
from workbench.registry.pipeline import Pipeline
from workbench.registry.pipelines import Pipelines
from workbench.runs import lookup, queue
from workbench.runs.queue import SourceIdentity
from workbench.runs.record import RunRecord
from workbench.service import process
from workbench.serving import deployments
from workbench.serving.deployment import LIVE, DeploymentRecord
from workbench.settings import Settings
from workbench.store.artifacts import PIPELINE, SAMPLE, SCHEMA
from workbench.store.tables import DeploymentRow, PredictionRow, PredictionStatsRow, now

OWNER = "bench"
ROWS_A_REQUEST = 1


@dataclass
class Served:
    """A deployment, and what it has been asked."""

    record: DeploymentRecord
    pipeline: Pipeline


class Room:
    """One home; runs are carried out by the code of the run process, here, without a service."""

    def __init__(self, home: Path) -> None:
        self.workbench = connect(Settings(home=home, database_url="", artifact_url=""))
        self.store = self.workbench._store
        self._predictors: dict[str, Any] = {}
        self._count = 0

    def close(self) -> None:
        self.workbench.close()

    def source(self, frame: pd.DataFrame, name: str) -> Source:
        """Bring a table as a user does: as a CSV file."""
        self._count += 1
        path = self.store.settings.home / f"{name}-{self._count}.csv"
        frame.to_csv(path, index=False)
        return self.workbench.data.upload(path, f"{name}-{self._count}")

    def submit(self, source: Source, *, override: str | Sequence[str] = (), **asked: Any) -> RunRecord:
        """Queue a run as the facade does, and ring for nobody."""
        data = self.workbench.data
        found, spec = requests.resolve(self.store, data, source, asked)
        looked = requests.look(self.store, data, found, spec, override=override)
        overriding.refuse_blocked(looked)
        return queue.submit(
            self.store,
            SourceIdentity(found.id, found.name, found.sha256),
            spec,
            by=OWNER,
            snapshot={"source_sha256": found.sha256, "rows": found.row_count, **overriding.recorded(looked)},
            service_is_warm=True,
        )

    def train(self, source: Source, **asked: Any) -> RunRecord:
        """Carry a run out to its end."""
        run = self.submit(source, **asked)
        assert queue.claim(self.store, OWNER, most=1) == [run.id]
        process.carry_out(run.id, OWNER, self.store.settings)
        return lookup.get(self.store, run.id)

    def deploy(self, run: RunRecord, *, days_ago: float = 0.0) -> Served:
        """Promote a run's model and store a deployment that is ready, made so many days ago."""
        pipeline = Pipelines(self.store.on_behalf_of(owner(OWNER))).promote(run.id)
        record = deployments.create(self.store, f"case-{self._count}-{run.short_id[-4:]}", pipeline.id, by=OWNER)
        self._set(record, status="ready", created_at=now() - pd.Timedelta(days=days_ago).to_pytimedelta())
        return Served(deployments.get(self.store, record.id), pipeline)

    def ask(self, served: Served, frame: pd.DataFrame) -> None:
        """Have the pipeline answer rows, and keep them as the service would, all of them."""
        predictor = self._predictor(served.pipeline)
        rows = _records(frame[[column.name for column in predictor.schema.columns]])
        said = predictor.predict(predictor.read(rows))
        scores = said.scores or [None] * len(rows)
        at = now()
        with self.store.database.write() as session:
            for place, (row, label, score) in enumerate(zip(rows, said.labels, scores, strict=True)):
                answer = {"index": place, "prediction": label} | ({} if score is None else {"score": score})
                session.add(
                    PredictionRow(
                        deployment_id=served.record.id,
                        pipeline_id=served.pipeline.id,
                        role=LIVE,
                        request_id=f"r{place // ROWS_A_REQUEST}",
                        place=place % ROWS_A_REQUEST,
                        at=at,
                        input=row,
                        answer=answer,
                    )
                )
            session.add(
                PredictionStatsRow(
                    deployment_id=served.record.id,
                    pipeline_id=served.pipeline.id,
                    role=LIVE,
                    minute=at.replace(second=0, microsecond=0),
                    requests=len(rows) // ROWS_A_REQUEST,
                    rows=len(rows),
                    histograms={},
                )
            )
        self._set(served.record, request_count=len(rows) // ROWS_A_REQUEST, row_count=len(rows), p50_ms=1.0, p95_ms=2.0)

    def count(self, served: Served, **counts: Any) -> None:
        """Set what was counted of a deployment."""
        self._set(served.record, **counts)

    def _set(self, record: DeploymentRecord, **values: Any) -> None:
        with self.store.database.write() as session:
            row = session.get_one(DeploymentRow, record.id)
            for name, value in values.items():
                setattr(row, name, value)

    def _predictor(self, pipeline: Pipeline) -> Any:
        from workbench.predictor.predictor import Predictor

        if pipeline.id not in self._predictors:
            pipelines = Pipelines(self.store.on_behalf_of(owner(OWNER)))
            self._predictors[pipeline.id] = Predictor.load(
                pipelines.artifact(pipeline, PIPELINE),
                pipelines.document(pipeline, SCHEMA),
                pipelines.document(pipeline, SAMPLE) or [],
                task=pipeline.task,
            )
        return self._predictors[pipeline.id]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): _own(value) for name, value in row.items()} for row in plain.to_dict("records")]


def _own(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def warm_up() -> None:
    """Import PyCaret once, on one native thread, so that cases do not pay for it."""
    os.environ.setdefault("PYCARET_CUSTOM_LOGGING_PATH", os.devnull)
    from workbench.training.experiment import warm_up as warm

    warm()
