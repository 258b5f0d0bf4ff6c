"""A pipeline as it stands: a frozen copy of its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, NewType

from workbench.decoding import rebuilt
from workbench.store.artifacts import Stored
from workbench.store.tables import PipelineRow

PipelineId = NewType("PipelineId", str)


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric of a model on its run's leaderboard.

    Attributes
    ----------
    mean
        Over the folds; None where it is undefined on all of them.
    std
        Population standard deviation over the folds; None for a task without folds.
    interval
        95 % confidence interval of the mean, see `workbench.ranking.interval`; None below two folds.
    folds
        Value on each fold, in order; None where there is none.
    note
        What a reader must know of the value; None where there is nothing to say.
    """

    mean: float | None
    std: float | None = None
    interval: tuple[float, float] | None = None
    folds: tuple[float | None, ...] = ()
    note: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "mean": self.mean,
            "std": self.std,
            "interval": None if self.interval is None else list(self.interval),
            "folds": list(self.folds),
            "note": self.note,
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Measure:
        """Rebuild what `as_dict` gave."""
        low_high: Sequence[float] | None = told["interval"]
        return cls(
            mean=told["mean"],
            std=told["std"],
            interval=None if low_high is None else (low_high[0], low_high[1]),
            folds=tuple(told["folds"]),
            note=told["note"],
        )


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A promoted model with its preprocessing; it never changes.

    Attributes
    ----------
    run_id
        The run that fitted it, which may be deleted since.
    model
        Id of the model on that run's leaderboard.
    target
        Column that it predicts; None for a task without one.
    sha256, size_bytes
        Of the pickled pipeline.
    schema_sha256
        Version of its input: a hash of the columns' names and kinds.
    artifacts
        All that belongs to it, by name.
    metrics
        Its row on the run's leaderboard, by PyCaret's display names.
    lineage
        Where it comes from: ``run``, ``source``, ``plan``, ``recipe``, ``setup``, ``options``, ``seed``, ``folds``,
        ``sort``, ``racing``, ``versions``, ``rows`` and ``notes``, see `workbench.registry.lineage`.
    deleted_at
        None while it is there.
    """

    id: PipelineId
    name: str
    run_id: str
    model: str
    model_name: str
    task: str
    target: str | None
    sha256: str
    size_bytes: int
    schema_sha256: str
    artifacts: Mapping[str, Stored]
    metrics: Mapping[str, Measure]
    lineage: Mapping[str, Any]
    note: str
    created_by: str
    created_at: datetime
    deleted_at: datetime | None

    @classmethod
    def of(cls, row: PipelineRow) -> Pipeline:
        return cls(
            id=PipelineId(row.id),
            name=row.name,
            run_id=row.run_id,
            model=row.model,
            model_name=row.model_name,
            task=row.task,
            target=row.target,
            sha256=row.sha256,
            size_bytes=row.size_bytes,
            schema_sha256=row.schema_sha256,
            artifacts={name: Stored(name, told["sha256"], told["size_bytes"]) for name, told in row.artifacts.items()},
            metrics={name: Measure.of(told) for name, told in row.metrics.items()},
            lineage=row.lineage,
            note=row.note,
            created_by=row.created_by,
            created_at=row.created_at,
            deleted_at=row.deleted_at,
        )

    @property
    def short_id(self) -> str:
        """The id's last eight digits: its first ones are the time, alike for neighbours."""
        return self.id[-8:]

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def source(self) -> Mapping[str, Any]:
        """The data source that it was fitted on: ``id``, ``name``, ``sha256`` and ``rows``."""
        found: Mapping[str, Any] = self.lineage["source"]
        return found

    @property
    def subject(self) -> str:
        """What it is about, in a few words."""
        return self.source["name"] if self.target is None else f"{self.target} on {self.source['name']}"

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "id": self.id,
            "name": self.name,
            "run_id": self.run_id,
            "model": self.model,
            "model_name": self.model_name,
            "task": self.task,
            "target": self.target,
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "schema_sha256": self.schema_sha256,
            "artifacts": {
                name: {"sha256": stored.sha256, "size_bytes": stored.size_bytes}
                for name, stored in self.artifacts.items()
            },
            "metrics": {name: measure.as_dict() for name, measure in self.metrics.items()},
            "lineage": dict(self.lineage),
            "note": self.note,
            "created_by": self.created_by,
            "created_at": self.created_at.isoformat(),
            "deleted_at": None if self.deleted_at is None else self.deleted_at.isoformat(),
        }

    @classmethod
    def of_dict(cls, told: Mapping[str, Any]) -> Pipeline:
        """Rebuild what `as_dict` gave."""
        artifacts = {name: {"name": name, **stored} for name, stored in told["artifacts"].items()}
        return rebuilt(cls, {**told, "artifacts": artifacts})

    def __repr__(self) -> str:
        return f"<Pipeline {self.name}: {self.model_name} for {self.subject}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{'–' if measure.mean is None else f'{measure.mean:.4f}'}</td>"
            f"<td>{'' if measure.std is None else f'± {measure.std:.4f}'}</td></tr>"
            for name, measure in self.metrics.items()
        )
        return (
            f"<p><b>{escape(self.name)}</b> · {escape(self.model_name)} for {escape(self.subject)} · "
            f"{self.created_at.astimezone():%Y-%m-%d %H:%M} by {escape(self.created_by)}</p>"
            f"<table><tr><th>metric</th><th>mean</th><th>std</th></tr>{rows}</table>"
        )
