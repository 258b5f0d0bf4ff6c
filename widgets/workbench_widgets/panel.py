"""The base of every panel: a view that the browser replicates, and commands that are always answered.

The kernel holds a panel's view as a plain dictionary and sends numbered patches of it; the browser applies them in
order and asks for the whole view when one is missing. Patches may come from the feeder's thread while a cell runs, so
every change goes through `Panel.show`, under the panel's lock.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from workbench import Workbench, WorkbenchError
from workbench_widgets.access import refusals
from workbench_widgets.shelf import Leaving

STATIC = Path(__file__).parent / "static"
SHARED = ("shared", "over", "lists")
LIST_MOST = 5000
"""Longest list that a view keeps; of a longer one the newest part."""

INTERRUPTED = {"code": "panel.interrupted", "detail": "The kernel was interrupted while it was at this."}
log = logging.getLogger("workbench.widgets")
Command = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Bytes:
    """What a command answers that is no plain data: it goes to the page as it is."""

    content: bytes


@cache
def script(*names: str) -> str:
    """Join the shared scripts and a panel's own parts: modules loaded by anywidget cannot import each other."""
    parts = "\n".join((STATIC / f"{part}.js").read_text() for part in (*SHARED, *names))
    return f"const LIST_MOST = {LIST_MOST};\n{parts}"


@cache
def style() -> str:
    return "\n".join((STATIC / f"{part}.css").read_text() for part in ("panels", "data", "advice", "access"))


class Panel(Leaving, anywidget.AnyWidget):
    """One panel.

    Parameters
    ----------
    workbench
        The home it shows.
    """

    _esm = "export default {}"
    _css = style()

    full = traitlets.Dict().tag(sync=True)
    """The whole view with its number, as of when somebody asks for it."""
    patch = traitlets.Dict().tag(sync=True)
    """The newest change: ``{"number", "set": {key: value}, "put": {key: {name: value}}, "append": {key: [items]}}``."""

    def __init__(self, workbench: Workbench, **view: Any) -> None:
        self.workbench = workbench
        self._lock = threading.RLock()
        # Feeder and commands look at the store in turn: an older look must not be shown after a newer one.
        self._feeding = threading.RLock()
        self._view: dict[str, Any] = {"refusals": refusals(workbench), **view}
        self._number = 0
        super().__init__(full={"number": 0, "view": self._view}, _view_count=0)
        self._was_seen = False
        self._hidden_at = 0.0
        self.observe(self._seen, names="_view_count")
        self.on_msg(self._answer)

    @property
    def is_out_of_sight(self) -> bool:
        """Whether the page showed this panel once and does not any more, as when its cell was run again."""
        return self._was_seen and self._view_count == 0

    @property
    def is_closed(self) -> bool:
        """Whether it was ended."""
        return self.comm is None

    @property
    def hidden_s(self) -> float:
        """For how long it has been out of sight, in seconds."""
        return time.monotonic() - self._hidden_at if self.is_out_of_sight else 0.0

    def close(self) -> None:
        """End the panel, here and on the page."""
        with self._lock:
            super().close()

    @property
    def commands(self) -> Mapping[str, Command]:
        """What the browser may ask for, by name."""
        return {}

    beside: frozenset[str] = frozenset()
    """Commands that may take longer than a moment: each is carried out in a thread of its own and answered from it."""

    def show(
        self,
        *,
        put: Mapping[str, Mapping[str, Any]] | None = None,
        append: Mapping[str, list[Any]] | None = None,
        **changes: Any,
    ) -> None:
        """Change the view and send the difference.

        Parameters
        ----------
        put
            Entries to set in dictionaries of the view.
        append
            Items to add to lists of the view.
        **changes
            Values to replace; those that are there already are not sent.
        """
        with self._lock:
            changed = {
                key: value for key, value in changes.items() if key not in self._view or self._view[key] != value
            }
            if not changed and not put and not append:
                return
            self._view.update(changed)
            for key, entries in (put or {}).items():
                self._view[key] = {**self._view.get(key, {}), **entries}
            for key, items in (append or {}).items():
                self._view[key] = [*self._view.get(key, []), *items][-LIST_MOST:]
            self._number += 1
            self.patch = {
                "number": self._number,
                "set": changed,
                "put": {key: dict(entries) for key, entries in (put or {}).items()},
                "append": dict(append or {}),
            }

    def _seen(self, change: Mapping[str, Any]) -> None:
        self._was_seen = self._was_seen or bool(change["new"])
        if not change["new"]:
            self._hidden_at = time.monotonic()

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> Any:
        """Answer the widget's state; the view in it is the present one, not the one it was made with."""
        state = super().get_state(key=key, drop_defaults=drop_defaults)
        if "full" in state:
            with self._lock:
                state["full"] = self._whole()
        return state

    def _answer(self, _: Any, content: Mapping[str, Any], buffers: list[memoryview]) -> None:
        """Carry a command out and answer it, whatever happens."""
        name = str(content.get("command"))
        if name in self.beside:
            asked = (name, content, buffers)
            threading.Thread(target=self._carry_out, args=asked, name=f"workbench-{name}", daemon=True).start()
        else:
            self._carry_out(name, content, buffers)

    def _carry_out(self, name: str, content: Mapping[str, Any], buffers: list[memoryview]) -> None:
        number = content.get("call")
        try:
            if name == "resync":
                # In one breath: a patch that went ahead of the whole that lacks it would be missed for good.
                with self._lock:
                    self.send({"answer": number, "result": self._whole()})
                return
            result = self.commands[name](*([buffers] if buffers else []), **content.get("arguments", {}))
            if isinstance(result, Bytes):
                self.send({"answer": number, "result": {}}, [result.content])
            else:
                self.send({"answer": number, "result": result})
        except WorkbenchError as error:
            self.send({"answer": number, "error": error.as_problem()})
        except KeyboardInterrupt:
            self.send({"answer": number, "error": INTERRUPTED})
            raise
        except Exception as error:
            log.exception("the command %s failed", name)
            self.send(
                {"answer": number, "error": {"code": "panel.failed", "detail": f"{type(error).__name__}: {error}"}}
            )

    def _whole(self) -> dict[str, Any]:
        return {"number": self._number, "view": dict(self._view)}
