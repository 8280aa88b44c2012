"""Tripwires: attempts to propose, alerts about members, and who answers for a request

Revision: 0005, after 0004
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0005"
down_revision = "0004"


def _instant(name: str, *, nullable: bool) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    _attempts()
    _alerts()
    # Said in SQL: Alembic refuses a reference on SQLite, which takes it in this one form.
    op.execute(
        "ALTER TABLE change_request ADD COLUMN keeper_id VARCHAR(32) "
        "CONSTRAINT fk_change_request_keeper_id REFERENCES staff (id)"
    )


def downgrade() -> None:
    # The older schema knows one way to wait for somebody who looks.
    op.execute(
        "UPDATE change_request SET held_for = 'second_person' "
        "WHERE held_for IN ('cooling', 'quarantine')"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_change_request_keeper_id", "change_request")
    op.drop_column("change_request", "keeper_id")
    op.drop_table("staff_alert")
    op.drop_table("proposal_attempt")


def _attempts() -> None:
    table = "proposal_attempt"
    op.create_table(
        table,
        _text("id", 32),
        _text("staff_id", 32),
        _text("patron_id", 32, nullable=True),
        _text("domain", 253),
        _text("address_hash", 64),
        _text("outcome", 32),
        _instant("at", nullable=False),
        _refers(table, "staff_id", "staff.id"),
        _refers(table, "patron_id", "patron.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_proposal_attempt_staff", table, ["staff_id", "at"], unique=False)
    op.create_index("ix_proposal_attempt_patron", table, ["patron_id", "at"], unique=False)
    op.create_index("ix_proposal_attempt_address", table, ["address_hash", "at"], unique=False)
    op.create_index("ix_proposal_attempt_at", table, ["at"], unique=False)


def _alerts() -> None:
    table = "staff_alert"
    op.create_table(
        table,
        _text("id", 32),
        _text("staff_id", 32),
        _text("wire", 32),
        _instant("opened_at", nullable=False),
        _text("closed_by", 32, nullable=True),
        _instant("closed_at", nullable=True),
        _refers(table, "staff_id", "staff.id"),
        _refers(table, "closed_by", "staff.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_staff_alert_closed", table, ["staff_id", "closed_at"], unique=False)
    op.create_index(
        "uq_staff_alert_open",
        table,
        ["staff_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
