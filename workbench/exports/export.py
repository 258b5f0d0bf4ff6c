"""Write a registered pipeline into a folder that stands by itself, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from workbench.catalogue import TASKS
from workbench.errors import BadRequest, Conflict, choices
from workbench.exports import container, mlflow_model, place
from workbench.exports.contents import Contents
from workbench.exports.manifest import Limits, Manifest
from workbench.exports.requirements import Environment
from workbench.recipe import Recipe
from workbench.registry.lookup import Reference
from workbench.registry.pipeline import Pipeline
from workbench.registry.pipelines import Pipelines
from workbench.store import audit
from workbench.store.artifacts import ENVIRONMENT, PIPELINE, REFERENCE, SAMPLE, SCHEMA
from workbench.store.store import Store
from workbench.version import __version__

KINDS: Mapping[str, Callable[[Contents, Path], None]] = {"container": container.write, "mlflow": mlflow_model.write}


def export(
    store: Store,
    pipeline: Reference,
    folder: str | Path,
    kind: str,
    *,
    by: str = "somebody",
    deployment: tuple[str, str] | None = None,
) -> Path:
    """Write a pipeline into a folder.

    Parameters
    ----------
    folder
        Is made; one that is there must be empty.
    kind
        ``mlflow``: a model that plain MLflow loads; ``container``: what an image is built from that answers as a
        deployment does.
    by
        Whom the audit log names.
    deployment
        Id and slug of the deployment that is exported: answers name them. None: the pipeline's own id and name.

    Returns
    -------
    Path
        The folder, absolute.

    Raises
    ------
    BadRequest
        ``export.failed`` when there is no such kind, or nothing can be written there.
    Conflict
        ``export.failed`` when the folder holds something; ``pipeline.takes_no_new_rows``.
    NotFound
        ``pipeline.not_found``; ``artifact.missing`` when the pipeline lacks a part.
    Gone, EngineFault
        ``artifact.…`` when a part is not what was stored. In all these cases nothing is left of it.
    """
    if kind not in KINDS:
        raise BadRequest("export.failed", f"There is no export of kind '{kind}'.", hint=choices(kind, KINDS))
    into = place.named(folder)
    place.check_free(into)
    pipelines = Pipelines(store)
    found = pipelines.get(pipeline)
    _check_new_rows(found)
    contents = _contents(store, pipelines, found, deployment or (found.id, found.name))
    place.fill(into, lambda partial: KINDS[kind](contents, partial))
    with store.database.write() as session:
        audit.record(
            session,
            by=by,
            action="pipeline.exported",
            subject="pipeline",
            subject_id=found.id,
            message=f"{found.name} was exported as {kind}",
            details={"kind": kind, "folder": str(into), "sha256": found.sha256},
        )
    return into


def _check_new_rows(pipeline: Pipeline) -> None:
    recipe = pipeline.lineage["recipe"]
    known = None if recipe is None else TASKS[pipeline.task].model(Recipe.of(recipe).model)
    if known is not None and known.new_rows:
        raise Conflict(
            "pipeline.takes_no_new_rows",
            f"{pipeline.name} can predict no rows anywhere. {known.new_rows}",
            pipeline_id=pipeline.id,
        )


def _contents(store: Store, pipelines: Pipelines, pipeline: Pipeline, deployment: tuple[str, str]) -> Contents:
    """Gather all that is written, verified."""
    settings = store.settings
    stored = pipelines.artifact(pipeline, ENVIRONMENT).decode() if ENVIRONMENT in pipeline.artifacts else ""
    files = {name: pipelines.artifact(pipeline, name) for name in (PIPELINE, SCHEMA, SAMPLE)}
    manifest = Manifest(
        deployment_id=deployment[0],
        slug=deployment[1],
        pipeline_id=pipeline.id,
        name=pipeline.name,
        model_name=pipeline.model_name,
        task=pipeline.task,
        target=pipeline.target,
        workbench=__version__,
        files={name: pipeline.artifacts[name].sha256 for name in files},
        limits=Limits(
            rows=settings.predict_rows,
            body_bytes=int(settings.predict_body),
            queue=settings.predict_queue,
            timeout_s=settings.predict_timeout_s,
        ),
    )
    return Contents(
        manifest=manifest,
        files=files,
        environment=Environment.of(stored, pipeline.lineage["versions"]),
        reference=pipelines.document(pipeline, REFERENCE),
        card=pipelines.card(pipeline),
    )
