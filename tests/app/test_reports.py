"""Every report is a view of the ledger, with the sums of days and without them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.support.factories import Desk, days, together
from tests.support.houses import seat
from tests.support.pipeline import installed
from tests.support.shop import ADULT, INA, Shop, open_shop
from upstage_crm.jobs import schedule
from upstage_crm.ledger import earning, queries
from upstage_crm.ledger.views import TENDERS, Account
from upstage_crm.orders import basket_lines, sale
from upstage_crm.orders.views import Tender
from upstage_crm.payments.views import Method
from upstage_crm.programme.prices.views import CompReason, SaleChannel
from upstage_crm.reporting import day_sums, deferred, entries, rollups, sales, takings
from upstage_crm.reporting.views import (
    NONE,
    BookedEntry,
    Days,
    Deferred,
    EntriesOf,
    Sales,
    SalesBy,
    Takings,
    TakingsBy,
)
from upstage_crm.tills import shifts, till_commands

EVER = Days()
MONDAY, TUESDAY = "2026-03-02", "2026-03-03"


@pytest.fixture
def shop(desk: Desk) -> Shop:
    till = desk.act(desk.owner, till_commands.add, name="Foyer")
    shift = desk.act(desk.owner, shifts.open_shift, till_id=till, float_amount=10_000)
    return open_shop(desk, shift_id=shift)


@pytest.fixture
def story(desk: Desk, shop: Shop) -> Shop:
    """On Monday three tickets are sold, one of them for cash; on Tuesday one is taken back."""
    order = shop.sold(seat("A", 1), seat("A", 2))
    shop.sell(shop.filled(seat("B", 1)), [Tender(method=Method.CASH, amount=ADULT)])
    desk.clock.advance(days(1))
    shop.take_back(order, order.tickets[0].id)
    return shop


def sold_by(shop: Shop, by: SalesBy, when: Days = EVER, **how: Any) -> dict[str, Sales]:
    desk = shop.desk
    return dict(desk.read(lambda s: sales.sales(s, by, days=when, now=desk.now, **how)))


def taken_by(shop: Shop, by: TakingsBy, when: Days = EVER) -> dict[str, Takings]:
    desk = shop.desk
    return dict(desk.read(lambda s: takings.takings(s, by, days=when, now=desk.now)))


def deferred_of(shop: Shop, until: date | None = None) -> dict[str, Deferred]:
    desk = shop.desk
    return dict(desk.read(lambda s: deferred.deferred(s, until=until, now=desk.now)))


def roll(desk: Desk) -> list[bool]:
    found = desk.read(lambda s: rollups.missing(s, now=desk.now))
    return [rollups.roll_up(desk.database, day, now=desk.now) for day in found]


def everything(shop: Shop) -> list[object]:
    """All reports of all days, and of each day."""
    spans = [EVER, *(Days(day, day) for day in (date(2026, 3, 2), date(2026, 3, 3)))]
    return [
        *([sold_by(shop, by, when) for by in SalesBy] for when in spans),
        *([taken_by(shop, by, when) for by in TakingsBy] for when in spans),
        *(deferred_of(shop, when.last) for when in spans),
    ]


def test_sales_are_told_by_what_was_sold_and_when(story: Shop) -> None:
    net = Sales(sold=3, returned=1, income=2 * 2834, fees=2 * 83, tax=2 * 583)
    event, performance = story.made.event, story.performance

    assert sold_by(story, SalesBy.EVENT) == {event: net}
    assert sold_by(story, SalesBy.PERFORMANCE) == {performance: net}
    assert sold_by(story, SalesBy.PRICE_TYPE) == {story.adult: net}
    assert sold_by(story, SalesBy.CHANNEL) == {"box_office": net}
    assert sum(sold_by(story, SalesBy.ZONE).values(), Sales()) == net
    assert sold_by(story, SalesBy.DAY) == {
        MONDAY: Sales(sold=3, income=3 * 2834, fees=3 * 83, tax=3 * 583),
        TUESDAY: Sales(returned=1, income=-2834, fees=-83, tax=-583),
    }
    assert (net.tickets, net.gross) == (2, 2 * ADULT)
    assert sold_by(story, SalesBy.EVENT, performances=[]) == {}
    assert sold_by(story, SalesBy.EVENT, performances=[performance, "x"]) == {event: net}


def test_a_gift_is_a_ticket_without_an_amount(story: Shop) -> None:
    gift = story.open()
    story.act(
        lambda c: basket_lines.add_seats(
            c,
            story.seller,
            gift,
            performance_id=story.performance,
            seats={seat("C", 4): story.comp},
            comp_reason=CompReason.PRESS,
        )
    )
    story.act(lambda c: sale.sell(c, story.seller, basket_id=gift, contact=INA, tenders=()))

    assert sold_by(story, SalesBy.PRICE_TYPE)[story.comp] == Sales(sold=1)


def test_takings_are_told_by_tender_till_person_and_shift(story: Shop) -> None:
    desk = story.desk
    terminal = Takings(taken=2 * ADULT, given_back=ADULT, times=1, times_back=1)
    cash = Takings(taken=ADULT, times=1)
    both = terminal + cash

    assert taken_by(story, TakingsBy.TENDER) == {"terminal_clearing": terminal, "cash_drawer": cash}
    assert both.net == 2 * ADULT
    assert sum(taken_by(story, TakingsBy.DAY).values(), Takings()) == both
    assert set(taken_by(story, TakingsBy.DAY)) == {MONDAY, TUESDAY}
    till = str(desk.scalar("SELECT id FROM till"))
    for by, name in (
        (TakingsBy.TILL, till),
        (TakingsBy.SHIFT, story.seller.shift_id),
        (TakingsBy.PERSON, story.clerk.id),
    ):
        found = taken_by(story, by)
        assert found[name] + found.get(NONE, Takings()) == both


def test_a_float_is_no_taking(shop: Shop) -> None:
    assert taken_by(shop, TakingsBy.TENDER) == {}


def test_income_is_deferred_until_it_is_earned(story: Shop) -> None:
    desk, performance = story.desk, story.performance
    assert deferred_of(story) == {performance: Deferred(income=2 * 2834, fees=2 * 83)}
    assert deferred_of(story, date(2026, 3, 2)) == {
        performance: Deferred(income=3 * 2834, fees=3 * 83)
    }

    desk.write(lambda s: earning.earn(s, performance_id=performance, now=desk.now))

    assert deferred_of(story) == {}
    assert deferred_of(story, date(2026, 3, 2)) != {}
    assert deferred_of(story, date(2026, 3, 1)) == {}


def test_sums_of_days_change_no_report(story: Shop) -> None:
    desk = story.desk
    desk.write(lambda s: earning.earn(s, performance_id=story.performance, now=desk.now))
    before = everything(story)

    assert roll(desk) == [False]  # Monday; Tuesday goes on
    assert desk.scalar("SELECT count(*) FROM rolled_day") == 1
    assert everything(story) == before
    desk.clock.advance(days(1))
    assert roll(desk) == [False]
    assert everything(story) == before
    desk.forge("DELETE FROM rolled_day WHERE day = '2026-03-02'")  # a gap
    assert everything(story) == before


def test_every_report_ties_to_the_ledger(story: Shop) -> None:
    desk = story.desk
    for _ in range(2):  # with the sums of Monday, too
        books = desk.read(queries.balances)
        for by in SalesBy:
            summed = sum(sold_by(story, by).values(), Sales())
            assert -summed.income == books[Account.DEFERRED_INCOME]
            assert -summed.fees == books[Account.DEFERRED_FEES]
            assert -summed.tax == books[Account.TAX]
        for by in TakingsBy:
            summed = sum(taken_by(story, by).values(), Takings())
            moved = 10_000  # the float
            assert summed.net + moved == sum(books.get(one, 0) for one in TENDERS)
        held = sum(deferred_of(story).values(), Deferred())
        assert -held.total == books[Account.DEFERRED_INCOME] + books[Account.DEFERRED_FEES]
        roll(desk)


def test_each_number_opens_the_entries_that_it_sums(story: Shop) -> None:
    desk = story.desk
    sold = list(day_sums.SOLD)

    def total(**wanted: Any) -> int:
        return desk.read(lambda s: entries.total(s, EntriesOf(**wanted)))

    for name, one in sold_by(story, SalesBy.ZONE).items():
        assert -total(accounts=sold, zone=name) == one.gross
    for name, one in sold_by(story, SalesBy.PRICE_TYPE).items():
        assert -total(accounts=sold, type_id=name) == one.gross
    for name, one in sold_by(story, SalesBy.DAY).items():
        day = date.fromisoformat(name)
        assert -total(accounts=sold, days=Days(day, day)) == one.gross
    channel = SaleChannel.BOX_OFFICE
    assert -total(accounts=sold, channel=channel) == sold_by(story, SalesBy.CHANNEL)[channel].gross
    for name, taken in taken_by(story, TakingsBy.TENDER).items():
        assert total(accounts=[Account(name)], kinds=takings.KINDS) == taken.net
    for name, taken in taken_by(story, TakingsBy.PERSON).items():
        assert total(accounts=TENDERS, kinds=takings.KINDS, staff_id=name) == taken.net
    for name, taken in taken_by(story, TakingsBy.SHIFT).items():
        assert total(accounts=TENDERS, kinds=takings.KINDS, shifts=[name]) == taken.net
    for name, held in deferred_of(story).items():
        assert -total(accounts=deferred.ACCOUNTS, performances=[name]) == held.total


def test_entries_are_paged_the_newest_first(story: Shop) -> None:
    desk = story.desk
    every = desk.read(lambda s: entries.entries(s, EntriesOf(), limit=100))
    paged: list[BookedEntry] = []

    def more() -> list[BookedEntry]:
        before = paged[-1].key if paged else ""
        return desk.read(lambda s: entries.entries(s, EntriesOf(), before=before, limit=4))

    while found := more():
        paged += found

    assert paged == every
    assert len(every) == desk.scalar("SELECT count(*) FROM ledger_entry")
    assert [one.booked_at for one in every] == sorted(
        (one.booked_at for one in every), reverse=True
    )
    assert {one.reference for one in every if one.zone} <= set(
        desk.column("SELECT reference FROM orders")
    )


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("sales_day", "income_total = 1, tickets = 9"),
        ("price_day", "channel = 'phone'"),
        ("account_day", "debit = debit + 1"),
    ],
)
def test_a_day_whose_sums_differ_is_made_anew_and_told(
    story: Shop, table: str, change: str
) -> None:
    desk = story.desk
    desk.clock.advance(days(1))
    roll(desk)
    before = everything(story)
    desk.forge(f"UPDATE {table} SET {change}")

    told = [
        day
        for day in desk.read(rollups.all_days)
        if rollups.roll_up(desk.database, day, now=desk.now)
    ]

    assert told == [date(2026, 3, 2), date(2026, 3, 3)]
    assert everything(story) == before


def test_a_day_is_over_when_the_clocks_of_the_house_say_so(story: Shop) -> None:
    """And ten minutes later, because a slow transaction commits late."""
    desk = story.desk
    zone = desk.read(rollups.zone_of)
    midnight = datetime(2026, 3, 4, tzinfo=zone)

    def missing(after: timedelta) -> list[date]:
        return desk.read(lambda s: rollups.missing(s, now=midnight + after))

    assert missing(timedelta(minutes=9)) == [date(2026, 3, 2)]
    assert missing(timedelta(minutes=10)) == [date(2026, 3, 2), date(2026, 3, 3)]


def test_another_time_zone_makes_sums_of_no_use(story: Shop) -> None:
    desk = story.desk
    desk.clock.advance(days(1))
    roll(desk)
    desk.forge("UPDATE rolled_day SET zone = 'Pacific/Auckland'")
    for table in ("sales_day", "price_day"):
        desk.forge(f"UPDATE {table} SET tickets = 99")

    assert sum(sold_by(story, SalesBy.CHANNEL).values(), Sales()).sold == 3
    assert len(desk.read(lambda s: rollups.missing(s, now=desk.now))) == 2
    assert roll(desk) == [False, False]
    assert desk.scalar("SELECT max(tickets) FROM sales_day") < 99


def test_two_workers_sum_up_one_day(story: Shop) -> None:
    desk = story.desk
    desk.clock.advance(days(1))
    before, now = everything(story), desk.now

    done = together(*[lambda: rollups.roll_up(desk.database, date(2026, 3, 2), now=now)] * 3)

    assert [one for one in done if isinstance(one, Exception)] == []
    assert everything(story) == before


def test_the_clock_keeps_the_sums_and_the_night_checks_them(story: Shop) -> None:
    desk = story.desk
    desk.clock.advance(days(1))
    before = everything(story)
    with installed(desk.database, desk.clock) as parts:
        schedule.do_what_is_due(parts)
        assert desk.scalar("SELECT count(*) FROM rolled_day") == 2
        assert schedule.sum_up_days(parts) == 0
        assert schedule.check_sums(parts) == []
        desk.forge("UPDATE price_day SET tickets = 9 WHERE day = '2026-03-02'")

        assert schedule.check_sums(parts) == [date(2026, 3, 2)]

    assert everything(story) == before
