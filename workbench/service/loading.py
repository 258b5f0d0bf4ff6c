"""A registered pipeline, verified and loaded to predict: for the processes that the service forks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.registry.lookup import Reference
from workbench.registry.pipelines import Pipelines
from workbench.store.artifacts import PIPELINE, SAMPLE, SCHEMA
from workbench.store.store import Store

if TYPE_CHECKING:
    from workbench.predictor.predictor import Predictor


def load(store: Store, reference: Reference) -> Predictor:
    """Verify a pipeline's bytes, load it, and prove what of it is compiled.

    Raises
    ------
    NotFound
        ``pipeline.not_found``
    Gone, EngineFault
        ``artifact.…`` when its bytes are not what was stored; nothing is loaded then.
    Conflict
        ``pipeline.takes_no_new_rows``
    """
    from workbench.predictor.predictor import Predictor

    pipelines = Pipelines(store)
    pipeline = pipelines.get(reference)
    return Predictor.load(
        pipelines.artifact(pipeline, PIPELINE),
        pipelines.document(pipeline, SCHEMA),
        pipelines.document(pipeline, SAMPLE) or [],
        task=pipeline.task,
    )
