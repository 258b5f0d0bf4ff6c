"""What a pipeline may be called, and what it is called where nobody says."""

from __future__ import annotations

import itertools
import re

from sqlalchemy.orm import Session

from workbench.errors import BadRequest, Conflict
from workbench.plain import shown
from workbench.registry import lookup

_NAME = re.compile(r"[^\W_]([\w .-]{0,98}[\w.-])?")
_LONGEST = 100
_ROOM_FOR_NUMBER = 8


def checked(name: str) -> str:
    """Return a name without blanks around it.

    Raises
    ------
    BadRequest
        ``pipeline.name_invalid``
    """
    name = name.strip() if isinstance(name, str) else name
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise BadRequest(
            "pipeline.name_invalid",
            f"A pipeline cannot be called {shown(name)}.",
            hint="A name has 1 to 100 letters, digits, spaces, dots, hyphens and underscores, and begins with a letter "
            "or a digit.",
        )
    return name


def taken(name: str) -> Conflict:
    return Conflict(
        "pipeline.name_taken",
        f"There is a pipeline or an alias called '{name}' already.",
        hint="Choose another name.",
        name=name,
    )


def free(session: Session, workspace_id: str, about: str) -> str:
    """Make a name of words, with a number where neither a pipeline nor an alias may be called so any more."""
    base = re.sub(r"\W+", "-", about.lower()).strip("-_")[: _LONGEST - _ROOM_FOR_NUMBER]
    known = lookup.names(session, workspace_id, begin=base)
    numbered = (f"{base}-{number}" if number > 1 else base for number in itertools.count(1))
    return next(name for name in numbered if name not in known)
