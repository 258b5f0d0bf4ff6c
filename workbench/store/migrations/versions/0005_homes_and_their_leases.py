"""Homes that say that they are there, and how often a batch has lost its process."""

import sqlalchemy as sa
from alembic import op

import workbench.store.tables

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "homes",
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("lease_until", workbench.store.tables.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("identity", name=op.f("pk_homes")),
    )
    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.add_column(sa.Column("deaths", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.drop_column("deaths")
    op.drop_table("homes")
