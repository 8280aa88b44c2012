"""Rows of patrons' accounts. They share no table with staff's, and go with their patron."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime


class PatronSessionRow(Row, table=True):
    """One browser in which a patron is signed in. Holds the hash of the cookie only.

    `email_key` is the address that signed in: the session ends when the record has another one.
    """

    __tablename__ = "patron_session"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    id: str = Field(primary_key=True, max_length=64)
    patron_id: str = Field(foreign_key="patron.id", index=True, max_length=32)
    email_key: str = Field(max_length=254)
    browser: str = Field(default="", max_length=60)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seal: str | None = Field(default=None, max_length=100)


class PatronRegistrationRow(Row, table=True):
    """What a newcomer typed who asked for a sign-in; `id` is that sign-in's.

    Only a mailbox that proves itself makes a record of it. It goes with the sign-in at the latest.
    """

    __tablename__ = "patron_registration"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (sa.Index("ix_patron_registration_email", "email_key", "created_at"),)

    id: str = Field(foreign_key="patron_sign_in.id", primary_key=True, max_length=32)
    email: str = Field(max_length=254)
    email_key: str = Field(max_length=254)
    given_name: str = Field(default="", max_length=100)
    family_name: str = Field(default="", max_length=100)
    language: str = Field(default="", max_length=16)
    created_at: datetime = Field(sa_type=UtcDateTime)
    seal: str | None = Field(default=None, max_length=100)


class PatronSignInRow(Row, table=True):
    """A sign-in that was asked for. `browser` is the hash of what the asking browser holds.

    The code is drawn from `jti` with a key that the database does not hold, so nothing of it is
    stored. Without `patron_id` no record has the address that was typed, which is not kept.
    """

    __tablename__ = "patron_sign_in"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index("ix_patron_sign_in_patron", "patron_id", "created_at"),
        sa.Index("ix_patron_sign_in_expires", "expires_at"),
    )

    id: str = Field(primary_key=True, max_length=32)
    patron_id: str | None = Field(default=None, foreign_key="patron.id", max_length=32)
    email_key: str = Field(default="", max_length=254)
    browser: str = Field(index=True, max_length=64)
    jti: str = Field(max_length=32)
    kid: str = Field(max_length=64)
    tries: int = Field(default=0)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seal: str | None = Field(default=None, max_length=100)
