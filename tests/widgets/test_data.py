"""The data panel without a browser: what comes in, what is under way of it, and which version is shown."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from workbench_widgets.data import DataPanel
from workbench_widgets.desk import Desk
from workbench_widgets.launch import LaunchPanel
from workbench_widgets.live import Feeder

import workbench
from workbench.data.source import Source
from workbench.errors import BadRequest, Conflict
from workbench.settings import Settings

CSV = b"a,b\n1,x\n2,y\n3,x\n"
LARGE_LINES = 400_000


@pytest.fixture
def panel(desk: Desk, feeder: Feeder) -> Iterator[DataPanel]:
    made = DataPanel(desk, feeder)
    yield made
    made.close()


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table that is too large to be read where it is asked for."""
    path = tmp_path_factory.mktemp("large") / "large.csv"
    lines = (b"%d,%d.5,text %d\n" % (line, line, line % 9) for line in range(LARGE_LINES))
    path.write_bytes(b"a,b,c\n" + b"".join(lines))
    assert path.stat().st_size > 8 * 1024 * 1024
    return path


def send(panel: DataPanel, work: str, content: bytes, name: str = "t.csv", **more: Any) -> dict[str, Any]:
    """Send a file up as the page does, in two chunks."""
    panel.commands["begin"](work=work, name=name, size=len(content), **more)
    half = len(content) // 2
    assert panel.commands["chunk"]([memoryview(content[:half])], work=work) == {"received": half}
    assert panel.commands["chunk"]([memoryview(content[half:])], work=work) == {"received": len(content)}
    return panel.commands["finish"](work=work)


def add(panel: DataPanel, path: Path, work: str = "w") -> dict[str, Any]:
    return panel.commands["add"](work=work, what=str(path))


def files_of(home: workbench.Workbench) -> list[Path]:
    return list(home.settings.files.iterdir()) if home.settings.files.exists() else []


def shown(panel: DataPanel) -> tuple[str, int]:
    return panel._view["source"]["name"], panel._view["source"]["version"]


def test_a_file_goes_up_in_chunks_and_any_page_sees_how_far_it_is(panel: DataPanel) -> None:
    told: list[Any] = []
    panel.observe(lambda change: told.append(change["new"]["set"].get("works")), names="patch")
    made = send(panel, "one", CSV)
    stages = [(work["name"], work["stage"], work["done"], work["total"]) for works in told if works for work in works]
    assert stages[:3] == [("t.csv", "sending", done, 16) for done in (0, 8, 16)]
    assert stages[-1] == ("t.csv", None, 0, None), "a small table is read at once"
    assert panel._view["works"] == []
    assert (panel._view["source"]["id"], made["version"]) == (made["id"], 1)


def test_an_upload_that_is_cancelled_half_way_leaves_nothing(panel: DataPanel, home: workbench.Workbench) -> None:
    panel.commands["begin"](work="one", name="t.csv", size=len(CSV))
    panel.commands["chunk"]([memoryview(CSV[:5])], work="one")
    panel.commands["cancel"]("one")
    assert panel._view["works"] == []
    assert panel.commands["chunk"]([memoryview(CSV[5:])], work="one") == {"received": None}
    assert panel.commands["finish"](work="one") == {"cancelled": True}
    assert (home.data.lines(), files_of(home)) == ([], [])


def test_a_table_that_is_cancelled_while_it_is_read_leaves_nothing(
    panel: DataPanel, home: workbench.Workbench, large: Path
) -> None:
    def cancel(change: Any) -> None:
        if any(work["stage"] == "reading" for work in change["new"]["set"].get("works", ())):
            panel.commands["cancel"]("one")

    panel.observe(cancel, names="patch")
    assert send(panel, "one", large.read_bytes()) == {"cancelled": True}
    assert panel._view["works"] == []
    assert (home.data.lines(), files_of(home)) == ([], [])


def test_an_upload_whose_page_went_away_is_dropped_when_the_next_one_begins(
    panel: DataPanel, home: workbench.Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.commands["begin"](work="lost", name="lost.csv", size=100)
    monkeypatch.setattr("workbench_widgets.bringing.IDLE_S", 0.0)
    panel.commands["begin"](work="next", name="next.csv", size=100)
    assert [work["id"] for work in panel._view["works"]] == ["next"]
    assert len(files_of(home)) == 1


def test_what_is_under_way_ends_with_the_panel(panel: DataPanel, home: workbench.Workbench) -> None:
    panel.commands["begin"](work="one", name="t.csv", size=100)
    panel.close()
    assert files_of(home) == []


def test_a_name_that_is_taken_is_refused_and_the_file_can_be_its_next_version(panel: DataPanel) -> None:
    first = send(panel, "one", CSV)
    with pytest.raises(Conflict) as refused:
        panel.commands["begin"](work="two", name="t.csv", size=3)
    assert refused.value.as_problem()["name"] == "t"
    second = send(panel, "two", CSV + b"4,z\n", follows="t")
    assert shown(panel) == ("t", 2)
    assert [each["id"] for each in panel._view["source"]["versions"]] == [second["id"], first["id"]]
    assert [(line["id"], line["version"]) for line in panel._view["sources"]] == [(second["id"], 2)]


@pytest.fixture
def theirs(panel: DataPanel, home: workbench.Workbench, tmp_path: Path) -> Source:
    """A table of the name "t" that somebody else brings while the panel is there."""
    path = tmp_path / "t.csv"
    path.write_bytes(CSV)
    return home.data.upload(path)


def test_what_came_from_elsewhere_is_known_before_a_table_is_refused_for_it(panel: DataPanel, theirs: Source) -> None:
    with pytest.raises(Conflict):
        panel.commands["begin"](work="one", name="t.csv", size=3)
    assert [line["id"] for line in panel._view["sources"]] == [theirs.id]


def test_a_place_whose_name_was_taken_elsewhere_is_refused_once_the_other_table_is_known(
    panel: DataPanel, theirs: Source, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(CSV + b"4,z\n")
    with pytest.raises(Conflict):
        add(panel, path)
    assert [line["id"] for line in panel._view["sources"]] == [theirs.id]


def test_an_older_version_can_be_looked_at_and_run_on_until_it_is_deleted(
    panel: DataPanel, desk: Desk, feeder: Feeder
) -> None:
    first = send(panel, "one", CSV)["id"]
    second = send(panel, "two", CSV + b"4,z\n", follows="t")["id"]
    form = LaunchPanel(desk, feeder)
    panel.commands["choose"](first)
    form.feed()
    assert shown(panel) == ("t", 1)
    assert form._view["source"]["id"] == first
    assert form._view["sources"] == [{"id": second, "name": "t"}, {"id": first, "name": "t@1"}]
    panel.commands["delete"](first)
    form.feed()
    assert shown(panel) == ("t", 2)
    assert form._view["source"]["id"] == second
    assert len(panel._view["source"]["versions"]) == 1


def test_a_version_that_came_from_elsewhere_is_told_and_what_is_shown_stays(
    panel: DataPanel, home: workbench.Workbench, tmp_path: Path
) -> None:
    first = send(panel, "one", CSV)["id"]
    (tmp_path / "t.csv").write_bytes(CSV + b"4,z\n")
    home.data.upload(tmp_path / "t.csv", follows="t")
    panel.feed()
    assert panel._view["source"]["id"] == first
    assert [each["version"] for each in panel._view["source"]["versions"]] == [2, 1]


def test_a_table_of_a_place_is_read_again_when_it_has_changed(panel: DataPanel, tmp_path: Path) -> None:
    path = tmp_path / "place.csv"
    path.write_bytes(CSV)
    panel.commands["test"](what=str(path))
    made = add(panel, path)
    assert (panel._view["source"]["kind"], panel._view["source"]["place"]) == ("file", str(path))
    assert panel.commands["has_changed"](made["id"]) is False
    assert panel.commands["refresh"](work="w", id=made["id"])["is_same"] is True
    path.write_bytes(CSV + b"4,z\n")
    assert panel.commands["has_changed"](made["id"]) is True
    again = panel.commands["refresh"](work="w", id=made["id"])
    assert (again["version"], again["is_same"]) == (2, False)
    assert shown(panel) == ("place", 2)


def test_a_table_of_a_database_tells_where_it_is_from(panel: DataPanel, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("CREATE TABLE orders (id INTEGER, price REAL)")
        database.executemany("INSERT INTO orders VALUES (?, ?)", [(1, 2.5), (2, 3.5)])
    address = f"sqlite:///{tmp_path / 'shop.db'}"
    with pytest.raises(BadRequest, match="no table order"):
        panel.commands["test"](what=address, table="order")
    panel.commands["add"](work="w", what=address, table="orders")
    assert shown(panel) == ("orders", 1)
    assert panel._view["source"]["place"] == f"{address} · orders"


def test_an_address_with_a_password_is_refused_before_any_page_sees_it(panel: DataPanel) -> None:
    told: list[Any] = []
    panel.observe(lambda change: told.append(change["new"]), names="patch")
    with pytest.raises(BadRequest) as refused:
        panel.commands["add"](work="w", what="postgresql://me:literal-s3cret@h/db", query="SELECT 1")
    assert refused.value.code == "data.secret_literal"
    assert "literal-s3cret" not in f"{told} {panel._view} {refused.value.as_problem()}"


def test_a_column_is_read_as_something_else_as_the_next_version_or_refused(panel: DataPanel) -> None:
    made = send(panel, "one", CSV)
    with pytest.raises(BadRequest) as refused:
        panel.commands["retype"](work="w", id=made["id"], kinds={"b": "number"})
    assert refused.value.code == "data.kind_unfit"
    assert panel._view["works"] == []
    panel.commands["retype"](work="w", id=made["id"], kinds={"a": "text"})
    assert shown(panel) == ("t", 2)
    assert {column["name"]: column["kind"] for column in panel._view["source"]["columns"]} == {"a": "text", "b": "text"}


def test_a_table_is_read_with_another_delimiter_or_the_panel_says_why_not(panel: DataPanel) -> None:
    made = send(panel, "one", b"a,b;c\n1,5;2\n")
    assert [(option["name"], option["value"]) for option in panel._view["source"]["reading"]] == [
        ("encoding", "utf-8"),
        ("delimiter", "semicolon"),
    ]
    with pytest.raises(BadRequest, match="cannot be ';;'"):
        panel.commands["retype"](work="w", id=made["id"], kinds={}, options={"delimiter": ";;"})
    assert (panel._view["works"], shown(panel)) == ([], ("t", 1))
    panel.commands["retype"](work="w", id=made["id"], kinds={}, options={"delimiter": ","})
    assert [column["name"] for column in panel._view["source"]["columns"]] == ["a", "b;c"]
    assert panel._view["source"]["reading"][1]["is_asked"]


def test_a_table_of_a_place_may_be_the_next_version_of_a_taken_name(panel: DataPanel, tmp_path: Path) -> None:
    send(panel, "one", CSV)
    path = tmp_path / "t.csv"
    path.write_bytes(CSV + b"4,z\n")
    with pytest.raises(Conflict) as refused:
        add(panel, path)
    assert refused.value.as_problem()["name"] == "t"
    panel.commands["add"](work="w", what=str(path), follows="t")
    assert shown(panel) == ("t", 2)
    assert panel._view["source"]["place"] == str(path)


def test_columns_get_their_bars_as_they_are_profiled(panel: DataPanel, eventually: Callable[..., Any]) -> None:
    send(panel, "one", CSV)
    eventually(lambda: not panel.feed())
    bars = panel._view["sparks"]
    assert sum(bars["a"]["bars"]) == 3
    assert bars["b"]["shares"] == pytest.approx([2 / 3, 1 / 3])


UPLOAD = """
import resource, sys
from pathlib import Path
import workbench
from workbench_widgets.data import DataPanel
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder

home = workbench.connect()
panel = DataPanel(Desk(home), Feeder(home))
path, size, chunk = Path(sys.argv[1]), Path(sys.argv[1]).stat().st_size, 1024 * 1024
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
panel.commands["begin"](work="w", name=path.name, size=size)
with path.open("rb") as stream:
    while part := stream.read(chunk):
        panel.commands["chunk"]([memoryview(part)], work="w")
panel.commands["finish"](work="w")
assert home.data.lines()[0].row_count == int(sys.argv[2])
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(grown, *sorted({"pyarrow", "pandas", "numpy", "plotly"} & set(sys.modules)))
"""


def test_a_large_file_neither_loads_a_library_into_the_kernel_nor_makes_it_grow(
    large: Path, settings: Settings
) -> None:
    command = [sys.executable, "-c", UPLOAD, str(large), str(LARGE_LINES)]
    done = subprocess.run(command, env=settings.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    grown, *loaded = done.stdout.split()
    assert loaded == []
    assert int(grown) * 1024 < large.stat().st_size
