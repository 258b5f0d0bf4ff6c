"""Tables and queries of a PostgreSQL server."""

from __future__ import annotations

import socket
from contextlib import closing

import pyarrow as pa
import pytest

from tests.data.reading import columns, opened, refused, whole
from tests.data.servers import Relay
from workbench.data import origins
from workbench.data.formats.reader import Widened
from workbench.data.origins import database, patience, rows

pytestmark = pytest.mark.usefixtures("postgres_password")
LONG = "SELECT i AS id, repeat('x', 100) AS filler FROM generate_series(1, 60000) AS i"
LEFT = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'workbench'"
ENOUGH = 3_000_000
"""Bytes of `LONG` after which its first rows are there and its last are not."""


@pytest.fixture
def no_pauses(monkeypatch):
    monkeypatch.setattr(rows, "_PAUSES_S", (0.0, 0.0))


@pytest.fixture
def made(postgres):
    """Make a table anew from a query, and return its name."""

    def make(query: str, name: str = "made") -> str:
        postgres.execute(f"DROP TABLE IF EXISTS {name}", f"CREATE TABLE {name} AS {query}")
        return name

    return make


def test_each_type_is_read_as_what_it_holds(postgres, made, tmp_path):
    table = made(
        "SELECT 7::smallint AS i, 0.5::real AS f, 1.10::numeric(10, 2) AS d, 12::numeric(9, 0) AS w, 'x'::text AS t,"
        " true AS b, date '2020-01-02' AS day, timestamp '2020-01-02 03:04' AS at,"
        " timestamptz '2020-01-02 03:04+00' AS zoned, time '03:04' AS clock, interval '90 seconds' AS span,"
        " '{\"a\": [1]}'::jsonb AS j, ARRAY[1, 2] AS l, '\\x61'::bytea AS raw, NULL::integer AS gap,"
        " '00000000-0000-0000-0000-000000000007'::uuid AS u, '10.0.0.1'::inet AS net"
    )
    reader = opened(origins.named(postgres.url(), table=table), tmp_path)
    assert {name: values[0] for name, values in columns(reader).items()} == {
        "i": 7,
        "f": 0.5,
        "d": 1.1,
        "w": 12,
        "t": "x",
        "b": True,
        "day": "2020-01-02",
        "at": "2020-01-02 03:04:00",
        "zoned": "2020-01-02 03:04:00+00:00",
        "clock": "03:04:00",
        "span": 90.0,
        "j": '{"a": [1]}',
        "l": "[1, 2]",
        "raw": "a",
        "gap": None,
        "u": "00000000-0000-0000-0000-000000000007",
        "net": "10.0.0.1",
    }
    assert list(reader.dates) == ["day", "at", "zoned"]


def test_a_table_of_a_schema_is_read_by_its_whole_name(postgres, tmp_path):
    postgres.execute(
        "DROP SCHEMA IF EXISTS other CASCADE", "CREATE SCHEMA other", 'CREATE TABLE other."My Table" AS SELECT 1 AS a'
    )
    assert columns(opened(origins.named(postgres.url(), table="other.My Table"), tmp_path)) == {"a": [1]}
    assert refused(origins.named(postgres.url(), table="other.My Tabel").test).hint.startswith(
        "Did you mean other.My Table?"
    )


def test_a_view_is_read_as_a_table(postgres, tmp_path):
    postgres.execute("CREATE OR REPLACE VIEW seen AS SELECT 5 AS a")
    assert columns(opened(origins.named(postgres.url(), table="seen"), tmp_path)) == {"a": [5]}


def test_rows_come_in_stretches_by_a_cursor_at_the_server(postgres, tmp_path):
    reader = opened(origins.named(postgres.url(), query=LONG), tmp_path)
    sizes = [batch.num_rows for batch in reader.batches()]
    assert sum(sizes) == 60_000
    assert max(sizes) <= 16 * 1024


def test_what_is_read_is_of_one_moment(postgres, made, tmp_path):
    table = made("SELECT i AS id FROM generate_series(1, 50000) AS i")
    reader = opened(origins.named(postgres.url(), table=table), tmp_path)
    batches = iter(reader.batches())
    first = next(batches)
    postgres.execute(f"DELETE FROM {table}")
    assert first.num_rows + sum(batch.num_rows for batch in batches) == 50_000


@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM kept RETURNING a) SELECT * FROM gone",
        "SELECT setval('counter', 99)",
        "SELECT a INTO taken FROM kept",
    ],
)
def test_nothing_can_be_changed_by_a_query(postgres, tmp_path, query):
    postgres.execute(
        "DROP TABLE IF EXISTS kept",
        "CREATE TABLE kept AS SELECT 1 AS a",
        "CREATE SEQUENCE IF NOT EXISTS counter",
    )
    assert refused(lambda: opened(origins.named(postgres.url(), query=query), tmp_path)).code == "data.query_failed"
    assert postgres.execute("SELECT count(*) FROM kept") == [(1,)]
    assert postgres.execute("SELECT last_value FROM counter") == [(1,)]


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (("workbench:", "nobody:"), "data.source_denied", 'authentication failed for user "nobody"'),
        (("/postgres", "/nowhere"), "data.source_invalid", 'database "nowhere" does not exist'),
        (("127.0.0.1", "nowhere.invalid"), "data.source_unreachable", "nowhere.invalid"),
    ],
)
def test_a_server_that_cannot_be_read_is_told_in_a_sentence(postgres, change, code, said):
    error = refused(origins.named(postgres.url().replace(*change), table="t").test)
    assert error.code == code
    assert said in error.message
    assert "\n" not in error.message


def test_a_server_that_is_not_there_is_for_later(postgres):
    error = refused(origins.named(postgres.url(port=1), table="t").test)
    assert (error.code, error.status) == ("data.source_unreachable", 503)
    assert "Connection refused" in error.message
    assert error.about["retry_after_s"] > 0


def test_a_table_that_may_not_be_read_is_denied(postgres, made, monkeypatch):
    table = made("SELECT 1 AS a", "hidden")
    postgres.execute("DROP ROLE IF EXISTS guest", "CREATE ROLE guest LOGIN PASSWORD 'guest-password'")
    monkeypatch.setenv("WORKBENCH_TEST_PASSWORD", "guest-password")
    error = refused(origins.named(postgres.url().replace("workbench:", "guest:"), table=table).test)
    assert error.code == "data.source_denied"
    assert "permission denied for table hidden" in error.message


def test_an_error_in_the_midst_of_the_rows_is_told(postgres, tmp_path):
    reader = opened(
        origins.named(postgres.url(), query="SELECT 1 / (50000 - i) AS a FROM generate_series(1, 60000) i"), tmp_path
    )
    assert "division by zero" in refused(lambda: whole(reader)).message


@pytest.mark.usefixtures("no_pauses")
def test_a_connection_that_breaks_off_is_made_again_and_the_table_is_whole(postgres, tmp_path):
    with Relay(postgres.port, [ENOUGH, ENOUGH]) as relay:
        reader = opened(origins.named(postgres.url(port=relay.port), query=LONG), tmp_path)
        with pytest.raises(Widened):
            list(reader.batches())
        assert whole(reader)["id"].to_pylist() == list(range(1, 60_001))
        assert relay.connections == 3


@pytest.mark.usefixtures("no_pauses")
def test_a_connection_that_breaks_off_before_the_first_row_is_made_again(postgres, tmp_path):
    with Relay(postgres.port, [100_000]) as relay:
        assert whole(opened(origins.named(postgres.url(port=relay.port), query=LONG), tmp_path)).num_rows == 60_000
        assert relay.connections == 2


@pytest.mark.usefixtures("no_pauses")
def test_a_connection_that_breaks_off_three_times_is_a_clear_error(postgres, tmp_path):
    with Relay(postgres.port, [ENOUGH] * 3) as relay:
        reader = opened(origins.named(postgres.url(port=relay.port), query=LONG), tmp_path)
        error = refused(lambda: whole(reader))
    assert (error.code, error.status) == ("data.source_unreachable", 503)
    assert error.message.startswith("PostgreSQL broke off 3 times while it was read; at last: ")
    assert "\n" not in error.message


@pytest.mark.usefixtures("no_pauses")
def test_a_server_that_goes_away_and_does_not_come_back_is_a_clear_error(postgres, tmp_path):
    with Relay(postgres.port, []) as relay:
        reader = opened(origins.named(postgres.url(port=relay.port), query=LONG), tmp_path)
        batches = iter(reader.batches())
        next(batches)
        relay.stop()
        with pytest.raises(Widened):
            list(batches)
        assert "Connection refused" in refused(lambda: whole(reader)).message


@pytest.mark.usefixtures("no_pauses")
def test_a_session_that_is_ended_by_its_server_is_begun_again(postgres, tmp_path, eventually):
    # Those of tests before may still be ending.
    eventually(lambda: postgres.execute(LEFT) == [(0,)])
    reader = opened(origins.named(postgres.url(), query=LONG), tmp_path)
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'workbench'"
    assert postgres.execute(ended) == [(True,)]
    assert whole(reader).num_rows == 60_000


def test_no_connection_is_left_open(postgres, tmp_path, eventually):
    for query in (LONG, "SELECT 1 AS a"):
        whole(opened(origins.named(postgres.url(), query=query), tmp_path))
    refused(origins.named(postgres.url(), query="SELECT nothing").test)
    eventually(lambda: postgres.execute(LEFT) == [(0,)])


def test_rows_of_a_zone_are_of_the_zone_of_the_session(postgres, tmp_path):
    query = "SELECT timestamptz '2020-07-01 00:00+00' AS at"
    origin = origins.named(f"{postgres.url()}?options=-c%20timezone%3DEurope/Berlin", query=query)
    assert columns(opened(origin, tmp_path))["at"] == ["2020-07-01 02:00:00+02:00"]


def test_whole_numbers_with_gaps_stay_whole(postgres, tmp_path):
    query = "SELECT CASE WHEN i % 2 = 0 THEN i END AS a FROM generate_series(1, 4) i"
    read = whole(opened(origins.named(postgres.url(), query=query), tmp_path))
    assert read.schema.field("a").type == pa.int64()
    assert read["a"].to_pylist() == [None, 2, None, 4]


def test_a_test_looks_at_a_query_without_carrying_it_out(postgres):
    origins.named(postgres.url(), query="SELECT pg_sleep(60)::text AS slept -- a long one").test()


def test_a_table_that_somebody_has_locked_is_for_later(postgres, made, monkeypatch):
    monkeypatch.setitem(database._LOOKING, "postgresql", "SET statement_timeout = 200")
    origin = origins.named(postgres.url(), table=made("SELECT 1 AS a"))
    with postgres.connected() as holder:
        holder.execute("BEGIN; LOCK TABLE made IN ACCESS EXCLUSIVE MODE")
        error = refused(origin.test)
    assert error.code == "data.source_unreachable"
    assert error.message == "PostgreSQL does not answer: canceling statement due to statement timeout."


def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE_S", 0.2)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        address = f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/db"
        error = refused(origins.named(address, table="t").test)
    assert error.code == "data.source_unreachable"
    assert error.message == "PostgreSQL does not answer: nothing came for 0.2 seconds."
