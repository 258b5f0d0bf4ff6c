"""Finding runs: by the id, by its end, and never by accident."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from workbench.errors import BadRequest, NotFound
from workbench.runs import ending, lookup
from workbench.runs.record import RunRecord
from workbench.store.tables import RunRow, now


@pytest.fixture
def alike(store, submit) -> list[RunRecord]:
    """Two runs whose ids end alike."""
    with store.database.write() as session:
        like = session.get_one(RunRow, submit().id)
        columns = {column.name: getattr(like, column.name) for column in RunRow.__table__.columns}
        for place in "12":
            session.add(RunRow(**columns | {"id": f"01a1fe16-0000-7000-8000-000000{place}0abcd"}))
    return [lookup.get(store, f"01a1fe16-0000-7000-8000-000000{place}0abcd") for place in "12"]


def test_a_run_is_found_by_its_id_and_by_the_end_of_it(store, submit):
    submit()
    run = submit()
    for reference in (run.id, run.short_id, run.id[-4:], run.id[-13:], run.short_id.upper()):
        assert lookup.get(store, reference) == lookup.get(store, run.id)


def test_an_end_that_several_runs_share_is_refused(store, alike):
    with pytest.raises(BadRequest) as caught:
        lookup.get(store, "abcd")
    assert caught.value.code == "run.ambiguous"
    assert [lookup.get(store, run.short_id).id for run in alike] == [run.id for run in alike]


@pytest.mark.parametrize(
    "reference", ["", "a", "abc", "zzzz", "____", "%%%%", "no such run", "0" * 36, "x" * 100, "-a-b-c-d", "'; --"]
)
def test_what_is_no_end_of_an_id_finds_nothing(store, submit, reference):
    submit()
    with pytest.raises(NotFound) as caught:
        lookup.get(store, reference)
    assert caught.value.code == "run.not_found"
    assert caught.value.about == {"run_id": reference}


def test_too_short_an_end_finds_nothing(store, submit):
    run = submit()
    with pytest.raises(NotFound):
        lookup.get(store, run.id[-3:])


def test_runs_are_listed_newest_first(store, submit):
    runs = [submit() for _ in range(3)]
    old = submit(created_at=now() - timedelta(days=1))
    assert [run.id for run in lookup.listed(store)] == [runs[2].id, runs[1].id, runs[0].id, old.id]
    assert [run.id for run in lookup.listed(store, limit=2)] == [runs[2].id, runs[1].id]


def test_runs_are_listed_by_status(store, submit, started):
    running = started()
    waiting = submit()
    ending.request_cancel(store, submit().id, by="bob")
    assert [run.id for run in lookup.listed(store, status=("queued", "running"))] == [waiting.id, running.id]


def test_a_run_keeps_the_name_of_its_source(store, submit):
    assert lookup.get(store, submit().id).source_name == "iris"


def test_a_run_is_plain_data_for_json(store, started):
    run = started()
    told = json.loads(json.dumps(run.as_dict(), allow_nan=False))
    assert told["id"] == run.id
    assert (told["status"], told["plan"], told["task"], told["target"]) == (
        "running",
        "compare",
        "classification",
        "species",
    )
    assert told["source"] == {"id": run.source_id, "name": "iris"}
    assert (told["error"], told["summary"], told["finished_at"], told["cancel_requested"]) == (None, None, None, False)
    assert told["spec"]["folds"] == 3


def test_a_models_name_is_known_before_and_after_the_field_is(submit, started):
    assert started().model_name("lr") == "LR"
    assert submit().model_name("lr") == "Logistic Regression"
    assert submit().model_name("mystery") == "mystery"
