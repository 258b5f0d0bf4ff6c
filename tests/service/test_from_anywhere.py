"""Runs on tables from wherever they lie, on real servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.servers import postgres, postgres_password, s3  # noqa: F401 - fixtures
from workbench.data import samples
from workbench.store.files import sha256_of

IRIS = samples.find("iris").path


@pytest.fixture
def leaderboard(warm):
    """Train two quick models on a data source, and return what its leaderboard holds of them."""

    def leaderboard(source) -> dict[str, dict[str, float]]:
        try:
            run = warm.runs.submit(source, target="species", include=["lr", "dummy"], folds=3)
            assert run.wait(120).status == "succeeded"
            return run.leaderboard()[["Accuracy", "AUC"]].to_dict()
        finally:
            warm.data.delete(source)

    return leaderboard


@pytest.fixture
def expected(warm, leaderboard):
    return leaderboard(warm.data.upload(IRIS, "iris from here"))


def iris_as_sql() -> tuple[str, str]:
    """Return the columns and the rows of the sample as PostgreSQL takes them."""
    header, *rows = (line.split(",") for line in IRIS.read_text().splitlines())
    columns = ", ".join([*(f"{name} float8" for name in header[:4]), f"{header[4]} text"])
    return columns, ", ".join(f"({', '.join(row[:4])}, '{row[4]}')" for row in rows)


@pytest.mark.usefixtures("postgres_password")
def test_a_run_on_a_table_of_postgresql_gives_the_numbers_of_its_file(warm, postgres, leaderboard, expected):  # noqa: F811
    columns, rows = iris_as_sql()
    postgres.execute("DROP TABLE IF EXISTS iris", f"CREATE TABLE iris ({columns})", f"INSERT INTO iris VALUES {rows}")
    source = warm.data.add(postgres.url(), "iris from PostgreSQL", table="iris")
    assert (source.kind, source.row_count) == ("sql", 150)
    assert leaderboard(source) == expected


def test_a_run_on_a_file_in_s3_gives_the_numbers_of_the_file_here(warm, s3, leaderboard, expected, monkeypatch):  # noqa: F811
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    s3.put("tables", "iris.csv", IRIS.read_bytes())
    source = warm.data.add("s3://tables/iris.csv", "iris from S3", **s3.options())
    assert (source.kind, source.sha256) == ("object", sha256_of(IRIS))
    assert leaderboard(source) == expected


@pytest.mark.usefixtures("postgres_password")
def test_no_secret_is_kept_anywhere_in_the_home(warm, postgres, s3, monkeypatch):  # noqa: F811
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    postgres.execute("DROP TABLE IF EXISTS few", "CREATE TABLE few (a int)", "INSERT INTO few VALUES (1), (2)")
    s3.put("tables", "few.csv", b"a\n1\n2\n")
    for source in (
        warm.data.add(postgres.url(), "few from PostgreSQL", table="few"),
        warm.data.add("s3://tables/few.csv", "few from S3", **s3.options()),
    ):
        warm.data.delete(source)
    home = Path(warm.settings.home)
    held = [path for path in home.rglob("*") if path.is_file()]
    assert held
    for secret in (postgres.password, s3.secret):
        assert [path for path in held if secret.encode() in path.read_bytes()] == []
