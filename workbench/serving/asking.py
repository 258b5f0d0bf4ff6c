"""Asking a deployment from Python: rows as JSON takes them, and the patience that a predictor's start takes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from workbench.errors import BadRequest, Busy, Conflict, Unavailable
from workbench.serving.deployment import WARMING

_Answer = TypeVar("_Answer")

WITH_KEY = "X-Workbench-Key: $WORKBENCH_KEY"
"""The header by which a line for a shell shows a key."""
_PAUSE_MOST_S = 0.2


def as_plain(rows: Any) -> Any:
    """Return rows, or a frame of them, as plain data.

    Raises
    ------
    BadRequest
        ``predict.no_rows`` when JSON cannot hold them.
    """
    if hasattr(rows, "to_dict"):
        # What is missing in a frame is None in JSON.
        rows = rows.astype(object).where(rows.notna(), None).to_dict("records")
    try:
        return json.loads(json.dumps(rows, default=_plain, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise BadRequest(
            "predict.no_rows", f"The rows cannot be written as JSON: {error}.", hint="Use None for what is missing."
        ) from error


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is nothing that JSON holds")


def asked_patiently(
    ask: Callable[[float], _Answer],
    *,
    timeout_s: float,
    meanwhile: Callable[[], None],
    wait: Callable[[float], Any],
) -> _Answer:
    """Ask, and ask again where the answer is to come later, as long as the time allows.

    Parameters
    ----------
    ask
        Called with the seconds that are left, at least one.
    meanwhile
        Called before each pause.
    wait
        Waits at most so many seconds until nothing is on its way: a service that was started again warms what was
        ready before.

    Raises
    ------
    WorkbenchError
        What `ask` raises, and waiting does not mend in time.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return ask(max(1, deadline - time.monotonic()))
        except (Busy, Unavailable) as error:
            pause_s = min(_PAUSE_MOST_S, float(error.about.get("retry_after_s", 1)))
            if time.monotonic() + pause_s > deadline:
                raise
            meanwhile()
            time.sleep(pause_s)
        except Conflict as error:
            if error.about.get("state") != WARMING or time.monotonic() > deadline:
                raise
            wait(deadline - time.monotonic())


def curl(url: str, rows: Sequence[Mapping[str, Any]], header: str | None) -> str:
    """Return a line for a shell that asks for rows.

    Parameters
    ----------
    header
        What it sends beside them, in the shell's words; None: nothing.
    """
    body = json.dumps({"rows": rows}).replace("'", "'\\''")
    credential = "" if header is None else f' -H "{header}"'
    return f"curl -s {url} -H 'Content-Type: application/json'{credential} -d '{body}'"
