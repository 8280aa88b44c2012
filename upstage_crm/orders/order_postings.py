"""What a sale, a return or an exchange moves on the books. Pure.

Debits are positive. A ticket's price is tax, fees and income, which stays deferred until the
performance is over; the tax is shared between the fees and the rest of the price.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from upstage_crm.core.money import share_out
from upstage_crm.ledger.views import Account, Leg
from upstage_crm.orders.views import Tender
from upstage_crm.payments.postings import ACCOUNTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """The amounts of an order line; `fees` and `tax` are parts of `amount`."""

    line_id: str
    performance_id: str
    amount: int
    fees: int
    tax: int


def sold(lines: Iterable[Booked]) -> list[Leg]:
    """The credits of what was sold."""
    return [leg for line in lines for leg in _credits(line)]


def taken_back(lines: Iterable[Booked], reversed_by: Mapping[str, str]) -> list[Leg]:
    """The debits that undo what was sold; `reversed_by` names the line that reverses each."""
    return [
        Leg(leg.account, -leg.amount, leg.performance_id, reversed_by[line.line_id])
        for line in lines
        for leg in _credits(line)
    ]


def paid(tenders: Sequence[Tender]) -> list[Leg]:
    """The debits of what was paid, one for each account."""
    sums: dict[Account, int] = {}
    for tender in tenders:
        account = ACCOUNTS[tender.method]
        sums[account] = sums.get(account, 0) + tender.amount
    return [Leg(account, amount) for account, amount in sums.items()]


def owed(amount: int) -> Leg:
    """The credit of what has to be given back."""
    return Leg(Account.REFUNDS_DUE, -amount)


def _credits(line: Booked) -> list[Leg]:
    rest = line.amount - line.fees
    fee_tax, rest_tax = share_out(line.tax, [line.fees, rest]) if line.amount else (0, 0)
    parts = (
        (Account.DEFERRED_INCOME, rest - rest_tax),
        (Account.DEFERRED_FEES, line.fees - fee_tax),
        (Account.TAX, line.tax),
    )
    return [Leg(account, -amount, line.performance_id, line.line_id) for account, amount in parts]
