"""What may be fetched for whoever comes by a key: public web addresses, and nothing of the server's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from workbench.access.actor import Actor, owner
from workbench.access.permissions import Role
from workbench.data.origins import named, of, patience, reach
from workbench.data.origins.patience import FETCH_MOST_S, FETCH_RATE, FETCH_S, paced
from workbench.errors import BadRequest, Forbidden, Unavailable
from workbench.workbench import Workbench, connect

BEARER = Actor("ana", Role.EDITOR, scopes=frozenset({"*"}), origin="http 127.0.0.1", key_id="a key")


class Site(ThreadingHTTPServer):
    """A web server on this machine that has a table, and sends whoever asks for ``/away`` to another address."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.away, self.asked = "", 0
        self.is_over, self.was_left = threading.Event(), threading.Event()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_port}/{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked += 1
        if self.path == "/dripping":
            self._drip()
            return
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", self.server.away)
            self.end_headers()
            return
        content = b"x,y\n1,2\n3,4\n"
        self.send_response(200)
        if self.path != "/untold":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _drip(self) -> None:
        """Never be silent, and never come to an end of the head."""
        with suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.server.is_over.wait(0.05):
                self.wfile.write(b"a")
        self.server.was_left.set()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield served
    served.is_over.set()
    served.shutdown()
    served.server_close()
    thread.join(5)


@pytest.fixture
def bearer(workbench: Workbench) -> Workbench:
    return workbench.on_behalf_of(BEARER)


@pytest.mark.parametrize(
    "what",
    [
        "/etc/passwd",
        "table.csv",
        "~/table.csv",
        "~nobody-of-this-name/table.csv",
        "file:///etc/passwd",
        "local:///etc/passwd",
        "memory://table.csv",
        "sqlite:////etc/passwd",
        "duckdb:///:memory:",
        "postgresql://db.internal/sales",
        "s3://bucket/table.csv",
        "simplecache::file:///etc/passwd",
        "simplecache::https://example.org/t.csv",
        "zip://table.csv::/tmp/archive.zip",
        "ftp://example.org/table.csv",
        "${HOME}",
    ],
)
@pytest.mark.parametrize("asked", ["add", "test"])
def test_by_a_key_nothing_of_the_servers_own_is_read(bearer: Workbench, what: str, asked: str) -> None:
    query = {"query": "SELECT 1"} if what.startswith(("sqlite", "duckdb", "postgresql")) else {}
    with pytest.raises(Forbidden) as refused:
        getattr(bearer.data, asked)(what, **query)
    assert refused.value.code == "access.denied"
    assert bearer.data.list() == []


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("https://example.org/${HOME}", {}),
        ("https://me:${HOME}@example.org/t.csv", {}),
        ("https://example.org/t.csv", {"headers": {"Authorization": "Bearer ${HOME}"}}),
    ],
)
def test_by_a_key_no_secret_of_the_servers_is_sent_away(bearer: Workbench, url: str, options: dict[str, Any]) -> None:
    with pytest.raises(Forbidden) as refused:
        bearer.data.add(url, **options)
    assert refused.value.code == "access.denied"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"])
def test_by_a_key_this_machine_is_not_asked(bearer: Workbench, site: Site, host: str) -> None:
    with pytest.raises(Forbidden) as refused:
        bearer.data.add(site.url("table.csv", host))
    assert (refused.value.code, site.asked) == ("access.denied", 0)


def test_an_address_that_leads_to_a_private_one_is_not_followed(site: Site) -> None:
    site.away = site.url("table.csv")
    # By its name it may be asked; by its number, which the answer leads to, it may not.
    origin = reach.limited(named(site.url("away", "localhost")), ("localhost",))
    with pytest.raises(Forbidden):
        origin.test()
    assert site.asked == 1


def test_hosts_that_the_home_names_are_asked(workbench: Workbench, site: Site) -> None:
    opened = connect(replace_settings(workbench, fetch_hosts="lab.example, 127.0.0.1"))
    try:
        added = opened.on_behalf_of(BEARER).data.add(site.url("table.csv"), "of the lab")
        assert added.row_count == 2
        assert opened.on_behalf_of(BEARER).data.refresh(added).sha256 == added.sha256
    finally:
        opened.close()


def test_an_origin_is_as_limited_when_it_is_taken_up_again(site: Site) -> None:
    again = of(reach.limited(named(site.url("table.csv"))).told())
    with pytest.raises(Forbidden):
        again.test()
    assert site.asked == 0


def test_whoever_works_on_the_machine_is_not_limited(workbench: Workbench, site: Site, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n")
    assert workbench.data.add(site.url("table.csv"), "of the web").row_count == 2
    assert workbench.on_behalf_of(owner("ana")).data.add(str(tmp_path / "t.csv"), "of a file").row_count == 1


def test_records_and_uploads_need_no_place(bearer: Workbench) -> None:
    assert bearer.data.add([{"x": 1}, {"x": 2}], "records").row_count == 2


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00:ec2::254", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("fec0::1", False),
        ("64:ff9b:1::7f00:1", False),
        ("::127.0.0.1", False),
        ("::7f00:1", False),
        ("4000::1", False),
    ],
)
def test_a_public_address_is_told_from_others(address: str, is_public: bool) -> None:
    assert reach._is_public(address) is is_public


def test_a_server_that_sends_a_byte_now_and_then_is_left_where_its_head_does_not_end(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "HEAD_S", 0.5)
    origin = reach.limited(named(site.url("dripping", "localhost")), ("localhost",))
    with pytest.raises(Unavailable) as refused:
        origin.test()
    assert refused.value.code == "data.source_unreachable"
    # Where the machine is busy, it may be left before it was asked.
    assert site.asked == 0 or site.was_left.wait(10)


def test_a_connection_that_is_made_after_the_time_for_it_is_ended_at_once() -> None:
    mine, other = socket.socketpair()
    with closing(mine), closing(other), pytest.raises(TimeoutError), reach._Guard(3600) as guard:
        guard._end()
        guard.watch(mine)
        assert other.recv(1) == b""


def test_a_fetch_is_ended_that_comes_too_slowly() -> None:
    now, told = [0.0], []
    tell = paced(lambda *progress: told.append(progress), "t.csv", clock=lambda: now[0])
    now[0] = FETCH_S
    tell("reading", 0, None)
    now[0] = FETCH_S + 10
    tell("fetching", 10 * FETCH_RATE, None)
    now[0] += 1
    with pytest.raises(Unavailable) as refused:
        tell("fetching", 10 * FETCH_RATE, None)
    assert refused.value.code == "data.source_unreachable"
    assert told == [("reading", 0, None), ("fetching", 10 * FETCH_RATE, None)]


def test_a_fetch_takes_no_longer_than_its_most_however_much_comes() -> None:
    now = [0.0]
    tell = paced(lambda *_: None, "t.csv", clock=lambda: now[0])
    now[0] = FETCH_MOST_S + 1
    with pytest.raises(Unavailable):
        tell("fetching", 1 << 40, None)


def test_what_was_fetched_may_be_read_for_as_long_as_it_takes() -> None:
    now, told = [0.0], []
    tell = paced(lambda *progress: told.append(progress), "t.csv", clock=lambda: now[0])
    tell("fetching", 10, 10)
    now[0] = 2 * FETCH_MOST_S
    tell("fetching", 10, 10)
    tell("reading", 3, None)
    assert told[-1] == ("reading", 3, None)


def test_what_a_key_names_is_fetched_at_that_pace(
    workbench: Workbench, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "FETCH_S", -1.0)
    opened = connect(replace_settings(workbench, fetch_hosts="127.0.0.1"))
    try:
        with pytest.raises(Unavailable, match="too slow"):
            opened.on_behalf_of(BEARER).data.add(site.url("untold"), "slow")
    finally:
        opened.close()
    assert workbench.data.add(site.url("table.csv"), "of the owner").row_count == 2


VIEWER = Actor("vera", Role.VIEWER, origin="python")


@pytest.mark.parametrize("actor", [BEARER, VIEWER], ids=["by a key", "viewer"])
def test_a_place_of_the_servers_is_not_told(workbench: Workbench, tmp_path: Path, actor: Actor) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n")
    workbench.data.add(str(tmp_path / "t.csv"), "of a file")
    seen = workbench.on_behalf_of(actor).data
    for source in (seen.get("of a file"), *seen.list(), *seen.versions("of a file")):
        assert set(source.origin) == {"kind", "stamp"}
        assert str(tmp_path) not in repr(source.as_dict())
        assert not seen.has_changed(source)
    assert workbench.data.get("of a file").origin["path"] == str(tmp_path / "t.csv")


def test_what_the_owner_added_is_read_again_by_a_key_from_where_it_lies(
    workbench: Workbench, bearer: Workbench, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n")
    workbench.data.add(str(tmp_path / "t.csv"), "of a file")
    (tmp_path / "t.csv").write_text("x,y\n1,2\n3,4\n")
    assert bearer.data.has_changed(bearer.data.get("of a file"))
    again = bearer.data.refresh("of a file")
    assert (again.version, again.row_count, set(again.origin)) == (2, 2, {"kind", "stamp"})
    assert set(bearer.data.refresh("of a file").origin) == {"kind", "stamp"}
    assert bearer.data.retype("of a file", {"x": "text"}).version == 3
    assert workbench.data.get("of a file").origin["path"] == str(tmp_path / "t.csv")


def test_an_error_tells_no_place_of_the_servers(workbench: Workbench, bearer: Workbench, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n")
    workbench.data.add(str(tmp_path / "t.csv"), "of a file")
    (tmp_path / "t.csv").unlink()
    told = []
    for data in (workbench.data, bearer.data):
        with pytest.raises(BadRequest) as refused:
            data.refresh("of a file")
        assert refused.value.code == "data.file_missing"
        told.append(repr((refused.value.message, refused.value.hint, refused.value.about)))
    assert [str(tmp_path) in each for each in told] == [True, False]


def test_what_was_named_by_a_key_is_told(workbench: Workbench, site: Site) -> None:
    opened = connect(replace_settings(workbench, fetch_hosts="127.0.0.1"))
    try:
        added = opened.on_behalf_of(BEARER).data.add(site.url("table.csv"), "of the lab")
        assert opened.on_behalf_of(VIEWER).data.get("of the lab").origin["url"] == added.origin["url"]
    finally:
        opened.close()


def test_by_a_key_no_cluster_is_named(bearer: Workbench, workbench: Workbench) -> None:
    source = workbench.data.sample("iris")
    with socket.create_server(("127.0.0.1", 0)) as scheduler:
        scheduler.settimeout(0)
        address = f"dask://127.0.0.1:{scheduler.getsockname()[1]}"
        with pytest.raises(Forbidden) as refused:
            bearer.runs.submit(source, target="species", plan="setup", executor=address)
        assert refused.value.code == "access.denied"
        with pytest.raises(BlockingIOError):
            scheduler.accept()
    assert workbench.runs.list() == []


def replace_settings(workbench: Workbench, **changed: Any) -> Any:
    return workbench.settings.model_copy(update=changed)
