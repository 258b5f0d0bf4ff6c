"""How a table differs from an earlier version of it."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.data.profile import sample
from workbench.data.profile.columns import Columns
from workbench.data.profile.drift import drift, stability
from workbench.data.profile.features import Features


@pytest.fixture
def compared(stored):
    """Compare two versions of a table."""

    def compare(before, now):
        tables = stored(before, id="v1"), stored(now, id="v2")
        columns = [Columns(table) for table in tables]
        drawn = [Features(each.rows, len(each.sampled), tuple(each.features())) for each in columns]
        return drift(*tables, *drawn)

    return compare


def changed(told, name):
    return next(column for column in told.columns if column.name == name)


def test_the_index_is_the_one_of_the_textbook():
    before, now = np.array([500, 300, 200]), np.array([400, 300, 300])
    p, q = before / 1000, now / 1000
    assert stability(before, now)[0] == pytest.approx(((q - p) * np.log(q / p)).sum(), abs=1e-3)
    assert stability(before, before)[0] == 0
    assert stability(np.array([10, 0]), np.array([0, 10]))[0] > 1


def test_the_noise_is_what_chance_stays_below_nineteen_times_in_twenty(random):
    draws = [
        stability(*(np.bincount(random.integers(0, 10, size), minlength=10) for size in (800, 1500)))
        for _ in range(400)
    ]
    within = np.mean([index <= noise for index, noise in draws])
    assert 0.91 <= within <= 0.98


def test_each_column_has_a_band(compared, random):
    rows = 4000
    told = compared(
        {
            "same": random.normal(size=rows),
            "moved": random.normal(size=rows),
            "gone": random.normal(size=rows),
            "word": random.choice(["a", "b", "c"], rows),
            "few": random.integers(0, 3, rows),
            "when": [f"2023-{month:02}-01" for month in random.integers(1, 13, rows)],
            "flag": random.random(rows) < 0.5,
        },
        {
            "same": random.normal(size=rows),
            "moved": random.normal(0.4, 1, size=rows),
            "gone": random.normal(3, 1, size=rows),
            "word": random.choice(["a", "b", "c"], rows, p=[0.2, 0.3, 0.5]),
            "few": random.integers(0, 3, rows),
            "when": [f"2024-{month:02}-01" for month in random.integers(1, 13, rows)],
            "flag": random.random(rows) < 0.9,
        },
    )
    assert {column.name: column.band for column in told.columns} == {
        "same": "stable",
        "moved": "shifted",
        "gone": "changed",
        "word": "shifted",
        "few": "stable",
        "when": "changed",
        "flag": "changed",
    }
    assert changed(told, "same").psi < changed(told, "same").noise < 0.05


def test_a_small_table_does_not_drift_by_chance(compared, random):
    before, now = ({"a": random.normal(size=40), "b": random.choice([*"abcdefgh"], 40)} for _ in range(2))
    told = compared(before, now)
    assert max(column.psi for column in told.columns) > 0.1
    assert {column.band for column in told.columns} == {"stable"}


def test_columns_that_came_went_or_became_another_kind_are_named(compared):
    told = compared(
        {"a": [1, 2], "b": ["x", "y"], "c": [1.0, 2.0]}, {"c": ["1", "n/k"], "d": [True, False], "a": [1, 2]}
    )
    assert (told.added, told.removed, told.kinds) == (("d",), ("b",), (("c", "number", "text"),))
    assert [column.name for column in told.columns] == ["c", "a"]
    assert changed(told, "c").psi is None
    assert (told.before, told.rows_before, told.rows) == ("v1", 2, 2)


def test_values_that_are_new_or_gone_are_named_and_gaps_held_against_each_other(compared):
    told = changed(
        compared(
            {"w": ["red"] * 50 + ["blue"] * 30 + ["grey"] * 20},
            {"w": ["red"] * 50 + ["blue"] * 20 + ["pink"] * 5 + [None] * 25},
        ),
        "w",
    )
    assert [(value.label, value.count) for value in told.appeared] == [("pink", 5)]
    assert [(value.label, value.share) for value in told.vanished] == [("grey", 0.2)]
    assert (told.missing_before, told.missing) == (0.0, 0.25)


def test_of_samples_only_what_chance_cannot_explain_is_called_new(compared, monkeypatch):
    monkeypatch.setattr(sample, "MOST_ROWS", 2000)
    before = ["a"] * 20_000
    now = ["a"] * 19_000 + ["often"] * 990 + ["rare"] * 10
    told = compared({"w": before}, {"w": now})
    assert [value.label for value in changed(told, "w").appeared] == ["often"]
    assert (told.sampled_rows_before, told.sampled_rows) == (2000, 2000)


def test_keys_are_not_held_against_each_other(compared):
    told = compared({"k": [f"a{row}" for row in range(50)]}, {"k": [f"b{row}" for row in range(50)]})
    assert (told.columns[0].psi, told.columns[0].appeared) == (None, None)
