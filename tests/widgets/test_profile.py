"""The profile panel without a browser: what it tells while it is computed, of what, and what the page draws with."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from workbench_widgets import plotting, profiling
from workbench_widgets.desk import Desk
from workbench_widgets.launch import LaunchPanel
from workbench_widgets.live import Feeder
from workbench_widgets.profile import ProfilePanel

import workbench
from workbench.data.profile import Profile
from workbench.data.source import Source


@pytest.fixture
def table(home: workbench.Workbench, tmp_path: Path) -> Source:
    """Three kinds of columns, of which ``size`` goes with ``price``."""
    lines = [f"{n},{n * 2 + n % 3},{'ab'[n % 2]},2024-01-{n % 28 + 1:02}" for n in range(60)]
    path = tmp_path / "t.csv"
    path.write_text("size,price,kind,day\n" + "\n".join(lines) + "\n")
    return home.data.upload(path)


@pytest.fixture
def changed(home: workbench.Workbench, table: Source, tmp_path: Path) -> Source:
    """The next version: prices have risen, and another kind has come."""
    lines = [f"{n},{n * 5},{'abc'[n % 3]},2024-01-{n % 28 + 1:02}" for n in range(60)]
    path = tmp_path / "t.csv"
    path.write_text("size,price,kind,day\n" + "\n".join(lines) + "\n")
    return home.data.upload(path, follows=table)


@pytest.fixture
def over(feeder: Feeder, eventually: Callable[..., Any]) -> Iterator[Callable[[Desk], ProfilePanel]]:
    """Open the panel over a desk, and wait until the profile is complete."""
    opened: list[ProfilePanel] = []

    def open_over(desk: Desk) -> ProfilePanel:
        panel = ProfilePanel(desk, feeder)
        opened.append(panel)
        eventually(lambda: not panel.feed())
        return panel

    yield open_over
    for panel in opened:
        panel.close()


def test_every_column_is_told_in_few_words_and_in_full_when_it_is_asked_for(
    table: Source, desk: Desk, over: Callable[[Desk], ProfilePanel]
) -> None:
    panel = over(desk)
    lines = panel._view["lines"]
    assert {name: line["kind"] for name, line in lines.items()} == {
        "size": "number",
        "price": "number",
        "kind": "text",
        "day": "date",
    }
    assert sum(lines["price"]["bars"]) == 60
    assert len(lines["price"]["bars"]) <= 24
    assert lines["kind"]["shares"] == [0.5, 0.5]
    whole = panel.commands["column"](source=table.id, name="price")
    assert (whole["measures"]["minimum"], whole["measures"]["maximum"]) == (0.0, 120.0)
    assert panel._view["association"]["columns"] == ("size", "price", "kind", "day")
    assert (panel._view["is_over"], panel._view["trouble"]) == (True, [])


def test_the_target_of_the_form_is_looked_at_and_another_one_can_be_chosen(
    table: Source, desk: Desk, feeder: Feeder, over: Callable[[Desk], ProfilePanel], eventually: Callable[..., Any]
) -> None:
    form = LaunchPanel(desk, feeder)
    form.commands["check"](page="p", number=1, request={"data": table.id, "target": "kind", "task": "classification"})
    panel = over(desk)
    assert panel._view["asked"]["target"] == "kind"
    assert [each["label"] for each in panel._view["target"]["classes"]] == ["a", "b"]
    panel.commands["aim"](source=table.id, target="price")
    assert panel._view["target"] is None
    assert panel._view["lines"], "what is told of the columns stays"
    eventually(lambda: not panel.feed())
    assert panel._view["target"]["features"][0]["name"] == "size"
    panel.commands["aim"](source=table.id, target=None)
    eventually(lambda: not panel.feed())
    assert panel._view["target"] is None


def test_a_version_is_compared_with_the_one_before_it_or_another_or_none(
    table: Source, changed: Source, desk: Desk, over: Callable[[Desk], ProfilePanel], eventually: Callable[..., Any]
) -> None:
    panel = over(desk)
    assert panel._view["asked"]["against"] == table.id
    drift = {column["name"]: column for column in panel._view["drift"]["columns"]}
    assert (drift["price"]["band"], drift["size"]["band"]) == ("changed", "stable")
    assert [value["label"] for value in drift["kind"]["appeared"]] == ["c"]
    before = eventually(lambda: panel.commands["column"](source=table.id, name="price"))
    assert before["measures"]["maximum"] == 120.0
    panel.commands["compare"](source=changed.id, against=None)
    eventually(lambda: not panel.feed())
    assert panel._view["drift"] is None


def test_a_version_that_is_deleted_while_it_is_compared_with_is_left_out(
    home: workbench.Workbench, table: Source, changed: Source, desk: Desk, over: Callable[[Desk], ProfilePanel]
) -> None:
    desk.profiling.compare(changed.id, table.id)
    home.data.delete(table.id)
    panel = over(desk)
    assert (panel._view["asked"]["against"], panel._view["trouble"]) == (None, [])
    assert len(panel._view["lines"]) == 4


def test_after_a_look_that_only_waited_for_another_process_the_next_one_is_soon(
    home: workbench.Workbench,
    table: Source,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    eventually: Callable[..., Any],
) -> None:
    told, rests = iter((Profile(), Profile(is_complete=True))), []

    def wait_and_tell(*_: Any, **__: Any) -> Profile:
        threading.Event().wait(1)
        return next(told)

    monkeypatch.setattr(home.data, "profile", wait_and_tell)
    clocks = SimpleNamespace(monotonic=time.monotonic, thread_time=time.thread_time, sleep=rests.append)
    monkeypatch.setattr(profiling, "time", clocks)
    eventually(lambda: desk.profiling.look(table.id).is_over)
    eventually(lambda: len(rests) == 2)
    assert rests[0] < 1


def test_another_table_takes_the_place_of_the_one_before(
    home: workbench.Workbench, table: Source, desk: Desk, over: Callable[[Desk], ProfilePanel],
    eventually: Callable[..., Any],
) -> None:  # fmt: skip
    panel = over(desk)
    desk.choose(home.data.sample("iris").id)
    panel.feed()
    assert (panel._view["source"]["name"], panel._view["association"]) == ("iris", None)
    eventually(lambda: not panel.feed())
    assert list(panel._view["lines"]) == [name for name, _ in panel._view["source"]["columns"]]


def test_a_table_whose_file_is_gone_says_so(
    home: workbench.Workbench, table: Source, desk: Desk, over: Callable[[Desk], ProfilePanel]
) -> None:
    (home.settings.files / table.location).unlink()
    panel = over(desk)
    assert panel._view["trouble"] == ['The file of data source "t" is gone.']
    assert panel._view["lines"] == {}


def test_plots_are_drawn_by_the_script_of_the_installed_package_which_python_does_not_import() -> None:
    code = "import sys; from workbench_widgets import plotting; plotting.packed(); assert 'plotly' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert b"plotly.js" in gzip.decompress(plotting.packed())[:200]


def test_without_plotly_the_figures_stay_as_numbers(
    table: Source, desk: Desk, over: Callable[[Desk], ProfilePanel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plotting, "find_spec", lambda _: None)
    panel = over(desk)
    assert panel._view["has_plots"] is False
    assert panel.commands["column"](source=table.id, name="kind")["measures"]["of"] == "text"
