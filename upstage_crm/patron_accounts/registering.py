"""A newcomer registers: what was typed waits beside the sign-in that was asked for with it.

Only the mailbox that proves itself makes a record of it: no one takes an address that is not
theirs, and a name alone makes no record.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from upstage_crm.audit import seals
from upstage_crm.audit.events import PATRON_AT_CURRENT, Channel
from upstage_crm.core.db import table_of
from upstage_crm.orders import filing
from upstage_crm.patron_accounts.tables import PatronRegistrationRow, PatronSignInRow
from upstage_crm.patrons import commands, suppressions
from upstage_crm.patrons import queries as patrons
from upstage_crm.patrons.fields import Context
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.command_context import CommandContext

NAMES: Final = ("given_name", "family_name")
# With five tries each, guessing finds one code of a million in some forty years.
MOST_MAILS: Final = ((timedelta(hours=1), 5), (timedelta(days=1), 15))
_registration = table_of(PatronRegistrationRow)
_sign_in = table_of(PatronSignInRow)


def parse(raw: Mapping[str, str], parsing: Context) -> Mapping[str, str]:
    """The email and, where they were typed, the names, as a record would hold them.

    Raises:
        Invalid: a value is refused.
    """
    columns = commands.first_columns(raw, parsing)
    return {name: columns[name] or "" for name in ("email", "email_key", *NAMES)}


def is_free(session: Session, email_key: str) -> bool:
    """Whether an address belongs to no live record, and its owner has not told us to stop.

    Raises:
        RowNotProven: a suppression was lifted, and not by two staff members.
    """
    is_known = patrons.find_live_id(session, email_key) is not None
    return not is_known and suppressions.cause_of(session, email_key) is None


def keep(
    session: Session, sign_in_id: str, typed: Mapping[str, str], *, language: str, now: datetime
) -> None:
    """Keep what a newcomer typed (see `parse`) beside the sign-in; the caller has added that."""
    row = PatronRegistrationRow(id=sign_in_id, language=language, created_at=now, **typed)
    seals.put(session, row)
    session.add(row)
    session.flush()


def is_too_often(session: Session, email_key: str, *, now: datetime) -> bool:
    """Whether an address was mailed as many codes lately as there may be."""

    def is_full(within: timedelta, most: int) -> bool:
        lately = (
            sa.select(_registration.c.id)
            .where(
                _registration.c.email_key == email_key, _registration.c.created_at > now - within
            )
            .limit(most)
        )
        return len(session.connection().execute(lately).all()) >= most

    return any(is_full(within, most) for within, most in MOST_MAILS)


def email_of(session: Session, sign_in_id: str) -> str:
    """The address that waits beside a sign-in to be proven; "" when none does, or not any more.

    Raises:
        RowNotProven: the row that says so is not what was sealed.
    """
    row = session.get(PatronRegistrationRow, sign_in_id)
    if row is None:
        return ""
    seals.prove(session, "patron_registration", row.model_dump())
    return row.email if is_free(session, row.email_key) else ""


def add_record(context: CommandContext[object], sign_in_id: str) -> PatronRow | None:
    """Make a record of what waits beside a sign-in, and return it locked.

    The caller has the proof of the mailbox. What a guest bought with this address comes to the
    record. None where nothing waits, or another record has the address by now.

    Raises:
        RowNotProven: the row is not what was sealed.
    """
    session = context.session
    row = session.get(PatronRegistrationRow, sign_in_id)
    if not email_of(session, sign_in_id) or row is None:
        return None
    raw = {name: getattr(row, name) for name in ("email", *NAMES)}
    try:
        with session.begin_nested():
            patron_id = commands.add_unasked(
                context,
                raw=raw,
                language=row.language,
                actor=PATRON_AT_CURRENT,
                channel=Channel.PATRON_PAGE,
            )
    except IntegrityError as error:
        if commands.is_address_taken(error):
            return None
        raise
    email_key = row.email_key
    session.delete(row)
    session.flush()
    filing.adopt(context, email_key=email_key, patron_id=patron_id)
    return patrons.lock(session, patron_id)


def forget_old(session: Session, *, before: datetime) -> None:
    """Delete what waits beside sign-ins that ended before then."""
    old = sa.select(_sign_in.c.id).where(_sign_in.c.expires_at < before)
    session.connection().execute(sa.delete(_registration).where(_registration.c.id.in_(old)))
