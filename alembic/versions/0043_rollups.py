"""Reports: the books by day

Revision: 0043, after 0042
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0043"
down_revision = "0042"


def sums() -> list[sa.Column[int]]:
    return [
        sa.Column("tickets", sa.Integer, nullable=False),
        sa.Column("income_total", sa.BigInteger, nullable=False),
        sa.Column("fee_total", sa.BigInteger, nullable=False),
        sa.Column("tax_total", sa.BigInteger, nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "rolled_day",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("rolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_rolled_day")),
    )
    op.create_table(
        "sales_day",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("performance_id", sa.String(32), nullable=False),
        sa.Column("is_return", sa.Boolean, nullable=False),
        *sums(),
        sa.PrimaryKeyConstraint("day", "performance_id", "is_return", name=op.f("pk_sales_day")),
    )
    op.create_table(
        "price_day",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("price_zone", sa.String(200), nullable=False),
        sa.Column("type_id", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("is_return", sa.Boolean, nullable=False),
        *sums(),
        sa.PrimaryKeyConstraint(
            "day", "price_zone", "type_id", "channel", "is_return", name=op.f("pk_price_day")
        ),
    )
    op.create_table(
        "account_day",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("performance_id", sa.String(32), nullable=False),
        sa.Column("shift_id", sa.String(32), nullable=False),
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("debit", sa.BigInteger, nullable=False),
        sa.Column("credit", sa.BigInteger, nullable=False),
        sa.Column("debit_count", sa.Integer, nullable=False),
        sa.Column("credit_count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint(
            "day",
            "kind",
            "account",
            "performance_id",
            "shift_id",
            "staff_id",
            name=op.f("pk_account_day"),
        ),
    )


def downgrade() -> None:
    for table in ("account_day", "price_day", "sales_day", "rolled_day"):
        op.drop_table(table)
