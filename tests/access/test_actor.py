import pytest

from workbench.access.actor import ENGINE, Actor
from workbench.access.permissions import Permission, Role
from workbench.errors import Forbidden


def bearing(*scopes: str, role: Role | None = Role.OWNER) -> Actor:
    return Actor("ada", role, scopes=frozenset(scopes))


def test_without_a_key_the_role_alone_counts():
    assert Actor("ada", Role.EDITOR).may(Permission.RUNS_WRITE)
    assert not Actor("ada", Role.VIEWER).may(Permission.RUNS_WRITE)


def test_nobody_does_anything_where_they_are_no_member():
    with pytest.raises(Forbidden, match="ada is no member") as raised:
        Actor("ada", None).check(Permission.DATA_READ)
    assert raised.value.code == "access.not_a_member"


def test_a_role_that_is_too_low_is_told_with_the_one_it_takes():
    with pytest.raises(Forbidden, match="ada is a viewer here; this takes an editor") as raised:
        Actor("ada", Role.VIEWER).check(Permission.DATA_WRITE)
    assert raised.value.code == "access.role_too_low"


def test_a_scope_that_lacks_is_named():
    with pytest.raises(Forbidden, match="lacks the scope registry:write") as raised:
        bearing("runs:write").check(Permission.REGISTRY_WRITE)
    assert raised.value.code == "access.scope_missing"


def test_a_wide_key_lets_its_bearer_do_no_more_than_its_owner_may():
    with pytest.raises(Forbidden, match="is a viewer"):
        bearing("*", role=Role.VIEWER).check(Permission.RUNS_WRITE)


@pytest.mark.parametrize(
    ("scope", "slug", "may"),
    [
        ("predict:juice", "juice", True),
        ("predict:juice", "other", False),
        ("predict:juice", None, False),
        ("predict:*", "juice", True),
        ("predict:*", None, True),
        ("deployments:write", "juice", True),
        ("deployments:read", "juice", False),
        ("*", "juice", True),
    ],
)
def test_who_may_predict(scope, slug, may):
    assert bearing(scope).may(Permission.PREDICT, slug=slug) is may


def test_whoever_may_predict_with_a_deployment_may_see_that_one_and_no_other():
    ada = bearing("predict:juice")
    seen = [ada.may(Permission.DEPLOYMENTS_READ, slug=slug) for slug in ("juice", "other", None)]
    assert seen == [True, False, False]


def test_the_engine_may_do_all():
    assert all(ENGINE.may(permission) for permission in Permission)
