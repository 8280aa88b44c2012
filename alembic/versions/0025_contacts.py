"""Contacts: other emails and phones of a patron, beside the one that decides

Revision: 0025, after 0024
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "patron_contact",
        sa.Column("patron_id", sa.String(32), sa.ForeignKey("patron.id"), primary_key=True),
        sa.Column("field", sa.String(32), primary_key=True),
        sa.Column("value_key", sa.String(254), primary_key=True),
        sa.Column("value", sa.String(254), nullable=False),
        sa.Column("place", sa.String(32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_patron_contact_value", "patron_contact", ["field", "value_key"])


def downgrade() -> None:
    op.drop_table("patron_contact")
