"""Signed entries, recorded rows, seals, and the log of touched rows

Revision: 0006, after 0005
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0006"
down_revision = "0005"

SEALED = ("mail_outbox", "mail_event", "staff_session", "staff_device", "link_code")


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def upgrade() -> None:
    op.add_column("audit_entry", sa.Column("covers", sa.Integer(), nullable=True))
    op.add_column("audit_entry", _text("kid", 64, nullable=True))
    op.add_column("audit_entry", _text("signature", 128, nullable=True))
    for table in SEALED:
        op.add_column(table, _text("seal", 100, nullable=True))
    for table in ("staff", "staff_session"):
        op.add_column(table, sa.Column("epoch", sa.Integer(), nullable=False, server_default="0"))
    # A request is proven with its suppressions.
    op.create_index(
        op.f("ix_suppressed_address_request_id"), "suppressed_address", ["request_id"], unique=False
    )
    _recorded()
    _touched()
    _findings()


def downgrade() -> None:
    for table in ("integrity_finding", "touched_row", "recorded_row"):
        op.drop_table(table)
    op.drop_index(op.f("ix_suppressed_address_request_id"), table_name="suppressed_address")
    for table in ("staff_session", "staff"):
        op.drop_column(table, "epoch")
    for table in SEALED:
        op.drop_column(table, "seal")
    for column in ("signature", "kid", "covers"):
        op.drop_column("audit_entry", column)


def _recorded() -> None:
    table = "recorded_row"
    op.create_table(
        table,
        _text("subject", 32),
        _text("row_id", 64),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["audit_entry.seq"], name=op.f(f"fk_{table}_seq")),
        sa.PrimaryKeyConstraint("subject", "row_id", "seq", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f("ix_recorded_row_seq"), table, ["seq"], unique=False)


def _touched() -> None:
    table = "touched_row"
    long = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        table,
        sa.Column("n", long, autoincrement=True, nullable=False),
        _text("subject", 32),
        _text("row_id", 160),
        _text("op", 8),
        sa.Column("tx", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("n", name=op.f(f"pk_{table}")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_touched_row_tx", table, ["tx"], unique=False)


def _findings() -> None:
    table = "integrity_finding"
    op.create_table(
        table,
        _text("id", 32),
        _text("subject", 32),
        _text("row_id", 160),
        _text("problem", 32),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        _text("first_by", 32, nullable=True),
        _text("first_label", 200, nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(
        "uq_integrity_finding_open",
        table,
        ["subject", "row_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
