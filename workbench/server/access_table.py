"""Who may call what: the one declaration, from which the door, the API's description, its page and its tests are made.

What is declared here is not enforced here: the engine refuses (`workbench.store.needs`), and a test calls every route
in every role with every credential and compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from workbench.access.permissions import Permission, Role
from workbench.serving.client import LEARN, ROOT

Kind = Literal["public", "home", "member", "predict"]
Operation = tuple[str, str]
"""A method, and a path as routes have it: ``("GET", "/api/v1/runs/{run}")``."""
WEBSOCKET = "WS"
"""Stands in place of a method."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a route.

    Attributes
    ----------
    kind
        ``public``: everybody. ``home``: the home's owner, by the service's token or through Jupyter. ``member``:
        members of the workspace whose role, and whose key where they come by one, allow `permission`. ``predict``: whom
        the deployment's own access lets in.
    permission
        None: any member, whatever their key is good for.
    """

    kind: Kind
    permission: Permission | None = None

    @property
    def told(self) -> str:
        """In one word: the permission, or the kind."""
        return str(self.permission or self.kind)

    @property
    def role(self) -> Role | None:
        """The first role that may; None where that is no question of a role."""
        if self.kind != "member":
            return None
        return Role.VIEWER if self.permission is None else self.permission.least_role


_PUBLIC = ("GET /health", "GET /ready", "GET /openapi.json", "POST /invitations/accept")
_HOME = ("GET /metrics", f"POST {LEARN.removeprefix(ROOT)}")
_PREDICT = ("POST /deployments/{slug}/predict",)
_ANY_MEMBER = ("GET /me",)
_P = Permission
_MEMBERS: Mapping[Permission, tuple[str, ...]] = {
    _P.DATA_READ: (
        "GET /data-sources",
        "GET /data-sources/{source}",
        "GET /data-sources/{source}/versions",
        "GET /data-sources/{source}/head",
        "GET /data-sources/{source}/profile",
        "GET /data-sources/{source}/values",
        "GET /data-sources/{source}/table",
        "GET /data-sources/{source}/changed",
        "GET /samples",
    ),
    _P.DATA_WRITE: (
        "POST /data-sources",
        "POST /data-sources/upload",
        "POST /data-sources/test",
        "POST /data-sources/{source}/refresh",
        "POST /data-sources/{source}/retype",
        "DELETE /data-sources/{source}",
        "POST /samples/{name}",
    ),
    _P.RUNS_READ: (
        "GET /runs",
        "GET /runs/{run}",
        "GET /runs/{run}/events",
        "GET /runs/{run}/events/stream",
        f"{WEBSOCKET} /runs/{{run}}/events/ws",
        "GET /runs/{run}/progress",
        "GET /runs/{run}/leaderboard",
        "GET /runs/{run}/reproduction",
        "GET /experiments",
        "GET /experiments/{experiment}",
        "GET /experiments/{experiment}/leaderboard",
    ),
    _P.RUNS_WRITE: (
        "POST /runs",
        "POST /runs/check",
        "POST /runs/estimate",
        "POST /runs/{run}/cancel",
        "POST /runs/{run}/resume",
        "POST /runs/{run}/fit",
        "DELETE /runs/{run}",
        "PATCH /experiments/{experiment}",
    ),
    _P.REGISTRY_READ: (
        "GET /pipelines",
        "GET /pipelines/{pipeline}",
        "GET /pipelines/{pipeline}/card",
        "GET /pipelines/{pipeline}/moves",
        "GET /pipelines/{pipeline}/artifacts/{name}",
        "POST /pipelines/{pipeline}/verify",
        "GET /compare",
        "GET /aliases",
        "GET /aliases/{name}",
        "GET /aliases/{name}/history",
        "GET /promotions",
        "GET /promotions/{promotion}",
    ),
    _P.REGISTRY_WRITE: (
        "POST /pipelines",
        "DELETE /pipelines/{pipeline}",
        "PUT /aliases/{name}",
        "DELETE /aliases/{name}",
        "POST /aliases/{name}/rollback",
        "POST /promotions",
        "POST /promotions/{promotion}/acknowledge",
        "POST /promotions/{promotion}/complete",
        "POST /promotions/{promotion}/cancel",
    ),
    _P.DEPLOYMENTS_READ: (
        "GET /deployments",
        "POST /deployments/check",
        "GET /deployments/{slug}",
        "GET /deployments/{slug}/schema",
        "GET /deployments/{slug}/history",
        "GET /deployments/{slug}/traffic",
        "GET /deployments/{slug}/predictions",
        "GET /deployments/{slug}/predictors",
        "GET /deployments/{slug}/log",
        "GET /deployments/{slug}/shadow",
        "GET /batches",
        "GET /batches/{batch}",
        "GET /batches/{batch}/file",
    ),
    _P.DEPLOYMENTS_WRITE: (
        "POST /deployments",
        "DELETE /deployments/{slug}",
        "GET /deployments/{slug}/export",
        "POST /deployments/{slug}/warm",
        "POST /deployments/{slug}/stop",
        "POST /deployments/{slug}/swap",
        "POST /deployments/{slug}/rollback",
        "POST /deployments/{slug}/shadow",
        "POST /deployments/{slug}/access",
        "POST /deployments/{slug}/follow",
        "POST /batches",
        "POST /batches/{batch}/cancel",
        "DELETE /batches/{batch}",
    ),
    _P.ADVICES_READ: (
        "GET /advices",
        "GET /advices/thresholds",
        "GET /advices/narrator",
        "GET /advices/lines",
        "GET /advices/{advice}",
        "GET /advices/{advice}/markdown",
    ),
    _P.ADVICES_WRITE: ("POST /advices", "POST /advices/{advice}/narrate"),
    _P.WORKSPACE_READ: (
        "GET /workspaces",
        "GET /workspaces/{workspace}",
        "GET /members",
        "GET /projects",
        "GET /projects/{project}",
        "GET /keys",
        "GET /keys/{key}",
    ),
    _P.PROJECTS_WRITE: ("POST /projects", "PATCH /projects/{project}", "DELETE /projects/{project}"),
    _P.KEYS_WRITE: ("POST /keys", "DELETE /keys/{key}", "POST /keys/{key}/rotate", "DELETE /me"),
    _P.MEMBERS_WRITE: (
        "POST /workspaces",
        "PATCH /workspaces/{workspace}",
        "DELETE /workspaces/{workspace}",
        "PUT /members/{user}",
        "DELETE /members/{user}",
        "GET /invitations",
        "POST /invitations",
        "DELETE /invitations/{invitation}",
    ),
    _P.AUDIT_READ: ("GET /audit", "GET /audit/verify", "GET /audit/export"),
}


def _operation(line: str) -> Operation:
    method, path = line.split()
    return method, f"{ROOT}{path}"


TABLE: Mapping[Operation, Access] = {
    **{_operation(line): Access("public") for line in _PUBLIC},
    **{_operation(line): Access("home") for line in _HOME},
    **{_operation(line): Access("predict", Permission.PREDICT) for line in _PREDICT},
    **{_operation(line): Access("member") for line in _ANY_MEMBER},
    **{_operation(line): Access("member", one) for one, lines in _MEMBERS.items() for line in lines},
}
"""Every route of the API, with who may call it."""
PUBLIC = frozenset(operation for operation, access in TABLE.items() if access.kind == "public")
"""What everybody may call."""
