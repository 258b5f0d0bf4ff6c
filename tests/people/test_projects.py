"""Projects: what runs are about."""

from __future__ import annotations

import pytest

from workbench.errors import BadRequest, Conflict, Forbidden, NotFound
from workbench.runs import ending, queue
from workbench.runs.asked import Asked
from workbench.runs.queue import SourceIdentity
from workbench.runs.spec import make_spec


@pytest.fixture
def submit():
    """Put a run into the queue of a workbench; nobody carries it out."""

    def submit(workbench, **request):
        source = workbench.data.sample("iris")
        identity = SourceIdentity(source.id, source.name, source.sha256)
        spec = make_spec(Asked(**{"task": "classification", "target": "species"} | request))
        return queue.submit(workbench._store, identity, spec, by="ada", snapshot={}, service_is_warm=True)

    return submit


def test_a_project_is_made_found_and_listed_by_name(workbench):
    made = workbench.projects.create(" spring ")
    assert (made.name, made.created_by, made.run_count) == ("spring", workbench.user, 0)
    assert workbench.projects.get("spring") == workbench.projects.get(made.id) == made
    assert [project.name for project in workbench.projects.list()] == ["default", "spring"]


def test_a_project_is_found_however_its_accents_are_written(workbench):
    made = workbench.projects.create("pre\u0301visions")
    assert workbench.projects.get("pr\u00e9visions") == workbench.projects.get("pre\u0301visions") == made


def test_a_run_belongs_to_the_project_that_is_open(workbench, submit):
    workbench.projects.create("spring")
    spring = workbench.within(project="spring")
    assert spring.projects.current().name == "spring"
    run = submit(spring)
    assert {project.name: project.run_count for project in workbench.projects.list()} == {"default": 0, "spring": 1}
    assert [found.id for found in workbench.runs.records(project="spring")] == [run.id]
    assert workbench.runs.records(project="default") == []


def test_a_project_is_renamed(workbench, submit):
    made = workbench.projects.create("spring")
    submit(workbench.within(project="spring"))
    renamed = workbench.projects.rename("spring", "summer")
    assert (renamed.id, renamed.name, renamed.run_count) == (made.id, "summer", 1)


def test_a_name_that_is_taken_is_refused(workbench):
    workbench.projects.create("spring")
    for act in (lambda: workbench.projects.create("default"), lambda: workbench.projects.rename("spring", "default")):
        with pytest.raises(Conflict) as caught:
            act()
        assert caught.value.code == "project.name_taken"


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\0b", "a\x1bb", "\ud800", None])
def test_what_is_no_name_is_refused(workbench, name):
    made = workbench.projects.create("spring")
    for act in (lambda: workbench.projects.create(name), lambda: workbench.projects.rename(made.id, name)):
        with pytest.raises(BadRequest) as caught:
            act()
        assert caught.value.code == "project.name_invalid"


def test_a_name_may_be_taken_in_another_workspace(workbench):
    workbench.workspaces.create("team")
    team = workbench.within("team")
    here, there = workbench.projects.create("spring"), team.projects.create("spring")
    assert here.id != there.id
    with pytest.raises(NotFound):
        workbench.projects.get(there.id)


def test_an_empty_project_is_deleted(workbench):
    workbench.projects.create("spring")
    workbench.projects.delete("spring")
    with pytest.raises(NotFound) as caught:
        workbench.projects.get("spring")
    assert caught.value.code == "project.not_found"


def test_a_project_that_has_runs_stays_until_they_are_deleted(workbench, submit):
    workbench.projects.create("spring")
    run = submit(workbench.within(project="spring"))
    with pytest.raises(Conflict) as caught:
        workbench.projects.delete("spring")
    assert caught.value.code == "project.in_use"
    ending.delete(workbench._store, run.id, by="ada")
    workbench.projects.delete("spring")


@pytest.mark.parametrize("act", [lambda p: p.rename("default", "x"), lambda p: p.delete("default")])
def test_the_default_project_stays_as_it_is(workbench, act):
    with pytest.raises(Conflict) as caught:
        act(workbench.projects)
    assert caught.value.code == "project.in_use"


def test_nothing_is_submitted_to_a_project_that_was_deleted(workbench, submit):
    workbench.projects.create("spring")
    spring = workbench.within(project="spring")
    workbench.projects.delete("spring")
    with pytest.raises(NotFound) as caught:
        submit(spring)
    assert caught.value.code == "project.not_found"


def test_a_viewer_sees_projects_and_changes_none(acting):
    bob = acting("bob", "viewer")
    assert [project.name for project in bob.projects.list()] == ["default"]
    for act in (
        lambda: bob.projects.create("x"),
        lambda: bob.projects.rename("default", "x"),
        lambda: bob.projects.delete("default"),
    ):
        with pytest.raises(Forbidden) as caught:
            act()
        assert caught.value.code == "access.role_too_low"


def test_a_stranger_learns_of_no_project(stranger):
    with pytest.raises(NotFound) as caught:
        stranger.within(project="default")
    assert caught.value.code == "project.not_found"


def test_what_is_done_to_projects_is_told(workbench):
    workbench.projects.create("spring")
    workbench.projects.rename("spring", "summer")
    workbench.projects.delete("summer")
    told = workbench.audit.list(subject="project")
    assert [line.action for line in told] == ["project.deleted", "project.renamed", "project.created"]
