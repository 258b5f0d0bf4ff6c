"""Keys: made within what their maker may do, seen by whom they concern, ended, replaced."""

from __future__ import annotations

from datetime import timedelta

import pytest

from workbench.access.permissions import Permission
from workbench.errors import BadRequest, Conflict, Forbidden, NotFound, Unauthorized
from workbench.store.tables import KeyRow, now
from workbench.workbench import Workbench, connect

HTTP = "http 192.0.2.7"


def by(home: Workbench, scopes, **how) -> Workbench:
    """The home, opened by a key that was made just now."""
    return home.for_key(home.keys.create("of a test", scopes, **how).secret, origin=HTTP)


def expire(home: Workbench, key_id: str) -> None:
    with home._store.database.write() as session:
        row = session.get_one(KeyRow, key_id)
        # It lives as long as before, and did so earlier.
        row.created_at, row.expires_at = now() - (row.expires_at - row.created_at), now()


def test_a_key_is_made_with_what_was_asked_for(home):
    issued = home.keys.create("  nightly runs ", ["runs:write", "data:read", "runs:write"], days=7)
    key = issued.key
    assert (key.name, key.scopes, key.status) == ("nightly runs", ("data:read", "runs:write"), "active")
    assert (key.user, key.created_by, key.workspace) == (home.user, home.user, "default")
    assert key.expires_at - key.created_at == timedelta(days=7)
    assert (key.last_used_at, key.last_used_from, key.revoked_at, key.replaces_id) == (None, None, None, None)
    assert issued.secret.startswith(key.prefix)
    assert (len(key.prefix), len(issued.secret)) == (12, 47)
    assert home.keys.get(key.id) == home.keys.get(key.id[-8:]) == home.keys.list()[0] == key


def test_a_key_can_be_good_for_ever(workbench):
    assert workbench.keys.create("mirror", "data:read", days=None).key.expires_at is None


def test_no_two_secrets_are_alike(workbench):
    assert len({workbench.keys.create("mirror", "*").secret for _ in range(20)}) == 20


@pytest.mark.parametrize("name", ["", "  ", "n" * 129, "two\nlines", "bell\a", "\ud800", "\0", None, 7])
def test_a_name_that_cannot_be_read_is_refused(workbench, name):
    with pytest.raises(BadRequest) as refused:
        workbench.keys.create(name, "*")
    assert (refused.value.code, workbench.keys.list()) == ("key.name_invalid", [])


@pytest.mark.parametrize("days", [0, -1, 3651, 1.5, "7", True])
def test_a_lifetime_that_is_none_is_refused(workbench, days):
    with pytest.raises(BadRequest) as refused:
        workbench.keys.create("mirror", "*", days=days)
    assert (refused.value.code, workbench.keys.list()) == ("key.expiry_invalid", [])


@pytest.mark.parametrize("requests", [-1, 1_000_001, 2.5, "9", False])
def test_a_limit_that_is_none_is_refused(workbench, requests):
    with pytest.raises(BadRequest) as refused:
        workbench.keys.create("mirror", "*", requests_per_minute=requests)
    assert (refused.value.code, workbench.keys.list()) == ("key.limit_invalid", [])


@pytest.mark.parametrize("scopes", [[], "runs", "predict", "predict:No", ["*", "all"], [7]])
def test_a_scope_that_there_is_not_is_refused(workbench, scopes):
    with pytest.raises(BadRequest) as refused:
        workbench.keys.create("mirror", scopes)
    assert (refused.value.code, workbench.keys.list()) == ("key.scope_unknown", [])


@pytest.mark.parametrize(
    ("role", "scope"), [("viewer", "runs:write"), ("viewer", "members:write"), ("editor", "audit:read")]
)
def test_nobody_makes_a_key_for_what_their_role_does_not_allow(acting, role, scope):
    mine = acting("vera", role)
    with pytest.raises(Forbidden) as refused:
        mine.keys.create("too much", ["data:read", scope])
    assert (refused.value.code, mine.keys.list()) == ("access.role_too_low", [])


@pytest.mark.parametrize("scopes", ["*", ["runs:read", "predict:*", "predict:juice", "keys:write"]])
def test_a_viewer_makes_keys_for_what_viewers_may_do(acting, scopes):
    assert acting("vera", "viewer").keys.create("look", scopes).key.user == "vera"


@pytest.mark.parametrize("scope", ["*", "members:write", "runs:write", "predict:*", "predict:wine"])
def test_a_narrow_key_makes_no_wider_one(workbench, scope):
    narrow = by(workbench, ["keys:write", "data:write", "predict:juice"])
    with pytest.raises(Forbidden) as refused:
        narrow.keys.create("wider", [scope])
    assert refused.value.code == "access.scope_missing"
    assert [key.name for key in workbench.keys.list()] == ["of a test"]


@pytest.mark.parametrize("scope", ["data:read", "data:write", "predict:juice", "keys:write"])
def test_a_narrow_key_makes_ones_within_its_own_scopes(workbench, scope):
    narrow = by(workbench, ["keys:write", "data:write", "predict:juice"])
    assert narrow.keys.create("within", [scope]).key.scopes == (scope,)


def test_a_key_that_may_not_make_keys_makes_none(workbench):
    with pytest.raises(Forbidden, match="keys:write"):
        by(workbench, "runs:write").keys.create("more", "runs:read")


def test_who_is_no_member_makes_no_key(stranger):
    with pytest.raises(Forbidden) as refused:
        stranger.keys.create("in", "*")
    assert refused.value.code == "access.not_a_member"


def test_ones_own_keys_are_listed_and_no_others(workbench, acting):
    mine = acting("vera", "viewer")
    workbench.keys.create("of the owner", "*")
    mine.keys.create("of vera", "*")
    assert [key.name for key in mine.keys.list()] == ["of vera"]
    assert [key.name for key in workbench.keys.list()] == ["of the owner"]
    assert {key.name for key in workbench.keys.list(everybody=True)} == {"of vera", "of the owner"}


def test_only_owners_see_all_keys(acting):
    with pytest.raises(Forbidden) as refused:
        acting("eda", "editor").keys.list(everybody=True)
    assert refused.value.code == "access.role_too_low"


def test_only_owners_see_a_key_of_somebody_else(workbench, acting):
    key = workbench.keys.create("of the owner", "*").key
    with pytest.raises(Forbidden):
        acting("eda", "editor").keys.get(key.id)
    assert acting("olga", "owner").keys.get(key.id) == key


def test_keys_of_another_workspace_are_not_there(workbench):
    key = workbench.keys.create("here", "*").key
    workbench.workspaces.create("elsewhere")
    elsewhere = workbench.within("elsewhere")
    assert elsewhere.keys.list(everybody=True) == []
    for call in (elsewhere.keys.get, elsewhere.keys.revoke, elsewhere.keys.rotate):
        with pytest.raises(NotFound) as refused:
            call(key.id)
        assert refused.value.code == "key.not_found"


def test_a_list_goes_on_where_the_page_before_ended(home):
    made = [home.keys.create(f"key {number}", "*").key.id for number in range(5)]
    first = home.keys.list(limit=2)
    rest = home.keys.list(limit=10, before=first[-1].id)
    assert [key.id for key in [*first, *rest]] == made[::-1]


@pytest.mark.parametrize("reference", ["nothing", "", "0000", "no\0key", None])
def test_a_key_that_there_is_not_is_not_found(workbench, reference):
    for call in (workbench.keys.get, workbench.keys.revoke, workbench.keys.rotate):
        with pytest.raises(NotFound) as refused:
            call(reference)
        assert refused.value.code == "key.not_found"


def test_a_list_cannot_go_on_after_a_key_that_there_is_not(workbench):
    with pytest.raises(NotFound):
        workbench.keys.list(before="nothing")


def test_a_revoked_key_is_good_no_more(home):
    issued = home.keys.create("short", "*")
    revoked = home.keys.revoke(issued.key)
    assert (revoked.status, revoked.revoked_by, home.keys.get(revoked.id)) == ("revoked", home.user, revoked)
    with pytest.raises(Unauthorized) as refused:
        home.for_key(issued.secret, origin=HTTP)
    assert refused.value.code == "key.revoked"


def test_revoking_twice_is_revoking_once(workbench):
    key = workbench.keys.create("short", "*").key
    assert workbench.keys.revoke(key.id) == workbench.keys.revoke(key.id)
    assert len(workbench.audit.list(action="key.revoked")) == 1


def test_an_owner_revokes_anybodys_key_and_nobody_else_does(workbench, acting):
    vera = acting("vera", "viewer")
    key = vera.keys.create("of vera", "*").key
    with pytest.raises(Forbidden) as refused:
        acting("eda", "editor").keys.revoke(key.id)
    assert (refused.value.code, vera.keys.get(key.id).status) == ("access.role_too_low", "active")
    assert acting("olga", "owner").keys.revoke(key.id).revoked_by == "olga"


def test_who_is_no_member_any_more_has_no_keys_left(workbench, acting):
    issued = acting("vera", "viewer").keys.create("of vera", "*")
    workbench.workspaces.remove("vera")
    assert workbench.keys.list(everybody=True)[0].status == "revoked"
    with pytest.raises(Unauthorized):
        workbench.for_key(issued.secret, origin=HTTP)


def test_a_rotated_key_has_another_secret_and_is_otherwise_the_same(home):
    old = home.keys.create("nightly", ["runs:write"], days=30, requests_per_minute=60)
    new = home.keys.rotate(old.key.id)
    assert new.secret != old.secret
    assert (new.key.name, new.key.scopes, new.key.requests_per_minute) == ("nightly", ("runs:write",), 60)
    assert new.key.replaces_id == old.key.id
    assert new.key.expires_at - new.key.created_at == timedelta(days=30)
    assert home.keys.get(old.key.id).status == "revoked"
    assert home.for_key(new.secret, origin=HTTP).actor.may(Permission.RUNS_WRITE)


def test_a_rotated_key_stays_good_for_its_grace(workbench):
    old = workbench.keys.create("nightly", "*", days=None)
    workbench.keys.rotate(old.key.id, grace_minutes=10)
    kept = workbench.keys.get(old.key.id)
    assert kept.status == "active"
    assert timedelta(minutes=9) < kept.expires_at - now() <= timedelta(minutes=10)
    assert workbench.for_key(old.secret, origin=HTTP).user == workbench.user


def test_a_grace_makes_no_key_live_longer(workbench):
    old = workbench.keys.create("nightly", "*", days=1).key
    workbench.keys.rotate(old.id, grace_minutes=43_200)
    assert workbench.keys.get(old.id).expires_at == old.expires_at


def test_an_expired_key_is_rotated_into_a_good_one(workbench):
    old = workbench.keys.create("nightly", "*", days=5).key
    expire(workbench, old.id)
    assert workbench.keys.rotate(old.id).key.status == "active"


def test_a_revoked_key_is_not_brought_back(workbench):
    key = workbench.keys.create("nightly", "*").key
    workbench.keys.revoke(key.id)
    with pytest.raises(Conflict) as refused:
        workbench.keys.rotate(key.id)
    assert (refused.value.code, len(workbench.keys.list())) == ("key.revoked", 1)


@pytest.mark.parametrize("minutes", [-1, 43_201, 0.5, "10", None])
def test_a_grace_that_is_none_is_refused(workbench, minutes):
    key = workbench.keys.create("nightly", "*").key
    with pytest.raises(BadRequest) as refused:
        workbench.keys.rotate(key.id, grace_minutes=minutes)
    assert (refused.value.code, workbench.keys.get(key.id).status) == ("key.expiry_invalid", "active")


def test_nobody_rotates_somebody_elses_key(workbench, acting):
    key = acting("vera", "viewer").keys.create("of vera", "*").key
    with pytest.raises(Forbidden) as refused:
        workbench.keys.rotate(key.id)
    assert (refused.value.code, workbench.keys.get(key.id).status) == ("access.denied", "active")


def test_a_key_is_not_rotated_beyond_the_role_that_its_user_has_by_now(workbench, acting):
    key = acting("eda", "editor").keys.create("nightly", "runs:write").key
    with pytest.raises(Forbidden) as refused:
        acting("eda", "viewer").keys.rotate(key.id)
    assert refused.value.code == "access.role_too_low"


def test_a_key_made_by_a_key_ends_no_later_than_it(home):
    parent = home.keys.create("parent", "*", days=3)
    mine = home.for_key(parent.secret, origin=HTTP)
    for days in (None, 90):
        child = mine.keys.create("child", "*", days=days).key
        assert (child.expires_at, child.made_by_key_id) == (parent.key.expires_at, parent.key.id)
    shorter = mine.keys.create("child", "*", days=1).key
    assert shorter.expires_at - shorter.created_at == timedelta(days=1)
    assert parent.key.made_by_key_id is None


def test_a_key_made_by_a_key_asks_no_more_often_than_it(workbench):
    mine = by(workbench, "*", requests_per_minute=10)
    for requests in (0, 11):
        with pytest.raises(Forbidden) as refused:
            mine.keys.create("faster", "*", requests_per_minute=requests)
        assert refused.value.code == "access.scope_missing"
    asked = [mine.keys.create("child", "*", requests_per_minute=most).key.requests_per_minute for most in (None, 9)]
    assert asked == [10, 9]


@pytest.mark.parametrize("requests", [0, 6001])
def test_only_owners_make_keys_that_ask_more_than_the_settings_say(acting, requests):
    eda = acting("eda")
    with pytest.raises(Forbidden) as refused:
        eda.keys.create("faster", "*", requests_per_minute=requests)
    assert (refused.value.code, eda.keys.list()) == ("access.role_too_low", [])
    assert eda.keys.create("as fast", "*", requests_per_minute=6000).key.requests_per_minute == 6000
    assert acting("olga", "owner").keys.create("faster", "*", requests_per_minute=requests)


def test_an_owners_key_makes_faster_ones_only_where_it_may_manage_members(workbench):
    narrow = by(workbench, "keys:write", requests_per_minute=0)
    with pytest.raises(Forbidden) as refused:
        narrow.keys.create("fast", "keys:write", requests_per_minute=0)
    assert refused.value.code == "access.scope_missing"
    assert narrow.keys.create("as the settings say", "keys:write").key.requests_per_minute is None


def test_a_revoked_key_takes_along_what_was_made_by_it(home):
    parent = home.keys.create("parent", "*")
    child = home.for_key(parent.secret, origin=HTTP).keys.create("child", "*")
    grandchild = home.for_key(child.secret, origin=HTTP).keys.create("grandchild", "*")
    other = home.keys.create("other", "*")
    home.keys.revoke(parent.key)
    statuses = [home.keys.get(each.key.id).status for each in (parent, child, grandchild, other)]
    assert statuses == ["revoked", "revoked", "revoked", "active"]
    assert len(home.audit.list(action="key.revoked")) == 3


def test_what_a_key_made_is_found_behind_one_that_was_revoked_before(workbench):
    parent = workbench.keys.create("parent", "*")
    mine = workbench.for_key(parent.secret, origin=HTTP)
    replaced = mine.keys.rotate(parent.key.id)
    assert workbench.keys.get(replaced.key.id).status == "active"
    workbench.keys.revoke(parent.key)
    assert workbench.keys.get(replaced.key.id).status == "revoked"


def test_a_key_that_was_revoked_makes_no_key_any_more(workbench):
    parent = workbench.keys.create("parent", "*")
    mine = workbench.for_key(parent.secret, origin=HTTP)
    workbench.keys.revoke(parent.key)
    with pytest.raises(Unauthorized) as refused:
        mine.keys.create("late", "*")
    assert (refused.value.code, len(workbench.keys.list())) == ("key.revoked", 1)


def test_a_key_that_replaces_itself_lives_no_longer_by_that(workbench):
    old = workbench.keys.create("nightly", "*", days=5)
    with workbench._store.database.write() as session:
        row = session.get_one(KeyRow, old.key.id)
        row.created_at -= timedelta(days=4)
        row.expires_at = ends = row.expires_at - timedelta(days=4)
    new = workbench.for_key(old.secret, origin=HTTP).keys.rotate(old.key.id)
    assert (new.key.expires_at, new.key.made_by_key_id) == (ends, old.key.id)


@pytest.mark.parametrize(("grace", "status"), [(0, "revoked"), (10, "active")])
def test_what_a_key_made_ends_with_it_when_it_is_replaced(workbench, grace, status):
    old = workbench.keys.create("leaked", "*", days=None)
    child = workbench.for_key(old.secret, origin=HTTP).keys.create("child", "*", days=None).key
    workbench.keys.rotate(old.key.id, grace_minutes=grace)
    kept, replaced = workbench.keys.get(child.id), workbench.keys.get(old.key.id)
    assert (kept.status, kept.expires_at) == (status, replaced.expires_at)


def test_a_list_cannot_go_on_after_a_key_of_another_workspace(workbench):
    key = workbench.keys.create("here", "*").key
    workbench.workspaces.create("elsewhere")
    with pytest.raises(NotFound) as refused:
        workbench.within("elsewhere").keys.list(before=key.id)
    assert refused.value.code == "key.not_found"


def test_to_whom_the_home_is_open_becomes_an_owner_with_their_first_key(workbench, settings, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_USER", "second")
    second = connect(settings)
    issued = second.keys.create("mine", "*")
    second.close()
    assert workbench.for_key(issued.secret, origin=HTTP).actor.role == "owner"
    assert {member.name: str(member.role) for member in workbench.workspaces.members()}["second"] == "owner"
