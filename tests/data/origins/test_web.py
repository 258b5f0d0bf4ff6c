"""Files behind web addresses, of servers that give parts and of such that do not."""

from __future__ import annotations

import base64
import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import uvicorn
from starlette.staticfiles import StaticFiles

from tests.data.reading import columns, opened, refused
from tests.data.servers import Relay
from workbench.data import origins
from workbench.data.formats.reader import Asked, Limits
from workbench.data.origins import patience, store

LARGE = b"a,b\n" + b"1,2\n" * 1_500_000


@contextmanager
def served(handler: Any, context: ssl.SSLContext | None = None) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def folder(tmp_path) -> Iterator[Callable[[bytes], int]]:
    """Serve a folder with the file ``t.csv`` by a server that gives no parts, and return its port."""

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given, directory=str(tmp_path / "served"))

        def log_message(self, *_: object) -> None:
            pass

    (tmp_path / "served").mkdir()
    with served(Quiet) as port:

        def put(content: bytes) -> int:
            (tmp_path / "served" / "t.csv").write_bytes(content)
            return port

        yield put


@pytest.fixture
def parts(tmp_path, monkeypatch, eventually) -> Iterator[Callable[[bytes], int]]:
    """Serve a folder with the file ``large.csv`` by a server that gives parts, and return its port."""
    folder = tmp_path / "in-parts"
    folder.mkdir()
    server = uvicorn.Server(uvicorn.Config(StaticFiles(directory=folder), port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)

    def put(content: bytes) -> int:
        (folder / "new").write_bytes(content)
        (folder / "new").replace(folder / "large.csv")
        return server.servers[0].sockets[0].getsockname()[1]

    yield put
    server.should_exit = True
    thread.join()


@pytest.fixture
def no_pauses(monkeypatch):
    monkeypatch.setattr(store, "_PAUSES_S", (0.0, 0.0))


def fetched(address: str, work, tell=lambda *_: None, **options) -> bytes:
    return origins.named(address, options=options).open(Limits(work), Asked(), tell).raw.read_bytes()


def test_a_file_is_fetched_and_read(folder, tmp_path):
    port = folder(b"a,b\n1,x\n")
    origin = origins.named(f"http://127.0.0.1:{port}/t.csv")
    origin.test()
    assert origin.called == "t.csv"
    assert columns(opened(origin, tmp_path)) == {"a": [1], "b": ["x"]}


def test_the_stamp_changes_with_the_file(folder):
    port = folder(b"a\n1\n")
    origin = origins.named(f"http://127.0.0.1:{port}/t.csv")
    first = origin.stamp()
    assert origin.stamp() == first is not None
    folder(b"a\n1\n2\n")
    assert origin.stamp() != first


def test_an_address_may_be_named_by_a_variable_as_a_whole(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_TEST_ADDRESS", f"http://127.0.0.1:{folder(LARGE)}/t.csv?X-Amz-Signature=abc")
    origin = origins.named("${WORKBENCH_TEST_ADDRESS}")
    assert fetched(origin.told()["url"], tmp_path) == LARGE
    assert origin.called == "table"


@pytest.mark.usefixtures("no_pauses")
def test_what_breaks_off_goes_on_where_it_was_from_a_server_that_gives_parts(parts, tmp_path):
    with Relay(parts(LARGE), [100_000, 5_000_000, 100_000]) as relay:
        told: list[int] = []
        address = f"http://127.0.0.1:{relay.port}/large.csv"
        assert fetched(address, tmp_path, lambda done, _: told.append(done)) == LARGE
        assert relay.connections == 4
    assert told == sorted(told)


@pytest.mark.usefixtures("no_pauses")
def test_what_breaks_off_begins_again_from_a_server_that_gives_none(folder, tmp_path):
    with Relay(folder(LARGE), [5_000_000, 5_000_000, 5_000_000]) as relay:
        told: list[int] = []
        address = f"http://127.0.0.1:{relay.port}/t.csv"
        assert fetched(address, tmp_path, lambda done, _: told.append(done)) == LARGE
    assert told != sorted(told)


@pytest.mark.usefixtures("no_pauses")
def test_what_breaks_off_again_and_again_is_a_clear_error(folder, tmp_path):
    with Relay(folder(LARGE), [5_000_000] * 9) as relay:
        error = refused(lambda: fetched(f"http://127.0.0.1:{relay.port}/t.csv", tmp_path))
    assert (error.code, error.status) == ("data.source_unreachable", 503)
    assert "broke off again and again" in error.message


@pytest.mark.usefixtures("no_pauses")
def test_a_file_that_changes_while_its_connection_is_broken_is_begun_again(parts, tmp_path):
    changed = LARGE.replace(b"1,2", b"3,4")
    told: list[int] = []

    def change(done: int, _: int | None) -> None:
        if not told:
            parts(changed[:-4])
        told.append(done)

    with Relay(parts(LARGE), [100_000, 5_000_000]) as relay:
        assert fetched(f"http://127.0.0.1:{relay.port}/large.csv", tmp_path, change) == changed[:-4]


@pytest.mark.parametrize(
    ("place", "code"), [("/none.csv", "data.file_missing"), ("/shop/large.csv", "data.source_denied")]
)
def test_what_a_server_refuses_is_said_in_one_sentence(folder, s3, place, code):
    s3.put("shop", "large.csv", b"")
    port = folder(b"") if code == "data.file_missing" else s3.port
    error = refused(origins.named(f"http://127.0.0.1:{port}{place}").test)
    assert error.code == code
    assert f"http://127.0.0.1:{port}{place}" in error.message


@pytest.mark.parametrize(
    ("address", "said"),
    [("http://127.0.0.1:1/t.csv", "Connection refused"), ("http://nowhere.invalid/t.csv", "nowhere.invalid")],
)
def test_a_server_that_is_not_there_is_for_later(address, said):
    error = refused(origins.named(address).test)
    assert error.code == "data.source_unreachable"
    assert said in error.message


def test_a_server_that_nobody_vouches_for_is_not_trusted(folder, tmp_path):
    with served(SimpleHTTPRequestHandler, _certified(tmp_path)) as port:
        error = refused(origins.named(f"https://127.0.0.1:{port}/t.csv").test)
    assert error.code == "data.source_unreachable"
    assert "is not trusted" in error.message
    assert "certificate" in error.message


def test_who_asks_is_told_to_the_server_and_to_no_other_one(tmp_path, monkeypatch):
    seen: list[tuple[str, str | None, str | None]] = []

    class Gate(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers["Authorization"], self.headers["X-Key"]))
            if self.path == "/gate":
                self.send_response(302)
                self.send_header("Location", f"http://localhost:{other}/t.csv")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"a\n1\n")

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setenv("WORKBENCH_TEST_PASSWORD", "p@ss/word")
    monkeypatch.setenv("WORKBENCH_TEST_KEY", "key-of-a-user")
    with served(Gate) as other, served(Gate) as port:
        address = f"http://me:${{WORKBENCH_TEST_PASSWORD}}@127.0.0.1:{port}/gate"
        assert fetched(address, tmp_path, headers={"X-Key": "${WORKBENCH_TEST_KEY}"}) == b"a\n1\n"
    basic = f"Basic {base64.b64encode(b'me:p@ss/word').decode()}"
    assert set(seen) == {("/gate", basic, "key-of-a-user"), ("/t.csv", None, None)}


@pytest.mark.parametrize("ask", ["test", "stamp"])
def test_a_server_that_says_nothing_is_not_waited_for(ask, monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE_S", 0.2)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/t.csv"
        error = refused(getattr(origins.named(address), ask))
    assert error.code == "data.source_unreachable"
    assert error.message == f"The store of {address} does not answer: nothing came for 0.2 seconds."


def test_an_option_that_a_web_address_does_not_take_is_refused():
    error = refused(origins.named("http://127.0.0.1:1/t.csv", options={"anon": True}).test)
    assert error.message == "A web address takes no option anon, only headers."


def _certified(folder) -> ssl.SSLContext:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - dt.timedelta(1)).not_valid_after(now + dt.timedelta(1))
    (folder / "certificate").write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate")
    return context
