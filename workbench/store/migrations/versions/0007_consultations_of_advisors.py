"""Consultations of advisors."""

import sqlalchemy as sa
from alembic import op

from workbench.store.tables import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "advices",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("advisor", sa.String(length=30), nullable=False),
        sa.Column("subject_kind", sa.String(length=12), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("subject_name", sa.Text(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=True),
        sa.Column("advice", sa.JSON(), nullable=True),
        sa.Column("narration_status", sa.String(length=20), nullable=True),
        sa.Column("narration_token", sa.String(length=36), nullable=True),
        sa.Column("narration_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("narration", sa.JSON(), nullable=True),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("advised_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("deaths", sa.Integer(), server_default="0", nullable=False),
        sa.Column("served_by", sa.Text(), nullable=True),
        sa.Column("process_id", sa.Integer(), nullable=True),
        sa.Column("process_started", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_advices_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advices")),
    )
    op.create_index("ix_advices_subject_id_created_at", "advices", ["subject_id", "created_at"])
    op.create_index("ix_advices_workspace_id_created_at", "advices", ["workspace_id", "created_at"])
    op.create_index(op.f("ix_advices_status"), "advices", ["status"])


def downgrade() -> None:
    op.drop_table("advices")
