"""The mails about a cancelled or moved performance, to the mailbox of each order.

The mailbox may be a stranger's, who was typed by mistake: the mail holds no name, and no more than
the tickets themselves need.
"""

from __future__ import annotations

from datetime import timedelta

from upstage_crm.core import when
from upstage_crm.core.languages import choose
from upstage_crm.core.money import in_words
from upstage_crm.links.claims import Purpose
from upstage_crm.mail import outbox
from upstage_crm.mail.message import MailKind
from upstage_crm.orders.cancellations.mailboxes import Reach
from upstage_crm.orders.cancellations.views import DisruptionKind, Offer
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.organisation.settings import details
from upstage_crm.staff.command_context import CommandContext

AFTERWARDS = timedelta(days=90)  # how long a link still says what became of it
_KINDS = {
    DisruptionKind.CANCELLED: MailKind.PERFORMANCE_CANCELLED,
    DisruptionKind.MOVED: MailKind.PERFORMANCE_MOVED,
}


def tell(context: CommandContext[OrderMailer], offer: Offer, reach: Reach) -> str:
    """Queue the one mail to the buyer of a disrupted order, and return its id."""
    session, now, mailer = context.session, context.now, context.notifier
    organisation = details(session)
    language = choose(offer.language, organisation.language)
    zone = when.zone(offer.zone, country=organisation.country)
    until = offer.until or now
    amount = in_words(offer.amount, offer.currency, language) if offer.amount else ""
    mail = mailer.prepare(
        session,
        _KINDS[offer.kind],
        to=reach.address,
        language=language,
        reference=offer.reference,
        said={
            "when_text": when.in_words(now, organisation.zone, language),
            "event_text": offer.event,
            "old_text": when.in_words(offer.was_starts_at, zone, language),
            "old_hall_text": offer.was_hall,
            "new_text": when.in_words(offer.new_starts_at, zone, language),
            "new_hall_text": offer.new_hall,
            "seats_text": "; ".join(offer.seats),
            "amount_text": amount,
            "until_text": when.in_words(until, organisation.zone, language) if until > now else "",
        },
        link=mailer.link(
            Purpose.CHOICE,
            offer.id,
            version=offer.version,
            now=now,
            expires_at=max(until, now) + AFTERWARDS,
        ),
        key=f"disrupted/{offer.id}",
        patron_id=reach.patron_id,
        now=now,
    )
    return outbox.enqueue_prepared(session, mail, now=now)
