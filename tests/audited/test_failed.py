"""What was allowed and failed is told where it would have changed something."""

from __future__ import annotations

from typing import Any

import pytest

from tests.audited.acts import queued, uploaded
from workbench.access.permissions import Permission
from workbench.data.upload import Upload
from workbench.errors import BadRequest, Conflict, EngineFault, NotFound, WorkbenchError
from workbench.store import audit
from workbench.store.needs import telling

FAILS = {
    "Sources.delete": (lambda mine: mine.data.delete("nothing"), NotFound, "data.not_found"),
    "Sources.sample": (lambda mine: mine.data.sample("nothing"), NotFound, "data.unknown_sample"),
    "Runs.submit": (lambda mine: mine.runs.submit("nothing", target="a"), NotFound, "data.not_found"),
    "Keys.create": (lambda mine: mine.keys.create("", "*"), BadRequest, "key.name_invalid"),
    "Aliases.unset": (lambda mine: mine.registry.aliases.unset("nobody"), NotFound, "alias.not_found"),
    "Upload.finish": (lambda mine: uploaded(mine, 0), BadRequest, "data.no_rows"),
    "Deployments.deploy": (lambda mine: mine.deployments.deploy(slug="x"), BadRequest, "spec.invalid"),
    "Workspaces.create": (lambda mine: mine.workspaces.create(""), BadRequest, "workspace.name_invalid"),
    "Workspaces.rename": (lambda mine: mine.workspaces.rename("nothing", "a"), NotFound, "workspace.not_found"),
    "Workspaces.delete": (lambda mine: mine.workspaces.delete("nothing"), NotFound, "workspace.not_found"),
}


@pytest.mark.parametrize("call", FAILS)
def test_what_was_allowed_and_failed_is_told_once(mine, call):
    act, kind, _ = FAILS[call]
    with pytest.raises(kind) as raised:
        act(mine)
    (line,) = mine.audit.list(outcome="failed")
    assert (line.action, line.by, line.origin) == ("call.failed", "olga", "http 192.0.2.7")
    assert (line.subject, line.subject_id) == ("workspace", mine._store.workspace_id)
    assert line.details["code"] == raised.value.code
    assert line.message.startswith(f"{call}: ")


def test_what_failed_of_a_thing_is_told_of_it(mine):
    run = queued(mine)
    run.delete()
    with pytest.raises(NotFound):
        run.cancel()
    (line,) = mine.audit.list(outcome="failed")
    assert (line.subject, line.subject_id, line.details["code"]) == ("run", run.id, "run.not_found")


@pytest.mark.parametrize(
    "act",
    [
        lambda mine: mine.runs.check("nothing", target="a"),
        lambda mine: mine.runs.estimate("nothing", target="a"),
        lambda mine: mine.data.test("/nowhere/table.csv"),
        lambda mine: mine.data.get("nothing"),
        lambda mine: mine.runs.get("nothing"),
        lambda mine: mine.keys.get("nothing"),
    ],
    ids=["check", "estimate", "test", "source", "run", "key"],
)
def test_what_changes_nothing_and_failed_is_not_told(mine, act):
    with pytest.raises(WorkbenchError):
        act(mine)
    assert mine.audit.list() == []


def test_what_failed_further_in_and_was_mended_is_not_told(mine, monkeypatch):
    finish = Upload.finish

    def taken_by_another_process(self: Upload, *about: Any) -> Any:
        finish(self, *about)
        raise Conflict("data.name_taken", "…")

    monkeypatch.setattr(Upload, "finish", taken_by_another_process)
    mine.data.sample("iris")
    assert [line.action for line in mine.audit.list()] == ["data.added"]


def test_what_fails_in_a_call_that_only_asked_is_told_where_it_changes_something(mine):
    with (
        pytest.raises(NotFound),
        telling(mine._store, Permission.RUNS_READ, "Runs.look", changes=False),
    ):
        mine.data.delete("nothing")
    assert [line.message.split(":")[0] for line in mine.audit.list(outcome="failed")] == ["Sources.delete"]


def test_what_nobody_foresaw_is_not_told_for_a_failure_of_the_callers(mine, monkeypatch):
    monkeypatch.setattr(audit, "plain", lambda value: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        mine.keys.create("ci", "*")
    monkeypatch.undo()
    assert (mine.audit.list(), mine.keys.list()) == ([], [])


def test_a_log_that_cannot_be_written_keeps_no_error_from_its_caller(mine, monkeypatch):
    def away(*_: Any, **__: Any) -> None:
        raise EngineFault("store.unreachable", "…")

    monkeypatch.setattr(audit, "record", away)
    with pytest.raises(NotFound) as raised:
        mine.data.delete("nothing")
    assert raised.value.code == "data.not_found"
