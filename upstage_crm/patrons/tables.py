"""Patrons. Protected columns change only through an applied field change: the database insists."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, col

from upstage_crm.core.db import Row, UtcDateTime, on_the_way, text_enum
from upstage_crm.patrons.views import SuppressionCause

# Compared byte by byte on every database, so that a prefix is a range.
_BYTEWISE_TERM = sa.String(100).with_variant(sa.String(100, collation="C"), "postgresql")
_BYTEWISE_NAME = sa.String(210).with_variant(sa.String(210, collation="C"), "postgresql")
_BYTEWISE_TAG = sa.String(400).with_variant(sa.String(400, collation="C"), "postgresql")

NAME_ORDER = "replace(sort_name, ', ', '  ')"
"""SQL: the order of names. Two blanks come before every letter, so "Abbott" before "Abbott-Fox"."""

_STANDS = sa.text("lifted_at IS NULL")


def _few(name: str, condition: str, *columns: str) -> sa.Index:
    """An index of the rows that fulfil a condition."""
    where = sa.text(condition)
    return sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)


class PatronKind(StrEnum):
    """A person, or an organisation such as a school or a firm."""

    PERSON = "person"
    ORGANISATION = "organisation"


class PatronStatus(StrEnum):
    """Whether the record is live. Only active patrons can be asked anything."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DECEASED = "deceased"
    ERASED = "erased"


class PatronRow(Row, table=True):
    """A person or organisation whose record we hold."""

    __tablename__ = "patron"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index(
            "uq_patron_live_email_key",
            "email_key",
            unique=True,
            sqlite_where=sa.text("status = 'active' AND email_key IS NOT NULL"),
            postgresql_where=sa.text("status = 'active' AND email_key IS NOT NULL"),
        ),
        # The list walks these in either direction, from any patron on.
        sa.Index("ix_patron_name", sa.text(NAME_ORDER), "number"),
        sa.Index("ix_patron_created", "created_at", "number"),
        sa.Index("ix_patron_phone_key", "phone_key"),
        sa.Index("ix_patron_email_key", "email_key", "number"),
        sa.Index("ix_patron_city", "address_city", "number"),
        sa.Index("ix_patron_country", "address_country", "number"),
        sa.Index("ix_patron_updated", "updated_at", "number"),
        # Few patrons are these, so a list of them must not read all the others.
        _few("ix_patron_not_active", "status <> 'active'", "status", "number"),
        _few("ix_patron_organisation", "kind = 'organisation'", "number"),
        _few("ix_patron_email_bounced", "email_bounced_at IS NOT NULL", "id"),
        _few("ix_patron_flagged", "is_flagged", "number"),
        _few("ix_patron_protected", "is_protected", "number"),
    )

    id: str = Field(primary_key=True, max_length=32)
    number: int = Field(unique=True)
    kind: PatronKind = Field(sa_column=sa.Column(text_enum(PatronKind), nullable=False))
    status: PatronStatus = Field(sa_column=sa.Column(text_enum(PatronStatus), nullable=False))

    # Protected: see upstage_crm.patrons.fields. `*_key` and `sort_name` are derived.
    email: str | None = Field(default=None, max_length=254)
    email_key: str | None = Field(default=None, max_length=254)
    phone: str | None = Field(default=None, max_length=20)
    phone_key: str | None = Field(default=None, max_length=20)
    given_name: str | None = Field(default=None, max_length=100)
    family_name: str | None = Field(default=None, max_length=100)
    sort_name: str | None = Field(default=None, sa_type=_BYTEWISE_NAME)
    address_line1: str | None = Field(default=None, max_length=120)
    address_line2: str | None = Field(default=None, max_length=120)
    address_city: str | None = Field(default=None, max_length=80)
    address_region: str | None = Field(default=None, max_length=80)
    address_postcode: str | None = Field(default=None, max_length=20)
    address_country: str | None = Field(default=None, max_length=2)
    date_of_birth: str | None = Field(default=None, max_length=10)

    # Free: staff edit these in place.
    preferred_name: str = Field(default="", max_length=100)
    pronouns: str = Field(default="", max_length=40)
    language: str = Field(default="en", max_length=16)
    time_zone: str = Field(default="", max_length=64)
    note: str = Field(default="", sa_type=sa.Text)

    email_verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    email_bounced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_flagged: bool = Field(default=False)
    is_protected: bool = Field(
        default=False, sa_column=sa.Column(sa.Boolean, nullable=False, server_default=sa.false())
    )
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class PatronTermRow(Row, table=True):
    """One searchable word of a patron, for prefix search alike on every database.

    `patrons.search.search_index` alone writes these rows.
    """

    __tablename__ = "patron_term"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index("ix_patron_term_patron", "patron_number", "term"),
        {"sqlite_with_rowid": False},  # the key is all of the row: it is stored once
    )

    term: str = Field(primary_key=True, sa_type=_BYTEWISE_TERM)
    patron_number: int = Field(primary_key=True, foreign_key="patron.number")


def same_name(name: str | None) -> sa.ColumnElement[bool]:
    """The patron's `sort_name` is this one; the index of the names' order finds it."""
    order: sa.ColumnElement[str] = sa.literal_column(NAME_ORDER, type_=sa.String())
    is_it = on_the_way(col(PatronRow.sort_name) == name)  # else SQLite looks in no index
    return sa.and_(order == (name or "").replace(", ", "  "), is_it)


class PatronTagRow(Row, table=True):
    """One tag of one patron. Tags of before there were rows may be longer than a new one."""

    __tablename__ = "patron_tag"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (sa.Index("ix_patron_tag_key", "key", "patron_id"),)

    patron_id: str = Field(primary_key=True, foreign_key="patron.id", max_length=32)
    key: str = Field(primary_key=True, sa_type=_BYTEWISE_TAG)
    label: str = Field(max_length=400)


class SuppressedAddressRow(Row, table=True):
    """An address that gets no mail and no vote, for all patrons or for one (`patron_id`).

    Two staff members may lift it: the first asks, with a reason, and the second agrees.
    """

    __tablename__ = "suppressed_address"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index(
            "ix_suppressed_address_standing",
            "address_key",
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    address_key: str = Field(max_length=254)
    patron_id: str | None = Field(default=None, foreign_key="patron.id", max_length=32)
    cause: SuppressionCause = Field(
        sa_column=sa.Column(text_enum(SuppressionCause), nullable=False)
    )
    request_id: str = Field(foreign_key="change_request.id", index=True, max_length=32)
    created_at: datetime = Field(sa_type=UtcDateTime)
    first_id: str | None = Field(default=None, foreign_key="staff.id", max_length=32)
    first_label: str | None = Field(default=None, max_length=200)
    first_note: str = Field(default="", max_length=500)
    second_id: str | None = Field(default=None, foreign_key="staff.id", max_length=32)
    second_label: str | None = Field(default=None, max_length=200)
    lifted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
