"""The mails about tickets that are given away: the question, the tickets, and word to the giver.

Recipient and giver may be strangers to us and to each other: a mail names neither, and masks the
other one's address.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from upstage_crm.core import when
from upstage_crm.core.email_address import mask_email
from upstage_crm.links.claims import Purpose
from upstage_crm.mail import outbox
from upstage_crm.mail.message import MailKind
from upstage_crm.orders import queries
from upstage_crm.orders.letters.letter_facts import Bought, Visit, visits
from upstage_crm.orders.letters.letter_rules import DOORS_BEFORE
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.orders.transfers.views import OfferedTicket, OfferView
from upstage_crm.organisation.settings import details
from upstage_crm.programme import queries as programme
from upstage_crm.staff.command_context import CommandContext

AFTERWARDS: Final = timedelta(days=30)  # how long a link still says what became of it


def ask(context: CommandContext[OrderMailer], offer: OfferView) -> None:
    """Queue the mail that asks the recipient."""
    session, now, mailer = context.session, context.now, context.notifier
    played = programme.performances(session, {each.performance_id for each in offer.tickets})
    first = min(played, key=lambda each: each.starts_at)
    ends = max(each.starts_at for each in played)
    until = first.starts_at - DOORS_BEFORE
    language = offer.language
    zone = details(session).zone_of(first.zone)
    mail = mailer.prepare(
        session,
        MailKind.TICKET_OFFER,
        to=offer.email,
        language=language,
        reference=offer.reference,
        said={
            "when_text": when.in_words(now, details(session).zone, language),
            "visits": [visit.lines for visit in _visits(context, offer, offer.tickets, language)],
            "giver_text": mask_email(offer.giver) if offer.giver else "",
            "until_text": when.in_words(until, zone, language),
        },
        link=mailer.link(Purpose.TRANSFER, offer.id, now=now, expires_at=ends + AFTERWARDS),
        key=f"ticket_offer/{offer.id}",
        patron_id=None,
        now=now,
    )
    outbox.enqueue_prepared(session, mail, now=now)


def send_tickets(context: CommandContext[OrderMailer], offer: OfferView) -> None:
    """Queue the mail with the tickets, once the recipient has said yes; codes are turned by now."""
    session, now, mailer = context.session, context.now, context.notifier
    told = _visits(context, offer, offer.open_tickets, offer.language)
    mail = mailer.prepare(
        session,
        MailKind.TICKETS_RECEIVED,
        to=offer.email,
        language=offer.language,
        reference=offer.reference,
        said={"visits": [visit.lines for visit in told], "news": "transfer"},
        drawings=tuple(drawing for visit in told for drawing in visit.drawings),
        key=f"tickets_received/{offer.id}",
        patron_id=None,
        now=now,
    )
    outbox.enqueue_prepared(session, mail, now=now)


def tell_giver(
    context: CommandContext[OrderMailer], offer: OfferView, *, is_accepted: bool
) -> None:
    """Queue word to the giver of what the recipient said; no mail once that address is erased."""
    if not offer.giver:
        return
    session, now, mailer = context.session, context.now, context.notifier
    told = _visits(context, offer, offer.open_tickets, offer.giver_language)
    mail = mailer.prepare(
        session,
        MailKind.OFFER_ANSWERED,
        to=offer.giver,
        language=offer.giver_language,
        reference=offer.reference,
        said={
            "when_text": when.in_words(now, details(session).zone, offer.giver_language),
            "visits": [visit.lines for visit in told],
            "recipient_text": mask_email(offer.email),
            "is_accepted": is_accepted,
        },
        key=f"offer_answered/{offer.id}",
        patron_id=offer.patron_id,
        now=now,
    )
    outbox.enqueue_prepared(session, mail, now=now)


def _visits(
    context: CommandContext[OrderMailer],
    offer: OfferView,
    tickets: Sequence[OfferedTicket],
    language: str,
) -> list[Visit]:
    order = queries.order(context.session, offer.order_id)
    wanted = {each.id for each in tickets}
    bought = [
        Bought(ticket=each, reference=order.reference, currency=order.currency)
        for each in order.tickets
        if each.id in wanted
    ]
    return visits(
        context.session, bought, language=language, kid=context.notifier.kid, now=context.now
    )
