"""What the drift analyst is shown: the rows that a pipeline learned from, and those that it is asked about today."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from workbench.advisors.drift_analyst.evidence import DriftEvidence, Sample, Score
from workbench.catalogue import TASKS, Metric
from workbench.consulting.gathering.learned import ROWS_MOST, Learned, drawn, learned_from, with_predictions
from workbench.consulting.gathering.retraining import called, retraining
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.errors import BadRequest, Conflict, WorkbenchError
from workbench.plain import shown
from workbench.registry.pipeline import Pipeline
from workbench.registry.pipelines import Pipelines
from workbench.serving import deployments
from workbench.serving.deployment import LIVE, DeploymentRecord
from workbench.store.artifacts import HOLDOUT, SAMPLE
from workbench.store.store import Store
from workbench.store.tables import PredictionRow, PredictionStatsRow, now

if TYPE_CHECKING:
    from workbench.examining.drift.sides import Side


HOURS_MOST = 24 * 366 * 10
NAMED = 10
"""Columns that are missing that a refusal names."""


@dataclass(frozen=True, slots=True, eq=False)
class Live:
    """The side of today; fields as in `DriftEvidence`."""

    side: Side
    sample: Sample
    since: datetime | None = None
    until: datetime | None = None
    requests: int | None = None
    others: int = 0
    score: Score | None = None
    notes: tuple[str, ...] = ()


def gather(store: Store, deployment_id: str, on: str | None = None, hours: float | None = None) -> DriftEvidence:
    """Compare what a deployment is asked with what its pipeline learned from.

    Parameters
    ----------
    on
        Data source whose rows are judged instead of those that were asked for: id, name, or ``NAME@2``.
    hours
        Only rows that were asked for in the last so many hours; None: all that are kept.

    Raises
    ------
    NotFound
        ``deployment.not_found``, ``data.not_found``
    BadRequest
        ``advice.invalid`` when the hours are no positive number, stand beside `on`, or when the data source lacks input
        columns.
    Conflict
        ``advice.not_possible`` when there are no rows to judge, none to judge them by, or it is a forecast's.
    """
    record = deployments.get(store, deployment_id)
    pipelines = Pipelines(store)
    pipeline = pipelines.get(record.pipeline_id)
    window = _window(hours, on)
    _refuse_series(pipeline)
    source = None if on is None else Sources(store).get(on)
    # Before anything heavy is loaded.
    others = _others(store, record, window) if source is None else 0
    logged = _logged(store, record, window) if source is None else ()
    rows = _without_checks(logged, _sample(pipelines, pipeline))
    if source is None and not rows:
        raise _nothing_asked(record, hours, others)
    learned = learned_from(store, pipelines, pipeline)
    if source is None:
        live = _of_log(store, record, learned, rows, window, checks=len(logged) - len(rows))
    else:
        live = _of_source(store, pipelines, pipeline, learned, source)
    return _told(store, record, pipeline, learned, replace(live, others=others), source=source, hours=hours)


def _told(
    store: Store,
    record: DeploymentRecord,
    pipeline: Pipeline,
    learned: Learned,
    live: Live,
    *,
    source: Source | None,
    hours: float | None,
) -> DriftEvidence:
    from workbench.examining.drift.comparison import compare, tests_in
    from workbench.examining.drift.sides import pairs
    from workbench.examining.drift.significance import CORRECTION

    shifts = compare(pairs(learned.side, live.side, learned.known))
    again = retraining(store, pipeline)
    return DriftEvidence(
        deployment=record.slug,
        pipeline=pipeline.name,
        task=TASKS[pipeline.task].name,
        target=pipeline.target,
        reference=learned.sample,
        live=live.sample,
        source=None if source is None else called(source),
        since=None if live.since is None else live.since.isoformat(),
        until=None if live.until is None else live.until.isoformat(),
        hours=hours,
        requests=live.requests,
        others=live.others,
        tests=tests_in(shifts),
        correction=CORRECTION,
        shifts=shifts,
        score=live.score,
        retraining=again.config,
        newest=again.newest,
        notes=(*learned.notes, *live.notes, *again.notes),
    )


def _window(hours: Any, on: str | None) -> datetime | None:
    """Return when the window begins; None: with the first row that is kept."""
    if hours is None:
        return None
    if on is not None:
        raise BadRequest("advice.invalid", "Rows of a data source have no hours: name either 'on' or 'hours'.")
    is_number = isinstance(hours, int | float) and not isinstance(hours, bool)
    if not is_number or not math.isfinite(hours) or not 0 < hours <= HOURS_MOST:
        raise BadRequest(
            "advice.invalid", f"hours is {shown(hours)}; it takes a number above 0, at most {HOURS_MOST:,}."
        )
    return now() - timedelta(hours=hours)


def _refuse_series(pipeline: Pipeline) -> None:
    if pipeline.task == "time_series":
        raise Conflict(
            "advice.not_possible",
            f"{pipeline.name} forecasts a series, whose rows follow one another: a trend or a season moves them while "
            "nothing is amiss, so that drift of single rows says nothing here.",
            hint="Fit it on the newer rows and promote that: the promotion compares both forecasts on what came since.",
            pipeline_id=pipeline.id,
        )


def _logged(store: Store, record: DeploymentRecord, since: datetime | None) -> Sequence[Any]:
    """Read the newest rows that the pipeline in place answered."""
    columns = (
        PredictionRow.request_id,
        PredictionRow.place,
        PredictionRow.at,
        PredictionRow.input,
        PredictionRow.answer,
    )
    query = (
        select(*columns)
        .where(
            PredictionRow.deployment_id == record.id,
            PredictionRow.pipeline_id == record.pipeline_id,
            PredictionRow.role == LIVE,
            *([] if since is None else [PredictionRow.at >= since]),
        )
        .order_by(PredictionRow.at.desc(), PredictionRow.id.desc())
        .limit(ROWS_MOST)
    )
    with store.database.read() as session:
        return session.execute(query).all()


def _sample(pipelines: Pipelines, pipeline: Pipeline) -> list[Any]:
    try:
        return pipelines.document(pipeline, SAMPLE) or []
    except WorkbenchError:
        return []


def _without_checks(rows: Sequence[Any], sample: Sequence[Any]) -> list[Any]:
    """Leave out the requests by which a deployment is tried as it is made: they are the pipeline's own sample rows."""
    of_each: dict[str, dict[int, Any]] = {}
    for row in rows:
        of_each.setdefault(row.request_id, {})[row.place] = row.input
    tried = dict(enumerate(sample))
    return [row for row in rows if of_each[row.request_id] != tried]


def _others(store: Store, record: DeploymentRecord, since: datetime | None) -> int:
    """Count kept rows that other pipelines answered in the same place."""
    query = (
        select(func.count())
        .select_from(PredictionRow)
        .where(
            PredictionRow.deployment_id == record.id,
            PredictionRow.pipeline_id != record.pipeline_id,
            PredictionRow.role == LIVE,
            *([] if since is None else [PredictionRow.at >= since]),
        )
    )
    with store.database.read() as session:
        return session.scalar(query) or 0


def _answered(store: Store, record: DeploymentRecord, since: datetime) -> int:
    """Count the rows that the pipeline in place answered from a minute on."""
    query = select(func.sum(PredictionStatsRow.rows)).where(
        PredictionStatsRow.deployment_id == record.id,
        PredictionStatsRow.pipeline_id == record.pipeline_id,
        PredictionStatsRow.role == LIVE,
        PredictionStatsRow.minute >= since.replace(second=0, microsecond=0),
    )
    with store.database.read() as session:
        return int(session.scalar(query) or 0)


def _nothing_asked(record: DeploymentRecord, hours: float | None, others: int) -> Conflict:
    when = "" if hours is None else f" in the last {hours:g} hours"
    what = f"; {others:,} were answered by other pipelines before it" if others else ""
    wider = "Ask for a longer window, wait for requests" if hours is not None else "Wait for requests"
    return Conflict(
        "advice.not_possible",
        f"No row is kept that the pipeline behind {record.slug} answered{when}{what}.",
        hint=f"{wider}, or name a data source with rows of today.",
        deployment_id=record.id,
    )


def _of_log(
    store: Store,
    record: DeploymentRecord,
    learned: Learned,
    rows: Sequence[Any],
    window: datetime | None,
    *,
    checks: int,
) -> Live:
    # What lies in the JSON may be anything: rows that are no objects have nothing but gaps.
    inputs = [row.input if isinstance(row.input, dict) else {} for row in rows]
    answers = [row.answer if isinstance(row.answer, dict) else {} for row in rows]
    since, until = rows[-1].at, rows[0].at
    requests = len({row.request_id for row in rows})
    total = max(
        len(rows), -checks + _answered(store, record, since if window is None or len(rows) == ROWS_MOST else window)
    )
    kept = store.settings.prediction_sample
    how = (
        f"{len(rows):,} of {total:,} rows that it answered, in {requests:,} requests: of each minute the first 60 "
        f"requests are kept and {kept:.0%} of the others, of each request 20 rows drawn at random"
    )
    if len(rows) == ROWS_MOST:
        how += f"; of what is kept, the newest {ROWS_MOST:,}"
    return Live(
        learned.form.of_log(inputs, answers), Sample(rows=len(rows), total=total, about=how), since, until, requests
    )


def _of_source(store: Store, pipelines: Pipelines, pipeline: Pipeline, learned: Learned, source: Source) -> Live:
    import numpy as np

    lacking = [name for name in learned.form.scales if name not in source.column_names]
    if lacking:
        more = f" and {len(lacking) - NAMED:,} more" if len(lacking) > NAMED else ""
        raise BadRequest(
            "advice.invalid",
            f"{source.name} lacks columns that {pipeline.name} takes: {', '.join(lacking[:NAMED])}{more}.",
            hint=f"It has {', '.join(source.column_names[:NAMED])}{', …' if len(source.columns) > NAMED else ''}.",
            columns=lacking,
        )
    frame, notes = Sources(store).load(source), []
    numbers = np.arange(len(frame))
    if source.sha256 == pipeline.source["sha256"]:
        held_out = (pipelines.document(pipeline, HOLDOUT) or {}).get("rows") or []
        if not held_out:
            raise Conflict(
                "advice.not_possible",
                f"{source.name} is the table that {pipeline.name} was fitted on, all rows of it.",
                hint="Name a data source with rows that came since.",
                pipeline_id=pipeline.id,
            )
        numbers = np.asarray(held_out, dtype=int)
        notes.append(f"{source.name} is the table that it was fitted on: only rows that were held out are judged.")
    if not len(numbers):
        raise Conflict("advice.not_possible", f"{source.name} has no rows to judge.", source_id=source.id)
    taken = drawn(numbers)
    how = "all" if len(taken) == len(numbers) else f"{len(taken):,} rows drawn at random of the"
    how += f" {len(numbers):,} rows"
    rows = frame.iloc[taken].reset_index(drop=True)
    side, said = _answers(learned, rows)
    score, scored = _score(pipeline, learned, source, frame)
    sample = Sample(rows=len(taken), total=len(frame), about=f"{how} of {source.name}")
    return Live(side, sample, score=score, notes=(*notes, *said, *scored))


def _answers(learned: Learned, rows: Any) -> tuple[Side, list[str]]:
    side = learned.form.of_frame(rows)
    if learned.pipeline is None:
        return side, []
    try:
        return with_predictions(side, learned.form, learned.pipeline.predict(rows)), []
    except WorkbenchError as error:
        return side, [
            f"The pipeline does not take these rows, so that its predictions were not judged: {error.message}"
        ]


def _score(pipeline: Pipeline, learned: Learned, source: Source, frame: Any) -> tuple[Score | None, list[str]]:
    """Measure the pipeline on those rows that tell the truth and are new to it."""
    from workbench.judging.comparison import NotComparable
    from workbench.judging.rows import choose
    from workbench.judging.sides import Table

    if pipeline.target is None or learned.pipeline is None or learned.judged_as is None:
        return None, []
    if pipeline.target not in frame:
        return None, [f"The rows have no {pipeline.target}: how well the pipeline does on them is not known."]
    metric = TASKS[pipeline.task].metric(pipeline.lineage["sort"])
    expected = None if metric is None else pipeline.metrics.get(metric.name)
    if metric is None or expected is None or expected.mean is None:
        return None, ["Its run has no score against which that on these rows could be held."]
    try:
        chosen = choose((learned.judged_as,), Table(frame, source.name, source.sha256), pipeline.target)
        rows = frame.iloc[drawn(chosen.numbers)].reset_index(drop=True)
        measured = learned.pipeline.measure(rows, pipeline.target, metric)
    except NotComparable as why:
        return None, [f"The pipeline was not scored on these rows. {why}"]
    except WorkbenchError as error:
        return None, [f"The pipeline was not scored on these rows: {error.message}"]
    low, high = expected.interval or (None, None)
    score = Score(
        metric=metric.name,
        greater_is_better=metric.greater_is_better,
        rows=measured.rows,
        expected=expected.mean,
        expected_low=low,
        expected_high=high,
        measured=measured.value,
        low=None if measured.bounds is None else measured.bounds.low,
        high=None if measured.bounds is None else measured.bounds.high,
    )
    return _beside_known(score, pipeline.target, learned, metric), list(chosen.notes)


def _beside_known(score: Score, target: str, learned: Learned, metric: Metric) -> Score:
    """Add how the pipeline did on rows of its own table that were held out."""
    from workbench.judging.comparison import NotComparable

    if learned.held_out is None or learned.pipeline is None:
        return score
    try:
        known = learned.pipeline.measure(learned.held_out, target, metric)
    except (NotComparable, WorkbenchError):
        return score
    bounds = {} if known.bounds is None else {"known_low": known.bounds.low, "known_high": known.bounds.high}
    return score.model_copy(update={"known": known.value, "known_rows": known.rows, **bounds})
