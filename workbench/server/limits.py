"""How often somebody may ask: so many times a minute, a minute's worth at once."""

from __future__ import annotations

import math
import time
from ipaddress import IPv6Address, ip_address

from starlette.types import Message, Send

from workbench.errors import Busy

MINUTE_S = 60.0
KEPT_MOST = 50_000


class Rates:
    """Counts what keys and addresses ask.

    Parameters
    ----------
    of_a_key, of_an_address
        Requests a minute; 0: as many as they like.
    """

    def __init__(self, *, of_a_key: int, of_an_address: int) -> None:
        self._of_a_key = of_a_key
        self._of_an_address = of_an_address
        self._full_at: dict[str, float] = {}

    def of_key(self, key_id: str, most: int | None, send: Send) -> Send:
        """Count a request by a key; return what tells the caller how much is left.

        Parameters
        ----------
        most
            Requests a minute; None: as for all keys, 0: as many as they like.

        Raises
        ------
        Busy
            ``request.rate_limited``
        """
        return self._count(key_id, self._of_a_key if most is None else most, send)

    def of_address(self, address: str, send: Send) -> Send:
        """Count a request by somebody of whom nothing but an address is known; as `of_key`."""
        return self._count(_network(address), self._of_an_address, send) if address else send

    def check_address(self, address: str) -> None:
        """Refuse an address that has asked too often, and count nothing.

        Raises
        ------
        Busy
            ``request.rate_limited``
        """
        if address and self._of_an_address:
            self._check(_network(address), self._of_an_address, time.monotonic())

    def _count(self, name: str, most: int, send: Send) -> Send:
        if not most:
            return send
        now = time.monotonic()
        full_at = self._check(name, most, now)
        if len(self._full_at) > KEPT_MOST:
            self._full_at = {one: at for one, at in self._full_at.items() if at > now}
        self._full_at[name] = full_at
        left = int((MINUTE_S - (full_at - now)) * most / MINUTE_S + 1e-6)
        told = [
            (b"ratelimit-policy", b'"minute";q=%d;w=60' % most),
            (b"ratelimit", b'"minute";r=%d;t=%d' % (left, math.ceil(full_at - now))),
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


def _network(address: str) -> str:
    """Return whom an address is counted for: who has one of IPv6 has 2⁶⁴."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return f"{IPv6Address(int(found) >> 64 << 64)}/64" if isinstance(found, IPv6Address) else address
