"""The facade that users, panels, routes and commands hold: one operation, one function."""

from __future__ import annotations

from typing import Any

from workbench import settings as settings_module
from workbench.access.actor import Actor
from workbench.access.permissions import Permission
from workbench.adviser import Advisors
from workbench.data.sources import Sources
from workbench.deployer import Deployments
from workbench.launcher import Runs
from workbench.people.identity import local_actor
from workbench.registrar import Registry
from workbench.service.handle import Service
from workbench.settings import Settings
from workbench.store import audit
from workbench.store.database import Changes
from workbench.store.needs import needs
from workbench.store.store import Store, open_store

ORIGIN = "python"
"""From where things are done that are done by `connect`."""


class Workbench:
    """A home, opened.

    Attributes
    ----------
    data
        Data sources.
    runs
        Runs.
    registry
        Promoted pipelines, their aliases and promotions.
    deployments
        What is served.
    advisors
        Six advisors, and what they have said.
    service
        The process that carries runs out.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.settings = store.settings
        self.data = Sources(store)
        self.runs = Runs(store, self.data)
        self.registry = Registry(store, self.runs.fit_of)
        self.deployments = Deployments(store, self.registry)
        self.advisors = Advisors(store)
        self.service = Service(store.settings)

    @property
    def user(self) -> str:
        """On whose behalf all is done."""
        return self._store.user

    @property
    def actor(self) -> Actor:
        """Who that is, and what they may do."""
        return self._store.actor

    def on_behalf_of(self, actor: Actor) -> Workbench:
        """Return the same home, opened for somebody else: for those who answer many."""
        return Workbench(self._store.on_behalf_of(actor))

    def changes(self) -> Changes:
        """Return a watcher that tells cheaply whether anything in the store may have changed."""
        return self._store.database.changes()

    @needs(Permission.AUDIT_READ)
    def audit(self, *, limit: int = 100, **about: str) -> list[audit.Entry]:
        """Return who did what, newest first.

        Parameters
        ----------
        **about
            ``subject``, ``subject_id`` or ``action``: only lines of these.
        """
        return audit.entries(self._store.database, limit=limit, **about)

    def close(self) -> None:
        self._store.close()

    def __repr__(self) -> str:
        return f"<Workbench at {self.settings.home}>"


def connect(settings: Settings | None = None, **overrides: Any) -> Workbench:
    """Open a home, creating it where it is not there.

    Parameters
    ----------
    settings
        Settings; None: from the environment (``WORKBENCH_HOME``, ``WORKBENCH_DATABASE_URL``, …).
    **overrides
        Single settings that override the environment, e.g. ``home="/tmp/trial"``.

    Raises
    ------
    BadRequest
        ``settings.invalid``
    EngineFault
        ``store.…`` when the database cannot be used.
    """
    store = open_store(settings or settings_module.load(**overrides))
    return Workbench(store.on_behalf_of(local_actor(store, origin=ORIGIN)))
