"""What the failure debugger is shown of a run in the store."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from workbench.advisors.failure_debugger.advisor import advise
from workbench.advisors.failure_debugger.evidence import TRUNCATED, FailureEvidence
from workbench.advisors.thresholds import Thresholds
from workbench.consulting.gathering.failure import LOG_BYTES, gather
from workbench.data.sources import Sources
from workbench.errors import Conflict
from workbench.requests import resolve
from workbench.runs import ending, events, queue
from workbench.runs.queue import SourceIdentity
from workbench.runs.record import RunRecord
from workbench.runs.scores import store_score
from workbench.runs.spec import Asked, make_spec
from workbench.store.store import Store
from workbench.store.tables import RunRow


@pytest.fixture
def run(store: Store) -> Callable[..., RunRecord]:
    """Put a run on iris into the queue, claim it, and bring it to an end: model → why it failed, None: it is scored."""

    def run(status: str | None, message: str = "", *, models: dict[str, str | None], **request: object) -> RunRecord:
        iris = Sources(store).sample("iris")
        asked = {"task": "classification", "target": "species", "folds": 2, "include": tuple(models)}
        spec = make_spec(Asked(**asked | request))
        identity = SourceIdentity(iris.id, iris.name, iris.sha256)
        made = queue.submit(store, identity, spec, by="ada", snapshot={}, service_is_warm=True)
        assert queue.claim(store, "here:1", most=1) == [made.id]
        with store.database.write() as session:
            session.get_one(RunRow, made.id).field = [[model, model.upper()] for model in models]
            for model, reason in models.items():
                for fold in range(2):
                    outcome = {"metrics": {"Accuracy": 0.9}} if reason is None else {"reason": reason}
                    store_score(session, made.id, model, fold, "failed" if reason else "scored", **outcome)
        if status is not None:
            ending.finish(store, made.id, status, message)
        return made

    return run


def test_a_failed_run_is_told_with_its_board_its_columns_and_its_events(store, run):
    made = run("failed", "ValueError: odd", models={"lr": "ValueError: even", "dt": None})
    evidence = gather(store, made.id)
    assert (evidence.status, evidence.error, evidence.target) == ("failed", "ValueError: odd", "species")
    assert [(failure.model, failure.reason) for failure in evidence.failures] == [("lr", "ValueError: even")]
    assert (evidence.scored, evidence.units_scored, evidence.rows) == (("dt",), 2, 150)
    assert (evidence.column("species").rarest, evidence.columns[0].kind) == (50, "number")
    assert [event.kind for event in evidence.events][-2:] == ["run.failed", "run.closed"]
    assert evidence.lacking == ("The run's process left no log on this machine.",)
    assert FailureEvidence.model_validate_json(evidence.model_dump_json()) == evidence


def test_the_request_that_is_suggested_is_one_that_would_be_taken(store, run):
    few = "ValueError: n_splits=2 cannot be greater than the number of members in each class."
    for error in ("TimedOut: the run took longer than 2 s.", "NotStarted: no process", few):
        evidence = gather(store, run("failed", error, models={"lr": None}, run_timeout_s=2).id)
        asked = dict(advise(evidence, Thresholds.default()).suggested_config or {})
        if asked:
            source, spec = resolve(store, Sources(store), asked.pop("data"), asked)
            assert (source.id, spec.include) == (evidence.source_id, ("lr",))


def test_of_many_events_the_first_and_the_last_are_shown_and_how_many_are_not(store, run):
    made = run(None, models={"lr": "ValueError: even"})
    with store.database.write() as session:
        for number in range(60):
            events.append(session, made.id, "unit.scored", f"unit {number}")
    ending.finish(store, made.id, "failed", "ValueError: odd")
    shown = gather(store, made.id).events
    total = events.last_seq(store.database, made.id)
    assert [event.seq for event in shown[:5]] == [1, 2, 3, 4, 5]
    assert (shown[5].kind, shown[5].message) == (TRUNCATED, f"{total - 40} events are left out.")
    assert [event.seq for event in shown[6:]] == list(range(total - 34, total + 1))


def test_of_a_long_log_the_end_is_read(store, run):
    made = run("failed", "ProcessDied: The run process ended with code 1", models={"lr": None})
    log = store.settings.run_log(made.id)
    log.parent.mkdir(parents=True)
    log.write_text("é" * LOG_BYTES + "\nOSError: [Errno 28] No space left on device\n", encoding="utf-8")
    assert gather(store, made.id).log == ("OSError: [Errno 28] No space left on device",)


def test_a_model_that_was_scored_and_could_not_be_fitted_is_among_the_failures(store, run):
    told = "NoModel: LR could not be fitted in the end: ValueError: odd. DT could not be fitted in the end: Lost."
    evidence = gather(store, run("failed", told, models={"lr": None, "dt": None}).id)
    reasons = {failure.model: failure.reason for failure in evidence.failures}
    assert reasons["lr"] == "LR could not be fitted in the end: ValueError: odd."
    assert reasons["dt"] == "DT could not be fitted in the end: Lost."


@pytest.mark.parametrize(
    ("status", "why"),
    [(None, "is running still"), ("succeeded", "no model failed"), ("cancelled", "before anything failed")],
)
def test_where_nothing_failed_there_is_nothing_to_debug(store, run, status, why):
    with pytest.raises(Conflict, match=why) as refused:
        gather(store, run(status, models={"lr": None}).id)
    assert refused.value.code == "advice.not_possible"


def test_a_cancelled_run_with_a_failed_model_is_looked_into(store, run):
    evidence = gather(store, run("cancelled", "Cancelled by ada.", models={"lr": "ValueError: even", "dt": None}).id)
    assert (evidence.status, evidence.error) == ("cancelled", None)
