"""Payments: what was paid and how, what is given back, and the provider's events

Revision: 0037, after 0036
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0037"
down_revision = "0036"

OPEN = sa.text("state IN ('created', 'action_needed')")
PENDING = sa.text("state = 'pending'")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "payment",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("basket_id", sa.String(32), nullable=False),
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("refunded", sa.BigInteger, nullable=False),
        sa.Column("reference", sa.String(255), nullable=True),
        sa.Column("capture_reference", sa.String(255), nullable=True),
        sa.Column("public_name", sa.String(32), nullable=False),
        sa.Column("shift_id", sa.String(32), nullable=False),
        sa.Column("note", sa.String(120), nullable=False),
        sa.Column("deadline_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_amount")),
        sa.CheckConstraint(
            "refunded >= 0 AND refunded <= amount AND (refunded = 0 OR state = 'captured')",
            name=op.f("ck_payment_refunded"),
        ),
        sa.CheckConstraint(
            "state IN ('created', 'action_needed', 'captured', 'failed', 'expired')",
            name=op.f("ck_payment_state"),
        ),
        sa.CheckConstraint(
            "(state IN ('created', 'action_needed')) = (settled_at IS NULL)",
            name=op.f("ck_payment_settled_at"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
    )
    op.create_index("uq_payment_reference", "payment", ["reference"], unique=True)
    op.create_index("uq_payment_capture_reference", "payment", ["capture_reference"], unique=True)
    op.create_index("uq_payment_public_name", "payment", ["public_name"], unique=True)
    op.create_index(
        "uq_payment_open_basket",
        "payment",
        ["basket_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index("ix_payment_basket_id", "payment", ["basket_id"])
    op.create_index("ix_payment_order_id", "payment", ["order_id"])
    op.create_index("ix_payment_shift_id", "payment", ["shift_id"])
    op.create_index(
        "ix_payment_deadline_at",
        "payment",
        ["deadline_at"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_table(
        "refund",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("payment_id", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("reference", sa.String(255), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refund_amount")),
        sa.CheckConstraint("state IN ('pending', 'done', 'failed')", name=op.f("ck_refund_state")),
        sa.CheckConstraint(
            "(state = 'pending') = (settled_at IS NULL)", name=op.f("ck_refund_settled_at")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_refund_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
    )
    op.create_index("uq_refund_key", "refund", ["key"], unique=True)
    op.create_index("uq_refund_reference", "refund", ["reference"], unique=True)
    op.create_index("ix_refund_payment_id", "refund", ["payment_id"])
    op.create_index(
        "ix_refund_pending",
        "refund",
        ["created_at"],
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    )
    op.create_table(
        "provider_event",
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(120), nullable=False),
        sa.Column("payment_id", sa.String(32), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_event")),
    )
    op.create_index("ix_provider_event_payment_id", "provider_event", ["payment_id"])


def downgrade() -> None:
    for table in ("provider_event", "refund", "payment"):
        op.drop_table(table)
