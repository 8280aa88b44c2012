"""Takes cards through Stripe's own page (Checkout). The only module that imports `stripe`.

Card data is entered at Stripe alone. The buyer's browser goes there and comes back; what became of
it is asked of Stripe, whatever the browser or an event says.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import requests
import stripe

from upstage_crm.payments.errors import (
    EventRefused,
    EventUnreadable,
    ProviderAway,
    ProviderRefused,
)
from upstage_crm.payments.providers.provider import (
    DisputeFacts,
    EventAbout,
    Facts,
    Page,
    PageWanted,
    ProviderEvent,
    RefundFacts,
    RefundWanted,
)
from upstage_crm.payments.providers.stripe_amounts import AmountUnfit, from_stripe, to_stripe
from upstage_crm.payments.providers.stripe_signature import is_signed
from upstage_crm.payments.views import DisputeState, PaymentState, RefundState

DEFAULT_URL = "https://api.stripe.com"
CHECKOUT_ORIGIN = "https://checkout.stripe.com"
TIMEOUT_S = 10.0
# Stripe wants half an hour at least, and the same words on every try: a page is ended by us.
PAGE_OUTLIVES = timedelta(hours=1)
KEY_REFUSED_S = 60  # what only the operator can mend is tried again, and loses nothing
LANGUAGES = frozenset({"en", "de", "fr", "es", "it", "nl", "pl", "pt", "sv", "da", "fi", "tr"})

_ABOUT: Mapping[str, EventAbout] = {
    "checkout.session.": EventAbout.PAYMENT,
    "refund.": EventAbout.REFUND,
    "charge.refund.": EventAbout.REFUND,
    "charge.dispute.": EventAbout.DISPUTE,
}
_REFUND_STATES: Mapping[str, RefundState] = {
    "succeeded": RefundState.DONE,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
_DISPUTE_STATES: Mapping[str, DisputeState] = {
    "under_review": DisputeState.ANSWERED,
    "warning_under_review": DisputeState.ANSWERED,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
    "warning_closed": DisputeState.DROPPED,
    "prevented": DisputeState.DROPPED,
}
_INQUIRY = "warning_"  # a dispute that withholds nothing yet
_BRANDS: Mapping[str, str] = {
    "amex": "American Express",
    "visa": "Visa",
    "mastercard": "Mastercard",
}

_log = logging.getLogger(__name__)
T = TypeVar("T")


class StripeProvider:
    """One Stripe account. Thread-safe."""

    name = "stripe"
    mark = "cs_"

    def __init__(
        self, *, api_key: str, webhook_secrets: Sequence[str], api_url: str = DEFAULT_URL
    ) -> None:
        session = requests.Session()
        session.trust_env = False  # no proxy and no password file of the machine
        session.max_redirects = 0
        self._client = stripe.StripeClient(
            api_key,
            base_addresses={"api": api_url},
            http_client=stripe.RequestsClient(timeout=TIMEOUT_S, session=session),
            max_network_retries=0,  # the clock tries again, under the same key
        )
        self._secrets = tuple(webhook_secrets)
        is_stripe = api_url == DEFAULT_URL
        address = urlsplit(api_url)
        self.form_action = CHECKOUT_ORIGIN if is_stripe else f"{address.scheme}://{address.netloc}"

    def can_take(self, amount: int, currency: str) -> bool:
        """Whether Stripe can write such an amount."""
        try:
            return to_stripe(amount, currency) > 0
        except AmountUnfit:
            return False

    def open(self, wanted: PageWanted, *, now: datetime) -> Page:  # noqa: ARG002  # the protocol's
        """Make a Checkout session; the payment's id is the key, so that there is one."""
        amount = _theirs(wanted.amount, wanted.currency)
        said = {"payment": wanted.payment_id}
        item = {
            "quantity": 1,
            "price_data": {
                "currency": wanted.currency.lower(),
                "unit_amount": amount,
                "product_data": {"name": wanted.words},
            },
        }
        given = {
            "mode": "payment",
            "payment_method_types": ["card"],
            "client_reference_id": wanted.payment_id,
            "metadata": said,
            "payment_intent_data": {"metadata": said},
            "line_items": [item],
            "locale": wanted.language if wanted.language in LANGUAGES else "auto",
            "expires_at": int((wanted.deadline_at + PAGE_OUTLIVES).timestamp()),
            "success_url": wanted.return_url,
            "cancel_url": wanted.back_url,
        }
        made = self._ask(
            lambda: self._client.v1.checkout.sessions.create(
                cast("Any", given), {"idempotency_key": wanted.payment_id}
            )
        )
        if not made.url:
            raise ProviderRefused(reason="no_page")
        return Page(reference=made.id, url=made.url)

    def close(self, reference: str, *, now: datetime) -> None:  # noqa: ARG002  # the protocol's
        """Expire a session. One that is paid or over stays what it is."""
        try:
            self._ask(lambda: self._client.v1.checkout.sessions.expire(reference))
        except ProviderRefused as refusal:
            _log.info("a session could not be ended: %s", refusal.facts["reason"])

    def fetch(self, reference: str, *, now: datetime) -> Facts:  # noqa: ARG002  # the protocol's
        """What Stripe says of a session now."""
        expand = {"expand": ["payment_intent.latest_charge"]}
        session = self._ask(
            lambda: self._client.v1.checkout.sessions.retrieve(reference, cast("Any", expand))
        )
        found = session.to_dict()
        currency = str(found.get("currency") or "").upper()
        return Facts(
            payment_id=str(found.get("client_reference_id") or ""),
            state=_payment_state(found),
            amount=_minor(found.get("amount_total"), currency),
            currency=currency,
            capture_reference=_id_of(found.get("payment_intent")),
            note=_card_of(found.get("payment_intent")),
        )

    def refund(self, wanted: RefundWanted, *, now: datetime) -> RefundFacts:  # noqa: ARG002
        """Give back; the refund's id is the key."""
        given = {
            "payment_intent": wanted.capture_reference,
            "amount": _theirs(wanted.amount, wanted.currency),
            "metadata": {"refund": wanted.refund_id, "payment": wanted.payment_id},
        }
        made = self._ask(
            lambda: self._client.v1.refunds.create(
                cast("Any", given), {"idempotency_key": wanted.refund_id}
            )
        )
        return _refund_facts(made.to_dict())

    def fetch_refund(self, reference: str, *, now: datetime) -> RefundFacts:  # noqa: ARG002
        """What Stripe says of a refund now."""
        found = self._ask(lambda: self._client.v1.refunds.retrieve(reference))
        return _refund_facts(found.to_dict())

    def fetch_dispute(self, reference: str, *, now: datetime) -> DisputeFacts:  # noqa: ARG002
        """What Stripe says of a dispute now."""
        found = self._ask(lambda: self._client.v1.disputes.retrieve(reference)).to_dict()
        currency, status = str(found["currency"]).upper(), str(found["status"])
        return DisputeFacts(
            reference=str(found["id"]),
            capture_reference=_id_of(found.get("payment_intent")),
            amount=_minor(found["amount"], currency),
            currency=currency,
            is_withheld=not status.startswith(_INQUIRY),
            is_won=status == "won",
            state=_DISPUTE_STATES.get(status, DisputeState.OPEN),
            due_at=_due_at(found.get("evidence_details")),
        )

    def read_event(
        self, headers: Mapping[str, str], body: bytes, *, now: datetime
    ) -> ProviderEvent:
        """Check and read an event. Of its content only the kind and an id are looked at.

        Raises:
            EventRefused: it is not signed by Stripe with a secret of ours, or not lately.
            EventUnreadable: it is no event.
        """
        header = headers.get("stripe-signature", "")
        if not is_signed(header, body, secrets=self._secrets, now=now):
            raise EventRefused
        try:
            found = json.loads(body)
            kind, name = str(found["type"]), str(found["id"])
            subject = str(found["data"]["object"]["id"])
        except (ValueError, RecursionError, KeyError, TypeError):
            raise EventUnreadable from None
        if not name or len(name) > 200:  # the column's limit, with room
            raise EventUnreadable
        about = next(
            (about for start, about in _ABOUT.items() if kind.startswith(start)),
            EventAbout.NOTHING,
        )
        return ProviderEvent(id=name, kind=kind[:120], about=about, subject=subject)

    def _ask(self, call: Callable[[], T]) -> T:
        """What Stripe answers, its errors as ours."""
        try:
            return call()
        except (stripe.AuthenticationError, stripe.PermissionError) as error:
            _log.error("Stripe refuses our key: %s", error.code or error.http_status)
            raise ProviderAway(KEY_REFUSED_S) from error
        except (stripe.InvalidRequestError, stripe.CardError, stripe.IdempotencyError) as error:
            if error.http_status in (409, 429):  # the same key is being worked on right now
                raise ProviderAway from error
            raise ProviderRefused(reason=_reason(error)) from error
        except stripe.StripeError as error:
            _log.warning("Stripe does not answer: %s", type(error).__name__)
            raise ProviderAway from error


def _reason(error: stripe.StripeError) -> str:
    return str(error.code or type(error).__name__)[:60]


def _payment_state(session: Mapping[str, Any]) -> PaymentState:
    if session.get("payment_status") == "paid":
        return PaymentState.CAPTURED
    is_over = session.get("status") == "expired"
    return PaymentState.EXPIRED if is_over else PaymentState.ACTION_NEEDED


def _theirs(minor: int, currency: str) -> int:
    try:
        return to_stripe(minor, currency)
    except AmountUnfit:
        raise ProviderRefused(reason="amount_unfit") from None


def _minor(amount: object, currency: str) -> int:
    try:
        return from_stripe(int(str(amount)), currency)
    except ValueError:  # compared with what was asked for, it is another amount
        return -1


def _due_at(evidence: object) -> datetime | None:
    """Until when Stripe takes an answer to a dispute."""
    if not isinstance(evidence, Mapping):
        return None
    due_s = cast("Mapping[str, Any]", evidence).get("due_by")
    return datetime.fromtimestamp(due_s, UTC) if isinstance(due_s, int) else None


def _id_of(found: object) -> str:
    """The id of what may be an id or the whole object."""
    if isinstance(found, Mapping):
        return str(cast("Mapping[str, Any]", found).get("id") or "")
    return str(found or "")


def _card_of(intent: object) -> str:
    """Brand and last four digits of the card that paid: nothing else of it is ever read."""
    found: Any = intent
    for name in ("latest_charge", "payment_method_details", "card"):
        found = cast("Mapping[str, Any]", found).get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        return ""
    card = cast("Mapping[str, Any]", found)
    brand = str(card.get("brand") or "card")
    return f"{_BRANDS.get(brand, brand.title())} {card.get('last4') or ''}".strip()


def _refund_facts(found: Mapping[str, Any]) -> RefundFacts:
    currency = str(found["currency"]).upper()
    metadata = cast("Mapping[str, Any]", found.get("metadata") or {})
    return RefundFacts(
        reference=str(found["id"]),
        refund_id=str(metadata.get("refund") or ""),
        capture_reference=_id_of(found.get("payment_intent")),
        state=_REFUND_STATES.get(str(found.get("status")), RefundState.PENDING),
        amount=_minor(found["amount"], currency),
        currency=currency,
    )
