"""Own returns: until how many hours before a performance patrons return tickets themselves

Revision: 0054, after 0053
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    op.add_column("organisation", sa.Column("return_hours", sa.Integer, nullable=True))


def downgrade() -> None:
    op.drop_column("organisation", "return_hours")
