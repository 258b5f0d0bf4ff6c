"""How far a run is, and what one would cost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from workbench.data.sources import Sources
from workbench.runs import deaths, ending, lookup, queue
from workbench.runs.carrier import Carrier
from workbench.runs.progress import SETUP_S, estimate, progress
from workbench.runs.scores import store_score
from workbench.runs.spec import Asked, make_spec
from workbench.store.tables import RunRow, ScoreRow

REQUEST = {"plan": "compare", "task": "classification", "target": "species", "folds": 10}


@pytest.fixture
def look(store):
    def look(run):
        return progress(store.database, lookup.get(store, run.id))

    return look


@pytest.fixture
def judge(store, iris):
    def judge(*models: str, source=iris, workers: int = 2, **request: object):
        spec = make_spec(Asked(**REQUEST | request))
        return estimate(store.database, spec, models, source_id=source.id, rows=source.row_count, workers=workers)

    return judge


def test_a_queued_run_waits_for_the_service(submit, look):
    found = look(submit())
    assert (found.done, found.total, found.remaining_s, found.doing) == (0, 0, None, "waiting for the service")
    assert look(submit(service_is_warm=False)).doing == "the service is starting"


def test_units_are_counted_as_they_land(started, score, look):
    run = started(("lr", "knn"))
    assert (look(run).done, look(run).total) == (0, 6)
    score(run, "lr", 0.5, 0.5)
    score(run, "knn", "ValueError: no")
    assert (look(run).done, look(run).total) == (3, 6)


def test_what_remains_is_judged_once_half_the_field_has_been_seen(started, score, look):
    run = started(("lr", "knn"))
    score(run, "lr", 0.5)
    assert look(run).remaining_s is None
    score(run, "knn", 0.5)
    assert look(run).remaining_s >= 0


def test_the_pace_is_that_of_the_process_that_carries_the_run_now(store, started, score, look):
    run = started(("lr", "knn"), folds=4)
    score(run, "lr", 0.5, 0.5, 0.5, 0.5)
    score(run, "knn", 0.5)
    with store.database.write() as session:
        session.get_one(RunRow, run.id).started_at -= timedelta(hours=10)
        for scored in session.query(ScoreRow):
            scored.created_at -= timedelta(hours=9)
    assert queue.register(store, run.id, "here:1", Carrier(4711, 12.5))
    deaths.bury(store, run.id, "Gone.", process_id=4711, claimed_by="here:1")
    assert look(run).remaining_s is None
    assert queue.claim(store, "here:1", most=1) == [run.id]
    assert look(run).remaining_s is None
    with store.database.write() as session:
        for fold in (1, 2):
            store_score(session, run.id, "knn", fold, "scored", metrics={"Accuracy": 0.5})
    found = look(run)
    assert (found.done, found.total) == (7, 8)
    assert found.remaining_s < 3600


def test_nothing_remains_of_a_run_that_has_ended(store, started, score, look):
    run = started(("lr", "knn"))
    score(run, "lr", 0.5, 0.5)
    ending.finish(store, run.id, "cancelled", "over")
    assert look(run).remaining_s is None


def test_the_folds_that_a_model_lost_count_as_done(started, score, look):
    run = started(("lr", "knn"))
    score(run, "lr", 0.5, 0.5, 0.5)
    score(run, "knn", "too long", "too long", "too long", status="timed_out")
    assert (look(run).done, look(run).doing) == (6, "fitting the best on all training rows")


def test_a_set_up_has_no_units(submit, look):
    assert look(submit(plan="setup")).total == 0


def test_a_cancel_under_way_is_said(store, started, look):
    run = started()
    ending.request_cancel(store, run.id, by="bob")
    assert look(run).doing == "being cancelled"


def test_without_an_earlier_run_only_the_units_are_known(judge):
    found = judge("lr", "knn")
    assert (found.units, found.workers, found.seconds) == (20, 2, None)
    assert found.words == "2 models × 10 folds = 20 units; no earlier run to judge the time by"
    assert judge("lr").words.startswith("1 model × 10 folds = 10 units")


def test_a_set_up_is_a_matter_of_a_second(judge):
    found = judge("lr", plan="setup")
    assert (found.units, found.seconds) == (0, SETUP_S)


def test_an_earlier_run_on_the_table_tells_what_its_models_take(started, score, judge):
    run = started(("lr", "knn"))
    score(run, "lr", 0.5, 0.5, fit_s=0.3)
    score(run, "knn", 0.5, 0.5, fit_s=0.7)
    # Each unit took 0.1 s to score.
    assert judge("lr", "knn").seconds == pytest.approx(SETUP_S + (0.4 + 0.8) * 10 / 2)
    assert judge("lr", workers=1).seconds == pytest.approx(SETUP_S + 0.4 * 10)


def test_a_model_that_never_ran_is_taken_for_an_average_one(started, score, judge):
    run = started(("lr", "knn"))
    score(run, "lr", 0.5, fit_s=0.3)
    score(run, "knn", 0.5, fit_s=0.7)
    assert judge("lr", "knn", "dt").seconds == pytest.approx(SETUP_S + (0.4 + 0.8 + 0.6) * 10 / 2)


def test_an_earlier_run_on_another_table_is_scaled_by_its_rows(store, started, score, judge):
    wine = Sources(store).sample("wine")
    loans = Sources(store).sample("loans")
    run = started(("lr",), source=wine, target="cultivar")
    score(run, "lr", 0.5, fit_s=0.3)
    assert judge("lr", source=loans, workers=1).seconds == pytest.approx(
        SETUP_S + 0.4 * (loans.row_count / wine.row_count) * 10
    )


def test_units_that_failed_tell_nothing_of_what_a_model_takes(started, score, judge):
    run = started(("lr",))
    score(run, "lr", "ValueError: no")
    assert judge("lr").seconds is None
