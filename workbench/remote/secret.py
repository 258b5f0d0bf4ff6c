"""A key in the hand of its owner: sent, and never shown."""

from __future__ import annotations

import os
from typing import Never

VARIABLE = "WORKBENCH_KEY"
_SHOWN = 12


class Secret:
    """A key that no representation, log or traceback tells."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return it as it is sent."""
        return self._text

    @property
    def prefix(self) -> str:
        """What may be shown of it."""
        return self._text[:_SHOWN]

    def __repr__(self) -> str:
        return f"<key {self.prefix}…>"

    def __reduce__(self) -> Never:
        raise TypeError("a key is not pickled")


def given(key: str | Secret | None) -> Secret | None:
    """Return the key that was handed over, else the environment's; None where there is none."""
    if isinstance(key, Secret):
        return key
    text = (os.environ.get(VARIABLE) or "") if key is None else key
    return Secret(text.strip()) if text.strip() else None
