"""What was done is told: by whom, from where, to what, and once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.audited import acts
from tests.audited.acts import issued, queued, uploaded
from workbench.workbench import Workbench

DOES: dict[str, tuple[str, Callable[[Workbench], str]]] = {
    "data.uploaded": ("source", uploaded),
    "data.added": ("source", acts.added),
    "data.retyped": ("source", lambda mine: mine.data.retype(uploaded(mine), {"a": "text"}).id),
    "data.refreshed": ("source", acts.refreshed),
    "data.deleted": ("source", acts.deleted),
    "run.submitted": ("run", lambda mine: queued(mine).id),
    "run.cancelled": ("run", acts.cancelled),
    "run.deleted": ("run", acts.removed),
    "advice.given": ("source", acts.analysed),
    "key.issued": ("key", lambda mine: issued(mine).id),
    "key.revoked": ("key", lambda mine: mine.keys.revoke(issued(mine)).id),
    "key.rotated": ("key", lambda mine: str(mine.keys.rotate(issued(mine)).key.replaces_id)),
    "project.created": ("project", lambda mine: mine.projects.create("juice").id),
    "member.role_set": ("member", acts.appointed),
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
