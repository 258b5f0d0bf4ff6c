"""Why a process died: only what is known is claimed."""

from __future__ import annotations

import signal

import pytest

from workbench.service.exits import explain


def test_a_kill_is_not_taken_for_a_lack_of_memory():
    told = explain(-signal.SIGKILL)
    assert "SIGKILL" in told
    assert "when memory runs out, and so can anybody" in told


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT"])
def test_a_crash_in_native_code_is_named(name):
    assert explain(-signal.Signals[name]) == f"The run process crashed in native code ({name})."


def test_another_signal_is_named_and_nothing_is_guessed():
    assert explain(-signal.SIGTERM) == "The run process was ended by SIGTERM."
    assert explain(-200) == "The run process was ended by signal 200."


@pytest.mark.parametrize("code", [0, 1, 3])
def test_an_exit_without_a_result_points_at_the_log(code):
    assert explain(code) == f"The run process ended with code {code} before it told a result; its log says more."


def test_an_end_that_nobody_saw_is_said_to_be_one():
    assert "nobody saw how it ended" in explain(None)
