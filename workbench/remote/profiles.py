"""A table's profile, over HTTP: as far as it is computed, and part by part as it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from workbench.remote.api import Api

if TYPE_CHECKING:
    from workbench.data.profile import Part, Profile

_LOOK_S = 0.2


def profile_of(api: Api, source: str, against: str | None, target: str | None) -> Profile:
    """Ask for what is known of a table so far."""
    from workbench.data.profile import Profile

    return api.of(Profile, api.get("data-sources", source, "profile", against=against, target=target))


def followed(look: Callable[[], Profile], patience_s: float) -> Iterator[Part]:
    """Give the parts of a profile as they are there, each once, and at last how it ended."""
    deadline = time.monotonic() + patience_s
    given: set[str] = set()
    while True:
        profile = look()
        for place, part in _parts(profile):
            if place not in given:
                given.add(place)
                yield part
        if profile.is_complete or time.monotonic() > deadline:
            return
        time.sleep(_LOOK_S)


def _parts(profile: Profile) -> Iterator[tuple[str, Part]]:
    """Take a profile apart, and say of each part which one it is."""
    from workbench.data.profile.parts import End, Failed

    if profile.head is not None:
        yield "head", profile.head
    for column in profile.columns:
        yield f"column {column.name}", column
    for part in (profile.association, profile.target, profile.drift):
        if part is not None:
            yield part.part, part
    for place, reason in enumerate(profile.failures):
        yield f"failure {place}", Failed("failed", reason)
    if profile.is_complete and not profile.failures:
        yield "end", End("end", profile.seconds or 0.0, profile.peak_bytes or 0)
