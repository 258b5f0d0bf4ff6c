"""What a user types, and the origin that it means."""

from __future__ import annotations

import pytest

from tests.data.reading import refused
from workbench.data import origins


@pytest.mark.parametrize(
    ("text", "what", "kind"),
    [
        ("tables/t.csv", {}, "file"),
        ("~/t.csv", {}, "file"),
        ("file:///tmp/t.csv", {}, "file"),
        ("s3://bucket/t.csv", {}, "object"),
        ("https://host/t.csv", {}, "object"),
        ("gs://bucket/t.csv", {}, "object"),
        ("memory://t.csv", {}, "object"),
        ("postgresql://host/db", {"table": "t"}, "sql"),
        ("postgresql+psycopg://host/db", {"query": "SELECT 1"}, "sql"),
        ("snowflake://account/db", {"table": "t"}, "sql"),
        ("duckdb:///t.duckdb", {"table": "t"}, "sql"),
    ],
)
def test_a_text_means_one_kind_of_origin(text, what, kind):
    origin = origins.named(text, **what)
    assert origin.kind == origin.told()["kind"] == kind
    assert origins.of(origin.told()) == origin


@pytest.mark.parametrize(
    ("text", "what", "said"),
    [
        ("postgresql://host/db", {}, "by a table or by a query"),
        ("snowflake://account/db", {}, "Nothing is known that is read from snowflake://."),
        ("postgresql:/me:pass@host/db", {}, "neither a file nor an address"),
        ("me:pass@host/t.csv", {}, "neither a file nor an address"),
        ("t.csv", {"options": {"anon": True}}, "A file takes no options"),
        ("sqlite:///t.db", {"table": "t", "options": {"anon": True}}, "A database takes no options"),
    ],
)
def test_what_lacks_a_part_or_has_one_too_many_is_refused(text, what, said):
    error = refused(lambda: origins.named(text, **what))
    assert error.code == "data.source_invalid"
    assert said in error.message
    assert "pass" not in error.message


def test_an_address_of_a_file_is_kept_with_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert origins.named("sqlite:///t.db", table="t").told()["url"] == f"sqlite:///{tmp_path}/t.db"
    assert origins.named("t.csv").told()["path"] == str(tmp_path / "t.csv")


def test_a_kind_that_there_is_not_is_refused():
    assert refused(lambda: origins.of({"kind": "carrier pigeon"})).code == "data.source_invalid"
