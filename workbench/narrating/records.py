"""Which mappings of an evidence are records, whose keys are fields of the advisors' own: keys of others are data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from workbench.advisors.advice import Told
from workbench.advisors.dataset_analyst.evidence import DatasetEvidence
from workbench.advisors.deployment_reviewer.evidence import ReviewEvidence
from workbench.advisors.drift_analyst.evidence import DriftEvidence
from workbench.advisors.experiment_designer.evidence import DesignEvidence
from workbench.advisors.failure_debugger.evidence import FailureEvidence
from workbench.advisors.run_explainer.evidence import ExplanationEvidence

EVIDENCES: tuple[type[Told], ...] = (
    DatasetEvidence,
    DesignEvidence,
    ExplanationEvidence,
    FailureEvidence,
    ReviewEvidence,
    DriftEvidence,
)


@cache
def models() -> frozenset[type[BaseModel]]:
    """Return the models that the advisors' evidence is made of."""
    found: set[type[BaseModel]] = set()
    left: list[type[BaseModel]] = list(EVIDENCES)
    while left:
        model = left.pop()
        if model not in found:
            found.add(model)
            left += [
                kind for field in model.model_fields.values() for kind in kinds(field.annotation) if _is_model(kind)
            ]
    return frozenset(found)


def kinds(annotation: Any) -> Iterator[Any]:
    """Yield what a type is made of, itself as well.

    >>> list(kinds(tuple[int, ...]))[1:]
    [<class 'int'>, Ellipsis]
    """
    yield annotation
    for part in get_args(annotation):
        yield from kinds(part)


def is_record(value: Mapping[str, Any]) -> bool:
    """Whether its keys are exactly the fields of a model."""
    return frozenset(value) in _shapes()


def is_open(field: str) -> bool:
    """Whether a field of that name may hold anything, so that keys in it may be data."""
    return field in _open()


@cache
def _shapes() -> frozenset[frozenset[str]]:
    return frozenset(frozenset(model.model_fields) for model in models())


@cache
def _open() -> frozenset[str]:
    return frozenset(
        name for model in models() for name, field in model.model_fields.items() if Any in kinds(field.annotation)
    )


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
