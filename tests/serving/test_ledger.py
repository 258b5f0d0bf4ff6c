"""What is written down of predictions: counts that add up, rows that are kept, and how a shadow compares."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from workbench.serving import deployments, ledger, reports
from workbench.serving.ledger import ROWS_OF_A_REQUEST, Kept
from workbench.serving.traffic import Traffic
from workbench.settings import Settings


@pytest.fixture
def made(store, pipelines):
    return deployments.create(store, "juice", pipelines[0], by="ana")


def count(made, *, role: str = "live", pipeline_id: str | None = None, is_error: bool = False) -> Traffic:
    traffic = Traffic()
    traffic.add(
        made.id,
        pipeline_id or made.pipeline_id,
        role,
        at=time.time(),
        rows=0 if is_error else 3,
        is_error=is_error,
        stages_ms={"total": 1.5},
    )
    traffic.took(made.id, 1.5)
    return traffic


def write(store, made, traffic: Traffic, *kept: Kept) -> None:
    ledger.write(store, traffic.hand_over(), kept, {made.id: traffic.latency(made.id)})


def kept(made, labels: list, *, at: float | None = None, **shadow) -> Kept:
    rows = [{"x": place} for place in range(len(labels))]
    answer = [{"index": place, "prediction": label} for place, label in enumerate(labels)]
    return Kept(
        made.id,
        made.pipeline_id,
        "request",
        time.time() if at is None else at,
        json.dumps({"rows": rows}).encode(),
        json.dumps(answer).encode(),
        **shadow,
    )


def shadowed(made, pipeline_id: str, live: list, shadow: list) -> Kept:
    answer = json.dumps([{"index": place, "prediction": label} for place, label in enumerate(shadow)]).encode()
    return kept(made, live, shadow_id=pipeline_id, shadow_answer=answer)


def test_counts_add_up_over_time(store, made):
    write(store, made, count(made))
    write(store, made, count(made, is_error=True))
    found = deployments.get(store, "juice")
    assert (found.request_count, found.row_count, found.error_count) == (2, 3, 1)
    assert sum(minute.requests for minute in reports.minutes(store, found)) == 2


def test_latency_is_that_of_the_last_requests(store, made):
    assert deployments.get(store, "juice").p50_ms is None
    write(store, made, count(made))
    found = deployments.get(store, "juice")
    assert (found.p50_ms, found.p95_ms) == (1.5, 1.5)


def test_a_minutes_quantiles_lie_in_the_bucket_that_was_counted(store, made):
    write(store, made, count(made))
    (minute,) = reports.minutes(store, made)
    assert 1.0 < minute.p50_ms["total"] <= 2.0
    assert minute.p50_ms["predict"] is None


def test_what_the_shadow_answers_does_not_count_for_the_deployment(store, made, pipelines):
    write(store, made, count(made, role="shadow", pipeline_id=pipelines[1]))
    assert deployments.get(store, "juice").request_count == 0
    assert reports.of_shadow(store, made, pipelines[1]).requests == 1


def test_labels_of_live_and_shadow_are_compared_row_by_row(store, made, pipelines):
    write(store, made, Traffic(), shadowed(made, pipelines[1], ["a", "b", "b"], ["a", "b", "a"]))
    found = reports.of_shadow(store, made, pipelines[1])
    assert (found.compared, found.agreement, found.gap) == (3, 2 / 3, 0.0)


def test_numbers_of_live_and_shadow_are_told_apart_by_their_mean_difference(store, made, pipelines):
    write(store, made, Traffic(), shadowed(made, pipelines[1], [1.0, 2.0], [1.0, 2.5]))
    found = reports.of_shadow(store, made, pipelines[1])
    assert (found.compared, found.agreement, found.gap) == (2, 0.5, 0.25)


def test_kept_rows_bear_input_and_answer(store, made):
    write(store, made, Traffic(), kept(made, ["a", "b"]))
    found = sorted(reports.predictions(store, made), key=lambda one: one.place)
    assert [(one.input, one.answer["prediction"]) for one in found] == [({"x": 0}, "a"), ({"x": 1}, "b")]


def test_of_a_large_request_some_rows_are_kept(store, made):
    write(store, made, Traffic(), kept(made, ["a"] * 1000))
    assert len(reports.predictions(store, made, limit=5000)) == ROWS_OF_A_REQUEST


def test_a_request_that_is_not_sampled_leaves_no_rows(store, made):
    write(store, made, Traffic(), replace(kept(made, ["a"]), is_sampled=False))
    assert reports.predictions(store, made) == []


def test_rows_that_are_too_old_are_forgotten(store, made):
    days = Settings.model_fields["prediction_days"].default
    write(store, made, Traffic(), kept(made, ["old"], at=time.time() - (days + 1) * 86400))
    write(store, made, Traffic(), kept(made, ["new"]))
    ledger.forget(store)
    assert [one.answer["prediction"] for one in reports.predictions(store, made)] == ["new"]


def test_beyond_the_limit_the_oldest_rows_are_forgotten(store, made):
    few = replace(store, settings=store.settings.model_copy(update={"prediction_rows": 2}))
    for label in ("first", "second", "third"):
        write(few, made, Traffic(), kept(made, [label]))
    ledger.forget(few)
    assert [one.answer["prediction"] for one in reports.predictions(few, made)] == ["third", "second"]
