"""How a challenger takes an alias over, and how all goes back where what follows the alias fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import select, update

from workbench.errors import Conflict, EngineFault, ErrorCode, WorkbenchError
from workbench.registry import lookup, moves
from workbench.registry import promotion_rows as rows
from workbench.registry.promotion import FAILED, PROMOTED, Promotion
from workbench.store.store import Store
from workbench.store.tables import PromotionRow, now
from workbench.waits import Waiting, has_steps, steps

_Asked = ParamSpec("_Asked")
_Told = TypeVar("_Told")

Undo = Callable[[], object]
Step = Callable[[Promotion], Undo | None]
"""Something that follows the alias: told of the promotion, it may answer with what takes back what it did. Both
may wait (`workbench.waits`).

What it does before it raises nobody takes back: one that may be stopped half-way comes after one that answers with what
takes it back however far it went."""

LEASE = timedelta(seconds=30)
"""How long somebody counts as being at it after they last said so: for so long nobody takes it for left behind."""
PAUSES_S = (0.1, 0.4)
"""Seconds between the tries to put something back."""
_FINAL: frozenset[ErrorCode] = frozenset(
    {"alias.not_found", "deployment.not_found", "pipeline.not_found", "promotion.alias_moved", "promotion.not_found"}
)
"""Failures to put something back that another try would meet again."""


def check(found: Promotion) -> None:
    """Refuse to complete what cannot be completed.

    Raises
    ------
    Conflict
        ``promotion.wrong_state``, ``promotion.gate_open``
    """
    rows.expect_waiting(found, "completed")
    if found.open_gates:
        told = " ".join(gate.message for gate in found.open_gates)
        raise Conflict(
            "promotion.gate_open",
            f"{'Gates are' if len(found.open_gates) > 1 else 'A gate is'} open: {told}",
            hint="Acknowledge by name what may stay so, or cancel the promotion.",
            promotion_id=found.id,
            gates=[gate.name for gate in found.open_gates],
        )


def complete(store: Store, user: str, promotion: Promotion, after: Sequence[Step]) -> Waiting[None]:
    """Move the alias, have what follows it follow, and put all back where one of them fails or is given up.

    Raises
    ------
    Conflict
        As `check`; ``promotion.alias_moved`` when the alias names another pipeline than the one that was compared.
    EngineFault
        ``promotion.failed`` with the failure's own words; its hint tells whether the alias could be put back.
    """
    moved = _seize(store, user, promotion)
    try:
        yield from _kept_up(store, promotion, _followed(store, user, promotion, moved, after))
    finally:
        _note(store, promotion, None)


def is_being_completed(store: Store, promotion: Promotion) -> bool:
    """Whether somebody is at completing a promotion, or was a moment ago."""
    query = select(PromotionRow.completing_until).where(PromotionRow.id == promotion.id)
    with store.database.read() as session:
        until = session.scalar(query)
    return until is not None and until > now()


def _followed(store: Store, user: str, promotion: Promotion, moved: int, after: Sequence[Step]) -> Waiting[None]:
    undo: list[Undo] = []
    try:
        for step in after:
            if (back := (yield from _gone_through(step, promotion))) is not None:
                undo.append(back)
    except GeneratorExit:
        # Nobody goes on with it: it is as one that was killed.
        raise
    except BaseException as error:
        troubles = yield from _put_back(store, user, promotion, moved, undo, _words(error))
        if not isinstance(error, Exception):
            for trouble in troubles:
                error.add_note(f"Not put back: {trouble}")
            raise
        raise _failed(promotion, error, troubles) from error


def _seize(store: Store, user: str, promotion: Promotion) -> int:
    """Move the alias from the champion to the challenger; return the move's number."""
    with store.database.write() as session:
        row = rows.held(session, store.workspace_id, promotion)
        # Somebody may have completed or cancelled it, or an acknowledgement may have gone, since it was looked at.
        check(rows.find(session, store.workspace_id, row.id))
        alias = moves.held(session, store.workspace_id, row.alias)
        if alias.pipeline_id != row.champion_id:
            raise _alias_moved(promotion)
        challenger = lookup.find(session, store.workspace_id, row.challenger_id, hold="keep")
        seq = moves.move(session, alias, challenger, by=user, why=_reason(promotion))
        rows.end(row, user, PROMOTED)
        row.completing_until = now() + LEASE
        rows.tell(session, row, user, "promoted", f"{challenger.name} took over", {"move": seq})
        return seq


def _reason(promotion: Promotion) -> str:
    words = [
        f"{word.by} acknowledged '{word.gate}'{f' ({word.why})' if word.why else ''}"
        for word in promotion.acknowledgements
    ]
    return "; ".join([f"promotion {promotion.short_id}", *([promotion.why] if promotion.why else []), *words])


def _kept_up(store: Store, promotion: Promotion, going: Waiting[None]) -> Waiting[None]:
    """Go on, and say from time to time that somebody is at it."""
    take: Callable[[], Any] = partial(next, going)
    said = time.monotonic()
    try:
        while True:
            pause_s = take()
            if time.monotonic() - said > LEASE.total_seconds() / 3:
                _note(store, promotion, now() + LEASE)
                said = time.monotonic()
            try:
                yield pause_s
            except GeneratorExit:
                going.close()
                raise
            except BaseException as error:  # noqa: BLE001 - what is thrown in is for those who go on
                take = partial(going.throw, error)
            else:
                take = partial(next, going)
    except StopIteration:
        return


def _note(store: Store, promotion: Promotion, until: datetime | None) -> None:
    """Note until when somebody is at it; a store that is away for a moment is no hindrance to what was done."""
    with suppress(WorkbenchError), store.database.write() as session:
        session.execute(update(PromotionRow).where(PromotionRow.id == promotion.id).values(completing_until=until))


def _gone_through(call: Callable[_Asked, _Told], *args: _Asked.args, **kwargs: _Asked.kwargs) -> Waiting[_Told]:
    """Make a call that may wait: one that does not is a single step."""
    return (yield from steps(call, *args, **kwargs)) if has_steps(call) else call(*args, **kwargs)


def _put_back(
    store: Store, user: str, promotion: Promotion, moved: int, undo: Sequence[Undo], why: str
) -> Waiting[list[str]]:
    """Undo all that was done, the alias first; return why what could not be undone could not."""
    acts: list[Undo] = [lambda: _return_alias(store, user, promotion, moved, why), *reversed(undo)]
    troubles: list[str] = []
    for act in (*acts, lambda: _tell_failed(store, user, promotion, why, troubles)):
        if trouble := (yield from _tried(act)):
            troubles.append(trouble)
    return troubles


def _return_alias(store: Store, user: str, promotion: Promotion, moved: int, why: str) -> None:
    with store.database.write() as session:
        alias = moves.held(session, store.workspace_id, promotion.alias)
        if moves.last_move(session, alias) != moved:
            raise Conflict(
                "promotion.alias_moved",
                f"'{promotion.alias}' has been moved by somebody else in the meantime, and was left there.",
                alias=promotion.alias,
            )
        champion = None
        if promotion.champion_id is not None:
            champion = lookup.find(session, store.workspace_id, promotion.champion_id, hold="keep")
        told = f"promotion {promotion.short_id} failed: {why}"
        moves.move(session, alias, champion, by=user, why=told, undoes=moved)


def _tell_failed(store: Store, user: str, promotion: Promotion, why: str, troubles: Sequence[str]) -> None:
    told = " ".join([why, *(f"It could not be put back: {trouble}" for trouble in troubles)])
    with store.database.write() as session:
        row = rows.held(session, store.workspace_id, promotion)
        rows.end(row, user, FAILED, told)
        rows.tell(session, row, user, "failed", told, {"why": why, "not_put_back": list(troubles)})


def _tried(act: Undo) -> Waiting[str | None]:
    """Try something a few times; return why it failed in the end, None where it did not."""
    for pause_s in (*PAUSES_S, None):
        try:
            yield from _gone_through(act)
        except Exception as error:  # noqa: BLE001 - it is told beside the failure that it would hide if it were raised
            if pause_s is None or (isinstance(error, WorkbenchError) and error.code in _FINAL):
                return _words(error)
            yield pause_s
        else:
            break
    return None


def _words(error: BaseException) -> str:
    told = str(error) if isinstance(error, WorkbenchError) else f"{type(error).__name__}: {error}"
    return told.removesuffix(": ")


def _alias_moved(promotion: Promotion) -> Conflict:
    was = promotion.champion_name or "no pipeline"
    return Conflict(
        "promotion.alias_moved",
        f"'{promotion.alias}' names {was} no more, with which {promotion.challenger_name} was compared.",
        hint="Propose it again, to compare it with the champion of today.",
        promotion_id=promotion.id,
        alias=promotion.alias,
    )


def _failed(promotion: Promotion, error: Exception, troubles: Sequence[str]) -> EngineFault:
    names = promotion.champion_name or "no pipeline"
    return EngineFault(
        "promotion.failed",
        _words(error),
        hint=f"Not all could be put back: {' '.join(troubles)}"
        if troubles
        else f"'{promotion.alias}' names {names} again.",
        promotion_id=promotion.id,
        alias=promotion.alias,
        cause=error.code if isinstance(error, WorkbenchError) else type(error).__name__,
        not_put_back=list(troubles),
    )
