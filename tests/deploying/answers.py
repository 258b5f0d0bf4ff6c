"""What a deployment of iris answers, and which predictor of it does."""

from __future__ import annotations

ROW = {"sepal_length_cm": 5.1, "sepal_width_cm": 3.5, "petal_length_cm": 1.4, "petal_width_cm": 0.2}


def live(deployment):
    """The predictor that answers; one that was swapped out may be there still."""
    answers = deployment.record.pipeline_id
    found = (one for one in deployment.predictors() if one.pipeline_id == answers and one.status == "ready")
    return next(found)


def label(deployment) -> str:
    return deployment.predict([ROW | {"petal_length_cm": 6.0, "petal_width_cm": 2.2}])["predictions"][0]["prediction"]


def names(warm) -> set[str]:
    return {record.slug for record in warm.deployments.records()}
