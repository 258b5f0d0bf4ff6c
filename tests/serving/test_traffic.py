"""What is counted of predictions, before it is written down."""

from __future__ import annotations

import pytest

from workbench.serving.traffic import BOUNDS_MS, WINDOW, Histogram, Traffic, quantile

NOON = 1_700_000_040.0
"""The beginning of a minute."""


def add(traffic: Traffic, *, at: float = NOON, is_error: bool = False, total_ms: float = 1.0) -> None:
    traffic.add("d", "p", "live", at=at, rows=2, is_error=is_error, stages_ms={"total": total_ms})


@pytest.mark.parametrize(("share", "value"), [(0.5, 2.0), (0.51, 3.0), (0.95, 4.0), (0.01, 1.0), (1.0, 4.0)])
def test_a_quantile_is_a_value_that_was_there(share, value):
    assert quantile([1.0, 2.0, 3.0, 4.0], share) == value


def test_a_value_on_a_bound_is_counted_below_it():
    histogram = Histogram()
    for value in (0.0, BOUNDS_MS[0], BOUNDS_MS[0] + 0.01, BOUNDS_MS[-1] + 1):
        histogram.add(value)
    assert (histogram.counts[0], histogram.counts[1], histogram.counts[-1]) == (2, 1, 1)


def test_latency_is_unknown_before_the_first_request():
    assert Traffic().latency("d") == (None, None)


def test_latency_is_of_the_last_requests_alone():
    traffic = Traffic()
    for _ in range(WINDOW):
        traffic.took("d", 1000.0)
    for _ in range(WINDOW):
        traffic.took("d", 1.0)
    assert traffic.latency("d") == (1.0, 1.0)


def test_minutes_are_counted_apart():
    traffic = Traffic()
    add(traffic, at=NOON + 59.9)
    add(traffic, at=NOON + 60.0)
    add(traffic, at=NOON + 60.1, is_error=True)
    counted = sorted(traffic.hand_over().items(), key=lambda item: item[0].minute)
    assert [(what.requests, what.rows, what.errors) for _, what in counted] == [(1, 2, 0), (2, 4, 1)]


def test_what_was_handed_over_is_not_handed_over_again():
    traffic = Traffic()
    add(traffic)
    traffic.hand_over()
    assert traffic.hand_over() == {}


def test_what_could_not_be_written_down_is_handed_over_again():
    traffic = Traffic()
    add(traffic)
    lost = traffic.hand_over()
    add(traffic)
    traffic.take_back(lost)
    (what,) = traffic.hand_over().values()
    assert (what.requests, sum(what.histograms["total"].counts)) == (2, 2)


def test_totals_go_on_whatever_is_handed_over():
    traffic = Traffic()
    add(traffic)
    traffic.take_back(traffic.hand_over())
    add(traffic)
    assert traffic.totals["d", "p", "live"].requests == 2
