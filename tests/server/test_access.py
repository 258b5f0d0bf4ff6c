"""Who is let in: by key, by the service's token, through Jupyter, whose login a page of another site can borrow."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.server.conftest import BODY, TOKEN, Api, read
from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.errors import Forbidden
from workbench.people.key import Issued
from workbench.server.credentials import check_own_page
from workbench.store.tables import DeploymentRow, KeyRow
from workbench.workbench import Workbench


def through_jupyter(headers: dict[str, str], method: str = "POST") -> dict[str, Any]:
    told = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": method, "headers": told, "server": ("/api.sock", None)}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://hub.example", "Host": "inside:8888"},
        {"Origin": "http://hub.example:8000", "Host": "hub.example:8000"},
        {"Origin": "http://hub.example", "Host": "inside:8888", "X-Forwarded-Host": "hub.example"},
    ],
    ids=str,
)
def test_a_page_of_jupyters_own_may(headers):
    check_own_page(through_jupyter(headers))


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://hub.example", "Host": "hub.example"},
    {"Origin": "http://evil.example", "Host": "hub.example:8000"},
    {"Origin": "http://hub.example:8001", "Host": "hub.example:8000"},
    {"Origin": "null", "Host": "hub.example"},
    {"Origin": ""},
    {"Origin": "http://[", "Host": "hub.example"},
]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_another_site_may_not(headers, method):
    with pytest.raises(Forbidden) as raised:
        check_own_page(through_jupyter(headers, method))
    assert raised.value.code == "access.denied"


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_looking_is_not_changing(headers):
    check_own_page(through_jupyter(headers, "GET"))


def test_a_stream_is_no_page_of_another_sites_to_read():
    with pytest.raises(Forbidden):
        check_own_page(through_jupyter({"Sec-Fetch-Site": "cross-site"}) | {"type": "websocket"})


@pytest.fixture
def api(serve) -> Api:
    made = serve()
    made.listeners[0].lets.release(1000)
    return made


def asked_by(api: Api, secret: str | None, path: str = "/me", **headers: str) -> tuple[int, Any, Any]:
    shown = {} if secret is None else {"X-Workbench-Key": secret}
    return api.ask(path, token=None, **shown, **headers)


def predicted_by(api: Api, secret: str | None) -> tuple[int, str | None]:
    shown = {} if secret is None else {"X-Workbench-Key": secret}
    status, _, told = api.ask("/deployments/juice/predict", "POST", BODY, token=None, **shown)
    return status, told.get("code")


def open_to(api: Api, access: str) -> None:
    with api.store.database.write() as session:
        session.get_one(DeploymentRow, api.record.id).access = access
    assert api.ask("/routes/learn", "POST")[0] == 200


def test_what_is_not_said_to_be_open_is_closed(api):
    for path in ("/me", "/runs", "/metrics", "/nothing", "/docs/nothing", "/deployments/juice"):
        status, headers, told = api.ask(path, token=None)
        assert (path, status, told["code"]) == (path, 401, "access.unauthenticated")
        assert headers["WWW-Authenticate"] == "Bearer"
    assert api.ask("/me", token="wrong")[2]["code"] == "access.denied"


@pytest.mark.parametrize("path", ["/health", "/ready", "/openapi.json"])
def test_what_is_open_is_open(api, path):
    assert api.ask(path, token=None)[0] == 200


def test_a_key_acts_as_its_user_by_either_header(api):
    secret = api.home.keys.create("ci", ["runs:read", "workspace:read"]).secret
    status, _, told = asked_by(api, secret)
    assert (status, told["name"], told["scopes"]) == (200, api.home.user, ["runs:read", "workspace:read"])
    assert api.ask("/me", token=None, Authorization=f"Bearer {secret}")[2] == told
    assert api.ask("/me", token=None, Authorization=f"bearer {TOKEN}")[0] == 200


def test_a_key_is_no_owners_token(api):
    secret = api.home.keys.create("all", ["*"]).secret
    for path, method in (("/metrics", "GET"), ("/routes/learn", "POST")):
        status, _, told = api.ask(path, method, token=None, **{"X-Workbench-Key": secret})
        assert (status, told["code"]) == (403, "access.denied")


@pytest.mark.parametrize(
    "secret", ["", "pck_", "pck_" + "x" * 43, "inv_" + "x" * 43, "pck_" + "é" * 43, "pck_" + "x" * 9000]
)
def test_what_is_no_key_opens_nothing(api, secret):
    with socket.create_connection(("127.0.0.1", api.port)) as caller:
        caller.sendall(f"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-Workbench-Key: {secret}\r\n\r\n".encode())
        status, _, told = read(caller)
    assert (status, told["code"]) == (401, "key.invalid")


def test_a_revoked_key_opens_nothing_from_that_moment(api):
    issued = api.home.keys.create("soon gone", ["*"])
    assert asked_by(api, issued.secret)[0] == 200
    api.home.keys.revoke(issued.key)
    status, _, told = asked_by(api, issued.secret)
    assert (status, told["code"]) == (401, "key.revoked")


def test_an_expired_key_opens_nothing(api):
    issued = api.home.keys.create("old", ["*"])
    with api.store.database.write() as session:
        session.get_one(KeyRow, issued.key.id).expires_at = datetime.now(UTC) - timedelta(seconds=1)
    status, _, told = asked_by(api, issued.secret)
    assert (status, told["code"]) == (401, "key.expired")


def test_that_a_key_was_refused_is_told_once(api):
    issued = api.home.keys.create("gone", ["*"])
    api.home.keys.revoke(issued.key)
    for _ in range(3):
        assert asked_by(api, issued.secret)[0] == 401
    # It is told before it is answered.
    lines = api.home.audit.list(action="key.refused", subject_id=issued.key.id)
    assert [(line.outcome, line.origin) for line in lines] == [("denied", "http 127.0.0.1")]


def test_when_and_from_where_a_key_was_used_is_written_down(api, eventually):
    issued = api.home.keys.create("used", ["workspace:read"])
    assert asked_by(api, issued.secret)[0] == 200
    assert eventually(lambda: api.home.keys.get(issued.key).last_used_at)
    assert api.home.keys.get(issued.key).last_used_from == "127.0.0.1"


def test_what_is_done_by_a_key_is_told_with_the_key_and_its_address(api):
    issued = api.home.keys.create("maker", ["*"])
    content = b'{"name": "by a key"}'
    headers = {"X-Workbench-Key": issued.secret, "Content-Type": "application/json"}
    assert api.ask("/projects", "POST", content, token=None, **headers)[0] == 201
    (line,) = api.home.audit.list(action="project.created", key_id=issued.key.id)
    assert (line.by, line.origin, line.outcome) == (api.home.user, "http 127.0.0.1", "done")


def test_a_role_that_was_taken_away_is_lost_to_the_key_too(api, eventually):
    secret = member(api, "eva", "editor").keys.create("hers", ["*"]).secret
    assert asked_by(api, secret)[2]["role"] == "editor"
    api.home.workspaces.set_role("eva", "viewer")
    assert eventually(lambda: asked_by(api, secret)[2]["role"] == "viewer")
    api.home.workspaces.remove("eva")
    status, _, told = asked_by(api, secret)
    assert (status, told["code"]) == (401, "key.revoked")


def member(api: Api, name: str, role: Any) -> Workbench:
    """Return the home as it is open to somebody who was made a member."""
    api.home.workspaces.set_role(name, role)
    return api.home.on_behalf_of(Actor(name, Role(role)))


@pytest.mark.parametrize(
    ("access", "nobody", "wrong", "narrow", "right", "owner"),
    [
        ("workspace", 401, 401, 403, 200, 200),
        ("api-key", 401, 401, 403, 200, 200),
        ("public", 200, 200, 200, 200, 200),
    ],
)
def test_a_deployment_answers_whom_it_is_open_to(api, access, nobody, wrong, narrow, right, owner):
    open_to(api, access)
    keys = {
        scope: api.home.keys.create("k", [scope]).secret for scope in ("predict:wine", "predict:juice", "predict:*")
    }
    assert predicted_by(api, None)[0] == nobody
    assert predicted_by(api, "pck_" + "x" * 43)[0] == wrong
    assert predicted_by(api, keys["predict:wine"])[0] == narrow
    assert predicted_by(api, keys["predict:juice"])[0] == predicted_by(api, keys["predict:*"])[0] == right
    assert api.predict()[0] == owner
    assert api.ask("/deployments/juice/predict", "POST", BODY, is_socket=True)[0] == owner


def test_a_viewers_key_predicts(api):
    secret = member(api, "vic", "viewer").keys.create("his", ["predict:juice"]).secret
    assert predicted_by(api, secret) == (200, None)


def test_to_another_workspaces_key_a_deployment_is_not_there(api):
    api.home.workspaces.create("elsewhere")
    secret = api.home.within(workspace="elsewhere").keys.create("there", ["*"]).secret
    assert predicted_by(api, secret) == (404, "deployment.not_found")
    open_to(api, "api-key")
    assert predicted_by(api, secret) == (404, "deployment.not_found")
    open_to(api, "public")
    assert predicted_by(api, secret) == (200, None)


def test_that_a_key_was_not_good_for_a_deployment_is_told_once(api, eventually):
    issued, later = (api.home.keys.create(name, ["predict:wine"]) for name in ("narrow", "later"))

    def told(of: Issued) -> int:
        return len(api.home.audit.list(action="access.denied", key_id=of.key.id))

    for secret in (*[issued.secret] * 3, later.secret):
        assert predicted_by(api, secret) == (403, "access.scope_missing")
    # It is told beside the answers: a second line would come before what is told of a later one.
    eventually(lambda: told(issued) and told(later))
    assert told(issued) == 1


def test_the_owner_chooses_a_workspace_and_a_project_by_name(api):
    api.home.workspaces.create("elsewhere")
    api.home.within(workspace="elsewhere").projects.create("théâtre")
    named = {"X-Workbench-Workspace": "elsewhere", "X-Workbench-Project": quote("théâtre")}
    assert api.ask("/me", **named)[2]["workspace"]["name"] == "elsewhere"
    status, _, told = api.ask("/deployments/juice/predict", "POST", BODY, **named)
    assert (status, told["code"]) == (404, "deployment.not_found")
    status, _, told = api.ask("/me", **{"X-Workbench-Workspace": "nowhere"})
    assert (status, told["code"]) == (404, "workspace.not_found")
    status, _, told = api.ask("/me", **{"X-Workbench-Project": "nothing"})
    assert (status, told["code"]) == (404, "project.not_found")


def test_a_key_opens_its_own_workspace_alone(api):
    api.home.workspaces.create("elsewhere")
    secret = api.home.keys.create("here", ["*"]).secret
    assert asked_by(api, secret, **{"X-Workbench-Workspace": "default"})[0] == 200
    status, _, told = asked_by(api, secret, **{"X-Workbench-Workspace": "elsewhere"})
    assert (status, told["code"]) == (404, "workspace.not_found")


def test_jupyter_tells_who_asks_and_nobody_else_does(api):
    content, headers = b'{"name": "named"}', {"X-Workbench-User": quote("Zoë"), "Content-Type": "application/json"}
    assert api.ask("/projects", "POST", content, is_socket=True, **headers)[0] == 201
    assert api.ask("/projects/named", "DELETE", **headers)[0] == 204
    made, deleted = (api.home.audit.list(action=f"project.{what}")[0] for what in ("created", "deleted"))
    assert (made.by, made.origin) == ("Zoë", "jupyter")
    assert (deleted.by, deleted.origin) == (api.home.user, "http 127.0.0.1")


def test_who_is_called_as_the_engine_is_told_apart_from_it(api):
    _, _, me = api.ask("/me", is_socket=True, **{"X-Workbench-User": "service"})
    assert me["name"] == "service (person)"


def test_a_key_counts_over_jupyters_socket_too(api):
    secret = api.home.keys.create("narrow", ["predict:juice"]).secret
    status, _, told = api.ask("/runs", is_socket=True, **{"X-Workbench-Key": secret})
    assert (status, told["code"]) == (403, "access.scope_missing")


@pytest.mark.parametrize(
    ("headers", "code"),
    [({}, 4401), ({"X-Workbench-Key": "pck_" + "x" * 43}, 4401), ({"X-Workbench-Token": "wrong"}, 4403)],
)
def test_a_websocket_that_is_refused_is_told_by_what_it_is_closed(api, headers, code):
    address = f"ws://127.0.0.1:{api.port}/api/v1/runs/unknown/events/ws"
    with connect(address, additional_headers=headers) as caller, pytest.raises(ConnectionClosed) as raised:
        caller.recv(timeout=30)
    assert raised.value.rcvd.code == code


def test_a_browser_shows_its_key_as_a_subprotocol_and_is_not_told_it_back(api):
    secret = api.home.keys.create("page", ["*"]).secret
    address = f"ws://127.0.0.1:{api.port}/api/v1/runs/unknown/events/ws"
    with connect(address, subprotocols=["workbench", f"workbench.key.{secret}"]) as caller:
        with pytest.raises(ConnectionClosed) as raised:
            caller.recv(timeout=30)
        assert secret not in (caller.subprotocol or "")
    assert raised.value.rcvd.code == 4404


def accepted(api: Api, code: str, **headers: str) -> tuple[int, Any]:
    content = json.dumps({"code": code}).encode()
    told = api.ask(
        "/invitations/accept", "POST", content, token=None, **headers, **{"Content-Type": "application/json"}
    )
    return told[0], told[2]


def test_an_invitation_is_accepted_by_whom_a_key_shows_and_not_by_their_name_alone(api):
    api.home.workspaces.set_role("vera", "viewer")
    vera = api.home.on_behalf_of(Actor("vera", Role.VIEWER)).keys.create("hers", "*").secret
    api.home.workspaces.create("team")
    api.home.within("team").workspaces.set_role("olga", "owner")
    olga = api.home.within("team").on_behalf_of(Actor("olga", Role.OWNER, origin="python"))
    code = olga.workspaces.invite("vera", "viewer").code
    status, told = accepted(api, code)
    assert (status, told["code"]) == (403, "invitation.invalid")
    status, told = accepted(api, code, **{"X-Workbench-Key": vera})
    assert (status, told["user"], told["workspace"]["name"]) == (201, "vera", "team")
    assert asked_by(api, told["key"]["secret"])[2]["workspace"]["name"] == "team"


def test_a_key_that_is_good_no_more_keeps_nobody_from_accepting(api):
    code = api.home.workspaces.invite("ben").code
    status, told = accepted(api, code, **{"X-Workbench-Key": "pck_" + "x" * 43})
    assert (status, told["user"]) == (201, "ben")


def test_what_was_being_sent_when_its_key_was_revoked_is_not_kept(api, eventually):
    issued = api.home.keys.create("sends", "data:write")
    caller, table = api.open(), b"a,b\n" + b"1,2\n" * 1000
    line = "POST /api/v1/data-sources/upload?name=late&file=late.csv HTTP/1.1"
    head = f"{line}\r\nHost: x\r\nX-Workbench-Key: {issued.secret}\r\n"
    caller.sendall(f"{head}Content-Length: {len(table)}\r\n\r\n".encode() + table[:100])
    eventually(lambda: list(api.home.settings.files.glob("*.partial")))
    api.home.keys.revoke(issued.key.id)
    eventually(lambda: asked_by(api, issued.secret)[0] == 401)
    caller.sendall(table[100:])
    status, _, told = read(caller)
    assert (status, told["code"]) == (401, "key.revoked")
    assert "late" not in [line.name for line in api.home.data.lines()]
