"""What the failure debugger is shown: a run that has ended, from the store and from its process's log."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from workbench.access.places import without_places
from workbench.advisors.failure_debugger.evidence import (
    TRUNCATED,
    Base,
    ColumnFact,
    EventLine,
    FailureEvidence,
    ModelFailure,
)
from workbench.data.profile.asking import follow
from workbench.data.profile.measures import Numbers
from workbench.data.profile.parts import ColumnPart
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.errors import Conflict, NotFound, WorkbenchError
from workbench.preflight.overriding import RECORDED
from workbench.recipe import Recipe
from workbench.runs import events, lookup, scores
from workbench.runs.record import CANCELLED, FAILED, RunRecord
from workbench.runs.scores import LeaderboardRow
from workbench.store.store import Store
from workbench.store.tables import EventRow

EVENTS_MOST, FIRST, LAST = 40, 5, 35
"""Events that are shown in full; of more than so many, the first and the last."""
LOG_BYTES = 64 * 1024
"""Of the process's log, from its end."""
LOG_LINES = 200
LINE_CHARACTERS = 500
PROFILE_S = 0.4
"""How long is waited for a profile that has not been told yet, in seconds."""
_OF_INFINITY = re.compile(r"infinit|too large|finite|overflow", re.IGNORECASE)
_NOTABLE = ("run.requeued", "run.restarted", "fold.failed", "workers.fewer", "memory.awaited")
_NOTABLE_MOST = 20
_UNFITTED = "could not be fitted in the end: "


def gather(store: Store, run_id: str) -> FailureEvidence:
    """Gather what is known of a run in which something failed, without reading its table.

    Raises
    ------
    NotFound
        ``run.not_found``
    Conflict
        ``advice.not_possible`` while the run is under way, and where nothing failed.
    """
    run = lookup.get(store, run_id)
    if not run.is_terminal:
        raise _nothing(run, f"Run {run.short_id} is {run.status} still: it can be looked into once it has ended.")
    board = scores.leaderboard(store.database, run)
    failures = [*_failed(board), *_unfitted(run, board)]
    if run.status != FAILED and not failures:
        how = "was cancelled before anything failed" if run.status == CANCELLED else "succeeded, and no model failed"
        raise _nothing(run, f"Run {run.short_id} {how}: there is nothing to debug.")
    lacking: list[str] = []
    source = _source(store, run, lacking)
    bases, followed = _bases(store, run, board)
    told = f"{run.error} {' '.join(failure.reason for failure in failures)}"
    infinite = _infinite(store, source, lacking) if source is not None and _OF_INFINITY.search(told) else {}
    return FailureEvidence(
        run_id=run.id,
        short_id=run.short_id,
        status=run.status,
        error=run.error if run.status == FAILED else None,
        plan=run.plan,
        task=run.task,
        target=run.target,
        spec={name: value for name, value in run.spec.items() if name != RECORDED},
        overridden=tuple((run.spec.get(RECORDED) or {}).get("overridden", ())),
        bases=bases,
        followed_setup=followed,
        field=tuple(model for model, _ in run.field),
        scored=tuple(row.model for row in board if row.status == "scored" and row.folds_scored == row.folds_total),
        failures=tuple(failures),
        units_scored=sum(row.folds_scored for row in board),
        events=_events(store, run.id),
        notable=_notable(store, run.id),
        log=_log(store, run.id, lacking),
        lacking=tuple(lacking),
        source_id=run.source_id,
        source_name=run.source_name,
        is_source_there=source is not None and not source.is_deleted,
        rows=None if source is None else source.row_count,
        columns=() if source is None else tuple(_facts(source, infinite)),
        versions=run.versions,
    )


def _nothing(run: RunRecord, why: str) -> Conflict:
    return Conflict("advice.not_possible", why, run_id=run.id)


def _failed(board: Sequence[LeaderboardRow]) -> list[ModelFailure]:
    """Return the rows of models that failed, took too long, or lost a fold that could not be prepared."""
    lost = [
        row
        for row in board
        if row.status in ("failed", "timed_out") or (row.status == "scored" and row.folds_scored < row.folds_total)
    ]
    return [_failure(row, row.status, row.reason or "No reason was given.") for row in lost]


def _unfitted(run: RunRecord, board: Sequence[LeaderboardRow]) -> list[ModelFailure]:
    """Return the models that were scored and could not be fitted in the end, as the run's end tells of them."""
    told = f"{run.error or ''} {(run.summary or {}).get('note', '')}"
    found = []
    for row in board:
        name = f"{row.name} {_UNFITTED}"
        if row.folds_scored and name in told:
            why = told.split(name, 1)[1]
            ends = [why.index(begin) for other in board if (begin := f" {other.name} {_UNFITTED}") in why]
            found.append(_failure(row, "unfitted", f"{name}{why[: min(ends, default=len(why))].strip()}"))
    return found


def _failure(row: LeaderboardRow, status: str, reason: str) -> ModelFailure:
    return ModelFailure(
        model=row.model,
        name=row.name,
        status=status,
        reason=reason,
        folds_scored=row.folds_scored,
        folds_total=row.folds_total,
    )


def _source(store: Store, run: RunRecord, lacking: list[str]) -> Source | None:
    try:
        return Sources(store).get(run.source_id, hidden=True)
    except NotFound:
        lacking.append("Nothing is known of the table any more, so that no column could be named.")
        return None


def _infinite(store: Store, source: Source, lacking: list[str]) -> dict[str, int]:
    """Return how many values of each number column are infinite, as far as its profile tells by now."""
    counted = {}
    for part in follow(store.settings.files, source, patience_s=PROFILE_S):
        if isinstance(part, ColumnPart):
            counted[part.name] = part.measures.infinite if isinstance(part.measures, Numbers) else 0
    if any(column.kind == "number" and column.name not in counted for column in source.columns):
        lacking.append("Which columns hold infinite numbers is being counted: ask again in a moment.")
    return counted


def _facts(source: Source, infinite: Mapping[str, int]) -> list[ColumnFact]:
    return [
        ColumnFact(
            name=column.name,
            kind=column.kind,
            missing=column.missing,
            distinct=column.distinct,
            minimum=column.minimum,
            maximum=column.maximum,
            rarest=column.rarest,
            integral=column.integral,
            is_unique=column.unique,
            infinite=infinite.get(column.name),
        )
        for column in source.columns
    ]


def _bases(
    store: Store, run: RunRecord, board: Sequence[LeaderboardRow]
) -> tuple[tuple[Base, ...] | None, Mapping[str, Any]]:
    """Find how a request can name the models that the plan worked on; also the set-up of the run that tells of them."""
    recipes = [Recipe.of(told) for told in run.spec.get("bases") or ()]
    if all(recipe.kind == "model" and not recipe.params for recipe in recipes):
        return tuple(Base(id=recipe.model) for recipe in recipes), {}
    boards = [(run, board)]
    if run.spec.get("from_run"):
        try:
            before = lookup.get(store, run.spec["from_run"])
            boards.append((before, scores.leaderboard(store.database, before)))
        except WorkbenchError:
            # It was deleted meanwhile.
            pass
    for told, rows in boards:
        known = {row.model: Recipe.of(row.recipe) for row in rows if row.recipe}
        ids = [next((model for model, recipe in known.items() if recipe == wanted), None) for wanted in recipes]
        named = [model for model in ids if model is not None]
        if len(named) == len(recipes):
            return tuple(Base(id=model, of_run=told.id) for model in named), told.spec.get("setup") or {}
    return None, {}


def _events(store: Store, run_id: str) -> tuple[EventLine, ...]:
    last = events.last_seq(store.database, run_id)
    if last <= EVENTS_MOST:
        return tuple(_line(event) for event in events.page(store.database, run_id, limit=EVENTS_MOST))
    first = events.page(store.database, run_id, limit=FIRST)
    final = events.page(store.database, run_id, after=last - LAST, limit=LAST)
    left_out = final[0].seq - first[-1].seq - 1
    between = EventLine(seq=first[-1].seq + 1, kind=TRUNCATED, message=f"{left_out:,} events are left out.")
    return (*map(_line, first), between, *map(_line, final))


def _line(event: events.Event | EventRow) -> EventLine:
    return EventLine(seq=event.seq, kind=event.kind, message=event.message[:LINE_CHARACTERS])


def _notable(store: Store, run_id: str) -> tuple[EventLine, ...]:
    wanted = (
        select(EventRow)
        .where(EventRow.run_id == run_id, EventRow.kind.in_(_NOTABLE))
        .order_by(EventRow.seq)
        .limit(_NOTABLE_MOST)
    )
    with store.database.read() as session:
        return tuple(_line(row) for row in session.scalars(wanted))


def _log(store: Store, run_id: str, lacking: list[str]) -> tuple[str, ...]:
    """Read the end of what the run's process wrote; a run that never had a process has none."""
    path = store.settings.run_log(run_id)
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - LOG_BYTES))
            lines = stream.read(LOG_BYTES).decode(errors="replace").splitlines()
    except FileNotFoundError:
        lacking.append("The run's process left no log on this machine.")
        return ()
    except OSError as error:
        lacking.append(f"The log of the run's process cannot be read: {error.strerror}.")
        return ()
    # The first line may have lost its beginning.
    whole = lines[1:] if size > LOG_BYTES else lines
    return tuple(without_places(line)[:LINE_CHARACTERS] for line in whole[-LOG_LINES:])
