"""Orders: indexes by which no list sorts a table that grows

Revision: 0015, after 0014
"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"

INDEXES = (
    ("ix_patron_email_key", "patron", ("email_key", "id")),
    ("ix_patron_city", "patron", ("address_city", "id")),
    ("ix_patron_updated", "patron", ("updated_at", "id")),
    ("ix_change_request_asked", "change_request", ("created_at", "id")),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.create_index(name, table, list(columns))


def downgrade() -> None:
    for name, table, _columns in INDEXES:
        op.drop_index(name, table)
