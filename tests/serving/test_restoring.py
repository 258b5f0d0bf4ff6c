"""A swap taken back, from wherever it had got to: what answers and what a roll-back serves are as they were."""

from __future__ import annotations

import pytest

from workbench.access.actor import owner
from workbench.errors import Conflict, NotFound
from workbench.registry.pipelines import Pipelines
from workbench.serving import batches, deployments, restoring
from workbench.serving.deployment import FAILED, READY, WARMING, DeploymentRecord
from workbench.store.tables import PipelineRow, new_id


@pytest.fixture
def more(store, pipelines) -> list[str]:
    """Two pipelines more."""
    with store.database.write() as session:
        one = session.get_one(PipelineRow, pipelines[0])
        told = {column.name: getattr(one, column.name) for column in PipelineRow.__table__.columns}
        rows = [PipelineRow(**told | {"id": new_id(), "name": name, "live_name": name}) for name in ("three", "four")]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


@pytest.fixture
def before(store, pipelines, more) -> DeploymentRecord:
    """A deployment that is warming; it would be rolled back to the third pipeline."""
    deployments.create(store, "juice", more[0], by="ana")
    deployments.swap(store, "juice", pipelines[0], by="ana")
    return deployments.warm(store, "juice", by="ana")


@pytest.fixture
def ready(store, before) -> DeploymentRecord:
    deployments.became_ready(store, before.id, by="service")
    return deployments.get(store, before.id)


def back(store, before: DeploymentRecord, other: str) -> DeploymentRecord:
    return restoring.restore(store, before, other, by="ana", why="a test")


def parts(record: DeploymentRecord) -> tuple[str, str, str | None, str | None]:
    return record.status, record.pipeline_id, record.next_pipeline_id, record.previous_pipeline_id


def test_what_was_to_be_swapped_in_is_withdrawn(store, pipelines, ready):
    deployments.swap(store, "juice", pipelines[1], by="ana")
    assert parts(back(store, ready, pipelines[1])) == parts(ready)
    assert not deployments.swapped(store, ready.id, pipelines[1], by="service")


def test_where_the_other_one_answers_it_goes_on_until_the_old_one_does(store, pipelines, ready):
    deployments.swap(store, "juice", pipelines[1], by="ana")
    deployments.swapped(store, ready.id, pipelines[1], by="service")
    asked = back(store, ready, pipelines[1])
    assert parts(asked)[:3] == (READY, pipelines[1], pipelines[0])
    assert parts(back(store, ready, pipelines[1])) == parts(asked)
    deployments.swapped(store, ready.id, pipelines[0], by="service")
    assert parts(back(store, ready, pipelines[1])) == parts(ready)
    assert deployments.previous(deployments.get(store, "juice")) == ready.previous_pipeline_id


def test_what_nobody_is_answered_by_yet_goes_back_at_once(store, pipelines, before):
    deployments.swap(store, "juice", pipelines[1], by="ana")
    assert parts(back(store, before, pipelines[1])) == parts(before)


def test_what_has_failed_with_the_other_one_is_warmed_again(store, pipelines, before):
    deployments.swap(store, "juice", pipelines[1], by="ana")
    deployments.became_failed(store, before.id, by="service", why="It died.", pipeline_id=pipelines[1])
    assert deployments.get(store, "juice").status == FAILED
    restored = back(store, before, pipelines[1])
    assert (restored.status, restored.error) == (WARMING, None)
    assert parts(restored) == parts(before)


def test_what_never_began_changes_nothing(store, pipelines, ready):
    assert parts(back(store, ready, pipelines[1])) == parts(ready)


def test_the_swap_of_somebody_else_is_left(store, pipelines, more, ready):
    deployments.swap(store, "juice", pipelines[1], by="ana")
    deployments.swapped(store, ready.id, pipelines[1], by="service")
    theirs = deployments.swap(store, "juice", more[1], by="ben")
    with pytest.raises(Conflict, match="being swapped"):
        back(store, ready, pipelines[1])
    assert parts(deployments.get(store, "juice")) == parts(theirs)


def test_what_a_roll_back_served_may_be_deleted_since(store, pipelines, more, before):
    deployments.swap(store, "juice", pipelines[1], by="ana")
    Pipelines(store.on_behalf_of(owner("ana"))).delete(more[0])
    assert parts(back(store, before, pipelines[1])) == (WARMING, pipelines[0], None, None)


@pytest.mark.parametrize(
    "need",
    [
        lambda store, pipeline: deployments.create(store, "other", pipeline, by="ana"),
        lambda store, pipeline: deployments.swap(store, "juice", pipeline, by="ana"),
        lambda store, pipeline: deployments.shadow(store, "juice", pipeline, by="ana"),
        lambda store, pipeline: batches.submit(store, pipeline, "s", 1, by="ana"),
    ],
    ids=["create", "swap", "shadow", "batch"],
)
def test_nothing_is_to_need_a_pipeline_that_was_deleted_in_between(store, more, before, need):
    Pipelines(store.on_behalf_of(owner("ana"))).delete(more[1])
    with pytest.raises(NotFound) as raised:
        need(store, more[1])
    assert raised.value.code == "pipeline.not_found"
