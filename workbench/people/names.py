"""What workspaces, projects and people may be called."""

from __future__ import annotations

from workbench.access import secrets
from workbench.access.actor import is_engines, written
from workbench.errors import BadRequest
from workbench.plain import shown

MOST = 100
"""Longest name of a workspace or a project, in characters."""
USER_MOST = 200
KEY_MOST = 128
_SEEN = f"A name has 1 to {MOST} characters, all of which can be seen"
_RULE = f"{_SEEN}, and no slash."


def of_workspace(name: object) -> str:
    """Return a name without blanks around it.

    Raises
    ------
    BadRequest
        ``workspace.name_invalid``
    """
    found = _trimmed(name, MOST)
    if found is None:
        raise BadRequest("workspace.name_invalid", f"A workspace cannot be called {shown(name)}.", hint=_RULE)
    return found


def of_project(name: object) -> str:
    """Return a name without blanks around it.

    Raises
    ------
    BadRequest
        ``project.name_invalid``
    """
    found = _trimmed(name, MOST)
    if found is None:
        raise BadRequest("project.name_invalid", f"A project cannot be called {shown(name)}.", hint=_RULE)
    return found


def of_experiment(name: object) -> str:
    """Return a name without blanks around it.

    Raises
    ------
    BadRequest
        ``experiment.name_invalid``
    """
    found = _trimmed(name, MOST, takes_slash=True)
    if found is None:
        raise BadRequest("experiment.name_invalid", f"An experiment cannot be called {shown(name)}.", hint=f"{_SEEN}.")
    return found


def of_key(name: object) -> str:
    """Return a name without blanks around it.

    Raises
    ------
    BadRequest
        ``key.name_invalid``
    """
    found = _trimmed(name, KEY_MOST, takes_slash=True)
    if found is None:
        raise BadRequest(
            "key.name_invalid",
            # Somebody may paste a key where its name belongs.
            f"A key cannot be called {secrets.redacted(shown(name))}.",
            hint=f"Say in 1 to {KEY_MOST} characters, all of which can be seen, what it is for.",
        )
    return found


def of_user(name: object) -> str:
    """Return what somebody is called, without blanks around it.

    Raises
    ------
    BadRequest
        ``member.name_invalid``
    """
    found = _trimmed(name, USER_MOST)
    if found is None or is_engines(found):
        # Lines of the audit log say of the engine itself that it did something.
        raise BadRequest(
            "member.name_invalid",
            f"Nobody is called {shown(name)}.",
            hint="Name them as Jupyter, the hub or the system does.",
        )
    return found


def _trimmed(name: object, most: int, *, takes_slash: bool = False) -> str | None:
    """Return a name without blanks around it; None where it is none.

    Half a character and a character 0, which no database takes, cannot be printed either. A slash ends a name in the
    addresses of the API.
    """
    text = written(name).strip() if isinstance(name, str) else ""
    return text if 0 < len(text) <= most and text.isprintable() and (takes_slash or "/" not in text) else None
