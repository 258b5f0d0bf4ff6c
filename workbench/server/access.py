"""The door: who may come in is decided before anything of a request is read but its head."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from workbench.access.permissions import Permission, Role
from workbench.errors import NotFound, Unauthorized, WorkbenchError
from workbench.server import access_table, problems
from workbench.server.callers import Caller, Callers
from workbench.server.credentials import check_own_page, shown, subprotocol
from workbench.server.limits import Rates
from workbench.server.routes import landing
from workbench.serving.client import ROOT
from workbench.serving.deployment import PUBLIC

OPEN = access_table.PUBLIC | {("GET", path) for path in landing.PUBLIC}
"""What everybody may ask; all else takes a credential."""
_PREDICT = re.compile(rf"{ROOT}/deployments/[^/]+/predict")
_CLOSES = {401: 4401, 403: 4403, 404: 4404, 429: 4429}
"""By what a WebSocket is closed: a browser tells its page no status."""


class Door:
    """Lets those in who have shown who they are; what a route then does, it does on their behalf.

    The route finds the home on the caller's behalf as ``scope["state"]["workbench"]``, and the `Caller` as ``caller``.
    """

    def __init__(self, app: ASGIApp, callers: Callers, rates: Rates) -> None:
        self._app = app
        self._callers = callers
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            send = await self._let_in(scope, send)
        except WorkbenchError as error:
            await _refuse(error, scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _let_in(self, scope: Scope, send: Send) -> Send:
        state, what = scope.setdefault("state", {}), shown(scope)
        is_open = scope["type"] == "http" and (scope["method"], scope["path"]) in OPEN
        if is_open and scope["method"] == "GET":
            state["workbench"] = self._callers.nobody(what)
            return send
        try:
            if what.by_socket:
                check_own_page(scope)
            known = self._callers.known(what) if what.key is not None else None
            if known is None and what.key is not None and not self._callers.was_good(what):
                # Whoever guesses is not to keep the store busy, nor to keep those out whose key is good.
                self._rates.check_guesses(what.address)
            caller = known or await self._callers.find(what)
        except WorkbenchError as error:
            is_guess = isinstance(error, Unauthorized) and what.key is not None
            limited = self._rates.of_address(what.address, send, is_guess=is_guess)
            if is_open:
                # What is shown tells more of who it is, and need not be good.
                state["workbench"] = self._callers.nobody(what)
                return limited
            if is_prediction(scope):
                # What is public asks nobody; the route knows whether it is.
                state["refusal"] = error
                return limited
            raise
        state["workbench"], state["caller"] = caller.workbench, caller
        if caller.key is None:
            return send
        self._callers.uses.used(caller.key.id, what.address)
        return self._rates.of_key(caller.key, is_owner=caller.workbench.actor.role is Role.OWNER, send=send)


def is_prediction(scope: Mapping[str, Any]) -> bool:
    """Whether somebody asks a deployment: who may, its access says."""
    return scope["type"] == "http" and _PREDICT.fullmatch(scope["path"]) is not None


def admit(scope: Mapping[str, Any], slug: str, access: str, workspace_id: str | None = None) -> None:
    """Let those in who may ask a deployment.

    Parameters
    ----------
    access
        Who may ask it.
    workspace_id
        The workspace that it is in, once that is known.

    Raises
    ------
    Unauthorized, Forbidden, NotFound
        As the caller was refused; ``access.…`` where its key is not good for this, ``deployment.not_found`` where the
        deployment is another workspace's.
    """
    if access == PUBLIC:
        return
    state = scope["state"]
    if "refusal" in state:
        raise state["refusal"]
    caller: Caller = state["caller"]
    if caller.key is not None:
        error = caller.workbench.actor.why_not(Permission.PREDICT, slug=slug)
        if error is not None:
            caller.callers.uses.denied(caller.key.id, slug, caller.workbench)
            raise error
    if workspace_id is not None and caller.workspace_id not in (None, workspace_id):
        raise NotFound("deployment.not_found", f"There is no deployment '{slug}'.")


async def _refuse(error: WorkbenchError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await problems.answer(error)(scope, receive, send)
        return
    await receive()
    await send({"type": "websocket.accept", "subprotocol": subprotocol(scope)})
    await send({"type": "websocket.close", "code": _CLOSES.get(error.status, 1011), "reason": error.code})
