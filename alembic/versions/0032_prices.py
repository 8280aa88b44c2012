"""Prices: price types, tax rates, versions of prices, sale windows, the currency

Not chosen is empty, so what the trail says of the organisation's row still holds.

Revision: 0032, after 0031
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.add_column("organisation", sa.Column("currency", sa.String(3), nullable=True))
    op.create_table(
        "price_type",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("name_key", sa.String(160), nullable=False),
        sa.Column("proof", sa.String(160), nullable=False),
        sa.Column("least", sa.Integer, nullable=False),
        sa.Column("most", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("is_comp", sa.Boolean, nullable=False),
        sa.Column("is_retired", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_type")),
    )
    op.create_index("uq_price_type_name_key", "price_type", ["name_key"], unique=True)
    op.create_table(
        "tax_rate",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("basis_points", sa.Integer, nullable=False),
        sa.Column("is_retired", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rate")),
    )
    op.create_table(
        "price_list",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("event_id", sa.String(32), nullable=False),
        sa.Column("performance_id", sa.String(32), nullable=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("tax_rate_id", sa.String(32), nullable=False),
        sa.Column("fees", sa.Text, nullable=False),
        sa.Column("cells", sa.Integer, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by", sa.String(120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_price_list_event_id")),
        sa.ForeignKeyConstraint(
            ["performance_id"], ["performance.id"], name=op.f("fk_price_list_performance_id")
        ),
        sa.ForeignKeyConstraint(
            ["tax_rate_id"], ["tax_rate.id"], name=op.f("fk_price_list_tax_rate_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_list")),
    )
    op.create_index("uq_price_list_version", "price_list", ["event_id", "version"], unique=True)
    op.create_table(
        "price",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("price_list_id", sa.String(32), nullable=False),
        sa.Column("zone", sa.String(200), nullable=False),
        sa.Column("price_type_id", sa.String(32), nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.CheckConstraint("amount >= 0", name="ck_price_amount"),
        sa.ForeignKeyConstraint(
            ["price_list_id"], ["price_list.id"], name=op.f("fk_price_price_list_id")
        ),
        sa.ForeignKeyConstraint(
            ["price_type_id"], ["price_type.id"], name=op.f("fk_price_price_type_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price")),
    )
    op.create_index(
        "uq_price_cell", "price", ["price_list_id", "zone", "price_type_id"], unique=True
    )
    op.create_table(
        "sale_window",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("event_id", sa.String(32), nullable=False),
        sa.Column("performance_id", sa.String(32), nullable=True),
        sa.Column("audience", sa.String(32), nullable=False),
        sa.Column("named", sa.String(80), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("closes_at IS NULL OR closes_at > opens_at", name="ck_sale_window_time"),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_sale_window_event_id")),
        sa.ForeignKeyConstraint(
            ["performance_id"], ["performance.id"], name=op.f("fk_sale_window_performance_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sale_window")),
    )
    op.create_index("ix_sale_window_event_id", "sale_window", ["event_id", "opens_at"])


def downgrade() -> None:
    op.drop_table("sale_window")
    op.drop_table("price")
    op.drop_table("price_list")
    op.drop_table("tax_rate")
    op.drop_table("price_type")
    op.drop_column("organisation", "currency")
