"""The facade that users, panels, routes and commands hold: one operation, one function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from workbench import settings as settings_module
from workbench.access.actor import Actor
from workbench.adviser import Advisors
from workbench.auditing import Audit
from workbench.data.sources import Sources
from workbench.deployer import Deployments
from workbench.experiments import Experiments
from workbench.launcher import Runs
from workbench.people import lookup
from workbench.people.answered import Answered, Repeatable
from workbench.people.bearers import Bearers
from workbench.people.identity import local_actor
from workbench.people.joined import Joined, join
from workbench.people.key import Bearer
from workbench.people.keys import Keys
from workbench.people.me import Me, me
from workbench.people.projects import Projects
from workbench.people.workspaces import Workspaces
from workbench.registrar import Registry
from workbench.service.handle import Service
from workbench.serving.client import Client
from workbench.settings import Settings
from workbench.store import audit
from workbench.store.database import Changes
from workbench.store.needs import telling
from workbench.store.store import Store, open_store

if TYPE_CHECKING:
    from workbench.remote import Workbench as RemoteWorkbench

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
    workspaces
        Who shares what: workspaces, their members, and invitations to them.
    projects, experiments
        What runs are about, and what they are compared under.
    keys
        Keys by which others act in your name, within their scopes.
    audit
        Who did what.
    bearers
        Whoever shows a key: for those who answer requests.
    answered
        Requests that are to be carried out once, and what was answered to them: for those likewise.
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
        tell = Client(store.settings).have_learned
        self.workspaces = Workspaces(store, tell)
        self.projects = Projects(store)
        self.experiments = Experiments(store)
        self.keys = Keys(store, tell)
        self.audit = Audit(store)
        self.bearers = Bearers(store)
        self.answered = Answered(store)
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

    def within(self, workspace: str | None = None, project: str | None = None) -> Workbench:
        """Return the same home, open in another workspace or project, in the role that you have there by now.

        Parameters
        ----------
        workspace, project
            A name or an id. None: the workspace that is open; its project, or the default one of another workspace.

        Raises
        ------
        NotFound
            ``workspace.not_found`` also when you are no member of it, and with a key always but for its own;
            ``project.not_found``
        """
        return Workbench(lookup.entered(self._store, workspace, project))

    def me(self) -> Me:
        """Return who asks, where, and what they may do there.

        Raises
        ------
        Forbidden
            ``access.not_a_member``
        """
        return me(self._store)

    def accept_invitation(self, code: str) -> Joined:
        """Make whom an invitation names a member, and give them a key: for those who answer somebody yet unknown.

        Raises
        ------
        Forbidden
            ``invitation.invalid``
        """
        with telling(self._store, None, "Workspaces.accept"):
            return join(self._store, code)

    def for_key(self, key: str | Bearer, *, origin: str) -> Workbench:
        """Return the same home, opened for whoever shows a key, in the workspace that it opens.

        Parameters
        ----------
        key
            The secret, or whom `bearers` has found by it.
        origin
            From where it is shown, in the audit log's words: ``http ADDRESS``.

        Raises
        ------
        Unauthorized
            ``key.invalid``, ``key.expired``, ``key.revoked``
        """
        bearer = key if isinstance(key, Bearer) else self.bearers.find(key, origin=origin)
        store = self._store
        if bearer.workspace_id != store.workspace_id:
            store = store.within(bearer.workspace_id)
        return Workbench(store.on_behalf_of(bearer.actor))

    def carrying_out(self, request: Repeatable) -> Workbench:
        """Return the same home, in which whatever is changed is known to have been changed for a request."""
        return Workbench(self._store.beginning_with(request.mark))

    def changes(self) -> Changes:
        """Return a watcher that tells cheaply whether anything in the store may have changed."""
        return self._store.database.changes()

    def mark(self) -> int:
        """Return a number that has grown once anything was done that the audit log tells of; anybody may know it."""
        return audit.newest(self._store.database)

    def close(self) -> None:
        self._store.close()

    def __repr__(self) -> str:
        return f"<Workbench at {self.settings.home}>"


@overload
def connect(
    settings: Settings | None = None,
    *,
    key: str | None = None,
    workspace: str | None = None,
    project: str | None = None,
    **overrides: Any,
) -> Workbench: ...
@overload
def connect(
    settings: str, *, key: str | None = None, workspace: str | None = None, project: str | None = None, **overrides: Any
) -> RemoteWorkbench: ...
def connect(
    settings: Settings | str | None = None,
    *,
    key: str | None = None,
    workspace: str | None = None,
    project: str | None = None,
    **overrides: Any,
) -> Workbench | RemoteWorkbench:
    """Open a home, creating it where it is not there, or another one by its HTTP API.

    Parameters
    ----------
    settings
        Settings; None: from the environment (``WORKBENCH_HOME``, ``WORKBENCH_DATABASE_URL``, …). Or the address of an
        API, as ``https://HOST``.
    key
        A key to act by; None: whoever runs this process acts.
    workspace, project
        Name or id of the one to open; None: as the settings say, else the default one, or the one that the key opens.
    **overrides
        Single settings that override the environment, e.g. ``home="/tmp/trial"``.

    Raises
    ------
    BadRequest
        ``settings.invalid``
    NotFound
        ``workspace.not_found``, ``project.not_found``
    Unauthorized
        ``key.…`` when the key is good no more.
    EngineFault
        ``store.…`` when the database cannot be used.
    """
    if isinstance(settings, str):
        from workbench import remote

        # Tools that show tracebacks show local variables too: none holds the key as text from here on.
        shown, key = remote.given(key), None
        return remote.connect(settings, key=shown, workspace=workspace, project=project, **overrides)
    store = open_store(settings or settings_module.load(**overrides))
    opened = Workbench(store.on_behalf_of(local_actor(store, origin=ORIGIN)))
    if key is not None:
        opened = opened.for_key(key, origin=ORIGIN)
    elif workspace is None:
        workspace, project = store.settings.workspace or None, project or store.settings.project or None
    return opened if workspace is None and project is None else opened.within(workspace, project)
