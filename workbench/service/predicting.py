"""One predictor, in its own process: a verified pipeline in memory, answers over a socket."""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from pathlib import Path

import psutil

from workbench.errors import EngineFault, Gone, WorkbenchError
from workbench.registry.pipelines import Pipelines
from workbench.service import bell
from workbench.service.loading import load
from workbench.serving import predictors, sockets
from workbench.serving.answering import Answering, serve
from workbench.serving.deployment import PredictorId
from workbench.settings import Settings
from workbench.store.artifacts import SAMPLE
from workbench.store.store import Store, open_store
from workbench.store.tables import PipelineRow


def carry_out(predictor_id: str, owner: str, settings: Settings) -> None:  # noqa: ARG001 - as every process
    """Load a predictor's pipeline and answer, until the service ends or asks for the end."""
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGTERM, lambda *_: None)
    _answer(PredictorId(predictor_id), settings, sys.stdin.fileno(), wake_read)


def _answer(predictor_id: PredictorId, settings: Settings, lifeline: int, wake: int) -> None:
    store = open_store(settings)
    if not predictors.started(store, predictor_id, os.getpid(), psutil.Process().create_time()):
        return
    try:
        answering, engine = _loaded(store, predictor_id)
    except Exception as error:  # noqa: BLE001 - whatever a pipeline does when it is loaded is told of its predictor
        traceback.print_exc(file=sys.stderr)
        why = str(error) if isinstance(error, WorkbenchError) else f"{type(error).__name__}: {error}"
        tell = predictors.stall if _may_pass(error) else predictors.cannot
        tell(store, predictor_id, why)
        return
    path = settings.sockets / f"{predictor_id[-12:]}{sockets.SUFFIX}"
    listener = sockets.listen(path)
    try:
        if not predictors.ready(store, predictor_id, str(path), engine):
            return
        bell.ring(settings)
        store.close()
        # What is there by now stays: it need not be looked through again and again.
        gc.collect()
        gc.freeze()
        serve(answering, listener, lifeline, wake)
    finally:
        Path(path).unlink(missing_ok=True)


def _may_pass(error: Exception) -> bool:
    """Whether another try may do better: a storage or a database that is away for a moment, memory that is short."""
    if isinstance(error, EngineFault | Gone):
        return error.code != "artifact.hash_mismatch"
    return isinstance(error, OSError | MemoryError)


def _loaded(store: Store, predictor_id: PredictorId) -> tuple[Answering, dict[str, object]]:
    """Verify, load, prove, and answer the stored sample once."""
    from dataclasses import asdict

    row = predictors.get(store, predictor_id)
    assert row is not None, predictor_id
    store = store.holding(PipelineRow, row.pipeline_id)
    predictor = load(store, row.pipeline_id)
    sample = Pipelines(store).document(row.pipeline_id, SAMPLE)
    if sample:
        predictor.predict(predictor.read(sample))
    return Answering(predictor, rows_most=store.settings.predict_rows), asdict(predictor.engine)
