"""Remembers every attempt to propose something, and counts them for the tripwires.

A proposal notes itself in its own transaction. A refused one leaves nothing behind, so whoever
called it notes it in a transaction of its own: `note_refused` is for every such edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from upstage_crm.change_requests.limits import alerts
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.errors import TooManyProposals
from upstage_crm.change_requests.model.rules import AttemptOutcome
from upstage_crm.change_requests.model.tables import ProposalAttemptRow
from upstage_crm.change_requests.model.thresholds import (
    BLINK,
    DAY,
    HOUR,
    PACE,
    Counts,
    Ruling,
    Thresholds,
    Verdict,
    Wire,
    night_began,
)
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.core.db import table_of
from upstage_crm.core.email_address import InvalidEmail, parse_email
from upstage_crm.core.errors import Invalid, UpstageError
from upstage_crm.core.ids import new_id
from upstage_crm.links.codec import LinkCodec
from upstage_crm.organisation.settings import details
from upstage_crm.patrons.advice import COMMON_DOMAINS, registered_domain
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.roles import StaffMember

KEPT = timedelta(days=30)  # the longest window is a day; the rest is for whoever looks into it

_attempt, _patron = table_of(ProposalAttemptRow), table_of(PatronRow)
_PROPOSALS = (AttemptOutcome.PROPOSED, AttemptOutcome.REPLACED)
# What a patron or an address may have been bothered by, or was meant to be.
_AIMED = (*_PROPOSALS, AttemptOutcome.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Which mailbox a proposal aims at: its domain, and a hash of it; "" when it is none."""

    domain: str = ""
    address_hash: str = ""


def aim_of(changes: Mapping[str, Mapping[str, str]], codec: LinkCodec) -> Aim:
    """The mailbox behind what somebody typed, as far as it is one.

    What stands behind a `+` does not make another mailbox, nor a subdomain another domain.
    """
    for key, raw in changes.items():
        column = FIELDS[key].mailbox_column if key in FIELDS else None
        try:
            address = parse_email(raw.get(column, "")) if column else None
        except InvalidEmail:
            address = None
        if address is not None:
            local, _, domain = address.key.partition("@")
            ascii_domain = address.ascii_domain
            is_common = ascii_domain in COMMON_DOMAINS
            return Aim(
                domain=ascii_domain if is_common else registered_domain(ascii_domain),
                address_hash=codec.keyed_hash(f"{local.partition('+')[0]}@{domain}"),
            )
    return Aim()


def note(
    session: Session,
    *,
    actor: StaffMember,
    patron_id: str | None,
    aim: Aim,
    outcome: AttemptOutcome,
    now: datetime,
    decides_alone: bool = False,
) -> None:
    """Remember one attempt."""
    row = {
        "id": new_id(now),
        "staff_id": actor.id,
        "patron_id": patron_id,
        "domain": aim.domain,
        "address_hash": aim.address_hash,
        "outcome": outcome,
        "decides_alone": decides_alone,
        "at": now,
    }
    session.connection().execute(sa.insert(_attempt), row)


def note_refused(
    session: Session,
    *,
    actor: StaffMember,
    patron_id: str,
    changes: Mapping[str, Mapping[str, str]],
    error: UpstageError,
    notifier: Notifier,
    now: datetime,
) -> None:
    """Remember an attempt that was refused with `error`; its own transaction was taken back.

    Whoever passes the limit of attempts has an alert from then on, too.
    """
    outcome = AttemptOutcome.REFUSED
    if isinstance(error, TooManyProposals):
        outcome = AttemptOutcome.LIMITED
    elif isinstance(error, Invalid):
        outcome = AttemptOutcome.MISTYPED
    alerts.lock_member(session, actor.id)
    is_known = session.get(PatronRow, patron_id) is not None
    note(
        session,
        actor=actor,
        patron_id=patron_id if is_known else None,
        aim=aim_of(changes, notifier.codec),
        outcome=outcome,
        now=now,
    )
    limit = policy_store.current(session).thresholds.attempts
    count = _tried(session, actor.id, since=_floor(session, actor.id, now - HOUR), now=now)
    if count > limit and alerts.find_open(session, actor.id) is None:
        ruling = Ruling(verdict=Verdict.QUARANTINE, wire=Wire.ATTEMPTS, count=count, limit=limit)
        alerts.open_now(session, actor=actor, ruling=ruling, notifier=notifier, now=now)


def count(
    session: Session,
    *,
    actor: StaffMember,
    patron: PatronRow,
    aim: Aim,
    is_replacing: bool,
    decides_alone: bool,
    thresholds: Thresholds,
    now: datetime,
) -> tuple[Counts, int]:
    """What the tripwires judge, the attempt that is being made included; and the local hour.

    After somebody has looked into an alert, a member's bursts are counted from then on. What is
    dated later than now (another machine's clock, or a clock that was put right) counts for no
    window: it would count for every one until its time has come.
    """
    local = now.astimezone(details(session).zone)
    night = night_began(local, thresholds).astimezone(now.tzinfo)
    floor = alerts.last_closed(session, actor.id)
    hour, pace = _after(floor, now - HOUR), _after(floor, now - PACE)
    blink = _after(floor, now - BLINK)
    is_proposal = _attempt.c.outcome.in_(_PROPOSALS)
    sums = {
        "blink": sa.and_(is_proposal, _attempt.c.at > blink),
        "recent": sa.and_(is_proposal, _attempt.c.at > pace),
        "replacing": sa.and_(_attempt.c.outcome == AttemptOutcome.REPLACED, _attempt.c.at > blink),
        "alone": sa.and_(is_proposal, _attempt.c.decides_alone, _attempt.c.at > pace),
        "alone_hour": sa.and_(is_proposal, _attempt.c.decides_alone, _attempt.c.at > hour),
        "hour": sa.and_(is_proposal, _attempt.c.at > hour),
        "domain": sa.and_(is_proposal, _attempt.c.at > hour, _attempt.c.domain == aim.domain),
        "high_value": sa.and_(is_proposal, _attempt.c.at > hour, _patron.c.is_protected),
        "night": sa.and_(is_proposal, _attempt.c.at >= _after(floor, night)),
        "attempts": _attempt.c.at > now - HOUR,
    }
    query = (
        sa.select(*(_sum(wanted).label(name) for name, wanted in sums.items()))
        .select_from(_attempt.outerjoin(_patron, _patron.c.id == _attempt.c.patron_id))
        .where(
            _attempt.c.staff_id == actor.id,
            _attempt.c.at >= min(night, now - HOUR),
            _attempt.c.at <= now,
        )
    )
    own = session.connection().execute(query).one()
    counts = Counts(
        blink=own.blink + 1,
        recent=own.recent + 1,
        replacing=own.replacing + 1 if is_replacing else 0,
        alone=own.alone + 1 if decides_alone else 0,
        alone_hour=own.alone_hour + 1 if decides_alone else 0,
        hour=own.hour + 1,
        domain=own.domain + 1 if aim.domain else 0,
        is_common_domain=aim.domain in COMMON_DOMAINS,
        high_value=own.high_value + 1 if patron.is_protected else 0,
        night=own.night + 1,
        attempts=own.attempts + 1,
        patron=_aimed(session, _attempt.c.patron_id == patron.id, now) + 1,
        address=_aimed(session, _attempt.c.address_hash == aim.address_hash, now) + 1
        if aim.address_hash
        else 0,
        has_alert=alerts.find_open(session, actor.id) is not None,
    )
    return counts, local.hour


def forget(session: Session, *, patron_id: str) -> None:
    """Empty what attempts say of the mailboxes of a patron who is being erased."""
    session.connection().execute(
        sa.update(_attempt)
        .where(_attempt.c.patron_id == patron_id)
        .values(domain="", address_hash="")
    )


def has_old(session: Session, *, now: datetime) -> bool:
    """Whether `forget_old` has anything to do."""
    query = sa.select(_attempt.c.id).where(_attempt.c.at < now - KEPT).limit(1)
    return session.connection().execute(query).first() is not None


def forget_old(session: Session, *, now: datetime) -> int:
    """Delete what no limit and nobody looks at any more; return how many."""
    old = sa.delete(_attempt).where(_attempt.c.at < now - KEPT)
    return session.connection().execute(old).rowcount


def _sum(wanted: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((wanted, 1), else_=0)), 0)


def _tried(session: Session, staff_id: str, *, since: datetime, now: datetime) -> int:
    query = sa.select(sa.func.count()).where(
        _attempt.c.staff_id == staff_id, _attempt.c.at > since, _attempt.c.at <= now
    )
    return session.connection().execute(query).scalar_one()


def _aimed(session: Session, at: sa.ColumnElement[bool], now: datetime) -> int:
    query = sa.select(sa.func.count()).where(
        at,
        _attempt.c.at > now - DAY,
        _attempt.c.at <= now,
        col(ProposalAttemptRow.outcome).in_(_AIMED),
    )
    return session.connection().execute(query).scalar_one()


def _floor(session: Session, staff_id: str, since: datetime) -> datetime:
    return _after(alerts.last_closed(session, staff_id), since)


def _after(floor: datetime | None, since: datetime) -> datetime:
    return since if floor is None else max(floor, since)
