"""The warm fork server: imports PyCaret once, then forks a process for whatever needs it in milliseconds.

It talks with the runner over one socket, a JSON line a message:

==========================================  ======================================
runner → fork server                        fork server → runner
==========================================  ======================================
``{"fork": id, "what": …, "owner": …}``     ``{"warm": seconds}``, once
..                                          ``{"forked": id, "what": …, "pid": …}``
..                                          ``{"exited": pid, "status": …}``
==========================================  ======================================

It ends when the socket closes. What it forked goes on: runs, batches, evaluations and consultations, whose state is in
the store, are adopted by the next service; predictors end when the service itself does, which their standard input
tells them.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping
from itertools import chain

from workbench.settings import Settings, load

CARRIERS = {
    "run": "workbench.service.process",
    "predictor": "workbench.service.predicting",
    "batch": "workbench.service.batch",
    "evaluation": "workbench.service.evaluation",
    "consultation": "workbench.service.consultation",
}
"""What is forked → the module whose `carry_out` it runs."""


def serve(channel: socket.socket, lifeline: int, settings: Settings) -> None:
    """Warm up, then fork and reap until the other end closes."""
    started = time.monotonic()
    from workbench.training.experiment import warm_up, warm_up_more

    # Known before the first fork, so that no run imports it again.
    ours = (
        *CARRIERS.values(),
        "workbench.training.train",
        "workbench.training.executors",
        "workbench.predictor.predictor",
    )
    for name in (*ours, "fsspec.implementations.local"):
        importlib.import_module(name)
    from workbench.service.rehearsal import rehearse

    warnings.filterwarnings("ignore")
    warm_up()
    from workbench.predictor.predictor import warm_up as warm_up_predictors

    more: Iterator[None] | None = chain(rehearse(), warm_up_predictors(), warm_up_more())
    alive, staying = 0, set[int]()
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    _send(channel, {"warm": time.monotonic() - started})
    buffer = b""
    while True:
        # What can wait is done a piece at a time, while there is nothing else to do on the machine.
        is_idle = more is not None and alive == 0
        readable, _, _ = select.select([channel.fileno(), wake_read], [], [], 0 if is_idle else None)
        if is_idle and not readable:
            more = _go_on(more)
        if wake_read in readable:
            os.read(wake_read, 4096)
            alive -= _reap(channel, staying)
        if channel.fileno() in readable:
            received = channel.recv(65536)
            if not received:
                return
            *lines, buffer = (buffer + received).split(b"\n")
            for line in lines:
                asked = json.loads(line)
                pid = _fork(asked, settings, lifeline, [channel.fileno(), wake_read, wake_write])
                # A predictor stays, and waits most of the time.
                alive += asked["what"] != "predictor"
                if asked["what"] == "predictor":
                    staying.add(pid)
                _send(channel, {"forked": asked["fork"], "what": asked["what"], "pid": pid})


def _fork(asked: Mapping[str, str], settings: Settings, lifeline: int, ours: list[int]) -> int:
    pid = os.fork()
    if pid:
        return pid
    # From here on another process: its own group, so that one signal ends it and its workers.
    os.setsid()
    # What was there before the fork is not looked through for garbage here, which would copy it page by page.
    gc.freeze()
    signal.set_wakeup_fd(-1)
    for name in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_DFL)
    for descriptor in ours:
        os.close(descriptor)
    log = settings.process_log(asked["what"], asked["fork"])
    log.parent.mkdir(parents=True, exist_ok=True)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    if asked["what"] == "predictor":
        # Its standard input ends when the service does.
        os.dup2(lifeline, 0)
    os.close(lifeline)
    _carry_out(asked, settings)
    return 0


def _carry_out(asked: Mapping[str, str], settings: Settings) -> None:
    """Do what a forked process is for, and never return."""
    code = 0
    try:
        importlib.import_module(CARRIERS[asked["what"]]).carry_out(asked["fork"], asked["owner"], settings)
    except BaseException:  # noqa: BLE001 - the store itself failed: the exit code is all that is left to tell
        traceback.print_exc(file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _go_on(more: Iterator[None] | None) -> Iterator[None] | None:
    """Take one step of a warm-up; return what is left of it."""
    try:
        next(more or iter(()))
    except StopIteration:
        return None
    except Exception:  # noqa: BLE001 - a run that needs it will tell; all others can do without
        traceback.print_exc(file=sys.stderr)
        return None
    return more


def _reap(channel: socket.socket, staying: set[int]) -> int:
    """Tell of the processes that have ended; return how many, those aside that were to stay."""
    ended = 0
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended += pid not in staying
        staying.discard(pid)
        _send(channel, {"exited": pid, "status": os.waitstatus_to_exitcode(status)})


def _send(channel: socket.socket, message: dict[str, object]) -> None:
    channel.sendall(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), load())
