"""The mail that opens an order for its buyer, and which mailbox it may go to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from upstage_crm.core import when
from upstage_crm.core.email_address import InvalidEmail, parse_email
from upstage_crm.links.claims import LinkClaims, Purpose, Reviewer, new_jti
from upstage_crm.links.codec import LinkCodec
from upstage_crm.mail import outbox
from upstage_crm.mail.compose import Composer
from upstage_crm.mail.message import Audience, MailDraft, MailKind
from upstage_crm.orders import order_contacts, queries
from upstage_crm.orders.errors import UnknownOrder
from upstage_crm.organisation import settings
from upstage_crm.staff.command_context import CommandContext

_KINDS: Final = {Purpose.ORDER: MailKind.ORDER_LINK, Purpose.ORDERS: MailKind.ORDERS_LINK}
LINK_LIVES: Final = timedelta(days=7)
ONE_MAIL_IN: Final = timedelta(minutes=10)  # asking again meanwhile makes no second one


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMailer:
    """Queues mails about orders. Made once, by `wiring`."""

    composer: Composer
    public_url: str
    codec: LinkCodec

    def link(
        self,
        session: Session,
        *,
        purpose: Purpose,
        order_id: str,
        reference: str,
        to: str,
        language: str,
        patron_id: str | None,
        now: datetime,
    ) -> None:
        """Queue a mail with a link to an order, or to all of its address; one in ten minutes."""
        organisation = settings.details(session)
        expires_at = now + LINK_LIVES
        claims = LinkClaims(
            request_id=order_id,
            purpose=purpose,
            reviewer=Reviewer.CURRENT,  # every link says a mailbox; an order has one
            version=1,
            jti=new_jti(),
            issued_at=now,
            expires_at=expires_at,
            kid=self.codec.signing_kid,
        )
        turn = int(now.timestamp() // ONE_MAIL_IN.total_seconds())
        draft = MailDraft(
            kind=_KINDS[purpose],
            to_address=parse_email(to).wire,
            audience=Audience.CURRENT,
            language=language,
            context={
                "org": organisation,
                "public_url": self.public_url,
                "reference": reference,
                "proposer": "",
                "greeting": None,
                "fields": [],
                "when_text": when.in_words(now, organisation.zone, language),
                "until_text": when.in_words(expires_at, organisation.zone, language),
            },
            links={purpose.value: claims},
            dedupe_key=f"{purpose.value}/{order_id}/link/{turn}",
            patron_id=patron_id,
        )
        outbox.enqueue(session, draft, composer=self.composer, now=now)


def find(context: CommandContext[OrderMailer], *, reference: str, email: str) -> bool:
    """Mail the link to an order, if reference and address belong together; return whether.

    Without a reference it is a link to everything that was bought with the address. The caller
    says the same to the visitor either way.
    """
    session = context.session
    try:
        key = parse_email(email).key
        if reference.strip():
            order = queries.by_reference(session, reference)
        else:
            order = queries.order(session, _newest(session, key))
        contact = order.contact
        if not contact.email or parse_email(contact.email).key != key:
            return False
    except (InvalidEmail, UnknownOrder):
        return False
    context.notifier.link(
        session,
        purpose=Purpose.ORDER if reference.strip() else Purpose.ORDERS,
        order_id=order.id,
        reference=order.reference,
        to=contact.email,
        language=contact.language,
        patron_id=order.patron_id,
        now=context.now,
    )
    return True


def address_key(session: Session, claims: LinkClaims) -> str:
    """The key of the address that a link's order was bought with; "" once it is erased."""
    email = order_contacts.of_order(session, claims.request_id).email
    return parse_email(email).key if email else ""


def mailboxes_of(session: Session, claims: LinkClaims) -> frozenset[str]:
    """The address that an order was bought with; none once it is erased."""
    email = order_contacts.of_order(session, claims.request_id).email
    return frozenset({parse_email(email).wire}) if email else frozenset()


def _newest(session: Session, email_key: str) -> str:
    """The newest order that was bought with an address.

    Raises:
        UnknownOrder: there is none.
    """
    found = queries.of_address(session, email_key)
    if not found:
        raise UnknownOrder
    return found[0].id
