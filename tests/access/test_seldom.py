"""What happens often is told seldom, and how often it was left out."""

from __future__ import annotations

from workbench.access.seldom import AGAIN_S, Seldom


def test_the_same_is_told_again_after_a_minute_with_what_was_left_out():
    now = 0.0
    seldom = Seldom(lambda: now)
    assert [seldom.due("a") for _ in range(4)] == [0, None, None, None]
    now = AGAIN_S
    assert [seldom.due("a"), seldom.due("a")] == [3, None]
    now = 2 * AGAIN_S
    assert seldom.due("a") == 1


def test_one_thing_keeps_no_other_from_being_told():
    seldom = Seldom(lambda: 0.0)
    assert [seldom.due(("eda", "a")), seldom.due(("eda", "b")), seldom.due(("olga", "a"))] == [0, 0, 0]


def test_what_is_remembered_is_bounded():
    seldom = Seldom(lambda: 0.0)
    for number in range(20_001):
        seldom.due(number)
    assert seldom.due(20_000) is None
    assert seldom.due(0) == 0
