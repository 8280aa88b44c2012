"""Tells the holders of tickets on the day of a performance: planned when it is due, never before.

So what was moved, passed on or returned until then is as it is, and who buys later has the
confirmation. One row for each holder makes it one mail; holders with one mailbox share it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import recorded
from upstage_crm.audit.errors import RowNotProven
from upstage_crm.core.db import insert_unless_there, table_of
from upstage_crm.core.ids import new_id
from upstage_crm.mail import outbox
from upstage_crm.mail.compose import PreparedMail
from upstage_crm.mail.message import MailKind
from upstage_crm.orders.errors import LettersSent
from upstage_crm.orders.letters.letter_facts import Bought, visits
from upstage_crm.orders.letters.letter_rules import LetterOutcome, due_at, mailboxes
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.orders.letters.tables import DayOfMailRow
from upstage_crm.orders.order_contacts import CONTACT
from upstage_crm.orders.queries import ticket_view
from upstage_crm.orders.steps import ORDER, TICKET
from upstage_crm.orders.transfers import offer_rows
from upstage_crm.orders.transfers.ticket_offers import OFFER, TRANSFER
from upstage_crm.orders.transfers.views import TransferState
from upstage_crm.orders.views import TicketState
from upstage_crm.organisation.settings import details
from upstage_crm.patrons import queries as patrons
from upstage_crm.programme import queries as programme
from upstage_crm.programme.views import PerformanceState

_log = logging.getLogger(__name__)

AHEAD = timedelta(hours=36)  # no mail is due earlier before its performance
MOST_AT_ONCE = 50
_ROW = table_of(DayOfMailRow)
_TOLD_OF = (PerformanceState.ON_SALE, PerformanceState.PAUSED)

# A ticket that was given away is its recipient's, whose record is none of the buyer's.
_IS_HELD = sa.and_(TRANSFER.c.ticket_id == TICKET.c.id, TRANSFER.c.state == TransferState.HELD)
_HOLDER = sa.func.coalesce(OFFER.c.id, TICKET.c.holder_id, TICKET.c.order_id)
_PATRON = sa.case((OFFER.c.id.is_(None), TICKET.c.holder_id), else_=None)

InWindow = Callable[[Session, str], bool]
"""Whether a change of the address of a patron's record can still be undone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A ticket that is due, with its holder and the mailbox that bought it."""

    holder: str
    patron_id: str | None
    bought: Bought
    email: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfLetters:
    """The letters to some holders, with what becomes of each of their rows."""

    outcomes: dict[str, LetterOutcome]
    mails: tuple[PreparedMail, ...]


def due(session: Session, *, now: datetime) -> tuple[str, ...]:
    """The performances that have not begun and whose holders are to be told by now."""
    zone_of = details(session).zone_of
    found = programme.between(session, start=now, end=now + AHEAD)
    return tuple(
        each.id
        for each in found
        if each.state in _TOLD_OF and due_at(each.starts_at, zone_of(each.zone)) <= now
    )


def plan(session: Session, performance_id: str, *, now: datetime) -> int:
    """Write a row for every holder who bought before the mail was due; return how many are new."""
    new = _unplanned(session, performance_id)
    for holder, patron_id in new:
        values = {
            "id": new_id(now),
            "performance_id": performance_id,
            "holder": holder,
            "patron_id": patron_id,
            "planned_at": now,
        }
        session.connection().execute(insert_unless_there(session, _ROW), values)
    return len(new)


def has_unplanned(session: Session, performance_id: str) -> bool:
    """Whether a holder has no row yet."""
    return bool(_unplanned(session, performance_id))


def write(
    session: Session,
    performance_id: str,
    *,
    mailer: OrderMailer,
    in_window: InWindow,
    now: datetime,
) -> DayOfLetters | None:
    """Write the letters to the next holders who are to be told; None when there are none left."""
    query = (
        sa.select(_ROW)
        .where(_ROW.c.performance_id == performance_id, _ROW.c.told_at.is_(None))
        .order_by(_ROW.c.id)
        .limit(MOST_AT_ONCE)
    )
    rows = session.connection().execute(query).all()
    if not rows:
        return None
    held = _held(session, performance_id, rows)
    boxes: dict[tuple[str, bool], list[_Held]] = defaultdict(list)
    outcomes = dict.fromkeys((row.id for row in rows), LetterOutcome.NO_TICKET)
    row_of = {row.holder: row.id for row in rows}
    for each in held:
        own, open_window = _own(session, each.patron_id, in_window)
        found = mailboxes(each.email, own, in_window=open_window)
        for box in found:
            boxes[box.address, box.has_tickets].append(each)
        told = LetterOutcome.MAILED if found else LetterOutcome.NO_ADDRESS
        outcomes[row_of[each.holder]] = told
    mails = [
        _letter(session, address, has_tickets, mine, row_of, mailer, now)
        for (address, has_tickets), mine in sorted(boxes.items(), key=lambda item: item[0])
    ]
    return DayOfLetters(outcomes=outcomes, mails=tuple(mails))


def post(session: Session, letters: DayOfLetters, *, now: datetime) -> None:
    """Queue letters and note all their rows.

    Raises:
        LettersSent: another process was first with one of them: then all are written anew.
    """
    for row_id, outcome in letters.outcomes.items():
        noted = (
            sa.update(_ROW)
            .where(_ROW.c.id == row_id, _ROW.c.told_at.is_(None))
            .values(told_at=now, outcome=outcome)
        )
        if session.connection().execute(noted).rowcount != 1:
            raise LettersSent
    for mail in letters.mails:
        outbox.enqueue_prepared(session, mail, now=now)


def pass_over(session: Session, *, now: datetime) -> None:
    """Tell no one of what is due now: it was told before there were rows, as in invented data."""
    for performance_id in due(session, now=now):
        plan(session, performance_id, now=now)
    told = sa.update(_ROW).where(_ROW.c.told_at.is_(None))
    session.connection().execute(told.values(told_at=now, outcome=LetterOutcome.MAILED))


def _tickets(session: Session, performance_id: str) -> sa.FromClause:
    """Tickets with the offers that gave them away; one that is not ours gave nothing away."""
    here = sa.select(TICKET.c.id).where(TICKET.c.performance_id == performance_id)
    held = sa.and_(TRANSFER.c.ticket_id.in_(here), TRANSFER.c.state == TransferState.HELD)
    forged = offer_rows.forged(session, held)
    is_it = sa.and_(OFFER.c.id == TRANSFER.c.offer_id, OFFER.c.id.not_in(forged))
    return TICKET.outerjoin(TRANSFER, _IS_HELD).outerjoin(OFFER, is_it)


def _unplanned(session: Session, performance_id: str) -> list[tuple[str, str | None]]:
    """Holders of valid tickets without a row, who bought before the mail was due."""
    [performance] = programme.performances(session, [performance_id])
    due_since = due_at(performance.starts_at, details(session).zone_of(performance.zone))
    query = (
        sa.select(_HOLDER.label("holder"), _PATRON.label("patron_id"))
        .select_from(_tickets(session, performance_id))
        .where(
            TICKET.c.performance_id == performance_id,
            TICKET.c.state == TicketState.VALID,
            sa.func.coalesce(OFFER.c.answered_at, TICKET.c.created_at) < due_since,
            ~sa.exists().where(_ROW.c.performance_id == performance_id, _ROW.c.holder == _HOLDER),
        )
        .distinct()
        .order_by(_HOLDER)
    )
    return [(row.holder, row.patron_id) for row in session.connection().execute(query)]


def _held(session: Session, performance_id: str, rows: Sequence[Any]) -> list[_Held]:
    query = (
        sa.select(
            TICKET,
            ORDER.c.reference,
            ORDER.c.currency,
            _HOLDER.label("holder"),
            _PATRON.label("patron_id"),
            sa.func.coalesce(OFFER.c.email, CONTACT.c.email).label("email"),
            sa.func.coalesce(OFFER.c.language, CONTACT.c.language).label("language"),
        )
        .select_from(_tickets(session, performance_id))
        .join(ORDER, ORDER.c.id == TICKET.c.order_id)
        .join(CONTACT, CONTACT.c.order_id == ORDER.c.id)
        .where(
            TICKET.c.performance_id == performance_id,
            TICKET.c.state == TicketState.VALID,
            _HOLDER.in_([row.holder for row in rows]),
        )
        .order_by(TICKET.c.id)
    )
    return [
        _Held(
            holder=row.holder,
            patron_id=row.patron_id,
            bought=Bought(ticket=ticket_view(row), reference=row.reference, currency=row.currency),
            email=row.email,
            language=row.language,
        )
        for row in session.connection().execute(query)
    ]


def _own(session: Session, patron_id: str | None, in_window: InWindow) -> tuple[str, bool]:
    """The proven mailbox of a holder's record, "" without one, and whether its window runs.

    A record that is not what the trail says gets no tickets: they go where they were bought.
    """
    if patron_id is None:
        return "", False
    try:
        recorded.prove(session, "patron", patron_id)
    except RowNotProven:
        _log.error("no ticket goes to the address of patron %s: it is not proven", patron_id)
        return "", False
    record = patrons.get(session, patron_id)
    is_proven = record.email_verified_at is not None and record.email_bounced_at is None
    own = (record.values["email"] or "") if is_proven and not record.is_erased else ""
    return own, bool(own) and in_window(session, patron_id)


def _letter(
    session: Session,
    address: str,
    has_tickets: bool,  # half of what one mailbox is told by
    mine: Sequence[_Held],
    row_of: dict[str, str],
    mailer: OrderMailer,
    now: datetime,
) -> PreparedMail:
    [visit] = visits(
        session,
        [each.bought for each in mine],
        language=mine[0].language,
        kid=mailer.kid,
        now=now,
    )
    references = ", ".join(dict.fromkeys(each.bought.reference for each in mine))
    return mailer.prepare(
        session,
        MailKind.DAY_OF,
        to=address,
        language=mine[0].language,
        reference=references,
        said={"visit": visit.lines, "has_tickets": has_tickets},
        drawings=visit.drawings if has_tickets else (),
        key=f"day_of/{row_of[mine[0].holder]}/{'tickets' if has_tickets else 'word'}",
        patron_id=mine[0].patron_id,
        now=now,
    )
