"""Postings become transactions that sum to zero, and sums of entries are all that is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.factories import Desk, days, unchanged
from upstage_crm.ledger import books, queries
from upstage_crm.ledger.errors import AmountBeyondBooks, PostingUnbalanced
from upstage_crm.ledger.views import MOST_AMOUNT, Account, Entry, Leg, Posting, PostingKind
from upstage_crm.wording.sentences import sentence

pytestmark = pytest.mark.each_database

SALE = Posting(
    kind=PostingKind.SALE,
    legs=(
        Leg(Account.CASH_DRAWER, 2000),
        Leg(Account.CARD_CLEARING, 1600),
        Leg(Account.DEFERRED_INCOME, -2917, "hamlet", "line"),
        Leg(Account.DEFERRED_FEES, -100, "hamlet", "line"),
        Leg(Account.TAX, -583, "hamlet", "line"),
    ),
    order_id="order",
    step_id="step",
    payment_id="payment",
    shift_id="shift",
    staff_id="sam",
)


def post(desk: Desk, posting: Posting) -> str:
    return desk.write(lambda s: books.post(s, posting, now=desk.now))


def entries(desk: Desk, order_id: str = "order") -> tuple[Entry, ...]:
    return desk.read(lambda s: queries.entries_of_order(s, order_id))


def test_a_posting_is_spread_into_its_entries(desk: Desk) -> None:
    made = post(desk, SALE)

    found = entries(desk)
    assert [(one.account, one.amount, one.performance_id, one.line_id) for one in found] == [
        (leg.account, leg.amount, leg.performance_id, leg.line_id) for leg in SALE.legs
    ]
    assert [one.n for one in found] == [0, 1, 2, 3, 4]
    first = found[0]
    assert (first.transaction_id, first.kind, first.booked_at) == (made, SALE.kind, desk.now)
    assert (first.step_id, first.payment_id, first.shift_id) == ("step", "payment", "shift")
    assert (first.staff_id, first.refund_id) == ("sam", "")


def test_what_does_not_balance_is_refused(desk: Desk) -> None:
    short = replace(SALE, legs=SALE.legs[:-1])

    error = unchanged(desk, lambda: post(desk, short), PostingUnbalanced)

    assert error.facts == {"difference": 583}
    assert "do not add up" in sentence(error)


def test_an_amount_beyond_the_books_is_refused(desk: Desk) -> None:
    most = (Leg(Account.BANK, MOST_AMOUNT), Leg(Account.CASH_SAFE, -MOST_AMOUNT))
    more = (Leg(Account.BANK, MOST_AMOUNT + 1), Leg(Account.CASH_SAFE, -MOST_AMOUNT - 1))
    post(desk, replace(SALE, legs=most))

    error = unchanged(desk, lambda: post(desk, replace(SALE, legs=more)), AmountBeyondBooks)

    assert error.facts == {"account": "bank", "amount": MOST_AMOUNT + 1}


def test_what_is_free_moves_no_money(desk: Desk) -> None:
    """A complimentary ticket, and the tax of a price without any."""
    nothing = replace(SALE, legs=(Leg(Account.CASH_DRAWER, 0), Leg(Account.TAX, 0)))
    untaxed = replace(
        SALE,
        legs=(Leg(Account.CASH_DRAWER, 5), Leg(Account.DEFERRED_INCOME, -5), Leg(Account.TAX, 0)),
    )

    assert post(desk, nothing) == ""
    assert entries(desk) == ()
    post(desk, untaxed)
    assert [one.amount for one in entries(desk)] == [5, -5]


def test_balances_are_sums_of_entries(desk: Desk) -> None:
    post(desk, SALE)
    desk.clock.advance(days(1))
    back = tuple(replace(leg, amount=-leg.amount) for leg in SALE.legs[2:])
    gone = replace(
        SALE,
        kind=PostingKind.RETURN,
        legs=(*back, Leg(Account.REFUNDS_DUE, -3600)),
        step_id="second",
        shift_id="",
        payment_id="",
    )
    post(desk, gone)
    other = replace(SALE, order_id="other", shift_id="other", payment_id="")
    post(desk, other)

    def read(**wanted: Any) -> dict[str, int]:
        return {k.value: v for k, v in desk.read(lambda s: queries.balances(s, **wanted)).items()}

    assert read(order_id="order") == {
        "cash_drawer": 2000,
        "card_clearing": 1600,
        "deferred_income": 0,
        "deferred_fees": 0,
        "tax": 0,
        "refunds_due": -3600,
    }
    assert read(shift_id="shift")["deferred_income"] == -2917
    assert read(payment_id="payment") == read(shift_id="shift")
    assert read(performance_id="hamlet") == {
        "deferred_income": -2917,
        "deferred_fees": -100,
        "tax": -583,
    }
    assert read(performance_id="hamlet", shift_id="shift") == read(performance_id="hamlet")
    assert sum(read().values()) == 0
    assert desk.read(lambda s: queries.balance(s, Account.TAX)) == -583
    assert desk.read(lambda s: queries.balance(s, Account.BANK)) == 0
    before = desk.read(lambda s: queries.balances(s, until=desk.now))
    assert before[Account.CASH_DRAWER] == 2000
    assert desk.read(lambda s: queries.balance(s, Account.CASH_DRAWER)) == 4000


def test_entries_are_found_by_what_they_are_about(desk: Desk) -> None:
    first = post(desk, SALE)
    second = post(desk, replace(SALE, order_id="", shift_id="", payment_id="refunded"))

    def ids(found: tuple[Entry, ...]) -> list[str]:
        return sorted({one.transaction_id for one in found})

    assert ids(desk.read(lambda s: queries.entries_of_shift(s, "shift"))) == [first]
    assert ids(desk.read(lambda s: queries.entries_of_payment(s, "refunded"))) == [second]
    both = desk.read(lambda s: queries.entries_of_transactions(s, [first, second]))
    assert ids(both) == [first, second]


@pytest.mark.parametrize("word", ["Hamlet’s „Höhle“", 'a "quote" \\ and more', "日本"])
def test_ids_are_opaque(desk: Desk, word: str) -> None:
    leg = Leg(Account.DEFERRED_INCOME, -1, word, word)
    post(desk, replace(SALE, legs=(Leg(Account.CASH_DRAWER, 1), leg)))

    assert entries(desk)[1].line_id == word
