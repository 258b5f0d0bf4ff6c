"""``python -m workbench.server.standalone FOLDER``: an exported model over HTTP, where there is no store.

The model answers in a process of its own, which is started again when it ends. This module travels with the model.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from workbench.errors import NotFound, Unavailable, WorkbenchError
from workbench.exports.manifest import Manifest
from workbench.server import predict, problems, standalone_predictor
from workbench.serving.deployment import LIVE, PUBLIC, READY, DeploymentId, DeploymentRecord, Predictor, PredictorId
from workbench.serving.gateway import Answered, Route
from workbench.serving.line import Line

_LOOK_S = 0.02
_PAUSE_S = 0.5
"""Between the end of a predictor and the start of the next: one that cannot live must not take all time."""


class Front:
    """Answers for the one model, and keeps the process alive that predicts.

    Parameters
    ----------
    give_up
        Called when there is nothing to keep: the model cannot be loaded.
    """

    def __init__(self, folder: Path, told: Manifest, give_up: Callable[[], None]) -> None:
        self._folder = folder
        self._limits = told.limits
        self._give_up = give_up
        self._route = Route(_record(told))
        self._keeping: asyncio.Task[None] | None = None

    @property
    def is_ready(self) -> bool:
        return self._route.live is not None and self._route.live.is_up

    async def start(self) -> None:
        """Start the predictor; it loads on its own."""
        self._keeping = asyncio.create_task(self._keep())
        self._keeping.add_done_callback(lambda task: None if task.cancelled() else self._give_up())

    async def stop(self) -> None:
        """End the predictor, and wait until it has ended."""
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping

    def access(self, slug: str) -> str:  # noqa: ARG002 - as routes call it
        return PUBLIC

    async def route(self, slug: str) -> Route:
        """Return the way to the model.

        Raises
        ------
        NotFound
            ``deployment.not_found`` when another slug is asked for.
        """
        if slug != self._route.deployment.slug:
            raise NotFound("deployment.not_found", f"There is no deployment '{slug}'.")
        return self._route

    async def predict(self, route: Route, body: bytes, request_id: str) -> Answered:  # noqa: ARG002 - as routes call it
        """Have a request answered.

        Raises
        ------
        Busy, Unavailable
            ``deployment.busy``, ``deployment.unavailable``.
        """
        started = time.perf_counter()
        answer = await route.line().ask(body)
        total_ms = (time.perf_counter() - started) * 1000
        return Answered(route.deployment, route.deployment.pipeline_id, answer, total_ms)

    def refused(self, route: Route, request_id: str, error: WorkbenchError) -> None:
        """Take no note of it: nothing is counted here."""

    async def _keep(self) -> None:
        """Start a predictor, and another when it ends, as long as one could be loaded."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sockets" / "predictor.sock"
            while await self._live(path):
                await asyncio.sleep(_PAUSE_S)

    async def _live(self, path: Path) -> bool:
        """Start a predictor and wait for its end; return whether it came to answer."""
        command = [sys.executable, "-m", standalone_predictor.__name__, str(self._folder), str(path)]
        # It ends when its standard input does, however this process ends. A terminal's Ctrl-C is for this one alone.
        process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, start_new_session=True)
        try:
            is_there = await self._connect(process, path)
            await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()
        return is_there

    async def _connect(self, process: asyncio.subprocess.Process, path: Path) -> bool:
        """Wait until a predictor listens; return False when it ends before."""
        while process.returncode is None:
            line = Line(
                _predictor(self._route.deployment, path),
                queue_most=self._limits.queue,
                timeout_s=self._limits.timeout_s,
                # What does not answer may not heed a gentle word either; another one is started when it has ended.
                hung=lambda _: process.kill(),
            )
            try:
                await line.connect(asyncio.get_running_loop())
            except OSError:
                await asyncio.sleep(_LOOK_S)
            else:
                self._route.live = line
                return True
        return False


def admit(scope: Any, slug: str, access: str, workspace_id: str | None = None) -> None:
    """Let everybody in."""


def make_app(front: Front, told: Manifest) -> FastAPI:
    """Build the API of one model."""

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        await front.start()
        yield
        await front.stop()

    app = FastAPI(title=told.slug, openapi_url=None, lifespan=living)
    problems.install(app)
    (full,) = predict.routes(front, admit, body_most=told.limits.body_bytes)

    async def short(request: Request) -> Response:
        request.scope["path_params"] = {"slug": told.slug}
        answered: Response = await full.endpoint(request)
        return answered

    app.router.routes.append(full)
    app.router.add_route("/predict", short, methods=["POST"])

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok", "version": told.workbench}

    @app.get("/ready")
    async def ready() -> dict[str, str]:
        if not front.is_ready:
            raise Unavailable("deployment.unavailable", "The model is not loaded.", retry_after_s=1)
        return {"status": "ready"}

    return app


def run(folder: Path, host: str, port: int) -> int:
    """Serve until told to end; return the exit code.

    Raises
    ------
    EngineFault
        ``artifact.missing`` when the folder holds no exported model.
    """
    told = Manifest.read(folder)
    is_lost = asyncio.Event()

    def give_up() -> None:
        is_lost.set()
        server.should_exit = True

    app = make_app(Front(folder, told, give_up), told)
    server = uvicorn.Server(
        uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)
    )
    server.run()
    return 1 if is_lost.is_set() else 0


def _record(told: Manifest) -> DeploymentRecord:
    started = datetime.now(UTC)
    return DeploymentRecord(
        id=DeploymentId(told.deployment_id),
        workspace_id="",
        slug=told.slug,
        status=READY,
        error=None,
        access=PUBLIC,
        alias=None,
        pipeline_id=told.pipeline_id,
        next_pipeline_id=None,
        previous_pipeline_id=None,
        shadow_pipeline_id=None,
        request_count=0,
        row_count=0,
        error_count=0,
        p50_ms=None,
        p95_ms=None,
        last_request_at=None,
        created_by="",
        created_at=started,
        updated_at=started,
    )


def _predictor(record: DeploymentRecord, path: Path) -> Predictor:
    return Predictor(
        id=PredictorId("predictor"),
        deployment_id=record.id,
        pipeline_id=record.pipeline_id,
        role=LIVE,
        served_by="",
        status=READY,
        error=None,
        address=str(path),
        engine=None,
        process_id=None,
        process_started=None,
        created_at=record.created_at,
    )


def main() -> int:
    """Read the command line and serve; return the exit code."""
    parser = argparse.ArgumentParser(description="Serve an exported model.")
    parser.add_argument("folder", type=Path, help="the folder with its manifest.json")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8080")), help="default: $PORT, or 8080")
    asked = parser.parse_args()
    try:
        return run(asked.folder, asked.host, asked.port)
    except WorkbenchError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
