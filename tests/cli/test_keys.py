"""``workbench key …``"""

from __future__ import annotations

import pytest


def test_a_key_is_made_and_its_secret_alone_is_printed(fresh, settings, workbench):
    said = fresh("key", "create", "ci", "--scope", "runs:write", "--scope", "data:read")
    assert (said.code, len(said.out), said.out[:4], said.out[-1]) == (0, 48, "pck_", "\n")
    opened = workbench.for_key(said.out.strip(), origin="http 192.0.2.7")
    assert opened.actor.scopes == {"runs:write", "data:read"}
    assert "good for data:read, runs:write in default" in said.err
    assert said.out.strip() not in said.err


def test_a_key_is_made_as_json(fresh, workbench):
    made = fresh("key", "create", "ci", "--scope", "*", "--days", "0", "--limit", "60", "--json").document
    assert (made["key"]["expires_at"], made["key"]["requests_per_minute"]) == (None, 60)
    assert workbench.for_key(made["secret"], origin="http 192.0.2.7").actor.key_id == made["key"]["id"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ci", "--scope", "run:write"], ["There is no scope", "Did you mean runs:write?"]),
        (["", "--scope", "*"], ["cannot be called"]),
        (["ci", "--scope", "*", "--days", "3651"], ["3650 days"]),
        (["ci", "--scope", "*", "--limit", "-1"], ["limit"]),
    ],
    ids=["scope", "name", "days", "limit"],
)
def test_a_key_that_cannot_be_made_is_refused(fresh, arguments, words):
    fresh("key", "create", *arguments).refuses(*words)


def test_keys_are_listed_rotated_and_revoked(fresh):
    assert "no keys yet" in fresh("key", "list").out
    old = fresh("key", "create", "ci", "--scope", "*", "--json").document["key"]
    new = fresh("key", "rotate", old["id"], "--grace", "10", "--json").document["key"]
    assert new["replaces_id"] == old["id"]
    assert fresh("key", "revoke", old["id"][-8:]).out == f"ci ({old['prefix']}…) is good no more\n"
    listed = fresh("key", "list", "--everybody", "--json").document
    assert [(key["id"], key["status"]) for key in listed] == [(new["id"], "active"), (old["id"], "revoked")]
    shown = fresh("key", "list").out
    assert [word for word in (new["id"][-8:], new["prefix"], "active", "revoked") if word not in shown] == []


def test_a_key_that_there_is_not_is_refused(fresh):
    fresh("key", "revoke", "nothing").refuses("There is no key 'nothing'")
