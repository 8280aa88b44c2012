"""What the patron list can be narrowed to, each as a condition on the table `patron`. Pure.

An index finds the patrons of every condition that few of them fulfil. The words of a condition that
an index names (`status <> 'active'`) are written out: SQLite compares them as text.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from upstage_crm.core import counting
from upstage_crm.core.db import on_the_way, table_of
from upstage_crm.patrons.tables import PatronKind, PatronRow, PatronStatus
from upstage_crm.patrons.tags import tagged


class EmailIs(StrEnum):
    """The state of a record's email address."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    BOUNCED = "bounced"
    NONE = "none"


_patron = table_of(PatronRow)
_NOT_ACTIVE = sa.text("patron.status <> 'active'")


def has_tag(tag: str) -> sa.ColumnElement[bool]:
    """The patron has this tag, whatever the case of its letters."""
    return _patron.c.id.in_(tagged(tag))


def has_status(status: PatronStatus) -> sa.ColumnElement[bool]:
    """The record is in this state."""
    is_it = _patron.c.status == status
    return is_it if status is PatronStatus.ACTIVE else sa.and_(_NOT_ACTIVE, is_it)


def is_kind(kind: PatronKind) -> sa.ColumnElement[bool]:
    """The patron is a person, or an organisation."""
    if kind is PatronKind.ORGANISATION:
        return sa.and_(sa.text("patron.kind = 'organisation'"))
    return _patron.c.kind == kind


def lives_in(city: str) -> sa.ColumnElement[bool]:
    """The town or city of the postal address is this one."""
    return _patron.c.address_city == city


def in_country(code: str) -> sa.ColumnElement[bool]:
    """The country of the postal address is this one."""
    return _patron.c.address_country == code


def email_is(state: EmailIs) -> sa.ColumnElement[bool]:
    """The email address is proven, not proven, has bounced, or is not known."""
    if state is EmailIs.NONE:
        return _patron.c.email_key.is_(None)
    if state is EmailIs.BOUNCED:
        return sa.and_(sa.text("patron.email_bounced_at IS NOT NULL"))
    is_there = on_the_way(_patron.c.email_key.is_not(None))
    proven = _patron.c.email_verified_at
    is_proven = proven.is_not(None) if state is EmailIs.PROVEN else proven.is_(None)
    return sa.and_(is_there, is_proven, _patron.c.email_bounced_at.is_(None))


def is_flagged() -> sa.ColumnElement[bool]:
    """The record is in dispute."""
    return sa.and_(sa.text("patron.is_flagged"))


def changed_since(moment: datetime) -> sa.ColumnElement[bool]:
    """The record was changed then or later."""
    return _patron.c.updated_at >= moment


def unchanged_since(moment: datetime) -> sa.ColumnElement[bool]:
    """The record was changed last before then."""
    return _patron.c.updated_at < moment


def has_twin() -> sa.ColumnElement[bool]:
    """The record may be about the same person as another: see `twins`."""
    return _patron.c.id.in_(twins())


def twins() -> sa.Select[str]:
    """The ids of live patrons who share name and phone with another one, of the latest changes.

    `COUNTED` records are looked at, however many there are.
    """
    columns = (_patron.c.id, _patron.c.phone_key, _patron.c.sort_name, _patron.c.status)
    latest = (
        sa.select(*columns).order_by(_patron.c.updated_at.desc()).limit(counting.COUNTED).subquery()
    )
    other = _patron.alias("other")
    is_same = sa.exists().where(
        other.c.phone_key == latest.c.phone_key,
        other.c.id != latest.c.id,
        other.c.sort_name == latest.c.sort_name,
        other.c.status == PatronStatus.ACTIVE,
    )
    return sa.select(latest.c.id).where(latest.c.status == PatronStatus.ACTIVE, is_same)
