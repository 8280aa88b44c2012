"""Letters: which buyers are to be told of their order, and of the day of a performance

Revision: 0044, after 0043
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0044"
down_revision = "0043"

UNTOLD = sa.text("told_at IS NULL")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "order_letter",
        sa.Column("step_id", sa.String(32), nullable=False),
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("told_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["step_id"], ["order_step.id"], name=op.f("fk_order_letter_step_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_letter_order_id")),
        sa.PrimaryKeyConstraint("step_id", name=op.f("pk_order_letter")),
    )
    op.create_index(
        "ix_order_letter_untold",
        "order_letter",
        ["step_id"],
        sqlite_where=UNTOLD,
        postgresql_where=UNTOLD,
    )
    op.create_table(
        "day_of_mail",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("performance_id", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.Column("patron_id", sa.String(32), nullable=True),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("planned_at", INSTANT, nullable=False),
        sa.Column("told_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["performance_id"], ["performance.id"], name=op.f("fk_day_of_mail_performance_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_of_mail")),
    )
    op.create_index(
        "uq_day_of_mail_holder", "day_of_mail", ["performance_id", "holder"], unique=True
    )
    op.create_index(
        "ix_day_of_mail_untold",
        "day_of_mail",
        ["id"],
        sqlite_where=UNTOLD,
        postgresql_where=UNTOLD,
    )


def downgrade() -> None:
    op.drop_table("day_of_mail")
    op.drop_table("order_letter")
