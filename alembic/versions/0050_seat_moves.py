"""Seat moves: another seat that is proposed to the holder of a ticket, and held for the answer

Revision: 0050, after 0049
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    op.create_table(
        "seat_move",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("offer_id", sa.String(32), nullable=False),
        sa.Column("ticket_id", sa.String(32), nullable=False),
        sa.Column("seat_id", sa.String(200), nullable=False),
        sa.Column("place", sa.String(240), nullable=False),
        sa.Column("zone", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("answer_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["ticket_offer.id"], name=op.f("fk_seat_move_offer_id")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_seat_move_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_move")),
    )
    op.create_index("uq_seat_move_offer", "seat_move", ["offer_id"], unique=True)
    op.create_index(
        "uq_seat_move_proposed",
        "seat_move",
        ["ticket_id"],
        unique=True,
        sqlite_where=sa.text("state = 'proposed'"),
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.create_index("ix_seat_move_state", "seat_move", ["state"])


def downgrade() -> None:
    op.drop_table("seat_move")
