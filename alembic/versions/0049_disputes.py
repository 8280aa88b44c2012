"""Disputes: what cardholders' banks want back, and until when it has to be answered

Revision: 0049, after 0048
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0049"
down_revision = "0048"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "payment_dispute",
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("payment_id", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "(state IN ('open', 'answered')) = (closed_at IS NULL)",
            name=op.f("ck_payment_dispute_closed_at"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_payment_dispute_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_dispute")),
    )
    op.create_index("ix_payment_dispute_payment_id", "payment_dispute", ["payment_id"])
    op.create_index("ix_payment_dispute_state", "payment_dispute", ["state", "closed_at"])


def downgrade() -> None:
    op.drop_table("payment_dispute")
