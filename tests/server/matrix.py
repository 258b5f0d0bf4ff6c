"""What the matrix test needs: a workspace with one of each thing, people in each role, keys in each state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from workbench.access.actor import Actor
from workbench.access.permissions import Permission, Role, granted
from workbench.server.access_table import WEBSOCKET, Access, Operation
from workbench.store.tables import KeyRow
from workbench.workbench import Workbench

ABSENT = "00000000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Request:
    """A request that is well formed.

    Attributes
    ----------
    of_what
        Placeholders of its path → what of the workspace it is about.
    """

    method: str
    path: str
    body: Any = None
    query: str = ""
    of_what: Mapping[str, str] = field(default_factory=dict)

    def filled(self, things: Mapping[str, str]) -> tuple[str, Any]:
        """Return its path and its body, about those things; what is not among them is not there."""
        path, body = f"{self.path}?{self.query}" if self.query else self.path, self.body
        for place, thing in self.of_what.items():
            found = things.get(thing, ABSENT)
            path = path.replace(f"{{{place}}}", found)
            if isinstance(body, dict):
                body = {name: found if value == f"{{{place}}}" else value for name, value in body.items()}
        return path, body


_OF_WHAT = {
    "source": "source",
    "run": "run",
    "experiment": "experiment",
    "pipeline": "pipeline",
    "promotion": "promotion",
    "slug": "slug",
    "batch": "batch",
    "advice": "advice",
    "key": "key",
    "workspace": "workspace",
    "project": "project",
    "user": "user",
    "invitation": "invitation",
}
_BODIES: Mapping[str, Any] = {
    # Each is whole, and asks for what is not there or cannot be: whoever may ask is told so.
    "POST /invitations/accept": {"code": "inv_none"},
    "POST /data-sources": {"what": []},
    "POST /data-sources/upload": b"",
    "POST /data-sources/test": {"what": []},
    "POST /data-sources/{source}/retype": {"kinds": {"nothing": "text"}},
    "POST /runs": {"data": ABSENT},
    "POST /runs/check": {"data": ABSENT},
    "POST /runs/estimate": {"data": ABSENT},
    "POST /runs/{run}/resume": {},
    "POST /runs/{run}/fit": {"model": "nothing"},
    "PATCH /experiments/{experiment}": {"name": "matrix-named"},
    "POST /pipelines": {"run": ABSENT},
    "PUT /aliases/{name}": {"pipeline": ABSENT},
    "POST /aliases/{name}/rollback": {},
    "POST /promotions": {"challenger": ABSENT, "alias": "matrix"},
    "POST /promotions/{promotion}/acknowledge": {"gate": "nothing", "by": "Ana"},
    "POST /deployments": {"pipeline": ABSENT, "slug": "matrix-other"},
    "POST /deployments/check": {"slug": "matrix-free"},
    "POST /deployments/{slug}/swap": {"pipeline": ABSENT},
    "POST /deployments/{slug}/shadow": {"pipeline": ABSENT},
    "POST /deployments/{slug}/access": {"access": "nobody"},
    "POST /deployments/{slug}/follow": {"alias": "nothing"},
    "POST /deployments/{slug}/predict": {"rows": []},
    "POST /batches": {"deployment": "{slug}", "source": ABSENT},
    "POST /advices": {"advisor": "nobody", "subject": ABSENT},
    "POST /workspaces": {"name": ""},
    "PATCH /workspaces/{workspace}": {"name": ""},
    "PUT /members/{user}": {"role": "nothing"},
    "POST /invitations": {"user": "nobody", "role": "nothing"},
    "POST /projects": {"name": ""},
    "PATCH /projects/{project}": {"name": "matrix-named"},
    "POST /keys": {"name": "", "scopes": ["nothing"]},
    "POST /keys/{key}/rotate": {},
}
_QUERIES = {
    "POST /data-sources/upload": "name=matrix-nothing",
    "GET /data-sources/{source}/values": "column=species",
    "GET /compare": "a={pipeline}&b={pipeline}",
    "GET /advices/lines": f"subject={ABSENT}",
}


def request_of(operation: Operation) -> Request:
    """Return a request of an operation."""
    method, full = operation
    path = full.removeprefix("/api/v1")
    line = f"{method} {path}"
    return Request(
        "GET" if method == WEBSOCKET else method, path, _BODIES.get(line), _QUERIES.get(line, ""), places_of(path)
    )


def places_of(path: str) -> dict[str, str]:
    """Return of which things the placeholders of a path are."""
    return dict(_OF_WHAT) | {"name": _named(path)}


def _named(path: str) -> str:
    return "alias" if path.startswith("/aliases") else "artifact" if "artifacts" in path else "sample"


class House:
    """A workspace with one of each thing, and another one, with keys to both."""

    def __init__(self, home: Workbench, eventually: Callable[..., Any]) -> None:
        self._home = home
        self._left = 0
        self.ids: dict[str, str] = {}
        self.name = f"matrix-{uuid4().hex[:8]}"
        self.here = home.within(workspace=home.workspaces.create(self.name).id)
        self.there = home.within(workspace=home.workspaces.create(f"{self.name}-other").id)
        for role in Role:
            self.here.workspaces.set_role(f"matrix-{role}", role)
            self.there.workspaces.set_role(f"matrix-{role}-there", role)
        self.things = self._things(self.here, eventually)
        self.keys = {str(role): self.key(role, ["*"]) for role in Role}
        self.keys |= {f"scope {one}": self.key(Role.OWNER, [_scope(one)]) for one in Permission}
        self.keys["other workspace"] = (
            self.there.on_behalf_of(_actor("matrix-owner-there", Role.OWNER)).keys.create("elsewhere", ["*"]).secret
        )
        self.keys["revoked"] = self._revoked()
        self.keys["expired"] = self._expired()

    def key(self, role: Role, scopes: list[str]) -> str:
        issued = self._as(role).keys.create("matrix", scopes)
        self.ids[issued.secret] = issued.key.id
        return issued.secret

    def leaver(self, role: str) -> str:
        """Return a key of somebody new, who may go."""
        self._left += 1
        name = f"matrix-leaver-{self._left}"
        self.here.workspaces.set_role(name, role)
        return self.here.on_behalf_of(_actor(name, Role(role))).keys.create("matrix", ["*"]).secret

    def _as(self, role: Role) -> Workbench:
        return self.here.on_behalf_of(_actor(f"matrix-{role}", role))

    def _revoked(self) -> str:
        issued = self._as(Role.OWNER).keys.create("revoked", ["*"])
        self._as(Role.OWNER).keys.revoke(issued.key.id)
        return issued.secret

    def _expired(self) -> str:
        issued = self._as(Role.OWNER).keys.create("expired", ["*"])
        with self._home._store.database.write() as session:
            session.get_one(KeyRow, issued.key.id).expires_at = datetime.now(UTC) - timedelta(days=1)
        return issued.secret

    def of_the_other(self, eventually: Callable[..., Any]) -> dict[str, str]:
        """Make one of each thing in the other workspace."""
        return self._things(self.there, eventually)

    def spares(self) -> dict[str, str]:
        """Make one of each thing that may be deleted: nothing else is about it."""
        here, known = self.here, self.things
        run = here.runs.submit(known["source"], target="species", plan="create", model="dummy", folds=2, seed=2)
        assert run.wait(timeout_s=90).status == "succeeded"
        spare = here.registry.promote(known["run"], name="spare")
        here.registry.aliases.set("spare-best", known["pipeline"])
        slug = here.deployments.deploy(pipeline=known["pipeline"], slug=f"{self.name}-spare").slug
        batch = here.deployments.get(known["slug"]).batch(known["source"])
        assert batch.wait().status == "succeeded"
        here.workspaces.set_role("matrix-spare", "viewer")
        return {
            "source": here.data.add([{"size": 1}, {"size": 2}], "spare").id,
            "run": run.id,
            "pipeline": spare.id,
            "alias": "spare-best",
            "slug": slug,
            "batch": batch.id,
            "key": here.keys.create("spare", ["*"]).key.id,
            "project": here.projects.create("spare").id,
            "user": "matrix-spare",
            "invitation": here.workspaces.invite("matrix-invited-too", "viewer").invitation.id,
        }

    def _things(self, here: Workbench, eventually: Callable[..., Any]) -> dict[str, str]:
        name = here.workspaces.current().name
        source = here.data.sample("iris")
        run = here.runs.submit(source, target="species", plan="create", model="nb", folds=2, seed=1)
        assert run.wait(timeout_s=90).status == "succeeded"
        pipeline = here.registry.promote(run, name="matrix")
        here.registry.aliases.set(f"{name}-best", pipeline)
        other = here.runs.submit(source, target="species", plan="create", model="dummy", folds=2, seed=1)
        assert other.wait(timeout_s=90).status == "succeeded"
        rival = here.registry.promote(other)
        promotion = here.registry.promotions.propose(rival, f"{name}-best")
        slug = here.deployments.deploy(pipeline=pipeline, slug=f"{name}-iris").slug
        batch = here.deployments.get(slug).batch(source)
        assert batch.wait().status == "succeeded"
        eventually(lambda: here.data.profile(source).is_complete)
        return {
            "source": source.id,
            "run": run.id,
            "experiment": here.experiments.list()[0].id,
            "pipeline": pipeline.id,
            "rival": rival.id,
            "promotion": promotion.id,
            "alias": f"{name}-best",
            "artifact": "schema.json",
            "slug": slug,
            "batch": batch.id,
            "advice": here.advisors.analyse(source).id,
            "key": here.keys.create("shown", ["*"]).key.id,
            "workspace": here.workspaces.current().id,
            "project": here.projects.current().id,
            "user": f"matrix-{Role.VIEWER}",
            "invitation": here.workspaces.invite("matrix-invited", "viewer").invitation.id,
            "sample": "wine",
        }


def wrong_scope(access: Access) -> str:
    """Return the name of a key of an owner's that is good for something else."""
    wanted = access.permission
    held = (one for one in Permission if wanted is None or not _grants(one, wanted))
    return f"scope {next(held)}"


def _grants(scope: Permission, wanted: Permission) -> bool:
    return scope is wanted or wanted in granted(_scope(scope))


def _scope(permission: Permission) -> str:
    return "predict:*" if permission is Permission.PREDICT else str(permission)


def _actor(name: str, role: Role) -> Actor:
    return Actor(name, role, origin="python")
