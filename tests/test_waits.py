"""Calls that wait: one way to go on, whoever waits."""

from __future__ import annotations

import inspect
from functools import partial

import pytest

from workbench.waits import Waiting, has_steps, steps, waits


class Kettle:
    def __init__(self) -> None:
        self.told: list[str] = []

    @waits
    def boil(self, cups: int, *, pause_s: float = 0.0) -> Waiting[str]:
        """Boil."""
        try:
            for cup in range(cups):
                self.told.append(f"cup {cup}")
                yield pause_s
        except BaseException:
            self.told.append("switched off")
            raise
        return f"{cups} cups"

    @waits
    def brew(self, cups: int) -> Waiting[str]:
        return "tea of " + (yield from steps(self.boil, cups))


def test_called_it_waits_and_returns():
    kettle = Kettle()
    assert kettle.brew(2) == "tea of 2 cups"
    assert kettle.told == ["cup 0", "cup 1"]


def test_by_its_steps_it_waits_nowhere():
    going = steps(Kettle().brew, 2)
    assert [next(going), next(going)] == [0.0, 0.0]
    with pytest.raises(StopIteration) as over:
        next(going)
    assert over.value.value == "tea of 2 cups"


def test_a_part_of_a_call_is_gone_through_like_the_whole():
    going = steps(partial(Kettle().boil, 1, pause_s=0.5))
    assert next(going) == 0.5


@pytest.mark.parametrize(
    ("call", "waits"),
    [(Kettle().boil, True), (partial(Kettle().boil, 1), True), (print, False), (partial(print), False)],
)
def test_of_any_call_it_is_known_whether_it_waits(call, waits):
    assert has_steps(call) is waits


def test_one_that_is_interrupted_while_it_waits_takes_back_what_it_did(monkeypatch):
    kettle = Kettle()

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("workbench.waits.time.sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        kettle.boil(2)
    assert kettle.told == ["cup 0", "switched off"]


def test_it_says_what_it_returns_to_its_caller():
    signature = inspect.signature(Kettle.boil)
    assert (list(signature.parameters), signature.return_annotation) == (["self", "cups", "pause_s"], "str")
