"""Seat plans: versions that never change

Revision: 0029, after 0028
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "seat_plan",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("hall_id", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("design", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("seats", sa.Integer, nullable=False),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("made_by", sa.String(120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hall_id"], ["hall.id"], name=op.f("fk_seat_plan_hall_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_plan")),
    )
    op.create_index("uq_seat_plan_version", "seat_plan", ["hall_id", "version"], unique=True)


def downgrade() -> None:
    op.drop_table("seat_plan")
