"""Why a process died: one pure function that claims only what is known."""

from __future__ import annotations

import signal

UNKNOWN = None


def explain(status: int | None, what: str = "run process") -> str:
    """Explain how a process ended without telling its result.

    Parameters
    ----------
    status
        Exit code; negative for the signal that ended it; None when nobody saw it end.
    what
        What kind of process it was.

    >>> explain(-9)
    'The run process was killed (SIGKILL). The system does this when memory runs out, and so can anybody with access.'
    """
    if status is UNKNOWN:
        return f"The {what} is gone, and nobody saw how it ended: the machine or the service was stopped."
    if status >= 0:
        return f"The {what} ended with code {status} before it told a result; its log says more."
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    if -status == signal.SIGKILL:
        return (
            f"The {what} was killed ({name}). The system does this when memory runs out, "
            "and so can anybody with access."
        )
    if -status in (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT):
        return f"The {what} crashed in native code ({name})."
    return f"The {what} was ended by {name}."
