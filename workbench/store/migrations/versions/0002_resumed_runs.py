"""Runs without a target, runs that are resumed, and what PyCaret counts where it differs."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from workbench.store.tables import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SPEC: dict[str, Any] = {
    "options": {},
    "from_run": None,
    "racing": False,
    "executor": "local",
    "run_timeout_s": 0,
    "unit_memory": 0,
}
"""What a run was asked for before it could be asked for more."""


def upgrade() -> None:
    with op.batch_alter_table("experiments", schema=None) as batch_op:
        batch_op.alter_column("target", existing_type=sa.Text(), nullable=True)
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.alter_column("target", existing_type=sa.Text(), nullable=True)
        batch_op.add_column(sa.Column("claimed_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("deaths", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("units_at_death", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("scores", schema=None) as batch_op:
        batch_op.add_column(sa.Column("undefined", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("pycaret", sa.JSON(), nullable=True))
    fill_specs()


def downgrade() -> None:
    with op.batch_alter_table("scores", schema=None) as batch_op:
        batch_op.drop_column("pycaret")
        batch_op.drop_column("undefined")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_column("units_at_death")
        batch_op.drop_column("deaths")
        batch_op.drop_column("claimed_at")


def fill_specs() -> None:
    runs = sa.table("runs", sa.column("id"), sa.column("plan"), sa.column("spec", sa.JSON()))
    connection = op.get_bind()
    for run_id, plan, spec in connection.execute(sa.select(runs.c.id, runs.c.plan, runs.c.spec)).all():
        named = spec.get("include") or [] if plan == "create" else []
        bases = [{"kind": "model", "model": model} for model in named]
        filled = SPEC | {"bases": bases} | spec
        connection.execute(runs.update().where(runs.c.id == run_id).values(spec=filled))
