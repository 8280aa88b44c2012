"""People: since when an account may be second, marks that take two, and what a number was before

Revision: 0011, after 0010
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from alembic import op

revision = "0011"
down_revision = "0010"

INSTANTS = ("enabled_at", "address_at", "role_at", "password_at", "factors_at")
# What the trail tells of an account, and the instant that it moves.
TOLD = {
    "staff.enabled": "enabled_at",
    "staff.role_changed": "role_at",
    "staff.password_changed": "password_at",
    "staff.password_reset": "password_at",
    "staff.second_factor_added": "factors_at",
    "staff.second_factor_removed": "factors_at",
    "staff.recovery_codes_made": "factors_at",
}


def upgrade() -> None:
    _accounts()
    op.add_column("proposal_attempt", _flag("decides_alone"))
    op.add_column("organisation", _text("former_phone", 40, nullable=True))
    op.add_column("organisation", _instant("former_phone_until", nullable=True))
    _record_changes()


def downgrade() -> None:
    op.drop_table("record_change")
    op.drop_column("organisation", "former_phone_until")
    op.drop_column("organisation", "former_phone")
    op.drop_column("proposal_attempt", "decides_alone")
    for name in ("by_operator", *INSTANTS):
        op.drop_column("staff", name)


def _instant(name: str, *, nullable: bool) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _accounts() -> None:
    """What is known of accounts that stand already is what the trail tells of them."""
    op.add_column("staff", _flag("by_operator"))
    for name in INSTANTS:
        op.add_column("staff", _instant(name, nullable=True))
    staff = sa.table(
        "staff",
        sa.column("id", sa.String()),
        sa.column("by_operator", sa.Boolean()),
        *(sa.column(name, sa.DateTime(timezone=True)) for name in INSTANTS),
    )
    for staff_id, values in _told():
        op.execute(sa.update(staff).where(staff.c.id == staff_id).values(**values))


def _record_changes() -> None:
    table = "record_change"
    op.create_table(
        table,
        _text("id", 32),
        _text("patron_id", 32),
        _text("kind", 32),
        _text("status_from", 32, nullable=True),
        _text("status_to", 32, nullable=True),
        sa.Column("needs_second", sa.Boolean(), nullable=False),
        _text("reason", 500),
        _text("requested_by", 32),
        _text("requested_label", 200),
        _instant("requested_at", nullable=False),
        _text("confirmed_by", 32, nullable=True),
        _text("confirmed_label", 200, nullable=True),
        _instant("confirmed_at", nullable=True),
        _instant("declined_at", nullable=True),
        _instant("done_at", nullable=True),
        _refers(table, "patron_id", "patron.id"),
        _refers(table, "requested_by", "staff.id"),
        _refers(table, "confirmed_by", "staff.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_patron_id", table, ["patron_id"], unique=False)
    is_open = sa.text("done_at IS NULL AND declined_at IS NULL")
    op.create_index(
        f"uq_{table}_open",
        table,
        ["patron_id", "kind"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _told() -> Iterator[tuple[str, dict[str, object]]]:
    """What the trail tells of each account, the oldest first."""
    entry = sa.table(
        "audit_entry",
        sa.column("seq", sa.Integer()),
        sa.column("at", sa.DateTime(timezone=True)),
        sa.column("actor_kind", sa.String()),
        sa.column("action", sa.String()),
        sa.column("facts", sa.Text()),
    )
    wanted = (
        sa.select(entry.c.at, entry.c.actor_kind, entry.c.action, entry.c.facts)
        .where(entry.c.action.in_(("staff.added", *TOLD)))
        .order_by(entry.c.seq)
    )
    for at, actor_kind, action, facts in op.get_bind().execute(wanted).all():
        staff_id = json.loads(facts)["staff_id"]
        if action == "staff.added":
            yield staff_id, {"by_operator": actor_kind == "operator"}
        else:
            yield staff_id, {TOLD[action]: at}
