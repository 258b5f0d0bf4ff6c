"""Several runs looked at at once, on both databases."""

from __future__ import annotations

import secrets
from urllib.parse import quote

import pytest

from tests.data.servers import postgres  # noqa: F401 - a fixture
from tests.server.carried import begin, close, write
from workbench.runs import ending, watch
from workbench.runs.watch import Watch
from workbench.settings import Settings
from workbench.store.store import open_store


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    url = ""
    if request.param == "postgresql":
        server, name = request.getfixturevalue("postgres"), f"watch_{secrets.token_hex(4)}"
        server.execute(f"CREATE DATABASE {name}")
        url = f"postgresql+psycopg://workbench:{quote(server.password, safe='')}@127.0.0.1:{server.port}/{name}"
    opened = open_store(Settings(home=tmp_path, database_url=url, artifact_url=""))
    yield opened
    opened.close()


@pytest.fixture
def watching(store):
    opened = Watch(store.database)
    yield opened
    opened.close()


def found(news) -> list[tuple[str, int]]:
    return [(event.run_id, event.seq) for event in news.events]


def test_what_is_newer_is_told_run_by_run_and_in_order(store, watching):
    first, second, other = sorted(begin(store, told=3) for _ in range(3))
    news = watching.look({second: 0, first: 2}, has_new=True)
    assert found(news) == [(first, 3), (second, 1), (second, 2), (second, 3)]
    write(store, second, 2)
    write(store, other)
    assert found(watching.look({second: 3, first: 3})) == [(second, 4), (second, 5)]
    assert found(watching.look({second: 5, first: 3})) == []


def test_a_run_that_was_closed_before_is_told_so_at_its_first_look(store, watching):
    run_id, other = begin(store), begin(store)
    close(store.database, run_id)
    assert watching.look({other: 1}, has_new=True).closed == frozenset()
    assert watching.look({other: 1, run_id: 3}, has_new=True).closed == {run_id}


def test_a_run_that_is_deleted_is_told(store, watching):
    running, ended, other = begin(store), begin(store), begin(store)
    close(store.database, ended)
    watching.look({running: 1, ended: 3, other: 1}, has_new=True)
    for run_id in (running, ended):
        ending.delete(store, run_id, by="ana")
    assert watching.look({running: 1, ended: 3, other: 1}).deleted == {running, ended}


def test_what_does_not_fit_is_told_by_the_next_look_and_the_end_with_the_last(store, watching, monkeypatch):
    monkeypatch.setattr(watch, "MOST", 4)
    run_id = begin(store, told=5)
    close(store.database, run_id)
    news = watching.look({run_id: 0}, has_new=True)
    assert (len(news.events), news.closed) == (4, frozenset())
    news = watching.look({run_id: 4})
    assert (len(news.events), news.closed) == (3, {run_id})


def test_more_runs_than_one_query_takes_are_all_looked_at(store, watching, monkeypatch):
    monkeypatch.setattr(watch, "AT_ONCE", 2)
    run_ids = sorted(begin(store) for _ in range(5))
    assert sorted(found(watching.look(dict.fromkeys(run_ids, 0), has_new=True))) == [(run_id, 1) for run_id in run_ids]
