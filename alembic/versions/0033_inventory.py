"""Inventory: the state of every seat, pools of places, house holds

Revision: 0033, after 0032
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0033"
down_revision = "0032"

HELD = sa.text("state = 'held'")
OWNED = sa.text("holder IS NOT NULL")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "seating",
        sa.Column("performance_id", sa.String(32), nullable=False),
        sa.Column("plan_id", sa.String(32), nullable=False),
        sa.Column("is_rush", sa.Boolean, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["performance_id"], ["performance.id"], name=op.f("fk_seating_performance_id")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["seat_plan.id"], name=op.f("fk_seating_plan_id")),
        sa.PrimaryKeyConstraint("performance_id", name=op.f("pk_seating")),
    )
    op.create_table(
        "pool",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("performance_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("held", sa.Integer, nullable=False),
        sa.Column("sold", sa.Integer, nullable=False),
        sa.Column("blocked", sa.Integer, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "held >= 0 AND sold >= 0 AND blocked >= 0 AND held + sold + blocked <= capacity",
            name=op.f("ck_pool_capacity"),
        ),
        sa.ForeignKeyConstraint(
            ["performance_id"], ["seating.performance_id"], name=op.f("fk_pool_performance_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool")),
    )
    op.create_index("uq_pool_name", "pool", ["performance_id", "name"], unique=True)
    op.create_table(
        "pool_hold",
        sa.Column("pool_id", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("extensions_left", sa.Integer, nullable=False),
        sa.CheckConstraint("places > 0", name=op.f("ck_pool_hold_places")),
        sa.ForeignKeyConstraint(["pool_id"], ["pool.id"], name=op.f("fk_pool_hold_pool_id")),
        sa.PrimaryKeyConstraint("pool_id", "holder", name=op.f("pk_pool_hold")),
    )
    op.create_index("ix_pool_hold_holder", "pool_hold", ["holder"])
    op.create_index("ix_pool_hold_expires_at", "pool_hold", ["expires_at"])
    op.create_table(
        "house_hold",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("performance_id", sa.String(32), nullable=False),
        sa.Column("letter", sa.String(1), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("release_at", INSTANT, nullable=True),
        sa.Column("pool_id", sa.String(32), nullable=True),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("made_by", sa.String(120), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("released_at", INSTANT, nullable=True),
        sa.CheckConstraint("places >= 0", name=op.f("ck_house_hold_places")),
        sa.ForeignKeyConstraint(
            ["performance_id"],
            ["seating.performance_id"],
            name=op.f("fk_house_hold_performance_id"),
        ),
        sa.ForeignKeyConstraint(["pool_id"], ["pool.id"], name=op.f("fk_house_hold_pool_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_house_hold")),
    )
    op.create_index("ix_house_hold_performance_id", "house_hold", ["performance_id"])
    op.create_table(
        "seat_state",
        sa.Column("performance_id", sa.String(32), nullable=False),
        sa.Column("seat_id", sa.String(200), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(64), nullable=True),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("extensions_left", sa.Integer, nullable=False),
        sa.Column("house_hold_id", sa.String(32), nullable=True),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "state IN ('free', 'held', 'sold', 'blocked')", name=op.f("ck_seat_state")
        ),
        sa.CheckConstraint(
            "(state IN ('held', 'sold')) = (holder IS NOT NULL)", name=op.f("ck_seat_state_holder")
        ),
        sa.CheckConstraint(
            "(state = 'held') = (expires_at IS NOT NULL)", name=op.f("ck_seat_state_expires")
        ),
        sa.CheckConstraint(
            "house_hold_id IS NULL OR state = 'blocked'", name=op.f("ck_seat_state_house")
        ),
        sa.ForeignKeyConstraint(
            ["performance_id"],
            ["seating.performance_id"],
            name=op.f("fk_seat_state_performance_id"),
        ),
        sa.ForeignKeyConstraint(
            ["house_hold_id"], ["house_hold.id"], name=op.f("fk_seat_state_house_hold_id")
        ),
        sa.PrimaryKeyConstraint("performance_id", "seat_id", name=op.f("pk_seat_state")),
    )
    op.create_index(
        "ix_seat_state_holder",
        "seat_state",
        ["holder"],
        sqlite_where=OWNED,
        postgresql_where=OWNED,
    )
    op.create_index(
        "ix_seat_state_expires_at",
        "seat_state",
        ["expires_at"],
        sqlite_where=HELD,
        postgresql_where=HELD,
    )
    op.create_index("ix_seat_state_changed_at", "seat_state", ["changed_at"])


def downgrade() -> None:
    for table in ("seat_state", "house_hold", "pool_hold", "pool", "seating"):
        op.drop_table(table)
