"""Promotions, over HTTP: propose a challenger, read its gates, acknowledge, complete, cancel."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from workbench.data.source import Source
from workbench.registrar import EVALUATION_PATIENCE_S
from workbench.registry.promotion import WAITING, Promotion
from workbench.remote.deployment import key_of
from workbench.remote.elsewhere import only_there
from workbench.remote.waiting import waited

if TYPE_CHECKING:
    from workbench.remote.api import Api

_COMPLETE_S = 600.0
"""How long the API may take until whatever follows an alias has been swapped."""


class Promotions:
    """Promotions whose numbers the service finds out; see `workbench.registrar.SafePromotions`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def propose(self, challenger: Any, alias: str, *, wait: bool = True, **asked: Any) -> Promotion:
        """Ask for a pipeline to take an alias over, have its gates evaluated, and wait for that."""
        on = asked.get("on")
        told = {**asked, "on": on.id if isinstance(on, Source) else on}
        body = {"challenger": key_of(challenger), "alias": alias, **told}
        proposed = self._api.of(Promotion, self._api.post("promotions", body=body))
        return self.wait(proposed) if wait else proposed

    def wait(self, promotion: Promotion | str, timeout_s: float = EVALUATION_PATIENCE_S) -> Promotion:
        """Wait until the gates are evaluated, at most `timeout_s` seconds, and return the promotion as it is then."""
        found = self.get(promotion)
        return waited(lambda: self.get(found.id), lambda one: one.is_ended or one.status == WAITING, timeout_s)

    def get(self, reference: Promotion | str) -> Promotion:
        """Find a promotion by its id or the end of it (at least four digits)."""
        return self._api.of(Promotion, self._api.get("promotions", _id_of(reference)))

    def list(
        self, *, alias: str | None = None, limit: int = 100, before: str | None = None
    ) -> builtins.list[Promotion]:
        """Return promotions, newest first."""
        found = self._api.listed("promotions", limit=limit, alias=alias, before=before)
        return self._api.all_of(Promotion, found)

    def acknowledge(self, promotion: Promotion | str, gate: str, *, by: str, why: str = "") -> Promotion:
        """Put a person's word to a gate that is open, so that the promotion can be completed all the same."""
        return self._changed(promotion, "acknowledge", {"gate": gate, "by": by, "why": why})

    def complete(self, promotion: Promotion | str, *, after: Any = ()) -> Promotion:
        """Let the challenger take the alias over, and have the deployments swapped that follow it.

        Raises
        ------
        BadRequest
            ``remote.not_possible`` where something is to be called `after` it.
        """
        if after:
            raise only_there("To call a function once an alias has moved")
        return self._changed(promotion, "complete")

    def cancel(self, promotion: Promotion | str) -> Promotion:
        """End a promotion; its acknowledgements are dropped. One that has ended is returned as it is."""
        return self._changed(promotion, "cancel")

    def _changed(self, promotion: Promotion | str, what: str, body: Any = None) -> Promotion:
        told = self._api.post("promotions", _id_of(promotion), what, body=body, timeout_s=_COMPLETE_S)
        return self._api.of(Promotion, told)


def _id_of(promotion: Any) -> Any:
    return promotion.id if isinstance(promotion, Promotion) else promotion
