"""What a run's process writes, and what it makes of what earlier ones found out."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psutil
import pytest
from sqlalchemy import select

from workbench.data.sources import Sources
from workbench.errors import BadRequest
from workbench.preflight.overriding import RECORDED
from workbench.ranking import interval
from workbench.recipe import Recipe
from workbench.runs import deaths, events, lookup, queue, scores
from workbench.runs.asked import Asked
from workbench.runs.carrier import Carrier, NotHeld
from workbench.runs.queue import SourceIdentity
from workbench.runs.spec import make_spec
from workbench.service.past import recall
from workbench.service.process import Telling
from workbench.store.tables import ArtifactRow, RunRow
from workbench.training.experiment import versions
from workbench.training.request import Candidate, ExperimentFitted, FoldFailed, UnitFailed, UnitScored

FIRST, SECOND = Carrier(4711, 12.5), Carrier(4712, 12.6)
FITTED = ExperimentFitted(
    train_rows=105,
    test_rows=45,
    features_in=4,
    features_out=4,
    folds=3,
    field=(Candidate("lr", "Logistic Regression", Recipe(model="lr")),),
    missing={},
    versions=versions(),
    environment="pycaret==3.3.2\n",
    duration_s=0.1,
)


@pytest.fixture
def run(store):
    iris = Sources(store).sample("iris")
    spec = make_spec(Asked(task="classification", target="species", include=["lr"], folds=3))
    identity = SourceIdentity(iris.id, iris.name, iris.sha256)
    return queue.submit(store, identity, spec, by="ada", snapshot={}, service_is_warm=True)


@pytest.fixture
def carry(store, run):
    """Let a process carry the run, and return what it tells by."""

    def carry(carrier: Carrier) -> Telling:
        assert queue.claim(store, "here:1", most=1) == [run.id]
        assert queue.register(store, run.id, "here:1", carrier)
        return Telling(store, lookup.get(store, run.id), carrier)

    return carry


@pytest.fixture
def lose(store, run):
    return lambda carrier: deaths.bury(store, run.id, "Gone.", process_id=carrier.process_id, claimed_by="here:1")


def scored(fold: int, accuracy: float = 0.5) -> UnitScored:
    return UnitScored("lr", fold, {"Accuracy": accuracy}, {}, 0.1, 0.01)


def accuracies(store, run) -> list[float]:
    return [unit.metrics["Accuracy"] for unit in scores.of_run(store.database, run.id)]


def test_a_process_that_lost_its_run_to_another_writes_nothing_more(store, run, carry, lose):
    late = carry(FIRST)
    late.take(FITTED)
    late.take(scored(0, 0.1))
    lose(FIRST)
    heir = carry(SECOND)
    heir.take(FITTED)
    heir.take(scored(1, 0.2))
    before = events.last_seq(store.database, run.id)
    for update in (scored(1, 0.9), scored(2, 0.9), FITTED):
        with pytest.raises(NotHeld):
            late.take(update)
    assert accuracies(store, run) == [0.1, 0.2]
    assert events.last_seq(store.database, run.id) == before
    heir.take(scored(2, 0.3))
    assert accuracies(store, run) == [0.1, 0.2, 0.3]


def test_what_was_asked_for_stays_as_it_was_and_what_set_up_found_lies_beside_it(store, run, carry):
    asked = lookup.get(store, run.id).spec
    carry(FIRST).take(FITTED)
    found = lookup.get(store, run.id)
    assert found.spec == asked
    assert (found.folds, found.versions) == (3, versions())


def test_the_environment_is_kept_as_soon_as_set_up_is_done_and_once(store, run, carry, lose):
    carry(FIRST).take(FITTED)
    lose(FIRST)
    carry(SECOND).take(FITTED)
    with store.database.read() as session:
        (kept,) = session.scalars(select(ArtifactRow).where(ArtifactRow.run_id == run.id))
    assert kept.name == "environment.txt"
    assert store.artifacts.get(kept) == b"pycaret==3.3.2\n"


def test_what_the_same_libraries_scored_is_taken_over(store, run, carry, lose):
    telling = carry(FIRST)
    telling.take(FITTED)
    telling.take(scored(0))
    lose(FIRST)
    carry(SECOND)
    past = recall(store, lookup.get(store, run.id), SECOND)
    assert past.scored == {"lr": {0: {"Accuracy": 0.5}}}
    assert "run.restarted" not in [event.kind for event in events.page(store.database, run.id)]


def test_what_other_libraries_scored_is_scored_again_and_the_log_says_which_they_were(store, run, carry, lose):
    telling = carry(FIRST)
    telling.take(FITTED)
    telling.take(scored(0))
    lose(FIRST)
    with store.database.write() as session:
        row = session.get_one(RunRow, run.id)
        row.fitted = row.fitted | {"versions": dict(versions()) | {"scikit-learn": "1.3.0"}}
    carry(SECOND)
    past = recall(store, lookup.get(store, run.id), SECOND)
    assert (past.scored, past.failed, accuracies(store, run)) == ({}, {}, [])
    assert events.page(store.database, run.id)[-1].message == (
        "What was scored so far is of another environment "
        f"(scikit-learn 1.3.0, here {versions()['scikit-learn']}) and scored again, 1 in all."
    )


def test_a_process_that_lost_its_run_forgets_nothing_of_it(store, run, carry, lose):
    telling = carry(FIRST)
    telling.take(FITTED)
    telling.take(scored(0))
    with store.database.write() as session:
        session.get_one(RunRow, run.id).fitted = {"versions": {"scikit-learn": "1.3.0"}}
    with pytest.raises(NotHeld):
        recall(store, lookup.get(store, run.id), SECOND)
    assert accuracies(store, run) == [0.5]


def test_intervals_rest_on_the_ratio_of_rows_that_set_up_told(store, run, carry):
    telling = carry(FIRST)
    telling.take(replace(FITTED, test_ratio=0.1))
    for fold, accuracy in enumerate((0.5, 0.6)):
        telling.take(scored(fold, accuracy))
    (row,) = scores.leaderboard(store.database, lookup.get(store, run.id))
    assert row.interval["Accuracy"] == pytest.approx(interval([0.5, 0.6], test_ratio=0.1))


@pytest.mark.parametrize(
    ("lost", "status"),
    [
        (UnitFailed("lr", 2, "ValueError: no", counts_zero=True), "failed"),
        (FoldFailed(2, "Fold 3 could not be prepared: ValueError: no"), "scored"),
    ],
)
def test_what_pycaret_counts_as_zero_stands_beside_the_true_mean(lost, status, store, run, carry):
    telling = carry(FIRST)
    telling.take(FITTED)
    for update in (scored(0, 0.6), scored(1, 0.9), lost):
        telling.take(update)
    (row,) = scores.leaderboard(store.database, lookup.get(store, run.id))
    assert (row.status, row.metrics["Accuracy"]) == (status, pytest.approx(0.75))
    assert row.pycaret["Accuracy"] == pytest.approx(0.5)


def test_a_model_whose_process_died_says_nothing_of_pycaret(store, run, carry):
    telling = carry(FIRST)
    telling.take(FITTED)
    for update in (scored(0), UnitFailed("lr", 1, "Its process died by SIGSEGV.", gives_up=True)):
        telling.take(update)
    (row,) = scores.leaderboard(store.database, lookup.get(store, run.id))
    assert (row.status, row.pycaret) == ("failed", {})


def test_a_run_computes_on_fewer_workers_where_memory_has_no_room_for_more_and_says_so(store, run, carry):
    assert carry(FIRST).workers() == store.settings.worker_count
    crowded = replace(store, settings=store.settings.model_copy(update={"workers": 1_000_000}))
    workers = Telling(crowded, lookup.get(store, run.id), FIRST).workers()
    assert 1 <= workers < 1_000_000
    last = events.page(store.database, run.id)[-1]
    assert (last.kind, last.payload["workers"], last.payload["most"]) == ("workers.fewer", workers, 1_000_000)
    assert last.message.startswith(f"{workers:,} of 1,000,000 workers: more would not fit")


def test_a_run_waits_for_the_room_that_another_one_has_said_it_will_take(store, run, carry, eventually):
    with subprocess.Popen(["sleep", "600"]) as other, ThreadPoolExecutor(1) as pool:
        try:
            created = psutil.Process(other.pid).create_time()
            said = {"process_id": other.pid, "created": created, "held": 0, "bytes": 1 << 60}
            store.settings.room.mkdir()
            (store.settings.room / "other.json").write_text(json.dumps(said))
            waiting = pool.submit(carry(FIRST).workers)
            eventually(lambda: events.page(store.database, run.id)[-1].kind == "memory.awaited")
            assert not waiting.done()
        finally:
            other.kill()
            other.wait()
        assert waiting.result(60) == store.settings.worker_count


def test_a_run_that_memory_has_no_room_for_ends_in_one_sentence_unless_it_was_let_pass(store):
    iris = Sources(store).sample("iris")
    too_many = {"polynomial_features": True, "polynomial_degree": 300}
    identity = SourceIdentity(iris.id, iris.name, iris.sha256)
    spec = make_spec(Asked(task="classification", target="species", include=["lr"], folds=3, setup=too_many))
    blocked, passed = (
        queue.submit(store, identity, spec, by="ada", snapshot={RECORDED: recorded}, service_is_warm=True)
        for recorded in ({}, {"overridden": ["memory.exceeded"]})
    )
    with pytest.raises(BadRequest, match="of memory are free") as caught:
        Telling(store, lookup.get(store, blocked.id), FIRST).workers()
    assert caught.value.code == "spec.blocked"
    assert queue.claim(store, "here:1", most=2) == [blocked.id, passed.id]
    assert queue.register(store, passed.id, "here:1", FIRST)
    assert Telling(store, lookup.get(store, passed.id), FIRST).workers() == 1
