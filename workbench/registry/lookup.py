"""Finding pipelines, inside a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from workbench.errors import BadRequest, NotFound, choices
from workbench.registry.pipeline import Pipeline
from workbench.store import ids
from workbench.store.tables import AliasRow, PipelineRow

Reference = Pipeline | str
"""A pipeline, its id, the end of it (at least four digits), its name, or an alias."""


def find(
    session: Session, workspace_id: str, reference: Reference, *, hold: Literal["", "keep", "change"] = ""
) -> PipelineRow:
    """Find a pipeline that is not deleted.

    A name or an alias stands before the end of an id, so that no name is hidden because it looks like digits.

    Parameters
    ----------
    hold
        ``keep``: nobody may delete it before the caller's transaction ends. ``change``: nobody else may keep it either.
        Whoever holds an alias or a promotion too takes these first, or two would wait for each other.

    Raises
    ------
    NotFound
        ``pipeline.not_found``, naming what there is.
    BadRequest
        ``pipeline.ambiguous`` when several ids end like that.
    """
    key = ids.text(reference.id if isinstance(reference, Pipeline) else reference)
    live = _live(workspace_id)
    named = select(AliasRow.pipeline_id).where(AliasRow.workspace_id == workspace_id, AliasRow.name == key)
    ways = [PipelineRow.id == key, PipelineRow.live_name == key, PipelineRow.id == named.scalar_subquery()]
    if (ending := ids.matching(PipelineRow.id, key)) is not None:
        ways.append(ending)
    for way in ways:
        query = live.where(way).limit(2)
        locked = query.with_for_update(read=hold == "keep") if hold else query
        found: Sequence[PipelineRow] = session.scalars(locked).all()
        if len(found) > 1:
            raise BadRequest("pipeline.ambiguous", f"Several pipelines end in '{key}': give more of the id.")
        if found:
            return found[0]
    known = names(session, workspace_id)
    hint = choices(key, known) if known else "There is none yet: promote a run's model."
    raise NotFound("pipeline.not_found", f"There is no pipeline '{key}'.", hint=hint, pipeline=key)


def names(session: Session, workspace_id: str, *, begin: str = "") -> set[str]:
    """Return what pipelines and aliases are called, which are looked up alike, as far as it begins so."""
    called = select(PipelineRow.live_name).where(
        PipelineRow.workspace_id == workspace_id, PipelineRow.live_name.startswith(begin, autoescape=True)
    )
    aliases = select(AliasRow.name).where(
        AliasRow.workspace_id == workspace_id,
        AliasRow.pipeline_id.is_not(None),
        AliasRow.name.startswith(begin, autoescape=True),
    )
    return {name for query in (called, aliases) for name in session.scalars(query) if name is not None}


def is_pipeline(session: Session, workspace_id: str, name: str) -> bool:
    """Whether a pipeline goes by this name."""
    query = exists().where(PipelineRow.workspace_id == workspace_id, PipelineRow.live_name == name)
    return bool(session.scalar(select(query)))


def _live(workspace_id: str) -> Any:
    return select(PipelineRow).where(PipelineRow.workspace_id == workspace_id, PipelineRow.deleted_at.is_(None))
