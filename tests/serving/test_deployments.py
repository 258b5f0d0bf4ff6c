"""What users do with deployments, in the store: which step is allowed when, and that each is told."""

from __future__ import annotations

import pytest

from workbench.errors import BadRequest, Conflict, NotFound
from workbench.serving import deployments, predictors
from workbench.serving.deployment import (
    CREATED,
    FAILED,
    LIVE,
    READY,
    SERVED,
    STOPPED,
    WARMING,
    DeploymentRecord,
)
from workbench.settings import Settings
from workbench.store import audit
from workbench.store.tables import PredictorRow

STATUSES = (CREATED, WARMING, READY, STOPPED, FAILED)


@pytest.fixture
def made(store, pipelines) -> DeploymentRecord:
    return deployments.create(store, "juice", pipelines[0], by="ana")


def bring(store, record: DeploymentRecord, status: str) -> None:
    """Bring a fresh deployment into a state by the steps that lead there."""
    if status == CREATED:
        return
    if status == STOPPED:
        deployments.stop(store, record.id, by="ana")
        return
    deployments.warm(store, record.id, by="ana")
    if status == READY:
        deployments.became_ready(store, record.id, by="service")
    if status == FAILED:
        deployments.became_failed(store, record.id, by="service", why="It died.")


@pytest.mark.parametrize("slug", ["abc", "a-b", "0" * 64, "juice-2"])
def test_a_slug_of_small_letters_digits_and_hyphens_is_taken(store, pipelines, slug):
    assert deployments.create(store, slug, pipelines[0], by="ana").slug == slug


@pytest.mark.parametrize("slug", ["", "ab", "-ab", "ab-", "Abc", "a b", "a_b", "ä-b", "a" * 65, "abc\n", None, 7])
def test_any_other_slug_is_refused(store, pipelines, slug):
    with pytest.raises(BadRequest) as raised:
        deployments.create(store, slug, pipelines[0], by="ana")
    assert (raised.value.code, deployments.listed(store)) == ("deployment.slug_invalid", [])


def test_a_slug_is_had_once(store, pipelines, made):
    with pytest.raises(Conflict) as raised:
        deployments.create(store, "juice", pipelines[1], by="ben")
    assert raised.value.code == "deployment.slug_taken"


def test_the_slug_of_a_deleted_deployment_is_free_again(store, pipelines, made):
    deployments.delete(store, "juice", by="ana")
    assert deployments.create(store, "juice", pipelines[1], by="ben").id != made.id


@pytest.mark.parametrize("access", ["workspace", "api-key", "public"])
def test_it_is_open_to_whom_it_was_made_for(store, pipelines, access):
    assert deployments.create(store, "juice", pipelines[0], by="ana", access=access).access == access


def test_an_access_that_is_not_there_is_refused_with_those_that_are(store, pipelines):
    with pytest.raises(BadRequest, match="workspace, api-key, public"):
        deployments.create(store, "juice", pipelines[0], by="ana", access="everybody")


@pytest.mark.parametrize("status", STATUSES)
def test_what_is_cold_can_be_warmed_and_nothing_else(store, made, status):
    bring(store, made, status)
    if status in (WARMING, READY):
        with pytest.raises(Conflict) as raised:
            deployments.warm(store, "juice", by="ana")
        assert (raised.value.code, raised.value.about["state"]) == ("deployment.wrong_state", status)
    else:
        assert deployments.warm(store, "juice", by="ana").status == WARMING


@pytest.mark.parametrize("status", STATUSES)
def test_all_but_what_is_stopped_can_be_stopped(store, made, status):
    bring(store, made, status)
    if status == STOPPED:
        with pytest.raises(Conflict, match="is stopped and cannot be stopped"):
            deployments.stop(store, "juice", by="ana")
    else:
        assert deployments.stop(store, "juice", by="ana").status == STOPPED


@pytest.mark.parametrize("status", [CREATED, STOPPED, FAILED])
def test_what_the_service_tells_too_late_changes_nothing(store, made, status):
    bring(store, made, status)
    before = deployments.get(store, "juice")
    deployments.became_ready(store, made.id, by="service")
    deployments.became_cold(store, made.id, by="service", why="It was started again.")
    deployments.became_failed(store, made.id, by="service", why="It died.")
    assert deployments.get(store, "juice") == before


def test_warming_forgets_why_it_failed_before(store, made):
    bring(store, made, FAILED)
    assert deployments.get(store, "juice").error == "It died."
    assert deployments.warm(store, "juice", by="ana").error is None


def test_every_step_is_a_line_in_the_audit_log(store, made):
    bring(store, made, READY)
    deployments.stop(store, "juice", by="ben")
    lines = audit.entries(store.database, audit.About(subject="deployment", subject_id=made.id))
    assert [(line.by, line.action) for line in reversed(lines)] == [
        ("ana", "deployment.created"),
        ("ana", "deployment.warming"),
        ("service", "deployment.ready"),
        ("ben", "deployment.stopped"),
    ]


def test_a_swap_takes_over_only_once_the_service_says_so(store, pipelines, made):
    bring(store, made, READY)
    asked = deployments.swap(store, "juice", pipelines[1], by="ana")
    assert (asked.pipeline_id, asked.next_pipeline_id) == (pipelines[0], pipelines[1])
    deployments.swapped(store, made.id, pipelines[1], by="service")
    done = deployments.get(store, "juice")
    assert (done.pipeline_id, done.next_pipeline_id, done.previous_pipeline_id) == (pipelines[1], None, pipelines[0])


def test_a_swap_that_fails_leaves_what_answers_and_says_why(store, pipelines, made):
    bring(store, made, READY)
    deployments.swap(store, "juice", pipelines[1], by="ana")
    deployments.not_swapped(store, made.id, pipelines[1], by="service", why="It cannot be loaded.")
    left = deployments.get(store, "juice")
    assert (left.status, left.pipeline_id, left.next_pipeline_id) == (READY, pipelines[0], None)
    assert "It cannot be loaded." in left.error


def test_what_is_told_of_a_pipeline_that_is_not_wanted_any_more_changes_nothing(store, pipelines, made):
    bring(store, made, READY)
    before = deployments.get(store, "juice")
    assert not deployments.swapped(store, made.id, pipelines[1], by="service")
    assert not deployments.not_swapped(store, made.id, pipelines[1], by="service", why="It died.")
    deployments.shadow_failed(store, made.id, pipelines[1], by="service", why="It died.")
    deployments.became_failed(store, made.id, by="service", why="It died.", pipeline_id=pipelines[1])
    assert deployments.get(store, "juice") == before


def test_a_swap_to_what_answers_calls_off_what_was_being_swapped_in(store, pipelines, made):
    bring(store, made, READY)
    deployments.swap(store, "juice", pipelines[1], by="ana")
    assert deployments.swap(store, "juice", pipelines[0], by="ana").next_pipeline_id is None


def test_a_deployment_that_fails_wants_no_other_pipeline_any_more(store, pipelines, made):
    bring(store, made, READY)
    deployments.swap(store, "juice", pipelines[1], by="ana")
    deployments.became_failed(store, made.id, by="service", why="It died.")
    assert deployments.get(store, "juice").next_pipeline_id is None
    assert deployments.swap(store, "juice", pipelines[1], by="ana").pipeline_id == pipelines[1]


def test_a_slug_that_looks_like_anothers_id_finds_neither_in_its_place(store, pipelines, made):
    other = deployments.create(store, made.id, pipelines[1], by="ben")
    assert deployments.get(store, made.id).id == made.id
    assert deployments.get(store, other.id).id == other.id


def test_one_swap_at_a_time(store, pipelines, made):
    bring(store, made, READY)
    deployments.swap(store, "juice", pipelines[1], by="ana")
    with pytest.raises(Conflict, match="being swapped"):
        deployments.swap(store, "juice", pipelines[1], by="ben")


def test_what_nobody_is_answered_by_is_swapped_at_once(store, pipelines, made):
    assert deployments.swap(store, "juice", pipelines[1], by="ana").pipeline_id == pipelines[1]


def test_a_roll_back_needs_something_to_go_back_to(made):
    with pytest.raises(Conflict, match="no other pipeline"):
        deployments.previous(made)


def test_stopping_gives_up_what_was_being_swapped_in(store, pipelines, made):
    bring(store, made, READY)
    deployments.swap(store, "juice", pipelines[1], by="ana")
    assert deployments.stop(store, "juice", by="ana").next_pipeline_id is None


def test_a_shadow_that_fails_is_given_up_and_told_of(store, pipelines, made):
    bring(store, made, READY)
    deployments.shadow(store, "juice", pipelines[1], by="ana")
    deployments.shadow_failed(store, made.id, pipelines[1], by="service", why="It died.")
    left = deployments.get(store, "juice")
    assert (left.status, left.shadow_pipeline_id) == (READY, None)
    assert "It died." in left.error


def test_those_that_follow_an_alias_are_found_by_it(store, pipelines, made):
    deployments.create(store, "other", pipelines[0], by="ana")
    deployments.follow(store, "juice", "champion", by="ana")
    assert [record.slug for record in deployments.following(store, "champion")] == ["juice"]


def test_a_deployment_that_is_not_there_is_not_found(store):
    with pytest.raises(NotFound) as raised:
        deployments.get(store, "nothing")
    assert raised.value.code == "deployment.not_found"


def test_a_predictor_is_seen_until_it_has_ended(store, pipelines, made):
    bring(store, made, WARMING)
    predictor_id = predictors.ask_for(store, made.id, pipelines[0], LIVE)
    assert predictors.started(store, predictor_id, 1, 1.0)
    assert predictors.ready(store, predictor_id, "/p.sock", {"path": "compiled"})
    (served,) = predictors.served(store, SERVED)
    assert served.answering(pipelines[0], LIVE).address == "/p.sock"
    assert predictors.ended(store, predictor_id)
    (served,) = predictors.served(store, SERVED)
    assert served.predictors == ()


def test_predictors_of_another_home_do_not_count_here(store, pipelines, made):
    bring(store, made, READY)
    predictor_id = predictors.ask_for(store, made.id, pipelines[0], LIVE)
    with store.database.write() as session:
        session.get_one(PredictorRow, predictor_id).served_by = "another"
    (served,) = predictors.served(store, SERVED)
    assert served.coming(pipelines[0], LIVE) is None


def test_a_home_keeps_its_name_where_it_is_moved(settings, tmp_path):
    name = settings.identity
    settings.home.rename(tmp_path / "moved")
    assert Settings(home=tmp_path / "moved").identity == name


def test_a_predictor_that_is_not_wanted_any_more_is_told_so_when_it_comes(store, pipelines, made):
    predictor_id = predictors.ask_for(store, made.id, pipelines[0], LIVE)
    predictors.ended(store, predictor_id)
    assert not predictors.started(store, predictor_id, 1, 1.0)
