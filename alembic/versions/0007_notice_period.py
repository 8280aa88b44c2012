"""The notice period: changes that wait, notices on whose delivery a clock depends, suppressions

Revision: 0007, after 0006
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from alembic import op

revision = "0007"
down_revision = "0006"

_OPEN_FIELDS = "outcome IN ('pending', 'held', 'waiting')"
_WATCHED = "notice_id IS NOT NULL AND state IN ('pending', 'waiting')"


def _instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int = 32, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _partial_index(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def upgrade() -> None:
    _requests()
    _field_changes()
    _reviews()
    op.add_column("patron_freeze", _text("finding"))
    op.add_column("patron_freeze", _text("method"))
    _suppressions()


def downgrade() -> None:
    _suppressions_before()
    op.drop_column("patron_freeze", "method")
    op.drop_column("patron_freeze", "finding")
    _reviews_before()
    _field_changes_before()
    _requests_before()


def _requests() -> None:
    table = "change_request"
    op.drop_index("ix_change_request_applies", table)
    # What two people had confirmed at the desk goes its new way from the start: it is told to the
    # current mailbox once more, and a new address has to say yes (see `identify.resume`).
    op.drop_column(table, "applies_at")
    op.add_column(
        table, sa.Column("notice_version", sa.Integer(), nullable=False, server_default="1")
    )
    # The links of both mailboxes had one version so far.
    op.execute("UPDATE change_request SET notice_version = link_version")
    op.add_column(table, _text("notice_id"))
    op.add_column(table, _text("notice_state"))
    op.add_column(table, _instant("noticed_at"))
    # Said in SQL: Alembic refuses a reference on SQLite, which takes it in this one form.
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN period_ended_by VARCHAR(32) "
        "CONSTRAINT fk_change_request_period_ended_by REFERENCES staff (id)"
    )
    _partial_index("ix_change_request_notice", table, ["notice_state"], _WATCHED)


def _requests_before() -> None:
    table = "change_request"
    op.execute("UPDATE change_request SET state = 'pending' WHERE state = 'waiting'")
    op.drop_index("ix_change_request_notice", table)
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_change_request_period_ended_by", table)
    for column in ("period_ended_by", "noticed_at", "notice_state", "notice_id", "notice_version"):
        op.drop_column(table, column)
    op.add_column(table, _instant("applies_at"))
    _partial_index(
        "ix_change_request_applies",
        table,
        ["applies_at"],
        "applies_at IS NOT NULL AND state = 'held'",
    )


def _field_changes() -> None:
    table = "field_change"
    for name in ("applies_at", "displaced_verified_at", "displaced_bounced_at"):
        op.add_column(table, _instant(name))
    _partial_index("ix_field_change_applies", table, ["applies_at"], "outcome = 'waiting'")
    op.drop_index("uq_field_change_open", table)
    _partial_index("uq_field_change_open", table, ["patron_id", "field"], _OPEN_FIELDS, unique=True)


def _field_changes_before() -> None:
    table = "field_change"
    op.execute("UPDATE field_change SET outcome = 'pending' WHERE outcome = 'waiting'")
    op.drop_index("uq_field_change_open", table)
    _partial_index(
        "uq_field_change_open",
        table,
        ["patron_id", "field"],
        "outcome IN ('pending', 'held')",
        unique=True,
    )
    op.drop_index("ix_field_change_applies", table)
    for name in ("displaced_bounced_at", "displaced_verified_at", "applies_at"):
        op.drop_column(table, name)


def _reviews() -> None:
    with op.batch_alter_table("review") as table:
        table.drop_constraint("uq_review_field_change_id_reviewer", type_="unique")
        table.add_column(
            sa.Column("is_binding", sa.Boolean(), nullable=False, server_default=sa.true())
        )
        table.add_column(_instant("replaced_at"))
    _partial_index(
        "uq_review_counting",
        "review",
        ["field_change_id", "reviewer"],
        "replaced_at IS NULL",
        unique=True,
    )


def _reviews_before() -> None:
    # The older schema knows one review of each mailbox: those that count no more go.
    op.execute("DELETE FROM review WHERE replaced_at IS NOT NULL")
    op.execute("UPDATE review SET decision = NULL WHERE decision = 'not_this_person'")
    op.drop_index("uq_review_counting", "review")
    with op.batch_alter_table("review") as table:
        table.drop_column("replaced_at")
        table.drop_column("is_binding")
        table.create_unique_constraint(
            "uq_review_field_change_id_reviewer", ["field_change_id", "reviewer"]
        )


def _suppressions() -> None:
    """An address may be suppressed for one patron alone, and once more after it was lifted."""
    table = "suppressed_address"
    before = op.get_bind().execute(
        sa.text("SELECT address_key, request_id, created_at FROM suppressed_address")
    )
    standing = [dict(row) for row in before.mappings()]
    op.drop_table(table)
    made = op.create_table(
        table,
        _text("id", nullable=False),
        _text("address_key", 254, nullable=False),
        _text("patron_id"),
        _text("cause", nullable=False),
        _text("request_id", nullable=False),
        _instant("created_at", nullable=False),
        _text("first_id"),
        _text("first_label", 200),
        _text("first_note", 500, nullable=False),
        _text("second_id"),
        _text("second_label", 200),
        _instant("lifted_at"),
        _refers(table, "patron_id", "patron.id"),
        _refers(table, "request_id", "change_request.id"),
        _refers(table, "first_id", "staff.id"),
        _refers(table, "second_id", "staff.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    for row in standing:
        fresh = {"id": row["request_id"], "cause": "not_my_address", "first_note": ""}
        op.get_bind().execute(sa.insert(made).values(**row | fresh | _read(row)))
    op.create_index(op.f(f"ix_{table}_request_id"), table, ["request_id"], unique=False)
    _partial_index("ix_suppressed_address_standing", table, ["address_key"], "lifted_at IS NULL")


def _suppressions_before() -> None:
    table = "suppressed_address"
    now = op.get_bind().execute(
        sa.text(
            "SELECT address_key, min(request_id) AS request_id, min(created_at) AS created_at "
            "FROM suppressed_address WHERE lifted_at IS NULL AND patron_id IS NULL "
            "GROUP BY address_key"
        )
    )
    standing = [dict(row) for row in now.mappings()]
    op.drop_table(table)
    made = op.create_table(
        table,
        _text("address_key", 254, nullable=False),
        _text("request_id", nullable=False),
        _instant("created_at", nullable=False),
        _refers(table, "request_id", "change_request.id"),
        sa.PrimaryKeyConstraint("address_key", name=op.f(f"pk_{table}")),
    )
    for row in standing:
        op.get_bind().execute(sa.insert(made).values(**row | _read(row)))
    op.create_index(op.f(f"ix_{table}_request_id"), table, ["request_id"], unique=False)


def _read(row: dict[str, Any]) -> dict[str, datetime]:
    """The instant of a row that was read without its type: SQLite stores a text."""
    at = row["created_at"]
    return {"created_at": datetime.fromisoformat(at) if isinstance(at, str) else at}
