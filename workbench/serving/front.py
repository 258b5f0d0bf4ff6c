"""All deployments of a home in one process: routes from the store, answers through the gateway, counts back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import replace
from logging.handlers import RotatingFileHandler
from typing import Any, TypeVar

from workbench.errors import WorkbenchError
from workbench.serving import deployments, ledger, predictors
from workbench.serving.deployment import LIVE, SERVED, SHADOW, DeploymentRecord, PredictorId
from workbench.serving.gateway import Answered, Gateway, Route
from workbench.serving.ledger import Kept
from workbench.serving.line import Line, NotSent
from workbench.serving.traffic import Stage, Traffic
from workbench.serving.wire import Answer
from workbench.store.store import Store

LOOK_S = 0.1
"""Least time between two readings of the routes."""
ASK_AGAIN_S = 0.02
"""Least time between two readings that refusals bring about."""
WRITE_S = 1.0
STOP_S = 3.0
"""Longest that a write under way is waited for at the end: whoever ends the API kills it after a few seconds."""
FORGET_S = 60.0
KEPT_MOST, KEPT_BYTES = 5_000, 32 << 20
"""Requests, and bytes of them, that may wait to be written down; what comes beyond is counted and not kept."""
LOG_BYTES, LOG_FILES = 10_000_000, 3

log = logging.getLogger("workbench.serving")
Result = TypeVar("Result")


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
            queue_most=settings.predict_queue, timeout_s=settings.predict_timeout_s, hung=self._gave_up
        )
        self.traffic = Traffic()
        self.is_ready = False
        self._kept: list[Kept] = []
        self._kept_bytes = 0
        self._lines: deque[str] = deque(maxlen=100_000)
        self._this_minute: dict[str, tuple[int, int]] = {}
        self._learning = asyncio.Lock()
        self._learned = float("-inf")
        self._forgot = float("-inf")
        self._stopping = threading.Event()
        self._ended = asyncio.Event()
        self._watcher: threading.Thread | None = None
        self._writer: asyncio.Task[None] | None = None
        self._beside: set[asyncio.Task[object]] = set()

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
        self._ended.set()
        if self._writer is not None:
            # Cut off amid a write, it would lose what it has in hand.
            await asyncio.wait([self._writer], timeout=STOP_S)
            self._writer.cancel()
        await self._write()
        if self._watcher is not None:
            await asyncio.to_thread(self._watcher.join, 5)

    def access(self, slug: str) -> str:
        """Say who may ask a deployment, as far as is known here; of one that is not known, the workspace."""
        return self.gateway.access(slug)

    async def route(self, slug: str) -> Route:
        """Find a deployment by its slug; before one is refused, the store is asked whether it still is so.

        Raises
        ------
        NotFound
            ``deployment.not_found``
        """
        if not self.gateway.answers(slug):
            # Whoever has seen it ready must not be told what was so a moment before.
            await asyncio.sleep(max(0.0, self._learned + ASK_AGAIN_S - time.monotonic()))
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
            shadow = self._ask_shadow(route, body)
            try:
                answer = await line.ask(body)
            except NotSent:
                # It was swapped out before the request's turn came: another one may be there.
                line = (await self.route(record.slug)).line()
                answer = await line.ask(body)
        except WorkbenchError as error:
            self.refused(route, request_id, error, at=at, total_ms=(time.perf_counter() - started) * 1000)
            raise
        pipeline_id = line.predictor.pipeline_id
        total_ms = (time.perf_counter() - started) * 1000
        self._count(record, pipeline_id, LIVE, answer, total_ms, at)
        self.traffic.took(record.id, total_ms)
        self._note(record, pipeline_id, request_id, at, answer.status, None, total_ms, answer)
        if answer.status == 200:
            is_sampled = self._samples(record, at)
            # Where only answers are compared, what was asked is of no further use.
            asked = body if is_sampled else b""
            kept = Kept(record.id, pipeline_id, request_id, at, asked, answer.body, is_sampled=is_sampled)
            if shadow is not None and route.shadow is not None:
                self._do_beside(self._compare(kept, route.shadow, shadow))
            elif is_sampled:
                self._keep(kept)
        return Answered(record, pipeline_id, answer, total_ms)

    def refused(
        self, route: Route, request_id: str, error: WorkbenchError, *, at: float | None = None, total_ms: float = 0.0
    ) -> None:
        """Count a request that no predictor answered.

        Parameters
        ----------
        at
            When it came, in seconds since the epoch; None: now.
        total_ms
            How long it waited, in milliseconds.
        """
        record, came = route.deployment, time.time() if at is None else at
        stages: dict[Stage, float] = {"total": total_ms}
        self.traffic.add(record.id, record.pipeline_id, LIVE, at=came, rows=0, is_error=True, stages_ms=stages)
        self._note(record, record.pipeline_id, request_id, came, error.status, error.code, total_ms, None)

    def _ask_shadow(self, route: Route, body: bytes) -> asyncio.Task[Answer | None] | None:
        line = route.shadow
        if line is None or not line.is_up:
            return None
        record = route.deployment

        async def ask() -> Answer | None:
            started, at = time.perf_counter(), time.time()
            try:
                answer = await line.ask(body)
            except WorkbenchError:
                pipeline_id = line.predictor.pipeline_id
                self.traffic.add(record.id, pipeline_id, SHADOW, at=at, rows=0, is_error=True, stages_ms={})
                return None
            took_ms = (time.perf_counter() - started) * 1000
            self._count(record, line.predictor.pipeline_id, SHADOW, answer, took_ms, at)
            return answer

        return self._do_beside(ask())

    async def _compare(self, kept: Kept, line: Line, shadow: asyncio.Task[Answer | None]) -> None:
        """Keep both answers once the shadow's is there; whoever asked does not wait for it."""
        answer = await shadow
        if answer is not None and answer.status == 200:
            self._keep(replace(kept, shadow_id=line.predictor.pipeline_id, shadow_answer=answer.body))
        elif kept.is_sampled:
            self._keep(kept)

    def _keep(self, kept: Kept) -> None:
        size = len(kept.body) + len(kept.answer) + len(kept.shadow_answer or b"")
        if len(self._kept) < KEPT_MOST and self._kept_bytes + size <= KEPT_BYTES:
            self._kept.append(kept)
            self._kept_bytes += size

    def _do_beside(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        task = asyncio.create_task(work)
        # The loop itself holds a task only loosely.
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return task

    def _gave_up(self, predictor_id: PredictorId) -> None:
        self._do_beside(self._tell_hung(predictor_id))

    async def _tell_hung(self, predictor_id: PredictorId) -> None:
        """Have the service end a predictor that does not answer any more."""
        why = f"It did not answer within {self._settings.predict_timeout_s:g} s."
        log.warning("predictor %s: %s", predictor_id[-8:], why)
        while True:
            try:
                return await asyncio.to_thread(predictors.hang, self._store, predictor_id, why)
            except Exception as error:  # noqa: BLE001 - a store that is away for a moment is told once it is back
                log.warning("it could not be told of predictor %s: %s", predictor_id[-8:], error)
                await asyncio.sleep(WRITE_S)

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
        share = self._settings.prediction_sample
        if not share or not self._settings.prediction_rows:
            return False
        minute = int(at // 60)
        before, count = self._this_minute.get(record.id, (minute, 0))
        count = count + 1 if before == minute else 1
        self._this_minute[record.id] = minute, count
        return count <= ledger.ALL_OF_A_MINUTE or random.random() < share

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
        asked = time.monotonic()
        async with self._learning:
            if self._learned > asked:
                # Whoever had its turn before began to read after this was asked.
                return
            began = time.monotonic()
            found = await asyncio.to_thread(self._read)
            await self.gateway.take(*found)
            self._learned = began

    def _read(self) -> tuple[list[DeploymentRecord], list[predictors.Served]]:
        return deployments.listed(self._store, everywhere=True), predictors.served(self._store, SERVED)

    async def _write_on(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), WRITE_S)
                return
            await self._write()
            if time.monotonic() - self._forgot > FORGET_S:
                self._forgot = time.monotonic()
                await self._try("what is too old could not be forgotten", ledger.forget, self._store)

    async def _write(self) -> None:
        counted = self.traffic.hand_over()
        kept, lines = self._kept, list(self._lines)
        self._kept, self._kept_bytes = [], 0
        self._lines.clear()
        if not counted and not kept:
            return
        latency = {key.deployment_id: self.traffic.latency(key.deployment_id) for key in counted}
        if not await self._try("the counts could not be written", ledger.write, self._store, counted, kept, latency):
            self.traffic.take_back(counted)
        await self._try("the log could not be written", self._write_lines, lines)

    async def _try(self, complaint: str, work: Callable[..., None], *arguments: object) -> bool:
        """Do something that may take its time; return whether it went well, and log why not."""
        try:
            await asyncio.to_thread(work, *arguments)
        except Exception as error:  # noqa: BLE001 - whatever becomes of it, requests are answered
            log.warning("%s: %s", complaint, error)
            return False
        return True

    def _write_lines(self, lines: list[str]) -> None:
        path = self._settings.logs / "predictions.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES)
        try:
            for line in lines:
                handler.emit(logging.makeLogRecord({"msg": line}))
        finally:
            handler.close()
