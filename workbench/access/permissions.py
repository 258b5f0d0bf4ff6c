"""What can be allowed, from which role on, and by which scopes of a key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import cache

from workbench.access.secrets import redacted
from workbench.errors import BadRequest, choices
from workbench.plain import shown

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,62}[a-z0-9]")
"""What a deployment's slug looks like."""


class Role(StrEnum):
    """What somebody is in a workspace; each may do what those before it may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"

    def covers(self, least: Role) -> bool:
        ladder = list(Role)
        return ladder.index(self) >= ladder.index(least)


class Permission(StrEnum):
    """Something that may be done in a workspace; as a key's scope it has the same name."""

    DATA_READ = "data:read"
    DATA_WRITE = "data:write"
    RUNS_READ = "runs:read"
    RUNS_WRITE = "runs:write"
    REGISTRY_READ = "registry:read"
    REGISTRY_WRITE = "registry:write"
    DEPLOYMENTS_READ = "deployments:read"
    DEPLOYMENTS_WRITE = "deployments:write"
    PREDICT = "predict"
    ADVICES_READ = "advices:read"
    ADVICES_WRITE = "advices:write"
    WORKSPACE_READ = "workspace:read"
    PROJECTS_WRITE = "projects:write"
    KEYS_WRITE = "keys:write"
    MEMBERS_WRITE = "members:write"
    AUDIT_READ = "audit:read"

    @property
    def least_role(self) -> Role:
        """The first role that may do it."""
        return _LEAST.get(self, Role.VIEWER if self.is_reading else Role.EDITOR)

    @property
    def is_reading(self) -> bool:
        """Whether nothing changes by it."""
        return self is Permission.PREDICT or self.endswith(":read")


_LEAST = {
    # A viewer's key lets its bearer do no more than view and predict.
    Permission.KEYS_WRITE: Role.VIEWER,
    Permission.MEMBERS_WRITE: Role.OWNER,
    # It tells who did what from where.
    Permission.AUDIT_READ: Role.OWNER,
}

_P = Permission
_IMPLIED: dict[Permission, tuple[Permission, ...]] = {
    _P.DATA_WRITE: (_P.DATA_READ,),
    _P.RUNS_READ: (_P.DATA_READ,),
    _P.RUNS_WRITE: (_P.RUNS_READ,),
    _P.REGISTRY_READ: (_P.RUNS_READ,),
    _P.REGISTRY_WRITE: (_P.REGISTRY_READ, _P.RUNS_WRITE),
    _P.DEPLOYMENTS_READ: (_P.REGISTRY_READ,),
    _P.DEPLOYMENTS_WRITE: (_P.DEPLOYMENTS_READ, _P.REGISTRY_WRITE, _P.PREDICT),
    _P.ADVICES_WRITE: (_P.ADVICES_READ, _P.DEPLOYMENTS_READ),
    _P.PROJECTS_WRITE: (_P.WORKSPACE_READ,),
    _P.MEMBERS_WRITE: (_P.WORKSPACE_READ,),
}
"""What a scope lets do besides: reading a run takes reading its data, deploying takes promoting."""

ALL = "*"
_PREDICT = f"{Permission.PREDICT}:"


@cache
def granted(scope: str) -> frozenset[str]:
    """Return a scope with all that it implies."""
    if scope.startswith(_PREDICT):
        return frozenset({scope})
    permission = Permission(scope)
    implied = frozenset().union(*(granted(other) for other in _IMPLIED.get(permission, ())))
    # Predicting without a slug is predicting whatever is deployed.
    return implied | {f"{_PREDICT}{ALL}" if permission is Permission.PREDICT else scope}


def checked_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes of a key in order, each once.

    Parameters
    ----------
    scopes
        Permissions such as ``runs:write``; ``predict:SLUG`` for one deployment, ``predict:*`` for all; ``*`` for all
        that the key's owner may do.

    Raises
    ------
    BadRequest
        ``key.scope_unknown`` naming the valid ones.
    """
    wanted = [scopes] if isinstance(scopes, str) else list(scopes)
    for scope in wanted:
        if not isinstance(scope, str) or not _is_scope(scope):
            valid = [*sorted(set(Permission) - {Permission.PREDICT}), f"{_PREDICT}SLUG", f"{_PREDICT}{ALL}", ALL]
            told = f"There is no scope {redacted(shown(scope))}."
            raise BadRequest("key.scope_unknown", told, hint=choices(str(scope), valid))
    if not wanted:
        raise BadRequest("key.scope_unknown", "A key needs a scope at least.", hint=f"{ALL} lets it do what you may.")
    return tuple(sorted(set(wanted)))


def _is_scope(scope: str) -> bool:
    if scope.startswith(_PREDICT):
        of = scope.removeprefix(_PREDICT)
        return of == ALL or SLUG.fullmatch(of) is not None
    return scope == ALL or (scope != Permission.PREDICT and scope in set(Permission))
