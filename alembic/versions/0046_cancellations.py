"""Cancellations: performances cancelled or moved after a sale, and the orders behind them

Revision: 0046, after 0045
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0046"
down_revision = "0045"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("organisation", sa.Column("answer_days", sa.Integer, nullable=True))
    op.create_table(
        "disruption",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("performance_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("was_starts_at", INSTANT, nullable=False),
        sa.Column("was_hall_id", sa.String(32), nullable=False),
        sa.Column("answer_days", sa.Integer, nullable=False),
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["performance_id"], ["performance.id"], name=op.f("fk_disruption_performance_id")
        ),
        sa.ForeignKeyConstraint(
            ["was_hall_id"], ["hall.id"], name=op.f("fk_disruption_was_hall_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disruption")),
    )
    op.create_index("ix_disruption_performance", "disruption", ["performance_id", "id"])
    op.create_index(
        "uq_disruption_cancelled",
        "disruption",
        ["performance_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'cancelled'"),
        postgresql_where=sa.text("kind = 'cancelled'"),
    )
    op.create_table(
        "disrupted_order",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("disruption_id", sa.String(32), nullable=False),
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("answer", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("rebooked", sa.BigInteger, nullable=False),
        sa.Column("link_version", sa.Integer, nullable=False),
        sa.Column("mail_id", sa.String(32), nullable=False),
        sa.Column("answer_until", INSTANT, nullable=True),
        sa.Column("offered_at", INSTANT, nullable=True),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "amount >= 0 AND rebooked >= 0 AND rebooked <= amount",
            name=op.f("ck_disrupted_order_amounts"),
        ),
        sa.CheckConstraint(
            "(stage = 'settled') = (settled_at IS NOT NULL)",
            name=op.f("ck_disrupted_order_settled"),
        ),
        sa.ForeignKeyConstraint(
            ["disruption_id"], ["disruption.id"], name=op.f("fk_disrupted_order_disruption_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_disrupted_order_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disrupted_order")),
    )
    op.create_index("ix_disrupted_order_order", "disrupted_order", ["order_id"])
    op.create_index(
        "ix_disrupted_order_listed",
        "disrupted_order",
        ["id"],
        sqlite_where=sa.text("stage = 'listed'"),
        postgresql_where=sa.text("stage = 'listed'"),
    )
    op.create_index(
        "ix_disrupted_order_until",
        "disrupted_order",
        ["answer_until"],
        sqlite_where=sa.text("stage = 'offered'"),
        postgresql_where=sa.text("stage = 'offered'"),
    )
    op.create_index(
        "uq_disrupted_order", "disrupted_order", ["disruption_id", "order_id"], unique=True
    )
    op.create_table(
        "cancellation_item",
        sa.Column("ticket_id", sa.String(32), nullable=False),
        sa.Column("disrupted_order_id", sa.String(32), nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_cancellation_item_ticket_id")
        ),
        sa.ForeignKeyConstraint(
            ["disrupted_order_id"],
            ["disrupted_order.id"],
            name=op.f("fk_cancellation_item_disrupted_order_id"),
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_cancellation_item")),
    )
    op.create_index("ix_cancellation_item_order", "cancellation_item", ["disrupted_order_id"])


def downgrade() -> None:
    op.drop_table("cancellation_item")
    op.drop_table("disrupted_order")
    op.drop_table("disruption")
    op.drop_column("organisation", "answer_days")
