"""Notes: what staff note about a patron, one row each, beside the text that is pinned

Revision: 0023, after 0022
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "patron_note",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("patron_id", sa.String(32), sa.ForeignKey("patron.id"), nullable=False),
        sa.Column("author_id", sa.String(32), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("author_label", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("ix_patron_note_patron", "patron_note", ["patron_id", "id"])


def downgrade() -> None:
    op.drop_table("patron_note")
