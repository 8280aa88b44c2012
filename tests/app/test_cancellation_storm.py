"""A sold-out performance is cancelled, and the workers that give the money back are killed."""

from __future__ import annotations

from collections import Counter

import pytest
import sqlalchemy as sa

from tests.support import cancel_storm
from tests.support.called_off import CalledOff
from tests.support.factories import Desk
from tests.support.houses import STALLS, seat
from tests.support.shop import ADULT, open_shop
from upstage_crm.inventory.views import SeatState
from upstage_crm.ledger.views import Account
from upstage_crm.orders.views import Contact, Tender
from upstage_crm.payments.views import Method

pytestmark = pytest.mark.each_database

ROWS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # as the builder letters them: without I and O
PARTY = 4  # seats of one order
TOLD = sa.text("SELECT to_address FROM mail_outbox WHERE kind = 'performance_cancelled'")
EVERY_THIRD = 3  # is paid in cash, by someone without an address


def sell_out(off: CalledOff, rows: int, seats: int) -> int:
    """Sell every seat, a party at a time; return how many orders have an address."""
    shop, mailed = off.shop, 0
    numbers = range(1, seats + 1, PARTY)
    parties = [
        [seat(ROWS[row], first + n) for n in range(PARTY)]
        for row in range(rows)
        for first in numbers
    ]
    for n, party in enumerate(parties):
        if n % EVERY_THIRD == 2:
            basket = shop.filled(*party)
            paid = [Tender(method=Method.CASH, amount=PARTY * ADULT)]
            shop.sell(basket, paid, Contact())
        else:
            off.sold_by_card(*party, email=f"p{n}@example.org")
            mailed += 1
    return mailed


def play(desk: Desk, rows: int, seats: int, *, kills: int, seed: int) -> None:
    """Sell out, cancel, kill: then everything adds up."""
    sections = (STALLS | {"rows": str(rows), "seats": str(seats), "wheelchair": ""},)
    off = CalledOff(open_shop(desk, shift_id="shift", sections=sections))
    mailed = sell_out(off, rows, seats)
    tickets = rows * seats
    found = off.dry_run()
    assert (found.tickets, found.orders) == (tickets, tickets // PARTY)
    assert found.amount == tickets * ADULT
    off.cancel()
    url = desk.database.engine.url.render_as_string(hide_password=False)
    assert cancel_storm.rage(url, desk.now, kills=kills, seed=seed) > 0

    with desk.database.reading() as session:
        lines = session.connection().execute(
            sa.text("SELECT coalesce(sum(amount), 0) FROM order_line WHERE reverses <> ''")
        )
        cancelled = -int(lines.scalar_one())
        refunds = session.connection().execute(
            sa.text("SELECT coalesce(sum(amount), 0), count(*) FROM refund")
        )
        given_back, count = refunds.one()
        told = Counter(session.connection().execute(TOLD).scalars())
        states = set(session.connection().execute(sa.text("SELECT state FROM ticket")).scalars())
    assert cancelled == int(given_back) == tickets * ADULT
    assert count == tickets // PARTY
    assert len(told) == mailed
    assert set(told.values()) == {1}
    assert states == {"void"}
    assert set(off.shop.made.states().values()) == {SeatState.BLOCKED}
    progress = off.progress()
    cash = (tickets // PARTY - mailed) * PARTY * ADULT
    assert (progress.settled, progress.owed) == (tickets // PARTY, 0)
    assert (progress.refunded, progress.at_desk) == (mailed * PARTY * ADULT, cash)
    assert off.shop.balance(Account.REFUNDS_DUE) == -cash
    assert off.shop.balance(Account.CARD_CLEARING) == 0
    assert off.shop.balance(Account.DEFERRED_INCOME) == 0
    assert desk.chain_is_whole()


def test_workers_are_killed_and_nothing_is_lost_or_doubled(desk: Desk) -> None:
    play(desk, 3, 12, kills=2, seed=1)


@pytest.mark.long
def test_a_house_of_480_seats_is_given_back_through_many_kills(desk: Desk) -> None:
    play(desk, 24, 20, kills=20, seed=2)
