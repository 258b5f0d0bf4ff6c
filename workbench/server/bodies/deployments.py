"""Deployments and batches over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from workbench.server.bodies.base import Asked, Told, alike
from workbench.serving import batches, deployment, reports
from workbench.serving.reports import Logged, Minute

__all__ = ["Logged", "Minute"]


class Deploy(Asked):
    """What is deployed, and how: a run with one of its models, or a pipeline by name, id or alias."""

    run: str | None = None
    model: str | None = None
    pipeline: str | None = None
    slug: str
    access: str = "workspace"
    follow: str | None = None


class CheckSlug(Asked):
    slug: str


class Warm(Asked):
    wait: bool = Field(False, description="Whether to answer once it answers itself.")


class Swap(Asked):
    pipeline: str
    why: str = ""
    other_columns: bool = Field(False, description="Whether it may take other input columns.")
    wait: bool = Field(True, description="Whether to answer once the other one does.")


class RollBack(Asked):
    why: str = "rolled back"
    wait: bool = Field(True, description="Whether to answer once it does.")


class OpenTo(Asked):
    access: str


class Follow(Asked):
    alias: str | None = None


class Shadow(Asked):
    pipeline: str | None = None


class BeginBatch(Asked):
    """Whose pipeline predicts, and a data source by name or id."""

    deployment: str
    source: str


class DeploymentSchema(Told):
    """What a row takes."""

    pipeline_id: str
    task: str
    target: str | None
    columns: list[dict[str, Any]] = Field(description="Input columns with their kinds.")
    sample: list[dict[str, Any]] = Field(description="Rows that the pipeline learned from.")
    reference: dict[str, Any] | None = Field(description="What was learned of the columns.")


class PredictRequest(Asked):
    """Rows to predict."""

    rows: list[dict[str, Any]] = Field(description="By the columns of the deployment's schema.")


class Predictions(Told):
    """What is predicted."""

    deployment_id: str
    endpoint_slug: str
    predictions: list[dict[str, Any]] = Field(description="index, prediction and, where the model gives one, score.")
    latency_ms: float
    request_id: str


Deployment = alike("Deployment", deployment.DeploymentRecord)
ShownDeployment = alike("ShownDeployment", deployment.DeploymentRecord, engine=Mapping[str, Any] | None)
Predictor = alike("Predictor", deployment.Predictor)
ShadowReport = alike("ShadowReport", reports.Comparison)
Batch = alike("Batch", batches.BatchRecord)
