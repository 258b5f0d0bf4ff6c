"""A home elsewhere: what `workbench.connect` gives where it is given an address."""

from __future__ import annotations

import shutil
import ssl
import tempfile
import weakref
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from workbench.access.actor import Actor
from workbench.people.joined import Joined
from workbench.people.me import Me
from workbench.remote import address as addresses
from workbench.remote import secret, transport
from workbench.remote.advisors import Advisors
from workbench.remote.answers import shown
from workbench.remote.api import Api, Kept
from workbench.remote.audit import Audit
from workbench.remote.deployments import Deployments
from workbench.remote.elsewhere import only_there
from workbench.remote.experiments import Experiments
from workbench.remote.keys import Keys
from workbench.remote.people import Projects, Workspaces
from workbench.remote.registry import Registry
from workbench.remote.runs import Runs
from workbench.remote.secret import Secret
from workbench.remote.sources import Sources

TIMEOUT_S = 30.0
"""Longest to wait for an answer that takes no work, and longest to ask again for it."""
_THERE = ("bearers", "changes", "for_key", "mark", "on_behalf_of", "service", "settings")
"""What a home has only where it is."""


class Workbench:
    """A home elsewhere, over HTTP; what it has is what `workbench.workbench.Workbench` has.

    Attributes
    ----------
    data, runs, registry, deployments, advisors, workspaces, projects, experiments, keys, audit
        As of a home that is here.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self.data = Sources(api)
        self.runs = Runs(api)
        self.registry = Registry(api)
        self.deployments = Deployments(api)
        self.advisors = Advisors(api)
        self.workspaces = Workspaces(api)
        self.projects = Projects(api)
        self.experiments = Experiments(api)
        self.keys = Keys(api)
        self.audit = Audit(api)

    @property
    def user(self) -> str:
        """On whose behalf all is done."""
        return self.me().name

    @property
    def actor(self) -> Actor:
        """Who that is, and what they may do."""
        found = self.me()
        return Actor(
            name=found.name,
            role=found.role,
            scopes=None if found.scopes is None else frozenset(found.scopes),
            origin=found.origin,
            key_id=found.key_id,
            is_administrator=found.is_administrator,
        )

    def me(self) -> Me:
        """Return who asks, where, and what they may do there."""
        return self._api.of(Me, self._api.get("me"))

    def within(self, workspace: str | None = None, project: str | None = None) -> Workbench:
        """Return the same home, open in another workspace or project; the connections are shared, and closed together.

        Raises
        ------
        NotFound
            ``workspace.not_found``, ``project.not_found``
        """
        # A project is one of its workspace: where another one is opened, it is left.
        kept = self._api.headers if workspace is None else {}
        entered = Workbench(replace(self._api, headers={**kept, **transport.headers(workspace, project)}))
        entered.me()
        return entered

    def accept_invitation(self, code: str) -> Joined:
        """Become a member by a code that somebody was sent; takes no key, and gives one.

        Raises
        ------
        Forbidden
            ``invitation.invalid``
        """
        told = self._api.post("invitations", "accept", body={"code": code})
        shown(told["key"], "secret", "key")
        return self._api.of(Joined, told)

    def close(self) -> None:
        """Close the connections, and drop what was fetched."""
        self._api.client.close()
        shutil.rmtree(self._api.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        if name in _THERE:
            raise only_there(f"'{name}'")
        raise AttributeError(f"a home elsewhere has no '{name}'")

    def __repr__(self) -> str:
        return f"<Workbench at {self._api.host}>"


def connect(
    address: str,
    *,
    key: str | Secret | None = None,
    workspace: str | None = None,
    project: str | None = None,
    verify: bool | str | Path | ssl.SSLContext = True,
    timeout_s: float = TIMEOUT_S,
    insecure: bool = False,
) -> Workbench:
    """Open a home over HTTP.

    Parameters
    ----------
    address
        ``https://HOST[/BASE]``; ``unix:///PATH/api.sock`` for the socket of a home on this machine, as its owner.
    key
        A key of one of its workspaces; None: what ``WORKBENCH_KEY`` holds. Without one, only what is public is open,
        and `Workbench.accept_invitation`.
    workspace, project
        Where things are done, by name; None: the key's workspace, and its default project.
    verify
        Whether TLS certificates are checked; or a file of the authorities that are trusted.
    timeout_s
        Longest to wait for an answer, in seconds. What takes work, such as reading a table, has its own time.
    insecure
        Whether the key may be sent by plain HTTP to another machine, where everybody on the way can read it.

    Raises
    ------
    BadRequest
        ``remote.address_invalid``, ``remote.insecure``
    Unauthorized
        ``key.invalid``, ``key.expired``, ``key.revoked``
    NotFound
        ``workspace.not_found``, ``project.not_found``
    Unavailable
        ``remote.unreachable`` when nothing answers there.
    BadGateway
        ``remote.not_understood`` when something else does.
    """
    # From here on, no local variable holds the key as text: tools that show tracebacks show those too.
    key = secret.given(key)
    found = addresses.read(address)
    if key is not None and not insecure:
        found.check_private()
    client = transport.opened(found, key, verify=verify, timeout_s=timeout_s)
    folder = Path(tempfile.mkdtemp(prefix="workbench-"))
    headers = transport.headers(workspace, project)
    opened = Workbench(Api(found, client, headers, timeout_s, Kept(), folder))
    # What was fetched goes with whoever forgets to close it, too.
    weakref.finalize(client, shutil.rmtree, folder, ignore_errors=True)
    if key is None and found.socket is None:
        return opened
    try:
        opened.me()
    except BaseException:
        opened.close()
        raise
    return opened
