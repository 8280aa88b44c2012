"""Between us and a provider: what is asked outside of any transaction, and what its answer changes.

What follows from what a provider says of a payment, `orders.settlement` does.
"""

from __future__ import annotations

import logging
from datetime import datetime

from sqlmodel import Session

from upstage_crm.core.clock import Clock
from upstage_crm.core.db import Database
from upstage_crm.core.money import in_words
from upstage_crm.payments import commands, disputes, heard_events, postings, queries, refunds
from upstage_crm.payments.errors import (
    CardUnfit,
    FactsDiffer,
    PaymentOver,
    ProviderAway,
    ProviderRefused,
)
from upstage_crm.payments.providers.cards import Cards
from upstage_crm.payments.providers.provider import (
    DisputeFacts,
    Facts,
    PageWanted,
    RefundFacts,
    RefundWanted,
)
from upstage_crm.payments.views import (
    Method,
    PaymentView,
    RefundCause,
    RefundState,
    RefundView,
)

_log = logging.getLogger(__name__)


def ensure_fits(cards: Cards, amount: int, currency: str) -> None:
    """Refuse before anything is written what the provider would refuse.

    Raises:
        CardNotOffered: no card can be charged here.
        CardUnfit: the amount is too small or too fine, or the currency is none of the provider's.
    """
    if not cards.offered.can_take(amount, currency):
        raise CardUnfit(amount=in_words(amount, currency))


def open_page(
    database: Database,
    cards: Cards,
    payment: PaymentView,
    *,
    words: str,
    return_url: str,
    back_url: str,
    language: str,
    now: datetime,
) -> str:
    """The address of the provider's page for a payment that was begun, the same on every call.

    The arguments are the same on every call, too. Called outside of any transaction.

    Raises:
        CardNotOffered, ProviderAway, ProviderRefused: there is no page.
        PaymentOver: it was captured or ended meanwhile.
    """
    if not payment.is_open or payment.deadline_at is None:
        raise PaymentOver
    provider = cards.of(payment)
    page = provider.open(
        PageWanted(
            payment_id=payment.id,
            amount=payment.amount,
            currency=payment.currency,
            words=words,
            return_url=return_url,
            back_url=back_url,
            language=language,
            deadline_at=payment.deadline_at,
        ),
        now=now,
    )

    def work(session: Session) -> PaymentView:
        commands.action_needed(session, payment.id, reference=page.reference, now=now)
        return queries.payment(session, payment.id)

    if not database.attempt(work, is_recorded=False).is_open:
        # It was ended while the provider made its page: a page that no row names must not be paid.
        provider.close(page.reference, now=now)
        raise PaymentOver
    return page.url


def ask(cards: Cards, payment: PaymentView, *, now: datetime) -> Facts | None:
    """What the provider says of a payment; None while it has no page, so that nothing is paid.

    Called outside of any transaction.

    Raises:
        CardNotOffered, ProviderAway, ProviderRefused: it cannot be asked.
        FactsDiffer: it is another payment there, or another amount.
    """
    if payment.method is not Method.CARD or not payment.reference:
        return None
    facts = cards.of(payment).fetch(payment.reference, now=now)
    said = (facts.payment_id, facts.amount, facts.currency)
    if said != (payment.id, payment.amount, payment.currency):
        _log.error("the provider has other facts of payment %s", payment.id)
        raise FactsDiffer(payment=payment.id)
    return facts


def end(cards: Cards, payment: PaymentView, *, now: datetime) -> Facts | None:
    """Let the provider end a payment, and say what holds then: it may have been captured before.

    Raises:
        CardNotOffered, ProviderAway, ProviderRefused, FactsDiffer: as `ask`.
    """
    if payment.reference:
        cards.of(payment).close(payment.reference, now=now)
    return ask(cards, payment, now=now)


# --- refunds -------------------------------------------------------------------------------------


def send_refunds(database: Database, cards: Cards, clock: Clock) -> int:
    """Ask the providers for every refund that was written down; return how many were answered."""
    with database.reading() as session:
        waiting = [
            (queries.payment(session, refund.payment_id), refund)
            for refund in queries.unsent_refunds(session, Method.CARD)
        ]
    return sum(_send(database, cards, payment, refund, clock.now()) for payment, refund in waiting)


def wanted_of(payment: PaymentView, refund: RefundView) -> RefundWanted:
    """What a provider is asked for, to give a refund."""
    return RefundWanted(
        refund_id=refund.id,
        payment_id=payment.id,
        capture_reference=payment.capture_reference,
        amount=refund.amount,
        currency=payment.currency,
    )


def heard_refund(session: Session, payment: PaymentView, facts: RefundFacts, now: datetime) -> bool:
    """Take the step that follows from what a provider says of a refund; whether it was news.

    One that was made at the provider is written down, and counted, as of cause *provider*.

    Raises:
        OverRefund: our own refunds are under way and leave less; it can be heard again later.
    """
    ours = _find_ours(session, facts)
    if ours is None:
        if facts.state is RefundState.FAILED:
            return False
        ours = refunds.refund(
            session,
            payment_id=payment.id,
            amount=facts.amount,
            cause=RefundCause.PROVIDER,
            reason="",
            key=f"provider:{facts.reference}",
            now=now,
        )
    match facts.state:
        case RefundState.DONE:
            return refunds.refund_done(session, ours.id, reference=facts.reference, now=now)
        case RefundState.FAILED:
            return refunds.refund_failed(session, ours.id, now=now)
        case RefundState.PENDING:
            return refunds.name_refund(session, ours.id, reference=facts.reference)


def heard_dispute(
    session: Session, provider: str, payment: PaymentView, facts: DisputeFacts, *, now: datetime
) -> bool:
    """Book that a bank withholds what was captured, or has let it go; whether that was news.

    A dispute that is lost stays booked as disputed: it is not ours any more. How far it has come
    is kept for staff.
    """
    disputes.keep(session, payment, facts, now=now)
    is_news = facts.is_withheld and _once(session, provider, payment, facts, "withheld", now)
    if is_news:
        postings.disputed(session, payment, facts.amount, now=now)
    if facts.is_won and _once(session, provider, payment, facts, "won", now):
        postings.disputed(session, payment, -facts.amount, now=now)
        return True
    return is_news


def _once(
    session: Session,
    provider: str,
    payment: PaymentView,
    facts: DisputeFacts,
    what: str,
    now: datetime,
) -> bool:
    """Whether this happens to a dispute for the first time; several events tell of it."""
    return heard_events.note(
        session,
        event_id=f"{facts.reference}:{what}",
        provider=provider,
        kind=what,
        payment_id=payment.id,
        now=now,
    )


def _find_ours(session: Session, facts: RefundFacts) -> RefundView | None:
    if facts.refund_id:
        return queries.refund(session, facts.refund_id)
    return queries.find_refund_by_reference(session, facts.reference)


def _send(
    database: Database, cards: Cards, payment: PaymentView, refund: RefundView, now: datetime
) -> bool:
    try:
        facts = cards.of(payment).refund(wanted_of(payment, refund), now=now)
    except ProviderAway:
        return False
    except ProviderRefused as refusal:
        _log.error("the provider refuses refund %s: %s", refund.id, refusal.facts["reason"])
        return database.attempt(
            lambda session: refunds.refund_failed(session, refund.id, now=now), is_recorded=False
        )
    return database.attempt(
        lambda session: heard_refund(session, payment, facts, now), is_recorded=False
    )
