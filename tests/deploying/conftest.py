"""What these tests share: two models of one table as pipelines, and a deployment of the first that answers."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def runs(warm) -> dict[str, Any]:
    """Two models of one table; the dummy always says the same."""
    source = warm.data.sample("iris")
    found = {
        model: warm.runs.submit(source, target="species", plan="create", model=model, folds=2, seed=1)
        for model in ("nb", "dummy")
    }
    for run in found.values():
        assert run.wait(timeout_s=240).status == "succeeded"
    return found


@pytest.fixture(scope="session")
def pipelines(warm, runs) -> dict[str, Any]:
    return {model: warm.registry.promote(run) for model, run in runs.items()}


@pytest.fixture(scope="module")
def deployment(warm, pipelines):
    made = warm.deployments.deploy(pipeline=pipelines["nb"].id, slug="iris-deployed")
    yield made
    made.delete()
