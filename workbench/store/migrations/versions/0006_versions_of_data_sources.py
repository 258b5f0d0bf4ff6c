"""Data sources have versions and origins, and are stored as tables, not as they came."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("data_sources", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("family_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("origin", sa.JSON(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("head", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("table_sha256", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("raw", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("data_sources", schema=None) as batch_op:
        batch_op.drop_column("raw")
        batch_op.drop_column("table_sha256")
        batch_op.drop_column("head")
        batch_op.drop_column("origin")
        batch_op.drop_column("family_id")
        batch_op.drop_column("version")
