"""What every panel does: commands are answered, whatever happens, and nothing goes ahead of what it belongs behind."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from workbench_widgets.panel import Command, Panel

import workbench


def test_a_command_that_takes_long_lets_others_be_answered_meanwhile(
    home: workbench.Workbench, eventually: Callable[..., Any]
) -> None:
    go = threading.Event()
    answers: list[Any] = []

    class Slow(Panel):
        beside = frozenset({"wait"})

        @property
        def commands(self) -> Mapping[str, Command]:
            return {"wait": lambda: go.wait(10), "ask": lambda: "told"}

        def send(self, content: Any, buffers: Any = None) -> None:
            answers.append((content["answer"], content["result"]))

    panel = Slow(home)
    panel._answer(None, {"call": "1", "command": "wait"}, [])
    panel._answer(None, {"call": "2", "command": "ask"}, [])
    assert answers == [("2", "told")]
    go.set()
    eventually(lambda: answers[1:] == [("1", True)])


def test_a_command_during_which_the_kernel_is_interrupted_is_answered(home: workbench.Workbench) -> None:
    answers: list[Any] = []

    class Interrupted(Panel):
        @property
        def commands(self) -> Mapping[str, Command]:
            return {"wait": lambda: signal.raise_signal(signal.SIGINT)}

        def send(self, content: Any, buffers: Any = None) -> None:
            answers.append((content["answer"], content["error"]["code"]))

    with pytest.raises(KeyboardInterrupt):
        Interrupted(home)._answer(None, {"call": "1", "command": "wait"}, [])
    assert answers == [("1", "panel.interrupted")]


def test_no_patch_goes_ahead_of_the_whole_that_lacks_it(
    home: workbench.Workbench, eventually: Callable[..., Any]
) -> None:
    sent: list[Any] = []

    class Telling(Panel):
        def send(self, content: Any, buffers: Any = None) -> None:
            news = threading.Thread(target=lambda: self.show(status="succeeded"))
            news.start()
            news.join(0.2)
            sent.append(("whole", content["result"]["number"]))

    panel = Telling(home, status="running")
    panel.observe(lambda change: sent.append(("patch", change["new"]["number"])), names="patch")
    panel._answer(None, {"call": "1", "command": "resync"}, [])
    eventually(lambda: len(sent) == 2)
    assert sent == [("whole", 0), ("patch", 1)]
