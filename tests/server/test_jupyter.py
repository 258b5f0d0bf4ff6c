"""The API behind Jupyter's login: a real Jupyter Server, a real JupyterHub, and whom they say that they let in."""

from __future__ import annotations

import getpass
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from websockets.sync.client import connect

import workbench
from tests.server.carried import begin, close, write
from workbench.server.jupyter import ICON, USER, proxied, user_header
from workbench.settings import Settings

TOKEN = "for-tests-only"
START_S = 90
HUB_TOKEN = "of-a-service-that-may-do-all-here"
PORTS = iter(random.SystemRandom().sample(range(20_000, 32_000), 1000))
"""Each is drawn once, below those that a system hands out by itself: nobody else gets it before its server does."""


def free_port() -> int:
    for port in PORTS:
        with suppress(OSError), socket.socket() as free:
            free.bind(("127.0.0.1", port))
            return port
    pytest.fail("No port is free.")


@dataclass
class Site:
    """A Jupyter server, asked with a token."""

    url: str
    log: Path

    def ask(self, path: str, *, token: str, body: Any = None, method: str | None = None, **headers: str) -> Any:
        """Return status and body."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {token}", "Content-Type": "application/json"} | headers
        request = urllib.request.Request(self.url + path, content, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=START_S) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")
        except OSError:
            return 0, None


@pytest.fixture(scope="module")
def cold(tmp_path_factory, end) -> Iterator[workbench.Workbench]:
    """A home whose service nobody has started."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("WORKBENCH_")]:
            patch.delenv(name)
        opened = workbench.connect(Settings(home=tmp_path_factory.mktemp("cold")))
    yield opened
    end(opened)


@pytest.fixture(scope="module")
def starting(tmp_path_factory, eventually, cold) -> Iterator[Callable[..., Site]]:
    """Start a Jupyter server over a home, and wait until a page of it answers; it ends before the cold home does."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(command: list[str], port: int, home: Path, *, page: str, token: str) -> Site:
        folder = tmp_path_factory.mktemp("jupyter")
        own = {name: value for name, value in os.environ.items() if not name.startswith(("WORKBENCH_", "JUPYTER"))}
        elsewhere = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
        site = Site(f"http://127.0.0.1:{port}", folder / "log.txt")
        with site.log.open("wb") as output:
            environment = own | elsewhere | {"WORKBENCH_HOME": str(home)}
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
            )
        processes.append(process)

        def answers() -> bool:
            assert process.poll() is None, site.log.read_text()[-4000:]
            return site.ask(page, token=token)[0] == 200

        eventually(answers, patience_s=START_S)
        return site

    yield start
    for process in processes:
        # A hub ends its proxy and its users' servers.
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)


@pytest.fixture(scope="module")
def jupyter(starting, cold) -> Site:
    port = free_port()
    command = [sys.executable, "-m", "jupyter_server", f"--port={port}", f"--IdentityProvider.token={TOKEN}"]
    as_root = ["--allow-root"] if os.geteuid() == 0 else []
    options = ["--no-browser", "--ServerApp.port_retries=0", *as_root]
    return starting([*command, *options], port, cold.settings.home, page="/api/status", token=TOKEN)


HUB = """
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cookie_secret = b"0" * 32
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.pid_file = "proxy.pid"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = {arguments!r}
c.Spawner.environment = {environment!r}
c.Spawner.start_timeout = {start_s}
c.Spawner.http_timeout = {start_s}
c.JupyterHub.services = [{{"name": "tests", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "tests", "services": ["tests"], "scopes": ["admin:users", "admin:servers", "tokens"]}},
    {{"name": "visitors", "users": ["bo"], "scopes": ["self", "access:servers!user=ana"]}},
]
"""


@dataclass
class Hub:
    """A hub where ana has a server, which bo may use too.

    Attributes
    ----------
    tokens
        By the name of whom they let in.
    """

    site: Site
    tokens: dict[str, str]

    def me(self, name: str, **headers: str) -> dict[str, Any]:
        status, told = self.site.ask("/user/ana/workbench/api/v1/me", token=self.tokens[name], **headers)
        assert status == 200, told
        return told


@pytest.fixture(scope="module")
def hub(starting, warm, tmp_path_factory, eventually) -> Hub:
    port = free_port()
    told = HUB.format(
        port=port,
        hub_port=free_port(),
        api_port=free_port(),
        proxy=str(Path(sys.executable).with_name("configurable-http-proxy")),
        python=sys.executable,
        arguments=["--allow-root"] if os.geteuid() == 0 else [],
        environment={"WORKBENCH_HOME": str(warm.settings.home)},
        start_s=START_S,
        token=HUB_TOKEN,
    )
    config = tmp_path_factory.mktemp("hub") / "jupyterhub_config.py"
    config.write_text(told)
    command = [sys.executable, "-m", "jupyterhub", f"--config={config}"]
    site = starting(command, port, warm.settings.home, page="/hub/api/", token=HUB_TOKEN)
    assert site.ask("/hub/api/users", token=HUB_TOKEN, body={"usernames": ["ana"]})[0] == 201
    assert site.ask("/hub/api/users/ana/server", token=HUB_TOKEN, method="POST")[0] in (201, 202)
    tokens = {
        name: site.ask(f"/hub/api/users/{name}/tokens", token=HUB_TOKEN, body={})[1]["token"] for name in ("ana", "bo")
    }
    eventually(lambda: site.ask("/user/ana/api/status", token=tokens["ana"])[0] == 200, patience_s=START_S)
    return Hub(site, tokens)


def me(jupyter: Site, **headers: str) -> Any:
    status, told = jupyter.ask("/workbench/api/v1/me", token=TOKEN, **headers)
    assert status == 200, told
    return told


def test_the_first_who_asks_starts_the_service(jupyter: Site, cold: workbench.Workbench) -> None:
    assert cold.service.state() is None
    assert me(jupyter)["origin"] == "jupyter"


def test_whoever_comes_by_a_shared_token_is_the_homes_owner(jupyter: Site) -> None:
    assert me(jupyter)["name"] == getpass.getuser()


def test_nobody_can_say_in_a_header_who_they_are(jupyter: Site) -> None:
    for told in (USER, USER.lower(), USER.upper()):
        assert me(jupyter, **{told: "mallory"})["name"] == getpass.getuser()


def test_a_service_that_has_ended_since_is_started_again(jupyter: Site, cold: workbench.Workbench, eventually) -> None:
    me(jupyter)
    cold.service.stop()
    status, told = jupyter.ask("/workbench/api/v1/me", token=TOKEN)
    assert (status, "being started" in told) == (503, True)

    def answers() -> bool:
        time.sleep(1)  # as whoever tries again in a few seconds
        return jupyter.ask("/workbench/api/v1/me", token=TOKEN)[0] == 200

    eventually(answers, patience_s=START_S)


def test_jupyterlab_is_told_of_a_tile(jupyter: Site) -> None:
    _, told = jupyter.ask("/server-proxy/servers-info", token=TOKEN)
    (server,) = [one for one in told["server_processes"] if one["name"] == "workbench"]
    assert server["launcher_entry"]["title"] == "Workbench API"
    assert server["launcher_entry"]["path_info"] == "workbench/"
    assert server["new_browser_tab"]


def test_a_hub_names_whose_server_it_is(hub: Hub) -> None:
    assert hub.me("ana")["name"] == "ana"


def test_a_hub_names_who_uses_the_server_of_another(hub: Hub) -> None:
    told = hub.me("bo", **{USER: "ana"})
    assert (told["name"], told["origin"]) == ("bo", "jupyter")


def test_the_audit_log_has_the_name_that_the_hub_told(hub: Hub) -> None:
    name = "made by bo"
    status, told = hub.site.ask("/user/ana/workbench/api/v1/projects", token=hub.tokens["bo"], body={"name": name})
    assert (status, told["created_by"]) == (201, "bo")


def test_a_user_of_the_hub_without_a_place_there_is_not_let_in(hub: Hub) -> None:
    hub.site.ask("/hub/api/users", token=HUB_TOKEN, body={"usernames": ["cleo"]})
    token = hub.site.ask("/hub/api/users/cleo/tokens", token=HUB_TOKEN, body={})[1]["token"]
    status, _ = hub.site.ask("/user/ana/workbench/api/v1/me", token=token)
    assert status == 403


@pytest.mark.parametrize("name", ["ana", "ana@example.org", "Zoë Ångström", "{port}", "a\r\nX-Workbench-Token: 1"])
def test_a_name_is_told_so_that_no_header_and_no_template_is_made_of_it(name: str) -> None:
    told = user_header(SimpleNamespace(username=name))
    assert told == quote(name, safe="")
    assert told.isascii() and told.isprintable() and "{" not in told


@pytest.mark.parametrize("user", [None, SimpleNamespace(), SimpleNamespace(username=None)])
def test_who_is_unknown_is_told_as_nobody(user: Any) -> None:
    assert user_header(user) == ""


def test_a_name_that_jupyter_has_drawn_is_told_as_nobody() -> None:
    from jupyter_server.auth import IdentityProvider

    drawn = IdentityProvider().generate_anonymous_user(SimpleNamespace(log=SimpleNamespace(debug=lambda _: None)))
    assert user_header(drawn) == ""


def test_the_folder_of_the_socket_is_made_for_its_owner_alone(settings, monkeypatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(settings.home))
    shutil.rmtree(settings.sockets, ignore_errors=True)
    told = proxied()
    assert Path(told["unix_socket"]).parent.stat().st_mode & 0o777 == 0o700
    assert ICON.is_file()


def test_a_runs_log_comes_through_jupyter_as_it_goes(jupyter: Site, cold: workbench.Workbench) -> None:
    assert me(jupyter)["origin"] == "jupyter"
    run_id = begin(cold._store, told=2)
    place = f"/workbench/api/v1/runs/{run_id}/events"
    address, shown = f"ws{jupyter.url.removeprefix('http')}{place}/ws", {"Authorization": f"token {TOKEN}"}
    asked = urllib.request.Request(f"{jupyter.url}{place}/stream", headers=shown | {"Accept": "text/event-stream"})
    with connect(address, additional_headers=shown) as opened, urllib.request.urlopen(asked, timeout=START_S) as stream:
        told = [json.loads(opened.recv(timeout=START_S))["seq"] for _ in range(2)]
        write(cold._store, run_id)
        told.append(json.loads(opened.recv(timeout=START_S))["seq"])
        close(cold._store.database, run_id)
        told += [json.loads(message)["seq"] for message in opened]
        by_stream = [int(line.removeprefix(b"id: ")) for line in stream if line.startswith(b"id: ")]
    assert told == by_stream == [1, 2, 3, 4, 5]
