"""Mail by address: an index that finds all mails to one address, however old they are

Revision: 0034, after 0033
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0034"
down_revision = "0033"

NAME = "ix_mail_outbox_to"


def upgrade() -> None:
    op.create_index(NAME, "mail_outbox", [sa.text("lower(to_address)"), "id"])


def downgrade() -> None:
    op.drop_index(NAME, "mail_outbox")
