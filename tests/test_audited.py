"""Whatever changes something leaves a line in the audit log; so does what was refused, and what failed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from workbench.access.actor import Actor
from workbench.access.permissions import Permission, Role
from workbench.access.seldom import Seldom
from workbench.batch import Batch
from workbench.data.upload import Upload
from workbench.deployment import Deployment
from workbench.errors import BadRequest, Conflict, EngineFault, Forbidden, NotFound, WorkbenchError
from workbench.people.key import Key
from workbench.run import Run
from workbench.runs import queue
from workbench.runs.queue import SourceIdentity
from workbench.runs.spec import Asked, make_spec
from workbench.store import audit
from workbench.store.needs import telling
from workbench.workbench import Workbench

HANDLES = (Run, Deployment, Batch)

WRITES = {
    "Advisors.consult": {"advice.asked", "advice.given"},
    "Advisors.narrate": {"advice.narration_asked"},
    "Aliases.rollback": {"alias.rolled_back"},
    "Aliases.set": {"alias.set"},
    "Aliases.unset": {"alias.unset"},
    "Batch.cancel": {"batch.cancelled"},
    "Batch.delete": {"batch.deleted"},
    "Deployment.batch": {"batch.begun"},
    "Deployment.delete": {"deployment.deleted"},
    "Deployment.export": {"pipeline.exported"},
    "Deployment.follow": {"deployment.follows"},
    "Deployment.open_to": {"deployment.access"},
    "Deployment.restore": {"deployment.swapping"},
    "Deployment.rollback": {"deployment.swapping"},
    "Deployment.shadow": {"deployment.shadowed", "deployment.unshadowed"},
    "Deployment.stop": {"deployment.stopped"},
    "Deployment.swap": {"deployment.swapping"},
    "Deployment.warm": {"deployment.warming"},
    "Deployments.deploy": {"deployment.created", "pipeline.promoted"},
    "Experiments.rename": {"experiment.renamed"},
    "Keys.create": {"key.issued"},
    "Keys.revoke": {"key.revoked"},
    "Keys.rotate": {"key.rotated"},
    "Pipelines.delete": {"pipeline.deleted"},
    "Pipelines.make": {"pipeline.promoted"},
    "Pipelines.promote": {"pipeline.promoted"},
    "Projects.create": {"project.created"},
    "Projects.delete": {"project.deleted"},
    "Projects.rename": {"project.renamed"},
    "Promotions.acknowledge": {"promotion.acknowledged"},
    "Promotions.cancel": {"promotion.cancelled"},
    "Promotions.complete": {"promotion.promoted"},
    "Promotions.propose": {"promotion.proposed"},
    "Registry.fitted": {"run.submitted"},
    "Registry.promote": {"pipeline.promoted"},
    "Run.cancel": {"run.cancelled"},
    "Run.delete": {"run.deleted"},
    "Runs.fit_of": {"run.submitted"},
    "Runs.resume": {"run.resumed"},
    "Runs.submit": {"run.submitted"},
    "SafePromotions.complete": {"promotion.promoted"},
    "SafePromotions.propose": {"promotion.proposed"},
    "Sources.add": {"data.added"},
    "Sources.delete": {"data.deleted"},
    "Sources.refresh": {"data.refreshed"},
    "Sources.retype": {"data.retyped"},
    "Sources.sample": {"data.added"},
    "Sources.upload": {"data.uploaded"},
    "Workspaces.invite": {"invitation.created"},
    "Workspaces.leave": {"member.removed"},
    "Workspaces.remove": {"member.removed"},
    "Workspaces.revoke_invitation": {"invitation.revoked"},
    "Workspaces.set_role": {"member.role_set"},
}
"""Each call of the facade that changes something → what the audit log tells of it."""

STORES_NOTHING = {
    "Deployments.batch_to_change",
    "Deployments.to_change",
    "Runs.check",
    "Runs.estimate",
    "Runs.to_change",
    "Sources.begin_upload",
    "Sources.test",
    "Workspaces.invitations",
}
"""What takes a permission to change something, and changes nothing yet."""


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


@pytest.fixture
def mine(workbench) -> Workbench:
    """The home, opened for an owner from somewhere."""
    return workbench.on_behalf_of(Actor("olga", Role.OWNER, origin="http 192.0.2.7", is_administrator=True))


def table(rows: int = 3) -> bytes:
    return ("a,b\n" + "".join(f"{row},x\n" for row in range(rows))).encode()


def uploaded(mine: Workbench, rows: int = 3) -> str:
    with mine.data.begin_upload("small.csv") as upload:
        upload.write(table(rows))
        return upload.finish().id


def added(mine: Workbench, rows: int = 3) -> str:
    path = mine.settings.home / "placed.csv"
    path.write_bytes(table(rows))
    return mine.data.add(path).id


def refreshed(mine: Workbench) -> str:
    source = mine.data.get(added(mine))
    (mine.settings.home / "placed.csv").write_bytes(table(5))
    return mine.data.refresh(source).id


def deleted(mine: Workbench) -> str:
    source = uploaded(mine)
    mine.data.delete(source)
    return source


def queued(mine: Workbench) -> Run:
    """Put a run into the queue; nobody carries it out."""
    iris = mine.data.sample("iris")
    spec = make_spec(Asked(task="classification", target="species"))
    identity = SourceIdentity(iris.id, iris.name, iris.sha256)
    made = queue.submit(mine._store, identity, spec, by=mine.user, snapshot={}, service_is_warm=True)
    return Run(mine._store, made.id)


def cancelled(mine: Workbench) -> str:
    run = queued(mine)
    run.cancel()
    return run.id


def removed(mine: Workbench) -> str:
    run = queued(mine)
    run.delete()
    return run.id


def analysed(mine: Workbench) -> str:
    iris = mine.data.sample("iris")
    mine.advisors.analyse(iris)
    return iris.id


def issued(mine: Workbench) -> Key:
    return mine.keys.create("ci", "*").key


def appointed(mine: Workbench) -> str:
    mine.workspaces.set_role("vera", "viewer")
    return "vera"


DOES: dict[str, tuple[str, Callable[[Workbench], str]]] = {
    "data.uploaded": ("source", uploaded),
    "data.added": ("source", added),
    "data.retyped": ("source", lambda mine: mine.data.retype(uploaded(mine), {"a": "text"}).id),
    "data.refreshed": ("source", refreshed),
    "data.deleted": ("source", deleted),
    "run.submitted": ("run", lambda mine: queued(mine).id),
    "run.cancelled": ("run", cancelled),
    "run.deleted": ("run", removed),
    "advice.given": ("source", analysed),
    "key.issued": ("key", lambda mine: issued(mine).id),
    "key.revoked": ("key", lambda mine: mine.keys.revoke(issued(mine)).id),
    "key.rotated": ("key", lambda mine: str(mine.keys.rotate(issued(mine)).key.replaces_id)),
    "project.created": ("project", lambda mine: mine.projects.create("juice").id),
    "member.role_set": ("member", appointed),
    "invitation.created": ("invitation", lambda mine: mine.workspaces.invite("vera").invitation.id),
}
"""What is done → to what kind of thing, and how; each returns the id of the thing."""


@pytest.mark.parametrize("action", DOES)
def test_what_was_done_is_told_with_who_did_it_from_where_and_to_what(mine, action):
    kind, act = DOES[action]
    subject_id = act(mine)
    line = mine.audit.list(action=action)[0]
    assert (line.by, line.origin, line.outcome) == ("olga", "http 192.0.2.7", "done")
    assert (line.subject, line.subject_id) == (kind, subject_id)
    assert line.workspace_id == mine._store.workspace_id
    assert mine.audit.verify().is_whole


def test_a_run_that_is_deleted_while_it_waits_is_told_once(mine):
    run = queued(mine)
    run.delete()
    assert [line.action for line in mine.audit.list(subject_id=run.id)] == ["run.deleted", "run.submitted"]


def test_a_run_that_has_ended_is_not_told_to_be_cancelled_again(mine):
    run = queued(mine)
    run.cancel()
    run.cancel()
    assert len(mine.audit.list(action="run.cancelled")) == 1


def test_a_key_is_told_with_what_was_done_by_it(mine):
    made = mine.keys.create("ci", "*")
    bearer = mine.for_key(made.secret, origin="http 192.0.2.8")
    bearer.projects.create("by a key")
    (line,) = mine.audit.list(key_id=made.key.id)
    assert (line.by, line.origin, line.action) == ("olga", "http 192.0.2.8", "project.created")


FAILS = {
    "Sources.delete": (lambda mine: mine.data.delete("nothing"), NotFound, "data.not_found"),
    "Sources.sample": (lambda mine: mine.data.sample("nothing"), NotFound, "data.unknown_sample"),
    "Runs.submit": (lambda mine: mine.runs.submit("nothing", target="a"), NotFound, "data.not_found"),
    "Keys.create": (lambda mine: mine.keys.create("", "*"), BadRequest, "key.name_invalid"),
    "Aliases.unset": (lambda mine: mine.registry.aliases.unset("nobody"), NotFound, "alias.not_found"),
    "Upload.finish": (lambda mine: uploaded(mine, 0), BadRequest, "data.no_rows"),
    "Deployments.deploy": (lambda mine: mine.deployments.deploy(slug="x"), BadRequest, "spec.invalid"),
    "Workspaces.create": (lambda mine: mine.workspaces.create(""), BadRequest, "workspace.name_invalid"),
    "Workspaces.rename": (lambda mine: mine.workspaces.rename("nothing", "a"), NotFound, "workspace.not_found"),
    "Workspaces.delete": (lambda mine: mine.workspaces.delete("nothing"), NotFound, "workspace.not_found"),
}


@pytest.mark.parametrize("call", FAILS)
def test_what_was_allowed_and_failed_is_told_once(mine, call):
    act, kind, _ = FAILS[call]
    with pytest.raises(kind) as raised:
        act(mine)
    (line,) = mine.audit.list(outcome="failed")
    assert (line.action, line.by, line.origin) == ("call.failed", "olga", "http 192.0.2.7")
    assert (line.subject, line.subject_id) == ("workspace", mine._store.workspace_id)
    assert line.details["code"] == raised.value.code
    assert line.message.startswith(f"{call}: ")


def test_what_failed_of_a_thing_is_told_of_it(mine):
    run = queued(mine)
    run.delete()
    with pytest.raises(NotFound):
        run.cancel()
    (line,) = mine.audit.list(outcome="failed")
    assert (line.subject, line.subject_id, line.details["code"]) == ("run", run.id, "run.not_found")


@pytest.mark.parametrize(
    "act",
    [
        lambda mine: mine.runs.check("nothing", target="a"),
        lambda mine: mine.runs.estimate("nothing", target="a"),
        lambda mine: mine.data.test("/nowhere/table.csv"),
        lambda mine: mine.data.get("nothing"),
        lambda mine: mine.runs.get("nothing"),
        lambda mine: mine.keys.get("nothing"),
    ],
    ids=["check", "estimate", "test", "source", "run", "key"],
)
def test_what_changes_nothing_and_failed_is_not_told(mine, act):
    with pytest.raises(WorkbenchError):
        act(mine)
    assert mine.audit.list() == []


def test_what_failed_further_in_and_was_mended_is_not_told(mine, monkeypatch):
    finish = Upload.finish

    def taken_by_another_process(self: Upload, *about: Any) -> Any:
        finish(self, *about)
        raise Conflict("data.name_taken", "…")

    monkeypatch.setattr(Upload, "finish", taken_by_another_process)
    mine.data.sample("iris")
    assert [line.action for line in mine.audit.list()] == ["data.added"]


def test_what_was_refused_is_told_once(workbench):
    viewer = workbench.on_behalf_of(Actor("vera", Role.VIEWER, origin="http 192.0.2.9"))
    with pytest.raises(Forbidden):
        viewer.data.sample("iris")
    (line,) = workbench.audit.list()
    assert (line.action, line.outcome, line.by) == ("access.denied", "denied", "vera")
    assert line.details == {"permission": "data:write", "code": "access.role_too_low", "role": "viewer"}


def test_what_was_refused_further_in_is_told_once(workbench):
    viewer = workbench.on_behalf_of(Actor("vera", Role.VIEWER, origin="http 192.0.2.9"))
    with pytest.raises(Forbidden):
        viewer.keys.create("too much", "runs:write")
    assert [line.action for line in workbench.audit.list()] == ["access.denied"]


@pytest.mark.parametrize("address", ["http://169.254.169.254/latest/meta-data/", "/etc/passwd"])
def test_what_was_refused_of_a_call_that_changes_nothing_is_told(mine, address):
    bearer = mine.for_key(mine.keys.create("ci", "*").secret, origin="http 192.0.2.8")
    with pytest.raises(Forbidden):
        bearer.data.test(address)
    (line,) = mine.audit.list(outcome="denied")
    assert (line.action, line.origin, line.message.split(":")[0]) == ("access.denied", "http 192.0.2.8", "Sources.test")


@pytest.mark.parametrize("by", [lambda mine: mine.workspaces.accept, lambda mine: mine.accept_invitation])
def test_a_code_that_is_none_is_told_once(mine, by):
    with pytest.raises(Forbidden):
        by(mine)("inv_none")
    (line,) = mine.audit.list(outcome="denied")
    assert (line.message.split(":")[0], line.details["code"]) == ("Workspaces.accept", "invitation.invalid")


def test_what_fails_in_a_call_that_only_asked_is_told_where_it_changes_something(mine):
    with (
        pytest.raises(NotFound),
        telling(mine._store, Permission.RUNS_READ, "Runs.look", changes=False),
    ):
        mine.data.delete("nothing")
    assert [line.message.split(":")[0] for line in mine.audit.list(outcome="failed")] == ["Sources.delete"]


def test_what_is_refused_or_fails_again_and_again_is_told_once_a_minute(mine):
    now = 0.0
    mine = Workbench(replace(mine._store, refusals=Seldom(lambda: now)))
    viewer = mine.on_behalf_of(Actor("vera", Role.VIEWER, origin="http 192.0.2.9"))

    def try_it() -> None:
        with pytest.raises(Forbidden):
            viewer.data.sample("iris")
        with pytest.raises(NotFound):
            mine.data.delete("nothing")

    for _ in range(30):
        try_it()
    assert sorted(line.action for line in mine.audit.list()) == ["access.denied", "call.failed"]
    now = 60.0
    try_it()
    told = [line.details.get("left_out") for line in mine.audit.list()]
    assert told == [29, 29, None, None]


def test_what_one_was_refused_keeps_no_other_refusal_from_being_told(mine):
    for name in ("vera", "viktor"):
        viewer = mine.on_behalf_of(Actor(name, Role.VIEWER, origin="http 192.0.2.9"))
        for act in (lambda: viewer.data.sample("iris"), lambda: viewer.projects.create("a")):  # noqa: B023
            with pytest.raises(Forbidden):
                act()
    assert len(mine.audit.list(outcome="denied")) == 4


def test_what_nobody_foresaw_is_not_told_for_a_failure_of_the_callers(mine, monkeypatch):
    monkeypatch.setattr(audit, "plain", lambda value: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        mine.keys.create("ci", "*")
    monkeypatch.undo()
    assert (mine.audit.list(), mine.keys.list()) == ([], [])


def test_a_log_that_cannot_be_written_keeps_no_error_from_its_caller(mine, monkeypatch):
    def away(*_: Any, **__: Any) -> None:
        raise EngineFault("store.unreachable", "…")

    monkeypatch.setattr(audit, "record", away)
    with pytest.raises(NotFound) as raised:
        mine.data.delete("nothing")
    assert raised.value.code == "data.not_found"


def test_a_run_is_told_from_its_submission_to_its_deletion(warm):
    run = warm.runs.submit(warm.data.sample("wine"), target="cultivar", plan="create", model="nb", folds=2)
    run.cancel()
    run.wait(60)
    resumed = warm.runs.resume(run)
    for one in (resumed, run):
        one.delete()
    told = [line.action for line in warm.audit.list(subject_id=run.id)]
    assert told[0] == "run.deleted"
    assert told[-1] == "run.submitted"
    assert [line.action for line in warm.audit.list(subject_id=resumed.id)][-1] == "run.resumed"
