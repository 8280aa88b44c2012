"""Signed-in browsers of patrons: an opaque cookie, of which we keep the hash only.

A session ends after 30 days without use, when the patron ends it, and for good when the record has
another address, is in dispute or is erased: that is judged at each use.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import recorded, seals, trail
from upstage_crm.audit.errors import RowNotProven
from upstage_crm.audit.events import PATRON_AT_CURRENT, Action, AuditEvent, Channel
from upstage_crm.core.db import table_of
from upstage_crm.patron_accounts import holders
from upstage_crm.patron_accounts.tables import PatronSessionRow, PatronSignInRow
from upstage_crm.patron_accounts.views import AccountSession, SignedInPatron
from upstage_crm.patrons.tables import PatronRow

IDLE_LIFE: Final = timedelta(days=30)
SEEN_EVERY: Final = timedelta(hours=1)  # how stale `last_seen_at` may be: not a write per page
_TOKEN_BYTES: Final = 32
_LONGEST: Final = 100  # characters of a cookie

_session = table_of(PatronSessionRow)
_sign_in = table_of(PatronSignInRow)


def begin(session: Session, row: PatronRow, *, browser: str, now: datetime) -> str:
    """Start a session for a patron whose mailbox has just proven itself; return the cookie's value.

    The caller records it in the trail.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    made = PatronSessionRow(
        id=hash_of(token),
        patron_id=row.id,
        email_key=row.email_key or "",
        browser=browser[:60],
        created_at=now,
        last_seen_at=now,
    )
    seals.put(session, made)
    session.add(made)
    session.flush()
    return token


def find(session: Session, token: str, *, now: datetime) -> SignedInPatron | None:
    """The live session behind a cookie; None for one that opens nothing, for whatever cause."""
    if not token or len(token) > _LONGEST:
        return None
    query = select(PatronSessionRow, PatronRow).where(
        col(PatronSessionRow.id) == hash_of(token),
        col(PatronRow.id) == col(PatronSessionRow.patron_id),
    )
    found = session.exec(query).first()
    if found is None:
        return None
    row, patron = found
    try:
        if not _lives(session, row, patron, now):
            return None
    except RowNotProven:  # it is remembered for the next check, and opens nothing until then
        return None
    return SignedInPatron(
        session_id=row.id,
        patron_id=patron.id,
        email=patron.email or "",
        email_key=row.email_key,
        language=patron.language,
        is_stale=now >= row.last_seen_at + SEEN_EVERY,
    )


def touch(session: Session, session_id: str, *, now: datetime) -> None:
    """Note that the session is in use."""
    session.connection().execute(
        sa.update(_session).where(_session.c.id == session_id).values(last_seen_at=now)
    )


def of_patron(
    session: Session, signed_in: SignedInPatron, *, now: datetime
) -> tuple[AccountSession, ...]:
    """Where the patron is signed in, the browser that asks first, then the newest use first."""
    query = (
        select(PatronSessionRow)
        .where(
            PatronSessionRow.patron_id == signed_in.patron_id,
            PatronSessionRow.email_key == signed_in.email_key,
            col(PatronSessionRow.ended_at).is_(None),
            col(PatronSessionRow.last_seen_at) > now - IDLE_LIFE,
        )
        .order_by(col(PatronSessionRow.last_seen_at).desc())
    )
    found = [
        AccountSession(
            id=public_id(row.id),
            browser=row.browser,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            is_this=row.id == signed_in.session_id,
        )
        for row in session.exec(query)
        if not holders.has_moved_since(session, signed_in.patron_id, row.created_at)
    ]
    return tuple(sorted(found, key=lambda one: not one.is_this))


def kept(session: Session, patron_id: str) -> list[PatronSessionRow]:
    """Every session that a patron has had, the newest first, for the copy of their data."""
    query = select(PatronSessionRow).where(PatronSessionRow.patron_id == patron_id)
    return list(session.exec(query.order_by(col(PatronSessionRow.created_at).desc())))


def end(session: Session, signed_in: SignedInPatron, *, only: str, now: datetime) -> int:
    """End the session that `only` names, or every one of the patron with ""; return how many.

    One that is gone already is no error.
    """
    query = sa.select(_session.c.id).where(
        _session.c.patron_id == signed_in.patron_id, _session.c.ended_at.is_(None)
    )
    ids = list(session.connection().execute(query).scalars())
    wanted = [one for one in ids if only in {"", public_id(one)}]
    ended = session.connection().execute(
        sa.update(_session)
        .where(_session.c.id.in_(wanted), _session.c.ended_at.is_(None))
        .values(ended_at=now)
    )
    if ended.rowcount:
        event = AuditEvent(
            action=Action.PATRON_SIGNED_OUT,
            actor=PATRON_AT_CURRENT,
            channel=Channel.PATRON_PAGE,
            patron_id=signed_in.patron_id,
            facts={"count": ended.rowcount},
        )
        trail.record(session, [event], now=now)
    return ended.rowcount


def forget(session: Session, *, patron_id: str) -> None:
    """Delete what is kept of a patron's sign-ins, as part of an erasure."""
    for table in (_session, _sign_in):
        session.connection().execute(sa.delete(table).where(table.c.patron_id == patron_id))


def hash_of(token: str) -> str:
    """What is kept of a random secret that a browser holds."""
    return hashlib.sha256(token.encode()).hexdigest()


def public_id(session_id: str) -> str:
    """A name for a session that its owner's page may hold."""
    return hash_of(session_id)[:16]


def _lives(session: Session, row: PatronSessionRow, patron: PatronRow, now: datetime) -> bool:
    if row.ended_at is not None or now >= row.last_seen_at + IDLE_LIFE:
        return False
    if not seals.is_sealed(session, "patron_session", row.model_dump()):
        return False
    recorded.prove(session, "patron", patron.id)
    return holders.may_open(session, patron, row.email_key) and not holders.has_moved_since(
        session, patron.id, row.created_at
    )
