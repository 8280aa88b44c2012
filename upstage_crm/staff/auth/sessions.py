"""Signed-in browsers: an opaque cookie, of which we keep the hash only.

A password opens a session; when the account has a second factor, the session is good for nothing
but giving it. A member who proves again who they are gets a new cookie, and the old one is dead.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import recorded, seals, trail
from upstage_crm.audit.events import OUTSIDER, Action, AuditEvent, Channel
from upstage_crm.core.email_address import InvalidEmail, parse_email
from upstage_crm.staff.accounts import find_by_email_key, member_of
from upstage_crm.staff.auth import security
from upstage_crm.staff.roles import StaffMember
from upstage_crm.staff.tables import StaffRow, StaffSessionRow

IDLE_LIFE = timedelta(hours=2)
ABSOLUTE_LIFE = timedelta(hours=12)
HALF_OPEN_LIFE = timedelta(minutes=10)  # between the password and the second factor
FRESH_FOR = timedelta(minutes=15)  # how long a proof counts for what is sensitive
SEEN_EVERY = timedelta(minutes=1)  # how stale `last_seen_at` may be: not a write per event
TOKEN_BYTES = 32


class Stage(StrEnum):
    """How far a visitor has come in.

    `NEEDS_FACTOR`: the password was right, the second factor is outstanding. `MUST_ENROL`: the
    role asks for a second factor and the account has none, so there is one thing to do first.
    """

    NEEDS_FACTOR = "needs_factor"
    MUST_ENROL = "must_enrol"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is stored for a sign-in name; `staff_id` is None when no one may sign in with it."""

    staff_id: str | None
    password_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A live session and the member behind it."""

    session_id: str
    member: StaffMember
    is_stale: bool
    stage: Stage
    proven_at: datetime
    has_factor: bool

    def is_fresh(self, now: datetime) -> bool:
        """Whether the last proof is recent enough for what is sensitive."""
        return now < self.proven_at + FRESH_FOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """A signed-in browser as its owner sees it. `id` names it and opens nothing."""

    id: str
    user_agent: str
    ip_prefix: str
    created_at: datetime
    last_seen_at: datetime
    is_this: bool


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
    row = session.get_one(StaffRow, staff_id)
    recorded.prove(session, "staff", staff_id)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    _add(
        session,
        StaffSessionRow(
            id=hash_of(token),
            staff_id=staff_id,
            created_at=now,
            last_seen_at=now,
            user_agent=user_agent[:200],
            ip_prefix=ip_prefix[:64],
            proven_at=now,
            epoch=row.epoch,
        ),
    )
    facts = {"second_factor": "awaited" if row.second_factor_at is not None else "none"}
    event = AuditEvent(
        action=Action.STAFF_SIGNED_IN,
        actor=member_of(row).as_actor(),
        channel=Channel.CRM,
        facts=dict(facts),
    )
    trail.record(session, [event], now=now)
    return token


def prove(session: Session, signed_in: SignedIn, *, with_factor: str | None, now: datetime) -> str:
    """Turn a session into one that was proven just now; return its new cookie's value.

    `with_factor` names the second factor that was given, None when it was the password. The old
    cookie is dead: a thief who copied it before holds nothing.
    """
    old = own_row(session, signed_in)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    old.ended_at = now
    session.add(old)
    _add(
        session,
        StaffSessionRow(
            id=hash_of(token),
            staff_id=old.staff_id,
            created_at=old.created_at,
            last_seen_at=now,
            user_agent=old.user_agent,
            ip_prefix=old.ip_prefix,
            proven_at=now,
            factor_at=old.factor_at if with_factor is None else now,
            epoch=old.epoch,
        ),
    )
    event = AuditEvent(
        action=Action.STAFF_PROVEN,
        actor=signed_in.member.as_actor(),
        channel=Channel.CRM,
        facts={"by": with_factor or "password"},
    )
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
    """The session behind a cookie that is good for all of the member's work, else None."""
    found = find_any(session, token, now=now)
    return found if found is not None and found.stage is Stage.COMPLETE else None


def find_any(session: Session, token: str, *, now: datetime) -> SignedIn | None:
    """The live session behind a cookie, however far it has come.

    None when unknown, ended, too old, idle, disabled or not sealed by us.

    Raises:
        RowNotProven: the account is not what the trail says.
    """
    if not token or len(token) > 100:
        return None
    query = select(StaffSessionRow, StaffRow).where(
        col(StaffSessionRow.id) == hash_of(token), col(StaffRow.id) == col(StaffSessionRow.staff_id)
    )
    found = session.exec(query).first()
    if found is None:
        return None
    row, staff = found
    if row.ended_at is not None or staff.disabled_at is not None or not _lives(row, staff, now):
        return None
    if not seals.is_sealed(session, "staff_session", row.model_dump()):
        return None
    recorded.prove(session, "staff", staff.id)
    stage = Stage.COMPLETE
    if staff.second_factor_at is not None:
        stage = Stage.COMPLETE if row.factor_at is not None else Stage.NEEDS_FACTOR
    elif staff.role in security.current(session).second_factor:
        stage = Stage.MUST_ENROL
    return SignedIn(
        session_id=row.id,
        member=member_of(staff),
        is_stale=now >= row.last_seen_at + SEEN_EVERY,
        stage=stage,
        proven_at=row.proven_at or row.created_at,
        has_factor=staff.second_factor_at is not None,
    )


def touch(session: Session, session_id: str, *, now: datetime) -> None:
    """Note that the session is in use."""
    session.connection().execute(
        sa.update(StaffSessionRow)
        .where(col(StaffSessionRow.id) == session_id)
        .values(last_seen_at=now)
    )


def end(session: Session, token: str, *, now: datetime) -> None:
    """Sign out; an unknown or ended session is no error."""
    signed_in = find_any(session, token, now=now)
    if signed_in is None:
        return
    _end_where(session, col(StaffSessionRow.id) == signed_in.session_id, now=now)
    event = AuditEvent(
        action=Action.STAFF_SIGNED_OUT,
        actor=signed_in.member.as_actor(),
        channel=Channel.CRM,
    )
    trail.record(session, [event], now=now)


def own_row(session: Session, signed_in: SignedIn) -> StaffSessionRow:
    """The row of a session that was found before, in whatever transaction; locked.

    Raises:
        RowNotProven: it is no longer what was sealed, and must not be sealed again.
    """
    row = session.get_one(StaffSessionRow, signed_in.session_id, with_for_update=True)
    seals.prove(session, "staff_session", row.model_dump())
    return row


def browsers(session: Session, signed_in: SignedIn, *, now: datetime) -> tuple[Browser, ...]:
    """Where the member is signed in, the browser that asks first, then the newest first."""
    query = (
        select(StaffSessionRow)
        .where(
            StaffSessionRow.staff_id == signed_in.member.id, col(StaffSessionRow.ended_at).is_(None)
        )
        .order_by(col(StaffSessionRow.last_seen_at).desc())
    )
    staff = session.get_one(StaffRow, signed_in.member.id)
    found = [
        Browser(
            id=public_id(row.id),
            user_agent=row.user_agent,
            ip_prefix=row.ip_prefix,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            is_this=row.id == signed_in.session_id,
        )
        for row in session.exec(query)
        if _lives(row, staff, now)
    ]
    return tuple(sorted(found, key=lambda browser: not browser.is_this))


def end_one(session: Session, signed_in: SignedIn, browser_id: str, *, now: datetime) -> None:
    """End another browser's session of the same member; one that is gone already is no error."""
    query = select(StaffSessionRow.id).where(
        StaffSessionRow.staff_id == signed_in.member.id, col(StaffSessionRow.ended_at).is_(None)
    )
    wanted = [found for found in session.exec(query) if public_id(found) == browser_id]
    if wanted:
        _end_where(session, col(StaffSessionRow.id).in_(wanted), now=now)
        _note_ended(session, signed_in, len(wanted), now)


def end_others(session: Session, signed_in: SignedIn, *, now: datetime) -> int:
    """End every session of the member but this one; return how many there were."""
    ended = _end_where(
        session,
        col(StaffSessionRow.staff_id) == signed_in.member.id,
        col(StaffSessionRow.id) != signed_in.session_id,
        now=now,
    )
    if ended:
        _note_ended(session, signed_in, ended, now)
    return ended


def hash_of(token: str) -> str:
    """What is kept of a random secret that a browser holds."""
    return hashlib.sha256(token.encode()).hexdigest()


def public_id(session_id: str) -> str:
    """A name for a session that its owner's page may hold."""
    return hash_of(session_id)[:16]


def _lives(row: StaffSessionRow, staff: StaffRow, now: datetime) -> bool:
    is_half_open = staff.second_factor_at is not None and row.factor_at is None
    if is_half_open and now >= row.last_seen_at + HALF_OPEN_LIFE:
        return False
    is_young = now < row.created_at + ABSOLUTE_LIFE and now < row.last_seen_at + IDLE_LIFE
    return is_young and row.epoch == staff.epoch


def _add(session: Session, row: StaffSessionRow) -> None:
    seals.put(session, row)
    session.add(row)
    session.flush()


def _end_where(session: Session, *conditions: sa.ColumnElement[bool], now: datetime) -> int:
    result = session.connection().execute(
        sa.update(StaffSessionRow)
        .where(*conditions, col(StaffSessionRow.ended_at).is_(None))
        .values(ended_at=now)
    )
    return result.rowcount


def _note_ended(session: Session, signed_in: SignedIn, count: int, now: datetime) -> None:
    event = AuditEvent(
        action=Action.SESSIONS_ENDED,
        actor=signed_in.member.as_actor(),
        channel=Channel.CRM,
        facts={"count": count},
    )
    trail.record(session, [event], now=now)
