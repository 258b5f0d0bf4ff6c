"""Requests that may be sent again: each is carried out once, and answered alike."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.server.calling import Answer, Caller, refuses
from tests.server.conftest import Api, read
from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.errors import Busy, EngineFault
from workbench.people.answered import LEASE, Answered
from workbench.people.keys import Keys
from workbench.server import idempotency
from workbench.server.access_table import TABLE
from workbench.store.tables import AnsweredRow

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def api(serve) -> Api:
    return serve()


def post(api: Api, path: str, body: Any, key: str | None = "once", **headers: str) -> tuple[int, Any, Any]:
    shown = {"Content-Type": "application/json"} | ({} if key is None else {"Idempotency-Key": key}) | headers
    return api.ask(path, "POST", json.dumps(body).encode(), **shown)


def test_what_is_sent_twice_is_made_once(api):
    status, headers, told = post(api, "/projects", {"name": "one"})
    assert (status, headers["Idempotency-Replayed"]) == (201, None)
    again = post(api, "/projects", {"name": "one"})
    assert (again[0], again[1]["Idempotency-Replayed"], again[2]) == (201, "true", told)
    assert again[1]["Location"] == headers["Location"]
    assert len(api.home.audit.list(action="project.created")) == 1


def test_without_a_key_it_is_asked_anew(api):
    assert [post(api, "/projects", {"name": "one"}, key=None)[0] for _ in range(2)] == [201, 409]


def test_what_was_refused_is_refused_alike(api):
    for _ in range(2):
        status, _, told = post(api, "/projects", {"name": ""})
        assert (status, told["code"]) == (400, "project.name_invalid")


@pytest.mark.parametrize("other", [{"body": {"name": "two"}}, {"path": "/workspaces"}, {"project": "default"}])
def test_a_key_that_was_used_for_something_else_is_refused(api, other):
    assert post(api, "/projects", {"name": "one"})[0] == 201
    headers = {"X-Workbench-Project": other["project"]} if "project" in other else {}
    status, _, told = post(api, other.get("path", "/projects"), other.get("body", {"name": "one"}), **headers)
    assert (status, told["code"]) == (422, "request.idempotency_reused")


def send(api: Api, content: bytes, *, is_chunked: bool = False, path: str = "/data-sources/upload?name=sent") -> Answer:
    parts = iter([content[:5], content[5:]]) if is_chunked else content
    return Caller(api.port, "secret").ask("POST", path, parts, **{"Idempotency-Key": "nightly"})


@pytest.mark.parametrize("is_chunked", [False, True])
def test_another_table_of_the_same_length_is_another_request(api, is_chunked):
    first = send(api, b"a,b\n1,2\n3,4\n", is_chunked=is_chunked)
    assert first.status == 201
    again = send(api, b"a,b\n1,2\n3,4\n", is_chunked=is_chunked)
    assert (again.status, again.headers["Idempotency-Replayed"], again.body) == (201, "true", first.body)
    refuses(send(api, b"a,b\n9,8\n7,6\n", is_chunked=is_chunked), 422, "request.idempotency_reused")
    longer = b"a,b\n" + b"1,2\n" * 100_000
    refuses(send(api, longer, is_chunked=is_chunked), 422, "request.idempotency_reused")


def test_of_what_was_refused_nothing_is_kept(api):
    for place in range(3):
        path = "/data-sources/upload?name=sent&file=sent.parquet"
        assert send(api, b"PAR1 but no such table PAR1", path=path).status == 400
        assert post(api, "/projects", {"name": ""}, key=f"k{place}")[0] == 400
        body = {"code": "none"}
        assert post(api, "/invitations/accept", body, key=f"j{place}", **{"X-Workbench-Token": ""})[0] == 403
    with api.store.database.read() as session:
        assert session.query(AnsweredRow).count() == 0


@pytest.mark.parametrize("error", [Busy("store.busy", "It is busy."), EngineFault("store.unreachable", "It is away.")])
def test_what_fails_after_it_was_done_is_not_done_again(api, monkeypatch, error):
    create = Keys.create

    def done_and_fails(*args: Any, **kwargs: Any) -> None:
        create(*args, **kwargs)
        raise error

    body = {"name": "ci", "scopes": ["runs:read"]}
    with monkeypatch.context() as patched:
        patched.setattr(Keys, "create", done_and_fails)
        assert post(api, "/keys", body)[0] == error.status
    status, _, told = post(api, "/keys", body)
    assert (status, told["code"]) == (409, "request.outcome_unknown")
    assert len(api.home.keys.list()) == 1


def test_a_table_that_was_refused_before_it_came_is_tried_anew(api):
    assert send(api, b"", path="/data-sources/upload?name=%20").status == 400
    assert send(api, b"a,b\n1,2\n3,4\n").status == 201


def test_a_name_that_is_changed_twice_is_changed_once(api):
    post(api, "/projects", {"name": "once"}, key="made")
    told = [
        api.ask("/projects/once", "PATCH", b'{"name": "twice"}', **JSON, **{"Idempotency-Key": "renamed"})
        for _ in range(2)
    ]
    assert [(status, headers["Idempotency-Replayed"]) for status, headers, _ in told] == [(200, None), (200, "true")]
    assert told[0][2] == told[1][2]


def test_an_invitation_that_is_accepted_twice_is_accepted_once_and_its_key_shown_once(api):
    codes = [api.home.workspaces.invite(name).code for name in ("vera", "vic")]

    def accept(code: str) -> tuple[int, Any, Any]:
        body = json.dumps({"code": code}).encode()
        return api.ask("/invitations/accept", "POST", body, token=None, **JSON, **{"Idempotency-Key": "joined"})

    status, _, first = accept(codes[0])
    assert status == 201
    status, headers, again = accept(codes[0])
    assert (status, headers["Idempotency-Replayed"]) == (201, "true")
    assert again["key"] == first["key"] | {"secret": None}
    # Who shows another code is somebody else, whatever their requests are called.
    status, headers, other = accept(codes[1])
    assert (status, headers["Idempotency-Replayed"], other["user"]) == (201, None, "vic")


def test_whatever_changes_something_can_be_asked_for_again(api):
    changing = [(method, path) for method, path in TABLE if method in ("PATCH", "POST", "PUT")]
    heedless = []
    for method, path in changing:
        _, _, told = api.ask(path.removeprefix("/api/v1"), method, b"{}", **JSON, **{"Idempotency-Key": "x" * 256})
        if told.get("code") != "request.idempotency_invalid":
            heedless.append(path)
    # Predictions change nothing.
    assert heedless == ["/api/v1/deployments/{slug}/predict"]


@pytest.mark.parametrize("key", ["", "x" * 256, "é"])
def test_a_key_is_printable_and_short(api, key):
    body = b'{"name": "one"}'
    head = f"POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nX-Workbench-Token: secret\r\nIdempotency-Key: {key}\r\n"
    caller = api.open()
    caller.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    status, _, told = read(caller)
    assert (status, told["code"]) == (400, "request.idempotency_invalid")


def test_a_secret_is_shown_once_and_kept_nowhere(api):
    body = {"name": "ci", "scopes": ["runs:read"]}
    status, _, told = post(api, "/keys", body)
    assert status == 201
    again = post(api, "/keys", body)[2]
    assert (again["secret"], again["key"]) == (None, told["key"])
    with api.store.database.read() as session:
        assert told["secret"].encode() not in session.query(AnsweredRow).one().body
    rotated = post(api, f"/keys/{told['key']['id']}/rotate", {}, key="rotate")[2]
    assert rotated["secret"] not in (None, told["secret"])
    assert post(api, f"/keys/{told['key']['id']}/rotate", {}, key="rotate")[2]["secret"] is None


def test_the_same_request_in_many_threads_is_carried_out_once(api):
    barrier = threading.Barrier(8)

    def ask(_: int) -> tuple[int, Any]:
        barrier.wait()
        status, _, told = post(api, "/projects", {"name": "raced"})
        return status, told.get("code")

    with ThreadPoolExecutor(8) as threads:
        told = set(threads.map(ask, range(8)))
    assert told <= {(201, None), (409, "request.in_progress")}
    assert (201, None) in told
    assert len(api.home.audit.list(action="project.created")) == 1


def test_what_one_may_not_is_tried_anew(api):
    api.home.workspaces.set_role("vic", "viewer")
    secret = api.home.on_behalf_of(Actor("vic", Role.VIEWER)).keys.create("his", ["*"]).secret
    headers = {"X-Workbench-Key": secret}
    assert post(api, "/projects", {"name": "his"}, **headers)[0] == 403
    api.home.workspaces.set_role("vic", "editor")
    api.home.keys._tell()
    assert post(api, "/projects", {"name": "his"}, **headers)[0] == 201


def test_what_somebody_else_was_answered_is_not_told(api):
    secret = api.home.keys.create("another", ["*"]).secret
    assert post(api, "/projects", {"name": "mine"})[0] == 201
    assert post(api, "/projects", {"name": "mine"}, **{"X-Workbench-Key": secret})[0] == 409


def test_an_api_that_dies_between_a_change_and_its_answer_does_it_once(api, monkeypatch):
    def dies(*_: Any) -> None:
        raise EngineFault("store.unreachable", "It is away.")

    with monkeypatch.context() as patched:
        patched.setattr(Answered, "finish", dies)
        assert post(api, "/projects", {"name": "one"})[0] == 201
    status, headers, told = post(api, "/projects", {"name": "one"})
    assert (status, headers["Retry-After"], told["code"]) == (409, "1", "request.in_progress")
    with api.store.database.write() as session:
        session.query(AnsweredRow).one().until -= LEASE
    status, _, told = post(api, "/projects", {"name": "one"})
    assert (status, told["code"]) == (409, "request.outcome_unknown")
    assert len(api.home.audit.list(action="project.created")) == 1


def test_an_answer_that_is_too_large_to_be_kept_is_not_made_again(api, monkeypatch):
    monkeypatch.setattr(idempotency, "KEPT_BYTES", 10)
    assert post(api, "/projects", {"name": "one"})[0] == 201
    assert post(api, "/projects", {"name": "one"})[2]["code"] == "request.outcome_unknown"
