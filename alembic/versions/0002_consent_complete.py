"""Consent complete: held requests, the desk, codes, freezes, erasures, receipts, policy

Revision: 0002, after 0001
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from alembic import op

revision = "0002"
down_revision = "0001"

REMINDERS = (timedelta(days=3), timedelta(hours=24))


def _instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _partial_index(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def upgrade() -> None:
    _change_requests()
    op.add_column(
        "patron",
        sa.Column("is_protected", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_field_change_patron", "field_change", ["patron_id", "field"], unique=False)
    _two_people()
    _evidence()
    op.execute("INSERT INTO policy (id, settings) VALUES (1, '{}')")
    _plan_reminders(op.get_bind())


def downgrade() -> None:
    for table in (
        "policy",
        "receipt",
        "link_code",
        "erasure",
        "patron_freeze",
        "desk_confirmation",
    ):
        op.drop_table(table)
    op.drop_index("ix_field_change_patron", "field_change")
    op.drop_column("patron", "is_protected")
    op.drop_index("ix_change_request_applies", "change_request")
    op.drop_index("ix_change_request_reminder", "change_request")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_change_request_released_by", "change_request")
    for column in (
        "code_tries",
        "next_reminder_at",
        "applies_at",
        "released_at",
        "released_by",
        "held_for",
        "path",
        "policy",
    ):
        op.drop_column("change_request", column)


def _change_requests() -> None:
    table = "change_request"
    op.add_column(table, sa.Column("policy", sa.Text(), nullable=False, server_default="{}"))
    op.add_column(table, sa.Column("path", sa.String(32), nullable=False, server_default="link"))
    op.add_column(table, _text("held_for", 32))
    # Said in SQL: Alembic refuses a reference on SQLite, which takes it in this one form.
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN released_by VARCHAR(32) "
        "CONSTRAINT fk_change_request_released_by REFERENCES staff (id)"
    )
    for name in ("released_at", "applies_at", "next_reminder_at"):
        op.add_column(table, _instant(name))
    op.add_column(table, sa.Column("code_tries", sa.Integer(), nullable=False, server_default="0"))
    _partial_index(
        "ix_change_request_reminder", table, ["next_reminder_at"], "next_reminder_at IS NOT NULL"
    )
    _partial_index(
        "ix_change_request_applies",
        table,
        ["applies_at"],
        "applies_at IS NOT NULL AND state = 'held'",
    )


def _two_people() -> None:
    table = "desk_confirmation"
    op.create_table(
        table,
        _text("id", 32, nullable=False),
        _text("request_id", 32, nullable=False),
        _text("kind", 32, nullable=False),
        _text("method", 32, nullable=False),
        _text("reviewer", 32),
        _text("note", 500, nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        _text("clerk_id", 32, nullable=False),
        _text("clerk_label", 200, nullable=False),
        _instant("created_at", nullable=False),
        _text("second_id", 32),
        _text("second_label", 200),
        _instant("confirmed_at"),
        _instant("declined_at"),
        _refers(table, "request_id", "change_request.id"),
        _refers(table, "clerk_id", "staff.id"),
        _refers(table, "second_id", "staff.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_desk_confirmation_request_id", table, ["request_id"], unique=False)

    table = "patron_freeze"
    op.create_table(
        table,
        _text("id", 32, nullable=False),
        _text("patron_id", 32, nullable=False),
        _text("request_id", 32, nullable=False),
        _text("cause", 32, nullable=False),
        _instant("opened_at", nullable=False),
        _text("first_id", 32),
        _text("first_label", 200),
        _text("first_note", 500, nullable=False),
        _instant("first_at"),
        _text("second_id", 32),
        _text("second_label", 200),
        _text("second_note", 500, nullable=False),
        _instant("cleared_at"),
        _refers(table, "patron_id", "patron.id"),
        _refers(table, "request_id", "change_request.id"),
        _refers(table, "first_id", "staff.id"),
        _refers(table, "second_id", "staff.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_patron_freeze_patron_id", table, ["patron_id"], unique=False)
    _partial_index("uq_patron_freeze_open", table, ["patron_id"], "cleared_at IS NULL", unique=True)

    table = "erasure"
    op.create_table(
        table,
        _text("id", 32, nullable=False),
        _text("patron_id", 32, nullable=False),
        _text("reason", 500, nullable=False),
        _text("requested_by", 32, nullable=False),
        _text("requested_label", 200, nullable=False),
        _instant("requested_at", nullable=False),
        _text("confirmed_by", 32),
        _text("confirmed_label", 200),
        _instant("confirmed_at"),
        _instant("declined_at"),
        _instant("done_at"),
        _refers(table, "patron_id", "patron.id"),
        _refers(table, "requested_by", "staff.id"),
        _refers(table, "confirmed_by", "staff.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_erasure_patron_id", table, ["patron_id"], unique=False)
    _partial_index(
        "uq_erasure_open",
        table,
        ["patron_id"],
        "done_at IS NULL AND declined_at IS NULL",
        unique=True,
    )


def _evidence() -> None:
    op.create_table(
        "link_code",
        _text("id", 32, nullable=False),
        _text("request_id", 32, nullable=False),
        _text("reviewer", 32, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("code_hash", 64, nullable=False),
        sa.Column("claims", sa.Text(), nullable=False),
        _refers("link_code", "request_id", "change_request.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_code")),
        sa.UniqueConstraint(
            "request_id",
            "reviewer",
            "version",
            name=op.f("uq_link_code_request_id_reviewer_version"),
        ),
    )
    op.create_table(
        "receipt",
        _text("id", 32, nullable=False),
        _text("request_id", 32, nullable=False),
        _text("patron_id", 32, nullable=False),
        _text("reviewer", 32, nullable=False),
        _text("event", 32, nullable=False),
        _instant("at", nullable=False),
        _text("language", 16, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _text("kid", 64, nullable=False),
        _text("signature", 128, nullable=False),
        _refers("receipt", "request_id", "change_request.id"),
        _refers("receipt", "patron_id", "patron.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
    )
    op.create_index("ix_receipt_request_id", "receipt", ["request_id"], unique=False)
    op.create_index("ix_receipt_patron_id", "receipt", ["patron_id"], unique=False)
    op.create_table(
        "policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
    )


def _plan_reminders(connection: sa.Connection) -> None:
    """Requests that were pending before this revision are reminded of like any other."""
    request = sa.table(
        "change_request",
        sa.column("id", sa.String),
        sa.column("state", sa.String),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("expires_at", sa.DateTime(timezone=True)),
        sa.column("next_reminder_at", sa.DateTime(timezone=True)),
    )
    pending = sa.select(request).where(request.c.state == "pending")
    after, before = REMINDERS
    for row in connection.execute(pending).all():
        at = min(row.created_at + after, row.expires_at - before)
        connection.execute(
            sa.update(request).where(request.c.id == row.id).values(next_reminder_at=at)
        )
