"""All deployments of a home in one process: routes from the store, answers through the gateway, counts back."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import threading
import time
from collections import deque
from logging.handlers import RotatingFileHandler

from workbench.errors import WorkbenchError
from workbench.serving import deployments, ledger, predictors
from workbench.serving.deployment import LIVE, SERVED, SHADOW, DeploymentRecord
from workbench.serving.gateway import Answered, Gateway, Line, Route
from workbench.serving.ledger import Kept
from workbench.serving.traffic import Stage, Traffic
from workbench.serving.wire import Answer
from workbench.store.store import Store

LOOK_S = 0.1
"""Least time between two readings of the routes."""
ASK_AGAIN_S = 0.02
"""Least time between two readings that refusals bring about."""
WRITE_S = 1.0
KEPT_MOST = 5_000
"""Requests that may wait to be written down; what comes beyond is counted and not kept."""
LOG_BYTES, LOG_FILES = 10_000_000, 3

log = logging.getLogger("workbench.serving")


class Front:
    """The front of a home's deployments. Lives on one event loop.

    Attributes
    ----------
    traffic
        What was counted and not written down yet.
    """

    def __init__(self, store: Store) -> None:
        settings = store.settings
        self._store = store
        self._settings = settings
        self.gateway = Gateway(
            settings.identity, queue_most=settings.predict_queue, timeout_s=settings.predict_timeout_s
        )
        self.traffic = Traffic()
        self.is_ready = False
        self._kept: deque[Kept] = deque(maxlen=KEPT_MOST)
        self._lines: deque[str] = deque(maxlen=100_000)
        self._this_minute: dict[str, tuple[int, int]] = {}
        self._learning = asyncio.Lock()
        self._learned = 0.0
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None
        self._writer: asyncio.Task[None] | None = None
        self._shadows: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Learn the routes, and follow the store from then on."""
        loop = asyncio.get_running_loop()
        await self.learn()
        self.is_ready = True
        self._watcher = threading.Thread(target=self._watch, args=(loop,), name="routes", daemon=True)
        self._watcher.start()
        self._writer = asyncio.create_task(self._write_on())

    async def stop(self) -> None:
        """Write down what is left, and let go of everything."""
        self._stopping.set()
        if self._writer is not None:
            self._writer.cancel()
        await self._write()
        if self._watcher is not None:
            await asyncio.to_thread(self._watcher.join, 5)

    async def route(self, slug: str) -> Route:
        """Find a deployment by its slug; before one is refused, the store is asked whether it still is so.

        Raises
        ------
        NotFound
            ``deployment.not_found``
        """
        if not self.gateway.answers(slug) and time.monotonic() - self._learned > ASK_AGAIN_S:
            await self.learn()
        return self.gateway.route(slug)

    async def predict(self, route: Route, body: bytes, request_id: str) -> Answered:
        """Have a request answered by a deployment's pipeline.

        Raises
        ------
        Conflict, Busy, Unavailable
            ``deployment.not_ready``, ``deployment.busy``, ``deployment.unavailable``.
        """
        record = route.deployment
        started, at = time.perf_counter(), time.time()
        try:
            line = route.line()
            shadow = self._ask_shadow(route, body) if route.shadow is not None else None
            answer = await line.ask(body, self.gateway.timeout_s)
        except WorkbenchError as error:
            total_ms = (time.perf_counter() - started) * 1000
            self.traffic.add(
                record.id, record.pipeline_id, LIVE, at=at, rows=0, is_error=True, stages_ms={"total": total_ms}
            )
            self._note(record, record.pipeline_id, request_id, at, error.status, error.code, total_ms, None)
            raise
        pipeline_id = line.predictor.pipeline_id
        total_ms = (time.perf_counter() - started) * 1000
        self._count(record, pipeline_id, LIVE, answer, total_ms, at)
        self.traffic.took(record.id, total_ms)
        self._note(record, pipeline_id, request_id, at, answer.status, None, total_ms, answer)
        if answer.status == 200:
            kept = Kept(record.id, pipeline_id, request_id, at, body, answer.body, is_sampled=self._samples(record, at))
            if shadow is not None and route.shadow is not None:
                self._compare(kept, route.shadow, shadow)
            elif kept.is_sampled:
                self._kept.append(kept)
        return Answered(record, pipeline_id, answer, total_ms)

    def _ask_shadow(self, route: Route, body: bytes) -> asyncio.Task[Answer | None] | None:
        line = route.shadow
        if line is None or not line.is_up:
            return None
        record = route.deployment

        async def ask() -> Answer | None:
            started, at = time.perf_counter(), time.time()
            try:
                answer = await line.ask(body, self.gateway.timeout_s)
            except WorkbenchError:
                pipeline_id = line.predictor.pipeline_id
                self.traffic.add(record.id, pipeline_id, SHADOW, at=at, rows=0, is_error=True, stages_ms={})
                return None
            took_ms = (time.perf_counter() - started) * 1000
            self._count(record, line.predictor.pipeline_id, SHADOW, answer, took_ms, at)
            return answer

        return asyncio.create_task(ask())

    def _compare(self, kept: Kept, line: Line, shadow: asyncio.Task[Answer | None]) -> None:
        """Keep both answers once the shadow's is there; whoever asked does not wait for it."""

        async def compare() -> None:
            answer = await shadow
            if answer is not None and answer.status == 200:
                both = Kept(
                    kept.deployment_id,
                    kept.pipeline_id,
                    kept.request_id,
                    kept.at,
                    kept.body,
                    kept.answer,
                    line.predictor.pipeline_id,
                    answer.body,
                    is_sampled=kept.is_sampled,
                )
                self._kept.append(both)
            elif kept.is_sampled:
                self._kept.append(kept)

        task = asyncio.create_task(compare())
        self._shadows.add(task)
        task.add_done_callback(self._shadows.discard)

    def _count(
        self, record: DeploymentRecord, pipeline_id: str, role: str, answer: Answer, total_ms: float, at: float
    ) -> None:
        is_error = answer.status != 200
        stages: dict[Stage, float] = {"total": total_ms}
        if not is_error:
            stages |= {"parse": answer.parse_ms, "validate": answer.validate_ms, "predict": answer.predict_ms}
        self.traffic.add(record.id, pipeline_id, role, at=at, rows=answer.rows, is_error=is_error, stages_ms=stages)

    def _samples(self, record: DeploymentRecord, at: float) -> bool:
        """Whether rows of a request are kept: of the first ones of each minute, and of a share of the others."""
        minute = int(at // 60)
        before, count = self._this_minute.get(record.id, (minute, 0))
        count = count + 1 if before == minute else 1
        self._this_minute[record.id] = minute, count
        return count <= ledger.ALL_OF_A_MINUTE or random.random() < self._settings.prediction_sample

    def _note(
        self,
        record: DeploymentRecord,
        pipeline_id: str,
        request_id: str,
        at: float,
        status: int,
        code: str | None,
        total_ms: float,
        answer: Answer | None,
    ) -> None:
        line = {
            "at": round(at, 3),
            "request_id": request_id,
            "slug": record.slug,
            "pipeline_id": pipeline_id,
            "status": status,
            "total_ms": round(total_ms, 3),
        }
        if code is not None:
            line["code"] = code
        if answer is not None:
            line |= {"rows": answer.rows, "predict_ms": round(answer.predict_ms, 3)}
        self._lines.append(json.dumps(line))

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        changes = self._store.database.changes()
        try:
            while not self._stopping.wait(changes.pace_s):
                if not changes.any():
                    continue
                try:
                    asyncio.run_coroutine_threadsafe(self.learn(), loop).result(30)
                except Exception as error:  # noqa: BLE001 - a store that is away leaves the routes as they are
                    log.warning("the routes could not be read: %s", error)
                self._stopping.wait(LOOK_S)
        finally:
            changes.close()

    async def learn(self) -> None:
        """Read the routes from the store, so that what was changed there holds from now on."""
        async with self._learning:
            found = await asyncio.to_thread(self._read)
            await self.gateway.take(*found)
            self._learned = time.monotonic()

    def _read(self) -> tuple[list[DeploymentRecord], list[predictors.Served]]:
        return deployments.listed(self._store), predictors.served(self._store, SERVED)

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(WRITE_S)
            await self._write()

    async def _write(self) -> None:
        counted = self.traffic.hand_over()
        kept, lines = list(self._kept), list(self._lines)
        self._kept.clear()
        self._lines.clear()
        if not counted and not kept:
            return
        latency = {key.deployment_id: self.traffic.latency(key.deployment_id) for key in counted}
        try:
            await asyncio.to_thread(ledger.write, self._store, counted, kept, latency)
            await asyncio.to_thread(self._write_lines, lines)
        except Exception as error:  # noqa: BLE001 - what could not be written down is counted again
            log.warning("the counts could not be written: %s", error)
            self.traffic.take_back(counted)

    def _write_lines(self, lines: list[str]) -> None:
        path = self._settings.logs / "predictions.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES)
        try:
            for line in lines:
                handler.emit(logging.makeLogRecord({"msg": line}))
        finally:
            handler.close()
