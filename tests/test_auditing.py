"""The audit log in the user's hand: looked through, proven, exported, by those who may."""

from __future__ import annotations

import csv
import io
import json

import pytest

from workbench.access.actor import Actor, owner
from workbench.access.permissions import Role
from workbench.errors import BadRequest, Forbidden
from workbench.store import audit


@pytest.fixture
def log(workbench):
    """A home in which two people did four things, one of them in another workspace."""
    tell(workbench, "ada", "alias.set", "alias", "champion")
    tell(workbench, "eda", "run.submitted", "run", "1")
    tell(workbench, "eda", "run.deleted", "run", "1", outcome="failed")
    tell(workbench, "ada", "alias.set", "alias", "champion", workspace_id="elsewhere")
    return workbench


def tell(workbench, by: str, action: str, subject: str, subject_id: str, message: str = "…", **about) -> None:
    with workbench._store.database.write() as session:
        audit.record(session, by=by, action=action, subject=subject, subject_id=subject_id, message=message, **about)


def test_lines_of_ones_own_workspace_are_listed(log):
    assert [entry.seq for entry in log.audit.list()] == [3, 2, 1]
    assert [entry.action for entry in log.audit.list(by="eda", outcome="failed")] == ["run.deleted"]


def test_an_administrator_sees_the_lines_of_all_workspaces(log):
    assert [entry.seq for entry in log.audit.list(everywhere=True)] == [4, 3, 2, 1]


def test_an_owner_who_is_no_administrator_sees_their_workspace_alone(workbench):
    with pytest.raises(Forbidden) as refused:
        workbench.on_behalf_of(owner("olga")).audit.list(everywhere=True)
    assert refused.value.code == "access.role_too_low"


@pytest.mark.parametrize("call", ["list", "verify", "export"])
def test_who_is_no_owner_sees_nothing(workbench, call):
    with pytest.raises(Forbidden):
        getattr(workbench.on_behalf_of(Actor("eda", Role.EDITOR)).audit, call)()


def test_times_are_read_as_people_write_them(log):
    at = log.audit.list()[0].at
    assert [entry.seq for entry in log.audit.list(since=at.isoformat())] == [3]
    assert [entry.seq for entry in log.audit.list(since=at.astimezone().replace(tzinfo=None))] == [3]
    assert [entry.seq for entry in log.audit.list(until=at)] == [2, 1]
    assert log.audit.list(since="2999-12-31") == []


@pytest.mark.parametrize("time", ["yesterday", "", "2026-13-01", 7])
def test_a_time_that_is_none_is_refused(workbench, time):
    for call in (workbench.audit.list, workbench.audit.export):
        with pytest.raises(BadRequest) as refused:
            call(since=time)
        assert refused.value.code == "spec.invalid"


def test_the_whole_log_is_proven_whichever_workspace_is_open(log):
    told = log.audit.verify()
    assert (told.is_whole, told.lines, told.head_seq) == (True, 4, 4)
    assert log.audit.verify((told.head_seq, told.head_sha256)).is_whole
    assert not log.audit.verify((told.head_seq, "0" * 64)).is_whole


def test_lines_are_exported_as_json_oldest_first(log):
    told = [json.loads(line) for line in log.audit.export()]
    assert told == [entry.as_dict() for entry in reversed(log.audit.list())]


def test_lines_are_exported_as_a_table(log):
    told = list(csv.DictReader(io.StringIO("".join(log.audit.export(format="csv")))))
    assert [(row["seq"], row["by"], row["action"], row["outcome"]) for row in told] == [
        ("1", "ada", "alias.set", "done"),
        ("2", "eda", "run.submitted", "done"),
        ("3", "eda", "run.deleted", "failed"),
    ]
    assert [json.loads(row["details"]) for row in told] == [{}, {}, {}]


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_of_a_table_is_a_formula(workbench, begins):
    text = f'{begins}HYPERLINK("http://example.com","…"),x'
    tell(workbench, text, "alias.set", "alias", text, text)
    (row,) = csv.DictReader(io.StringIO("".join(workbench.audit.export(format="csv")), newline=""))
    assert {name: row[name] for name in ("by", "subject_id", "message")} == dict.fromkeys(
        ("by", "subject_id", "message"), f"'{text}"
    )


def test_only_the_lines_that_fit_are_exported(log):
    assert [json.loads(line)["seq"] for line in log.audit.export(by="ada", everywhere=True)] == [1, 4]


def test_an_export_without_lines_is_a_head_alone(workbench):
    assert list(workbench.audit.export()) == []
    assert len(list(workbench.audit.export(format="csv"))) == 1


def test_an_export_is_written_as_a_file_and_written_anew(log, tmp_path):
    path = log.audit.export(tmp_path / "log.jsonl")
    assert (path, path.read_text()) == (tmp_path / "log.jsonl", "".join(log.audit.export()))
    log.audit.export(path, "csv", by="eda")
    assert path.read_bytes().decode() == "".join(log.audit.export(format="csv", by="eda"))
    assert list(tmp_path.glob("*.partial")) == []


def test_an_export_that_cannot_be_written_leaves_what_was_there(log, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BadRequest) as refused:
        log.audit.export(tmp_path / "file" / "log.jsonl")
    assert (refused.value.code, (tmp_path / "file").read_text()) == ("export.failed", "mine")


@pytest.mark.parametrize("format", ["xlsx", "", None])
def test_a_format_that_there_is_not_is_refused(workbench, format):
    with pytest.raises(BadRequest) as refused:
        workbench.audit.export(format=format)
    assert refused.value.code == "export.failed"


def test_an_export_is_refused_before_its_first_line_is_asked_for(workbench):
    with pytest.raises(Forbidden):
        workbench.on_behalf_of(owner("olga")).audit.export(everywhere=True)
