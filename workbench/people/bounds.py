"""What a new key may be: what anybody may ask for, and how far whoever makes it may go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from workbench.access import secrets
from workbench.access.permissions import ALL, Permission
from workbench.errors import BadRequest, Forbidden, Unauthorized
from workbench.plain import shown
from workbench.store.store import Store
from workbench.store.tables import KeyRow, now

_DAYS_MOST = 3650
_GRACE_MOST_MINUTES = 30 * 24 * 60
_REQUESTS_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """From when and how long a key is good, how often it may ask, and by which one it is made."""

    at: datetime
    expires_at: datetime | None
    requests_per_minute: int | None
    made_by_key_id: str | None


def bounds(session: Session, store: Store, lifetime: timedelta | None, requests_per_minute: int | None) -> Bounds:
    """Return how far a new key goes; one that a key makes goes no further than that.

    The key that makes it is held until the transaction ends: whoever revokes it meanwhile finds the new one too.

    Raises
    ------
    Forbidden
        ``access.role_too_low``, ``access.scope_missing`` when it would ask more often than its maker can allow.
    Unauthorized
        ``key.revoked`` when the key that makes it was revoked a moment ago.
    """
    maker = None
    if store.actor.key_id is not None:
        maker = session.get(KeyRow, store.actor.key_id, with_for_update=True, populate_existing=True)
        if maker is None or maker.revoked_at is not None:
            raise Unauthorized("key.revoked", "The key was revoked.", hint="Make another one.")
    at = now()
    ends = None if lifetime is None else at + lifetime
    if maker is not None and maker.expires_at is not None:
        ends = maker.expires_at if ends is None else min(ends, maker.expires_at)
    return Bounds(at, ends, _limit(store, maker, requests_per_minute), None if maker is None else maker.id)


def _limit(store: Store, maker: KeyRow | None, asked: int | None) -> int | None:
    common = store.settings.requests_per_minute
    held = None if maker is None else maker.requests_per_minute
    if maker is not None and asked is not None and is_above(asked, common if held is None else held):
        raise Forbidden("access.scope_missing", "A key cannot make one that asks more often than it may itself.")
    wanted = held if asked is None else asked
    if wanted is None or not is_above(wanted, common):
        return wanted
    if asked is None:
        return wanted if store.actor.may(Permission.MEMBERS_WRITE) else None
    # Keys that ask more than the settings allow are for owners to make.
    store.actor.check(Permission.MEMBERS_WRITE)
    return wanted


def is_above(requests: int, other: int) -> bool:
    """Whether a limit lets more through than another one; 0 lets all through."""
    return other != 0 and (requests == 0 or requests > other)


def check_unrestricted(store: Store) -> None:
    """Refuse whoever comes by a key that is not good for all.

    Raises
    ------
    Forbidden
        ``access.scope_missing``
    """
    held = store.actor.scopes
    if held is not None and ALL not in held:
        raise Forbidden(
            "access.scope_missing", "A key cannot make one that is good for more than it is itself.", permission=ALL
        )


def checked_lifetime(days: int | None) -> timedelta | None:
    """Return how long a key is asked to be good; None: for ever.

    Raises
    ------
    BadRequest
        ``key.expiry_invalid``
    """
    if days is None:
        return None
    if not _is_whole(days, 1, _DAYS_MOST):
        raise BadRequest(
            "key.expiry_invalid", f"A key is good for 1 to {_DAYS_MOST} days, or for ever; {_shown(days)} is neither."
        )
    return timedelta(days=days)


def checked_grace(minutes: int) -> timedelta:
    """Return how long a key that is replaced stays good.

    Raises
    ------
    BadRequest
        ``key.expiry_invalid``
    """
    if not _is_whole(minutes, 0, _GRACE_MOST_MINUTES):
        raise BadRequest(
            "key.expiry_invalid",
            f"The old key can stay good for 0 to {_GRACE_MOST_MINUTES:,} minutes; {_shown(minutes)} does not fit.",
        )
    return timedelta(minutes=minutes)


def checked_limit(requests: int | None) -> int | None:
    """Return how often a key is asked to be answered; None: as the settings say.

    Raises
    ------
    BadRequest
        ``key.limit_invalid``
    """
    if requests is not None and not _is_whole(requests, 0, _REQUESTS_MOST):
        raise BadRequest(
            "key.limit_invalid",
            f"A key's limit is 0 to {_REQUESTS_MOST:,} requests a minute; {_shown(requests)} does not fit.",
            hint="0 is no limit.",
        )
    return requests


def _is_whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _shown(value: object) -> str:
    # A secret that is sent in place of something else is not to be repeated.
    return secrets.redacted(shown(value))
