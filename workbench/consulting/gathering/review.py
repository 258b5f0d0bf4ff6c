"""What the deployment reviewer is shown: a pipeline, its board, its table, its bytes, its libraries, its traffic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from workbench.advisors.deployment_reviewer.evidence import (
    Artifact,
    Measured,
    Reviewed,
    ReviewEvidence,
    Rival,
    Served,
    Version,
)
from workbench.advisors.examination import Examination, Part
from workbench.advisors.table import Look
from workbench.catalogue import TASKS
from workbench.consulting.gathering import table, traffic
from workbench.consulting.gathering.fitted import Fitted, of_pipeline, of_run
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.errors import NotFound, WorkbenchError
from workbench.preflight.overriding import RECORDED
from workbench.recipe import Recipe
from workbench.registry.pipeline import Measure
from workbench.registry.pipelines import Pipelines
from workbench.runs import lookup, scores
from workbench.runs.record import RunRecord
from workbench.serving import deployments
from workbench.serving.deployment import DeploymentRecord
from workbench.store.artifacts import ENVIRONMENT, PIPELINE, REFERENCE, SCHEMA
from workbench.store.store import Store

if TYPE_CHECKING:
    import pandas as pd


BUDGET_S = 4.0
"""Seconds for the examination, of the five that a review may take in all."""
PARTS: tuple[Part, ...] = ("scores", "preparation", "calibration", "errors", "segments", "importances")
"""What a review judges by: how much more rows would bring is not its matter."""
_BEYOND = ("xgboost", "catboost")
"""Libraries of models that a run notes in its environment alone, as PyCaret does without them."""


def gather(
    store: Store, subject_id: str, goal: str = "", segment: str | None = None, *, budget_s: float = BUDGET_S
) -> ReviewEvidence:
    """Gather what is known of a deployment, a pipeline or a run's model.

    Parameters
    ----------
    subject_id
        Id of any of these.
    goal
        What the predictions are for.
    segment
        Column of its table across whose values it is to be fair.
    budget_s
        Seconds that the examination may take at most.

    Raises
    ------
    NotFound
        ``run.not_found`` when it is none of these.
    Conflict
        ``advice.not_possible`` when the run fitted no model.
    """
    kind, fitted, record = _subject(store, subject_id)
    sources, run = Sources(store), _run(store, fitted)
    notes: list[str] = []
    source = _source(sources, fitted, notes)
    frame = _frame(sources, source, notes)
    request = None if source is None else _request(fitted, run, source)
    artifact = _artifact(fitted)
    return ReviewEvidence(
        subject=kind,
        reviewed=_reviewed(fitted, notes),
        goal=goal,
        segment=segment or None,
        rivals=None if run is None else _rivals(store, run, fitted),
        look=None if source is None or request is None else _look(store, sources, source, request, notes),
        overridden=() if run is None else tuple((run.spec.get(RECORDED) or {}).get("overridden", ())),
        gaps={} if source is None else _gaps(fitted, source),
        examination=_examination(fitted, frame, segment, budget_s, notes) if artifact.verifies else None,
        artifact=artifact,
        versions=tuple(_versions(fitted)),
        served=None if record is None else _served(store, record, fitted, frame, notes),
        request=None if source is None or source.is_deleted else request,
        notes=tuple(notes),
    )


def _subject(
    store: Store, subject_id: str
) -> tuple[Literal["deployment", "pipeline", "run"], Fitted, DeploymentRecord | None]:
    pipelines = Pipelines(store)
    try:
        record = deployments.get(store, subject_id)
    except NotFound:
        pass
    else:
        return "deployment", of_pipeline(pipelines, pipelines.get(record.pipeline_id)), record
    try:
        return "pipeline", of_pipeline(pipelines, pipelines.get(subject_id)), None
    except NotFound:
        return "run", of_run(store, lookup.get(store, subject_id)), None


def _run(store: Store, fitted: Fitted) -> RunRecord | None:
    try:
        return lookup.get(store, fitted.run_id)
    except NotFound:
        return None


def _source(sources: Sources, fitted: Fitted, notes: list[str]) -> Source | None:
    try:
        return fitted.source(sources)
    except NotFound as error:
        notes.append(f"The table that it learned from is not there any more: {error.message}")
        return None


def _frame(sources: Sources, source: Source | None, notes: list[str]) -> pd.DataFrame | None:
    if source is None:
        return None
    try:
        return sources.load(source)
    except WorkbenchError as error:
        notes.append(f"The table that it learned from could not be read: {error.message}")
        return None


def _request(fitted: Fitted, run: RunRecord | None, source: Source) -> dict[str, Any]:
    """Return what would ask for the same again, as arguments of ``Runs.submit``."""
    told, task, recipe = fitted.lineage, TASKS[fitted.task], fitted.recipe
    asked: dict[str, Any] = {"data": source.id, "task": fitted.task, "target": fitted.target}
    if run is not None and run.plan == "compare":
        asked |= {"plan": "compare", "exclude": list(run.spec["exclude"])}
        asked["include"] = None if run.spec["include"] is None else list(run.spec["include"])
    elif recipe.kind == "model":
        asked |= {"plan": "create", "model": recipe.model}
    else:
        # What it is put together of is found anew.
        asked |= {"plan": "compare", "include": list(recipe.models())}
    known = task.options
    asked["setup"] = {name: value for name, value in told["setup"].items() if name in known}
    asked |= {"seed": told["seed"], "sort": told["sort"], "folds": told["folds"] if task.folds > 1 else None}
    asked["racing"] = True if told["racing"] else None
    return {name: value for name, value in asked.items() if value not in (None, {}, [])}


def _look(store: Store, sources: Sources, source: Source, request: Mapping[str, Any], notes: list[str]) -> Look | None:
    asked = {name: value for name, value in request.items() if name != "data"}
    try:
        return table.look(store, sources, source, asked)
    except WorkbenchError as error:
        notes.append(f"The table could not be looked at again: {error.message}")
        return None


def _gaps(fitted: Fitted, source: Source) -> dict[str, float]:
    left_out = {*(fitted.lineage["setup"].get("ignore_features") or ()), fitted.target}
    return {
        column.name: column.missing / source.row_count
        for column in source.columns
        if column.missing and column.name not in left_out
    }


def _reviewed(fitted: Fitted, notes: list[str]) -> Reviewed:
    told, recipe = fitted.lineage, fitted.recipe
    reference = _document(fitted, REFERENCE, notes)
    schema = _document(fitted, SCHEMA, notes) or []
    target: Mapping[str, Any] = (reference or {}).get("target") or {}
    classes = {str(value): count for value, count in target.get("values", ())} if not target.get("rest") else {}
    return Reviewed(
        name=fitted.name,
        pipeline_id=fitted.pipeline_id,
        run_id=fitted.run_id,
        model=fitted.model,
        model_name=fitted.model_name,
        kinds=recipe.models(),
        recipe_kind=recipe.kind,
        task=fitted.task,
        target=fitted.target,
        plan=told["plan"],
        sort=told["sort"],
        metrics={name: _measured(measure) for name, measure in fitted.metrics.items()},
        folds=told["folds"],
        test_ratio=told["test_ratio"],
        racing=told["racing"],
        setup=dict(told["setup"]),
        rows_learned=(reference or {}).get("rows", told["rows"]["trained"]),
        rows_held_out=told["rows"]["held_out"],
        columns=tuple(column["name"] for column in schema if column["name"] != fitted.target),
        classes=classes if fitted.task == "classification" else {},
        target_mean=target.get("mean"),
        target_std=target.get("std"),
        has_reference=reference is not None,
        notes=tuple(told["notes"]),
    )


def _document(fitted: Fitted, name: str, notes: list[str]) -> Any:
    try:
        return fitted.document(name)
    except WorkbenchError as error:
        notes.append(f"{name} could not be read: {error.message}")
        return None


def _measured(measure: Measure) -> Measured:
    low, high = measure.interval or (None, None)
    return Measured(mean=measure.mean, std=measure.std, low=low, high=high, folds=measure.folds)


def _rivals(store: Store, run: RunRecord, fitted: Fitted) -> tuple[Rival, ...]:
    rows = scores.leaderboard(store.database, run)
    return tuple(
        Rival(
            model=row.model,
            name=row.name,
            kinds=(row.model,) if row.recipe is None else Recipe.of(row.recipe).models(),
            status=row.status,
            reason=row.reason,
            score=row.metrics.get(str(run.spec["sort"])),
            folds=tuple(row.folds.get(str(run.spec["sort"]), ())),
            is_separable=row.is_separable,
        )
        for row in rows
        if row.model != fitted.model
    )


def _artifact(fitted: Fitted) -> Artifact:
    try:
        fitted.read(PIPELINE)
    except WorkbenchError as error:
        return Artifact(size_bytes=fitted.size_bytes, verifies=False, problem=error.message)
    return Artifact(size_bytes=fitted.size_bytes, verifies=True)


def _examination(
    fitted: Fitted, frame: pd.DataFrame | None, segment: str | None, budget_s: float, notes: list[str]
) -> Examination | None:
    if frame is None:
        return None
    from workbench.examining.examine import examine
    from workbench.judging.comparison import NotComparable, Unanswered
    from workbench.judging.sides import Table

    told = fitted.lineage
    table_of = Table(frame, told["source"]["name"], told["source"]["sha256"])
    try:
        return examine(
            fitted.side(),
            table_of,
            target=fitted.target,
            metric=told["sort"],
            parts=PARTS,
            segment=segment or None,
            budget_s=budget_s,
        )
    except (NotComparable, Unanswered) as why:
        notes.append(f"The pipeline could not be examined: {why}")
    except WorkbenchError as error:
        notes.append(f"The pipeline could not be examined: {error.message}")
    return None


def _versions(fitted: Fitted) -> Sequence[Version]:
    made = dict(fitted.lineage["versions"])
    if ENVIRONMENT in fitted.artifacts and set(_BEYOND) & set(fitted.recipe.models()):
        lines = (line.partition("==") for line in fitted.read(ENVIRONMENT).decode().splitlines())
        made |= {name: version for name, _, version in lines if name in _BEYOND}
    return [Version(library=name, made=version, now=installed(name)) for name, version in made.items()]


def installed(library: str) -> str | None:
    """Return the version of a library in this environment, the one that serves; None: it is not installed."""
    import platform
    from importlib import metadata

    if library == "python":
        return platform.python_version()
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def _served(
    store: Store, record: DeploymentRecord, fitted: Fitted, frame: pd.DataFrame | None, notes: list[str]
) -> Served:
    reference, held_out = (_document(fitted, name, notes) for name in (REFERENCE, "holdout.json"))
    return traffic.served(store, record, reference, frame, held_out)
