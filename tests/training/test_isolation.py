"""What is done in a process of its own, and what is said where it comes to nothing."""

from __future__ import annotations

import os
import signal
import sys
import time

import psutil
import pytest

from workbench.training.executors.isolation import Lost, alone
from workbench.training.request import Limits


def test_what_comes_of_it_is_handed_over():
    assert alone(lambda: {"pid": os.getpid()}, Limits())["pid"] != os.getpid()


@pytest.mark.parametrize(
    ("task", "limits", "reason"),
    [
        (lambda: 1 / 0, Limits(), "ZeroDivisionError: division by zero."),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), Limits(), "Its process died by SIGKILL."),
        (lambda: os._exit(5), Limits(), "Its process ended with code 5."),
        (lambda: time.sleep(600), Limits(model_s=0.2), "It took longer than the 0.2 s that a model may take."),
    ],
)
def test_what_comes_to_nothing_is_told_in_a_sentence_and_leaves_no_process(task, limits, reason):
    before = psutil.Process().children()
    with pytest.raises(Lost) as lost:
        alone(task, limits)
    assert str(lost.value) == reason
    assert psutil.Process().children() == before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds private memory to a limit")
def test_it_may_not_take_more_memory_than_a_unit():
    with pytest.raises(Lost, match=r"^It ran out of memory: it may take 0\.25 GiB\.$"):
        alone(lambda: bytearray(2**30), Limits(unit_bytes=2**28))
