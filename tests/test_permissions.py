"""Whatever a user can call says what it takes, or asks somebody who does."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from workbench.access.permissions import Permission
from workbench.adviser import Advisors
from workbench.batch import Batch
from workbench.data.sources import Sources
from workbench.deployer import Deployments
from workbench.deployment import Deployment
from workbench.launcher import Runs
from workbench.registrar import Registry, SafePromotions
from workbench.registry.aliases import Aliases
from workbench.run import Run

FACADE = (Sources, Runs, Run, Registry, Aliases, SafePromotions, Deployments, Deployment, Batch, Advisors)

ASKS = {
    Run: {"status"},
    Deployments: {"get", "front"},
    Deployment: {"record", "slug", "status", "predict", "wait", "schema", "url", "curl"},
    Batch: {"status"},
    Advisors: {"analyse", "design", "explain", "diagnose", "review", "drift", "check_narrator"},
}
"""What says nothing: it calls what does, asks for itself, or touches nothing of the workspace."""


def members(kind: type) -> Iterator[tuple[str, Any]]:
    for name, member in inspect.getmembers(kind):
        if not name.startswith("_"):
            found = member.fget if isinstance(member, property) else member
            if inspect.isfunction(found):
                yield name, found


@pytest.mark.parametrize("kind", FACADE, ids=lambda kind: kind.__name__)
def test_every_call_says_what_it_takes(kind):
    silent = {name for name, call in members(kind) if not isinstance(getattr(call, "needs", None), Permission)}
    assert silent == ASKS.get(kind, set())
