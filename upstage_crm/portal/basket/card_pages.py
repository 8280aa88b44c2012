"""Paying by card: the provider's page, the way back from it, and what is known meanwhile.

The page that a buyer comes back to needs no cookie, since a bank's app may open another browser,
and shows nobody's data there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.jobs import card_payments
from upstage_crm.orders import settlement
from upstage_crm.orders.basket_reading import of_visitor
from upstage_crm.orders.settlement import Outcome
from upstage_crm.orders.views import BasketView, Contact
from upstage_crm.organisation.settings import details
from upstage_crm.payments import checkout, queries
from upstage_crm.payments.errors import CardNotOffered, ProviderAway, UnknownPayment
from upstage_crm.payments.providers.provider import Facts
from upstage_crm.payments.views import PaymentState, PaymentView
from upstage_crm.portal import portal_words
from upstage_crm.portal.addresses import BASKET
from upstage_crm.portal.answers import NO_STORE, see
from upstage_crm.portal.basket.basket_commands import SELLER
from upstage_crm.portal.basket.basket_page import TICKETS, own_page
from upstage_crm.portal.basket.visitors import visitor_of
from upstage_crm.portal.errors import CardNotTaken, CardTriedTooOften
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.wiring import runtime

PAID: Final = f"{BASKET}paid/"
MOST_DECLINED: Final = 3  # cards of one basket

_log = logging.getLogger(__name__)


class Known(StrEnum):
    """What is known of a payment."""

    PAID = "paid"
    OPEN = "open"
    FAILED = "failed"
    GIVEN_BACK = "given_back"


_KNOWN: Final[Mapping[Outcome, Known]] = {
    Outcome.SOLD: Known.PAID,
    Outcome.OPEN: Known.OPEN,
    Outcome.FAILED: Known.FAILED,
    Outcome.GIVEN_BACK: Known.GIVEN_BACK,
}


@dataclass(frozen=True, slots=True)
class _Return:
    """A payment that somebody came back from; `is_own` says that it is of this browser's basket."""

    known: Known
    is_own: bool


def card_page(view: BasketView, contact: Contact, reader: Reader) -> str:
    """The address of the page on which this basket is paid; the same while it is being paid.

    Raises:
        CardNotTaken: no card can be charged here.
        CardTriedTooOften: too many were declined for this basket.
        UpstageError: as `settlement.begin`.
    """
    parts = runtime()
    if not parts.cards.is_offered:
        raise CardNotTaken
    checkout.ensure_fits(parts.cards, view.total, view.currency)

    def work(session: Session) -> PaymentView:
        tried = queries.of_basket(session, view.id)
        if sum(one.state is PaymentState.FAILED for one in tried) >= MOST_DECLINED:
            raise CardTriedTooOften
        return settlement.begin(
            parts.command_context(session), SELLER, basket_id=view.id, contact=contact
        )

    payment = parts.database.attempt(work, is_recorded=False)
    with parts.database.reading() as session:
        organisation = details(session).name
    base = parts.settings.base_url
    try:
        return checkout.open_page(
            parts.database,
            parts.cards,
            payment,
            words=organisation,
            return_url=base + reader.href(f"{PAID}{payment.public_name}"),
            back_url=base + reader.href(BASKET),
            language=reader.language,
            now=parts.clock.now(),
        )
    except (CardNotOffered, ProviderAway) as refusal:
        raise CardNotTaken from refusal


def stop(secret: str) -> None:
    """End the payment of a basket, so that the basket can be changed again.

    Raises:
        UpstageError: the provider cannot be asked.
    """
    parts = runtime()
    now = parts.clock.now()
    with parts.database.reading() as session:
        view = of_visitor(session, secret, now=now)
        payment = None if view is None else queries.find_open(session, view.id)
    if payment is None:
        return
    facts = checkout.end(parts.cards, payment, now=now) or Facts(
        payment_id=payment.id,
        state=PaymentState.EXPIRED,
        amount=payment.amount,
        currency=payment.currency,
    )
    card_payments.settle(parts, payment.id, facts=facts)


async def come_back(request: Request) -> Response:
    """Say what is known of a payment; the buyer's own browser is led to the tickets or back."""
    programme = await public_programme.soon()
    reader = reader_of(request, usual=programme.organisation.language)
    found = await to_writer_thread(_look, _name_of(request), visitor_of(request).secret)
    if found is not None and found.is_own and found.known is Known.PAID:
        return see(reader.href(TICKETS))
    known = Known.FAILED if found is None else found.known
    body = await asyncio.to_thread(_drawn, reader, known, _name_of(request), found)
    return own_page(body, 404 if found is None else 200)


async def state(request: Request) -> Response:
    """The same for a script that asks again and again."""
    found = await to_writer_thread(_look, _name_of(request), visitor_of(request).secret)
    known = Known.FAILED if found is None else found.known
    return JSONResponse({"state": known.value}, headers={"cache-control": NO_STORE})


def _look(public_name: str, secret: str) -> _Return | None:
    """Ask the provider where nothing is known yet; None for a name that no payment has."""
    parts = runtime()
    try:
        with parts.database.reading() as session:
            payment = queries.by_public_name(session, public_name)
            own = of_visitor(session, secret, now=parts.clock.now())
    except UnknownPayment:
        return None
    is_own = own is not None and own.id == payment.basket_id
    try:
        return _Return(_KNOWN[card_payments.settle(parts, payment.id)], is_own)
    except UpstageError as refusal:
        _log.warning("payment %s is not known yet: %s", payment.id, refusal.code)
        return _Return(Known.OPEN, is_own)


def _drawn(reader: Reader, known: Known, public_name: str, found: _Return | None) -> str:
    address = f"{PAID}{public_name}"
    return page(
        "paid.html",
        reader,
        public_programme.programme().organisation,
        Head(
            title=speaker(reader.language)(portal_words.PAYMENT_STATES[known.value]),
            path=address,
            is_public=False,
        ),
        known=known.value,
        is_own=found is not None and found.is_own,
        again=reader.href(address),
        state_href=f"{address}/state",
        basket=reader.href(BASKET),
    )


def _name_of(request: Request) -> str:
    return str(request.path_params["payment"])[:64]


ROUTES = [
    Route(f"{PAID}{{payment}}", come_back, methods=["GET"]),
    Route(f"{PAID}{{payment}}/state", state, methods=["GET"]),
]
