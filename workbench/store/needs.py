"""What a call takes: said on it once, checked each time before it begins, and what comes of it told where it fails."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from sqlalchemy.exc import SQLAlchemyError

from workbench.access.permissions import Permission
from workbench.errors import Forbidden, WorkbenchError
from workbench.plain import shown, storable
from workbench.store import audit
from workbench.store.store import Store
from workbench.waits import Waiting

_Method = TypeVar("_Method", bound=Callable[..., Any])


def needs(permission: Permission, *, changes: bool = True) -> Callable[[_Method], _Method]:
    """Let a method be called only by those who have a permission in the workspace of its object's store.

    Whoever lacks it is refused with ``access.…``, and the audit log tells, as it does of what is refused further in.
    What fails of a call that changes something is told too.

    Parameters
    ----------
    changes
        Whether a call changes anything that others see; none that only reads does.
    """

    def declare(call: _Method) -> _Method:
        is_told = changes and not permission.is_reading

        @functools.wraps(call)
        def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
            check(self._store, permission, call.__qualname__)
            with telling(self._store, permission, call.__qualname__, about=self, changes=is_told):
                return call(self, *args, **kwargs)

        def checked_steps(self: Any, *args: Any, **kwargs: Any) -> Waiting[Any]:
            check(self._store, permission, call.__qualname__)
            with telling(self._store, permission, call.__qualname__, about=self) if is_told else nullcontext():
                return (yield from call.steps(self, *args, **kwargs))  # type: ignore[attr-defined]

        if hasattr(call, "steps"):
            checked.steps = checked_steps  # type: ignore[attr-defined]
        # For those who list what takes what.
        checked.needs = permission  # type: ignore[attr-defined]
        checked.changes = is_told  # type: ignore[attr-defined]
        return cast(_Method, checked)

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
def telling(
    store: Store, permission: Permission | None, what: str, *, about: object = None, changes: bool = True
) -> Iterator[None]:
    """Tell the audit log where what is done meanwhile is refused, and where a change fails.

    Calls call others: only the outermost one tells, and what was refused is told once.

    Parameters
    ----------
    permission
        What it takes; None: nothing that a role or a scope could give.
    what
        What is done, for the log.
    about
        What it is done to, where that has an ``id``.
    changes
        Whether it changes anything; where it does not, only refusals are told.
    """
    outer = _under_way.get()
    if outer is not None and (outer.changes or not changes):
        yield
        return
    this = _Call(changes, [] if outer is None else outer.told)
    token = _under_way.set(this)
    try:
        yield
    except WorkbenchError as error:
        if error not in this.told:
            if isinstance(error, Forbidden):
                tell_denied(store, permission, what, error)
            elif changes:
                _tell(store, permission, what, error, action="call.failed", outcome="failed", about=about)
        raise
    finally:
        _under_way.reset(token)


def tell_denied(store: Store, permission: Permission | None, what: str, error: Forbidden) -> None:
    """Add a line on something that was refused; a log that cannot be written to keeps nobody from being refused."""
    call = _under_way.get()
    if call is not None:
        call.told.append(error)
    _tell(store, permission, what, error, action="access.denied", outcome="denied")


def _tell(
    store: Store,
    permission: Permission | None,
    what: str,
    error: WorkbenchError,
    *,
    action: str,
    outcome: audit.Outcome,
    about: object = None,
) -> None:
    if error.code.startswith("store."):
        # What keeps a change from being written keeps this from being written too.
        return
    # No line can ever be taken out of the log again: whoever is refused a thousand times does not fill it.
    left_out = store.refusals.due((store.workspace_id, store.actor.name, store.actor.key_id, what, error.code))
    if left_out is None:
        return
    subject, subject_id = "workspace", store.workspace_id
    if isinstance(known := getattr(about, "id", None), str):
        subject, subject_id = type(about).__name__.lower(), known
    told = {name: storable(value) if isinstance(value, str) else shown(value) for name, value in error.about.items()}
    with suppress(WorkbenchError, SQLAlchemyError), store.beside.database.write() as session:
        audit.record(
            session,
            by=store.actor.name,
            action=action,
            subject=subject,
            subject_id=subject_id,
            message=f"{what}: {error.message}",
            details=({} if permission is None else {"permission": str(permission)})
            | {"code": error.code}
            | told
            | ({"left_out": left_out} if left_out else {}),
            outcome=outcome,
        )


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that tells what comes of it.

    Attributes
    ----------
    told
        What was told already.
    """

    changes: bool
    told: list[WorkbenchError]


_under_way: ContextVar[_Call | None] = ContextVar("under_way", default=None)
"""The call that tells; None: none is under way."""
