"""Requests that somebody at work makes, about the things of a `House`: what their bodies and queries name is there.

``{source}`` stands for the source of the house, and so on, ``{new}`` for a name that nothing has yet. Where no request
of an operation stands here, its path says all that it is about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

_PLACE = re.compile(r"^\{(\w+)\}$")
_IRIS = {"data": "{source}", "target": "species", "plan": "create", "model": "dummy", "folds": 2, "seed": 1}
_ROWS = [{"size": place, "kind": "ab"[place % 2]} for place in range(4)]
_FLOWER = {"sepal_length_cm": 5.1, "sepal_width_cm": 3.5, "petal_length_cm": 1.4, "petal_width_cm": 0.2}


@dataclass(frozen=True)
class Wanted:
    """A request that is carried out.

    Attributes
    ----------
    line
        Of which operation: ``POST /runs``.
    """

    line: str
    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def references(self) -> list[str]:
        """Names of the fields of its body and its query that tell which thing: an alias is each workspace's own."""
        body = self.body if isinstance(self.body, dict) else {}
        return [name for name, value in {**self.query, **body}.items() if _place(value) not in (None, "alias", "new")]

    def filled(self, things: Mapping[str, str], **otherwise: Mapping[str, str]) -> tuple[Any, dict[str, str]]:
        """Return its body and its query about those things, and what some of its fields name among others."""

        def fill(name: str, value: Any) -> Any:
            place = _place(value)
            if place == "new":
                return f"wanted-{uuid4().hex[:8]}"
            return otherwise.get(name, things)[place] if place else value

        body = self.body
        if isinstance(body, dict):
            body = {name: fill(name, value) for name, value in body.items()}
        return body, {name: fill(name, value) for name, value in self.query.items()}

    def address(self, things: Mapping[str, str], places: Mapping[str, str], query: Mapping[str, str]) -> str:
        """Return its path about those things, and what is asked with it."""
        path = re.sub(r"\{(\w+)\}", lambda found: things[places[found[1]]], self.line.partition(" ")[2])
        return f"{path}?{urlencode(query)}" if query else path


def _place(value: Any) -> str | None:
    found = _PLACE.match(value) if isinstance(value, str) else None
    return found[1] if found else None


WANTED = (
    Wanted("POST /data-sources", {"what": _ROWS}),
    Wanted("POST /data-sources", {"what": _ROWS, "follows": "{source}"}),
    Wanted("POST /data-sources/test", {"what": _ROWS}),
    Wanted("POST /data-sources/upload", b"size,kind\n1,a\n2,b\n", {"file": "small.csv"}),
    Wanted("POST /data-sources/upload", b"size,kind\n1,a\n2,b\n", {"file": "small.csv", "follows": "{source}"}),
    Wanted("POST /data-sources/{source}/retype", {"kinds": {"species": "text"}}),
    Wanted("GET /data-sources/{source}/profile", query={"against": "{source}"}),
    Wanted("GET /data-sources/{source}/values", query={"column": "species"}),
    Wanted("POST /runs", _IRIS),
    Wanted("POST /runs", {"from_run": "{run}"}),
    Wanted("POST /runs/check", _IRIS),
    Wanted("POST /runs/check", {"from_run": "{run}"}),
    Wanted("POST /runs/estimate", _IRIS),
    Wanted("POST /runs/estimate", {"from_run": "{run}"}),
    Wanted("POST /runs/{run}/resume", {}),
    Wanted("POST /runs/{run}/fit", {"model": "nb"}),
    Wanted("GET /runs", query={"project": "{project}"}),
    Wanted("GET /runs", query={"experiment": "{experiment}"}),
    Wanted("GET /runs", query={"source": "{source}"}),
    Wanted("GET /runs", query={"before": "{run}"}),
    Wanted("GET /experiments", query={"project": "{project}"}),
    Wanted("GET /experiments", query={"before": "{experiment}"}),
    Wanted("PATCH /experiments/{experiment}", {"name": "{new}"}),
    Wanted("POST /pipelines", {"run": "{run}"}),
    Wanted("GET /pipelines", query={"run": "{run}"}),
    Wanted("GET /compare", query={"a": "{pipeline}", "b": "{pipeline}"}),
    Wanted("PUT /aliases/{name}", {"pipeline": "{pipeline}"}),
    Wanted("POST /aliases/{name}/rollback", {}),
    Wanted("POST /promotions", {"challenger": "{rival}", "alias": "{alias}", "on": "{source}"}),
    Wanted("GET /promotions", query={"alias": "{alias}"}),
    Wanted("GET /promotions", query={"before": "{promotion}"}),
    Wanted("POST /promotions/{promotion}/acknowledge", {"gate": "metric", "by": "Ana"}),
    Wanted("POST /deployments", {"pipeline": "{pipeline}", "slug": "{new}"}),
    Wanted("POST /deployments", {"run": "{run}", "slug": "{new}"}),
    Wanted("POST /deployments", {"pipeline": "{pipeline}", "slug": "{new}", "follow": "{alias}"}),
    Wanted("POST /deployments/check", {"slug": "{new}"}),
    Wanted("POST /deployments/{slug}/swap", {"pipeline": "{pipeline}"}),
    Wanted("POST /deployments/{slug}/rollback", {}),
    Wanted("POST /deployments/{slug}/warm", {}),
    Wanted("POST /deployments/{slug}/shadow", {"pipeline": "{pipeline}"}),
    Wanted("GET /deployments/{slug}/shadow", query={"pipeline": "{pipeline}"}),
    Wanted("POST /deployments/{slug}/access", {"access": "workspace"}),
    Wanted("POST /deployments/{slug}/follow", {"alias": "{alias}"}),
    Wanted("POST /deployments/{slug}/predict", {"rows": [_FLOWER]}),
    Wanted("GET /batches", query={"deployment": "{slug}"}),
    Wanted("GET /batches", query={"before": "{batch}"}),
    Wanted("POST /batches", {"deployment": "{slug}", "source": "{source}"}),
    Wanted("POST /advices", {"advisor": "dataset_analyst", "subject": "{source}"}),
    Wanted("POST /advices", {"advisor": "run_explainer", "subject": "{run}"}),
    Wanted("POST /advices", {"advisor": "drift_analyst", "subject": "{slug}"}),
    Wanted("GET /advices", query={"subject": "{source}"}),
    Wanted("GET /advices", query={"before": "{advice}"}),
    Wanted("GET /advices/lines", query={"subject": "{source}"}),
    Wanted("POST /workspaces", {"name": "{new}"}),
    Wanted("PATCH /workspaces/{workspace}", {"name": "{new}"}),
    Wanted("POST /projects", {"name": "{new}"}),
    Wanted("PUT /members/{user}", {"role": "viewer"}),
    Wanted("POST /invitations", {"user": "{new}", "role": "viewer"}),
    Wanted("POST /keys", {"name": "{new}", "scopes": ["runs:read"]}),
    Wanted("GET /keys", query={"before": "{key}", "everybody": "true"}),
    Wanted("POST /keys/{key}/rotate", {}),
    Wanted("GET /audit", query={"subject_id": "{run}"}),
    Wanted("GET /audit", query={"key_id": "{key}"}),
)
"""The operations that take more than a path, each with what it takes; one line for each way to name things."""
