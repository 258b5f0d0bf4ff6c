from __future__ import annotations

import pytest

from workbench.narrating.figures import measured, stated


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.88", 0.8764),
        ("0.9", 0.8764),
        ("87.6 %", 0.8764),
        ("88 percent", 0.8764),
        ("12 %", 12.3),
        ("45,211", 45211),
        ("45 thousand", 45211),
        ("45,000", 45211),
        ("3 s", 2.8),
        ("1.2 million", 1_234_567),
        ("two", 2),
        ("0.3", -0.3),
        ("1e-5", 0.00001),
    ],
)
def test_a_number_may_be_told_rounded_or_in_percent(text: str, value: float) -> None:
    (number,) = stated(text)
    assert number.is_(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.88", 0.8849999 + 0.001),
        ("0.75", 0.8764),
        ("88", 0.88),
        ("1", 0.51),
        ("0", 0.04),
        ("0.2", 0.15),
        ("1,000", 1400),
        ("12 %", 0.88),
        ("1e999", 1.0),
    ],
)
def test_another_number_is_not_what_was_measured(text: str, value: float) -> None:
    (number,) = stated(text)
    assert not number.is_(value)


@pytest.mark.parametrize("text", ["AUC0.99", "０.９９", "٩٩ %", "ninety-nine"])
def test_a_number_in_disguise_is_one(text: str) -> None:
    assert list(stated(text))


def test_texts_and_lengths_of_what_was_measured_count_too() -> None:
    assert set(measured({"share": 0.5, "of": ["12 % of rows"], "is": True})) == {3.0, 0.5, 1.0, 12.0, 0.12}
