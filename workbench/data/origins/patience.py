"""An end to waiting: what asks a server on behalf of somebody who waits gets an answer, or says that none came."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from workbench.data.ingest.job import Tell
from workbench.errors import Unavailable

PATIENCE_S = 15.0
FETCH_S, FETCH_RATE, FETCH_MOST_S = 60.0, 16 * 1024, 3600.0
"""A fetch from whoever's server it is may take `FETCH_S` and a second for each `FETCH_RATE` bytes that came, and
`FETCH_MOST_S` in all.
"""
_RETRY_AFTER_S = 60

Answer = TypeVar("Answer")


def promptly(ask: Callable[[], Answer], called: str) -> Answer:
    """Ask, and wait for `PATIENCE_S` at most; what answers later is heard by nobody.

    Parameters
    ----------
    ask
        Called in a thread of its own, which does not keep the process from ending.
    called
        Who is asked, for the message.

    Raises
    ------
    Unavailable
        ``data.source_unreachable`` when no answer came; otherwise whatever `ask` raises.
    """
    answer: Future[Answer] = Future()

    def carry_out() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # noqa: BLE001  # it is raised where it is waited for
            answer.set_exception(error)

    thread = threading.Thread(target=carry_out, name="workbench-asks", daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    if not answer.done():
        raise Unavailable(
            "data.source_unreachable",
            f"{called} does not answer: nothing came for {PATIENCE_S:g} seconds.",
            retry_after_s=_RETRY_AFTER_S,
        )
    return answer.result()


def paced(tell: Tell, called: str, *, clock: Callable[[], float] = time.monotonic) -> Tell:
    """Return what tells of a fetch as `tell` does, and ends one that comes too slowly or takes too long.

    Parameters
    ----------
    called
        What is fetched, for the message.
    clock
        Seconds that go by.

    Raises
    ------
    Unavailable
        ``data.source_unreachable``, from what is returned.
    """
    started, is_here = clock(), False

    def told(what: str, done: int, total: int | None) -> None:
        nonlocal is_here
        is_here = is_here or done == total or (what == "reading" and done > 0)
        spent_s = clock() - started
        if not is_here and spent_s > min(FETCH_S + done / FETCH_RATE, FETCH_MOST_S):
            raise Unavailable(
                "data.source_unreachable",
                f"The server of {called} is too slow: {done:,} bytes came in {spent_s:,.0f} seconds.",
                retry_after_s=_RETRY_AFTER_S,
            )
        tell(what, done, total)

    return told
