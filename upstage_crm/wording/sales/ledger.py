"""The words of the books: accounts, what moved money, and refusals."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.ledger.views import Account, PostingKind

LEDGER_SENTENCES: Mapping[str, str] = {
    "posting_unbalanced": "These amounts do not add up. Nothing was booked: tell your support.",
    "amount_beyond_books": "This amount is larger than any that can be booked.",
}
ACCOUNT_WORDS: Mapping[Account, str] = {
    Account.CASH_DRAWER: "Cash in drawers",
    Account.CASH_SAFE: "Cash in the safe",
    Account.CARD_CLEARING: "Cards online",
    Account.TERMINAL_CLEARING: "Card terminals",
    Account.INVOICES_OWED: "Invoices",
    Account.VOUCHER_LIABILITY: "Gift vouchers",
    Account.ACCOUNT_CREDIT: "Account credit",
    Account.DEFERRED_INCOME: "Deferred income",
    Account.EARNED_INCOME: "Earned income",
    Account.DEFERRED_FEES: "Deferred fees",
    Account.EARNED_FEES: "Earned fees",
    Account.TAX: "Tax",
    Account.REFUNDS_DUE: "Refunds due",
    Account.PROVIDER_FEES: "Fees of payment providers",
    Account.DISPUTED: "Disputed payments",
    Account.BANK: "Bank",
    Account.CASH_ROUNDING: "Cash rounding",
    Account.OVER_SHORT: "Over or short",
    Account.PAID_OUTS: "Paid out of drawers",
}
POSTING_WORDS: Mapping[PostingKind, str] = {
    PostingKind.SALE: "Sale",
    PostingKind.EXCHANGE: "Exchange",
    PostingKind.RETURN: "Return",
    PostingKind.REFUND: "Refund",
    PostingKind.CANCELLATION: "Cancellation",
    PostingKind.EARNED: "Performed",
    PostingKind.SHIFT_MOVE: "Move of cash",
    PostingKind.SHIFT_CLOSED: "Shift closed",
    PostingKind.PROVIDER: "Payment provider",
    PostingKind.DISPUTE: "Dispute",
    PostingKind.PAYOUT: "Payout",
}
