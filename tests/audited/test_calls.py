"""Each call of the facade that changes something is known to leave a line."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from tests.audited.writes import STORES_NOTHING, WRITES
from workbench.batch import Batch
from workbench.deployment import Deployment
from workbench.run import Run
from workbench.workbench import Workbench

HANDLES = (Run, Deployment, Batch)


def facade(of: object) -> Iterator[type]:
    """Find the classes that a user reaches from a workbench, and those that are handed out."""
    for member in vars(of).values():
        kind = type(member)
        if kind.__module__.startswith("workbench.") and any(hasattr(call, "needs") for _, call in calls(kind)):
            yield kind
            yield from facade(member)


def calls(kind: type) -> Iterator[tuple[str, Any]]:
    for name, member in inspect.getmembers(kind):
        found = member.fget if isinstance(member, property) else member
        if inspect.isfunction(found) and not name.startswith("_"):
            yield name, found


def changing(workbench: Workbench) -> dict[str, bool]:
    kinds = {*facade(workbench), *HANDLES}
    return {
        call.__qualname__: call.changes
        for kind in kinds
        for _, call in calls(kind)
        if hasattr(call, "needs") and not call.needs.is_reading
    }


def test_each_call_that_changes_something_is_known_to_leave_a_line(workbench):
    found = changing(workbench)
    assert {name for name, changes in found.items() if changes} == set(WRITES) & set(found)
    assert {name for name, changes in found.items() if not changes} == STORES_NOTHING
    # The rest are those that others stand for: what `SafePromotions` calls.
    assert set(WRITES) - set(found) == {"Promotions.complete", "Promotions.propose"}
