"""Bounced patrons: an index of the few whose address does not work, for the dashboard

Revision: 0020, after 0019
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0020"
down_revision = "0019"

NAME = "ix_patron_email_bounced"
BOUNCED = sa.text("email_bounced_at IS NOT NULL")


def upgrade() -> None:
    op.create_index(NAME, "patron", ["id"], sqlite_where=BOUNCED, postgresql_where=BOUNCED)


def downgrade() -> None:
    op.drop_index(NAME, "patron")
