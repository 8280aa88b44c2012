"""Preferences: how a patron may be written to and called, for what, and on what basis

Revision: 0024, after 0023
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "contact_preference",
        sa.Column("patron_id", sa.String(32), sa.ForeignKey("patron.id"), primary_key=True),
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("purpose", sa.String(32), primary_key=True),
        sa.Column("answer", sa.String(32), nullable=False),
        sa.Column("basis", sa.String(32), nullable=True),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("wording", sa.String(20), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("contact_preference")
