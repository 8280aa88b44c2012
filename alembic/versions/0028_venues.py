"""Venues: buildings and their halls

Revision: 0028, after 0027
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "venue",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("name_key", sa.String(240), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("map_note", sa.Text, nullable=False),
        sa.Column("step_free", sa.Text, nullable=False),
        sa.Column("doors", sa.Text, nullable=False),
        sa.Column("access_notes", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue")),
    )
    op.create_index("uq_venue_name_key", "venue", ["name_key"], unique=True)
    op.create_table(
        "hall",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("venue_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("name_key", sa.String(240), nullable=False),
        sa.Column("step_free", sa.Text, nullable=False),
        sa.Column("doors", sa.Text, nullable=False),
        sa.Column("access_notes", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_hall_venue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hall")),
    )
    op.create_index("uq_hall_name_key", "hall", ["venue_id", "name_key"], unique=True)


def downgrade() -> None:
    op.drop_table("hall")
    op.drop_table("venue")
