"""Who needs a pipeline, so that it is not deleted under them."""

from __future__ import annotations

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from workbench.store.tables import AliasRow, BatchRow, DeploymentRow, PromotionRow


def users(session: Session, pipeline_id: str) -> list[str]:
    """Name all that a pipeline is needed for."""
    served = or_(
        DeploymentRow.pipeline_id == pipeline_id,
        DeploymentRow.next_pipeline_id == pipeline_id,
        DeploymentRow.previous_pipeline_id == pipeline_id,
        DeploymentRow.shadow_pipeline_id == pipeline_id,
    )
    aliases = select(AliasRow.name).where(AliasRow.pipeline_id == pipeline_id).order_by(AliasRow.name)
    deployments = select(DeploymentRow.slug).where(served, DeploymentRow.deleted_at.is_(None))
    party = or_(PromotionRow.challenger_id == pipeline_id, PromotionRow.champion_id == pipeline_id)
    promotions = select(PromotionRow.alias).where(party, PromotionRow.ended_at.is_(None))
    batches = select(exists().where(BatchRow.pipeline_id == pipeline_id, BatchRow.finished_at.is_(None)))
    return [
        *(f"the alias {name}" for name in session.scalars(aliases)),
        *(f"the deployment {slug}" for slug in session.scalars(deployments.order_by(DeploymentRow.slug))),
        *(f"a promotion for {alias}" for alias in session.scalars(promotions.order_by(PromotionRow.alias))),
        *(["a batch prediction"] if session.scalar(batches) else []),
    ]
