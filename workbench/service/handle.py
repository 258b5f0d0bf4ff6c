"""The service in the user's hand."""

from __future__ import annotations

from workbench.service import lifecycle
from workbench.settings import Settings


class Service:
    """The process that carries runs out, seen from outside."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def start(self) -> None:
        """Start it unless it runs; it warms up on its own."""
        lifecycle.start(self._settings)

    def stop(self) -> bool:
        """Stop it; return whether it ran. Runs under way go on, and the next service takes them over."""
        return lifecycle.stop(self._settings)

    def state(self) -> lifecycle.ServiceState | None:
        """Return what it tells of itself, or None where none runs."""
        return lifecycle.state(self._settings)

    def wait(self) -> lifecycle.ServiceState:
        """Wait until a service that was started tells its state."""
        return lifecycle.wait_until_running(self._settings)

    def log(self, lines: int = 50) -> list[str]:
        """Return the last lines of its log, oldest first."""
        path = lifecycle.log_file(self._settings)
        return path.read_text(errors="replace").splitlines()[-lines:] if path.is_file() else []
