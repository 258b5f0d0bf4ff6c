"""What a home has here, it has elsewhere: the same names, taking and giving the same."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from workbench import adviser, auditing, batch, deployer, deployment, experiments, launcher, registrar, run, workbench
from workbench.data import sources, upload
from workbench.people import keys, projects, workspaces
from workbench.registry import aliases
from workbench.remote import advisors as far_advisors
from workbench.remote import audit as far_audit
from workbench.remote import batch as far_batch
from workbench.remote import deployment as far_deployment
from workbench.remote import deployments as far_deployments
from workbench.remote import experiments as far_experiments
from workbench.remote import keys as far_keys
from workbench.remote import people as far_people
from workbench.remote import promotions as far_promotions
from workbench.remote import registry as far_registry
from workbench.remote import run as far_run
from workbench.remote import runs as far_runs
from workbench.remote import sources as far_sources
from workbench.remote import upload as far_upload
from workbench.remote import workbench as far_workbench

PAIRS = {
    workbench.Workbench: far_workbench.Workbench,
    sources.Sources: far_sources.Sources,
    upload.Upload: far_upload.Upload,
    launcher.Runs: far_runs.Runs,
    run.Run: far_run.Run,
    registrar.Registry: far_registry.Registry,
    aliases.Aliases: far_registry.Aliases,
    registrar.SafePromotions: far_promotions.Promotions,
    deployer.Deployments: far_deployments.Deployments,
    deployment.Deployment: far_deployment.Deployment,
    batch.Batch: far_batch.Batch,
    adviser.Advisors: far_advisors.Advisors,
    workspaces.Workspaces: far_people.Workspaces,
    projects.Projects: far_people.Projects,
    experiments.Experiments: far_experiments.Experiments,
    keys.Keys: far_keys.Keys,
    auditing.Audit: far_audit.Audit,
}

HERE_ALONE = {
    workbench.Workbench: {"for_key", "on_behalf_of", "carrying_out", "changes", "mark"},
    sources.Sources: {"is_here"},
    launcher.Runs: {"watch", "to_change"},
    registrar.Registry: {"make"},
    deployer.Deployments: {"front", "check_asking", "to_change", "batch_to_change"},
    deployment.Deployment: {"restore"},
}
"""What the engine does with its own store and processes, and nobody asks for over HTTP."""


def members(kind: type) -> Iterator[tuple[str, Any]]:
    for name, member in inspect.getmembers(kind):
        found = member.fget if isinstance(member, property) else member
        if not name.startswith("_") and inspect.isfunction(found):
            yield name, member


def told(member: Any) -> tuple[Any, ...]:
    """Return what a caller may rely on: whether it is called, what it takes, and what it gives."""
    if isinstance(member, property):
        return "property", inspect.signature(member.fget).return_annotation
    signature = inspect.signature(member)
    taken = [(one.name, one.kind, _plain(one.default)) for one in list(signature.parameters.values())[1:]]
    return "method", taken, signature.return_annotation


def _plain(default: Any) -> Any:
    # Two functions that do nothing are alike.
    return "a function" if callable(default) else default


@pytest.mark.parametrize("kind", PAIRS, ids=lambda kind: kind.__name__)
def test_what_is_here_is_elsewhere_too(kind):
    here, elsewhere = dict(members(kind)), dict(members(PAIRS[kind]))
    assert set(here) - HERE_ALONE.get(kind, set()) == set(elsewhere)
    assert {name: told(member) for name, member in elsewhere.items()} == {name: told(here[name]) for name in elsewhere}


def test_every_room_of_the_facade_is_compared(warm, remote):
    rooms = {name: type(value) for name, value in vars(warm).items() if not name.startswith("_")}
    far_rooms = {name: type(value) for name, value in vars(remote).items() if not name.startswith("_")}
    alone = {"settings", "service", "bearers", "answered"}
    assert {name: PAIRS[kind] for name, kind in rooms.items() if name not in alone} == far_rooms


@pytest.mark.parametrize("name", ["settings", "service", "for_key", "changes"])
def test_what_is_only_where_the_home_is_says_so(remote, name):
    with pytest.raises(Exception, match="where the home is") as raised:
        getattr(remote, name)
    assert raised.value.code == "remote.not_possible"


def test_what_is_nowhere_is_no_attribute(remote):
    assert not hasattr(remote, "nowhere")
