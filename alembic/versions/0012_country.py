"""Country: whose phone numbers and dates an organisation writes without thinking

Not chosen is the country of the time zone, so what the trail says of the row still holds.

Revision: 0012, after 0011
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op
from upstage_crm.audit.guards import triggers

revision = "0012"
down_revision = "0011"

# Frozen: what was protected when this revision was written.
PROTECTED = {
    "email": ["email", "email_key"],
    "phone": ["phone", "phone_key"],
    "name": ["given_name", "family_name", "sort_name"],
    "address": [
        "address_line1",
        "address_line2",
        "address_city",
        "address_region",
        "address_postcode",
        "address_country",
    ],
    "date_of_birth": ["date_of_birth"],
}


def upgrade() -> None:
    triggers.drop(op.get_bind())
    op.add_column("organisation", sa.Column("country", sa.String(2), nullable=True))
    triggers.install(op.get_bind(), PROTECTED)


def downgrade() -> None:
    triggers.drop(op.get_bind())
    op.drop_column("organisation", "country")
    triggers.install(op.get_bind(), PROTECTED)
