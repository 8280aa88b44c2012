"""Name order: lists put "Abbott" before "Abbott-Whitaker", whatever the sign between two names

Revision: 0016, after 0015
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0016"
down_revision = "0015"

NAME = "ix_patron_name"
# A blank sorts before every letter, and two of them before one and a letter.
ORDER = sa.text("replace(sort_name, ', ', '  ')")


def upgrade() -> None:
    op.drop_index(NAME, "patron")
    op.create_index(NAME, "patron", [ORDER, "id"])


def downgrade() -> None:
    op.drop_index(NAME, "patron")
    op.create_index(NAME, "patron", ["sort_name", "id"])
