"""Who calls: the home as it is open to them, found out by the door and kept for a moment."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection

from workbench.access.actor import Actor, of_person, written
from workbench.errors import Forbidden, NotFound, Unauthorized
from workbench.people.key import Key
from workbench.server.credentials import Shown, named
from workbench.server.uses import Uses
from workbench.workbench import Workbench

KEPT_S = 1.0
"""Longest that it counts what a caller was found to be, in seconds."""
KEPT_MOST = 4096
GOOD_MOST = 50_000
"""So many keys are remembered to have been good."""
JUPYTER = "jupyter"

_Place = tuple[bytes, str, bool, bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who was let in.

    Attributes
    ----------
    workbench
        The home on their behalf.
    key
        The one that they showed; None: none.
    is_owner
        Whether it is the home's owner, by the service's token or through Jupyter.
    workspace_id
        The workspace that they are held to; None: they named none, and may go into all.
    """

    workbench: Workbench
    shown: Shown
    callers: Callers
    key: Key | None = None
    is_owner: bool = False
    workspace_id: str | None = None

    async def again(self) -> Workbench:
        """Find out anew who it is, for what goes on for long.

        Raises
        ------
        Unauthorized, Forbidden, NotFound
            As `Callers.find`.
        """
        return (await self.callers.find(self.shown)).workbench


class Callers:
    """Finds out who callers are.

    Parameters
    ----------
    token
        The service's own: who sends it is the home's owner.
    home
        The home as it is open to its owner.
    """

    def __init__(self, token: str, home: Workbench) -> None:
        self._token = token.encode()
        self._home = home
        self._kept: dict[_Place, tuple[float, Caller]] = {}
        self._asking: dict[_Place, asyncio.Task[Caller]] = {}
        self._good: dict[bytes, None] = {}
        self.uses = Uses(home)

    def known(self, shown: Shown) -> Caller | None:
        """Return who it is where that was found out a moment ago; what grows old is looked up meanwhile."""
        place = _place(shown)
        kept = self._kept.get(place)
        if kept is None:
            return None
        left_s = kept[0] - time.monotonic()
        if left_s <= 0:
            return None
        if left_s < KEPT_S / 2 and shown.key is not None and place not in self._asking:
            self._ask(place, shown)
        return kept[1]

    async def find(self, shown: Shown) -> Caller:
        """Return who it is.

        Raises
        ------
        Unauthorized
            ``access.unauthenticated`` where nothing was shown; ``key.invalid``, ``key.expired``, ``key.revoked``.
        Forbidden
            ``access.denied`` where the service's token is wrong.
        NotFound
            ``workspace.not_found``, ``project.not_found`` for what was named and is not theirs.
        """
        if shown.key is None and not shown.by_socket:
            self._check_token(shown.token)
        known = self.known(shown)
        if known is not None:
            return known
        place = _place(shown)
        # Shielded: others wait for it too.
        return await asyncio.shield(self._asking.get(place) or self._ask(place, shown))

    def was_good(self, shown: Shown) -> bool:
        """Whether the key was good when it was looked up last: it is worth a look, whatever its address does."""
        return shown.key is not None and _digest(shown.key) in self._good

    def nobody(self, shown: Shown) -> Workbench:
        """Return the home as it is open to those who need not say who they are."""
        return self._home.on_behalf_of(Actor("", None, origin=_origin(shown)))

    def forget(self) -> None:
        """Find out anew who whoever calls from now on is."""
        self._kept.clear()
        self._asking.clear()

    def _check_token(self, token: bytes | None) -> None:
        if token is None:
            raise Unauthorized(
                "access.unauthenticated",
                "The caller has not said who it is.",
                hint="Send a key as X-Workbench-Key or the service's token as X-Workbench-Token, or come by Jupyter.",
            )
        if not hmac.compare_digest(token, self._token):
            raise Forbidden("access.denied", "The service's token is wrong.")

    def _ask(self, place: _Place, shown: Shown) -> asyncio.Task[Caller]:
        task = asyncio.create_task(asyncio.to_thread(self._look, shown))
        self._asking[place] = task

        def done(task: asyncio.Task[Caller]) -> None:
            if shown.key is not None and not task.cancelled():
                self._remember(_digest(shown.key), task.exception())
            # What was asked before all was forgotten is not kept.
            if self._asking.get(place) is not task:
                with suppress(asyncio.CancelledError):
                    task.exception()
                return
            del self._asking[place]
            self._kept.pop(place, None)
            if not task.cancelled() and task.exception() is None:
                if len(self._kept) >= KEPT_MOST:
                    del self._kept[next(iter(self._kept))]
                self._kept[place] = (time.monotonic() + KEPT_S, task.result())

        task.add_done_callback(done)
        return task

    def _remember(self, key: bytes, error: BaseException | None) -> None:
        self._good.pop(key, None)
        if error is None:
            if len(self._good) >= GOOD_MOST:
                del self._good[next(iter(self._good))]
            self._good[key] = None

    def _look(self, shown: Shown) -> Caller:
        """Ask the store; takes a moment."""
        if shown.key is not None:
            return self._by_key(shown, shown.key)
        actor = self._home.actor
        name = of_person(named(shown.user)) or actor.name
        mine = self._home.on_behalf_of(replace(actor, origin=_origin(shown), name=name))
        if not shown.workspace and not shown.project:
            return Caller(mine, shown, self, is_owner=True)
        mine = mine.within(workspace=_wanted(shown.workspace), project=_wanted(shown.project))
        held = mine.workspaces.current().id if shown.workspace else None
        return Caller(mine, shown, self, is_owner=True, workspace_id=held)

    def _by_key(self, shown: Shown, key: bytes) -> Caller:
        origin = _origin(shown)
        try:
            bearer = self._home.bearers.find(key.decode("ascii", "replace"), origin=origin)
        except Unauthorized as error:
            self.uses.refused(error, origin=origin)
            raise
        asked = written(named(shown.workspace))
        if shown.workspace and asked not in (bearer.key.workspace, bearer.workspace_id):
            raise NotFound("workspace.not_found", f"The key opens no workspace '{asked}'.")
        mine = self._home.for_key(bearer, origin=origin)
        if shown.project:
            mine = mine.within(project=_wanted(shown.project))
        return Caller(mine, shown, self, key=bearer.key, workspace_id=bearer.workspace_id)


def _digest(key: bytes) -> bytes:
    # A key itself is kept nowhere.
    return hashlib.sha256(key).digest()


def _place(shown: Shown) -> _Place:
    digest = b"" if shown.key is None else _digest(shown.key)
    return digest, shown.address, shown.by_socket, shown.workspace, shown.project, shown.user


def _wanted(told: bytes) -> str | None:
    """Return what is named; None: nothing is. What cannot be read is the name of nothing."""
    return (named(told) or "\N{REPLACEMENT CHARACTER}") if told else None


def _origin(shown: Shown) -> str:
    return JUPYTER if shown.by_socket else f"http {shown.address}"


def mine(connection: HTTPConnection) -> Workbench:
    """Return the home on behalf of the caller, whom the door has let in; WebSockets have one too."""
    found: Workbench = connection.scope["state"]["workbench"]
    return found


Mine = Annotated[Workbench, Depends(mine)]
"""What a route takes that does something on the caller's behalf: what they may do, the engine checks."""


def owners_only(connection: HTTPConnection) -> None:
    """Let the home's owner in, and no key.

    Raises
    ------
    Forbidden
        ``access.denied``
    """
    caller: Caller | None = connection.scope["state"].get("caller")
    if caller is None or not caller.is_owner:
        error = Forbidden("access.denied", "This is for the home's owner: it takes the service's token, or Jupyter.")
        if caller is not None:
            caller.workbench.bearers.denied(error, f"{connection.scope['method']} {connection.scope['path']}")
        raise error


OwnersOnly = Depends(owners_only)
