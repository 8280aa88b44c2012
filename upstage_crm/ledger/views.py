"""What others see of the books: accounts, postings, and the entries that they became."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

LEAST_LEGS: Final = 2
MOST_AMOUNT: Final = 999_999_999_999_999  # minor units in one leg; a guard refuses more


class Account(StrEnum):
    """Where money is, or what it is owed for. What comes in is positive, a debit."""

    # How it was paid.
    CASH_DRAWER = "cash_drawer"
    CASH_SAFE = "cash_safe"
    CARD_CLEARING = "card_clearing"
    TERMINAL_CLEARING = "terminal_clearing"
    INVOICES_OWED = "invoices_owed"
    VOUCHER_LIABILITY = "voucher_liability"
    ACCOUNT_CREDIT = "account_credit"
    # What it was paid for. Income is deferred until its performance is over.
    DEFERRED_INCOME = "deferred_income"
    EARNED_INCOME = "earned_income"
    DEFERRED_FEES = "deferred_fees"
    EARNED_FEES = "earned_fees"
    TAX = "tax"
    # What becomes of it.
    REFUNDS_DUE = "refunds_due"
    PROVIDER_FEES = "provider_fees"
    DISPUTED = "disputed"
    BANK = "bank"
    CASH_ROUNDING = "cash_rounding"
    OVER_SHORT = "over_short"
    PAID_OUTS = "paid_outs"


TENDERS: Final = (
    Account.CASH_DRAWER,
    Account.CARD_CLEARING,
    Account.TERMINAL_CLEARING,
    Account.INVOICES_OWED,
    Account.VOUCHER_LIABILITY,
    Account.ACCOUNT_CREDIT,
)
"""The accounts that a sale is paid into."""


class PostingKind(StrEnum):
    """What moved the money."""

    SALE = "sale"
    EXCHANGE = "exchange"
    RETURN = "return"
    REFUND = "refund"
    CANCELLATION = "cancellation"
    EARNED = "earned"
    SHIFT_MOVE = "shift_move"
    SHIFT_CLOSED = "shift_closed"
    PROVIDER = "provider"
    DISPUTE = "dispute"
    PAYOUT = "payout"


@dataclass(frozen=True, slots=True)
class Leg:
    """One amount on one account, in minor units: a debit is positive, a credit negative.

    The ids are opaque, "" for none: the performance and the order line that it is about.
    """

    account: Account
    amount: int
    performance_id: str = ""
    line_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One movement of money, whose legs sum to zero. The ids are opaque, "" for none."""

    kind: PostingKind
    legs: tuple[Leg, ...]
    order_id: str = ""
    step_id: str = ""
    payment_id: str = ""
    refund_id: str = ""
    shift_id: str = ""
    staff_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One leg as it is in the books; `n` is its place in the transaction, from 0."""

    transaction_id: str
    n: int
    kind: PostingKind
    booked_at: datetime
    account: Account
    amount: int
    performance_id: str
    line_id: str
    order_id: str
    step_id: str
    payment_id: str
    refund_id: str
    shift_id: str
    staff_id: str
