"""What a pipeline learned from, for drift to be judged: the rows themselves where they are there, else what it kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from workbench.access.places import without_places
from workbench.advisors.drift_analyst.evidence import Sample
from workbench.consulting.gathering.fitted import of_pipeline
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.errors import Conflict, NotFound, WorkbenchError
from workbench.registry.pipeline import Pipeline
from workbench.registry.pipelines import Pipelines
from workbench.store.artifacts import HOLDOUT, REFERENCE
from workbench.store.store import Store

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from workbench.examining.drift import asked
    from workbench.examining.drift.comparison import Known
    from workbench.examining.drift.sides import Form, Side
    from workbench.judging import sides as judged

ROWS_MOST = 5_000
"""Most rows of a side that are compared: a shift that is not found among so many moves no index to 0.1."""
SEED = 1
UNBIASED = ("clustering",)
"""Tasks whose predictions of rows that were learned from are like those of others."""
LABELLED = ("classification", "clustering", "anomaly")


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """The side of the reference.

    Attributes
    ----------
    form
        How columns of the other side are to be read.
    pipeline, judged_as
        Loaded, and as it is judged on rows; None where it could not be loaded.
    held_out
        Rows of its table that it was not fitted on, at most `ROWS_MOST`; None where there are none.
    notes
        What could not be looked at, a sentence each.
    """

    form: Form
    side: Side
    known: Mapping[str, Known]
    sample: Sample
    pipeline: asked.Pipeline | None
    judged_as: judged.Side | None = None
    held_out: pd.DataFrame | None = None
    notes: tuple[str, ...] = field(default=())


def learned_from(store: Store, pipelines: Pipelines, pipeline: Pipeline) -> Learned:
    """Gather what a pipeline learned from.

    Raises
    ------
    Conflict
        ``advice.not_possible`` when neither the table nor a summary of it is there.
    """
    judged_as, loaded, notes = _loaded(pipelines, pipeline)
    reference, holdout = (_document(pipelines, pipeline, name, notes) for name in (REFERENCE, HOLDOUT))
    frame = _table(store, pipeline)
    if frame is not None and holdout is not None and holdout["of"] == len(frame):
        found = _of_rows(pipeline, frame, holdout, reference, loaded)
    elif reference is not None:
        found = _of_summary(pipeline, reference, loaded)
    else:
        raise Conflict(
            "advice.not_possible",
            f"Neither the table that {pipeline.name} was fitted on nor a summary of its rows is there any more.",
            hint="Fit the model again on a table that is there, and deploy that.",
            pipeline_id=pipeline.id,
        )
    return replace(found, judged_as=judged_as, notes=(*notes, *found.notes))


def answers_as(task: str) -> Any:
    """Return the scale of what a task predicts."""
    return "label" if task in LABELLED else "number"


def source_of(store: Store, pipeline: Pipeline) -> Source | None:
    """Return the version of the data source that a pipeline was fitted on; None where it is not known any more."""
    try:
        return Sources(store).get(pipeline.source["id"], hidden=True)
    except NotFound:
        return None


def drawn(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Draw at most `ROWS_MOST` of some row numbers at random, the same every time, in their order."""
    import numpy as np

    if len(rows) <= ROWS_MOST:
        return rows
    return np.sort(np.random.default_rng(SEED).choice(rows, ROWS_MOST, replace=False))


def _of_rows(
    pipeline: Pipeline,
    frame: pd.DataFrame,
    holdout: Mapping[str, Any],
    reference: Mapping[str, Any] | None,
    loaded: asked.Pipeline | None,
) -> Learned:
    import numpy as np

    from workbench.examining.drift.sides import Form

    columns = _columns(frame, reference, loaded, pipeline)
    dates = {} if loaded is None else dict(loaded.original.dates)
    if reference is not None:
        dates |= {name: dates.get(name) for name, told in reference["columns"].items() if told["kind"] == "date"}
    form = Form.of_table(frame, columns, dates, target=pipeline.target, answers=answers_as(pipeline.task))
    held_out = np.asarray(holdout["rows"], dtype=int)
    fitted = np.setdiff1d(np.arange(len(frame)), held_out)
    taken = drawn(fitted)
    side = form.of_frame(frame.iloc[taken].reset_index(drop=True))
    known = form.known(reference, frame.iloc[fitted])
    how = "all rows" if len(taken) == len(fitted) else f"{len(taken):,} rows drawn at random of the {len(fitted):,}"
    sample = Sample(
        rows=len(taken), total=len(fitted), about=f"{how} of {pipeline.source['name']} that it was fitted on"
    )
    if loaded is None:
        return Learned(form, side, known, sample, None)
    new = frame.iloc[drawn(held_out)].reset_index(drop=True) if len(held_out) else None
    rows = frame.iloc[taken].reset_index(drop=True) if new is None and pipeline.task in UNBIASED else new
    side, notes = _with_answers(form, side, rows, loaded)
    return Learned(form, side, known, sample, loaded, held_out=new, notes=notes)


def _with_answers(
    form: Form, side: Side, rows: pd.DataFrame | None, loaded: asked.Pipeline
) -> tuple[Side, tuple[str, ...]]:
    """Add what the pipeline says of rows that are new to it, as rows of today are: of others it knows the answer."""
    if rows is None:
        why = "it was fitted on all rows, and what it says of those is no measure for what it says of new ones"
        return side, (f"Whether its predictions moved was not judged: {why}.",)
    try:
        said = loaded.predict(rows)
    except WorkbenchError as error:
        return side, (f"Whether its predictions moved was not judged: {error.message}",)
    return with_predictions(side, form, said), ()


def with_predictions(side: Side, form: Form, said: Any) -> Side:
    """Add predictions to a side."""
    from workbench.examining.drift.held import of_values

    scores = None if said.scores is None else of_values(said.scores, "number")
    return replace(side, predictions=form.said(said.labels), scores=scores)


def _of_summary(pipeline: Pipeline, reference: Mapping[str, Any], loaded: asked.Pipeline | None) -> Learned:
    from workbench.examining.drift.sides import Form

    form = Form.of_summary(reference, target=pipeline.target, answers=answers_as(pipeline.task))
    if loaded is not None:
        form = replace(
            form, patterns={name: loaded.original.dates.get(name, own) for name, own in form.patterns.items()}
        )
    side = form.of_sample(reference)
    notes = [
        f"{pipeline.source['name']} as it was fitted on is not there any more: the sample that it kept stands for it."
    ]
    if pipeline.task not in UNBIASED and side.predictions is not None:
        side = replace(side, predictions=None)
        notes.append("Whether its predictions moved was not judged: only rows that it learned from are kept.")
    rows = len(reference["sample"]["numbers"])
    about = f"{rows:,} rows that it kept, drawn at random of the {reference['rows']:,} that it was fitted on"
    sample = Sample(rows=rows, total=int(reference["rows"]), about=about)
    return Learned(form, side, form.known(reference, None), sample, loaded, notes=tuple(notes))


def _columns(
    frame: pd.DataFrame,
    reference: Mapping[str, Any] | None,
    loaded: asked.Pipeline | None,
    pipeline: Pipeline,
) -> list[str]:
    if reference is not None:
        return list(reference["columns"])
    if loaded is not None:
        return [column.name for column in loaded.schema.columns]
    return [str(name) for name in frame.columns if name != pipeline.target]


def _table(store: Store, pipeline: Pipeline) -> pd.DataFrame | None:
    """Load the table that it was fitted on; None where it is not there, or not what it was."""
    source = source_of(store, pipeline)
    if source is None or source.sha256 != pipeline.source["sha256"]:
        return None
    try:
        return Sources(store).load(source)
    except WorkbenchError:
        return None


def _loaded(pipelines: Pipelines, pipeline: Pipeline) -> tuple[judged.Side | None, asked.Pipeline | None, list[str]]:
    from workbench.examining.drift import asked

    try:
        side = of_pipeline(pipelines, pipeline).side()
        return side, asked.Pipeline.load(side), []
    except WorkbenchError as error:
        return None, None, [f"The pipeline was not loaded, so that it could not be asked: {error.message}"]
    except Exception as error:  # noqa: BLE001 - whatever unpickling raises, the columns can be compared without it
        why = without_places(f"{type(error).__name__}: {error}")
        return None, None, [f"The pipeline could not be loaded: {why}"]


def _document(pipelines: Pipelines, pipeline: Pipeline, name: str, notes: list[str]) -> Any:
    try:
        return pipelines.document(pipeline, name)
    except WorkbenchError as error:
        notes.append(f"{name} of the pipeline was not read: {error.message}")
        return None
