"""A project, as data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Project:
    """What runs are about.

    Attributes
    ----------
    created_by
        None: it was there from the start.
    run_count
        How many runs its experiments have.
    """

    id: str
    name: str
    created_by: str | None
    created_at: datetime
    run_count: int

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "id": self.id,
            "name": self.name,
            "created_by": self.created_by,
            "created_at": self.created_at.isoformat(),
            "run_count": self.run_count,
        }
