"""The mail that opens an order for its buyer, and which mailbox it may go to."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlmodel import Session

from upstage_crm.core import when
from upstage_crm.core.email_address import InvalidEmail, parse_email
from upstage_crm.links.claims import LinkClaims, Purpose
from upstage_crm.mail import outbox
from upstage_crm.mail.message import MailKind
from upstage_crm.orders import order_contacts, queries
from upstage_crm.orders.errors import UnknownOrder
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.orders.views import OrderView
from upstage_crm.organisation.settings import details
from upstage_crm.staff.command_context import CommandContext

_KINDS: Final = {Purpose.ORDER: MailKind.ORDER_LINK, Purpose.ORDERS: MailKind.ORDERS_LINK}
LINK_LIVES: Final = timedelta(days=7)
ONE_MAIL_IN: Final = timedelta(minutes=10)  # asking again meanwhile makes no second one


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
    _mail(context, order, Purpose.ORDER if reference.strip() else Purpose.ORDERS)
    return True


def address_key(session: Session, claims: LinkClaims) -> str:
    """The key of the address that a link's order was bought with; "" once it is erased."""
    email = order_contacts.of_order(session, claims.request_id).email
    return parse_email(email).key if email else ""


def mailboxes_of(session: Session, claims: LinkClaims) -> frozenset[str]:
    """The address that an order was bought with; none once it is erased."""
    email = order_contacts.of_order(session, claims.request_id).email
    return frozenset({parse_email(email).wire}) if email else frozenset()


def _mail(context: CommandContext[OrderMailer], order: OrderView, purpose: Purpose) -> None:
    """Queue the mail; there is one in ten minutes."""
    session, now, mailer = context.session, context.now, context.notifier
    expires_at = now + LINK_LIVES
    zone, language = details(session).zone, order.contact.language
    turn = int(now.timestamp() // ONE_MAIL_IN.total_seconds())
    mail = mailer.prepare(
        session,
        _KINDS[purpose],
        to=order.contact.email,
        language=language,
        reference=order.reference,
        said={
            "when_text": when.in_words(now, zone, language),
            "until_text": when.in_words(expires_at, zone, language),
        },
        link=mailer.link(purpose, order.id, now=now, expires_at=expires_at),
        key=f"{purpose.value}/{order.id}/link/{turn}",
        patron_id=order.patron_id,
        now=now,
    )
    outbox.enqueue_prepared(session, mail, now=now)


def _newest(session: Session, email_key: str) -> str:
    """The newest order that was bought with an address.

    Raises:
        UnknownOrder: there is none.
    """
    found = queries.of_address(session, email_key)
    if not found:
        raise UnknownOrder
    return found[0].id
