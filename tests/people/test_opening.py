"""Where one comes in: by what is asked for, by the settings, by a key."""

from __future__ import annotations

import pytest

from workbench.access.permissions import Role
from workbench.errors import NotFound, Unauthorized
from workbench.people.identity import HUB_USER
from workbench.settings import load
from workbench.workbench import connect


@pytest.fixture(autouse=True)
def places(workbench):
    workbench.workspaces.create("team")
    workbench.within("team").projects.create("spring")
    workbench.projects.create("autumn")


@pytest.fixture
def where(settings):
    """Open the home, and say in which workspace and project."""

    def where(chosen=settings, **asked) -> tuple[str, str]:
        opened = connect(chosen, **asked)
        found = opened.workspaces.current().name, opened.projects.current().name
        opened.close()
        return found

    return where


def test_whoever_names_nothing_comes_into_the_default_places(where):
    assert where() == ("default", "default")


def test_workspace_and_project_can_be_named(where):
    assert where(workspace="team") == ("team", "default")
    assert where(workspace="team", project="spring") == ("team", "spring")
    assert where(project="autumn") == ("default", "autumn")


def test_the_environment_names_them(where, settings, monkeypatch):
    monkeypatch.setenv("WORKBENCH_WORKSPACE", "team")
    monkeypatch.setenv("WORKBENCH_PROJECT", "spring")
    chosen = load(home=settings.home)
    assert where(chosen) == ("team", "spring")
    assert where(chosen, project="default") == ("team", "default")
    assert where(chosen, workspace="default") == ("default", "default")


def test_what_is_not_there_is_refused(where):
    for asked, code in (
        ({"workspace": "nowhere"}, "workspace.not_found"),
        ({"project": "spring"}, "project.not_found"),
        ({"workspace": "a\0b"}, "workspace.not_found"),
    ):
        with pytest.raises(NotFound) as caught:
            where(**asked)
        assert caught.value.code == code


def test_a_key_opens_its_workspace_whatever_the_environment_names(workbench, where, settings, monkeypatch):
    secret = workbench.within("team").keys.create("for a script", "*").secret
    monkeypatch.setenv("WORKBENCH_WORKSPACE", "default")
    chosen = load(home=settings.home)
    assert where(chosen, key=secret) == ("team", "default")
    assert where(chosen, key=secret, project="spring") == ("team", "spring")
    with pytest.raises(NotFound):
        where(chosen, key=secret, workspace="default")


def test_a_key_that_is_none_opens_nothing(where):
    with pytest.raises(Unauthorized) as caught:
        where(key="pck_" + "x" * 43)
    assert caught.value.code == "key.invalid"


def test_who_is_at_work_stays_the_same_elsewhere(workbench):
    there = workbench.within("team")
    assert (there.user, there.actor.role, there.actor.origin) == (workbench.user, Role.OWNER, workbench.actor.origin)
    assert there.within("default", "autumn").projects.current().name == "autumn"


def test_the_engines_own_processes_are_told_of_no_place(settings):
    chosen = settings.model_copy(update={"workspace": "team", "project": "spring"})
    told = chosen.environment()
    assert (told["WORKBENCH_WORKSPACE"], told["WORKBENCH_PROJECT"]) == ("", "")


def test_who_is_called_as_the_engine_is_told_apart_from_it(settings, monkeypatch):
    monkeypatch.setenv(HUB_USER, "service")
    opened = connect(settings)
    assert opened.user == opened.me().name == "service (person)"
    opened.close()


def test_who_is_written_otherwise_is_the_same(settings, monkeypatch):
    users = []
    for name in ("Jos\u00e9", "Jose\u0301"):
        monkeypatch.setenv(HUB_USER, name)
        opened = connect(settings)
        users.append(opened.user)
        opened.close()
    assert users == ["Jos\u00e9"] * 2


def test_settings_show_no_address_that_may_hold_a_password(tmp_path):
    secret = "hunter2"
    chosen = load(
        home=tmp_path,
        database_url=f"postgresql://me:{secret}@db/x",
        artifact_url=f"s3://me:{secret}@store/x",
        llm_url=f"https://me:{secret}@model/v1",
    )
    assert secret not in f"{chosen!r} {chosen}"
