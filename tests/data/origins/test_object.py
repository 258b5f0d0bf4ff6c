"""Files of an object store: a real S3 server, by way of what may break off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.data.reading import columns, opened, refused, whole
from tests.data.servers import Relay
from workbench.data import origins
from workbench.data.formats.reader import Asked, Limits
from workbench.data.origins import store
from workbench.data.origins.origin import digest

ROWS = 1_500_000
LARGE = b"a,b\n" + b"1,2\n" * ROWS
"""A little more than one part of what is fetched at once."""


@pytest.fixture
def bucket(s3, monkeypatch):
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    return s3


@pytest.fixture
def no_pauses(monkeypatch):
    monkeypatch.setattr(store, "_PAUSES_S", (0.0, 0.0))


def test_a_file_is_fetched_and_read_telling_how_far(bucket, tmp_path):
    bucket.put("shop", "made/large.csv", LARGE)
    origin = origins.named("s3://shop/made/large.csv", options=bucket.options())
    origin.test()
    told = []
    made = origin.open(Limits(tmp_path), Asked(), lambda *progress: told.append(progress))
    assert whole(made.reader).num_rows == ROWS
    assert told == [(store.PART_BYTES, len(LARGE)), (len(LARGE), len(LARGE))]
    assert made.raw.read_bytes() == LARGE
    assert origin.called == "large.csv"


def test_what_is_stored_gives_the_same_origin_again_and_has_no_secret(bucket):
    origin = origins.named("s3://shop/t.csv", options=bucket.options())
    assert origins.of(origin.told()) == origin
    assert bucket.secret not in str(origin.told())


def test_the_stamp_changes_with_the_file(bucket):
    origin = origins.named("s3://shop/stamped.csv", options=bucket.options())
    bucket.put("shop", "stamped.csv", b"a\n1\n")
    first = origin.stamp()
    assert origin.stamp() == first is not None
    bucket.put("shop", "stamped.csv", b"a\n2\n")
    assert origin.stamp() != first


@pytest.mark.parametrize("address", ["s3://shop/parts/", "s3://shop/parts"])
def test_a_folder_is_one_table(bucket, tmp_path, address):
    for name, content in {"b.csv": b"a\n2\n", "a.csv": b"a\n1\n", "_SUCCESS": b""}.items():
        bucket.put("shop", f"parts/{name}", content)
    made = origins.named(address, options=bucket.options()).open(Limits(tmp_path), Asked(), lambda *_: None)
    assert columns(made.reader) == {"a": [1, 2]}
    assert digest(made.raw)[1] == 8


@pytest.mark.parametrize(
    ("address", "change", "code", "said"),
    [
        ("s3://shop/none.csv", {}, "data.file_missing", "There is no such file: s3://shop/none.csv."),
        ("s3://no-shop/t.csv", {}, "data.file_missing", "There is no such bucket: s3://no-shop/t.csv."),
        ("s3://shop/none/", {}, "data.file_missing", "s3://shop/none/"),
        ("s3://shop/t.csv", {"secret": "${WORKBENCH_TEST_KEY}"}, "data.source_denied", "does not let this user at"),
        ("s3://shop/t.csv", {"anon": True, "key": None, "secret": None}, "data.source_denied", "does not let"),
        ("s3://shop/t.csv", {"frob": 1}, "data.source_invalid", "frob"),
        ("s3://shop/t.csv", {"endpoint_url": "http://127.0.0.1:1"}, "data.source_unreachable", "does not answer"),
        ("s3://shop/t.csv", {"endpoint_url": "http://nowhere.invalid"}, "data.source_unreachable", "does not answer"),
        ("s3://shop/t.csv", {"secret": "${NO_SUCH_VARIABLE}"}, "data.secret_missing", "NO_SUCH_VARIABLE"),
        ("gs://shop/t.csv", {}, "data.driver_missing", "takes gcsfs, which is not installed"),
        ("frob://shop/t.csv", {}, "data.source_invalid", "Nothing is known that is read from frob://"),
    ],
)
def test_what_cannot_be_fetched_is_said_in_one_sentence(bucket, address, change, code, said):
    bucket.put("shop", "t.csv", b"a\n1\n")
    error = refused(lambda: origins.named(address, options=bucket.options() | change).test())
    assert error.code == code
    assert said in error.message
    assert "\n" not in error.message


def test_without_credentials_it_says_how_to_name_them(bucket, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    error = refused(origins.named("s3://shop/t.csv", options={"endpoint_url": bucket.endpoint}).test)
    assert error.code == "data.source_denied"
    assert "options key and secret" in error.hint


def test_more_than_may_be_fetched_is_refused_before_it_is(bucket, tmp_path):
    bucket.put("shop", "t.csv", b"a\n" + b"1\n" * 1000)
    origin = origins.named("s3://shop/t.csv", options=bucket.options())
    told = []
    error = refused(lambda: origin.open(Limits(tmp_path, expanded_bytes=999), Asked(), lambda *done: told.append(done)))
    assert (error.code, told) == ("data.too_large", [])


def test_what_is_fetched_for_a_key_is_no_larger_than_what_it_could_upload(bucket, tmp_path):
    bucket.put("shop", "t.csv", b"a\n" + b"1\n" * 1000)
    origin, limits = origins.named("s3://shop/t.csv", options=bucket.options()), Limits(tmp_path, sent_bytes=999)
    error = refused(lambda: replace(origin, reach=()).open(limits, Asked(), lambda *_: None))
    assert error.code == "data.too_large"
    assert len(columns(origin.open(limits, Asked(), lambda *_: None).reader)["a"]) == 1000


def test_what_tells_may_end_the_fetching(bucket, tmp_path):
    bucket.put("shop", "large.csv", LARGE)

    def enough(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        origins.named("s3://shop/large.csv", options=bucket.options()).open(Limits(tmp_path), Asked(), enough)


@pytest.mark.usefixtures("no_pauses")
def test_a_connection_that_breaks_off_goes_on_where_it_was(bucket, tmp_path):
    bucket.put("shop", "large.csv", LARGE)
    with Relay(bucket.port, [5_000_000]) as relay:
        options = bucket.options() | {"endpoint_url": f"http://127.0.0.1:{relay.port}"}
        reader = opened(origins.named("s3://shop/large.csv", options=options), tmp_path)
        assert whole(reader).num_rows == ROWS
        assert relay.connections > 1


@pytest.mark.usefixtures("no_pauses")
def test_a_file_that_changes_while_its_connection_is_broken_is_begun_again(bucket, tmp_path):
    bucket.put("shop", "moving.csv", LARGE)
    changed = LARGE.replace(b"1,2", b"3,4")
    fetched = []

    def change(done: int, total: int | None) -> None:
        if not fetched:
            relay.break_off()
            bucket.put("shop", "moving.csv", changed)
        fetched.append(done)

    with Relay(bucket.port, []) as relay:
        options = bucket.options() | {"endpoint_url": f"http://127.0.0.1:{relay.port}"}
        made = origins.named("s3://shop/moving.csv", options=options).open(Limits(tmp_path), Asked(), change)
    assert made.raw.read_bytes() == changed


@pytest.mark.usefixtures("no_pauses")
def test_a_store_that_goes_away_is_a_clear_error(bucket, tmp_path):
    bucket.put("shop", "large.csv", LARGE)
    with Relay(bucket.port, []) as relay:
        options = bucket.options() | {"endpoint_url": f"http://127.0.0.1:{relay.port}"}
        origin = origins.named("s3://shop/large.csv", options=options)
        error = refused(lambda: origin.open(Limits(tmp_path), Asked(), lambda *_: relay.stop()))
    assert (error.code, error.status) == ("data.source_unreachable", 503)
    assert error.message.startswith("The store of s3://shop/large.csv broke off again and again; at last: ")


def test_any_file_system_of_fsspec_will_do(tmp_path):
    import fsspec

    fsspec.filesystem("memory").pipe("/shop/t.csv", b"a\n1\n")
    assert columns(opened(origins.named("memory://shop/t.csv"), tmp_path)) == {"a": [1]}
