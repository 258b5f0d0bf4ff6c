"""The request that fits a pipeline's model once more, on the newest version of the table that it learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.catalogue import TASKS
from workbench.consulting.gathering.learned import source_of
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.errors import WorkbenchError
from workbench.preflight.requested import specify
from workbench.registry.pipeline import Pipeline
from workbench.runs import follow, lookup, scores
from workbench.runs.asked import Asked
from workbench.runs.follow import TAKEN_OPTIONS
from workbench.store.store import Store


@dataclass(frozen=True, slots=True)
class Again:
    """Arguments of ``Runs.submit``, and the newest version by name; None where there is none newer."""

    config: Mapping[str, Any] | None = None
    newest: str | None = None
    notes: tuple[str, ...] = ()


def retraining(store: Store, pipeline: Pipeline) -> Again:
    """Return how the same model is fitted on the newest version of its table: a recipe is not searched for again."""
    source = source_of(store, pipeline)
    newest = None if source is None else _newest(store, source)
    if source is None or newest is None or newest.sha256 == source.sha256:
        return Again()
    try:
        config = _config(pipeline, newest)
        _check(store, newest, config)
    except WorkbenchError as error:
        return Again(
            newest=called(newest), notes=(f"It cannot be trained again on {called(newest)} as it is: {error.message}",)
        )
    return Again(config, called(newest))


def called(source: Source) -> str:
    """Name a version of a data source; the first one is called as the source is."""
    return source.name if source.version == 1 else f"{source.name} (version {source.version})"


def _newest(store: Store, source: Source) -> Source | None:
    sources = Sources(store)
    try:
        found = sources.get(source.name)
    except WorkbenchError:
        return None
    return found if found.family_id == source.family_id and sources.is_here(found.id) else None


def _check(store: Store, newest: Source, config: Mapping[str, Any]) -> None:
    """Refuse what ``Runs.submit`` would refuse."""
    asked = Asked.of({name: value for name, value in config.items() if name != "data"})
    if asked.from_run is not None:
        before = lookup.get(store, asked.from_run)
        asked = follow.filled_in(asked, before, scores.leaderboard(store.database, before))
    specify(newest, asked, store.settings)


def _config(pipeline: Pipeline, newest: Source) -> dict[str, Any]:
    told = pipeline.lineage
    plan = "finalize" if told["plan"] == "finalize" else "create"
    recipe = told["recipe"]
    if recipe is None or recipe["kind"] != "model" or recipe.get("params"):
        # A recipe that is tuned, or put together of others, is found on its run's board.
        return {"data": newest.id, "from_run": pipeline.run_id, "plan": plan, "include": [pipeline.model]}
    task = TASKS[pipeline.task]
    config = {
        "data": newest.id,
        "task": task.name,
        "target": pipeline.target,
        "plan": plan,
        "include": [recipe["model"]],
        "setup": dict(told["setup"]),
        "seed": told["seed"],
        "sort": told["sort"],
    }
    options = {name: told["options"][name] for name in TAKEN_OPTIONS if told["options"].get(name) is not None}
    if options:
        config["options"] = options
    if task.folds > 1:
        config["folds"] = told["folds"]
    return config
