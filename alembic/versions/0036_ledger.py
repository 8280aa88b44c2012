"""Ledger: every movement of money, its entries, and the seals over them

Revision: 0036, after 0035
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0036"
down_revision = "0035"

INSTANT = sa.DateTime(timezone=True)
UNSEALED = sa.text("seal_id IS NULL")


def upgrade() -> None:
    op.create_table(
        "ledger_seal",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("covers", sa.Integer, nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("leaves", sa.LargeBinary, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_seal")),
    )
    op.create_table(
        "ledger_transaction",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("booked_at", INSTANT, nullable=False),
        sa.Column("legs", sa.Text, nullable=False),
        sa.Column("order_id", sa.String(32), nullable=True),
        sa.Column("step_id", sa.String(32), nullable=True),
        sa.Column("payment_id", sa.String(32), nullable=True),
        sa.Column("refund_id", sa.String(32), nullable=True),
        sa.Column("shift_id", sa.String(32), nullable=True),
        sa.Column("staff_id", sa.String(32), nullable=True),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("seal_id", sa.String(32), nullable=True),
        sa.ForeignKeyConstraint(
            ["seal_id"], ["ledger_seal.id"], name=op.f("fk_ledger_transaction_seal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transaction")),
    )
    op.create_index(
        "ix_ledger_transaction_unsealed",
        "ledger_transaction",
        ["id"],
        sqlite_where=UNSEALED,
        postgresql_where=UNSEALED,
    )
    op.create_index("ix_ledger_transaction_booked_at", "ledger_transaction", ["booked_at"])
    for name in ("order_id", "payment_id", "shift_id"):
        given = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_ledger_transaction_{name}",
            "ledger_transaction",
            [name],
            sqlite_where=given,
            postgresql_where=given,
        )
    op.create_table(
        "ledger_entry",
        sa.Column("transaction_id", sa.String(32), nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("performance_id", sa.String(32), nullable=True),
        sa.Column("line_id", sa.String(32), nullable=True),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["ledger_transaction.id"],
            name=op.f("fk_ledger_entry_transaction_id"),
        ),
        sa.PrimaryKeyConstraint("transaction_id", "n", name=op.f("pk_ledger_entry")),
    )
    given = sa.text("performance_id IS NOT NULL")
    op.create_index(
        "ix_ledger_entry_performance_id",
        "ledger_entry",
        ["performance_id", "account"],
        sqlite_where=given,
        postgresql_where=given,
    )


def downgrade() -> None:
    for table in ("ledger_entry", "ledger_transaction", "ledger_seal"):
        op.drop_table(table)
