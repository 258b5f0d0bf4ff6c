"""Finding runs: by the id, by its end, and never by accident."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import event

from workbench.errors import BadRequest, NotFound
from workbench.runs import ending, experiment, lookup
from workbench.runs.lookup import Wanted
from workbench.runs.record import RunRecord
from workbench.store.tables import RunRow, SourceRow, now


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
    assert [run.id for run in lookup.listed(store, wanted=Wanted(status=("queued", "running")))] == [
        waiting.id,
        running.id,
    ]


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
    assert experiment.get(store, told["experiment_id"]).run_count == 1
    assert (told["error"], told["summary"], told["finished_at"], told["cancel_requested"]) == (None, None, None, False)
    assert told["spec"]["folds"] == 3


def test_a_models_name_is_known_before_and_after_the_field_is(submit, started):
    assert started().model_name("lr") == "LR"
    assert submit().model_name("lr") == "Logistic Regression"
    assert submit().model_name("mystery") == "mystery"


@pytest.fixture
def five(store, submit) -> list[str]:
    """Ids of five runs, newest first; three of them were submitted at the same moment."""
    moment = now() - timedelta(hours=1)
    runs = [submit(created_at=moment - timedelta(minutes=minutes)) for minutes in (0, 1, 1, 1, 2)]
    return [run.id for run in sorted(runs, key=lambda run: (lookup.get(store, run.id).created_at, run.id))][::-1]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 9])
def test_pages_have_every_run_once_and_in_order(store, five, size):
    seen, before = [], None
    while page := lookup.listed(store, limit=size, before=before):
        seen += [run.id for run in page]
        before = page[-1].id
    assert seen == five


def test_a_run_that_comes_while_pages_are_turned_moves_none(store, submit, five):
    first = lookup.listed(store, limit=2)
    submit()
    assert [run.id for run in lookup.listed(store, limit=2, before=first[-1].id)] == five[2:4]


def test_a_page_goes_on_after_a_run_that_is_being_deleted(store, five):
    with store.database.write() as session:
        session.get_one(RunRow, five[1]).deleted_at = now()
    assert [run.id for run in lookup.listed(store)] == [five[0], *five[2:]]
    assert [run.id for run in lookup.listed(store, before=five[1])] == five[2:]


@pytest.mark.parametrize("before", ["0" * 36, "nonsense", "", "a\0b"])
def test_a_page_that_begins_nowhere_is_refused(store, five, before):
    with pytest.raises(NotFound) as caught:
        lookup.listed(store, before=before)
    assert (caught.value.code, len(five)) == ("run.not_found", 5)


def test_a_page_has_a_run_at_least(store, five):
    for limit in (0, -1, 1):
        assert [run.id for run in lookup.listed(store, limit=limit)] == five[:1]


def test_pages_of_a_filtered_list_hold_together(store, five):
    ending.request_cancel(store, five[2], by="bob")
    wanted = Wanted(status=("queued",))
    first = lookup.listed(store, limit=2, wanted=wanted)
    rest = lookup.listed(store, before=first[-1].id, wanted=wanted)
    assert [run.id for run in (*first, *rest)] == [five[0], five[1], five[3], five[4]]


def test_runs_are_listed_by_experiment_and_by_project(store, submit):
    one, other = submit(seed=1), submit(seed=2)
    with store.database.read() as session:
        experiment = session.get_one(RunRow, other.id).experiment_id
    assert [run.id for run in lookup.listed(store, wanted=Wanted(experiment=experiment))] == [other.id]
    assert [run.id for run in lookup.listed(store, wanted=Wanted(project=store.project_id))] == [other.id, one.id]
    assert lookup.listed(store, wanted=Wanted(project="another")) == []


def test_a_data_source_means_all_its_versions_by_name_and_one_by_id(store, submit, iris):
    run = submit()
    with store.database.write() as session:
        older = session.get_one(SourceRow, iris.id)
        columns = {column.name: getattr(older, column.name) for column in SourceRow.__table__.columns}
        session.add(SourceRow(**columns | {"id": "0" * 36, "live_name": None, "version": 2, "deleted_at": now()}))
    assert set(lookup.sources(store, "iris")) == {iris.id, "0" * 36}
    assert lookup.sources(store, iris.id) == (iris.id,)
    assert [found.id for found in lookup.listed(store, wanted=Wanted(sources=(iris.id,)))] == [run.id]
    assert lookup.listed(store, wanted=Wanted(sources=("0" * 36,))) == []
    with pytest.raises(NotFound) as caught:
        lookup.sources(store, "nowhere")
    assert caught.value.code == "data.not_found"


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(status=("failed",))], ids=["all", "failed"])
@pytest.mark.parametrize("is_later", [False, True])
def test_a_page_is_read_in_the_order_of_an_index(store, five, wanted, is_later):
    told: list[tuple[str, object]] = []
    listen = lambda *about: told.append((about[2], about[3]))  # noqa: E731 - taken away again by its name
    event.listen(store.database.engine, "before_cursor_execute", listen)
    lookup.listed(store, wanted=wanted, before=five[0] if is_later else None)
    event.remove(store.database.engine, "before_cursor_execute", listen)
    statement, values = next(each for each in told if "LIMIT" in each[0] and "JOIN" in each[0])
    # The outer query sorts what the page holds; the one that chooses it must not.
    begin, end = statement.index("(SELECT") + 1, statement.index(") AS anon")
    with store.database.read() as session:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement[begin:end]}", values).all()
    steps = [row[-1] for row in plan]
    assert [step for step in steps if "SCAN" in step or "TEMP B-TREE" in step] == []
    assert any("USING INDEX ix_runs_workspace_id" in step for step in steps)
