"""A secret is named where it is stored, and nowhere in what is said, logged, or raised."""

from __future__ import annotations

import base64
import json
import logging
import os
import pickle
import sqlite3
import subprocess
import sys
import traceback
from urllib.parse import quote, quote_plus

import duckdb
import pytest

from tests.data.reading import columns, opened, refused, whole
from tests.data.servers import Relay
from workbench.data import origins
from workbench.data.formats.reader import Asked, Limits
from workbench.data.origins import rows, store
from workbench.data.origins.secrets import Secrets
from workbench.errors import BadRequest, WorkbenchError

SECRET = "s3cr/t&p@ss w0rd"
WRITTEN = (SECRET, quote(SECRET), quote(SECRET, safe=""), quote_plus(SECRET), repr(SECRET)[1:-1])


@pytest.fixture(autouse=True)
def variable(monkeypatch):
    monkeypatch.setenv("WORKBENCH_TEST_SECRET", SECRET)


def everything_of(error: BaseException, *, locals: bool = True) -> str:
    """Write down all that can be had of an error: its traceback with all local variables, its parts, its ancestors."""
    told = traceback.TracebackException.from_exception(error, capture_locals=locals, compact=False)
    parts = ["".join(told.format(chain=True)), repr(error.args)]
    if isinstance(error, WorkbenchError):
        parts += [json.dumps(error.as_problem()), repr(pickle.dumps(error))]
    for ancestor in (error.__cause__, error.__context__):
        parts += [everything_of(ancestor, locals=locals)] if ancestor is not None else []
    return "\n".join(parts)


def failing(call, *, of: str) -> str:
    """Call what has to fail, and write down all that can be had of it but for the test's own variables."""
    try:
        call()
    except WorkbenchError as error:
        while error.__traceback__.tb_frame.f_code.co_filename == __file__:
            error.__traceback__ = error.__traceback__.tb_next
        assert error.code == of
        return everything_of(error)
    raise AssertionError("It did not fail.")


@pytest.mark.parametrize(
    ("address", "what", "options"),
    [
        ("postgresql://me:literal-s3cret@h/db", {"table": "t"}, {}),
        ("postgresql://me:literal-s3cret${X}@h/db", {"table": "t"}, {}),
        ("postgresql://h/db?password=literal-s3cret", {"table": "t"}, {}),
        ("mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3Dliteral-s3cret", {"table": "t"}, {}),
        ("https://me:literal-s3cret@h/t.csv", {}, {}),
        ("https://h/t.csv?token=literal-s3cret", {}, {}),
        ("https://h/t.csv?a=1&X-Amz-Signature=literal-s3cret", {}, {}),
        ("https://h/t.csv?api_key=literal-s3cret", {}, {}),
        ("https://h/t.csv?sig=literal-s3cret", {}, {}),
        ("https://h/t.csv", {}, {"headers": {"Authorization": "Bearer literal-s3cret"}}),
        ("s3://b/t.csv", {}, {"secret": "literal-s3cret"}),
        ("s3://b/t.csv", {}, {"client_kwargs": {"aws_secret_access_key": "literal-s3cret"}}),
        ("az://b/t.csv", {}, {"connection_string": "AccountKey=literal-s3cret"}),
    ],
)
def test_a_secret_itself_is_refused_without_being_shown_and_both_ways_are(address, what, options):
    error = refused(lambda: origins.named(address, **what, options=options))
    assert error.code == "data.secret_literal"
    assert "${NAME}" in error.hint
    assert "${keyring:SERVICE/USER}" in error.hint
    # The variables of whoever wrote it down have it.
    assert "literal-s3cret" not in everything_of(error, locals=False)


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("postgresql://me:${P}@h:5432/db?sslmode=require&sslkey=/a/b.pem", {"table": "t"}),
        ("postgresql://me:${keyring:shop db/me@x.org}@h/db", {"table": "t"}),
        ("postgresql://me@h/db", {"query": "SELECT 1"}),
        ("${DATABASE_URL}", {"table": "t"}),
        ("https://me:${P}@h/t.csv?token=${T}&page=2", {}),
        ("${ADDRESS}", {}),
    ],
)
def test_the_name_of_a_secret_is_stored_as_it_is(address, what):
    assert origins.of(json.loads(json.dumps(origins.named(address, **what).told()))).url == address


@pytest.mark.parametrize(
    ("address", "what"),
    [("postgresql://me:${NO_SUCH}@h/db", {"table": "t"}), ("https://h/t?token=${NO_SUCH}", {}), ("${NO_SUCH}", {})],
)
def test_a_variable_that_is_not_there_is_named(address, what, tmp_path):
    for call in (origins.named(address, **what).test, lambda: opened(origins.named(address, **what), tmp_path)):
        error = refused(call)
        assert error.code == "data.secret_missing"
        assert error.message.startswith("There is no environment variable NO_SUCH")


def test_a_secret_of_the_keyring_is_found_there(postgres, tmp_path, monkeypatch):
    keyring = pytest.importorskip("keyring")
    from keyring.backend import KeyringBackend

    class Ring(KeyringBackend):
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            return postgres.password if (service, username) == ("shop db", "me@x.org") else None

        def set_password(self, *_: str) -> None: ...
        def delete_password(self, *_: str) -> None: ...

    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    try:
        reader = opened(origins.named(postgres.url("${keyring:shop db/me@x.org}"), query="SELECT 1 AS a"), tmp_path)
        assert columns(reader) == {"a": [1]}
        error = refused(origins.named(postgres.url("${keyring:shop db/you}"), table="t").test)
    finally:
        keyring.set_keyring(before)
    assert error.code == "data.secret_missing"
    assert error.message.startswith("The keyring has no entry shop db/you")


@pytest.mark.parametrize("scheme", ["sqlite", "duckdb"])
def test_a_secret_is_put_into_a_query_and_not_stored(scheme, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_TEST_SECRET", "it's")
    (sqlite3 if scheme == "sqlite" else duckdb).connect(str(tmp_path / "t.db")).close()
    origin = origins.named(f"{scheme}:///{tmp_path}/t.db", query="SELECT 'password=${WORKBENCH_TEST_SECRET}' AS a")
    origin.test()
    assert columns(opened(origin, tmp_path)) == {"a": ["password=it's"]}
    assert "it's" not in str(origin.told())


def test_the_keyring_is_loaded_only_where_it_is_asked_for():
    code = (
        "import sys; from workbench.data import origins; origins.named('postgresql://me:${P}@h/d', table='t'); "
        "assert not {'keyring', 'fsspec', 'pyarrow', 'pandas', 'duckdb', 'psycopg'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


class TestNothingOfItGetsOut:
    """Each way to fail, with the secret in use."""

    def test_where_a_server_does_not_let_in(self, postgres, caplog):
        caplog.set_level(logging.DEBUG)
        self.hidden(
            origins.named(postgres.url("${WORKBENCH_TEST_SECRET}"), table="t").test, "data.source_denied", caplog
        )

    def test_where_a_server_is_not_there(self, postgres, caplog):
        address = postgres.url("${WORKBENCH_TEST_SECRET}", port=1)
        self.hidden(origins.named(address, table="t").test, "data.source_unreachable", caplog)

    def test_where_the_whole_address_is_one(self, monkeypatch, caplog):
        monkeypatch.setenv("DATABASE_URL", f"postgresql://me:{quote(SECRET, safe='')}@127.0.0.1:1/db")
        self.hidden(origins.named("${DATABASE_URL}", table="t").test, "data.source_unreachable", caplog)
        monkeypatch.setenv("DATABASE_URL", f"no address but {SECRET}")
        self.hidden(origins.named("${DATABASE_URL}", table="t").test, "data.source_invalid", caplog)

    def test_where_a_driver_says_it(self, caplog):
        address = (
            "postgresql://me@127.0.0.1:1/db?options=-c%20x%3D${WORKBENCH_TEST_SECRET}&nonsense=${WORKBENCH_TEST_SECRET}"
        )
        self.hidden(origins.named(address, table="t").test, "data.source_unreachable", caplog)

    def test_where_the_database_says_it(self, postgres, postgres_password, monkeypatch, tmp_path):
        monkeypatch.setenv("WORKBENCH_TEST_PASSWORD", postgres_password)
        origin = origins.named(postgres.url(), query=f"SELECT '{postgres_password}'::integer AS a")
        error = refused(lambda: opened(origin, tmp_path))
        assert error.message == 'PostgreSQL refuses the query: invalid input syntax for type integer: "***".'

    def test_where_a_connection_breaks_off(self, postgres, postgres_password, monkeypatch, tmp_path, caplog):
        monkeypatch.setattr(rows, "_PAUSES_S", (0.0, 0.0))
        query = "SELECT i AS id, repeat('x', 100) AS filler FROM generate_series(1, 60000) AS i"
        with Relay(postgres.port, [3_000_000] * 3) as relay:
            reader = opened(origins.named(postgres.url(port=relay.port), query=query), tmp_path)
            self.hidden(lambda: whole(reader), "data.source_unreachable", caplog, postgres_password)

    def test_where_a_store_does_not_let_in(self, s3, monkeypatch, caplog):
        caplog.set_level(logging.INFO)
        monkeypatch.setenv("WORKBENCH_TEST_KEY", s3.key)
        origin = origins.named("s3://shop/t.csv", options=s3.options())
        self.hidden(origin.test, "data.source_denied", caplog)

    def test_where_a_store_takes_no_such_option(self, s3, monkeypatch, caplog):
        monkeypatch.setenv("WORKBENCH_TEST_KEY", s3.key)
        origin = origins.named("s3://shop/t.csv", options=s3.options() | {"frob": "${WORKBENCH_TEST_SECRET}"})
        self.hidden(origin.test, "data.source_invalid", caplog)

    @pytest.mark.parametrize(
        "address",
        [
            "http://me:${WORKBENCH_TEST_SECRET}@127.0.0.1:1/t.csv",
            "http://127.0.0.1:1/t.csv?token=${WORKBENCH_TEST_SECRET}",
            "http://127.0.0.1:1/${WORKBENCH_TEST_SECRET}/t.csv",
        ],
    )
    def test_where_a_web_address_does_not_answer(self, address, caplog, monkeypatch, tmp_path):
        monkeypatch.setattr(store, "_PAUSES_S", ())
        for call in (
            origins.named(address).test,
            lambda: origins.named(address).open(Limits(tmp_path), Asked(), lambda *_: None),
        ):
            self.hidden(call, "data.source_unreachable", caplog)

    def test_where_a_web_address_is_none(self, caplog):
        self.hidden(origins.named("http://h\u0001/?token=${WORKBENCH_TEST_SECRET}").test, "data.source_invalid", caplog)

    @pytest.mark.parametrize(
        ("holds", "code"),
        [
            (f"https://me:{quote(SECRET, safe='')}@127.0.0.1:1/t.csv?sig={quote(SECRET)}", "data.source_unreachable"),
            (f"https://me:\u2100{SECRET}@h.invalid/t.csv", "data.source_invalid"),
            (f"https://me:{SECRET}@h.invalid/t.csv", "data.source_invalid"),
            (f"https://[me:{SECRET}", "data.source_invalid"),
            (f"frob://{SECRET}", "data.source_invalid"),
        ],
    )
    def test_where_the_whole_address_of_a_store_is_one(self, holds, code, monkeypatch, caplog):
        monkeypatch.setenv("ADDRESS", holds)
        for call in (origins.named("${ADDRESS}").test, origins.named("${ADDRESS}").stamp):
            self.hidden(call, code, caplog, "s3cr")

    def test_where_it_is_no_text(self, monkeypatch, caplog):
        monkeypatch.setitem(os.environb, b"WORKBENCH_TEST_SECRET", b"s3cret\xff")
        for address, what in (
            ("http://h/?token=${WORKBENCH_TEST_SECRET}", {}),
            ("postgresql://h/?password=${WORKBENCH_TEST_SECRET}", {"table": "t"}),
        ):
            self.hidden(origins.named(address, **what).test, "data.secret_missing", caplog, "s3cret")

    def test_where_it_stands_after_a_question_mark(self, caplog):
        address = "frob://h/db?password=${WORKBENCH_TEST_SECRET}"
        self.hidden(origins.named(address, table="t").test, "data.source_invalid", caplog)

    @pytest.mark.parametrize(
        "query", ["SELECT * FROM '${WORKBENCH_TEST_SECRET}.csv'", "SELECT '${WORKBENCH_TEST_SECRET}' FRM t"]
    )
    def test_where_it_stands_in_a_query(self, query, tmp_path, monkeypatch, caplog):
        monkeypatch.setenv("WORKBENCH_TEST_SECRET", "it's s3cret")
        duckdb.connect(str(tmp_path / "t.duckdb")).close()
        origin = origins.named(f"duckdb:///{tmp_path}/t.duckdb", query=query)
        self.hidden(lambda: opened(origin, tmp_path), "data.query_failed", caplog, "s3cret")

    def hidden(self, call, code, caplog, secret=SECRET):
        text = failing(call, of=code) + caplog.text
        for written in {*WRITTEN, secret, quote(secret, safe=""), base64.b64encode(f"me:{secret}".encode()).decode()}:
            assert written not in text


def test_however_it_is_written_it_is_taken_out_of_a_text():
    secrets = Secrets()
    assert secrets.fill("x${WORKBENCH_TEST_SECRET}") == f"x{SECRET}"
    assert secrets.scrub(" | ".join(WRITTEN)) == " | ".join(["***"] * len(WRITTEN))


def test_a_short_one_is_taken_out_where_it_stands_for_itself(monkeypatch):
    monkeypatch.setenv("WORKBENCH_TEST_SECRET", "a")
    secrets = Secrets()
    secrets.fill("${WORKBENCH_TEST_SECRET}")
    assert secrets.scrub("a database said 'a'") == "*** database said '***'"


def test_what_a_library_raises_has_no_part_in_what_is_raised_instead():
    secrets = Secrets()
    secrets.fill("${WORKBENCH_TEST_SECRET}")

    def driver() -> None:
        try:
            int(SECRET)
        except ValueError as error:
            raise RuntimeError(f"could not use {SECRET}") from error

    def told(error: Exception) -> WorkbenchError:
        return BadRequest("data.source_invalid", secrets.first_line(error))

    with pytest.raises(BadRequest) as caught:
        secrets.call(driver, told)
    assert str(caught.value) == "could not use ***"
    assert caught.value.__cause__ is caught.value.__context__ is None
