"""One choice of a design, with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.advisors.advice import Evidence, Finding, Plot, Told


class Choice(Told):
    """What was chosen and why.

    Attributes
    ----------
    doubt
        What is doubtful about it, in a few words; empty: nothing.
    """

    id: str
    claim: str
    doubt: str = ""
    measured: Mapping[str, Any] = {}
    thresholds: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    plot: Plot | None = None
    advice: str = ""
    is_told: bool = False
    """Whether the goal itself says so."""

    def finding(self) -> Finding:
        """Return it as an advice has it."""
        return Finding(
            id=self.id,
            severity="warning" if self.doubt else "good" if self.is_told else "note",
            evidence=Evidence(
                claim=self.claim,
                measured=self.measured,
                thresholds=self.thresholds,
                columns=self.columns,
                plot=self.plot,
            ),
            recommendation=self.advice,
        )
