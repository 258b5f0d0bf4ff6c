"""What the API says no to before anybody is asked: too slow, too much, too strange; and what every answer bears."""

from __future__ import annotations

import http.client
import json
import logging
import select
import socket
import threading
from typing import Any, BinaryIO

import pytest

from tests.server.conftest import BODY, TOKEN, Api, read
from workbench.errors import BadRequest
from workbench.settings import load

OWNER = f"Host: x\r\nX-Workbench-Token: {TOKEN}\r\n"
JSON = f"{OWNER}Content-Type: application/json\r\n"


@pytest.fixture
def api(serve) -> Api:
    made = serve()
    made.listeners[0].lets.release(1000)
    return made


def say(api: Api, *parts: bytes | str) -> tuple[int, Any, Any]:
    """Send raw bytes over a connection of their own, and read the first answer."""
    caller = api.open()
    for part in parts:
        caller.sendall(part if isinstance(part, bytes) else part.encode())
    return read(caller)


def next_answer(answers: BinaryIO) -> tuple[int, Any]:
    """Read the next one of several answers over a connection; return status and body."""
    status = int(answers.readline().split()[1])
    told = http.client.parse_headers(answers)
    return status, json.loads(answers.read(int(told["Content-Length"])))


def post(api: Api, body: bytes, path: str = "/projects", kind: str = "application/json") -> tuple[int, Any, Any]:
    return api.ask(path, "POST", body, **{"Content-Type": kind})


ANSWERS = [
    ("GET", "/health", {}),
    ("GET", "/me", {}),
    ("GET", "/nothing", {}),
    ("GET", "/openapi.json", {}),
    ("POST", "/deployments/juice/predict", {}),
    ("POST", "/deployments/nothing/predict", {}),
    ("DELETE", "/health", {}),
    ("POST", "/projects", {"Content-Type": "text/plain"}),
]


@pytest.mark.parametrize(("method", "path", "headers"), ANSWERS, ids=str)
def test_every_answer_bears_an_id_and_what_keeps_browsers_in_bounds(api, method, path, headers):
    _, told, _ = api.ask(path, method, BODY if method == "POST" else b"", **headers)
    assert told["X-Request-Id"]
    assert told["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in told["Content-Security-Policy"]
    assert told["Cache-Control"] == "no-store"
    assert told["Referrer-Policy"] == "no-referrer"
    assert told["Cross-Origin-Resource-Policy"] == told["Cross-Origin-Opener-Policy"] == "same-origin"
    assert told["Strict-Transport-Security"] is None
    assert told["Server"] is None


def test_an_answer_with_a_tag_may_be_kept_by_its_caller(api, pipelines):
    _, told, _ = api.ask(f"/pipelines/{pipelines[0]}")
    assert told["ETag"]
    assert told["Cache-Control"] == "private, no-cache"


def test_a_fault_bears_an_id_under_which_the_log_tells_it(api, monkeypatch, caplog):
    monkeypatch.setattr(api.home.runs.__class__, "records", lambda *_, **__: 1 / 0)
    monkeypatch.setattr(api.home.runs.__class__, "list", lambda *_, **__: 1 / 0)
    with caplog.at_level(logging.ERROR, "workbench.server"):
        status, told, problem = api.ask("/runs", **{"X-Request-Id": "mine"})
    assert (status, problem["code"], told["X-Request-Id"]) == (500, "request.failed", "mine")
    assert told["X-Content-Type-Options"] == "nosniff"
    assert [record.getMessage() for record in caplog.records] == ["request mine failed: GET /api/v1/runs"]
    assert "division" not in problem["detail"]


def test_head_is_answered_as_get_without_the_body(api):
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
    connection.request("HEAD", "/api/v1/health")
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b"")
    connection.request("GET", "/api/v1/health")
    assert json.loads(connection.getresponse().read())["status"] == "ok"
    connection.close()


def test_the_log_of_requests_tells_who_asked_what_and_no_secret(api, settings, eventually):
    issued = api.home.keys.create("logged", ["*"])
    key = {"X-Workbench-Key": issued.secret}
    api.ask(f"/runs?project={issued.secret}", token=None, **key)
    api.ask(f"/keys/{issued.secret}", token=None, **key)
    api.ask("/me", token="not-the-token")
    path = settings.logs / "requests.log"
    eventually(lambda: path.exists() and path.read_text().count("\n") >= 3)
    text = path.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert {"by": api.home.user, "key": issued.key.prefix, "status": 404, "from": "127.0.0.1"}.items() <= lines[
        0
    ].items()
    assert (lines[2]["status"], lines[2]["by"]) == (403, None)
    assert issued.secret not in text
    assert TOKEN not in text
    assert "not-the-token" not in text


def test_pages_of_other_origins_are_told_nothing(api):
    _, told, _ = api.ask("/me", Origin="https://lab.example")
    assert told["Access-Control-Allow-Origin"] is None


def test_pages_of_named_origins_may_call_and_no_other(serve):
    api = serve(cors_origins="https://lab.example, http://[::1]:8888")
    _, told, _ = api.ask("/me", Origin="https://lab.example")
    assert told["Access-Control-Allow-Origin"] == "https://lab.example"
    assert told["Access-Control-Allow-Credentials"] is None
    assert api.ask("/me", Origin="https://lab.example.evil")[1]["Access-Control-Allow-Origin"] is None
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-workbench-key"}
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
    for origin, status in (("https://lab.example", 200), ("https://evil.example", 400)):
        connection.request("OPTIONS", "/api/v1/projects", headers={"Origin": origin} | asks)
        response = connection.getresponse()
        response.read()
        assert response.status == status
    connection.close()


@pytest.mark.parametrize("origins", ["*", "https://*.example", "lab.example", "https://lab.example/", "null"])
def test_an_origin_is_named_as_a_whole(monkeypatch, origins):
    monkeypatch.setenv("WORKBENCH_CORS_ORIGINS", origins)
    with pytest.raises(BadRequest) as raised:
        load()
    assert raised.value.code == "settings.invalid"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe{}",
        '{"name": "é"}'.encode("utf-16"),
        b'{"name": NaN}',
        b'{"name": -Infinity}',
        b'{"name": "a", "name": "b"}',
        b'{"name": "\\ud800"}',
        b'{"name": "\\u0000"}',
        b"[" * 100_000,
        b'{"name":' * 300 + b"1" + b"}" * 300,
        b"[" * 101 + b"]" * 101,
        b'{"name": ' + b"9" * 5000 + b"}",
        b"{} {}",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_read_otherwise_by_others_is_no_json(api, body):
    status, _, told = post(api, body)
    assert (status, told["code"]) == (422, "request.malformed")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"])
def test_a_body_of_another_kind_is_refused(api, kind):
    status, _, told = post(api, b'{"name": "a"}', kind=kind)
    assert (status, told["code"]) == (415, "request.refused")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/ld+json"])
def test_json_may_be_called_by_its_other_names(api, kind):
    assert post(api, b'{"name": "a"}', kind=kind)[0] == 201


def test_a_body_that_is_too_large_is_refused_before_it_is_read(api):
    status, _, problem = say(api, f"POST /api/v1/projects HTTP/1.1\r\n{JSON}Content-Length: 99999999999\r\n\r\n")
    assert (status, problem["code"]) == (413, "request.too_large")


def test_a_body_that_turns_out_too_large_is_refused(serve):
    api = serve(request_body=1024)
    chunk = b"%x\r\n%b\r\n" % (600, b" " * 600)
    status, _, told = say(api, f"POST /api/v1/projects HTTP/1.1\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n", chunk * 2)
    assert (status, told["code"]) == (413, "request.too_large")


@pytest.mark.parametrize("address", ["/api/v1/projects/a%00b", "/api/v1/runs?status=%00"])
def test_an_address_holds_no_nul(api, address):
    status, _, told = say(api, f"GET {address} HTTP/1.1\r\n{OWNER}\r\n")
    assert (status, told["code"]) == (422, "request.malformed")


STRANGE = [
    (400, "NONSENSE\r\n\r\n"),
    (400, f"BREW /api/v1/health HTTP/1.1\r\n{OWNER}\r\n"),
    (400, f"GET /api/v1/health HTTP/9.9\r\n{OWNER}\r\n"),
    (400, "GET /api/v1/health HTTP/1.1\r\n\r\n"),
    (400, f"GET /api/v1/health HTTP/1.1\r\n{OWNER}Host: y\r\n\r\n"),
    (400, f"GET /api/v1/health HTTP/1.1\r\n{OWNER}Bad Header: y\r\n\r\n"),
    (400, f"POST /api/v1/projects HTTP/1.1\r\n{JSON}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (400, f"POST /api/v1/projects HTTP/1.1\r\n{JSON}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}"),
    (400, f"POST /api/v1/projects HTTP/1.1\r\n{JSON}Content-Length: -1\r\n\r\n"),
    (400, f"POST /api/v1/projects HTTP/1.1\r\n{JSON}Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    (414, f"GET /{'a' * 40_000} HTTP/1.1\r\n{OWNER}\r\n"),
    (431, f"GET /api/v1/health HTTP/1.1\r\n{OWNER}X-Long: {'a' * 40_000}\r\n\r\n"),
    (431, f"GET /api/v1/health HTTP/1.1\r\n{OWNER}{''.join(f'X-{n}: 1' + chr(13) + chr(10) for n in range(120))}\r\n"),
]


@pytest.mark.parametrize(("status", "asked"), STRANGE, ids=lambda value: repr(value)[:60])
def test_what_is_no_request_is_refused_as_a_problem(api, status, asked):
    answered, headers, told = say(api, asked)
    assert (answered, told["code"]) == (status, "request.refused")
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Connection"] == "close"
    assert headers["X-Request-Id"]


HANDSHAKE = f"GET /api/v1/runs/x/events/ws HTTP/1.1\r\n{OWNER}Upgrade: websocket\r\nConnection: Upgrade\r\n"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (426, ""),
        (426, "Sec-WebSocket-Version: 99\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
        (400, "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n"),
        (400, "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 3\r\n"),
    ],
)
def test_half_a_handshake_is_not_waited_for(api, status, told):
    answered, _, problem = say(api, f"{HANDSHAKE}{told}\r\n")
    assert (answered, problem["code"]) == (status, "request.refused")


def test_a_head_without_end_is_cut_off(api):
    caller = api.open()
    caller.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nX-Long: ")
    with pytest.raises(OSError):
        for _ in range(2000):
            caller.sendall(b"a" * 65536)
    caller.close()


def test_a_head_that_comes_too_slowly_is_told_so(serve):
    api = serve(head_timeout_s=0.3)
    status, _, told = say(api, "GET /api/v1/health HTTP/1.1\r\nHost: x\r\n")
    assert (status, told["code"]) == (408, "request.timed_out")


def test_a_connection_that_says_nothing_is_closed(serve):
    api = serve(head_timeout_s=0.3)
    with api.open() as caller:
        assert caller.recv(1) == b""


def test_empty_lines_keep_no_connection_open(serve):
    # Time enough for a request that comes at once, on a machine that is busy with others too.
    api = serve(head_timeout_s=1.5)
    with api.open() as caller:
        caller.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert caller.recv(65536).startswith(b"HTTP/1.1 200")
        caller.settimeout(0.05)
        with pytest.raises(OSError, match=r"closed|reset|pipe"):
            for _ in range(200):
                drip(caller)


def drip(caller: socket.socket) -> None:
    caller.sendall(b"\r\n")
    try:
        if caller.recv(1) == b"":
            raise OSError("closed")
    except TimeoutError:
        return


def test_a_connection_whose_body_came_after_its_answer_is_kept_like_any_other(serve):
    api = serve(head_timeout_s=0.3)
    with api.open() as caller:
        caller.sendall(b"POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
        answers = caller.makefile("rb")
        assert next_answer(answers)[0] == 401
        caller.sendall(b"{}")
        closed, _, _ = select.select([caller], [], [], 1)
        assert not closed
        caller.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert next_answer(answers)[0] == 200


@pytest.mark.parametrize("path", ["/projects", "/deployments/juice/predict", "/data-sources/upload?name=slow"])
def test_a_body_that_comes_too_slowly_is_told_so(serve, path):
    api = serve(body_timeout_s=0.3)
    status, _, told = say(api, f"POST /api/v1{path} HTTP/1.1\r\n{JSON}Content-Length: 10\r\n\r\n{{")
    assert (status, told["code"]) == (408, "request.timed_out")


def test_a_body_that_goes_on_coming_is_waited_for(serve):
    api = serve(body_timeout_s=1.0)
    caller = api.open()
    body = json.dumps({"name": "x" * 250_000}).encode()
    head = f"POST /api/v1/projects HTTP/1.1\r\n{JSON}Content-Length: {len(body)}\r\n\r\n".encode()
    # So much of it is worth most of a minute.
    caller.sendall(head + body[:200_000])
    caller.settimeout(1.5)
    with pytest.raises(TimeoutError):
        caller.recv(1)
    caller.settimeout(30)
    caller.sendall(body[200_000:])
    assert read(caller)[2]["code"] == "project.name_invalid"


def test_a_reader_that_takes_nothing_is_cut_off(serve, eventually):
    api = serve(send_timeout_s=0.3)
    with api.open() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        caller.sendall(f"GET /api/v1/openapi.json HTTP/1.1\r\n{OWNER}\r\n".encode() * 200)
        gone = select.poll()
        gone.register(caller, 0)
        assert eventually(lambda: gone.poll(0))
    assert api.ask("/health")[0] == 200


def test_beyond_the_most_connections_another_is_told_to_come_again_but_the_owner(serve):
    api = serve(connections=2)
    held = [api.open(), api.open()]
    status, headers, told = say(api, b"")
    assert (status, told["code"], headers["Retry-After"]) == (503, "request.refused", "1")
    assert api.ask("/health", is_socket=True)[0] == 200
    for caller in held:
        caller.close()


def test_what_follows_a_request_on_its_connection_is_answered_in_turn(api):
    with api.open() as caller:
        caller.sendall(
            b"".join(f"GET /api/v1/{path} HTTP/1.1\r\n{OWNER}\r\n".encode() for path in ("health", "me", "ready"))
        )
        answers = caller.makefile("rb")
        bodies = [next_answer(answers)[1] for _ in range(3)]
    assert [set(body) & {"version", "name", "status"} for body in bodies] == [
        {"version", "status"},
        {"name"},
        {"status"},
    ]


OFFERED = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n"
"""Another protocol, as some clients offer it with each request."""


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("in_parts", [False, True])
def test_a_request_that_offers_another_protocol_has_its_body(api, in_parts, is_chunked):
    body = '{"name": "spring"}'
    length = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(body)}"
    sent = f"{len(body):x}\r\n{body}\r\n0\r\n\r\n" if is_chunked else body
    head = f"POST /api/v1/projects HTTP/1.1\r\n{JSON}{OFFERED}{length}\r\n\r\n"
    with api.open() as caller:
        for part in (head, sent[:3], sent[3:]) if in_parts else (head + sent,):
            caller.sendall(part.encode())
        status, told = next_answer(caller.makefile("rb"))
    assert (status, told["name"]) == (201, "spring")


def test_the_body_of_a_request_that_offers_another_protocol_is_no_request(api):
    hidden = f"DELETE /api/v1/projects/summer HTTP/1.1\r\n{OWNER}\r\n"
    api.home.projects.create("summer")
    head = f"POST /api/v1/projects HTTP/1.1\r\n{JSON}{OFFERED}Content-Length: {len(hidden)}\r\n\r\n"
    with api.open() as caller:
        answers = caller.makefile("rb")
        caller.sendall((head + hidden).encode())
        assert next_answer(answers)[0] == 422
        caller.sendall(f"GET /api/v1/projects/summer HTTP/1.1\r\n{OWNER}\r\n".encode())
        assert next_answer(answers)[0] == 200


def test_many_requests_that_offer_another_protocol_are_each_answered(api):
    many = 1200
    with api.open() as caller:
        asked = f"GET /api/v1/health HTTP/1.1\r\n{OWNER}{OFFERED}\r\n".encode() * many
        threading.Thread(target=caller.sendall, args=(asked,), daemon=True).start()
        answers = caller.makefile("rb")
        assert {next_answer(answers)[0] for _ in range(many)} == {200}


def test_what_is_said_of_the_connection_besides_an_offer_counts(api):
    offered = OFFERED.replace("Upgrade, ", "close, Upgrade, ")
    with api.open() as caller:
        caller.sendall(f"GET /api/v1/health HTTP/1.1\r\n{OWNER}{offered}\r\n".encode())
        answers = caller.makefile("rb")
        assert next_answer(answers)[0] == 200
        assert answers.read() == b""


def test_no_tunnel_is_made(api):
    assert say(api, "CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n\r\n")[0] == 405


def test_what_follows_a_request_that_offers_another_protocol_is_answered_too(api):
    with api.open() as caller:
        told = (f"GET /api/v1/health HTTP/1.1\r\n{OWNER}{OFFERED}\r\n", f"GET /nothing HTTP/1.1\r\n{OWNER}\r\n")
        caller.sendall("".join(told).encode())
        answers = caller.makefile("rb")
        assert [next_answer(answers)[0] for _ in told] == [200, 404]


def test_a_connection_may_not_be_kept_busy_by_a_body_that_was_refused(api):
    caller = api.open()
    caller.sendall(f"POST /api/v1/projects HTTP/1.1\r\n{JSON}Content-Length: 99999999999\r\n\r\n".encode())
    assert caller.recv(65536).startswith(b"HTTP/1.1 413")
    with pytest.raises(OSError):
        for _ in range(2000):
            caller.sendall(b"a" * 65536)
    caller.close()


def test_whoever_is_no_proxy_is_not_believed_for_whom_it_calls(api):
    content, forged = b'{"name": "forged"}', {"X-Forwarded-For": "10.9.8.7", "Content-Type": "application/json"}
    assert api.ask("/projects", "POST", content, **forged)[0] == 201
    assert api.home.audit.list(action="project.created")[0].origin == "http 127.0.0.1"


def test_a_trusted_proxy_is_believed_for_whom_it_calls(serve):
    api = serve(trusted_proxies="127.0.0.1")
    content, told = b'{"name": "behind"}', {"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Proto": "https"}
    status, headers, _ = api.ask("/projects", "POST", content, **told, **{"Content-Type": "application/json"})
    assert (status, headers["Strict-Transport-Security"]) == (201, "max-age=31536000")
    assert api.home.audit.list(action="project.created")[0].origin == "http 10.9.8.7"
