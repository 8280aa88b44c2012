"""What is remembered of browsers at the door: where a member was before, and what went wrong."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import seals, trail
from upstage_crm.audit.events import Action, AuditEvent, Channel
from upstage_crm.core.db import table_of, take_turns
from upstage_crm.core.email_address import InvalidEmail, parse_email
from upstage_crm.core.ids import new_id
from upstage_crm.staff.accounts import get_member
from upstage_crm.staff.auth import throttle
from upstage_crm.staff.auth.sessions import hash_of
from upstage_crm.staff.auth.throttle import (
    WINDOW,
    Tries,
)
from upstage_crm.staff.tables import SignInFailureRow, StaffDeviceRow

KEPT = timedelta(days=1)  # how long a failure is kept at all

_failure = table_of(SignInFailureRow)


class Subject(StrEnum):
    """What is tried at the door."""

    PASSWORD = "password"  # noqa: S105  # a word, no password
    PROOF = "proof"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an attempt comes from: the visitor's network, and the cookie that names the browser."""

    network: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt. `key` is the hash of the name that is tried, `place` where it comes from."""

    key: str
    place: str
    is_known: bool


@dataclass(frozen=True, slots=True)
class Device:
    """A browser: the value of its cookie, and whether the member never signed in there before.

    The first browser of an account is no news.
    """

    token: str
    is_news: bool


def recognise(session: Session, *, staff_id: str, token: str, now: datetime) -> Device:
    """Note that a member signed in with this browser; an unknown one gets a token of its own."""
    rows = session.exec(select(StaffDeviceRow).where(StaffDeviceRow.staff_id == staff_id))
    known = {row.device: row for row in rows if _is_ours(session, row)}
    if token and hash_of(token) in known:
        row = known[hash_of(token)]
        row.last_at = now
        session.add(row)
        session.flush()
        return Device(token, is_news=False)
    token = token if 20 <= len(token) <= 100 else secrets.token_urlsafe(24)
    row = StaffDeviceRow(staff_id=staff_id, device=hash_of(token), first_at=now, last_at=now)
    seals.put(session, row)
    session.add(row)
    session.flush()
    if known:
        event = AuditEvent(
            action=Action.NEW_DEVICE,
            actor=get_member(session, staff_id).as_actor(),
            channel=Channel.CRM,
        )
        trail.record(session, [event], now=now)
    return Device(token, is_news=bool(known))


def is_known(session: Session, *, staff_id: str | None, token: str) -> bool:
    """Whether a member has signed in with this browser before."""
    if staff_id is None or not token or len(token) > 100:
        return False
    row = session.get(StaffDeviceRow, (staff_id, hash_of(token)))
    return row is not None and _is_ours(session, row)


def attempt(
    session: Session,
    subject: Subject,
    *,
    name: str,
    staff_id: str | None,
    source: Source,
) -> Attempt:
    """What is about to be tried: with which name, and from where.

    A browser that signed in to this account before is a place of its own. So whatever strangers do,
    in the same network or elsewhere, does not count against it. That does not hold for proofs: with
    the password alone an attacker makes any number of browsers known, and then guesses codes.
    """
    has_device = subject is not Subject.PROOF and is_known(
        session, staff_id=staff_id, token=source.device
    )
    key, place = _spelled(name), source.network
    if has_device:
        place = f"device {hash_of(source.device)[:40]}"
    if subject is not Subject.PASSWORD:
        # Counted apart: asking for a link is no guess, and strangers have no session to prove.
        key, place = f"{subject} {key}", f"{subject} {place}"
    return Attempt(key=hash_of(key), place=place, is_known=has_device)


def reserve(session: Session, attempt: Attempt, *, now: datetime) -> timedelta:
    """Count an attempt as wrong before it is checked; return how long to wait, mostly zero.

    When the answer is not zero, nothing was counted and nothing may be checked. Commit before
    checking: of many attempts at once, each must see those before it. One that turns out right is
    forgiven.
    """
    take_turns(session, "attempts at the door")
    pause = throttle.wait(
        tries(session, attempt, now=now), is_known_device=attempt.is_known, now=now
    )
    if pause:
        return pause
    old = _failure.c.at < sa.bindparam("old", now - KEPT, type_=_failure.c.at.type)
    session.connection().execute(sa.delete(_failure).where(old))
    session.add(SignInFailureRow(id=new_id(now), name=attempt.key, network=attempt.place, at=now))
    session.flush()
    return pause


def tries(session: Session, attempt: Attempt, *, now: datetime) -> Tries:
    """What went wrong lately with this name and from this place; a known browser's own only."""
    since = now - WINDOW
    recent = _failure.c.at > sa.bindparam("since", since, type_=_failure.c.at.type)
    is_name, is_place = _failure.c.name == attempt.key, _failure.c.network == attempt.place
    counted = sa.select(
        sa.func.count().filter(is_name, is_place),
        sa.func.count().filter(is_place),
        sa.func.count().filter(is_name),
        sa.func.max(_failure.c.at),
    ).where(recent, is_place if attempt.is_known else sa.or_(is_name, is_place))
    pair, by_place, by_name, last_at = session.connection().execute(counted).one()
    return Tries(pair=pair, network=by_place, name=by_name, last_at=last_at)


def forgive(session: Session, attempt: Attempt) -> None:
    """Forget what went wrong with a name from a place, because it just went right."""
    session.connection().execute(
        sa.delete(SignInFailureRow).where(
            col(SignInFailureRow.name) == attempt.key,
            col(SignInFailureRow.network) == attempt.place,
        )
    )


def _is_ours(session: Session, row: StaffDeviceRow) -> bool:
    return seals.is_sealed(session, "staff_device", row.model_dump())


def _spelled(name: str) -> str:
    """A name that was tried, in the spelling that counts."""
    try:
        return parse_email(name).key
    except InvalidEmail:
        return name.strip().casefold()[:254]
