"""What callers meet who ask without a pause and ask nothing twice, while pipelines come, go and die under them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.server.calling import PIPELINE, Load, under_load

ROW = {"sepal_length_cm": 5.1, "sepal_width_cm": 3.5, "petal_length_cm": 1.4, "petal_width_cm": 0.2}
ROWS = [ROW | {"petal_length_cm": long, "petal_width_cm": wide} for long, wide in ((1.4, 0.2), (4.4, 1.4), (6.0, 2.2))]
SLUG = "iris-under-load"
MEANWHILE = 200
"""Requests, sent and answered, that show how things stand between two changes."""


@dataclass(frozen=True)
class Change:
    """Since when and until when a pipeline may have answered; times are of `time.perf_counter`."""

    pipeline_id: str
    since: float
    until: float = float("inf")


@pytest.fixture(scope="module")
def told(warm):
    return warm.service.state()


@pytest.fixture(scope="module")
def ask(owner) -> Callable[..., Any]:
    """Ask as the owner; what is not answered with what was asked for fails the test."""

    def ask(method: str, path: str, content: Any = None) -> Any:
        answer = owner.ask(method, path, content)
        assert answer.status < 300, answer
        return answer.body

    return ask


@pytest.fixture(scope="module")
def pipelines(trained) -> list[str]:
    """Two pipelines of one table, whose answers differ for each row."""
    return list(trained.values())


@pytest.fixture(scope="module")
def deployed(ask, pipelines) -> Iterator[None]:
    """The first of them, under `SLUG`."""
    ask("POST", "/deployments", {"pipeline": pipelines[0], "slug": SLUG})
    yield
    ask("DELETE", f"/deployments/{SLUG}")


@pytest.fixture(scope="module")
def expected(ask, deployed, pipelines, eventually) -> dict[str, list[Any]]:
    """Pipeline → what it says for each of `ROWS`, asked alone while nothing changes; that is counted by then."""
    found = {}
    for pipeline in reversed(pipelines):
        ask("POST", f"/deployments/{SLUG}/swap", {"pipeline": pipeline})
        found[pipeline] = [ask("POST", f"/deployments/{SLUG}/predict", {"rows": [row]})["predictions"] for row in ROWS]
    one, other = found.values()
    assert all(first != second for first, second in zip(one, other, strict=True))
    # Deploying asked once for the sample rows.
    eventually(lambda: counts(ask)[0] == 1 + len(one) + len(other))
    return found


@pytest.fixture
def clients(told, expected) -> Callable[[], Any]:
    return lambda: under_load(told.api_port, told.api_token, SLUG, ROWS)


def meanwhile(load: Load, eventually) -> None:
    """Wait until it has been seen how requests are answered that are sent from now on."""
    now = time.perf_counter()
    eventually(lambda: load.failed or load.answered_since(now) >= MEANWHILE)


def check(load: Load, expected: dict[str, list[Any]], changes: Sequence[Change]) -> None:
    """Check each answer: it is there, it is its pipeline's own for that row, and that one's time was not over."""
    assert load.failed == []
    assert set(load.statuses) == {200}
    for one in load.heard:
        pipeline = one.answer.headers[PIPELINE]
        assert one.answer.body["predictions"] == expected[pipeline][one.row]
        assert any(
            change.pipeline_id == pipeline and one.sent <= change.until and one.came >= change.since
            for change in changes
        )


def changed(ask, load: Load, eventually, steps: Sequence[tuple[str, dict[str, Any] | None, str]]) -> list[Change]:
    """Have one pipeline follow another under load; return which may have answered when."""
    changes = [Change(ask("GET", f"/deployments/{SLUG}")["pipeline_id"], 0.0)]
    meanwhile(load, eventually)
    for how, content, pipeline in steps:
        began = time.perf_counter()
        assert ask("POST", f"/deployments/{SLUG}/{how}", content)["pipeline_id"] == pipeline
        changes[-1] = Change(changes[-1].pipeline_id, changes[-1].since, time.perf_counter())
        changes.append(Change(pipeline, began))
        meanwhile(load, eventually)
    return changes


def counts(ask) -> tuple[int, int, int]:
    record = ask("GET", f"/deployments/{SLUG}")
    return record["request_count"], record["row_count"], record["error_count"]


@pytest.fixture
def all_counted(ask, expected, eventually) -> Callable[[Load], None]:
    """Wait until what was heard under load is counted, and check that nothing else is."""
    before = counts(ask)

    def check(load: Load) -> None:
        answered, refused = load.statuses[200], len(load.heard) - load.statuses[200]
        eventually(lambda: counts(ask)[0] >= before[0] + len(load.heard))
        added = tuple(now - then for now, then in zip(counts(ask), before, strict=True))
        assert added == (answered + refused, answered, refused)

    return check


def test_swapped_back_and_forth_every_answer_is_there_and_its_pipelines_own(
    ask, clients, expected, pipelines, all_counted, eventually
):
    first, second = pipelines
    with clients() as load:
        steps = [("swap", {"pipeline": one}, one) for one in (second, first, second, first)]
        changes = changed(ask, load, eventually, steps)
    check(load, expected, changes)
    all_counted(load)


def test_rolled_back_every_answer_is_there_and_its_pipelines_own(
    ask, clients, expected, pipelines, all_counted, eventually
):
    first, second = pipelines
    with clients() as load:
        steps = [("swap", {"pipeline": second}, second), ("rollback", None, first), ("rollback", None, second)]
        changes = changed(ask, load, eventually, [*steps, ("rollback", None, first)])
    check(load, expected, changes)
    all_counted(load)


def test_nobody_notices_a_shadow(warm, ask, clients, expected, pipelines, all_counted, eventually):
    first, second = pipelines
    of = warm.deployments.get(SLUG)
    with clients() as load:
        meanwhile(load, eventually)
        assert ask("POST", f"/deployments/{SLUG}/shadow", {"pipeline": second})["shadow_pipeline_id"] == second
        eventually(lambda: any(one.role == "shadow" and one.status == "ready" for one in of.predictors()))
        eventually(lambda: of.shadow_report().compared)
        meanwhile(load, eventually)
        assert ask("POST", f"/deployments/{SLUG}/shadow", {})["shadow_pipeline_id"] is None
        meanwhile(load, eventually)
    check(load, expected, [Change(first, 0.0)])
    all_counted(load)


def test_when_the_predictor_is_killed_all_are_answered_or_told_to_come_again_and_all_are_counted(
    warm, ask, clients, expected, all_counted, eventually
):
    of = warm.deployments.get(SLUG)
    ready = [one for one in of.predictors() if one.status == "ready"]
    gone = next(one for one in ready if one.pipeline_id == of.record.pipeline_id)
    with clients() as load:
        meanwhile(load, eventually)
        os.kill(gone.process_id, signal.SIGKILL)
        eventually(lambda: load.statuses[503])
        meanwhile(load, eventually)
    assert load.failed == []
    assert set(load.statuses) == {200, 503}
    for one in load.heard:
        answer = one.answer
        if answer.status == 200:
            assert answer.body["predictions"] == expected[answer.headers[PIPELINE]][one.row]
        else:
            assert answer.is_problem
            assert answer.code == "deployment.unavailable"
            assert int(answer.headers["Retry-After"]) == answer.body["retry_after_s"] >= 1
    all_counted(load)
    assert sum(minute.requests for minute in of.traffic() if minute.role == "live") == counts(ask)[0]
    assert of.status == "ready"
