"""Whatever a user can call says what it takes, or asks somebody who does."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from workbench.access.permissions import Permission
from workbench.adviser import Advisors
from workbench.auditing import Audit
from workbench.batch import Batch
from workbench.data.sources import Sources
from workbench.deployer import Deployments
from workbench.deployment import Deployment
from workbench.experiments import Experiments
from workbench.launcher import Runs
from workbench.people.keys import Keys
from workbench.people.projects import Projects
from workbench.people.workspaces import Workspaces
from workbench.registrar import Registry, SafePromotions
from workbench.registry.aliases import Aliases
from workbench.run import Run

FACADE = (
    *(Sources, Runs, Run, Registry, Aliases, SafePromotions, Deployments, Deployment, Batch, Advisors),
    *(Workspaces, Projects, Experiments, Keys, Audit),
)

ASKS = {
    Run: {"status"},
    Runs: {"watch"},
    Deployments: {"get", "front", "check_asking"},
    Deployment: {"record", "engine", "slug", "status", "predict", "wait", "schema", "url", "curl"},
    Batch: {"status"},
    Advisors: {"analyse", "design", "explain", "diagnose", "review", "drift"},
    Workspaces: {"list", "get", "create", "rename", "delete", "accept"},
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
