"""Gifts: complimentary tickets that a second person is asked for

Revision: 0045, after 0044
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    asked = sa.text("state = 'asked'")
    op.create_table(
        "till_gift",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("basket_id", sa.String(32), nullable=False),
        sa.Column("shift_id", sa.String(32), nullable=False),
        sa.Column("type_id", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("seats", sa.Integer, nullable=False),
        sa.Column("about", sa.String(200), nullable=False),
        sa.Column("asked_by_id", sa.String(32), nullable=False),
        sa.Column("asked_by", sa.String(120), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("decided_by_id", sa.String(32), nullable=True),
        sa.Column("decided_by", sa.String(120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("seats > 0", name="ck_till_gift_seats"),
        sa.ForeignKeyConstraint(
            ["shift_id"], ["till_shift.id"], name=op.f("fk_till_gift_shift_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_till_gift")),
    )
    op.create_index("uq_till_gift_basket", "till_gift", ["basket_id"], unique=True)
    op.create_index(
        "ix_till_gift_asked", "till_gift", ["id"], sqlite_where=asked, postgresql_where=asked
    )


def downgrade() -> None:
    op.drop_table("till_gift")
