"""One feeder thread a home in a kernel: reads the store ten times a second and shows what is new, cell or no cell.

Nothing here is asked for by the browser, so nothing waits for the kernel; and nothing is sent that the browser has.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from typing import ClassVar, Protocol

import workbench
from workbench import Settings, Workbench, WorkbenchError
from workbench.errors import NotFound
from workbench.settings import load

TICK_S = 0.1
LOOK_S = 1.0
"""Longest time between two looks, also where nothing in the store has changed."""
HIDDEN_S = 60.0
"""After this long out of sight, a panel that others have taken the place of is closed."""

log = logging.getLogger("workbench.widgets")


class Fed(Protocol):
    """What the feeder feeds."""

    @property
    def is_out_of_sight(self) -> bool:
        """Whether nobody can see it any more."""
        ...

    @property
    def is_closed(self) -> bool:
        """Whether it was ended, by whomever."""
        ...

    @property
    def hidden_s(self) -> float:
        """For how long it has been out of sight, in seconds."""
        ...

    def close(self) -> None:
        """End it, here and on the page."""
        ...

    def feed(self) -> bool:
        """Show what is new in the store; return whether something new had to wait for the next look."""
        ...


class Feeder:
    """Feeds panels from one thread until it is closed or none of them is left.

    Panels are held weakly. ipywidgets holds every panel that was ever made, so those of a cell that was run again are
    closed. Panels out of sight that nothing replaced are kept: a notebook that is opened anew finds them by their ids.
    """

    _shared: ClassVar[weakref.WeakValueDictionary[Settings, Feeder]] = weakref.WeakValueDictionary()
    _sharing = threading.Lock()

    @classmethod
    def of(cls, home: Workbench | None) -> Feeder:
        """Return the feeder of a home, for as long as any panel holds it one and the same for the same settings.

        Parameters
        ----------
        home
            None: the home that the environment names, connected to unless a feeder is already.
        """
        with cls._sharing:
            settings = load() if home is None else home.settings
            feeder = cls._shared.get(settings)
            if feeder is None or feeder._closed:
                feeder = cls._shared[settings] = cls(home or workbench.connect(settings))
            return feeder

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self._fed: weakref.WeakSet[Fed] = weakref.WeakSet()
        self._wake = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def add(self, *panels: Fed) -> None:
        """Feed these panels too; the thread starts with the first."""
        with self._lock:
            for panel in panels:
                self._fed.add(panel)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="workbench-feeder", daemon=True)
                self._thread.start()

    def wake(self) -> None:
        """Look now: something was just done."""
        self._wake.set()

    def close(self, timeout_s: float = 2) -> None:
        """Stop feeding and wait for the thread's end."""
        self._closed = True
        self._wake.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)

    def _run(self) -> None:
        changes = self.workbench.changes()
        looked = 0.0
        waiting = False
        while panels := self._panels():
            began = time.monotonic()
            # Asked for first and always: what is written after this look is new at the next.
            if changes.any() or waiting or self._wake.is_set() or began - looked > LOOK_S:
                self._wake.clear()
                looked = began
                fed = [self._feed(panel) for panel in panels if not (self._closed or panel.is_out_of_sight)]
                waiting = any(fed)
                self._close_replaced(panels)
            del panels
            self._wake.wait(max(0.01, TICK_S - (time.monotonic() - began)))
        changes.close()

    def _panels(self) -> list[Fed]:
        """Return whom to feed; none says that the thread ends, and the next panel starts another."""
        with self._lock:
            panels = [] if self._closed else [panel for panel in self._fed if not panel.is_closed]
            if not panels:
                self._thread = None
            return panels

    def _close_replaced(self, panels: list[Fed]) -> None:
        # By name: anywidget gives each panel a class of its own.
        seen = {type(panel).__name__ for panel in panels if not panel.is_out_of_sight}
        for panel in panels:
            if type(panel).__name__ in seen and panel.hidden_s > HIDDEN_S:
                panel.close()

    def _feed(self, panel: Fed) -> bool:
        try:
            return panel.feed()
        except NotFound:
            # What it shows was deleted elsewhere; the next look finds what there is instead.
            return True
        except WorkbenchError as error:
            # The store may be away for a moment; the next look tries again.
            log.warning("%s", error)
        except Exception:
            log.exception("a panel could not be fed")
        return False
