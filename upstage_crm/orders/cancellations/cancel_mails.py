"""The mails about a cancelled or moved performance, to the mailbox of each order.

The mailbox may be a stranger's, who was typed by mistake: the mail holds no name, and no more than
the tickets themselves need.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from upstage_crm.core import when
from upstage_crm.core.languages import choose
from upstage_crm.core.money import in_words
from upstage_crm.links.claims import LinkClaims, Purpose, Reviewer, new_jti
from upstage_crm.links.codec import LinkCodec
from upstage_crm.mail import outbox
from upstage_crm.mail.compose import Composer
from upstage_crm.mail.message import Audience, MailDraft, MailKind
from upstage_crm.orders.cancellations.mailboxes import Reach
from upstage_crm.orders.cancellations.views import DisruptionKind, Offer
from upstage_crm.organisation.settings import details

AFTERWARDS = timedelta(days=90)  # how long a link still says what became of it
_KINDS = {
    DisruptionKind.CANCELLED: MailKind.PERFORMANCE_CANCELLED,
    DisruptionKind.MOVED: MailKind.PERFORMANCE_MOVED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationMailer:
    """Queues these mails. Made once, by `wiring`."""

    composer: Composer
    public_url: str
    codec: LinkCodec

    def tell(self, session: Session, offer: Offer, reach: Reach, *, now: datetime) -> str:
        """Queue the one mail to the buyer of a disrupted order, and return its id."""
        organisation = details(session)
        language = choose(offer.language, organisation.language)
        zone = when.zone(offer.zone, country=organisation.country)
        until = offer.until or now
        claims = LinkClaims(
            request_id=offer.id,
            purpose=Purpose.CHOICE,
            reviewer=Reviewer.PROPOSED,
            version=offer.version,
            jti=new_jti(),
            issued_at=now,
            expires_at=max(until, now) + AFTERWARDS,
            kid=self.codec.signing_kid,
        )
        draft = MailDraft(
            kind=_KINDS[offer.kind],
            to_address=reach.address,
            audience=Audience.PROPOSED,
            language=language,
            context={
                "org": organisation,
                "public_url": self.public_url,
                "reference": offer.reference,
                "proposer": "",
                "greeting": None,
                "fields": [],
                "when_text": when.in_words(now, organisation.zone, language),
                "event_text": offer.event,
                "old_text": when.in_words(offer.was_starts_at, zone, language),
                "old_hall_text": offer.was_hall,
                "new_text": when.in_words(offer.new_starts_at, zone, language),
                "new_hall_text": offer.new_hall,
                "seats_text": "; ".join(offer.seats),
                "amount_text": in_words(offer.amount, offer.currency, language)
                if offer.amount
                else "",
                "until_text": when.in_words(until, organisation.zone, language)
                if until > now
                else "",
            },
            links={Purpose.CHOICE.value: claims},
            dedupe_key=f"disrupted/{offer.id}",
            patron_id=reach.patron_id,
        )
        return outbox.enqueue(session, draft, composer=self.composer, now=now)
