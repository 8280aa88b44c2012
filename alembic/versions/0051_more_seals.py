"""Seals: disputes, offers of tickets and what is in them carry one

Revision: 0051, after 0050. What there is gets its seal by `opening.seal_added`, as part of this.
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0051"
down_revision = "0050"

TABLES = ("payment_dispute", "ticket_offer", "ticket_transfer")


_CLOSED = sa.CheckConstraint(
    "(state IN ('open', 'answered')) = (closed_at IS NULL)",
    name="ck_payment_dispute_closed_at",
)


def upgrade() -> None:
    _name_disputes(255, 160)  # what the log of touched rows has room for
    for table in TABLES:
        op.add_column(table, sa.Column("seal", sa.String(100), nullable=True))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_column(table, "seal")
    _name_disputes(160, 255)


def _name_disputes(old: int, new: int) -> None:
    with op.batch_alter_table("payment_dispute", table_args=(_CLOSED,)) as batch:
        batch.alter_column(
            "id", type_=sa.String(new), existing_type=sa.String(old), existing_nullable=False
        )
