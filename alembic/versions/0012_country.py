"""Country: whose phone numbers and dates an organisation writes without thinking

Not chosen is the country of the time zone, so what the trail says of the row still holds.

Revision: 0012, after 0011
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("organisation", sa.Column("country", sa.String(2), nullable=True))


def downgrade() -> None:
    op.drop_column("organisation", "country")
