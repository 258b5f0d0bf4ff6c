"""The API's own description (OpenAPI 3.1): what FastAPI finds out, and what it cannot know."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from workbench.server import bodies
from workbench.server.access_table import TABLE, Access
from workbench.server.bodies.deployments import Predictions, PredictRequest
from workbench.server.bodies.problem import Problem
from workbench.server.gives import TITLES, refusal
from workbench.server.links import LINKS
from workbench.serving.client import ROOT
from workbench.version import __version__

_ABOUT = """
What a panel can do, a script can do: the same operations by the same names, and the same errors.

**Who asks.** A key (`X-Workbench-Key`, or `Authorization: Bearer`), made by `workbench key create` or `POST /keys`; the
service's own token (`X-Workbench-Token`, or as a bearer) for the home's owner; nothing at all behind Jupyter's login.
Each operation bears `x-permission` and, where it takes one, the least role as `x-role`.

**Where.** A key opens one workspace. The home's owner names another one by `X-Workbench-Workspace`, and whoever asks a
project for new runs by `X-Workbench-Project`.

**Lists** come a page at a time: `limit`, and a `Link` header with `rel="next"` where there may be more. `Location` and
`Link` are told in relation to the request's own address.

**Again.** A POST, PUT or PATCH that bears an `Idempotency-Key` is carried out once; the same again is answered the
same, with `Idempotency-Replayed: true`, for a day. Secrets are not told again.

**Refusals** are problem details (RFC 9457) with a stable `code`.
"""
_TAGS: Mapping[str, str] = {
    "me": "Who the caller is.",
    "workspaces": "Who shares what.",
    "members": "The people of the workspace, and invitations to it.",
    "projects": "What runs are about.",
    "experiments": "What runs are compared under.",
    "data sources": "Named, hashed tables.",
    "runs": "Executions of a plan.",
    "events": "A run's log, as a page or as it goes. It is told over a WebSocket too: `/runs/{run}/events/ws?after=`.",
    "pipelines": "Promoted, immutable, hashed artifacts.",
    "aliases": "Movable names of pipelines, with their history.",
    "promotions": "Challengers that shall take an alias over.",
    "deployments": "Pipelines that are served under a slug.",
    "batches": "Data sources that are predicted into files.",
    "advices": "What the advisors say.",
    "keys": "By which others act in one's name, within scopes.",
    "audit": "Who did what.",
    "health": "Whether the API lives.",
}
_SCHEMES: Mapping[str, dict[str, str]] = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Workbench-Key", "description": "A key, `pck_…`."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key, or the service's token."},
    "token": {"type": "apiKey", "in": "header", "name": "X-Workbench-Token", "description": "The service's token."},
}
_AGAIN = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "With it, the same request sent again is carried out once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
_ALWAYS = (422, 429, 500, 503)
_OF_MEMBERS = (401, 403, 404)
_OF_CHANGES = (400, 409)
_OF_BODIES = (408, 413, 415)
_PREDICT = f"{ROOT}/deployments/{{slug}}/predict"
_TITLED = re.compile(r"^(\w[\w ]*)\n-{3,}\n", re.MULTILINE)
_NAMES = re.compile(r"^(\w+(?:, \w+)*)\n((?:    .*\n?)+)", re.MULTILINE)


def operation_id(route: APIRoute) -> str:
    """Return what clients call an operation: as its function."""
    return route.name


def described(app: FastAPI) -> dict[str, Any]:
    """Describe the API."""
    told = get_openapi(
        title="Workbench",
        version=__version__,
        description=_ABOUT.strip(),
        tags=[{"name": name, "description": about} for name, about in _TAGS.items()],
        routes=app.routes,
    )
    told["paths"][_PREDICT] = {"post": _predict()}
    told["components"]["securitySchemes"] = dict(_SCHEMES)
    told["components"]["responses"] = {str(status): refusal(status) for status in TITLES}
    schemas = told["components"]["schemas"]
    _add(schemas, Problem, "serialization")
    _add(schemas, Predictions, "serialization")
    _add(schemas, PredictRequest, "validation")
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            _complete(method.upper(), operation, TABLE[method.upper(), path])
    asked = set(_reachable(schemas, [one.get("requestBody") for _, one in _operations(told)]))
    for name, schema in schemas.items():
        if name not in asked and name != Problem.__name__ and "properties" in schema:
            # What the engine gives it gives whole.
            schema["required"] = list(schema["properties"])
        _explain(schema)
    examples = _examples()
    for name, example in examples.items():
        schemas[name]["examples"] = [example]
    for _, operation in _operations(told):
        _exemplify(operation, examples)
    return told


def _operations(told: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in told["paths"].items():
        for operation in methods.values():
            yield path, operation


def _complete(method: str, operation: dict[str, Any], access: Access) -> None:
    """Add to an operation what holds for all of its kind."""
    operation["x-permission"] = access.told
    if access.role is not None:
        operation["x-role"] = str(access.role)
    operation["security"] = [] if access.kind == "public" else [{name: []} for name in _SCHEMES]
    changes = method in ("PATCH", "POST", "PUT") and access.kind == "member"
    statuses = [*_ALWAYS]
    statuses += () if access.kind == "public" else _OF_MEMBERS
    statuses += _OF_CHANGES if changes else ()
    statuses += _OF_BODIES if "requestBody" in operation else ()
    responses = operation["responses"]
    refused = {str(status) for status in TITLES if status in statuses or str(status) in responses}
    responses |= {status: {"$ref": f"#/components/responses/{status}"} for status in refused}
    operation["responses"] = dict(sorted(responses.items()))
    if changes:
        operation.setdefault("parameters", []).append(_AGAIN)
    for success, links in LINKS.get(operation["operationId"], {}).items():
        responses[success]["links"] = links


def _exemplify(operation: dict[str, Any], examples: Mapping[str, Any]) -> None:
    """Give a body that is JSON the example of its model, also where it may be left out."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None:
        (name,) = _references(body["schema"])
        body["example"] = examples[name]


def _predict() -> dict[str, Any]:
    """Describe the one route that FastAPI does not know, as time counts there."""
    slug = {"name": "slug", "in": "path", "required": True, "schema": {"type": "string"}}
    given = {"name": "X-Request-Id", "in": "header", "required": False, "schema": {"type": "string"}}
    headers = {"X-Request-Id": {"schema": {"type": "string"}}, "X-Workbench-Pipeline": {"schema": {"type": "string"}}}
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{Predictions.__name__}"}}}
    body = {"application/json": {"schema": {"$ref": f"#/components/schemas/{PredictRequest.__name__}"}}}
    return {
        "operationId": "predict",
        "tags": ["deployments"],
        "summary": "Predict",
        "description": "Predict rows. Who may depends on the deployment: its members, whoever has a key, everybody.",
        "parameters": [slug, given],
        "requestBody": {"required": True, "content": body},
        "responses": {
            "200": {"description": "What is predicted, a row each.", "headers": headers, "content": content},
            **{str(status): refusal(status) for status in (400, 404, 408, 409, 413, 415)},
        },
    }


def _add(schemas: dict[str, Any], model: type[Any], mode: Any) -> None:
    _, told = models_json_schema([(model, mode)], ref_template="#/components/schemas/{model}")
    schemas.update(told["$defs"])


def _reachable(schemas: Mapping[str, Any], starts: list[Any]) -> Iterator[str]:
    """Name the schemas that some parts of the description refer to, through others too."""
    seen: set[str] = set()
    waiting = [name for start in starts for name in _references(start)]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield name
            waiting += _references(schemas[name])


def _references(part: Any) -> list[str]:
    return re.findall(r'"#/components/schemas/(\w+)"', json.dumps(part))


def _explain(schema: dict[str, Any]) -> None:
    """Give each property what the docstring of its class says of it, and leave the summary to the class."""
    for one in schema.get("properties", {}).values():
        # It says the name again.
        one.pop("title", None)
    text = schema.get("description", "")
    title = _TITLED.search(text)
    if title is None:
        return
    schema["description"] = text[: title.start()].strip()
    for names, about in _NAMES.findall(text[title.end() :] + "\n"):
        for name in names.split(", "):
            if name in schema.get("properties", {}):
                schema["properties"][name].setdefault("description", " ".join(about.split()))


def _examples() -> dict[str, Any]:
    """Return an example of each thing that there is to ask and to tell: as it once was."""
    text = files(bodies).joinpath("examples.json").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, Any]).validate_json(text)
