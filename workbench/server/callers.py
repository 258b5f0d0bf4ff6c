"""Who calls: the home as it is open to them, for each route that asks for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection

from workbench.workbench import Workbench


def mine(connection: HTTPConnection) -> Workbench:
    """Return the home on behalf of the caller, whom the door has let in; WebSockets have one too."""
    found: Workbench = connection.scope["state"]["workbench"]
    return found


Mine = Annotated[Workbench, Depends(mine)]
"""What a route takes that does something on the caller's behalf: what they may do, the engine checks."""
