"""How strongly columns go together, with each other and with a target."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from workbench.data.profile import sample
from workbench.data.profile.association import MOST_COLUMNS, association, cramer, ratio, spearman
from workbench.data.profile.columns import Columns
from workbench.data.profile.target import target


def cell(told, one, other):
    return told.cells[told.columns.index(one)][told.columns.index(other)]


def test_ranks_are_correlated_as_scipy_does(random):
    values = [random.normal(size=300), random.integers(0, 5, 300).astype(float), random.lognormal(size=300)]
    values[2] = values[2] + values[0]
    values[2][7] = math.inf
    expected = stats.spearmanr(np.column_stack(values)).statistic
    assert spearman(values) == pytest.approx(expected, abs=1e-12)


def test_gaps_leave_the_rows_that_have_both_values(random):
    first, second = random.normal(size=2000), random.normal(size=2000)
    second += first
    first[random.random(2000) < 0.2] = np.nan
    second[random.random(2000) < 0.2] = np.nan
    expected = pd.DataFrame({"a": first, "b": second}).corr(method="spearman").loc["a", "b"]
    # pandas ranks again what is left of each pair.
    assert spearman([first, second])[0, 1] == pytest.approx(expected, abs=0.01)


def test_texts_agree_beyond_chance_or_not(random):
    group = random.integers(0, 4, 3000)
    other = random.integers(0, 6, 3000)
    noisy = np.where(random.random(3000) < 0.5, group, random.integers(0, 4, 3000))
    assert cramer(group, group) == pytest.approx(1.0)
    assert cramer(group, other) < 0.05
    plain = stats.contingency.association(pd.crosstab(group, noisy).to_numpy(), method="cramer")
    assert cramer(group, noisy) == pytest.approx(plain, abs=0.01)


def test_many_rare_groups_do_not_look_like_an_association(random):
    groups, numbers = random.integers(0, 200, 600), random.normal(size=600)
    assert ratio(numbers, groups) < 0.2
    assert cramer(groups, random.integers(0, 200, 600)) < 0.2
    assert ratio(groups * 1.0, groups) == pytest.approx(1.0)


def test_columns_of_all_kinds_are_compared(drawn, random):
    rows = 600
    size = random.normal(size=rows)
    told = association(
        drawn(
            {
                "size": size,
                "twice": -2 * size,
                "flag": size > 0,
                "word": np.where(size > 0, "big", "small"),
                "other": random.choice(["x", "y", "z"], rows),
                "when": [f"2024-01-{day:02}" for day in np.clip(np.round(size * 5 + 15), 1, 28).astype(int)],
                "same": ["s"] * rows,
                "key": [f"k{row}" for row in range(rows)],
                "nothing": [None] * rows,
            }
        )
    )
    assert told.columns == ("size", "twice", "flag", "word", "other", "when")
    assert told.left_out == ("same", "key", "nothing")
    assert cell(told, "size", "twice") == -1.0
    assert cell(told, "size", "when") > 0.97
    assert cell(told, "flag", "word") == pytest.approx(1.0, abs=0.01)
    assert cell(told, "size", "word") == pytest.approx(0.8, abs=0.05)
    assert cell(told, "word", "other") < 0.1
    assert [cell(told, name, name) for name in told.columns] == [1.0] * 6
    assert told.cells == tuple(zip(*told.cells, strict=True))
    assert told.sampled_rows is None
    assert all("19" in measure.source or "20" in measure.source for measure in told.measures)


def test_a_pair_without_enough_rows_in_common_has_no_figure(drawn):
    told = association(drawn({"a": [*range(20), *[None] * 20], "b": [*[None] * 20, *range(20)], "c": range(40)}))
    assert cell(told, "a", "b") is None
    assert cell(told, "a", "c") == 1.0


def test_of_a_wide_table_it_is_told_what_was_left_out(drawn, monkeypatch, random):
    monkeypatch.setattr(sample, "MOST_CELLS", 1)
    names = [f"c{number}" for number in range(MOST_COLUMNS + 40)]
    told = association(drawn({name: random.normal(size=2500) for name in names}))
    assert told.columns == tuple(names[:MOST_COLUMNS])
    assert told.beyond == 40
    assert told.sampled_rows == sample.FEWEST_ROWS


def test_texts_with_many_values_are_compared_by_the_most_frequent_which_is_said(drawn, random):
    told = association(
        drawn({"many": random.choice([f"v{n}" for n in range(80)], 900), "few": random.choice(["a", "b"], 900)})
    )
    assert told.lumped == ("many",)


@pytest.fixture
def aimed(stored, drawn):
    """Look at a table with one of its columns as the target."""

    def aim(columns, name):
        part, counted = Columns(stored(columns)).counted(list(columns).index(name))
        return target(part, counted, drawn(columns))

    return aim


def test_classes_are_counted_and_features_ranked_by_how_they_go_with_them(aimed, random):
    signal = random.normal(size=900)
    told = aimed(
        {
            "noise": random.normal(size=900),
            "signal": signal,
            "word": np.where(signal + random.normal(size=900) > 0.5, "hi", "lo"),
            "id": [f"r{row}" for row in range(900)],
            "buys": [None if row < 10 else "yes" if value > 0.8 else "no" for row, value in enumerate(signal)],
        },
        "buys",
    )
    assert told.is_classes
    assert [value.label for value in told.classes] == ["no", "yes"]
    assert (told.rows, told.missing, told.class_count) == (900, 10, 2)
    assert sum(value.count for value in told.classes) == 890
    assert told.imbalance == told.classes[0].count / told.classes[1].count
    shares = [value.share for value in told.classes]
    assert told.evenness == pytest.approx(stats.entropy(shares) / math.log(2))
    assert [feature.name for feature in told.features] == ["signal", "word", "noise"]
    assert told.features[0].measure == "correlation ratio"
    assert told.unrated == ("id",)


def test_a_few_whole_numbers_are_classes_and_many_are_not(aimed, random):
    few = aimed({"a": random.normal(size=200), "y": np.arange(200) % 3}, "y")
    assert few.is_classes
    assert (few.evenness, few.classes[0].label) == (pytest.approx(1, abs=1e-4), "0")
    many = aimed({"a": np.arange(200.0) ** 3, "b": ["u", "v"] * 100, "y": np.arange(200)}, "y")
    assert not many.is_classes
    assert (many.classes, many.evenness) == ((), None)
    assert many.measures.skew == pytest.approx(0)
    assert [(each.name, each.strength) for each in many.features] == [("a", 1.0), ("b", pytest.approx(0, abs=0.01))]


def test_truths_are_classes(aimed):
    told = aimed({"a": [1.0, 2.0, 3.0, 4.0] * 10, "y": [False, False, True, True] * 10}, "y")
    assert [(value.label, value.count) for value in told.classes] == [("False", 20), ("True", 20)]
    assert told.features[0].strength > 0.8


def test_with_a_target_that_is_always_the_same_nothing_goes(aimed):
    told = aimed({"a": range(20), "y": ["x"] * 20}, "y")
    assert (told.features, told.unrated, told.imbalance) == ((), ("a",), None)
