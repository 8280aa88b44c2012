"""Staff accounts and their browser sessions."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from upstage_crm.core.db import UtcDateTime, text_enum
from upstage_crm.staff.roles import Role


class StaffRow(SQLModel, table=True):
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


class StaffSessionRow(SQLModel, table=True):
    """One signed-in browser. Holds the hash of the cookie only, never the cookie."""

    __tablename__ = "staff_session"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    id: str = Field(primary_key=True, max_length=64)
    staff_id: str = Field(foreign_key="staff.id", index=True, max_length=32)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    user_agent: str = Field(default="", max_length=200)
    ip_prefix: str = Field(default="", max_length=64)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
