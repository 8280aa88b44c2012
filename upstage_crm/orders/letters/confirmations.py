"""Tells buyers of their orders: a row beside the step, a mail with tickets seconds later.

A letter is written before any lock is taken, and queued together with the note that it was. What it
says is the order as it is by then: who exchanges at once is sent the tickets that count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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

MOST_AT_ONCE = 50
_LETTER = table_of(OrderLetterRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationLetter:
    """What becomes of one letter. `mail` is None where there is nothing to send, or no address."""

    step_id: str
    outcome: LetterOutcome
    mail: PreparedMail | None = None


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
    language = order.contact.language
    bought = [
        Bought(ticket=ticket, reference=order.reference, currency=order.currency)
        for ticket in order.valid
    ]
    if not bought:
        return ConfirmationLetter(step_id=step_id, outcome=LetterOutcome.NO_TICKET)
    if not order.contact.email:
        return ConfirmationLetter(step_id=step_id, outcome=LetterOutcome.NO_ADDRESS)
    told = visits(
        session,
        bought,
        language=language,
        kid=mailer.kid,
        now=now,
    )
    mail = mailer.prepare(
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
        key=f"order_confirmation/{step_id}",
        patron_id=order.patron_id,
        now=now,
    )
    return ConfirmationLetter(step_id=step_id, outcome=LetterOutcome.MAILED, mail=mail)


def post(session: Session, letter: ConfirmationLetter, *, now: datetime) -> bool:
    """Queue a letter and note that it was; False when another process was first."""
    noted = (
        sa.update(_LETTER)
        .where(_LETTER.c.step_id == letter.step_id, _LETTER.c.told_at.is_(None))
        .values(told_at=now, outcome=letter.outcome)
    )
    if session.connection().execute(noted).rowcount != 1:
        return False
    if letter.mail is not None:
        outbox.enqueue_prepared(session, letter.mail, now=now)
    return True
