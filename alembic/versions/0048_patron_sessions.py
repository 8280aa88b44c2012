"""Accounts of patrons: sign-ins that were asked for, and browsers in which a patron is signed in

Revision: 0048, after 0047
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0048"
down_revision = "0047"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "patron_session",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("patron_id", sa.String(32), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("browser", sa.String(60), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("seal", sa.String(100), nullable=True),
        sa.ForeignKeyConstraint(
            ["patron_id"], ["patron.id"], name=op.f("fk_patron_session_patron_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patron_session")),
    )
    op.create_index("ix_patron_session_patron_id", "patron_session", ["patron_id"])
    op.create_table(
        "patron_sign_in",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("patron_id", sa.String(32), nullable=True),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("browser", sa.String(64), nullable=False),
        sa.Column("jti", sa.String(32), nullable=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("seal", sa.String(100), nullable=True),
        sa.ForeignKeyConstraint(
            ["patron_id"], ["patron.id"], name=op.f("fk_patron_sign_in_patron_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patron_sign_in")),
    )
    op.create_index("ix_patron_sign_in_browser", "patron_sign_in", ["browser"])
    op.create_index("ix_patron_sign_in_patron", "patron_sign_in", ["patron_id", "created_at"])
    op.create_index("ix_patron_sign_in_expires", "patron_sign_in", ["expires_at"])


def downgrade() -> None:
    op.drop_table("patron_sign_in")
    op.drop_table("patron_session")
