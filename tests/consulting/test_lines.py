from __future__ import annotations

from collections.abc import Callable

import pytest

from workbench.advisors.advice import Advice, Told
from workbench.consulting import consultations
from workbench.consulting.consultation import ASKED, TOLD, Consultation, Subject
from workbench.consulting.lines import lines
from workbench.errors import NotFound
from workbench.store.store import Store
from workbench.store.tables import now


class Shown(Told):
    rows: int = 7


@pytest.fixture
def said(store: Store) -> Callable[..., Consultation]:
    """Store what an advisor said of a run."""

    def say(run: str, verdict: str, **advice: object) -> Consultation:
        given = Advice(verdict=verdict, reasoning_summary="So it is.", **advice)
        subject = Subject("run", run, "a run")
        return consultations.keep(store, "failure_debugger", subject, {}, (Shown(), given), by="ada", began=now())

    return say


def test_lines_of_several_things_tell_verdict_and_tone_newest_first(
    store: Store, said: Callable[..., Consultation]
) -> None:
    said("one", "CONFIG: at first", suggested_config={"data": "iris"})
    said("two", "APPROVE")
    said("three", "DATA: not asked for")
    found = lines(store, ["one", "two"], known={}, limit=10)
    assert [(line.verdict, line.tone, line.has_config) for line in found] == [
        ("APPROVE", "success", False),
        ("CONFIG: at first", "danger", True),
    ]


def test_a_consultation_without_advice_tells_what_stood_in_the_way(store: Store) -> None:
    subject = Subject("run", "one", "a run")
    waiting = consultations.ask(store, "run_explainer", subject, {}, by="ada")
    error = NotFound("run.not_found", "There is no such run.")
    consultations.keep(store, "failure_debugger", subject, {}, error, by="ada", began=now())
    failed, queued = lines(store, ["one"], known={}, limit=10)
    assert (failed.status, failed.verdict, failed.why) == ("failed", None, "There is no such run.")
    assert (queued.id, queued.status, queued.tone, queued.why) == (waiting.id, "queued", None, None)


def test_what_is_known_is_read_again_only_where_it_has_moved_on(
    store: Store, said: Callable[..., Consultation]
) -> None:
    narrated, still = said("one", "CONFIG: it"), said("one", "DATA: it")
    known = {line.id: line for line in lines(store, ["one"], known={}, limit=10)}
    token = consultations.ask_narrator(store, narrated.id, within_s=60)
    again = {line.id: line for line in lines(store, ["one"], known=known, limit=10)}
    assert again[still.id] is known[still.id]
    assert again[narrated.id].narration_status == ASKED
    consultations.narrated(store, narrated.id, TOLD, {"summary": "So."}, token=token)
    assert {line.narration_status for line in lines(store, ["one"], known=again, limit=10)} == {TOLD, None}
