"""Which rows two pipelines are judged on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.judging import rows
from workbench.judging.comparison import NotComparable
from workbench.judging.rows import choose
from workbench.judging.sides import Side, Table

FRAME = pd.DataFrame({"x": np.arange(100.0), "y": ["no", "yes"] * 50})
TABLE = Table(FRAME, "shop", "a")


def side(role="champion", held_out=range(50), of="a", **more):
    holdout = None if held_out is None else {"rows": list(held_out), "of": 100}
    return Side(role, "classification", b"", of, [], [], holdout, **more)


def chosen(*sides, table=TABLE):
    return choose(sides, table, "y")


def refused(*sides, table=TABLE, target="y"):
    with pytest.raises(NotComparable) as caught:
        choose(sides, table, target)
    return str(caught.value)


def test_rows_count_that_were_held_out_from_both():
    found = chosen(side(), side("challenger", range(40, 80)))
    assert found.numbers.tolist() == list(range(40, 50))
    assert found.told == "rows of shop that were held out from both"
    assert found.notes == ()


def test_of_a_table_that_one_learned_from_what_was_held_out_from_it_counts():
    found = chosen(side(), side("challenger", of="b"))
    assert found.numbers.tolist() == list(range(50))
    assert found.told == "rows of shop that were held out from the champion"


def test_of_a_table_that_neither_learned_from_all_rows_count():
    found = chosen(side(of="b"), side("challenger", of="c"))
    assert (len(found.numbers), found.told) == (100, "rows of shop, taken to be new to both")


def test_a_pipeline_that_was_fitted_on_all_rows_leaves_none_to_judge_by():
    told = refused(side(), side("challenger", []))
    assert told == (
        "The challenger was fitted on all rows of shop. Name a data source with rows that neither has seen."
    )


def test_rows_of_which_it_is_not_known_whether_they_are_new_are_not_judged_by():
    assert refused(side(held_out=None), side("challenger")).startswith("The champion is of an earlier version of Work")


def test_without_a_row_that_is_new_to_both_there_is_nothing_to_judge_by():
    told = refused(side(held_out=range(10)), side("challenger", range(90, 100)))
    assert told.startswith("No row of shop was held out from both.")


def test_a_table_without_the_target_is_refused():
    assert refused(side(), target="z") == "shop has no column 'z', which is to be predicted."


def test_rows_without_a_target_are_left_out_and_counted():
    frame = FRAME.assign(y=FRAME["y"].where(FRAME.index >= 5))
    found = chosen(side(), side("challenger"), table=Table(frame, "shop", "a"))
    assert (len(found.numbers), found.notes) == (45, ("5 rows without a y are left out.",))


def test_of_very_many_rows_some_are_drawn(monkeypatch):
    monkeypatch.setattr(rows, "MOST", 20)
    found = chosen(side(), side("challenger"))
    assert (len(set(found.numbers)), found.notes) == (20, ("20 of 50 rows were drawn, with seed 1.",))
    assert found.numbers.tolist() == chosen(side(), side("challenger")).numbers.tolist()


def kept(numbers, trained):
    """What a pipeline keeps of the rows that it learned from."""
    sample = FRAME.iloc[list(numbers)]
    told = {"numbers": list(numbers), "columns": {"x": sample["x"].tolist()}, "target": sample["y"].tolist()}
    return {"rows": trained, "sample": told}


def test_rows_that_a_pipeline_seems_to_know_are_told_of():
    reference = kept([1, 2, 3], 40)
    # Half of the sample, which stands for 40 rows, is among the 100.
    reference["sample"]["columns"]["x"] += [-1.0, -2.0, -3.0]
    reference["sample"]["target"] += ["no"] * 3
    (note,) = chosen(side(of="c"), side("challenger", of="b", reference=reference)).notes
    assert note.startswith("About 20% of these rows of shop seem to be rows that the challenger learned from: ")


def test_a_table_of_rows_that_a_pipeline_knows_is_refused():
    told = refused(side(of="b", reference=kept(range(20), 80)), side("challenger", of="c"))
    assert told.startswith("About 80% of these rows of shop seem to be rows that the champion learned from. Name a")


def test_where_rows_repeat_anyway_one_that_is_there_again_says_nothing():
    reference = kept([1, 3] * 10, 80)
    assert chosen(side(of="b", reference=reference), side("challenger", of="c")).notes == ()
