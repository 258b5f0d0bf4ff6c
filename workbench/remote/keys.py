"""Keys, over HTTP: what `Workbench.keys` is."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from workbench.people.key import Issued, Key
from workbench.people.keys import DAYS
from workbench.remote.answers import shown

if TYPE_CHECKING:
    from workbench.remote.api import Api


class Keys:
    """Keys by which others act in your name, within their scopes; see `workbench.people.keys.Keys`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def create(
        self,
        name: str,
        scopes: str | Iterable[str],
        *,
        days: int | None = DAYS,
        requests_per_minute: int | None = None,
    ) -> Issued:
        """Make a key for yourself, in this workspace; its secret is told this once."""
        wanted = [scopes] if isinstance(scopes, str) else [str(scope) for scope in scopes]
        body = {"name": name, "scopes": wanted, "days": days, "requests_per_minute": requests_per_minute}
        return self._issued(self._api.post("keys", body=body))

    def list(self, everybody: bool = False, *, limit: int = 100, before: str | None = None) -> builtins.list[Key]:
        """Return keys, newest first: yours, or all of the workspace."""
        found = self._api.listed("keys", limit=limit, everybody=everybody or None, before=before)
        return self._api.all_of(Key, found)

    def get(self, key: Key | str) -> Key:
        """Find a key by its id."""
        return self._api.of(Key, self._api.get("keys", _id_of(key)))

    def revoke(self, key: Key | str) -> Key:
        """Have a key be good for nothing any more; done twice it is done once."""
        found = self.get(key)
        self._api.delete("keys", found.id)
        return self.get(found)

    def rotate(self, key: Key | str, *, grace_minutes: int = 0) -> Issued:
        """Replace a key by one that is good for the same; its secret is told this once."""
        return self._issued(self._api.post("keys", _id_of(key), "rotate", body={"grace_minutes": grace_minutes}))

    def _issued(self, told: Any) -> Issued:
        return self._api.of(Issued, shown(told, "secret", "key"))


def _id_of(key: Any) -> Any:
    return key.id if isinstance(key, Key) else key
