"""Saved views: the filters and the order of a list under a name

Revision: 0022, after 0021
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("list_path", sa.String(60), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("name_key", sa.String(80), nullable=False),
        sa.Column("address", sa.String(1000), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_saved_view_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
        sa.UniqueConstraint(
            "staff_id", "list_path", "name_key", name="uq_saved_view_staff_id_list_path_name_key"
        ),
    )
    op.create_index("ix_saved_view_list", "saved_view", ["list_path", "name_key"])


def downgrade() -> None:
    op.drop_table("saved_view")
