"""Guests' contacts: for how many months they are kept after the last performance of an order

Revision: 0058, after 0057
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    op.add_column("organisation", sa.Column("contact_months", sa.Integer, nullable=True))
    op.add_column(
        "organisation", sa.Column("contact_months_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("organisation", "contact_months_at")
    op.drop_column("organisation", "contact_months")
