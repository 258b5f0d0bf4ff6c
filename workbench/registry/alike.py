"""Whether one pipeline may stand in for another: only where both predict the same thing."""

from __future__ import annotations

from workbench.registry.pipeline import Pipeline


def difference(new: Pipeline, old: Pipeline, which: str) -> str | None:
    """Say that two pipelines differ in task or target; None where they do not.

    Parameters
    ----------
    which
        What the old one does, as "which answers".
    """
    if (new.task, new.target) == (old.task, old.target):
        return None
    return f"{new.name} is {_what(new)}, while {old.name}, {which}, is {_what(old)}."


def _what(pipeline: Pipeline) -> str:
    task = pipeline.task.replace("_", " ")
    return f"a {task} of {pipeline.target}" if pipeline.target else task
