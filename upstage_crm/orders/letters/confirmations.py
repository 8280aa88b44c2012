"""Tells buyers of their orders: a row beside the step, a mail with tickets seconds later.

A letter is written before any lock is taken, and queued together with the note that it was. What it
says is the order as it is by then: who exchanges at once is sent the tickets that count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.core.money import in_words
from upstage_crm.mail import outbox
from upstage_crm.mail.compose import PreparedMail
from upstage_crm.mail.message import MailKind
from upstage_crm.orders import queries
from upstage_crm.orders.letters.letter_facts import Bought, visits
from upstage_crm.orders.letters.letter_rules import LetterOutcome
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.orders.letters.tables import OrderLetterRow
from upstage_crm.orders.steps import STEP
from upstage_crm.orders.transfers import ticket_offers as offers
from upstage_crm.orders.views import OrderView, StepKind, TicketView

MOST_AT_ONCE = 50
_LETTER = table_of(OrderLetterRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationLetter:
    """What becomes of one letter. `mails` are none where there is no ticket, or no address."""

    step_id: str
    outcome: LetterOutcome
    mails: tuple[PreparedMail, ...] = ()


def due(session: Session) -> tuple[str, ...]:
    """The steps whose buyers are still to be told, the earliest first; some of them at most."""
    query = (
        sa.select(_LETTER.c.step_id)
        .where(_LETTER.c.told_at.is_(None))
        .order_by(_LETTER.c.step_id)
        .limit(MOST_AT_ONCE)
    )
    return tuple(session.connection().execute(query).scalars())


def write(
    session: Session, step_id: str, *, mailer: OrderMailer, now: datetime
) -> ConfirmationLetter:
    """Write the letter about a step; nothing is changed yet."""
    step = session.connection().execute(sa.select(STEP).where(STEP.c.id == step_id)).one()
    order = queries.order(session, step.order_id)
    given = offers.held_of_order(session, order.id)
    own = [each for each in order.valid if each.id not in given]
    # Only new codes change a ticket that someone else holds.
    theirs = (
        [each for each in order.valid if each.id in given] if step.kind is StepKind.REISSUE else []
    )
    if not own and not theirs:
        return ConfirmationLetter(step_id=step_id, outcome=LetterOutcome.NO_TICKET)
    mails = _to_recipients(session, order, theirs, step_id, mailer=mailer, now=now)
    if own and order.contact.email:
        mails.append(_to_buyer(session, order, own, step, mailer=mailer, now=now))
    outcome = LetterOutcome.MAILED if mails else LetterOutcome.NO_ADDRESS
    return ConfirmationLetter(step_id=step_id, outcome=outcome, mails=tuple(mails))


def post(session: Session, letter: ConfirmationLetter, *, now: datetime) -> bool:
    """Queue a letter and note that it was; False when another process was first."""
    noted = (
        sa.update(_LETTER)
        .where(_LETTER.c.step_id == letter.step_id, _LETTER.c.told_at.is_(None))
        .values(told_at=now, outcome=letter.outcome)
    )
    if session.connection().execute(noted).rowcount != 1:
        return False
    for mail in letter.mails:
        outbox.enqueue_prepared(session, mail, now=now)
    return True


def _to_buyer(
    session: Session,
    order: OrderView,
    tickets: Sequence[TicketView],
    step: Any,
    *,
    mailer: OrderMailer,
    now: datetime,
) -> PreparedMail:
    language = order.contact.language
    told = visits(session, _bought(order, tickets), language=language, kid=mailer.kid, now=now)
    return mailer.prepare(
        session,
        MailKind.ORDER_CONFIRMATION,
        to=order.contact.email,
        language=language,
        reference=order.reference,
        said={
            "visits": [visit.lines for visit in told],
            "total_text": in_words(order.total, order.currency, language),
            "news": step.kind.value,
        },
        drawings=tuple(drawing for visit in told for drawing in visit.drawings),
        key=f"order_confirmation/{step.id}",
        patron_id=order.patron_id,
        now=now,
    )


def _to_recipients(
    session: Session,
    order: OrderView,
    tickets: Sequence[TicketView],
    step_id: str,
    *,
    mailer: OrderMailer,
    now: datetime,
) -> list[PreparedMail]:
    """The new codes of tickets that were given away, to who holds them."""
    ids = {each.id for each in tickets}
    mails: list[PreparedMail] = []
    for offer in offers.of_order(session, order.id, now=now) if ids else ():
        held = {each.id for each in offer.held_tickets}
        mine = [each for each in tickets if each.id in held]
        if not mine or not offer.email:
            continue
        told = visits(
            session, _bought(order, mine), language=offer.language, kid=mailer.kid, now=now
        )
        mails.append(
            mailer.prepare(
                session,
                MailKind.TICKETS_RECEIVED,
                to=offer.email,
                language=offer.language,
                reference=order.reference,
                said={
                    "visits": [visit.lines for visit in told],
                    "news": StepKind.REISSUE.value,
                },
                drawings=tuple(drawing for visit in told for drawing in visit.drawings),
                key=f"tickets_received/{offer.id}/{step_id}",
                patron_id=None,
                now=now,
            )
        )
    return mails


def _bought(order: OrderView, tickets: Sequence[TicketView]) -> list[Bought]:
    return [
        Bought(ticket=each, reference=order.reference, currency=order.currency) for each in tickets
    ]
