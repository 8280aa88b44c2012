"""Tills: tills, the shifts at them, what is put into drawers and taken out

Revision: 0039, after 0038
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    used, opened = sa.text("retired_at IS NULL"), sa.text("closed_at IS NULL")
    op.create_table(
        "till",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("name_key", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_till")),
    )
    op.create_index(
        "uq_till_name_key", "till", ["name_key"], unique=True,
        sqlite_where=used, postgresql_where=used,
    )  # fmt: skip
    op.create_table(
        "till_shift",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("till_id", sa.String(32), nullable=False),
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("staff_label", sa.String(120), nullable=False),
        sa.Column("is_training", sa.Boolean, nullable=False),
        sa.Column("number", sa.Integer, nullable=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("float_amount", sa.BigInteger, nullable=False),
        sa.Column("practised", sa.BigInteger, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(120), nullable=False),
        sa.Column("expected_cash", sa.BigInteger, nullable=True),
        sa.Column("counted_cash", sa.BigInteger, nullable=True),
        sa.Column("expected_terminal", sa.BigInteger, nullable=True),
        sa.Column("counted_terminal", sa.BigInteger, nullable=True),
        sa.CheckConstraint("float_amount >= 0 AND practised >= 0", name="ck_till_shift_amounts"),
        sa.CheckConstraint("is_training OR practised = 0", name="ck_till_shift_practised"),
        sa.CheckConstraint("is_training = (number IS NULL)", name="ck_till_shift_number"),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (counted_cash IS NULL)", name="ck_till_shift_counted"
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (expected_cash IS NULL)", name="ck_till_shift_expected"
        ),
        sa.ForeignKeyConstraint(["till_id"], ["till.id"], name=op.f("fk_till_shift_till_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_till_shift")),
    )
    for name, column in (("open", "till_id"), ("staff", "staff_id")):
        op.create_index(
            f"uq_till_shift_{name}", "till_shift", [column], unique=True,
            sqlite_where=opened, postgresql_where=opened,
        )  # fmt: skip
    op.create_index("uq_till_shift_number", "till_shift", ["till_id", "number"], unique=True)
    op.create_index("ix_till_shift_opened_at", "till_shift", ["opened_at"])
    op.create_table(
        "drawer_move",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("shift_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("made_by", sa.String(120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_drawer_move_amount"),
        sa.ForeignKeyConstraint(
            ["shift_id"], ["till_shift.id"], name=op.f("fk_drawer_move_shift_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drawer_move")),
    )
    op.create_index("ix_drawer_move_shift_id", "drawer_move", ["shift_id"])


def downgrade() -> None:
    op.drop_table("drawer_move")
    op.drop_table("till_shift")
    op.drop_table("till")
