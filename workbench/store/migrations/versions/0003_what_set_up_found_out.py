"""What set-up finds out beside what was asked for, and the time that a run's processes took."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

RUNS = sa.table("runs", sa.column("id"), sa.column("spec", sa.JSON()), sa.column("fitted", sa.JSON()))


def upgrade() -> None:
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fitted", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("used_s", sa.Double(), server_default="0", nullable=False))
    part()


def downgrade() -> None:
    join()
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_column("used_s")
        batch_op.drop_column("fitted")


def part() -> None:
    connection = op.get_bind()
    for run_id, spec in connection.execute(sa.select(RUNS.c.id, RUNS.c.spec)).all():
        if "versions" in spec:
            asked = {name: value for name, value in spec.items() if name != "versions"}
            fitted = {"folds": spec.get("folds"), "versions": spec["versions"]}
            connection.execute(RUNS.update().where(RUNS.c.id == run_id).values(spec=asked, fitted=fitted))


def join() -> None:
    connection = op.get_bind()
    for run_id, spec, fitted in connection.execute(sa.select(RUNS.c.id, RUNS.c.spec, RUNS.c.fitted)).all():
        if fitted:
            connection.execute(RUNS.update().where(RUNS.c.id == run_id).values(spec=spec | fitted))
