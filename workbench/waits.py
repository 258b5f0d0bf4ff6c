"""Calls that wait: how they go on is written once, and whoever calls decides what holds still meanwhile."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Generator
from typing import Any, ParamSpec, TypeVar, cast

_Asked = ParamSpec("_Asked")
_Told = TypeVar("_Told")

Waiting = Generator[float, None, _Told]
"""The steps of a call: between two of them it waits for so many seconds, and in the end it returns.

Whoever gives it up throws `GivenUp` into it and goes on: to take back what it did may take steps too. One that is
closed is left where it is, as if its process were killed."""


class GivenUp(BaseException):
    """Thrown into the steps of a call that nobody waits for any more."""


def waits(call: Callable[_Asked, Waiting[_Told]]) -> Callable[_Asked, _Told]:
    """Make a call of its steps: its caller's thread sleeps while it waits. Who has no thread to spare takes `steps`."""

    @functools.wraps(call)
    def waited(*args: _Asked.args, **kwargs: _Asked.kwargs) -> _Told:
        return _slept_through(call(*args, **kwargs))

    declared = inspect.signature(call)
    returns = str(declared.return_annotation).removeprefix("Waiting[").removesuffix("]")
    # What it returns to whoever calls it, which is what the call of a generator does not tell.
    waited.__signature__ = declared.replace(return_annotation=returns)  # type: ignore[attr-defined]
    waited.steps = call  # type: ignore[attr-defined]
    return waited


def steps(call: Callable[_Asked, _Told], *args: _Asked.args, **kwargs: _Asked.kwargs) -> Waiting[_Told]:
    """Begin a call that waits, a method as it is bound or a part of a call, and go through its steps oneself."""
    of: Any = call
    if isinstance(of, functools.partial):
        return cast("Waiting[_Told]", steps(of.func, *of.args, *args, **(of.keywords | kwargs)))
    # What a method is bound to, its attributes are not.
    bound = (of.__self__,) if inspect.ismethod(call) else ()
    return cast("Waiting[_Told]", of.steps(*bound, *args, **kwargs))


def has_steps(call: Callable[..., Any]) -> bool:
    """Whether a call, or a part of one, is made by `waits`."""
    return hasattr(call.func if isinstance(call, functools.partial) else call, "steps")


def _slept_through(going: Waiting[_Told]) -> _Told:
    step: Callable[[], float] = functools.partial(next, going)
    try:
        while True:
            pause_s = step()
            try:
                time.sleep(pause_s)
            except BaseException as error:  # noqa: BLE001 - an interrupted call takes back what it did
                step = functools.partial(going.throw, error)
            else:
                step = functools.partial(next, going)
    except StopIteration as over:
        return cast(_Told, over.value)
