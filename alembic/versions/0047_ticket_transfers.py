"""Transfers: tickets offered to another mailbox, and those that it took

Revision: 0047, after 0046
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0047"
down_revision = "0046"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ticket_offer",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("email_key", sa.String(320), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "(state = 'open') = (answered_at IS NULL)", name=op.f("ck_ticket_offer_answered")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_ticket_offer_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_offer")),
    )
    op.create_index("ix_ticket_offer_order", "ticket_offer", ["order_id", "id"])
    op.create_index(
        "ix_ticket_offer_email",
        "ticket_offer",
        ["email_key"],
        sqlite_where=sa.text("email_key <> ''"),
        postgresql_where=sa.text("email_key <> ''"),
    )
    op.create_table(
        "ticket_transfer",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("offer_id", sa.String(32), nullable=False),
        sa.Column("ticket_id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["ticket_offer.id"], name=op.f("fk_ticket_transfer_offer_id")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_transfer_ticket_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_transfer")),
    )
    op.create_index(
        "uq_ticket_transfer_live",
        "ticket_transfer",
        ["ticket_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('offered', 'held')"),
        postgresql_where=sa.text("state IN ('offered', 'held')"),
    )
    op.create_index(
        "uq_ticket_transfer_offer", "ticket_transfer", ["offer_id", "ticket_id"], unique=True
    )


def downgrade() -> None:
    op.drop_table("ticket_transfer")
    op.drop_table("ticket_offer")
