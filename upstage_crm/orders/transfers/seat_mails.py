"""The mails about another seat: the question, what became of it, and word to who proposed it.

The holder's address may be a stranger's: a mail names no one and says nothing of any record.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from upstage_crm.core import when
from upstage_crm.core.email_address import parse_email
from upstage_crm.core.languages import SOURCE, speaker
from upstage_crm.links.claims import Purpose
from upstage_crm.mail import outbox
from upstage_crm.mail.message import Audience, MailDraft, MailKind
from upstage_crm.orders import queries
from upstage_crm.orders.letters.letter_facts import Bought, Visit, visits
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.orders.transfers.seat_reasons import SEAT_REASONS
from upstage_crm.orders.transfers.views import OfferState, SeatMoveView
from upstage_crm.organisation.settings import details
from upstage_crm.programme import queries as programme
from upstage_crm.staff import accounts

AFTERWARDS: Final = timedelta(days=30)  # how long a link still says what became of it
_TOLD: Final = {
    OfferState.ACCEPTED: "The holder said yes: the ticket has the new seat and a new code.",
    OfferState.DECLINED: "The holder said no: the ticket keeps its seat.",
    OfferState.LAPSED: "No answer came in time: the ticket is as it was.",
}


def key_of(offer_id: str) -> str:
    """The key of the question's mail."""
    return f"seat_move/{offer_id}"


def ask(session: Session, mailer: OrderMailer, found: SeatMoveView, *, now: datetime) -> None:
    """Queue the mail that asks the holder."""
    [performance] = programme.performances(session, {found.performance_id})
    language = found.language
    zone = details(session).zone_of(performance.zone)
    [visit] = _visits(session, mailer, found, found.ticket_id, now)
    ends = performance.starts_at + AFTERWARDS
    mail = mailer.prepare(
        session,
        MailKind.SEAT_MOVE,
        to=found.email,
        language=language,
        reference=found.reference,
        said={
            "when_text": when.in_words(now, details(session).zone, language),
            "visit": visit.lines,
            "old_seat_text": found.old_place,
            "new_seat_text": found.new_place,
            "why_text": speaker(language)(SEAT_REASONS[found.reason]),
            "until_text": when.in_words(found.until, zone, language),
        },
        link=mailer.link(Purpose.SEAT_MOVE, found.id, now=now, expires_at=ends),
        key=key_of(found.id),
        patron_id=None if found.is_given else found.patron_id,
        now=now,
    )
    outbox.enqueue_prepared(session, mail, now=now)


def tell_holder(
    session: Session,
    mailer: OrderMailer,
    found: SeatMoveView,
    state: OfferState,
    *,
    ticket_id: str = "",
    now: datetime,
) -> None:
    """Queue what became of it, with the new ticket after a yes; no mail to an erased address."""
    if not found.email:
        return
    told = _visits(session, mailer, found, ticket_id or found.ticket_id, now)
    is_moved = state is OfferState.ACCEPTED
    mail = mailer.prepare(
        session,
        MailKind.SEAT_MOVE_ENDED,
        to=found.email,
        language=found.language,
        reference=found.reference,
        said={
            "when_text": when.in_words(now, details(session).zone, found.language),
            "visits": [visit.lines for visit in told],
            "new_seat_text": found.new_place,
            "outcome": state.value,
        },
        drawings=tuple(each for visit in told for each in visit.drawings) if is_moved else (),
        key=f"seat_move_ended/{found.id}",
        patron_id=None if found.is_given else found.patron_id,
        now=now,
    )
    outbox.enqueue_prepared(session, mail, now=now)


def tell_staff(
    session: Session, mailer: OrderMailer, found: SeatMoveView, state: OfferState, *, now: datetime
) -> None:
    """Queue the outcome to the member who proposed it, if the account still is one."""
    proposer = accounts.find_reachable(session, found.staff_id)
    if proposer is None:
        return
    organisation = details(session)
    context: dict[str, object] = {
        "org": organisation,
        "public_url": mailer.public_url,
        "reference": "",
        "proposer": "",
        "greeting": f"Hello {proposer.member.display_name},",
        "fields": [],
        "when_text": when.in_words(now, organisation.zone, SOURCE),
        "subject_line": f"another seat for order {found.reference}",
        "headline": f"Another seat for order {found.reference}",
        "lines": [
            _TOLD[state],
            f"The seat was: {found.old_place}. Proposed: {found.new_place}.",
        ],
        "button": "Open the order",
        "path": f"/orders/{found.reference}/",
    }
    draft = MailDraft(
        kind=MailKind.STAFF_NOTICE,
        to_address=parse_email(proposer.email).wire,
        audience=Audience.STAFF,
        language=SOURCE,
        context=context,
        dedupe_key=f"seat_move_told/{found.id}",
        staff_id=proposer.member.id,
    )
    outbox.enqueue(session, draft, composer=mailer.composer, now=now)


def _visits(
    session: Session, mailer: OrderMailer, found: SeatMoveView, ticket_id: str, now: datetime
) -> list[Visit]:
    order = queries.order(session, found.order_id)
    bought = [
        Bought(ticket=each, reference=order.reference, currency=order.currency)
        for each in order.tickets
        if each.id == ticket_id
    ]
    return visits(session, bought, language=found.language, kid=mailer.kid, now=now)
