"""Households: patrons who live together, and how patrons are related

Revision: 0026, after 0025
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "household",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "household_member",
        sa.Column("patron_id", sa.String(32), sa.ForeignKey("patron.id"), primary_key=True),
        sa.Column("household_id", sa.String(32), sa.ForeignKey("household.id"), nullable=False),
        sa.Column("is_head", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_household_member_household", "household_member", ["household_id"])
    op.create_table(
        "relationship",
        sa.Column("patron_id", sa.String(32), sa.ForeignKey("patron.id"), primary_key=True),
        sa.Column("other_id", sa.String(32), sa.ForeignKey("patron.id"), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("relationship")
    op.drop_table("household_member")
    op.drop_table("household")
