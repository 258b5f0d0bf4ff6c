"""Promote, find and compare pipelines, over HTTP: what `Workbench.registry` is."""

from __future__ import annotations

import builtins
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from workbench.errors import Conflict
from workbench.registrar import FIT_PATIENCE_S
from workbench.registry.alias import Alias, Move
from workbench.registry.comparison import Comparison
from workbench.registry.lookup import Reference
from workbench.registry.pipeline import Pipeline
from workbench.remote.deployment import key_of
from workbench.remote.promotions import Promotions
from workbench.remote.run import Run
from workbench.remote.runs import Runs, id_of
from workbench.runs.record import SUCCEEDED
from workbench.store.moments import read_moment

if TYPE_CHECKING:
    from workbench.remote.api import Api

_PROMOTE_S = 600.0
"""How long the API may take to copy what belongs to a pipeline, or to verify it."""


class Aliases:
    """The aliases of a workspace; see `workbench.registry.aliases.Aliases`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def set(self, name: str, pipeline: Reference, why: str = "") -> Alias:
        """Let an alias name a pipeline; every call adds a line to its history, also where nothing moves."""
        return self._alias(self._api.put("aliases", name, body={"pipeline": key_of(pipeline), "why": why}))

    def unset(self, name: str, why: str = "") -> None:
        """Take an alias away; its history stays, and `rollback` brings it back."""
        self._api.delete("aliases", name, why=why or None)

    def get(self, name: str) -> Alias:
        """Find an alias."""
        return self._alias(self._api.get("aliases", name))

    def list(self) -> builtins.list[Alias]:
        """Return the aliases that name a pipeline, by name."""
        return self._api.all_of(Alias, self._api.listed("aliases"))

    def history(self, name: str) -> builtins.list[Move]:
        """Return an alias's moves, oldest first, also of one that was taken away."""
        return self._api.all_of(Move, self._api.listed("aliases", name, "history"))

    def moves_of(self, pipeline: Pipeline) -> builtins.list[Move]:
        """Return the moves, of any alias, that came to a pipeline or left it, oldest first."""
        return self._api.all_of(Move, self._api.get("pipelines", pipeline.id, "moves"))

    def at(self, name: str, time: datetime | str) -> Pipeline | None:
        """Tell which pipeline an alias named at a time, which may be deleted since; None where it named none."""
        found = self._api.get("aliases", name, at=read_moment(time).isoformat())
        return None if found is None else self._api.of(Pipeline, found)

    def rollback(self, name: str, why: str = "") -> Alias:
        """Let an alias name the pipeline again that it named before, as an undo does."""
        return self._alias(self._api.post("aliases", name, "rollback", body={"why": why}))

    def _alias(self, told: Any) -> Alias:
        return self._api.of(Alias, told)


class Registry:
    """The promoted pipelines of a workspace; see `workbench.registrar.Registry`.

    Attributes
    ----------
    aliases
        Movable names for them.
    promotions
        Challengers that shall take an alias over.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self.aliases = Aliases(api)
        self.promotions = Promotions(api)

    def promote(self, run: Run | str, *, model: str | None = None, name: str | None = None, note: str = "") -> Pipeline:
        """Make a model of a run a pipeline; parameters and errors as of `workbench.registrar.Registry.promote`."""
        found = run if model is None else self.fitted(run, model)
        body = {"run": id_of(found), "name": name, "note": note}
        return self._api.of(Pipeline, self._api.post("pipelines", body=body, timeout_s=_PROMOTE_S))

    def fitted(self, run: Run | str, model: str) -> Run:
        """Return a run that has fitted a model of a run's leaderboard: that run itself, or one of its own."""
        found = Runs(self._api).fit_of(run, model)
        record = found.wait(FIT_PATIENCE_S)
        if record.status != SUCCEEDED:
            raise Conflict(
                "deployment.step_failed",
                f"{model} could not be fitted: {record.error or record.status}.",
                run_id=record.id,
            )
        return found

    def get(self, reference: Reference) -> Pipeline:
        """Find a pipeline by its id, its name, an alias, or the end of its id (at least four digits)."""
        return self._api.of(Pipeline, self._api.get("pipelines", key_of(reference)))

    def list(self) -> builtins.list[Pipeline]:
        """Return the pipelines, newest first."""
        return self._api.all_of(Pipeline, self._api.listed("pipelines"))

    def of_run(self, run_id: str) -> Pipeline | None:
        """Return the first pipeline that a run was promoted to; None where it was not."""
        found = self._api.all_of(Pipeline, self._api.get("pipelines", run=run_id))
        return found[0] if found else None

    def delete(self, reference: Reference) -> None:
        """Delete a pipeline with its artifacts; its row stays for the history of aliases."""
        self._api.delete("pipelines", key_of(reference))

    def artifact(self, reference: Reference, name: str) -> bytes:
        """Fetch an artifact of a pipeline, verified where it is stored."""
        return self._api.content("pipelines", key_of(reference), "artifacts", name)

    def verify(self, reference: Reference) -> None:
        """Have the pickled pipeline verified against the hash in its row."""
        self._api.post("pipelines", key_of(reference), "verify", timeout_s=_PROMOTE_S)

    def document(self, reference: Reference, name: str) -> Any:
        """Fetch an artifact that is JSON, as `artifact` does; None where the pipeline has none of that name."""
        pipeline = self.get(reference)
        return json.loads(self.artifact(pipeline, name)) if name in pipeline.artifacts else None

    def card(self, reference: Reference) -> str:
        """Return a pipeline's model card, in Markdown; every statement is a stored fact."""
        return self._api.content("pipelines", key_of(reference), "card").decode()

    def compare(self, a: Reference, b: Reference) -> Comparison:
        """Tell how two pipelines or runs differ: configuration, data, input columns and metrics."""
        return self._api.of(Comparison, self._api.get("compare", a=key_of(a), b=key_of(b)))
