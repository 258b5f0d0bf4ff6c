"""The audit log over HTTP."""

from __future__ import annotations

from workbench.auditing import Entry, Verified
from workbench.server.bodies.base import alike

__all__ = ["Verified"]

AuditEntry = alike("AuditEntry", Entry)
