"""Tables and queries of databases that are a file: SQLite and DuckDB."""

from __future__ import annotations

import sqlite3

import duckdb
import pyarrow as pa
import pytest

from tests.data.reading import columns, opened, refused, whole
from workbench.data import origins
from workbench.data.formats.reader import Asked
from workbench.data.origins.database import looking
from workbench.data.origins.statement import one_reading

ROWS = [(1, "x", 1.5), (2, None, 2.0)]


@pytest.fixture(params=["sqlite", "duckdb"])
def database(request, tmp_path) -> str:
    """The address of a database with the tables ``shop``, ``Odd "Name"`` and ``empty``."""
    path = tmp_path / "shop.db"
    connect = sqlite3.connect if request.param == "sqlite" else duckdb.connect
    connection = connect(str(path))
    connection.execute("CREATE TABLE shop (id INTEGER, name VARCHAR(9), price DOUBLE)")
    connection.executemany("INSERT INTO shop VALUES (?, ?, ?)", ROWS)
    connection.execute('CREATE TABLE "Odd ""Name" (a INTEGER)')
    connection.execute('INSERT INTO "Odd ""Name" VALUES (7)')
    connection.execute("CREATE TABLE empty (a INTEGER)")
    connection.commit()
    connection.close()
    return f"{request.param}:///{path}"


def test_a_table_is_read_with_the_types_of_its_database(database, tmp_path):
    origin = origins.named(database, table="shop")
    origin.test()
    read = whole(opened(origin, tmp_path))
    assert read.schema.types == [pa.int64(), pa.string(), pa.float64()]
    assert read.to_pydict() == {"id": [1, 2], "name": ["x", None], "price": [1.5, 2.0]}


def test_a_query_is_read(database, tmp_path):
    origin = origins.named(database, query="SELECT id * 2 AS double, ' :x %s; ' AS word FROM shop ORDER BY id DESC;")
    assert columns(opened(origin, tmp_path)) == {"double": [4, 2], "word": [" :x %s; "] * 2}


def test_a_table_with_a_strange_name_is_read(database, tmp_path):
    assert columns(opened(origins.named(database, table='Odd "Name'), tmp_path)) == {"a": [7]}


def test_what_is_stored_gives_the_same_origin_again(database):
    origin = origins.named(database, table="shop")
    assert origins.of(origin.told()) == origin
    assert origin.stamp() is None


def test_kinds_that_are_asked_for_hold_for_a_query(database, tmp_path):
    reader = opened(origins.named(database, table="shop"), tmp_path, asked=Asked({"id": "text"}))
    assert columns(reader)["id"] == ["1", "2"]


@pytest.mark.parametrize(
    ("what", "code", "said"),
    [
        ({"table": "shopp"}, "data.query_failed", "has no table shopp."),
        ({"table": "empty"}, "data.no_rows", "The table empty gives no rows."),
        ({"query": "SELECT * FROM shop WHERE id > 5"}, "data.no_rows", "The query gives no rows."),
        ({"query": "SELECT * FRM shop"}, "data.query_failed", "syntax error"),
        ({"query": "SELECT cost FROM shop"}, "data.query_failed", "cost"),
        ({"query": "SELECT id, id FROM shop"}, "data.query_failed", "several columns the name id"),
        ({"query": "DELETE FROM shop"}, "data.query_failed", "this one begins with DELETE"),
        ({"query": "SELECT 1; DELETE FROM shop"}, "data.query_failed", "several statements"),
        ({"query": "WITH x AS (SELECT 1) DELETE FROM shop"}, "data.query_failed", "refuses the query"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(database, tmp_path, what, code, said):
    error = refused(lambda: opened(origins.named(database, **what), tmp_path))
    assert error.code == code
    assert said in error.message
    assert "\n" not in error.message
    assert columns(opened(origins.named(database, table="shop"), tmp_path))["id"] == [1, 2]


def test_an_unknown_table_names_the_nearest(database):
    assert "Did you mean shop?" in refused(origins.named(database, table="shops").test).hint


def test_a_database_that_is_not_there_is_not_made(database, tmp_path):
    scheme = database.partition(":")[0]
    error = refused(origins.named(f"{scheme}:///{tmp_path}/none.db", table="t").test)
    assert error.code == "data.file_missing"
    assert not (tmp_path / "none.db").exists()


def test_a_file_that_is_no_database_is_refused(database, tmp_path):
    (tmp_path / "not.db").write_text("hello " * 1000)
    error = refused(origins.named(f"{database.partition(':')[0]}:///{tmp_path}/not.db", table="t").test)
    assert error.code in ("data.query_failed", "data.source_invalid")
    assert "\n" not in error.message


def test_values_of_several_kinds_in_one_column_are_text(tmp_path):
    connection = sqlite3.connect(tmp_path / "t.db")
    connection.execute("CREATE TABLE t (a INTEGER, b BLOB)")
    connection.executemany("INSERT INTO t VALUES (?, ?)", [(1, None)] * 20_000 + [("odd", b"x")])
    connection.commit()
    connection.close()
    read = columns(opened(origins.named(f"sqlite:///{tmp_path}/t.db", table="t"), tmp_path))
    assert (read["a"][0], read["a"][-1], read["b"][-1]) == ("1", "odd", "x")


def test_a_database_in_use_by_another_process_is_for_later(tmp_path):
    import subprocess
    import sys

    path = tmp_path / "held.duckdb"
    code = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        error = refused(origins.named(f"duckdb:///{path}", table="t").test)
        holder.stdin.close()
    assert (error.code, error.status) == ("data.source_unreachable", 503)
    assert error.message == "held.duckdb is in use by another process."


@pytest.mark.parametrize(
    ("address", "what", "code", "said"),
    [
        ("sqlite:///x.db", {}, "data.source_invalid", "by a table or by a query"),
        ("sqlite:///x.db", {"table": "t", "query": "SELECT 1"}, "data.source_invalid", "by a table or by a query"),
        ("sqlite://", {"table": "t"}, "data.source_invalid", "sqlite:///PATH"),
        ("nonsense", {"table": "t"}, "data.source_invalid", "no address of a database"),
        ("frob://host/db", {"table": "t"}, "data.source_invalid", "SQLAlchemy knows no database frob"),
        ("oracle+oracledb://u@h/d", {"table": "t"}, "data.driver_missing", "takes oracledb, which is not installed"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(address, what, code, said):
    error = refused(lambda: origins.named(address, **what).test())
    assert error.code == code
    assert said in str(error)


def test_a_server_that_takes_no_query_within_another_describes_it():
    assert looking("SELECT 'x' ORDER BY 1", "mssql") == "EXEC sp_describe_first_result_set N'SELECT ''x'' ORDER BY 1'"


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        " -- a comment; with a semicolon\n SELECT 1 ; ",
        "/* ; */ WITH x AS (SELECT ';') SELECT * FROM x;",
        '(SELECT ";" FROM t)',
        "SELECT $tag$ ; $tag$",
        "VALUES (1)",
    ],
)
def test_one_statement_that_reads_is_a_query(query):
    assert one_reading(query).rstrip()[-1] != ";" or query.endswith("'")


@pytest.mark.parametrize("query", ["", " ; ", "-- only this", "INSERT INTO t VALUES (1)", "SELECT 1; SELECT 2", "1"])
def test_anything_else_is_not(query):
    assert refused(lambda: one_reading(query)).code == "data.query_failed"
