"""The account of a patron: their orders, what is proposed about their data, their sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.change_requests.model.views import RequestView
from upstage_crm.change_requests.reads import requests
from upstage_crm.core import when
from upstage_crm.core.email_address import mask_email
from upstage_crm.core.languages import speaker
from upstage_crm.orders import queries as orders
from upstage_crm.organisation.settings import details
from upstage_crm.patron_accounts import sessions
from upstage_crm.patron_accounts.views import SignedInPatron
from upstage_crm.portal import portal_words
from upstage_crm.portal.account import account_data, account_forms, account_orders, record_history
from upstage_crm.portal.account.account_visitor import keep_on, patron_of, reader_here
from upstage_crm.portal.account.sign_in_pages import SIGN_IN
from upstage_crm.portal.addresses import ACCOUNT, WHATS_ON
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket.basket_page import own_page
from upstage_crm.portal.basket.order_words import OrderWords, order_words
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader
from upstage_crm.staff.names import label_for_patrons
from upstage_crm.wiring import runtime

_OPEN = (RequestState.PENDING, RequestState.WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A proposal that is not over, in words, without its values.

    `mailboxes` are masked: those that got the question. `applies` is when an approved change takes
    effect, "" while the question is open, or while no one can say.
    """

    reference: str
    fields: str
    proposer: str
    asked: str
    mailboxes: str
    is_approved: bool
    applies: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """A browser in which the patron is signed in, in words. `name` is "" where it has none."""

    id: str
    name: str
    seen: str
    is_this: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that the page shows."""

    email: str
    coming: list[OrderWords]
    past: list[OrderWords]
    proposed: list[Proposed]
    browsers: list[Browser]


async def show(request: Request) -> Response:
    """The account of who is signed in; anyone else is led to the sign-in."""
    patron = await patron_of(request)
    reader = await reader_here(request)
    if patron is None:
        return see(reader.href(SIGN_IN))
    account = await asyncio.to_thread(_account, patron, reader)
    body = await asyncio.to_thread(_drawn, account, reader)
    return await keep_on(request, own_page(body), patron)


def still_to_come(bought: Sequence[OrderWords], now: datetime) -> list[OrderWords]:
    """The orders with a visit that has not begun, what comes next first."""
    ahead = {
        one.reference: [visit.starts_at for visit in one.visits if visit.starts_at > now]
        for one in bought
    }
    coming = [one for one in bought if ahead[one.reference]]
    return sorted(coming, key=lambda one: min(ahead[one.reference]))


def _account(patron: SignedInPatron, reader: Reader) -> Account:
    parts = runtime()
    now = parts.clock.now()
    with parts.database.reading() as session:
        found = [
            order_words(session, orders.order(session, order_id), reader)
            for order_id in account_orders.ids_of(session, patron)
        ]
        coming = still_to_come(found, now)
        zone = details(session).zone
        return Account(
            email=patron.email,
            coming=coming,
            past=[one for one in found if one not in coming],
            proposed=_proposed(session, patron, reader),
            browsers=[
                Browser(
                    id=one.id,
                    name=one.browser,
                    seen=when.in_words(one.last_seen_at, zone, reader.language),
                    is_this=one.is_this,
                )
                for one in sessions.of_patron(session, patron, now=now)
            ],
        )


def _proposed(session: Session, patron: SignedInPatron, reader: Reader) -> list[Proposed]:
    found = requests.of_patron(session, patron.patron_id)
    zone = details(session).zone

    def told(one: RequestView) -> Proposed:
        say = speaker(reader.language)
        mailboxes = dict.fromkeys(each for field in one.fields for each in field.mailboxes)
        return Proposed(
            reference=one.reference,
            fields=", ".join(say(field.label) for field in one.fields),
            proposer=label_for_patrons(one.proposer_label, say),
            asked=when.in_words(one.last_sent_at, zone, reader.language),
            mailboxes=", ".join(mask_email(each) for each in mailboxes if each),
            is_approved=one.state is RequestState.WAITING,
            applies=when.in_words(one.applies_at, zone, reader.language) if one.applies_at else "",
        )

    return [told(one) for one in found if one.state in _OPEN]


def _drawn(account: Account, reader: Reader) -> str:
    return page(
        "account.html",
        reader,
        public_programme.programme().organisation,
        Head(title=speaker(reader.language)(portal_words.ACCOUNT), path=ACCOUNT, is_public=False),
        account=account,
        hrefs={
            one.reference: reader.href(account_orders.ORDER, {"order": one.reference})
            for one in account.coming + account.past
        },
        whats_on=reader.href(WHATS_ON),
        data=reader.href(account_data.DATA),
        preferences=reader.href(f"{ACCOUNT}preferences"),
        history=reader.href(record_history.HISTORY),
        sign_out=reader.href(account_forms.SIGN_OUT),
    )


ROUTES = [
    Route(ACCOUNT.rstrip("/"), show, methods=["GET"]),
    Route(ACCOUNT, show, methods=["GET"]),
]
