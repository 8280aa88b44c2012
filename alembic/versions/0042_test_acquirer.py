"""Test acquirer: its pages, its refunds and its news

Revision: 0042, after 0040
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0042"
down_revision = "0040"

UNTOLD = sa.text("copies_left > 0")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "acquirer_page",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("payment_id", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("words", sa.String(200), nullable=False),
        sa.Column("return_url", sa.String(500), nullable=False),
        sa.Column("back_url", sa.String(500), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("fault", sa.String(32), nullable=False),
        sa.Column("card", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("after_refund", sa.String(32), nullable=False),
        sa.Column("capture_reference", sa.String(64), nullable=True),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_acquirer_page_amount")),
        sa.CheckConstraint(
            "(state = 'paid') = (capture_reference IS NOT NULL)",
            name=op.f("ck_acquirer_page_capture"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acquirer_page")),
    )
    op.create_index("uq_acquirer_page_payment_id", "acquirer_page", ["payment_id"], unique=True)
    op.create_index(
        "uq_acquirer_page_capture_reference",
        "acquirer_page",
        ["capture_reference"],
        unique=True,
    )
    op.create_table(
        "acquirer_refund",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("page_id", sa.String(64), nullable=False),
        sa.Column("refund_id", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("after_refund", sa.String(32), nullable=False),
        sa.Column("settles_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_acquirer_refund_amount")),
        sa.ForeignKeyConstraint(
            ["page_id"], ["acquirer_page.id"], name=op.f("fk_acquirer_refund_page_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acquirer_refund")),
    )
    op.create_index("uq_acquirer_refund_refund_id", "acquirer_refund", ["refund_id"], unique=True)
    op.create_index("ix_acquirer_refund_page_id", "acquirer_refund", ["page_id"])
    op.create_table(
        "acquirer_event",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("copies_left", sa.Integer, nullable=False),
        sa.CheckConstraint("copies_left >= 0", name=op.f("ck_acquirer_event_copies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acquirer_event")),
    )
    op.create_index(
        "ix_acquirer_event_due_at",
        "acquirer_event",
        ["due_at"],
        sqlite_where=UNTOLD,
        postgresql_where=UNTOLD,
    )


def downgrade() -> None:
    for table in ("acquirer_event", "acquirer_refund", "acquirer_page"):
        op.drop_table(table)
