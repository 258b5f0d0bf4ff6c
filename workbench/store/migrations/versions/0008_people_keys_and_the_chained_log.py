"""Users, memberships, invitations, keys, answered requests, and an audit log of which no line can go unseen."""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

from workbench.store.chain import BEGINNING, link
from workbench.store.tables import UtcDateTime, new_id, now

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_MADE = ("runs", "pipelines", "deployments", "promotions", "batches", "advices")
"""Tables that say who made their rows."""
_AUDIT_INDEXES = {
    "ix_audit_log_at_seq": ["at", "seq"],
    "ix_audit_log_workspace_id_seq": ["workspace_id", "seq"],
    "ix_audit_log_workspace_id_subject_subject_id_seq": ["workspace_id", "subject", "subject_id", "seq"],
} | {
    f"ix_audit_log_workspace_id_{name}_seq": ["workspace_id", name, "seq"]
    for name in ("by", "action", "subject", "subject_id", "outcome", "origin", "key_id")
}


def upgrade() -> None:
    _people()
    _keys()
    _answered()
    for table in ("workspaces", "projects"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("created_by", sa.String(length=200), nullable=True))
    _promotions()
    _runs()
    _audit_log()
    _known_users(op.get_bind())
    _append_only()


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("is_administrator", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )
    op.create_table(
        "memberships",
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_memberships_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_user_id"), "memberships", ["user_id"])
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("user_name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("by_administrator", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("by_code_alone", sa.Boolean(), nullable=False),
        sa.Column("key_id", sa.String(length=36), nullable=True),
        sa.Column("revoked_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_invitations_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("sha256", name=op.f("uq_invitations_sha256")),
    )
    op.create_index(op.f("ix_invitations_workspace_id"), "invitations", ["workspace_id"])


def _keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("requests_per_minute", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_used_from", sa.String(length=200), nullable=True),
        sa.Column("revoked_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(length=200), nullable=True),
        sa.Column("replaces_id", sa.String(length=36), nullable=True),
        sa.Column("made_by_key_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["made_by_key_id"], ["api_keys.id"], name=op.f("fk_api_keys_made_by_key_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_keys_user_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_api_keys_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("sha256", name=op.f("uq_api_keys_sha256")),
    )
    op.create_index(op.f("ix_api_keys_made_by_key_id"), "api_keys", ["made_by_key_id"])
    op.create_index(op.f("ix_api_keys_user_id"), "api_keys", ["user_id"])
    op.create_index("ix_api_keys_workspace_id_created_at", "api_keys", ["workspace_id", "created_at"])


def _answered() -> None:
    op.create_table(
        "answered_requests",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=36), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answered_requests")),
    )
    op.create_index(op.f("ix_answered_requests_created_at"), "answered_requests", ["created_at"])


def _promotions() -> None:
    op.add_column("promotions", sa.Column("completing_until", UtcDateTime(timezone=True), nullable=True))


def _runs() -> None:
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("workspace_id", sa.String(length=36), nullable=True))
    op.execute(
        "UPDATE runs SET workspace_id = (SELECT projects.workspace_id FROM experiments JOIN projects "
        "ON projects.id = experiments.project_id WHERE experiments.id = runs.experiment_id)"
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.alter_column("workspace_id", existing_type=sa.String(length=36), nullable=False)
        batch_op.create_foreign_key(op.f("fk_runs_workspace_id"), "workspaces", ["workspace_id"], ["id"])
        batch_op.create_index("ix_runs_workspace_id_created_at", ["workspace_id", "created_at", "id"])
        batch_op.create_index("ix_runs_workspace_id_status", ["workspace_id", "status", "created_at", "id"])


def _audit_log() -> None:
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seq", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("workspace_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("origin", sa.String(length=100), server_default="", nullable=False))
        batch_op.add_column(sa.Column("key_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("outcome", sa.String(length=8), server_default="done", nullable=False))
        batch_op.add_column(sa.Column("previous", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("sha256", sa.String(length=64), nullable=True))
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    seq, sha256 = _chained(op.get_bind())
    op.bulk_insert(head, [{"id": 1, "seq": seq, "sha256": sha256}])
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.alter_column("seq", existing_type=sa.BigInteger(), nullable=False)
        batch_op.alter_column("previous", existing_type=sa.String(length=64), nullable=False)
        batch_op.alter_column("sha256", existing_type=sa.String(length=64), nullable=False)
        batch_op.alter_column("origin", existing_type=sa.String(length=100), server_default=None)
        batch_op.alter_column("outcome", existing_type=sa.String(length=8), server_default=None)
        batch_op.create_unique_constraint(op.f("uq_audit_log_seq"), ["seq"])
        batch_op.drop_index("ix_audit_log_at")
        batch_op.drop_index("ix_audit_log_subject_at")
        for name, columns in _AUDIT_INDEXES.items():
            batch_op.create_index(name, columns)


def _chained(connection: sa.Connection) -> tuple[int, str]:
    """Chain the lines that are there; return number and hash of the last."""
    columns = ("id", "at", "by", "action", "subject", "subject_id", "message")
    table = sa.table(
        "audit_log",
        *(sa.column(name) for name in columns if name != "at"),
        sa.column("at", UtcDateTime(timezone=True)),
        sa.column("details", sa.JSON()),
        *(sa.column(name) for name in ("seq", "workspace_id", "previous", "sha256")),
    )
    # There has been one workspace so far.
    workspace = connection.scalar(sa.text("SELECT id FROM workspaces ORDER BY created_at LIMIT 1"))
    # Read first: while rows of the same table are written, a cursor over it may miss or repeat some.
    lines = connection.execute(sa.select(table).order_by(table.c.at, table.c.id)).mappings().all()
    previous, seq = BEGINNING, 0
    for seq, line in enumerate(lines, start=1):
        added = {"seq": seq, "workspace_id": workspace}
        sha256 = link(previous, {**line, **added, "origin": "", "key_id": None, "outcome": "done"})
        changed = sa.update(table).where(table.c.id == line["id"])
        connection.execute(changed.values(**added, previous=previous, sha256=sha256))
        previous = sha256
    return seq, previous


def _known_users(connection: sa.Connection) -> None:
    """Make members of all who have made something: the first of them the owner, the others editors."""
    found: dict[str, object] = {}
    for table in _MADE:
        rows = connection.execute(sa.text(f"SELECT created_by, MIN(created_at) FROM {table} GROUP BY created_by"))
        for name, since in rows:
            found[name] = min(since, found[name]) if name in found else since
    found.pop("service", None)
    workspace = connection.scalar(sa.text("SELECT id FROM workspaces ORDER BY created_at LIMIT 1"))
    if workspace is None:
        return
    at = UtcDateTime(timezone=True)
    users = sa.table("users", *map(sa.column, ("id", "name", "is_administrator")), sa.column("created_at", at))
    memberships = sa.table(
        "memberships",
        *map(sa.column, ("workspace_id", "user_id", "role", "created_by")),
        sa.column("created_at", at),
    )
    for place, name in enumerate(sorted(found, key=lambda name: (found[name], name))):
        user = new_id()
        connection.execute(sa.insert(users).values(id=user, name=name, is_administrator=place == 0, created_at=now()))
        role = "editor" if place else "owner"
        connection.execute(
            sa.insert(memberships).values(
                workspace_id=workspace, user_id=user, role=role, created_by="service", created_at=now()
            )
        )


_ONLY_ADDED = "lines of the audit log are only ever added"
_ONLY_MOVED = "the end of the audit log only ever moves on by a line"
_GUARDS: Mapping[str, tuple[str, str]] = {
    "audit_log_no_update": ("UPDATE ON audit_log", _ONLY_ADDED),
    "audit_log_no_delete": ("DELETE ON audit_log", _ONLY_ADDED),
    # What REPLACEs a row deletes it, and triggers of deletion are not told.
    "audit_log_next": (
        "INSERT ON audit_log WHEN NEW.seq IS NOT (SELECT seq + 1 FROM audit_head) "
        "OR EXISTS (SELECT 1 FROM audit_log WHERE id = NEW.id)",
        _ONLY_ADDED,
    ),
    "audit_head_no_insert": ("INSERT ON audit_head", _ONLY_MOVED),
    "audit_head_no_delete": ("DELETE ON audit_head", _ONLY_MOVED),
    "audit_head_next": (
        "UPDATE ON audit_head WHEN NEW.id IS NOT OLD.id OR NEW.seq IS NOT OLD.seq + 1",
        _ONLY_MOVED,
    ),
}
"""SQLite's triggers: what each refuses, and what it says."""
_POSTGRESQL = (
    "CREATE FUNCTION audit_log_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF TG_OP = 'INSERT' THEN IF NEW.seq = (SELECT seq + 1 FROM audit_head) THEN RETURN NEW; END IF; END IF; "
    f"RAISE EXCEPTION '{_ONLY_ADDED}'; END $$",
    "CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_append_only()",
    "CREATE TRIGGER audit_log_next BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_log_append_only()",
    "CREATE FUNCTION audit_head_moves_on() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF TG_OP = 'UPDATE' THEN IF NEW.id = OLD.id AND NEW.seq = OLD.seq + 1 THEN RETURN NEW; END IF; END IF; "
    f"RAISE EXCEPTION '{_ONLY_MOVED}'; END $$",
    "CREATE TRIGGER audit_head_moves_on BEFORE INSERT OR UPDATE OR DELETE ON audit_head "
    "FOR EACH ROW EXECUTE FUNCTION audit_head_moves_on()",
    "CREATE TRIGGER audit_head_stays BEFORE TRUNCATE ON audit_head "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_head_moves_on()",
)


def _append_only() -> None:
    """Have the database itself refuse whatever is not a next line of the audit log, where it is one that can."""
    name = op.get_bind().dialect.name
    if name == "sqlite":
        for guard, (what, why) in _GUARDS.items():
            op.execute(f"CREATE TRIGGER {guard} BEFORE {what} BEGIN SELECT RAISE(ABORT, '{why}'); END")
    if name == "postgresql":
        for statement in _POSTGRESQL:
            op.execute(statement)


def _change_freely() -> None:
    name = op.get_bind().dialect.name
    if name == "sqlite":
        for guard in _GUARDS:
            op.execute(f"DROP TRIGGER {guard}")
    if name == "postgresql":
        # With the triggers that call them.
        op.execute("DROP FUNCTION audit_log_append_only() CASCADE")
        op.execute("DROP FUNCTION audit_head_moves_on() CASCADE")


def downgrade() -> None:
    _change_freely()
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        for name in _AUDIT_INDEXES:
            batch_op.drop_index(name)
        batch_op.create_index("ix_audit_log_at", ["at"])
        batch_op.create_index("ix_audit_log_subject_at", ["subject", "subject_id", "at"])
        batch_op.drop_constraint(op.f("uq_audit_log_seq"), type_="unique")
        for name in ("sha256", "previous", "outcome", "key_id", "origin", "workspace_id", "seq"):
            batch_op.drop_column(name)
    op.drop_table("audit_head")
    with op.batch_alter_table("promotions", schema=None) as batch_op:
        batch_op.drop_column("completing_until")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index("ix_runs_workspace_id_status")
        batch_op.drop_index("ix_runs_workspace_id_created_at")
        batch_op.drop_constraint(op.f("fk_runs_workspace_id"), type_="foreignkey")
        batch_op.drop_column("workspace_id")
    for table in ("projects", "workspaces"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("created_by")
    for table in ("answered_requests", "api_keys", "invitations", "memberships", "users"):
        op.drop_table(table)
