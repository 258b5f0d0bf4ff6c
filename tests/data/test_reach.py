"""What may be fetched for whoever comes by a key: public web addresses, and nothing of the server's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from workbench.access.actor import Actor, owner
from workbench.access.permissions import Role
from workbench.data.origins import named, of, reach
from workbench.errors import Forbidden
from workbench.workbench import Workbench, connect

BEARER = Actor("ana", Role.EDITOR, scopes=frozenset({"*"}), origin="http 127.0.0.1", key_id="a key")


class Site(ThreadingHTTPServer):
    """A web server on this machine that has a table, and sends whoever asks for ``/away`` to another address."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.away, self.asked = "", 0

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_port}/{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked += 1
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", self.server.away)
            self.end_headers()
            return
        content = b"x,y\n1,2\n3,4\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield served
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
    ],
)
def test_a_public_address_is_told_from_others(address: str, is_public: bool) -> None:
    assert reach._is_public(address) is is_public


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
