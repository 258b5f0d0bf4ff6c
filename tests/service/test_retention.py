"""What is too old is removed, and nothing that lives or that a user asked for."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from tests.serving.conftest import pipelines  # noqa: F401 - a fixture
from workbench.service import retention
from workbench.serving import batches, deployments, predictors
from workbench.serving.deployment import LIVE, PredictorId
from workbench.store.tables import HomeRow, PredictorRow, now


@pytest.fixture
def bring(store, pipelines):  # noqa: F811
    """Bring a predictor with its log, which it wrote and which ended so many days ago; None: it answers."""
    record = deployments.create(store, "juice", pipelines[0], by="ana")

    def bring(ended: float | None, *, served_by: str | None = None) -> PredictorId:
        made = predictors.ask_for(store, record.id, pipelines[0], LIVE)
        with store.database.write() as session:
            row = session.get_one(PredictorRow, made)
            row.served_by = served_by or row.served_by
            if ended is not None:
                row.status, row.ended_at = "ended", now() - timedelta(days=ended)
        written(store, "predictor", made, days=ended or 400)
        return made

    return bring


def written(store, what: str, of: str, *, days: float) -> None:
    """Leave a log that was written to so many days ago."""
    log = store.settings.process_log(what, of)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()
    then = (now() - timedelta(days=days)).timestamp()
    os.utime(log, (then, then))


def kept(store, *processes: str) -> list[bool]:
    return [predictors.get(store, PredictorId(one)) is not None for one in processes]


def logs(store, what: str) -> set[str]:
    return {log.stem for log in store.settings.process_log(what, "*").parent.glob("*.log")}


def test_a_predictor_that_ended_long_ago_leaves_neither_row_nor_log(store, bring):
    days = store.settings.log_days
    old, recent, alive = bring(days + 1), bring(days - 1), bring(None)
    retention.forget(store)
    assert kept(store, old, recent, alive) == [False, True, True]
    assert logs(store, "predictor") == {recent, alive}


@pytest.mark.parametrize("what", ["batch", "evaluation"])
def test_logs_go_by_their_age(store, what):
    written(store, what, "old", days=store.settings.log_days + 1)
    written(store, what, "recent", days=store.settings.log_days - 1)
    retention.forget(store)
    assert logs(store, what) == {"recent"}


def test_a_runs_log_goes_with_the_run_and_by_nothing_else(store):
    written(store, "run", "old", days=4000)
    retention.forget(store)
    assert logs(store, "run") == {"old"}


def test_of_a_home_that_is_long_gone_no_predictor_answers_and_what_others_serve_is_left_to_them(store, bring):
    days = store.settings.log_days
    homes = {"gone": days + 1, "asleep": days - 1}
    with store.database.write() as session:
        session.add_all(HomeRow(identity=name, lease_until=now() - timedelta(days=ago)) for name, ago in homes.items())
    gone, asleep, mine = bring(None, served_by="gone"), bring(None, served_by="asleep"), bring(None)
    retention.forget(store)
    found = [predictors.get(store, one) for one in (gone, asleep, mine)]
    assert [(one.status, one.error) for one in found] == [
        ("failed", "Its home is gone."),
        ("asked", None),
        ("asked", None),
    ]


def test_batches_and_their_files_stay_and_parts_that_nobody_writes_go(store, pipelines):  # noqa: F811
    done, running = (batches.submit(store, pipelines[0], "s", 1, by="ana").id for _ in range(2))
    for batch in (done, running):
        assert batches.register(store, batch, 7, 1.0)
    assert batches.finish(store, done, file=f"{done}.csv", sha256="0", rows_done=1)
    store.settings.predictions.mkdir()
    names = {f"{done}.csv", f"{running}.partial"}
    for name in (*names, "dead.partial", f"{done}.partial"):
        (store.settings.predictions / name).touch()
    retention.forget(store)
    assert {path.name for path in store.settings.predictions.iterdir()} == names
    assert batches.get(store, done).status == "succeeded"
