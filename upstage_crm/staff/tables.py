"""Staff accounts: who may sign in, how they prove it, and in which browsers they are."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.staff.roles import Role

_OPEN = sa.text("accepted_at IS NULL AND withdrawn_at IS NULL")


class StaffRow(Row, table=True):
    """Someone who may sign in to the CRM."""

    __tablename__ = "staff"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    id: str = Field(primary_key=True, max_length=32)
    email: str = Field(max_length=254)
    email_key: str = Field(max_length=254, unique=True)
    display_name: str = Field(max_length=80)
    desk: str = Field(default="", max_length=80)
    role: Role = Field(sa_column=sa.Column(text_enum(Role), nullable=False))
    password_hash: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Raised whenever a reset link is used or made useless: each link works once.
    link_version: int = Field(
        default=1, sa_column=sa.Column(sa.Integer, nullable=False, server_default="1")
    )
    # Since when the account has a second factor, whichever it is; None without one.
    second_factor_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Raised whenever every session of the account ends: an older session is dead for good.
    epoch: int = Field(
        default=0, sa_column=sa.Column(sa.Integer, nullable=False, server_default="0")
    )
    # What decides since when the member may be a second person: see `staff.account_history`.
    by_operator: bool = Field(
        default=False, sa_column=sa.Column(sa.Boolean, nullable=False, server_default=sa.false())
    )
    enabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    address_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    role_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    password_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    factors_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StaffSessionRow(Row, table=True):
    """One signed-in browser. Holds the hash of the cookie only, never the cookie.

    `proven_at` is when the person there last proved who they are, `factor_at` when the second
    factor was given. `challenge` is what a passkey has to sign next; it is answered once.
    """

    __tablename__ = "staff_session"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    id: str = Field(primary_key=True, max_length=64)
    staff_id: str = Field(foreign_key="staff.id", index=True, max_length=32)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    user_agent: str = Field(default="", max_length=200)
    ip_prefix: str = Field(default="", max_length=64)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    proven_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    factor_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    wrong_codes: int = Field(
        default=0, sa_column=sa.Column(sa.Integer, nullable=False, server_default="0")
    )
    challenge: str | None = Field(default=None, max_length=128)
    challenge_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    epoch: int = Field(
        default=0, sa_column=sa.Column(sa.Integer, nullable=False, server_default="0")
    )
    seal: str | None = Field(default=None, max_length=100)


class StaffInvitationRow(Row, table=True):
    """A colleague who is invited. Every mail raises `version`: only the newest link works."""

    __tablename__ = "staff_invitation"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index(
            "uq_staff_invitation_open",
            "email_key",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    email: str = Field(max_length=254)
    email_key: str = Field(max_length=254)
    display_name: str = Field(max_length=80)
    desk: str = Field(default="", max_length=80)
    role: Role = Field(sa_column=sa.Column(text_enum(Role), nullable=False))
    invited_by: str = Field(foreign_key="staff.id", max_length=32)
    invited_label: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    version: int = Field(default=1)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    staff_id: str | None = Field(default=None, foreign_key="staff.id", max_length=32)


class StaffTotpRow(Row, table=True):
    """An authenticator app. `sealed` is its secret, readable with the link keys alone."""

    __tablename__ = "staff_totp"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    staff_id: str = Field(primary_key=True, foreign_key="staff.id", max_length=32)
    sealed: str = Field(max_length=400)
    created_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_step: int = Field(default=0, sa_type=sa.BigInteger)


class StaffRecoveryCodeRow(Row, table=True):
    """A code for a member who lost the second factor; its hash only, good once."""

    __tablename__ = "staff_recovery_code"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    id: str = Field(primary_key=True, max_length=64)
    staff_id: str = Field(foreign_key="staff.id", index=True, max_length=32)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StaffPasskeyRow(Row, table=True):
    """A passkey: its id and public key in base64url."""

    __tablename__ = "staff_passkey"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    id: str = Field(primary_key=True, max_length=1_400)
    staff_id: str = Field(foreign_key="staff.id", index=True, max_length=32)
    public_key: str = Field(sa_type=sa.Text)
    sign_count: int = Field(default=0, sa_type=sa.BigInteger)
    label: str = Field(max_length=80)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StaffDeviceRow(Row, table=True):
    """A browser in which a member has signed in; the hash of its own cookie."""

    __tablename__ = "staff_device"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    staff_id: str = Field(primary_key=True, foreign_key="staff.id", max_length=32)
    device: str = Field(primary_key=True, max_length=64)
    first_at: datetime = Field(sa_type=UtcDateTime)
    last_at: datetime = Field(sa_type=UtcDateTime)
    seal: str | None = Field(default=None, max_length=100)


class SignInFailureRow(Row, table=True):
    """A wrong password: the hash of the name that was tried, and where it came from.

    `network` holds the visitor's network, or the hash of the browser where the account knows it.
    """

    __tablename__ = "sign_in_failure"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index("ix_sign_in_failure_name", "name", "at"),
        sa.Index("ix_sign_in_failure_network", "network", "at"),
    )

    id: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=64)
    network: str = Field(max_length=64)
    at: datetime = Field(sa_type=UtcDateTime)


class SecurityRow(Row, table=True):
    """What the owners chose about accounts, as JSON; always the row with id 1. See `security`."""

    __tablename__ = "security"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    id: int = Field(primary_key=True)
    settings: str = Field(sa_type=sa.Text)


class SavedViewRow(Row, table=True):
    """A view of a list that a staff member named: its filters and order, never what was searched.

    `list_path` is the page of the list, `address` what stands behind its question mark.
    """

    __tablename__ = "saved_view"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index("ix_saved_view_list", "list_path", "name_key"),
        sa.UniqueConstraint("staff_id", "list_path", "name_key"),
    )

    id: str = Field(primary_key=True, max_length=32)
    staff_id: str = Field(foreign_key="staff.id", max_length=32)
    list_path: str = Field(max_length=60)
    name: str = Field(max_length=40)
    name_key: str = Field(max_length=80)
    address: str = Field(max_length=1000)
    is_shared: bool = Field(sa_column=sa.Column(sa.Boolean, nullable=False))
    created_at: datetime = Field(sa_type=UtcDateTime)
