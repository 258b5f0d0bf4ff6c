"""Hooks of schemathesis: most of what it asks is about things that are there, the rest is as it draws it.

The environment names a file with the ids of the things, and of those to spare, which alone are deleted. Of a request
that would be carried out the body comes whole, or with a field or two as they were drawn.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies as st

from tests.server.matrix import places_of
from tests.server.wanted import WANTED

THINGS = "WORKBENCH_TEST_THINGS"
_MOSTLY = (True, True, True, False)


def _line(context: Any) -> str:
    operation = context.operation
    return f"{operation.method.upper()} {operation.path.removeprefix('/api/v1')}"


def _things(to: str = "ask") -> dict[str, str]:
    found: dict[str, dict[str, str]] = json.loads(Path(os.environ[THINGS]).read_text())
    return found[to]


@schemathesis.hook
def flatmap_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> Any:
    """Have a path be about what is there."""
    if not path_parameters:
        return st.just(path_parameters)
    method, path = _line(context).split()
    things, places = _things("delete" if method == "DELETE" else "ask"), places_of(path)
    known = {name: things[places[name]] for name in path_parameters if places.get(name) in things}
    return st.sampled_from(_MOSTLY).map(lambda is_fed: path_parameters | known if is_fed else path_parameters)


@schemathesis.hook
def flatmap_query(context: Any, query: dict[str, Any] | None) -> Any:
    """Have a query name what is there, and little beside it."""
    wanted = [one.filled(_things())[1] for one in WANTED if one.line == _line(context)] or [{}]
    return st.sampled_from(_MOSTLY).flatmap(lambda is_fed: st.sampled_from(wanted) if is_fed else st.just(query))


@schemathesis.hook
def flatmap_body(context: Any, body: Any) -> Any:
    """Have a body be one that is carried out, or nearly."""
    wanted = [one.filled(_things())[0] for one in WANTED if one.line == _line(context)]
    wanted = [one for one in wanted if one is not None]
    if not wanted:
        return st.just(body)
    drawn = body if isinstance(body, dict) else {}

    def nearly(whole: Any) -> Any:
        if not isinstance(whole, dict) or not drawn:
            return st.just(whole)
        fields = st.lists(st.sampled_from(sorted(drawn)), max_size=2, unique=True)
        return st.one_of(st.just(whole), fields.map(lambda names: whole | {name: drawn[name] for name in names}))

    return st.sampled_from(_MOSTLY).flatmap(
        lambda is_fed: st.sampled_from(wanted).flatmap(nearly) if is_fed else st.just(body)
    )
