"""Requests that may be sent again: each is carried out once, and answered alike."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.server.conftest import Api, read
from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.errors import Conflict, Malformed
from workbench.people.answered import KEPT, LEASE, Answered, Kept, Place
from workbench.store.tables import AnsweredRow

SAID = Kept(201, [("content-type", "application/json")], b'{"made": true}')


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


@pytest.fixture
def answered(store) -> Answered:
    return Answered(store)


def aged(answered: Answered, by: timedelta) -> None:
    with answered._store.database.write() as session:
        for row in session.query(AnsweredRow):
            row.until -= by


def test_while_one_works_at_it_another_is_told_to_wait(answered):
    assert isinstance(answered.begin("k", "f"), Place)
    with pytest.raises(Conflict) as raised:
        answered.begin("k", "f")
    assert (raised.value.code, raised.value.about) == ("request.in_progress", {"retry_after_s": 1})


def test_what_a_dead_worker_left_is_taken_over_and_its_late_answer_not_kept(answered):
    dead = answered.begin("k", "f")
    aged(answered, LEASE)
    living = answered.begin("k", "f")
    assert isinstance(dead, Place)
    assert isinstance(living, Place)
    answered.finish(dead, Kept(201, [], b"late"))
    with pytest.raises(Conflict):
        answered.begin("k", "f")
    answered.finish(living, SAID)
    assert answered.begin("k", "f") == SAID


def test_a_worker_that_says_so_is_left_its_time(answered):
    place = answered.begin("k", "f")
    aged(answered, LEASE)
    answered.renew(place)
    with pytest.raises(Conflict):
        answered.begin("k", "f")


def test_what_was_abandoned_is_tried_anew(answered):
    answered.abandon(answered.begin("k", "f"))
    assert isinstance(answered.begin("k", "other"), Place)


def test_an_answer_is_kept_a_day_and_then_swept(answered):
    answered.finish(answered.begin("k", "f"), SAID)
    with pytest.raises(Malformed):
        answered.begin("k", "other")
    with answered._store.database.read() as session:
        left = session.query(AnsweredRow).one().until - datetime.now(UTC)
    assert timedelta(hours=23) < left <= KEPT
    answered.sweep()
    assert answered.begin("k", "f") == SAID
    aged(answered, KEPT + LEASE)
    answered.sweep()
    with answered._store.database.read() as session:
        assert session.query(AnsweredRow).count() == 0
