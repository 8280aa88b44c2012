"""What is remembered of browsers at the door: where a member was before, and what went wrong."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import seals, trail
from upstage_crm.audit.events import Action, AuditEvent, Channel
from upstage_crm.core.db import table_of
from upstage_crm.core.email_address import InvalidEmail, parse_email
from upstage_crm.core.ids import new_id
from upstage_crm.staff.accounts import get_member
from upstage_crm.staff.sessions import hash_of
from upstage_crm.staff.tables import SignInFailureRow, StaffDeviceRow
from upstage_crm.staff.throttle import WINDOW, Tries

KEPT = timedelta(days=1)  # how long a failure is kept at all

_failure = table_of(SignInFailureRow)


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


def tries(session: Session, *, name: str, network: str, now: datetime) -> Tries:
    """What went wrong lately with this name and from this network."""
    key, since = _key(name), now - WINDOW
    recent = _failure.c.at > sa.bindparam("since", since, type_=_failure.c.at.type)
    is_name, is_network = _failure.c.name == key, _failure.c.network == network
    counted = sa.select(
        sa.func.count().filter(is_name, is_network),
        sa.func.count().filter(is_network),
        sa.func.count().filter(is_name),
        sa.func.max(_failure.c.at),
    ).where(recent, sa.or_(is_name, is_network))
    pair, by_network, by_name, last_at = session.connection().execute(counted).one()
    return Tries(pair=pair, network=by_network, name=by_name, last_at=last_at)


def note_failure(session: Session, *, name: str, network: str, now: datetime) -> None:
    """Count a wrong password or code; what is older than a day is forgotten."""
    old = _failure.c.at < sa.bindparam("old", now - KEPT, type_=_failure.c.at.type)
    session.connection().execute(sa.delete(_failure).where(old))
    session.add(SignInFailureRow(id=new_id(now), name=_key(name), network=network, at=now))
    session.flush()


def forgive(session: Session, *, name: str, network: str) -> None:
    """Forget what went wrong with a name from a network, because it just went right."""
    session.connection().execute(
        sa.delete(SignInFailureRow).where(
            col(SignInFailureRow.name) == _key(name), col(SignInFailureRow.network) == network
        )
    )


def _is_ours(session: Session, row: StaffDeviceRow) -> bool:
    return seals.is_sealed(session, "staff_device", row.model_dump())


def _key(name: str) -> str:
    """The name that was tried, in the spelling that counts, as a hash."""
    try:
        return hash_of(parse_email(name).key)
    except InvalidEmail:
        return hash_of(name.strip().casefold()[:254])
