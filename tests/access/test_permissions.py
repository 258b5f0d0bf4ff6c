import pytest

from workbench.access.permissions import ALL, Permission, Role, checked_scopes, granted
from workbench.errors import BadRequest


def test_each_role_may_do_what_those_before_it_may():
    assert [[role.covers(least) for least in Role] for role in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


@pytest.mark.parametrize(
    ("role", "permissions"),
    [
        (
            Role.VIEWER,
            {"keys:write", "predict", *(one for one in Permission if one.endswith(":read"))} - {"audit:read"},
        ),
        (Role.OWNER, {"members:write", "audit:read"}),
    ],
)
def test_what_a_role_is_the_first_to_do(role, permissions):
    assert {one for one in Permission if one.least_role is role} == permissions


def test_a_scope_lets_do_what_it_takes_besides():
    assert granted("deployments:write") == {
        "deployments:write",
        "deployments:read",
        "registry:write",
        "registry:read",
        "runs:write",
        "runs:read",
        "data:read",
        "predict:*",
    }


def test_a_scope_to_write_implies_the_one_to_read():
    writing = [one for one in Permission if one.endswith(":write") and one.replace("write", "read") in set(Permission)]
    assert writing
    assert all(str(one).replace("write", "read") in granted(one) for one in writing)


def test_a_scope_for_one_deployment_is_for_that_one_alone():
    assert granted("predict:juice") == {"predict:juice"}


def test_scopes_are_ordered_and_each_is_there_once():
    assert checked_scopes(["runs:write", "data:read", "runs:write"]) == ("data:read", "runs:write")
    assert checked_scopes(ALL) == (ALL,)


@pytest.mark.parametrize("scope", ["run:write", "predict", "predict:", "predict:No", "predict:a b", "", 7, None, ["*"]])
def test_a_scope_that_is_not_there_is_refused_with_those_that_are(scope):
    with pytest.raises(BadRequest, match="runs:write") as raised:
        checked_scopes([scope])
    assert raised.value.code == "key.scope_unknown"


def test_a_key_without_a_scope_is_refused():
    with pytest.raises(BadRequest, match="at least"):
        checked_scopes([])
