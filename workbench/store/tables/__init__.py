"""The store's tables, typed.

Primary keys are UUIDv7 strings, times are UTC, and JSON columns hold what is displayed, never what is queried.
"""

from workbench.store.tables.advice import ConsultationRow
from workbench.store.tables.base import Base, UtcDateTime, new_id, now
from workbench.store.tables.people import AnsweredRow, InvitationRow, KeyRow, MembershipRow, UserRow
from workbench.store.tables.registry import AliasHistoryRow, AliasRow, PipelineRow, PromotionRow
from workbench.store.tables.runs import ArtifactRow, EventRow, ExperimentRow, RunRow, ScoreRow, SourceRow
from workbench.store.tables.serving import (
    BatchRow,
    DeploymentRow,
    HomeRow,
    PredictionRow,
    PredictionStatsRow,
    PredictorRow,
)
from workbench.store.tables.workspaces import AuditHeadRow, AuditRow, ProjectRow, WorkspaceRow

__all__ = [
    "AliasHistoryRow",
    "AliasRow",
    "AnsweredRow",
    "ArtifactRow",
    "AuditHeadRow",
    "AuditRow",
    "Base",
    "BatchRow",
    "ConsultationRow",
    "DeploymentRow",
    "EventRow",
    "ExperimentRow",
    "HomeRow",
    "InvitationRow",
    "KeyRow",
    "MembershipRow",
    "PipelineRow",
    "PredictionRow",
    "PredictionStatsRow",
    "PredictorRow",
    "ProjectRow",
    "PromotionRow",
    "RunRow",
    "ScoreRow",
    "SourceRow",
    "UserRow",
    "UtcDateTime",
    "WorkspaceRow",
    "new_id",
    "now",
]
