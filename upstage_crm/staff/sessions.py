"""Signed-in browsers: an opaque cookie, of which we keep the hash only."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import trail
from upstage_crm.audit.events import OUTSIDER, Action, AuditEvent, Channel
from upstage_crm.core.email_address import InvalidEmail, parse_email
from upstage_crm.staff.accounts import find_by_email_key, member_of
from upstage_crm.staff.roles import StaffMember
from upstage_crm.staff.tables import StaffRow, StaffSessionRow

IDLE_LIFE = timedelta(hours=2)
ABSOLUTE_LIFE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)  # how stale `last_seen_at` may be: not a write per event
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is stored for a sign-in name; `staff_id` is None when nobody may sign in with it."""

    staff_id: str | None
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session and the member behind it."""

    session_id: str
    member: StaffMember
    is_stale: bool


def credentials(session: Session, email: str) -> Credentials:
    """What to check a password against. Disabled and unknown accounts look alike."""
    try:
        row = find_by_email_key(session, parse_email(email).key)
    except InvalidEmail:
        row = None
    if row is None or row.disabled_at is not None:
        return Credentials(None, None)
    return Credentials(row.id, row.password_hash)


def begin(
    session: Session, *, staff_id: str, user_agent: str, ip_prefix: str, now: datetime
) -> str:
    """Start a session for a member whose password was checked; return the cookie's value."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    member = member_of(session.get_one(StaffRow, staff_id))
    session.add(
        StaffSessionRow(
            id=_hash(token),
            staff_id=staff_id,
            created_at=now,
            last_seen_at=now,
            user_agent=user_agent[:200],
            ip_prefix=ip_prefix[:64],
        )
    )
    session.flush()
    event = AuditEvent(action=Action.STAFF_SIGNED_IN, actor=member.as_actor(), channel=Channel.CRM)
    trail.record(session, [event], now=now)
    return token


def record_refusal(session: Session, *, email: str, now: datetime) -> None:
    """Note a refused sign-in. The name that was tried is a personal value: commitment only."""
    event = AuditEvent(
        action=Action.SIGN_IN_REFUSED,
        actor=OUTSIDER,
        channel=Channel.CRM,
        values={"tried": email[:254]},
    )
    trail.record(session, [event], now=now)


def find(session: Session, token: str, *, now: datetime) -> SignedIn | None:
    """The live session behind a cookie; None when unknown, ended, too old, idle or disabled."""
    if not token or len(token) > 100:
        return None
    query = select(StaffSessionRow, StaffRow).where(
        col(StaffSessionRow.id) == _hash(token), col(StaffRow.id) == col(StaffSessionRow.staff_id)
    )
    found = session.exec(query).first()
    if found is None:
        return None
    row, staff = found
    if (
        row.ended_at is not None
        or staff.disabled_at is not None
        or now >= row.created_at + ABSOLUTE_LIFE
        or now >= row.last_seen_at + IDLE_LIFE
    ):
        return None
    return SignedIn(row.id, member_of(staff), now >= row.last_seen_at + SEEN_EVERY)


def touch(session: Session, session_id: str, *, now: datetime) -> None:
    """Note that the session is in use."""
    session.connection().execute(
        sa.update(StaffSessionRow)
        .where(col(StaffSessionRow.id) == session_id)
        .values(last_seen_at=now)
    )


def end(session: Session, token: str, *, now: datetime) -> None:
    """Sign out; an unknown or ended session is no error."""
    signed_in = find(session, token, now=now)
    if signed_in is None:
        return
    session.connection().execute(
        sa.update(StaffSessionRow)
        .where(col(StaffSessionRow.id) == signed_in.session_id)
        .values(ended_at=now)
    )
    event = AuditEvent(
        action=Action.STAFF_SIGNED_OUT,
        actor=signed_in.member.as_actor(),
        channel=Channel.CRM,
    )
    trail.record(session, [event], now=now)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
