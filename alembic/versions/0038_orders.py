"""Orders: baskets, what was sold, steps, tickets

Revision: 0038, after 0037
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0038"
down_revision = "0037"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "basket",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("patron_id", sa.String(32), nullable=True),
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("shift_id", sa.String(32), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("priced_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("order_id", sa.String(32), nullable=True),
        sa.ForeignKeyConstraint(["patron_id"], ["patron.id"], name=op.f("fk_basket_patron_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_basket")),
    )
    op.create_index(
        "ix_basket_undone",
        "basket",
        ["changed_at"],
        sqlite_where=sa.text("state IN ('open', 'paying')"),
        postgresql_where=sa.text("state IN ('open', 'paying')"),
    )
    op.create_index(
        "uq_basket_token",
        "basket",
        ["token_hash"],
        unique=True,
        sqlite_where=sa.text("token_hash <> ''"),
        postgresql_where=sa.text("token_hash <> ''"),
    )
    op.create_table(
        "basket_line",
        sa.Column("basket_id", sa.String(32), nullable=False),
        sa.Column("key", sa.String(240), nullable=False),
        sa.Column("performance_id", sa.String(32), nullable=False),
        sa.Column("seat_id", sa.String(200), nullable=False),
        sa.Column("pool_id", sa.String(32), nullable=False),
        sa.Column("zone", sa.String(200), nullable=False),
        sa.Column("type_id", sa.String(32), nullable=False),
        sa.Column("comp_reason", sa.String(32), nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(
            ["basket_id"], ["basket.id"], name=op.f("fk_basket_line_basket_id")
        ),
        sa.ForeignKeyConstraint(
            ["performance_id"], ["performance.id"], name=op.f("fk_basket_line_performance_id")
        ),
        sa.ForeignKeyConstraint(
            ["type_id"], ["price_type.id"], name=op.f("fk_basket_line_type_id")
        ),
        sa.PrimaryKeyConstraint("basket_id", "key", name=op.f("pk_basket_line")),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(8), nullable=False),
        sa.Column("basket_id", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("patron_id", sa.String(32), nullable=True),
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("shift_id", sa.String(32), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("tax_mode", sa.String(16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("filed_at", INSTANT, nullable=True),
        sa.Column("claimed_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["patron_id"], ["patron.id"], name=op.f("fk_orders_patron_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
    )
    op.create_index("ix_orders_created_at", "orders", ["created_at", "id"])
    op.create_index(
        "ix_orders_patron",
        "orders",
        ["patron_id", "id"],
        sqlite_where=sa.text("patron_id IS NOT NULL"),
        postgresql_where=sa.text("patron_id IS NOT NULL"),
    )
    op.create_index(
        "ix_orders_unfiled",
        "orders",
        ["id"],
        sqlite_where=sa.text("filed_at IS NULL"),
        postgresql_where=sa.text("filed_at IS NULL"),
    )
    op.create_index("uq_orders_basket", "orders", ["basket_id"], unique=True)
    op.create_index("uq_orders_reference", "orders", ["reference"], unique=True)
    op.create_table(
        "order_contact",
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("email_key", sa.String(320), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", sa.String(200), nullable=False),
        sa.Column("phone", sa.String(40), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_contact_order_id")
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_contact")),
    )
    op.create_index(
        "ix_order_contact_email",
        "order_contact",
        ["email_key"],
        sqlite_where=sa.text("email_key <> ''"),
        postgresql_where=sa.text("email_key <> ''"),
    )
    op.create_index(
        "ix_order_contact_name",
        "order_contact",
        ["name_key"],
        sqlite_where=sa.text("name_key <> ''"),
        postgresql_where=sa.text("name_key <> ''"),
    )
    op.create_table(
        "order_step",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("staff_id", sa.String(32), nullable=False),
        sa.Column("shift_id", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_step_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_step")),
    )
    op.create_index("uq_order_step_key", "order_step", ["key"], unique=True)
    op.create_index("uq_order_step_n", "order_step", ["order_id", "n"], unique=True)
    op.create_table(
        "order_line",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("step_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("performance_id", sa.String(32), nullable=False),
        sa.Column("zone", sa.String(200), nullable=False),
        sa.Column("type_id", sa.String(32), nullable=False),
        sa.Column("price_id", sa.String(32), nullable=False),
        sa.Column("window_id", sa.String(32), nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.Column("fees", sa.Text, nullable=False),
        sa.Column("fee_amount", sa.Integer, nullable=False),
        sa.Column("tax", sa.Integer, nullable=False),
        sa.Column("tax_basis_points", sa.Integer, nullable=False),
        sa.Column("steps", sa.Text, nullable=False),
        sa.Column("reverses", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_line_order_id")),
        sa.ForeignKeyConstraint(["step_id"], ["order_step.id"], name=op.f("fk_order_line_step_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
    )
    op.create_index("ix_order_line_order", "order_line", ["order_id"])
    op.create_index("ix_order_line_performance", "order_line", ["performance_id"])
    op.create_index(
        "uq_order_line_reverses",
        "order_line",
        ["reverses"],
        unique=True,
        sqlite_where=sa.text("reverses <> ''"),
        postgresql_where=sa.text("reverses <> ''"),
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("line_id", sa.String(32), nullable=False),
        sa.Column("performance_id", sa.String(32), nullable=False),
        sa.Column("seat_id", sa.String(200), nullable=False),
        sa.Column("pool_id", sa.String(32), nullable=False),
        sa.Column("place", sa.String(240), nullable=False),
        sa.Column("zone", sa.String(200), nullable=False),
        sa.Column("type_id", sa.String(32), nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("holder_id", sa.String(32), nullable=True),
        sa.Column("code_version", sa.Integer, nullable=False),
        sa.Column("collected_at", INSTANT, nullable=True),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("seal_id", sa.String(32), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("code_version > 0", name=op.f("ck_ticket_code_version")),
        sa.CheckConstraint("(seat_id = '') <> (pool_id = '')", name=op.f("ck_ticket_place")),
        sa.ForeignKeyConstraint(["line_id"], ["order_line.id"], name=op.f("fk_ticket_line_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_ticket_order_id")),
        sa.ForeignKeyConstraint(
            ["performance_id"], ["performance.id"], name=op.f("fk_ticket_performance_id")
        ),
        sa.ForeignKeyConstraint(["type_id"], ["price_type.id"], name=op.f("fk_ticket_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
    )
    op.create_index("ix_ticket_order", "ticket", ["order_id"])
    op.create_index(
        "ix_ticket_unsealed",
        "ticket",
        ["id"],
        sqlite_where=sa.text("seal_id IS NULL"),
        postgresql_where=sa.text("seal_id IS NULL"),
    )
    op.create_index(
        "ix_ticket_valid",
        "ticket",
        ["performance_id"],
        sqlite_where=sa.text("state = 'valid'"),
        postgresql_where=sa.text("state = 'valid'"),
    )
    op.create_index("uq_ticket_line", "ticket", ["line_id"], unique=True)
    op.create_index(
        "uq_ticket_seat",
        "ticket",
        ["performance_id", "seat_id"],
        unique=True,
        sqlite_where=sa.text("state = 'valid' AND seat_id <> ''"),
        postgresql_where=sa.text("state = 'valid' AND seat_id <> ''"),
    )


def downgrade() -> None:
    for table in (
        "ticket",
        "order_line",
        "order_step",
        "order_contact",
        "orders",
        "basket_line",
        "basket",
    ):
        op.drop_table(table)
