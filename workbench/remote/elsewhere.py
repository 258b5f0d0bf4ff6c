"""What can be done only where the home is."""

from __future__ import annotations

from workbench.errors import BadRequest


def only_there(what: str) -> BadRequest:
    """Return the error of something that goes over no HTTP."""
    return BadRequest(
        "remote.not_possible",
        f"{what} is possible only where the home is.",
        hint="Connect to the home itself, on its own machine.",
    )
