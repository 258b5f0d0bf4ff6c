"""What is a secret itself is refused, and what only looks like one is not."""

from __future__ import annotations

import pytest

from tests.data.reading import refused
from workbench.data import origins
from workbench.data.origins.origin import Origin

SECRET = "literal-s3cret"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"


def made(address: str, query: str | None = None, **options: object) -> Origin:
    return origins.named(address, query=query, options=options)


@pytest.mark.parametrize(
    ("address", "options"),
    [
        *(("https://h/t.csv", {"headers": {name: SECRET}}) for name in ("X-API-Key", "Cookie", "X-Auth-Key", "X-Team")),
        ("https://h/t.csv", {"headers": {"Ocp-Apim-Subscription-Key": SECRET}}),
        ("https://h/t.csv", {"headers": {"Authorization": f"Bearer {SECRET} ${{T}}"}}),
        ("https://h/t.csv", {"headers": [["X-Team", SECRET]]}),
        ("s3://b/t.csv", {"client_kwargs": {"extra-headers": {"X-Team": SECRET}}}),
        ("s3://b/t.csv", {"profiles": [{"secret": SECRET}]}),
        ("s3://b/t.csv", {"secret": 20260131}),
        ("s3://b/t.csv", {"endpoint_url": f"https://me:{SECRET}@h"}),
        ("sftp://h/t.csv", {"passphrase": SECRET}),
        ("az://b/t.csv", {"credential": SECRET}),
        *((f"https://h/t.csv?a=1&{name}={SECRET}", {}) for name in ("api-key", "access_token", "client_secret")),
        *((f"https://h/t.csv?a=1&{name}={SECRET}", {}) for name in ("X-Goog-Signature", "sessionId", "SIG")),
        (f"https://h/t.csv?code={SECRET * 2}", {}),
        (f"https://h/t.csv#access_token={SECRET}", {}),
        (f"https://h/t.csv?from=https://{SECRET}@other/", {}),
        (f"https://h/{JWT}/t.csv", {}),
        (f"https://h/t.csv;token={SECRET}", {}),
        (f"https://{SECRET}@h/t.csv", {}),
        (f"https://${{USER}}:{SECRET}@h/t.csv", {}),
        (f"https://me:{SECRET}/more@h/t.csv", {}),
        (f"zip://t.csv::https://me:{SECRET}@h/t.zip", {}),
    ],
)
def test_a_secret_of_a_store_is_refused(address, options):
    error = refused(lambda: made(address, **options))
    assert error.code == "data.secret_literal"
    assert "${NAME}" in error.hint
    assert SECRET not in str(error.as_problem())


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://h/t.csv", {"headers": {"Accept": "text/csv", "User-Agent": "me", "Authorization": "Bearer ${T}"}}),
        ("https://h/t.csv", {"headers": {"Cookie": "session=${S}; other=${O}", "X-Api-Key": "${keyring:shop/me@h}"}}),
        ("https://h/t.csv?page_token=2&sort_key=a&code=840&max_tokens=5&author=me", {}),
        ("https://${T}@h/t.csv", {}),
        ("https://me:${keyring:shop/me@x.org}@h/t.csv", {}),
        ("https://h:8080/package@1.2/t.csv", {}),
        ("https://[::1]:8080/t.csv", {}),
        ("abfs://container@account.dfs.core.windows.net/t.csv", {"account_name": "account"}),
        ("sftp://me@h/t.csv", {}),
        ("github://owner:repository@main/t.csv", {}),
        ("s3://b/token=5/t.csv", {"config_kwargs": {"signature_version": "s3v4"}, "anon": False, "secret": None}),
        ("gs://b/t.csv", {"token": "anon"}),
        ("gs://b/t.csv", {"token": "/home/me/account.json"}),
    ],
)
def test_what_only_looks_like_a_secret_of_a_store_is_kept(address, options):
    assert made(address, **options).told() == {"kind": "object", "url": address, "options": options}


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT * FROM postgres_scan('host=db password={SECRET}', 'public', 't')",
        f"SELECT * FROM postgres_scan('host=db password=''{SECRET}''', 'public', 't')",
        f"SELECT * FROM read_csv('https://h/t.csv?sig={SECRET}')",
        f"SELECT * FROM read_csv('https://{SECRET}@h/t.csv')",
        f"SELECT * FROM dblink('postgresql://me:{SECRET}@h/db', 'SELECT 1')",
        f"SELECT * FROM remote(address => 'h', password => '{SECRET}')",
        f"SELECT * FROM t -- from https://me:{SECRET}@h/",
        f"SELECT * FROM f('{JWT}')",
    ],
)
def test_a_secret_in_a_query_is_refused(query):
    error = refused(lambda: made("duckdb:///t.duckdb", query))
    assert error.code == "data.secret_literal"
    assert SECRET not in str(error.as_problem())


@pytest.mark.parametrize(
    "query",
    [
        "select password_age from t",
        "SELECT password, token FROM t WHERE password = 'x' AND token='y' -- token = other",
        "SELECT replace(url, 'token=', '') FROM t WHERE url LIKE '%password=%' OR url ~ 'token=([^&]+)'",
        "SELECT 'Basic materials', 'https://h/@me', 'me@h', 'page_token=3' FROM t",
        "SELECT * FROM postgres_scan('host=db password=${PGPASSWORD}', 'public', 't')",
        "SELECT * FROM read_csv('https://h/t.csv?sig=${SIG}')",
    ],
)
def test_a_query_about_secrets_is_kept(query):
    assert made("duckdb:///t.duckdb", query).told()["query"] == query


@pytest.mark.parametrize("name", ["sslpassword", "private-key", "access_token"])
def test_a_secret_after_the_question_mark_of_a_database_is_refused(name):
    assert refused(lambda: made(f"postgresql://me@h/db?{name}={SECRET}", "SELECT 1")).code == "data.secret_literal"


@pytest.mark.parametrize(
    "address", ["https://me:p\u2100ss@h/t.csv", "https:///me:pass@h/t.csv", "https://[me:pass@h/t.csv"]
)
def test_an_address_that_is_none_is_refused_without_being_shown(address):
    error = refused(lambda: made(address))
    assert error.code in ("data.source_invalid", "data.secret_literal")
    assert error.__context__ is None
    assert "ss@h" not in str(error)
