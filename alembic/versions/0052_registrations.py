"""Accounts of patrons: what newcomers type who ask for one

Revision: 0052, after 0051
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    op.create_table(
        "patron_registration",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("given_name", sa.String(100), nullable=False),
        sa.Column("family_name", sa.String(100), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.String(100), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["patron_sign_in.id"], name=op.f("fk_patron_registration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patron_registration")),
    )
    op.create_index(
        "ix_patron_registration_email", "patron_registration", ["email_key", "created_at"]
    )


def downgrade() -> None:
    op.drop_table("patron_registration")
