"""What a call takes: said on it once, checked each time before it begins."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

from workbench.access.permissions import Permission
from workbench.errors import Forbidden, WorkbenchError
from workbench.store import audit
from workbench.store.store import Store

_Call = TypeVar("_Call", bound=Callable[..., Any])


def needs(permission: Permission) -> Callable[[_Call], _Call]:
    """Let a method be called only by those who have a permission in the workspace of its object's store.

    Whoever lacks it is refused with ``access.…``, and the audit log tells.
    """

    def declare(call: _Call) -> _Call:
        @functools.wraps(call)
        def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
            check(self._store, permission, call.__qualname__)
            return call(self, *args, **kwargs)

        # For those who list what takes what.
        checked.needs = permission  # type: ignore[attr-defined]
        return cast(_Call, checked)

    return declare


def check(store: Store, permission: Permission, what: str, *, slug: str | None = None) -> None:
    """Refuse whoever lacks a permission, and tell the audit log.

    Parameters
    ----------
    what
        What they tried, for the log.
    slug
        The deployment that it is about, where it is about one.

    Raises
    ------
    Forbidden
        ``access.…``
    """
    error = store.actor.why_not(permission, slug=slug)
    if error is not None:
        tell_denied(store, permission, what, error)
        raise error


def tell_denied(store: Store, permission: Permission, what: str, error: Forbidden) -> None:
    """Add a line on something that was refused; a log that cannot be written to keeps nobody from being refused."""
    with suppress(WorkbenchError), store.database.write() as session:
        audit.record(
            session,
            by=store.actor.name,
            action="access.denied",
            subject="workspace",
            subject_id=store.workspace_id,
            message=f"{what}: {error.message}",
            details={"permission": str(permission), "code": error.code},
            outcome="denied",
        )
