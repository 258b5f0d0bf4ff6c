"""The launch panel's pre-flight without a browser: what it tells, of which request, and what a run is let pass with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from workbench_widgets.desk import Desk
from workbench_widgets.launch import LaunchPanel
from workbench_widgets.live import Feeder

import workbench
from workbench.errors import BadRequest
from workbench.preflight.findings import Mend, apply

LINES = [f"{n % 7},{'ab'[n % 2]},{'yn'[n % 2]}" for n in range(80)]


@pytest.fixture
def table(tmp_path: Path) -> Callable[[workbench.Workbench], str]:
    """Store a table of which ``answer`` is ``kind`` under another name."""

    def store(home: workbench.Workbench) -> str:
        path = tmp_path / "answers.csv"
        path.write_text("size,kind,answer\n" + "\n".join(LINES) + "\n")
        return home.data.upload(path).id

    return store


def request(data: str, **more: Any) -> dict[str, Any]:
    return {"data": data, "target": "answer", "task": "classification", "plan": "setup"} | more


def test_what_is_found_of_a_request_is_told_with_a_mend_that_takes_it_away(
    home: workbench.Workbench, desk: Desk, feeder: Feeder, table: Callable[..., str]
) -> None:
    data = table(home)
    check = LaunchPanel(desk, feeder).commands["check"]
    found = check(page="p", number=1, request=request(data))
    (leak,) = [finding for finding in found["findings"] if finding["severity"] == "blocking"]
    assert (leak["code"], leak["columns"], leak["mend"]["label"]) == ("leak.copy", ["kind"], "Leave out 'kind'")
    assert leak["evidence"]["score"] == 1.0
    mended = apply(request(data), Mend(leak["mend"]["label"], leak["mend"]["changes"]))
    again = check(page="p", number=2, request=mended)
    assert [finding for finding in again["findings"] if finding["severity"] == "blocking"] == []


def test_a_request_that_the_page_has_changed_meanwhile_is_not_looked_at(
    home: workbench.Workbench, desk: Desk, feeder: Feeder, table: Callable[..., str]
) -> None:
    data = table(home)
    check = LaunchPanel(desk, feeder).commands["check"]
    assert check(page="p", number=5, request=request(data)) is not None
    assert check(page="p", number=4, request=request(data)) is None
    assert check(page="another", number=1, request=request(data)) is not None


def test_a_run_starts_in_spite_of_a_finding_only_when_that_is_said_and_keeps_it(
    warm: workbench.Workbench, table: Callable[..., str]
) -> None:
    data = table(warm)
    feeder = Feeder(warm)
    panel = LaunchPanel(Desk(warm), feeder)
    with pytest.raises(BadRequest) as refused:
        panel.commands["launch"](**request(data))
    assert refused.value.code == "spec.blocked"
    run = warm.runs.get(panel.commands["launch"](**request(data), override=["leak.copy"])["id"])
    assert run.record.spec["preflight"]["overridden"] == ["leak.copy"]
    assert run.wait(60).status == "succeeded"
    feeder.close()
