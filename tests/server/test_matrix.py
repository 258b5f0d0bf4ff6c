"""Every route in every role with every credential answers as the one table says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fastapi.routing
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as listen

from tests.server.calling import Answer, Caller
from tests.server.matrix import ABSENT, House, places_of, request_of, wrong_scope
from tests.server.wanted import WANTED, Wanted
from workbench.access.permissions import Permission, Role
from workbench.server.access_table import TABLE, WEBSOCKET, Access, Operation
from workbench.server.routes import landing

REFUSED = {
    "none": (401, "access.unauthenticated"),
    "wrong": (401, "key.invalid"),
    "expired": (401, "key.expired"),
    "revoked": (401, "key.revoked"),
}
ROUTES = sorted(TABLE)
LEAVE = ("DELETE", "/api/v1/me")
HTTP = [operation for operation in ROUTES if operation[0] != WEBSOCKET]
MEMBERS = [operation for operation in HTTP if TABLE[operation].kind == "member"]


def name_of(operation: Operation) -> str:
    return f"{operation[0]} {operation[1].removeprefix('/api/v1')}"


@pytest.fixture(scope="module")
def house(warm, eventually) -> Iterator[House]:
    made = House(warm, eventually)
    yield made
    made.here.deployments.get(made.things["slug"]).delete()


@pytest.fixture(scope="module")
def caller(warm) -> Iterator[Caller]:
    made = Caller(warm.service.state().api_port, None)
    yield made
    made.close()


@pytest.fixture
def ask(warm, house, caller):
    """Ask an operation with a key, or as the home's owner in the workspace; of something that is there, or is not."""
    token = warm.service.state().api_token

    def ask(operation: Operation, key: str | None, *, is_there: bool, **headers: str) -> Answer:
        request = request_of(operation)
        things = house.things if is_there else {"workspace": house.things["workspace"]}
        if is_there and key in house.ids:
            # Whose a key is may see it.
            things = {**things, "key": house.ids[key]}
        path, body = request.filled(things)
        shown = {} if key is None else {"X-Workbench-Key": key}
        if key == "administrator":
            shown = {"X-Workbench-Token": token, "X-Workbench-Workspace": house.name}
        return caller.ask(request.method, path, body, **shown, **headers)

    return ask


def code_of(answer: Answer) -> str | None:
    return answer.code if isinstance(answer.body, dict) else None


def changes(operation: Operation) -> bool:
    """Whether what it is about would not be the same afterwards: then whoever may is asked about what is not there."""
    access = TABLE[operation]
    return access.permission is not None and not access.permission.is_reading


def test_every_route_is_declared_and_nothing_else_is(warm):
    from workbench.server.app import make_app

    routes: Any = make_app(warm, "token").routes
    # Versions of FastAPI differ in whether routers that are included lie flat.
    walk = getattr(fastapi.routing, "iter_route_contexts", None)
    there = set()
    for route in routes if walk is None else [one for one in (*routes, *walk(routes)) if hasattr(one, "path")]:
        if route.path in landing.PUBLIC:
            continue
        methods = getattr(route, "methods", None)
        there |= {(method, route.path) for method in methods or (WEBSOCKET,)} - {("HEAD", route.path)}
    assert there == set(TABLE)


@pytest.mark.parametrize("operation", MEMBERS, ids=name_of)
def test_a_role_may_what_the_table_says(operation, ask, house):
    access = TABLE[operation]
    least = access.role
    assert least is not None
    told = {}
    for role in [*map(str, Role), "administrator"]:
        may = role == "administrator" or Role(role).covers(least)
        if may and operation == LEAVE:
            key = "administrator" if role == "administrator" else house.leaver(role)
        else:
            key = "administrator" if role == "administrator" else house.keys[role]
        answer = ask(operation, key, is_there=not (may and changes(operation)))
        told[role] = may, answer.status, code_of(answer)
    wrong = {role: one for role, one in told.items() if not _is_right(operation, *one)}
    assert wrong == {}


def _is_right(operation: Operation, may: bool, status: int, code: str | None) -> bool:
    if not may:
        return (status, code) == (403, "access.role_too_low")
    if changes(operation):
        return status < 300 or status in (400, 404, 409, 410)
    return status < 300 or code in NOT_TO_BE_HAD


NOT_TO_BE_HAD = ("advice.no_model", "deployment.wrong_state")
"""Why something is not answered that may be asked: there is no language model, and no shadow."""


@pytest.mark.parametrize("operation", [one for one in MEMBERS if "{" in one[1] and changes(one)], ids=name_of)
def test_whoever_may_not_change_it_learns_not_whether_something_is_there(operation, ask, house):
    access = TABLE[operation]
    if access.role is Role.VIEWER:
        answer, wanted = ask(operation, house.keys[wrong_scope(access)], is_there=False), "access.scope_missing"
    else:
        answer, wanted = ask(operation, house.keys[str(Role.VIEWER)], is_there=False), "access.role_too_low"
    assert (answer.status, code_of(answer)) == (403, wanted)


@pytest.mark.parametrize("operation", MEMBERS, ids=name_of)
def test_a_key_may_what_its_scopes_say(operation, ask, house):
    access = TABLE[operation]
    if access.permission is None:
        assert ask(operation, house.keys["scope data:read"], is_there=True).status == 200
        return
    leaves = operation == LEAVE
    narrow = house.leaver("owner") if leaves else house.keys[f"scope {access.permission}"]
    allowed = ask(operation, narrow, is_there=not changes(operation))
    assert _is_right(
        operation, True, allowed.status, allowed.body.get("code") if isinstance(allowed.body, dict) else None
    )
    refused = ask(operation, house.keys[wrong_scope(access)], is_there=True)
    assert (refused.status, refused.code) == (403, "access.scope_missing")


@pytest.mark.parametrize("operation", [one for one in HTTP if TABLE[one].kind != "public"], ids=name_of)
def test_nobody_comes_in_without_a_credential_that_is_good(operation, ask, house):
    told = {}
    for state, wanted in REFUSED.items():
        key = {"none": None, "wrong": f"pck_{'x' * 43}"}.get(state, house.keys.get(state))
        answer = ask(operation, key, is_there=True)
        told[state] = (answer.status, answer.code), wanted
    assert {state: got for state, (got, wanted) in told.items() if got != wanted} == {}


@pytest.mark.parametrize("operation", MEMBERS, ids=name_of)
def test_a_key_opens_no_workspace_but_its_own(operation, ask, house):
    answer = ask(operation, house.keys["other workspace"], is_there=True, **{"X-Workbench-Workspace": house.name})
    assert (answer.status, answer.code) == (404, "workspace.not_found")


ABOUT = [one for one in MEMBERS if "{" in one[1] and not one[1].endswith(("/samples/{name}", "/members/{user}"))]


@pytest.mark.parametrize("operation", ABOUT, ids=name_of)
def test_what_is_in_another_workspace_is_not_there(operation, ask, house):
    answer = ask(operation, house.keys["other workspace"], is_there=True)
    assert answer.status == 404, answer.body


@pytest.fixture(scope="module")
def elsewhere(house, eventually) -> Iterator[dict[str, str]]:
    """Things of the other workspace."""
    made = house.of_the_other(eventually)
    yield made
    house.there.deployments.get(made["slug"]).delete()


def asked(caller: Caller, house: House, one: Wanted, name: str, things: dict[str, str]) -> Answer:
    """Ask for something here where one field alone names one of other things."""
    method, path = one.line.split()
    body, query = one.filled(house.things, **{name: things})
    address = one.address(house.things, places_of(path), query)
    return caller.ask(method, address, body, **{"X-Workbench-Key": house.keys["owner"]})


@pytest.mark.parametrize(
    ("one", "name"),
    [pytest.param(one, name, id=f"{one.line} {name}") for one in WANTED for name in one.references],
)
def test_what_a_body_or_a_query_names_in_another_workspace_is_not_there(one, name, caller, house, elsewhere):
    told = asked(caller, house, one, name, elsewhere)
    absent = asked(caller, house, one, name, dict.fromkeys(elsewhere, ABSENT))
    assert told.status == absent.status
    if (one.line, name) in NARROWS:
        assert told.body == absent.body == []
    else:
        assert (told.status, told.code) == (404, absent.code), told.body


NARROWS = {
    ("GET /pipelines", "run"),
    ("GET /advices", "subject"),
    ("GET /advices/lines", "subject"),
    ("GET /audit", "subject_id"),
    ("GET /audit", "key_id"),
}
"""What a list is narrowed to, and may be gone: there is nothing in it of what is not here."""


@pytest.mark.parametrize("operation", [one for one in HTTP if TABLE[one].kind == "public"], ids=name_of)
def test_what_is_public_asks_nobody_who_they_are(operation, ask):
    answer = ask(operation, None, is_there=False)
    assert answer.status == 200 or answer.code == "invitation.invalid"


@pytest.mark.parametrize("operation", [one for one in HTTP if TABLE[one].kind == "home"], ids=name_of)
def test_what_is_the_homes_is_for_no_key(operation, ask, house):
    assert ask(operation, "administrator", is_there=True).status == 200
    refused = ask(operation, house.keys["owner"], is_there=True)
    assert (refused.status, refused.code) == (403, "access.denied")


PREDICT = ("POST", "/api/v1/deployments/{slug}/predict")


@pytest.mark.parametrize(
    "state", ["viewer", "editor", "owner", "administrator", "scope predict", "scope deployments:write"]
)
def test_whoever_may_predict_is_answered(state, ask, house):
    key = state if state == "administrator" else house.keys[state]
    answer = ask(PREDICT, key, is_there=True)
    assert (answer.status, answer.code) == (400, "predict.no_rows")


def test_whoever_may_not_predict_is_refused(ask, house):
    told = {state: ask(PREDICT, house.keys[state], is_there=True) for state in ("scope data:read", "other workspace")}
    assert {state: one.code for state, one in told.items()} == {
        "scope data:read": "access.scope_missing",
        "other workspace": "deployment.not_found",
    }


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ("none", 4401),
        ("wrong", 4401),
        ("expired", 4401),
        ("revoked", 4401),
        ("scope audit:read", 4403),
        ("other workspace", 4404),
        ("viewer", 1000),
        ("scope runs:read", 1000),
    ],
)
def test_a_stream_is_opened_or_closed_as_the_table_says(state, wanted, warm, house):
    ((method, path),) = [one for one in ROUTES if one[0] == WEBSOCKET]
    assert TABLE[method, path] == Access("member", Permission.RUNS_READ)
    key = {"none": None, "wrong": f"pck_{'x' * 43}"}.get(state, house.keys.get(state))
    address = f"ws://127.0.0.1:{warm.service.state().api_port}{path.format(run=house.things['run'])}"
    with listen(address, additional_headers={} if key is None else {"X-Workbench-Key": key}) as stream:
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                stream.recv(timeout=30)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == wanted
