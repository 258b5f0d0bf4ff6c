"""``workbench audit …``"""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text


@pytest.fixture
def log(workbench):
    """Two keys made, and one of them revoked."""
    first, _ = (workbench.keys.create(name, "*").key for name in ("one", "two"))
    workbench.keys.revoke(first)
    return workbench


def test_what_was_done_is_listed_newest_first(fresh, log):
    lines = fresh("audit", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == ["3", "2", "1"]
    assert 'made the key "one"' in lines[-1]


def test_only_the_lines_that_fit_are_listed(fresh, log):
    found = fresh("audit", "list", "--action", "key.issued", "--before", "2", "--json").document
    assert [(entry["seq"], entry["by"], entry["outcome"]) for entry in found] == [(1, log.user, "done")]
    assert fresh("audit", "list", "--outcome", "failed").out == "no such lines\n"


def test_what_is_done_by_a_command_is_told_so(fresh, log):
    fresh("key", "revoke", "nothing").refuses("There is no key")
    (entry,) = fresh("audit", "list", "--origin", "cli", "--json").document
    assert (entry["outcome"], entry["details"]["code"]) == ("failed", "key.not_found")


def test_a_time_that_is_none_is_refused(fresh):
    fresh("audit", "list", "--since", "yesterday").refuses("'yesterday' is no time")


def test_a_whole_log_is_told_with_its_end(fresh, log):
    told = log.audit.verify()
    said = fresh("audit", "verify")
    assert (said.code, said.out) == (0, f"whole: 3 lines, up to 3:{told.head_sha256}\n")
    assert fresh("audit", "verify", "--since", f"3:{told.head_sha256}").code == 0


def test_a_log_that_is_not_what_was_noted_is_broken(fresh, log):
    said = fresh("audit", "verify", "--since", f"2:{'0' * 64}", "--json")
    assert (said.code, said.document["is_whole"], said.document["first_bad_seq"]) == (1, False, 2)


def test_a_broken_log_is_told_with_the_first_bad_line(fresh, log):
    with log._store.database.write() as session:
        session.execute(text("DROP TRIGGER audit_log_no_delete"))
        session.execute(text("DELETE FROM audit_log WHERE seq = 2"))
    said = fresh("audit", "verify")
    assert (said.code, said.out) == (1, "broken: Line 2 is gone: line 3 comes after line 1.\n")


@pytest.mark.parametrize("since", ["3", "x:y", ":", "-1:a", "3:"])
def test_a_note_that_is_none_is_refused(fresh, since):
    fresh("audit", "verify", f"--since={since}").refuses("is no line of the log")


def test_what_was_done_is_exported_to_the_shell_and_to_a_file(fresh, log, tmp_path):
    said = fresh("audit", "export")
    assert [json.loads(line)["seq"] for line in said.out.splitlines()] == [1, 2, 3]
    path = tmp_path / "log.csv"
    assert str(path) in fresh("audit", "export", path, "--format", "csv", "--action", "key.revoked").out
    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["seq", "3"]


def test_a_format_that_there_is_not_is_refused(fresh):
    fresh("audit", "export", "--format", "xlsx").refuses("There is no export as 'xlsx'", "Valid: csv, jsonl")
