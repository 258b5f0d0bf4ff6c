"""How far the API goes: what it refuses when there is too much, and what it does while things change under it."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest

from tests.server.calling import Caller, refuses
from tests.server.conftest import BODY, TOKEN, read
from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.errors import Busy
from workbench.server import limits
from workbench.server.limits import Rates
from workbench.serving import deployments, predictors, reports
from workbench.store.tables import DeploymentRow

JSON = {"Content-Type": "application/json"}


def test_when_too_many_wait_a_request_is_refused_before_its_body_is_read(serve, eventually):
    api = serve(predict_queue=1)
    callers = [api.send(BODY) for _ in range(3)]

    def refused():
        # Its body never comes.
        caller = api.send(b"", length=1000)
        caller.settimeout(0.5)
        with suppress(TimeoutError):
            return read(caller)

    status, headers, told = eventually(refused)
    assert (status, told["code"], headers["Retry-After"]) == (429, "deployment.busy", "1")
    api.listeners[0].lets.release(10)
    assert [read(caller)[0] for caller in callers] == [200] * 3


def test_a_predictor_that_hangs_is_told_of_and_asked_no_more(serve, eventually):
    api = serve(predict_timeout_s=0.3)
    status, headers, told = api.predict()
    assert (status, told["code"], headers["Retry-After"]) == (503, "deployment.unavailable", "1")
    (hung,) = eventually(lambda: [one for one in predictors.of_deployment(api.store, api.record.id) if one.error])
    assert hung.error == "It did not answer within 0.3 s."
    assert api.predict()[0] == 503
    assert len(api.listeners[0].frames) == 1
    eventually(lambda: api.record.error_count == 2)


def test_a_request_is_answered_by_what_answers_when_its_body_is_there(serve, pipelines):
    api = serve()
    caller = api.send(BODY[:5], length=len(BODY))
    api.swap(pipelines[1])
    api.listeners[1].lets.release()
    caller.sendall(BODY[5:])
    status, headers, _ = read(caller)
    assert (status, headers["X-Workbench-Pipeline"]) == (200, pipelines[1])


def test_a_request_for_what_was_stopped_while_its_body_came_is_told_so(serve):
    api = serve()
    caller = api.send(BODY[:5], length=len(BODY))
    deployments.stop(api.store, "juice", by="ana")
    assert api.ask("/routes/learn", "POST")[0] == 200
    caller.sendall(BODY[5:])
    status, _, told = read(caller)
    assert (status, told["code"], told["state"]) == (409, "deployment.not_ready", "stopped")


def test_what_has_become_ready_answers_though_it_was_refused_a_moment_before(serve, pipelines):
    api = serve()
    (before,) = predictors.of_deployment(api.store, api.record.id)
    predictors.ended(api.store, before.id)
    deployments.stop(api.store, "juice", by="ana")
    assert api.ask("/routes/learn", "POST")[0] == 200
    deployments.warm(api.store, "juice", by="ana")
    assert api.predict()[0] == 409
    api.bring(pipelines[0])
    api.listeners[1].lets.release()
    deployments.became_ready(api.store, api.record.id, by="service")
    assert api.predict()[0] == 200


def test_what_waits_for_a_predictor_that_was_swapped_out_goes_to_the_next(serve, pipelines, eventually):
    api = serve(predict_queue=1)
    callers = [api.send(BODY) for _ in range(2)]
    eventually(lambda: len(api.listeners[0].frames) == 1)
    waiting = api.send(BODY)
    probe = eventually(lambda: api.predict()[0] == 429)
    assert probe
    api.swap(pipelines[1])
    api.listeners[1].lets.release()
    api.listeners[0].answers = False
    api.listeners[0].lets.release(10)
    assert [read(caller)[0] for caller in callers] == [503, 503]
    status, headers, _ = read(waiting)
    assert (status, headers["X-Workbench-Pipeline"]) == (200, pipelines[1])


def test_a_log_that_cannot_be_written_makes_nothing_count_twice(serve, settings, eventually):
    settings.logs.write_text("a file where the folder should be")
    api = serve()
    api.listeners[0].lets.release(10)
    for count in (1, 2):
        assert api.predict()[0] == 200
        eventually(lambda count=count: api.record.request_count >= count)
    assert api.record.request_count == 2


@pytest.mark.parametrize(("share", "kept"), [(0.05, 1), (0.0, 0)])
def test_rows_are_kept_unless_none_are_to_be(serve, eventually, share, kept):
    api = serve(prediction_sample=share)
    api.listeners[0].lets.release()
    assert api.predict()[0] == 200
    eventually(lambda: api.record.request_count)
    assert len(reports.predictions(api.store, api.record)) == kept


def test_a_body_that_is_too_large_counts_as_an_error(serve, eventually):
    api = serve(predict_body=1024)
    status, _, told = api.predict(b"x" * 2000)
    assert (status, told["code"]) == (413, "predict.body_too_large")
    eventually(lambda: api.record.error_count == 1)


def test_a_body_whose_length_is_not_told_is_refused_once_it_is_too_large(serve):
    api = serve(predict_body=1024)
    told = Caller(api.port, TOKEN).ask("POST", "/deployments/juice/predict", iter([b"x" * 500] * 3))
    refuses(told, 413, "predict.body_too_large")


def test_a_caller_that_hangs_up_is_no_fault(serve):
    api = serve()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/deployments/juice/predict",
        "headers": [(b"x-workbench-token", b"secret")],
        "query_string": b"",
    }

    async def receive():
        return {"type": "http.disconnect"}

    async def send(_):
        pass

    # Whatever is raised there is a traceback in the log.
    asyncio.run(api.app(scope, receive, send))


def test_a_method_that_a_path_does_not_take_is_told_which_it_takes(serve):
    status, headers, told = serve().ask("/deployments", "DELETE")
    assert (status, told["code"], headers["Allow"]) == (405, "request.refused", "GET, POST")


def test_a_page_of_another_site_changes_nothing_through_jupyter(serve):
    api, site = serve(), {"Sec-Fetch-Site": "cross-site"}
    status, _, told = api.ask("/routes/learn", "POST", is_socket=True, **site)
    assert (status, told["code"]) == (403, "access.denied")
    assert api.ask("/routes/learn", "POST", is_socket=True)[0] == 200
    assert api.ask("/deployments", is_socket=True, **site)[0] == 200
    # Who sends the token is no page that borrows a login.
    assert api.ask("/routes/learn", "POST", **site)[0] == 200


def asked_times(api, count: int, **shown: str) -> list[tuple[int, Any]]:
    told = [api.ask("/me", token=None, **shown) for _ in range(count)]
    return [(status, headers) for status, headers, _ in told]


def test_a_key_asks_as_often_as_its_limit_says(serve):
    api = serve()
    secret = api.home.keys.create("slow", ["*"], requests_per_minute=3).secret
    told = asked_times(api, 4, **{"X-Workbench-Key": secret})
    assert [status for status, _ in told] == [200, 200, 200, 429]
    assert [headers["RateLimit"].split(";")[1] for _, headers in told[:3]] == ["r=2", "r=1", "r=0"]
    assert told[0][1]["RateLimit-Policy"] == '"minute";q=3;w=60'
    assert 0 < int(told[3][1]["Retry-After"]) <= 20
    status, _, problem = api.ask("/deployments/juice/predict", "POST", BODY, token=None, **{"X-Workbench-Key": secret})
    assert (status, problem["code"]) == (429, "request.rate_limited")


def key_of(api, name: str, role: str, **how) -> str:
    api.home.workspaces.set_role(name, role)
    theirs = api.home.on_behalf_of(Actor(name, Role(role), origin="python"))
    return theirs.keys.create("of a test", ["*"], **how).secret


def test_other_members_and_the_owner_are_not_kept_waiting_by_one(serve):
    api = serve(requests_per_minute=2)
    first, second = (key_of(api, name, "viewer") for name in ("vera", "viktor"))
    assert [status for status, _ in asked_times(api, 3, **{"X-Workbench-Key": first})] == [200, 200, 429]
    assert asked_times(api, 1, **{"X-Workbench-Key": second})[0][0] == 200
    assert {api.ask("/me")[0] for _ in range(5)} == {200}


def test_many_keys_let_nobody_ask_more_than_one(serve):
    api = serve(requests_per_minute=2)
    keys = [key_of(api, "vera", "viewer") for _ in range(3)]
    told = [asked_times(api, 1, **{"X-Workbench-Key": key})[0][0] for key in keys]
    assert told == [200, 200, 429]


def test_a_limit_above_the_settings_is_an_owners_alone(serve):
    api = serve(requests_per_minute=2)
    secret = key_of(api, "olga", "owner", requests_per_minute=0)
    assert {status for status, _ in asked_times(api, 4, **{"X-Workbench-Key": secret})} == {200}
    api.home.workspaces.set_role("olga", "viewer")
    assert [status for status, _ in asked_times(api, 3, **{"X-Workbench-Key": secret})] == [200, 200, 429]


def test_nobody_who_shows_no_key_or_guesses_some_keeps_good_ones_out(serve):
    api = serve(address_requests_per_minute=2)
    known, fresh = (key_of(api, name, "viewer") for name in ("vera", "viktor"))
    assert asked_times(api, 1, **{"X-Workbench-Key": known})[0][0] == 200
    assert [status for status, _ in asked_times(api, 3)] == [401, 401, 429]
    assert asked_times(api, 1, **{"X-Workbench-Key": fresh})[0][0] == 200
    guesses = [asked_times(api, 1, **{"X-Workbench-Key": f"pck_{letter * 43}"})[0][0] for letter in "abc"]
    assert guesses[-1] == 429
    # As after a second: what was found out a moment ago is not known any more.
    assert api.ask("/routes/learn", "POST")[0] == 200
    assert asked_times(api, 1, **{"X-Workbench-Key": known})[0][0] == 200


@pytest.mark.parametrize(
    ("change", "wanted"),
    [(("PUT", b'{"role": "viewer"}'), (403, "access.role_too_low")), (("DELETE", b""), (401, "key.revoked"))],
    ids=["demoted", "removed"],
)
def test_who_may_do_less_may_do_no_more_at_the_next_request(serve, change, wanted):
    api = serve()
    shown = {"X-Workbench-Key": key_of(api, "eda", "editor")}

    def make_project(name: str) -> tuple[int, str | None]:
        content = json.dumps({"name": name}).encode()
        status, _, told = api.ask("/projects", "POST", content, token=None, **shown, **JSON)
        return status, told.get("code")

    assert make_project("before") == (201, None)
    method, content = change
    assert api.ask("/members/eda", method, content, **JSON)[0] in (200, 204)
    assert make_project("after") == wanted


def test_a_key_that_asks_for_what_is_the_homes_is_in_the_log(serve):
    api = serve()
    assert api.ask("/metrics", token=None, **{"X-Workbench-Key": key_of(api, "vera", "viewer")})[0] == 403
    (line,) = api.home.audit.list(action="access.denied")
    assert (line.by, line.outcome, line.message.split(":")[0]) == ("vera", "denied", "GET /api/v1/metrics")


@pytest.mark.parametrize(("default", "own"), [(0, None), (2, 0)])
def test_without_a_limit_a_key_asks_as_often_as_it_likes(serve, default, own):
    api = serve(requests_per_minute=default)
    secret = api.home.keys.create("free", ["*"], requests_per_minute=own).secret
    told = asked_times(api, 5, **{"X-Workbench-Key": secret})
    assert [(status, headers["RateLimit"]) for status, headers in told] == [(200, None)] * 5


def test_whoever_guesses_keys_is_told_to_wait(serve):
    api = serve(address_requests_per_minute=3)
    guesses = [asked_times(api, 1, **{"X-Workbench-Key": f"pck_{letter * 43}"})[0][0] for letter in "abcd"]
    assert guesses == [401, 401, 401, 429]
    assert asked_times(api, 1)[0][0] == 429
    assert api.ask("/health", token=None)[0] == 200
    assert api.ask("/me")[0] == 200


def test_what_is_public_is_asked_as_often_as_an_address_may(serve):
    api = serve(address_requests_per_minute=2)
    api.listeners[0].lets.release(10)
    with api.store.database.write() as session:
        session.get_one(DeploymentRow, api.record.id).access = "public"
    assert api.ask("/routes/learn", "POST")[0] == 200
    told = [api.ask("/deployments/juice/predict", "POST", BODY, token=None)[0] for _ in range(3)]
    assert told == [200, 200, 429]


def test_what_was_spent_comes_back_with_time(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(limits.time, "monotonic", lambda: now)
    rates = Rates(of_a_member=60, of_an_address=60)
    for _ in range(60):
        rates.of_address("192.0.2.1", send)
    with pytest.raises(Busy) as raised:
        rates.of_address("192.0.2.1", send)
    assert raised.value.about == {"retry_after_s": 1}
    now += 1
    rates.of_address("192.0.2.1", send)
    with pytest.raises(Busy):
        rates.of_address("192.0.2.1", send)


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_who_has_one_address_of_ipv6_has_them_all(first, second, is_same):
    rates = Rates(of_a_member=1, of_an_address=1)
    rates.of_address(first, send)
    if is_same:
        with pytest.raises(Busy):
            rates.of_address(second, send)
    else:
        rates.of_address(second, send)


async def send(_: Any) -> None:
    """Send nothing."""
