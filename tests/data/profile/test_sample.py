"""Rows drawn at random, and distinct values about."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from workbench.data.profile import features, sample
from workbench.data.profile.columns import Columns
from workbench.data.profile.counting import Counter, hashes
from workbench.data.profile.features import Features


def test_rows_are_drawn_from_the_whole_table_and_the_same_every_time():
    rows = sample.draw(1_000_000, 10_000)
    assert len(np.unique(rows)) == 10_000
    assert (rows == np.sort(rows)).all()
    assert (rows == sample.draw(1_000_000, 10_000)).all()
    # In each tenth a thousand are expected; five standard deviations are 150.
    shares = np.histogram(rows, 10, (0, 1_000_000))[0]
    assert (abs(shares - 1000) < 150).all()


def test_every_row_has_the_same_chance_across_the_blocks():
    drawn = np.concatenate([sample.draw(100_000 + rows, 50_000) for rows in range(40)])
    low, high = (drawn < 50_000).mean(), (drawn >= 99_000).mean()
    assert low == pytest.approx(0.5, abs=0.01)
    assert high == pytest.approx(0.01, abs=0.002)


@pytest.mark.parametrize(
    ("rows", "columns", "drawn"),
    [
        (45_211, 17, 45_211),
        (10_000_000, 20, 250_000),
        (10_000_000, 100, 50_000),
        (100_000, 2000, 2500),
        (1500, 9999, 1500),
    ],
)
def test_fewer_rows_are_drawn_the_wider_the_table_is(rows, columns, drawn):
    assert sample.size(rows, columns) == drawn


def test_it_is_said_how_the_rows_were_drawn():
    assert sample.told(10, 10) == "All 10 rows were taken."
    assert sample.told(5000, 2000).startswith("2,000 of 5,000 rows, drawn at random from the whole table")


@pytest.mark.parametrize("group_rows", [1000, 30_000])
def test_the_same_rows_are_drawn_however_they_lie_in_the_file(stored, monkeypatch, group_rows):
    monkeypatch.setattr(sample, "MOST_ROWS", 500)
    table = stored({"a": range(30_000), "b": map(str, range(30_000))}, group_rows=group_rows)
    numbers, texts = Columns(table).features()
    assert (numbers.numbers == sample.draw(30_000, 500)).all()
    assert len(texts.codes) == 500


@pytest.mark.parametrize("distinct", [90_000, 130_000, 700_000])
@pytest.mark.parametrize("kind", ["numbers", "texts"])
def test_distinct_values_are_counted_while_few_and_then_estimated_within_the_error_told(distinct, kind):
    counter = Counter()
    for start in range(0, distinct, 50_000):
        numbers = np.arange(start, min(start + 50_000, distinct))
        for _ in range(2):
            counter.add(pa.array(numbers * 7.5 if kind == "numbers" else [f"id-{number}" for number in numbers]))
    found = counter.distinct
    if distinct <= 100_000:
        assert (found.count, found.error) == (distinct, None)
    else:
        assert abs(found.count / distinct - 1) < 4 * found.error


def test_a_text_has_the_same_hash_wherever_it_stands():
    texts = ["", "a", "ab", "ba", "a" * 300_000, "b" + "a" * 299_999, "é", "a\0", "\0a", "x" * 40_000]
    together = hashes(pa.array(texts * 3))
    assert (together[:10] == together[10:20]).all()
    assert (together == np.array([hashes(pa.array(["y", text]).slice(1))[0] for text in texts * 3])).all()
    assert len(set(together.tolist())) == len(texts)


def test_what_is_kept_of_the_drawn_rows_is_what_was_drawn(stored, tmp_path):
    table = stored(
        {
            "n": [1.5, None, 3.0],
            "t": ["x", "y", None],
            "b": [True, None, False],
            "when": ["2024-01-01", None, "2024-02-01"],
        }
    )
    found = Columns(table)
    before = Features(found.rows, 3, tuple(found.features()))
    features.save(before, table.sample)
    after = features.load(table.sample, table.names)
    for old, new in zip(before.columns, after.columns, strict=True):
        assert (old.name, old.kind, old.labels, old.others, old.is_key) == (
            new.name, new.kind, new.labels, new.others, new.is_key,
        )  # fmt: skip
        for one, other in ((old.numbers, new.numbers), (old.codes, new.codes)):
            assert (one is None and other is None) or np.array_equal(one, other, equal_nan=True)
    assert [path.name for path in tmp_path.glob("*.partial")] == []
    assert features.load(table.sample, ("n",)) is None
    assert features.load(tmp_path / "none", table.names) is None


def test_of_many_texts_the_most_frequent_are_kept_and_the_others_are_one(stored, tmp_path, monkeypatch):
    monkeypatch.setattr(features, "MOST_CATEGORIES", 2)
    table = stored({"t": ["a", "b", "b", "c", "c", "c", "d"]})
    column = next(iter(Columns(table).features()))
    assert (column.labels, column.others) == (("c", "b"), True)
    features.save(Features(7, 7, (column,)), table.sample)
    again = features.load(table.sample, table.names).columns[0]
    assert again.codes.tolist() == [2, 1, 1, 0, 0, 0, 2]
    assert (again.labels, again.others) == (("c", "b"), True)
