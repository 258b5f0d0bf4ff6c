"""Predicting by a key that is good for one deployment and nothing else."""

import pytest

import workbench
from tests.remote.answering import Says, answering
from workbench import errors


@pytest.fixture
def deployed(warm, fitted, called):
    """A deployment of its own, which goes with the test."""
    made = warm.deployments.deploy(pipeline=warm.registry.promote(fitted.id, name=called), slug=called)
    yield made
    made.delete()


@pytest.fixture(params=["local", "remote"])
def opened(request, warm, address):
    """Open the warm home by a key with some scopes, from here and from elsewhere."""
    homes = []

    def opened(*scopes: str):
        secret = warm.keys.create("predicting", scopes, days=1).secret
        homes.append(workbench.connect(warm.settings if request.param == "local" else address, key=secret))
        return homes[-1]

    yield opened
    for home in homes:
        home.close()


def test_a_key_for_one_deployment_finds_it_asks_it_and_reads_what_it_takes(opened, deployed):
    found = opened(f"predict:{deployed.slug}").deployments.get(deployed.slug)
    sample = found.schema()["sample"]
    assert len(found.predict(sample[:2])["predictions"]) == 2
    assert (found.slug, found.status, found.wait().id) == (deployed.slug, "ready", deployed.id)
    assert found.engine == deployed.engine
    assert found.url() in found.curl()


def test_a_key_for_another_deployment_is_refused(opened, deployed):
    with pytest.raises(errors.Forbidden) as raised:
        opened("predict:other").deployments.get(deployed.slug)
    assert raised.value.code == "access.scope_missing"


def test_a_key_for_one_deployment_sees_nothing_else_of_it(opened, deployed):
    found = opened(f"predict:{deployed.slug}").deployments.get(deployed.slug)
    for look in (found.predictors, found.predictions, found.history, found.log):
        with pytest.raises(errors.Forbidden):
            look()


def test_what_was_deleted_is_not_answered_for_by_what_has_its_slug_now(wb, warm, fitted, called):
    pipeline = warm.registry.promote(fitted.id, name=called)
    deleted = wb.deployments.deploy(pipeline=pipeline, slug=called)
    sample = deleted.schema()["sample"][:1]
    deleted.delete()
    other = wb.deployments.deploy(pipeline=pipeline, slug=called)
    with pytest.raises(errors.NotFound) as raised:
        deleted.predict(sample)
    assert raised.value.code == "deployment.not_found"
    assert other.predict(sample)["deployment_id"] == other.id
    other.delete()


def test_a_prediction_is_one_request():
    def say(asked):
        return Says(body={"id": "d", "slug": "iris", "deployment_id": "d", "predictions": []})

    with answering(say) as known, workbench.connect(known.address, key="pck_x") as far:
        found = far.deployments.get("iris")
        known.asked.clear()
        found.predict([{"x": 1}])
        assert [(one.method, one.path) for one in known.asked] == [("POST", "/api/v1/deployments/iris/predict")]
