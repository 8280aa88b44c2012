"""What providers tell of payments by card, and what is asked of them by the clock.

The provider is asked outside of every transaction; what it says is one guarded step. So the return
page, an event and the clock may all bring the same news, in several workers at once, and a worker
that dies in between loses nothing: the next one asks again.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session

from upstage_crm.core.errors import UpstageError
from upstage_crm.orders import sale, settlement
from upstage_crm.orders.basket_reading import read
from upstage_crm.orders.settlement import Outcome, Said
from upstage_crm.payments import checkout, heard_events, queries
from upstage_crm.payments.errors import ProviderRefused
from upstage_crm.payments.providers.provider import EventAbout, Facts, Provider, ProviderEvent
from upstage_crm.payments.views import PaymentState, PaymentView
from upstage_crm.wiring import Runtime, runtime

EVERY_S = 5.0
END_BEFORE = timedelta(minutes=1)  # the provider's page ends so long before the deadline of ours
ASK_AFTER = timedelta(minutes=1)  # a page of which nothing was heard for so long is asked about
_SAID = {
    PaymentState.CAPTURED: Said.CAPTURED,
    PaymentState.FAILED: Said.FAILED,
    PaymentState.EXPIRED: Said.EXPIRED,
}

_log = logging.getLogger(__name__)


class Heard(StrEnum):
    """What became of an event."""

    NEWS = "news"
    KNOWN = "known"
    NOT_OURS = "not_ours"


async def keep_settled() -> None:
    """Do what is due by the clock until cancelled; a lifespan task of every worker."""
    asked_at: datetime | None = None
    while True:
        try:
            parts = runtime()
            now = parts.clock.now()
            is_minute = asked_at is None or now - asked_at >= ASK_AFTER
            await asyncio.to_thread(do_what_is_due, parts, is_minute=is_minute)
            asked_at = now if is_minute else asked_at
        except Exception:  # noqa: BLE001  # a database that is away must not end this for good
            _log.exception("payments by card could not be looked at; trying again")
        await asyncio.sleep(EVERY_S)


def do_what_is_due(parts: Runtime, *, is_minute: bool) -> None:
    """Everything that time asks for; every minute, providers are asked what we may have missed."""
    if not parts.cards.is_offered:
        return
    tell_news(parts)
    end_late(parts)
    if is_minute:
        ask_again(parts)
    checkout.send_refunds(parts.database, parts.cards, parts.clock)


def settle(parts: Runtime, payment_id: str, *, facts: Facts | None = None) -> Outcome:
    """Ask the provider of a payment, if `facts` are not known, and sell or give back.

    Raises:
        UnknownPayment: there is none with this id.
        CardNotOffered, ProviderAway, ProviderRefused, FactsDiffer: the provider cannot be asked.
    """
    with parts.database.reading() as session:
        payment = queries.payment(session, payment_id)
        is_recorded = sale.is_recorded(read(session, payment.basket_id, now=parts.clock.now()))
    now = parts.clock.now()
    if facts is None and payment.is_open:
        facts = checkout.ask(parts.cards, payment, now=now)
    said = _said(facts)

    def work(session: Session) -> Outcome:
        seller = settlement.seller_of(session, payment)
        context = parts.command_context(session, now=now)
        return settlement.settle(context, seller, payment_id=payment_id, facts=said)

    return parts.database.attempt(work, is_recorded=is_recorded)


def hear(parts: Runtime, provider: Provider, event: ProviderEvent) -> Heard:
    """Act on an event once. It is only a hint: what holds is asked of the provider.

    Raises:
        ProviderAway, ProviderRefused, FactsDiffer, OverRefund: not yet; it has to come again.
    """
    with parts.database.reading() as session:
        if heard_events.is_known(session, event.id):
            return Heard.KNOWN
    match event.about:
        case EventAbout.PAYMENT:
            return _hear_payment(parts, provider, event)
        case EventAbout.REFUND:
            return _hear_refund(parts, provider, event)
        case EventAbout.DISPUTE:
            return _hear_dispute(parts, provider, event)
        case EventAbout.NOTHING:
            return Heard.NOT_OURS


def tell_news(parts: Runtime) -> int:
    """Hear what the test acquirer has to tell; return how many of it were news."""
    acquirer, done = parts.cards.acquirer, 0
    if acquirer is None:
        return 0
    for event in acquirer.due_news(now=parts.clock.now()):
        try:
            done += hear(parts, acquirer, event) is Heard.NEWS
        except UpstageError as refusal:
            _log.warning("an event of the test acquirer has to wait: %s", refusal.code)
            continue
        acquirer.told(event.id)
    return done


def end_late(parts: Runtime) -> int:
    """End every payment whose time is nearly over, at its provider first; return how many."""
    now = parts.clock.now()
    with parts.database.reading() as session:
        late = queries.over(session, now=now + END_BEFORE)
    return sum(_end(parts, payment) for payment in late)


def ask_again(parts: Runtime) -> int:
    """Ask about every open page of which nothing was heard for a minute; return how many moved."""
    now = parts.clock.now()
    with parts.database.reading() as session:
        waiting = queries.open_since(session, before=now - ASK_AFTER)
        for payment in queries.alone(session):
            _log.error("payment %s is captured, and has neither an order nor a refund", payment.id)
    return sum(_try_to_settle(parts, payment) is not Outcome.OPEN for payment in waiting)


def _try_to_settle(parts: Runtime, payment: PaymentView, *, facts: Facts | None = None) -> Outcome:
    """Settle, unless the provider cannot be asked: one payment holds up no other one."""
    try:
        return settle(parts, payment.id, facts=facts)
    except UpstageError as refusal:
        _log.warning("payment %s has to wait: %s", payment.id, refusal.code)
        return Outcome.OPEN


def _end(parts: Runtime, payment: PaymentView) -> bool:
    now = parts.clock.now()
    try:
        facts = checkout.end(parts.cards, payment, now=now)
    except UpstageError as refusal:
        _log.warning("payment %s cannot be ended yet: %s", payment.id, refusal.code)
        return False
    if facts is None:  # no page was ever shown, so nothing can be paid on it
        facts = Facts(
            payment_id=payment.id,
            state=PaymentState.EXPIRED,
            amount=payment.amount,
            currency=payment.currency,
        )
    return _try_to_settle(parts, payment, facts=facts) is not Outcome.OPEN


def _said(facts: Facts | None) -> settlement.Facts:
    if facts is None:
        return settlement.Facts(said=Said.OPEN)
    return settlement.Facts(
        said=_SAID.get(facts.state, Said.OPEN),
        capture_reference=facts.capture_reference,
        note=facts.note,
    )


def _hear_payment(parts: Runtime, provider: Provider, event: ProviderEvent) -> Heard:
    payment = _find(parts, event.subject)
    if payment is None:
        return Heard.NOT_OURS
    settle(parts, payment.id)
    return _note(parts, provider, event, payment)


def _hear_refund(parts: Runtime, provider: Provider, event: ProviderEvent) -> Heard:
    now = parts.clock.now()
    try:
        facts = provider.fetch_refund(event.subject, now=now)
    except ProviderRefused:
        return Heard.NOT_OURS
    payment = _find(parts, facts.capture_reference)
    if payment is None:
        return Heard.NOT_OURS

    def work(session: Session) -> bool:
        checkout.heard_refund(session, payment, facts, now)
        return _noted(session, provider, event, payment, now)

    return Heard.NEWS if parts.database.attempt(work, is_recorded=False) else Heard.KNOWN


def _hear_dispute(parts: Runtime, provider: Provider, event: ProviderEvent) -> Heard:
    now = parts.clock.now()
    try:
        facts = provider.fetch_dispute(event.subject, now=now)
    except ProviderRefused:
        return Heard.NOT_OURS
    payment = _find(parts, facts.capture_reference)
    if payment is None:
        return Heard.NOT_OURS

    def work(session: Session) -> bool:
        checkout.heard_dispute(session, provider.name, payment, facts, now=now)
        return _noted(session, provider, event, payment, now)

    return Heard.NEWS if parts.database.attempt(work, is_recorded=False) else Heard.KNOWN


def _find(parts: Runtime, reference: str) -> PaymentView | None:
    with parts.database.reading() as session:
        return queries.find_by_reference(session, reference)


def _note(parts: Runtime, provider: Provider, event: ProviderEvent, payment: PaymentView) -> Heard:
    now = parts.clock.now()
    is_new = parts.database.attempt(
        lambda session: _noted(session, provider, event, payment, now), is_recorded=False
    )
    return Heard.NEWS if is_new else Heard.KNOWN


def _noted(
    session: Session,
    provider: Provider,
    event: ProviderEvent,
    payment: PaymentView,
    now: datetime,
) -> bool:
    return heard_events.note(
        session,
        event_id=event.id,
        provider=provider.name,
        kind=event.kind,
        payment_id=payment.id,
        now=now,
    )
