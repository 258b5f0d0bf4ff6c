"""How often somebody may ask: so many times a minute, a minute's worth at once.

Counted is what a member asks in a workspace by whatever keys: another key lets nobody ask more. One that has a lower
limit is held to that besides; one that an owner gave a higher limit counts for itself alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address

from starlette.types import Message, Send

from workbench.errors import Busy
from workbench.people.key import Key

MINUTE_S = 60.0
KEPT_MOST = 50_000


class Rates:
    """Counts what members and addresses ask.

    Parameters
    ----------
    of_a_member, of_an_address
        Requests a minute; 0: as many as they like.
    """

    def __init__(self, *, of_a_member: int, of_an_address: int) -> None:
        self._of_a_member = of_a_member
        self._of_an_address = of_an_address
        self._full_at: dict[str, float] = {}

    def of_key(self, key: Key, *, is_owner: bool, send: Send) -> Send:
        """Count a request by a key; return what tells the caller how much is left.

        Parameters
        ----------
        is_owner
            Whether it is of somebody who, by now, may give it a higher limit than others have.

        Raises
        ------
        Busy
            ``request.rate_limited``
        """
        common, own = self._of_a_member, key.requests_per_minute
        is_higher = own is not None and common != 0 and (own == 0 or own > common)
        most = {} if is_higher and is_owner else {f"{key.workspace}\0{key.user}": common}
        if own is not None and (is_owner or not is_higher):
            most[key.id] = own
        return self._count(most, send)

    def of_address(self, address: str, send: Send, *, is_guess: bool = False) -> Send:
        """Count a request by somebody of whom nothing but an address is known; as `of_key`.

        Parameters
        ----------
        is_guess
            Whether a key was shown that is none.
        """
        if not address:
            return send
        if is_guess:
            self._count({_guesses(address): self._of_an_address}, send)
        return self._count({_network(address): self._of_an_address}, send)

    def check_guesses(self, address: str) -> None:
        """Refuse an address that has shown too many keys that are none, and count nothing.

        Raises
        ------
        Busy
            ``request.rate_limited``
        """
        if address and self._of_an_address:
            self._check(_guesses(address), self._of_an_address, time.monotonic())

    def _count(self, most: Mapping[str, int], send: Send) -> Send:
        """Count a request for all names, or for none where one of them has asked too often; tell of the tightest."""
        now = time.monotonic()
        limited = {name: limit for name, limit in most.items() if limit}
        if not limited:
            return send
        full_at = {name: self._check(name, limit, now) for name, limit in limited.items()}
        if len(self._full_at) > KEPT_MOST:
            self._full_at = {one: at for one, at in self._full_at.items() if at > now}
        self._full_at |= full_at
        left, tightest = min((_left(full_at[name] - now, limit), name) for name, limit in limited.items())
        told = [
            (b"ratelimit-policy", b'"minute";q=%d;w=60' % limited[tightest]),
            (b"ratelimit", b'"minute";r=%d;t=%d' % (left, math.ceil(full_at[tightest] - now))),
        ]

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *told]
            await send(message)

        return telling

    def _check(self, name: str, most: int, now: float) -> float:
        """Return when all may be asked again that may be asked at once, were another request counted."""
        full_at = max(self._full_at.get(name, now), now) + MINUTE_S / most
        wait_s = full_at - now - MINUTE_S
        if wait_s > 1e-9:
            raise Busy(
                "request.rate_limited",
                f"More than {most:,} requests came within a minute.",
                hint=f"Come again in {math.ceil(wait_s)} s.",
                retry_after_s=math.ceil(wait_s),
            )
        return full_at


def _left(used_s: float, most: int) -> int:
    return int((MINUTE_S - used_s) * most / MINUTE_S + 1e-6)


def _guesses(address: str) -> str:
    return f"keys from {_network(address)}"


def _network(address: str) -> str:
    """Return whom an address is counted for: who has one of IPv6 has 2⁶⁴."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return f"{IPv6Address(int(found) >> 64 << 64)}/64" if isinstance(found, IPv6Address) else address
