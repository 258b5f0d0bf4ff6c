"""Keys that are shown: who it is that shows one is read anew each time, and what was done with it is told."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from sqlalchemy import event

from workbench.access.permissions import Permission
from workbench.errors import Forbidden, Unauthorized
from workbench.people.identity import local_actor
from workbench.people.key import Use
from workbench.people.keys import Keys
from workbench.store.tables import KeyRow, MembershipRow, UserRow, now
from workbench.workbench import Workbench

HTTP = "http 192.0.2.7"


def refused(home: Workbench, secret: object) -> Unauthorized:
    with pytest.raises(Unauthorized) as raised:
        home.for_key(secret, origin=HTTP)
    return raised.value


def expire(home: Workbench, key_id: str) -> None:
    with home._store.database.write() as session:
        session.get_one(KeyRow, key_id).expires_at = now() - timedelta(seconds=1)


def test_who_shows_a_key_acts_as_its_user_within_its_scopes(home):
    issued = home.keys.create("ci", ["runs:write"])
    actor = home.for_key(issued.secret, origin=HTTP).actor
    assert (actor.name, actor.role, actor.origin, actor.key_id) == (home.user, "owner", HTTP, issued.key.id)
    assert actor.may(Permission.RUNS_WRITE)
    assert not actor.may(Permission.REGISTRY_WRITE)


def test_a_key_opens_its_own_workspace_and_no_other(workbench):
    workbench.workspaces.create("elsewhere")
    issued = workbench.within("elsewhere").keys.create("there", "*")
    opened = workbench.for_key(issued.secret, origin=HTTP)
    assert opened.workspaces.current().name == issued.key.workspace == "elsewhere"


def test_nobody_administers_the_home_by_a_key(workbench):
    opened = workbench.for_key(workbench.keys.create("ci", "*").secret, origin=HTTP)
    assert not opened.actor.is_administrator
    with pytest.raises(Forbidden):
        opened.audit.list(everywhere=True)


def test_a_key_follows_the_role_of_its_user(workbench, acting):
    issued = acting("eda", "editor").keys.create("nightly", "runs:write")
    workbench.workspaces.set_role("eda", "viewer")
    actor = workbench.for_key(issued.secret, origin=HTTP).actor
    assert actor.why_not(Permission.RUNS_WRITE).code == "access.role_too_low"
    workbench.workspaces.set_role("eda", "editor")
    assert workbench.for_key(issued.secret, origin=HTTP).actor.may(Permission.RUNS_WRITE)


def test_a_key_whose_user_is_no_member_is_no_key(workbench, acting):
    issued = acting("eda", "editor").keys.create("nightly", "*")
    with workbench._store.database.write() as session:
        session.query(MembershipRow).where(MembershipRow.role == "editor").delete()
    assert refused(workbench, issued.secret).code == "key.invalid"


def test_an_administrators_key_is_good_in_each_workspace_without_a_membership(workbench, acting):
    issued = acting("ada", "editor").keys.create("nightly", "*")
    with workbench._store.database.write() as session:
        session.query(MembershipRow).where(MembershipRow.role == "editor").delete()
        session.query(UserRow).where(UserRow.name == "ada").update({"is_administrator": True})
    assert workbench.for_key(issued.secret, origin=HTTP).actor.role == "owner"


def test_an_expired_key_is_refused(home):
    issued = home.keys.create("short", "*", days=1)
    expire(home, issued.key.id)
    assert refused(home, issued.secret).code == "key.expired"
    assert home.keys.get(issued.key.id).status == "expired"


def test_a_key_that_is_revoked_and_expired_is_told_to_be_revoked(workbench):
    issued = workbench.keys.create("short", "*", days=1)
    workbench.keys.revoke(issued.key)
    expire(workbench, issued.key.id)
    assert refused(workbench, issued.secret).code == "key.revoked"


def test_a_key_that_nobody_made_is_refused(home):
    assert refused(home, f"pck_{secrets.token_urlsafe(32)}").code == "key.invalid"


REST = "x" * 43
MALFORMED = {
    "empty": "",
    "its beginning alone": "pck_",
    "too short": f"pck_{REST[1:]}",
    "too long": f"pck_{REST}x",
    "without its beginning": f"xxxx{REST}",
    "in capitals": f"PCK_{REST}",
    "of an invitation": f"inv_{REST}",
    "after a blank": f" pck_{REST}",
    "before a line's end": f"pck_{REST}\n",
    "with an accent": f"pck_{REST[1:]}é",
    "with a digit of another script": f"pck_{REST[1:]}٣",
    "with a character 0": f"pck_{REST[1:]}\0",
    "with a sign that is in none": f"pck_{REST[1:]}=",
    "nothing": None,
    "a number": 7,
}


@pytest.mark.parametrize("secret", MALFORMED.values(), ids=MALFORMED)
def test_what_cannot_be_a_key_is_refused_without_a_look_at_the_database(workbench, secret):
    asked = []
    engine = workbench._store.database.engine
    event.listen(engine, "before_cursor_execute", lambda *about: asked.append(about[2]))
    assert (refused(workbench, secret).code, asked) == ("key.invalid", [])


def test_a_key_is_found_by_an_index(workbench):
    with workbench._store.database.read() as session:
        plan = session.connection().exec_driver_sql("EXPLAIN QUERY PLAN SELECT * FROM api_keys WHERE sha256 = 'a'")
        (line,) = plan.all()
    assert "USING INDEX" in line.detail


def test_the_last_use_is_written_down(home):
    key, other = (home.keys.create(name, "*").key for name in ("used", "unused"))
    at = now()
    home.bearers.used([Use(key.id, at - timedelta(seconds=5), "192.0.2.1"), Use(key.id, at, "192.0.2.2")])
    found = home.keys.get(key.id)
    assert (found.last_used_at, found.last_used_from) == (at, "192.0.2.2")
    assert home.keys.get(other.id).last_used_at is None


def test_the_last_use_is_written_down_once_a_minute(home):
    key, at = home.keys.create("used", "*").key, now()
    for seconds in (0, 59):
        home.bearers.used([Use(key.id, at + timedelta(seconds=seconds), "192.0.2.1")])
    assert home.keys.get(key.id).last_used_at == at
    home.bearers.used([Use(key.id, at + timedelta(seconds=60), "192.0.2.9")])
    assert home.keys.get(key.id).last_used_at == at + timedelta(seconds=60)


def test_uses_of_keys_that_are_gone_do_no_harm(workbench):
    workbench.bearers.used([Use("nothing", now(), "192.0.2.1" * 100)])
    workbench.bearers.used([])
    assert workbench.keys.list() == []


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_that_a_key_was_shown_that_is_good_no_more_is_told(home, end):
    issued = home.keys.create("short", "*")
    if end == "revoked":
        home.keys.revoke(issued.key)
    else:
        expire(home, issued.key.id)
    home.bearers.refused(refused(home, issued.secret), origin=HTTP)
    (line,) = home.audit.list(action="key.refused")
    assert (line.by, line.origin, line.key_id, line.subject_id) == (home.user, HTTP, issued.key.id, issued.key.id)
    assert (line.outcome, line.details) == ("denied", {"code": f"key.{end}"})
    assert issued.key.prefix in line.message


def test_that_something_was_shown_that_never_was_a_key_is_not_told(workbench):
    before = workbench.mark()
    workbench.bearers.refused(refused(workbench, f"pck_{secrets.token_urlsafe(32)}"), origin=HTTP)
    assert workbench.mark() == before


def test_a_revocation_is_told_to_those_who_know_keys_by_heart(store):
    told = []
    keys = Keys(store.on_behalf_of(local_actor(store, origin="python")), lambda: told.append(1))
    first, second = keys.create("one", "*").key, keys.create("two", "*").key
    assert told == []
    keys.revoke(first)
    keys.rotate(second)
    assert len(told) == 2
