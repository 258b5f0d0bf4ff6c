"""How many workers a run computes on: as many as it has room for, once there is any."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from workbench.data.source import Source
from workbench.errors import BadRequest
from workbench.plain import byte_size
from workbench.preflight.forecast import forecast, least_workers
from workbench.preflight.overriding import lets_pass
from workbench.runs.events import EventKind
from workbench.runs.record import RunRecord
from workbench.service import room
from workbench.settings import Settings

_LOOK_S = 0.5
"""How often a run that waits for room in memory looks for it, in seconds."""


def workers(
    run: RunRecord, source: Source, settings: Settings, tell: Callable[[EventKind, str, dict[str, Any]], None]
) -> int:
    """Wait until there is room in memory, and return on how many workers a run has room to compute.

    Called by the process that carries the run, before it reads the table, which is part of what it says it will take.

    Parameters
    ----------
    tell
        Takes what the run's log is to say: kind, message and payload.

    Raises
    ------
    BadRequest
        ``spec.blocked`` where there is none though no other run takes any, and nobody said to go on all the same.
    """
    spec, most = run.spec, settings.worker_count
    truth = spec["options"].get("ground_truth")
    foreseen = forecast(source, spec["setup"], task=run.task, target=spec["target"], truth=truth)
    least = least_workers(run.task, run.plan, spec["executor"])
    is_told = False
    while True:
        with room.looked_at(settings.room, run.id) as left:
            if foreseen.needed(least) <= left.bytes or lets_pass(spec, "memory.exceeded"):
                count = foreseen.workers_within(left.bytes, most) if least else most
                left.take(foreseen.needed(count if least else 0))
                break
        words = f"{foreseen.words_of_all(least)} {byte_size(left.bytes)} of memory are free"
        if not left.is_shared:
            raise BadRequest("spec.blocked", f"{words}.", hint="Override memory.exceeded to run all the same.")
        if not is_told:
            is_told = True
            tell("memory.awaited", f"{words} beside other runs", {"free_bytes": left.bytes})
        time.sleep(_LOOK_S)
    if count < most:
        tell(
            "workers.fewer",
            f"{count:,} of {most:,} workers: more would not fit into {byte_size(left.bytes)} of free memory",
            {"workers": count, "most": most, "free_bytes": left.bytes},
        )
    return count
