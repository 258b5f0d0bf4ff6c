"""What a call takes: said on it once, checked each time before it begins, and what comes of it told where it fails."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from sqlalchemy.exc import SQLAlchemyError

from workbench.access.permissions import Permission
from workbench.errors import Forbidden, WorkbenchError
from workbench.plain import shown
from workbench.store import audit
from workbench.store.store import Store

_Call = TypeVar("_Call", bound=Callable[..., Any])


def needs(permission: Permission, *, changes: bool = True) -> Callable[[_Call], _Call]:
    """Let a method be called only by those who have a permission in the workspace of its object's store.

    Whoever lacks it is refused with ``access.…``, and the audit log tells. What fails of a call that changes something
    is told too.

    Parameters
    ----------
    changes
        Whether a call changes anything that others see; none that only reads does.
    """

    def declare(call: _Call) -> _Call:
        is_told = changes and not permission.is_reading

        @functools.wraps(call)
        def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
            check(self._store, permission, call.__qualname__)
            if not is_told:
                return call(self, *args, **kwargs)
            with telling(self._store, permission, call.__qualname__, about=self):
                return call(self, *args, **kwargs)

        # For those who list what takes what.
        checked.needs = permission  # type: ignore[attr-defined]
        checked.changes = is_told  # type: ignore[attr-defined]
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


@contextmanager
def telling(store: Store, permission: Permission, what: str, *, about: object = None) -> Iterator[None]:
    """Tell the audit log where what is done meanwhile fails, or is refused further in.

    Calls call others: only the outermost one tells, and what was refused is told once.

    Parameters
    ----------
    what
        What is done, for the log.
    about
        What it is done to, where that has an ``id``.
    """
    if _told.get() is not None:
        yield
        return
    told: list[WorkbenchError] = []
    token = _told.set(told)
    try:
        yield
    except WorkbenchError as error:
        if error not in told:
            if isinstance(error, Forbidden):
                tell_denied(store, permission, what, error)
            else:
                _tell(store, permission, what, error, action="call.failed", outcome="failed", about=about)
        raise
    finally:
        _told.reset(token)


def tell_denied(store: Store, permission: Permission, what: str, error: Forbidden) -> None:
    """Add a line on something that was refused; a log that cannot be written to keeps nobody from being refused."""
    told = _told.get()
    if told is not None:
        told.append(error)
    _tell(store, permission, what, error, action="access.denied", outcome="denied")


def _tell(
    store: Store,
    permission: Permission,
    what: str,
    error: WorkbenchError,
    *,
    action: str,
    outcome: audit.Outcome,
    about: object = None,
) -> None:
    subject, subject_id = "workspace", store.workspace_id
    if isinstance(known := getattr(about, "id", None), str):
        subject, subject_id = type(about).__name__.lower(), known
    with suppress(WorkbenchError, SQLAlchemyError), store.database.write() as session:
        audit.record(
            session,
            by=store.actor.name,
            action=action,
            subject=subject,
            subject_id=subject_id,
            message=f"{what}: {error.message}",
            details={"permission": str(permission), "code": error.code}
            | {name: value if isinstance(value, str) else shown(value) for name, value in error.about.items()},
            outcome=outcome,
        )


_told: ContextVar[list[WorkbenchError] | None] = ContextVar("told", default=None)
"""What the outermost call that is under way has told of already; None: none is."""
