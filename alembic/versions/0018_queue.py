"""Queue: an index on who answers for a request

Revision: 0018, after 0017
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0018"
down_revision = "0017"

ANSWERABLE = sa.text("coalesce(keeper_id, proposer_id)")
INDEXES = (
    ("ix_change_request_answerable", ("ended_at", "id")),
    ("ix_change_request_answerable_state", ("state", "ended_at", "id")),
)


def upgrade() -> None:
    for name, columns in INDEXES:
        op.create_index(name, "change_request", [ANSWERABLE, *columns])


def downgrade() -> None:
    for name, _columns in INDEXES:
        op.drop_index(name, "change_request")
