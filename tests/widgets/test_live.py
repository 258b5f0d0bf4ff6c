"""Panels without a browser: who feeds them, who closes them, and whose choice counts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from workbench_widgets import live
from workbench_widgets.data import DataPanel
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder

import workbench
from workbench.settings import Settings

CSV = b"a,b\n1,x\n2,y\n3,x\n"


@pytest.fixture
def feeder(home: workbench.Workbench) -> Iterator[Feeder]:
    made = Feeder.of(home)
    yield made
    made.close()


def store(home: workbench.Workbench, name: str) -> str:
    with home.data.begin_upload(name) as upload:
        upload.write(CSV)
        return upload.finish().id


def test_one_feeder_and_one_connection_serve_a_home_however_often_its_panels_are_made(
    feeder: Feeder, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(settings.home))
    again = Feeder.of(None)
    assert again is feeder
    assert again.workbench is feeder.workbench


def test_panels_of_a_cell_that_was_run_again_are_closed_and_the_thread_ends_with_the_last(
    home: workbench.Workbench, feeder: Feeder, eventually: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HIDDEN_S", 0.2)
    desk = Desk(home)
    old, new = DataPanel(desk, feeder), DataPanel(desk, feeder)
    feeder.add(old)
    old._view_count = 1
    old._view_count = 0
    threading.Event().wait(1.5)
    assert old.comm is not None, "a notebook that is opened anew finds what nothing replaced"

    feeder.add(new)
    new._view_count = 1
    eventually(lambda: old.comm is None)
    assert new.comm is not None
    assert sum(thread.name == "workbench-feeder" for thread in threading.enumerate()) == 1


def test_a_choice_made_during_a_look_is_not_undone_by_it(
    home: workbench.Workbench, feeder: Feeder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store(home, "first")
    desk = Desk(home)
    panel = DataPanel(desk, feeder)
    assert panel._view["source"]["id"] == first
    home.data.delete(first)
    chosen = store(home, "chosen")
    stale = [line for line in home.data.lines() if line.id != chosen]
    look = type(home.data).lines

    def choose_meanwhile(_: Any) -> Any:
        monkeypatch.setattr(type(home.data), "lines", look)
        desk.choose(chosen)
        return stale

    monkeypatch.setattr(type(home.data), "lines", choose_meanwhile)
    panel.feed()
    assert desk.source_id == chosen
    assert panel._view["source"]["id"] == chosen


def test_a_look_does_not_read_the_facts_of_tables_that_are_shown_already(
    home: workbench.Workbench, feeder: Feeder, eventually: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    store(home, "first")
    panel = DataPanel(Desk(home), feeder)
    eventually(lambda: not panel.feed())

    def refuse(*_: Any) -> Any:
        pytest.fail("facts were read")

    # Of this home alone: elsewhere a table may still be looked at.
    monkeypatch.setattr(home.data, "list", refuse)
    monkeypatch.setattr(home.data, "get", refuse)
    panel.feed()
    assert [line["columns"] for line in panel._view["sources"]] == [2]


def test_a_panel_that_was_closed_is_fed_no_more(
    home: workbench.Workbench, feeder: Feeder, eventually: Callable[..., Any]
) -> None:
    panel = DataPanel(Desk(home), feeder)
    feeder.add(panel)
    panel.close()
    # None is left to be fed, though somebody holds it still.
    assert eventually(lambda: feeder._thread is None)
    assert panel.is_closed


def test_a_feeder_that_was_closed_serves_nobody_else(home: workbench.Workbench, feeder: Feeder) -> None:
    feeder.close()
    again = Feeder.of(home)
    assert again is not feeder
    again.close()
