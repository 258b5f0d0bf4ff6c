"""An end to waiting: what asks a server on behalf of somebody who waits gets an answer, or says that none came."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from workbench.errors import Unavailable

PATIENCE_S = 15.0
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
