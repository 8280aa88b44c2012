"""Waiting lists: who waits for which performance, and what is offered to them

Revision: 0055, after 0054
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0055"
down_revision = "0054"

INSTANT = sa.DateTime(timezone=True)
_ALIVE = sa.text("state IN ('asked', 'waiting', 'offered')")


def upgrade() -> None:
    op.create_table(
        "waiting_place",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("performance_id", sa.String(32), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(200), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.Column("basket_id", sa.String(32), nullable=True),
        sa.Column("offer_until", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.CheckConstraint("places > 0", name="ck_waiting_place_places"),
        sa.CheckConstraint(
            "state <> 'offered' OR (basket_id IS NOT NULL AND offer_until IS NOT NULL)",
            name="ck_waiting_place_offer",
        ),
        sa.ForeignKeyConstraint(
            ["performance_id"], ["performance.id"], name=op.f("fk_waiting_place_performance_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_place")),
    )
    op.create_index(
        "uq_waiting_place_address",
        "waiting_place",
        ["performance_id", "email_key"],
        unique=True,
        sqlite_where=_ALIVE,
        postgresql_where=_ALIVE,
    )
    op.create_index(
        "ix_waiting_place_turn", "waiting_place", ["state", "performance_id", "confirmed_at"]
    )
    op.create_index("ix_waiting_place_email_key", "waiting_place", ["email_key"])


def downgrade() -> None:
    op.drop_table("waiting_place")
