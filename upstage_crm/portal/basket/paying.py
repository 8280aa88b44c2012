"""The way from the basket to the payment: the address is looked at before anything is charged."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.core.email_address import parse_email
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.orders.errors import BasketEmpty, ContactMissing
from upstage_crm.orders.views import Contact
from upstage_crm.patrons.advice import suggest_domain
from upstage_crm.portal.addresses import BASKET
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket import basket_commands, visitors
from upstage_crm.portal.basket.basket_page import TICKETS, Said, answer_with
from upstage_crm.portal.basket.card_pages import card_page
from upstage_crm.portal.basket.visitors import Visitor, visitor_of
from upstage_crm.portal.limits import PAYMENTS
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.portal.refusals import sentence

ADDRESS_LIMIT = 254
CONFLICT = 409


async def pay(request: Request) -> Response:
    """Take the address, and lead to where the basket is paid; what was typed is never lost."""
    programme = await public_programme.soon()
    reader = reader_of(request, usual=programme.organisation.language)
    visitor = visitor_of(request)
    async with request.form() as form:
        typed = str(form.get("use", "") or form.get("email", ""))
        email = typed.replace("\0", "").strip()[:ADDRESS_LIMIT]
        is_sure = form.get("sure") == "yes"
    try:
        visitors.ensure_own_form(request)
        visitor.count(PAYMENTS)
        contact = Contact(email=email, language=reader.language)
        await to_writer_thread(basket_commands.keep_contact, visitor.secret, contact)
        if not email:
            raise ContactMissing
        suggestion = "" if is_sure else suggested(email)
        if suggestion:
            return await answer_with(request, Said(suggestion=suggestion, email=email))
        return see(await to_writer_thread(_next, visitor, reader, contact))
    except UpstageError as refusal:
        said = sentence(refusal, speaker(reader.language))
        return await answer_with(request, Said(problem=said, email=email, status=CONFLICT))


def suggested(email: str) -> str:
    """The address that was probably meant; "" for one that is likely to be right.

    Raises:
        InvalidEmail: it is none.
    """
    address = parse_email(email)
    domain = suggest_domain(address.domain)
    return "" if domain is None else f"{address.stored.rpartition('@')[0]}@{domain}"


def _next(visitor: Visitor, reader: Reader, contact: Contact) -> str:
    """Where the visitor goes from here: to the tickets at once, or to pay for them."""
    kept = basket_commands.find(visitor.secret)
    if kept is None or not kept.view.lines:
        raise BasketEmpty
    if kept.view.total == 0:
        basket_commands.take_for_free(visitor.secret, contact)
        return reader.href(TICKETS)
    return card_page(kept.view, replace(contact, email=parse_email(contact.email).stored), reader)


ROUTES = [Route(f"{BASKET}pay", pay, methods=["POST"])]
