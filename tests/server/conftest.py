"""What these tests share: the API in this process, over a predictor that answers when it is let to."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.server.calling import Caller
from tests.server.streams import Served
from tests.serving.conftest import pipelines  # noqa: F401 - a fixture
from tests.serving.listener import Listener
from workbench.adviser import PATIENCE_S
from workbench.serving import deployments, predictors, sockets
from workbench.serving.deployment import LIVE, DeploymentRecord, PredictorId
from workbench.settings import Settings
from workbench.store.store import Store
from workbench.workbench import Workbench, connect

SAYS = b'[{"index":0,"prediction":1.0}]'
TOKEN = "secret"
BODY = b'{"rows":[{"x":1}]}'
ANSWERED_S = PATIENCE_S + 30
"""Longest that an answer is waited for: the API waits for a narrator itself before it gives one."""


@dataclass
class Api:
    """The API of a home with one deployment, ``juice``.

    Attributes
    ----------
    listeners
        One a predictor, in the order in which they were brought.
    """

    app: Any
    home: Workbench
    store: Store
    folder: Path
    port: int = 0
    path: Path = Path()
    listeners: list[Listener] = field(default_factory=list)

    @property
    def record(self) -> DeploymentRecord:
        return deployments.get(self.store, "juice")

    def bring(self, pipeline_id: str) -> PredictorId:
        """Bring a predictor of a pipeline, and tell the store of it."""
        path = self.folder / f"{len(self.listeners)}.sock"
        self.listeners.append(Listener(path, says=SAYS))
        predictor_id = predictors.ask_for(self.store, self.record.id, pipeline_id, LIVE)
        assert predictors.started(self.store, predictor_id, 1, 1.0)
        assert predictors.ready(self.store, predictor_id, str(path), {})
        return predictor_id

    def swap(self, pipeline_id: str) -> None:
        deployments.swap(self.store, "juice", pipeline_id, by="ana")
        self.bring(pipeline_id)
        assert deployments.swapped(self.store, self.record.id, pipeline_id, by="service")
        assert self.ask("/routes/learn", "POST")[0] == 200

    def ask(
        self,
        path: str,
        method: str = "GET",
        content: bytes = b"",
        *,
        is_socket: bool = False,
        token: str | None = TOKEN,
        **headers: str,
    ) -> tuple[int, Any, Any]:
        """Ask as the owner, unless another token is shown or none; return status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWERED_S)
        if is_socket:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(str(self.path))
        elif token is not None:
            headers["X-Workbench-Token"] = token
        connection.request(method, f"/api/v1{path}", content, headers)
        response = connection.getresponse()
        told = response.status, response.headers, json.loads(response.read() or b"null")
        connection.close()
        return told

    def predict(self, content: bytes = BODY) -> tuple[int, Any, Any]:
        return self.ask("/deployments/juice/predict", "POST", content)

    def open(self) -> socket.socket:
        """Open a connection, to say anything over it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def send(self, content: bytes, length: int | None = None) -> socket.socket:
        """Begin a request without waiting for its answer; `length` promises more than there is."""
        caller = self.open()
        head = f"POST /api/v1/deployments/juice/predict HTTP/1.1\r\nHost: x\r\nX-Workbench-Token: {TOKEN}\r\n"
        caller.sendall(f"{head}Content-Length: {length or len(content)}\r\n\r\n".encode() + content)
        return caller


def read(caller: socket.socket) -> tuple[int, Any, Any]:
    """Read the answer to what was sent; return status, headers and body."""
    with caller:
        response = http.client.HTTPResponse(caller, method="POST")
        response.begin()
        return response.status, response.headers, json.loads(response.read())


@contextmanager
def listening(app: Any, settings: Settings, eventually: Callable[..., Any], *others: socket.socket) -> Iterator[int]:
    """Serve an application from this process; yield its port. It listens on other sockets besides."""
    from workbench.server.listening import Listening

    tcp = socket.create_server(("127.0.0.1", 0))
    server = Listening(app, settings)
    thread = threading.Thread(target=server.run, args=([tcp, *others],), daemon=True)
    thread.start()
    try:
        eventually(lambda: server.started)
        yield tcp.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def serve(tmp_path_factory, settings: Settings, store, pipelines, eventually) -> Iterator[Callable[..., Api]]:  # noqa: F811
    """Serve the home's API from this process, with settings changed; complete, where that is to be looked at."""
    from workbench.server.app import make_app

    folder = tmp_path_factory.mktemp("api")
    ends = ExitStack()

    def serve(*, is_complete: bool = False, **changed: Any) -> Api:
        opened = connect(Settings(**(settings.model_dump() | changed)))
        ends.callback(opened.close)
        record = deployments.create(opened._store, "juice", pipelines[0], by="ana")
        api = Api(make_app(opened, TOKEN, is_complete=is_complete), opened, opened._store, folder)
        deployments.warm(api.store, record.id, by="ana")
        api.bring(pipelines[0])
        deployments.became_ready(api.store, record.id, by="service")
        api.path = opened.settings.api_socket
        unix = sockets.listen(api.path)
        api.port = ends.enter_context(listening(api.app, opened.settings, eventually, unix))
        ends.callback(lambda: [listener.close() for listener in api.listeners])
        return api

    with ends:
        yield serve


@pytest.fixture
def served_alone(tmp_path: Path, migrated_home: Path, eventually) -> Iterator[Served]:
    """A home whose API runs as a process, and that has no service: to be ended."""
    yield from serving(tmp_path / "served", migrated_home, eventually)


@pytest.fixture(scope="module")
def served(tmp_path_factory, migrated_home: Path, eventually) -> Iterator[Served]:
    """The same for the tests of a module, which make what they need and leave the API alone."""
    yield from serving(tmp_path_factory.mktemp("served"), migrated_home, eventually)


def serving(home: Path, migrated: Path, eventually: Callable[..., Any], **changed: Any) -> Iterator[Served]:
    """Have the API of a fresh home run; what a fixture yields."""
    home.mkdir(exist_ok=True)
    shutil.copy(migrated / "workbench.db", home / "workbench.db")
    opened = Served(Settings(home=home, database_url="", artifact_url="", **changed))
    try:
        eventually(opened.streams.answers)
        yield opened
    finally:
        opened.close()


@pytest.fixture(scope="session")
def trained(warm) -> dict[str, str]:
    """Pipelines of the sample iris by their models: two that differ in what they answer."""
    source = warm.data.sample("iris")
    runs = {
        model: warm.runs.submit(source, target="species", plan="create", model=model, folds=2, seed=1)
        for model in ("nb", "dummy")
    }
    for run in runs.values():
        assert run.wait(timeout_s=60).status == "succeeded"
    return {model: warm.registry.promote(run).id for model, run in runs.items()}


@pytest.fixture(scope="module")
def owner(warm) -> Iterator[Caller]:
    """A caller of the warm service's API who knows its token."""
    told = warm.service.state()
    caller = Caller(told.api_port, told.api_token)
    yield caller
    caller.close()
