"""Promotions as the service sees them: which wait to be evaluated, which process does it, and what it found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from workbench.data.sources import Sources
from workbench.plain import storable
from workbench.registry import promotion_rows as rows
from workbench.registry.promotion import EVALUATING, FAILED, QUEUED, WAITING, PromotionId, metric_gate
from workbench.store import homes
from workbench.store.store import Store
from workbench.store.tables import PipelineRow, PromotionRow, now


class Evaluations:
    """The promotions of a workspace, as far as they are to be evaluated."""

    def __init__(self, store: Store, user: str) -> None:
        self._store = store
        self._user = user
        self._sources = Sources(store)

    def waiting(self) -> list[PromotionId]:
        """Return those whose challenger is to be compared with their champion, oldest first.

        They were proposed in this home, or in one that is gone where the table is here.
        """
        query = (
            select(PromotionRow, PipelineRow.lineage)
            .join(PipelineRow, PipelineRow.id == PromotionRow.challenger_id)
            .where(PromotionRow.status == QUEUED, homes.is_to_take(self._store, PromotionRow.served_by))
            .order_by(PromotionRow.created_at, PromotionRow.id)
        )
        with self._store.database.read() as session:
            found = session.execute(query).all()
        ours, left, silent = [], [], now() - homes.LEASE
        for row, lineage in found:
            is_mine = row.served_by == self._store.settings.identity
            if is_mine or self._sources.is_here(row.source_id or lineage["source"]["id"]):
                ours.append(PromotionId(row.id))
            elif row.error != homes.AWAY and row.created_at < silent:
                # A home whose service is about to start is not gone.
                left.append(row.id)
        if left:
            still = PromotionRow.id.in_(left), PromotionRow.status == QUEUED
            with self._store.database.write() as session:
                session.execute(update(PromotionRow).where(*still).values(error=homes.AWAY))
        return ours

    def under_way(self) -> list[tuple[PromotionId, int | None, float | None, bool]]:
        """Return those that a process evaluates: id, process, when that was started, and whether it is to be ended.

        Those of a home that is gone are among them, whose process nobody else looks after.
        """
        has_process = PromotionRow.process_id.is_not(None)
        columns = PromotionRow.id, PromotionRow.process_id, PromotionRow.process_started, PromotionRow.status
        query = (
            select(*columns)
            .where((PromotionRow.status == EVALUATING) | has_process)
            .where(homes.is_to_look_after(self._store, PromotionRow.served_by))
            .order_by(PromotionRow.created_at, PromotionRow.id)
        )
        with self._store.database.read() as session:
            return [
                (PromotionId(found), process_id, started, status != EVALUATING)
                for found, process_id, started, status in session.execute(query)
            ]

    def register(self, promotion_id: str, process_id: int, process_started: float) -> bool:
        """Make a process the one that evaluates a promotion; the process itself asks, before it does anything.

        Returns
        -------
        bool
            False when the promotion is not queued any more: then this process must end.
        """
        with self._store.database.write() as session:
            row = session.get(PromotionRow, promotion_id, with_for_update=True)
            if row is None or row.status != QUEUED:
                return False
            row.status, row.error = EVALUATING, None
            row.process_id, row.process_started = process_id, process_started
            row.served_by = self._store.settings.identity
            return True

    def evaluated(self, promotion_id: str, comparison: Mapping[str, Any]) -> bool:
        """Store how challenger and champion did on the same rows, and the gate that follows from it.

        Parameters
        ----------
        comparison
            ``metric``, ``greater_is_better``, ``rows`` and in a sentence ``rows_from``; ``champion`` and ``challenger``
            with the value of each metric; ``delta`` (challenger less champion) with ``low`` and ``high``; ``verdict``:
            ``better``, ``worse``, ``no difference`` or ``not comparable``; ``method``, ``segments`` and ``notes``. What
            is not finite becomes None, since JSON knows no such number.

        Returns
        -------
        bool
            False when the promotion was not being evaluated any more; nothing is stored then.
        """
        comparison = storable(comparison)
        gate = metric_gate(comparison)
        with self._store.database.write() as session:
            row = session.get(PromotionRow, promotion_id, with_for_update=True)
            if row is None or row.status != EVALUATING:
                return False
            row.status, row.process_id, row.process_started = WAITING, None, None
            row.comparison = dict(comparison)
            row.gates = rows.in_order([*row.gates, gate.as_dict()])
            details = {"verdict": comparison["verdict"], "gate": gate.name, "passed": gate.passed}
            rows.tell(session, row, self._user, "evaluated", gate.message, details)
            return True

    def failed(self, promotion_id: str, error: str) -> bool:
        """Take note that a promotion could not be evaluated.

        Returns
        -------
        bool
            False when it was not to be evaluated any more; nothing is stored then.
        """
        with self._store.database.write() as session:
            row = session.get(PromotionRow, promotion_id, with_for_update=True)
            if row is None:
                return False
            row.process_id, row.process_started = None, None
            if row.status not in (QUEUED, EVALUATING):
                return False
            rows.end(row, self._user, FAILED, error)
            rows.tell(session, row, self._user, "failed", f"it could not be evaluated: {error}")
            return True

    def lost(self, of: str, why: str, process_id: int | None) -> None:
        """Take note that the process of an evaluation is gone; one that told its outcome is left alone."""
        with self._store.database.read() as session:
            row = session.get(PromotionRow, of)
            is_anothers = row is not None and row.process_id not in (None, process_id)
        if not is_anothers:
            self.failed(of, why)
