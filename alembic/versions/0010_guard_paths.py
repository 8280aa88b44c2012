"""Guard paths: on PostgreSQL every guard names its schema and types, and trusts no search path

Revision: 0010, after 0008
"""

from __future__ import annotations

from alembic import op
from upstage_crm.audit.guards import triggers

revision = "0010"
down_revision = "0008"

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
    triggers.install(op.get_bind(), PROTECTED)


def downgrade() -> None:
    # Guards are written by the code that runs: an older version installs its own.
    triggers.drop(op.get_bind())
    triggers.install(op.get_bind(), PROTECTED)
