"""Staff accounts: invitations, second factors, devices, wrong passwords, the security policy

Revision: 0004, after 0003
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = (
    "security",
    "sign_in_failure",
    "staff_device",
    "staff_passkey",
    "staff_recovery_code",
    "staff_totp",
    "staff_invitation",
)
SESSION_COLUMNS = ("challenge_at", "challenge", "wrong_codes", "factor_at", "proven_at")


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _staff(table: str, column: str = "staff_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["staff.id"], name=op.f(f"fk_{table}_{column}"))


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    _columns()
    _invitations()
    _factors()
    op.create_table(
        "staff_device",
        _text("staff_id", 32),
        _text("device", 64),
        _instant("first_at"),
        _instant("last_at"),
        _staff("staff_device"),
        _key("staff_device", "staff_id", "device"),
    )
    op.create_table(
        "sign_in_failure",
        _text("id", 32),
        _text("name", 64),
        _text("network", 64),
        _instant("at"),
        _key("sign_in_failure", "id"),
    )
    op.create_index("ix_sign_in_failure_name", "sign_in_failure", ["name", "at"], unique=False)
    op.create_index(
        "ix_sign_in_failure_network", "sign_in_failure", ["network", "at"], unique=False
    )
    op.create_table(
        "security",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        _key("security", "id"),
    )
    op.execute("INSERT INTO security (id, settings) VALUES (1, '{}')")


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    for column in SESSION_COLUMNS:
        op.drop_column("staff_session", column)
    op.drop_column("staff", "second_factor_at")
    op.drop_column("staff", "link_version")


def _columns() -> None:
    op.add_column(
        "staff", sa.Column("link_version", sa.Integer(), nullable=False, server_default="1")
    )
    op.add_column("staff", _instant("second_factor_at", nullable=True))
    op.add_column("staff_session", _instant("proven_at", nullable=True))
    op.add_column("staff_session", _instant("factor_at", nullable=True))
    op.add_column(
        "staff_session", sa.Column("wrong_codes", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("staff_session", _text("challenge", 128, nullable=True))
    op.add_column("staff_session", _instant("challenge_at", nullable=True))


def _invitations() -> None:
    table = "staff_invitation"
    op.create_table(
        table,
        _text("id", 32),
        _text("email", 254),
        _text("email_key", 254),
        _text("display_name", 80),
        _text("desk", 80),
        _text("role", 32),
        _text("invited_by", 32),
        _text("invited_label", 200),
        _instant("created_at"),
        _instant("sent_at"),
        _instant("expires_at"),
        sa.Column("version", sa.Integer(), nullable=False),
        _instant("accepted_at", nullable=True),
        _instant("withdrawn_at", nullable=True),
        _text("staff_id", 32, nullable=True),
        _staff(table, "invited_by"),
        _staff(table),
        _key(table, "id"),
    )
    is_open = sa.text("accepted_at IS NULL AND withdrawn_at IS NULL")
    op.create_index(
        "uq_staff_invitation_open",
        table,
        ["email_key"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def _factors() -> None:
    op.create_table(
        "staff_totp",
        _text("staff_id", 32),
        _text("sealed", 400),
        _instant("created_at"),
        _instant("confirmed_at", nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        _staff("staff_totp"),
        _key("staff_totp", "staff_id"),
    )
    op.create_table(
        "staff_recovery_code",
        _text("id", 64),
        _text("staff_id", 32),
        _instant("used_at", nullable=True),
        _staff("staff_recovery_code"),
        _key("staff_recovery_code", "id"),
    )
    op.create_index(
        "ix_staff_recovery_code_staff_id", "staff_recovery_code", ["staff_id"], unique=False
    )
    op.create_table(
        "staff_passkey",
        _text("id", 1_400),
        _text("staff_id", 32),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        _text("label", 80),
        _instant("created_at"),
        _instant("last_used_at", nullable=True),
        _staff("staff_passkey"),
        _key("staff_passkey", "id"),
    )
    op.create_index("ix_staff_passkey_staff_id", "staff_passkey", ["staff_id"], unique=False)
