"""What the advisors are shown, field by field: a column's name is no field, and each number is decided about."""

from __future__ import annotations

import pytest

from tests.narrating.filled import CELL, MARK, advice, filled
from workbench.advisors.advice import VERDICTS, AdvisorName
from workbench.narrating import records, vocabulary
from workbench.narrating.prompt import prompt

ADVISORS = dict(zip(VERDICTS, records.EVIDENCES, strict=True))
BY_NAME = sorted(vocabulary.listed("codes") | vocabulary.listed("columns"))
OTHERS = sorted(frozenset().union(*map(vocabulary.listed, vocabulary.lists())) - set(BY_NAME))


def _leaks(advisor: AdvisorName, column: str) -> bool:
    evidence = filled(ADVISORS[advisor], column)
    text = prompt(advice(column), advisor, evidence, allow_samples=False).text.lower()
    assert f'"{column.lower()}"' in text
    return MARK in text or str(CELL) in text


@pytest.mark.parametrize("advisor", ADVISORS)
def test_no_cell_leaves_of_a_column_that_is_named_as_a_field_is(advisor: AdvisorName) -> None:
    assert [column for column in BY_NAME if _leaks(advisor, column)] == []


@pytest.mark.parametrize("at", range(len(ADVISORS)))
def test_no_cell_leaves_of_a_column_that_is_named_by_any_word_that_may(at: int) -> None:
    advisor = list(ADVISORS)[at]
    assert [column for column in OTHERS[at :: len(ADVISORS)] if _leaks(advisor, column)] == []


@pytest.mark.parametrize("advisor", ADVISORS)
def test_with_samples_the_cells_leave(advisor: AdvisorName) -> None:
    evidence = ADVISORS[advisor].model_validate(filled(ADVISORS[advisor], "type")).model_dump(mode="json")
    text = prompt(advice("type"), advisor, evidence, allow_samples=True).text
    assert MARK in text
    assert str(CELL) in text


def test_a_field_of_a_record_says_what_it_holds_where_a_column_is_named_like_it() -> None:
    for column in ("rows", "zzz"):
        evidence = filled(ADVISORS["dataset_analyst"], column)
        text = prompt(advice(column), "dataset_analyst", evidence, allow_samples=False).text
        assert '"rows": 40' in text


def test_it_is_decided_of_each_number_whether_it_leaves() -> None:
    decided = [vocabulary.listed(of) for of in ("of_groups", "of_intervals", "of_metrics", "labelled", "stay")]
    open_ones = [
        f"{model.__name__}.{name}"
        for model in records.models()
        for name, field in model.model_fields.items()
        if {int, float} & set(records.kinds(field.annotation))
        and not vocabulary.is_aggregate(name)
        and not any(name in names for names in decided)
    ]
    assert sorted(open_ones) == [], "Name them in one of the lists of shown.toml."


def test_what_stays_by_name_is_no_aggregate() -> None:
    assert [name for name in vocabulary.listed("stay") if vocabulary.is_aggregate(name)] == []
