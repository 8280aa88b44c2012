"""Whose account a mailbox opens, and whether it does: asked at each sign-in and at each use."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.change_requests.model.rules import FieldOutcome
from upstage_crm.change_requests.model.tables import FieldChangeRow
from upstage_crm.change_requests.reads import evidence
from upstage_crm.core.db import table_of
from upstage_crm.patrons import queries as patrons
from upstage_crm.patrons import suppressions
from upstage_crm.patrons.tables import PatronRow, PatronStatus
from upstage_crm.patrons.visibility import MAILBOX

_change = table_of(FieldChangeRow)


def holder_of(session: Session, email_key: str) -> PatronRow | None:
    """The patron whose current address it is, if that mailbox may sign in.

    Raises:
        RowNotProven: a suppression was lifted, and not by two staff members.
    """
    patron_id = patrons.find_live_id(session, email_key) if email_key else None
    if patron_id is None:
        return None
    row = session.get_one(PatronRow, patron_id)
    return row if may_open(session, row, email_key) else None


def may_open(session: Session, row: PatronRow, email_key: str) -> bool:
    """Whether a mailbox opens the account of this record.

    The record is live and not in dispute, the address is its current one, and it takes mail.

    Raises:
        RowNotProven: a suppression was lifted, and not by two staff members.
    """
    if row.status is not PatronStatus.ACTIVE or not email_key or row.email_key != email_key:
        return False
    if evidence.is_frozen(session, row.id):
        return False
    return suppressions.cause_of(session, email_key, patron_id=row.id) is None


def has_moved_since(session: Session, patron_id: str, since: datetime) -> bool:
    """Whether the record got another address after `since`, even one that was put back."""
    wanted = sa.exists().where(
        _change.c.patron_id == patron_id,
        _change.c.field == MAILBOX.key,
        _change.c.outcome == FieldOutcome.APPLIED,
        _change.c.settled_at >= since,
    )
    return session.connection().execute(sa.select(wanted)).scalar_one()
