"""Programme: events and their performances

Revision: 0030, after 0029
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0030"
down_revision = "0029"

HOLDS = sa.text("state <> 'cancelled'")


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("title", sa.String(160), nullable=False),
        sa.Column("genre", sa.String(80), nullable=False),
        sa.Column("running_time", sa.String(160), nullable=False),
        sa.Column("age_advice", sa.String(160), nullable=False),
        sa.Column("content_notes", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_table(
        "performance",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("event_id", sa.String(32), nullable=False),
        sa.Column("hall_id", sa.String(32), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("time", sa.String(5), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("access", sa.String(120), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_performance_event_id")),
        sa.ForeignKeyConstraint(["hall_id"], ["hall.id"], name=op.f("fk_performance_hall_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performance")),
    )
    op.create_index("ix_performance_event_id", "performance", ["event_id", "starts_at"])
    op.create_index("ix_performance_starts_at", "performance", ["starts_at"])
    op.create_index(
        "uq_performance_hall",
        "performance",
        ["hall_id", "starts_at"],
        unique=True,
        sqlite_where=HOLDS,
        postgresql_where=HOLDS,
    )


def downgrade() -> None:
    op.drop_table("performance")
    op.drop_table("event")
