"""What guests typed for their orders is emptied 24 months after the last performance, by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.app.test_letters import Office
from tests.app.test_transfers import Giving
from tests.support.factories import Desk, together, unchanged
from tests.support.houses import seat
from tests.support.pipeline import installed
from tests.support.proof import verified
from tests.support.shop import INA, open_shop
from upstage_crm.audit.events import Action
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.jobs import schedule
from upstage_crm.orders import basket_lines, baskets, filing
from upstage_crm.orders.records import past_contacts
from upstage_crm.orders.views import Contact
from upstage_crm.organisation import contact_months
from upstage_crm.organisation.errors import ContactTimeRefused

A1, A2, B1, B2 = (seat(row, number) for row in "AB" for number in (1, 2))
MINUTE = timedelta(minutes=1)
TYPED = Contact(email="typed@example.org", name="Wilhelmina Typed", phone="+49 30 555 0177")
WORDS = ("typed@", "wilhelmina", "5550177", "555 0177", "ben@")


@pytest.fixture
def giving(database: Database, clock: FrozenClock) -> Iterator[Giving]:
    with installed(database, clock) as parts:
        yield Giving(Office(parts, open_shop(Desk(database, clock)), clock))


def until_two_years_after(giving: Giving) -> None:
    """The clock goes on until the day is two years after the performance."""
    begun = giving.office.starts_at()
    giving.office.clock.advance(begun.replace(year=begun.year + 2) - giving.office.clock.now())


def forget(giving: Giving) -> int:
    return schedule.forget_guests(giving.office.parts)


def words_left(giving: Giving) -> list[str]:
    left = repr(giving.desk.dump()).casefold()
    return [word for word in WORDS if word in left]


def test_all_that_was_typed_for_a_guests_order_goes_and_what_was_sold_stays(giving: Giving) -> None:
    shop, clock = giving.shop, giving.office.clock
    basket = shop.filled(A1, A2)
    shop.run(lambda c: baskets.keep_contact(c, basket, TYPED))
    shop.run(lambda c: baskets.park(c, basket, label="For Wilhelmina"))
    order = shop.order(shop.sell(basket, contact=TYPED).order_id)
    giving.office.tell()
    giving.offer(order, 0)
    giving.answer(accepts=True)
    giving.office.until_due()
    giving.office.tell()
    shop.run(filing.file_orders)
    until_two_years_after(giving)
    clock.advance(-MINUTE)
    before = shop.order(order.id)
    assert forget(giving) == 0
    assert (before.contact, words_left(giving)) == (
        TYPED,
        ["typed@", "wilhelmina", "555 0177", "ben@"],
    )

    clock.advance(MINUTE)
    schedule.do_what_is_due(giving.office.parts)

    after = shop.order(order.id)
    assert words_left(giving) == []
    assert after.contact == Contact(language=TYPED.language)
    assert (after.total, after.tickets, after.steps) == (before.total, before.tickets, before.steps)
    [line] = giving.desk.lines(action=Action.CONTACTS_EMPTIED)
    assert line.facts == {"orders": 1, "mails": 6}
    assert verified(giving.desk).is_clean
    assert forget(giving) == 0
    assert giving.actions(Action.CONTACTS_EMPTIED) == 1


def test_an_order_that_is_the_patrons_own_goes_with_the_patron(giving: Giving) -> None:
    patron = giving.desk.patron(INA.email)
    bought = giving.shop.filled(A1, patron_id=patron.id)
    own = giving.shop.order(giving.shop.sell(bought, contact=TYPED).order_id)
    proven = giving.sold(A2)
    giving.office.clock.advance(MINUTE)
    giving.shop.run(filing.file_orders)
    giving.shop.run(lambda c: filing.claim_all(c, email_key=INA.email))
    until_two_years_after(giving)

    assert forget(giving) == 0
    assert giving.shop.order(own.id).contact == TYPED
    assert giving.shop.order(proven.id).contact == proven.contact


def test_the_last_performance_of_an_order_counts(giving: Giving) -> None:
    shop = giving.shop
    later = shop.another_performance()
    basket = shop.filled(A1)
    wanted = {A1: shop.adult}
    shop.run(
        lambda c: basket_lines.add_seats(c, shop.seller, basket, performance_id=later, seats=wanted)
    )
    order = shop.order(shop.sell(basket, contact=TYPED).order_id)
    until_two_years_after(giving)
    assert forget(giving) == 0

    giving.office.clock.advance(timedelta(days=1, minutes=1))
    schedule.do_what_is_due(giving.office.parts)
    assert shop.order(order.id).contact == Contact(language=TYPED.language)


def test_a_start_finds_what_no_turn_has_seen_in_small_transactions(
    giving: Giving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that was away, or stopped between two transactions, goes on where it was."""
    monkeypatch.setattr(past_contacts, "MOST_AT_ONCE", 2)
    orders = [giving.shop.sold(each, contact=TYPED) for each in (A1, A2, B1, B2)]
    until_two_years_after(giving)
    giving.office.clock.advance(timedelta(days=40))
    schedule.do_what_is_due(giving.office.parts)
    assert giving.actions(Action.CONTACTS_EMPTIED) == 0

    first = orders[0].id
    giving.shop.run(lambda c: past_contacts.empty(c, order_ids=[first]))
    assert forget(giving) == 3
    counted = giving.desk.lines(action=Action.CONTACTS_EMPTIED)
    assert [each.facts["orders"] for each in counted] == [1, 2, 1]
    assert {giving.shop.order(each.id).contact.email for each in orders} == {""}


def test_two_workers_count_an_order_once(giving: Giving) -> None:
    for each in (A1, A2, B1):
        giving.shop.sold(each, contact=TYPED)
    until_two_years_after(giving)

    assert sorted(map(repr, together(*[lambda: forget(giving)] * 4))) == ["0", "0", "0", "3"]
    assert giving.actions(Action.CONTACTS_EMPTIED) == 1


@pytest.mark.parametrize(
    ("now", "months", "then"),
    [
        ((2028, 2, 29), 24, (2026, 2, 28)),
        ((2028, 3, 1), 24, (2026, 3, 1)),
        ((2028, 3, 31), 13, (2027, 2, 28)),
        ((2028, 1, 5), 3, (2027, 10, 5)),
    ],
)
def test_months_are_counted_by_the_calendar(
    now: tuple[int, int, int], months: int, then: tuple[int, int, int]
) -> None:
    kept = past_contacts.kept_since(datetime(*now, tzinfo=UTC), months)
    assert kept == datetime(*then, tzinfo=UTC)


def choose(giving: Giving, months: int) -> None:
    desk = giving.desk
    desk.write(lambda s: contact_months.change(desk.staff_context(s, desk.owner), months=months))


def test_an_owner_who_chooses_fewer_months_empties_what_is_older(giving: Giving) -> None:
    """The next turn of the clock does it, though time alone made nothing due."""
    order = giving.shop.sold(A1, contact=TYPED)
    until_two_years_after(giving)
    giving.office.clock.advance(-timedelta(days=300))
    yesterday = giving.office.clock.now() - timedelta(days=1)
    assert schedule.forget_guests(giving.office.parts, since=yesterday) == 0

    choose(giving, 12)
    schedule.do_what_is_due(giving.office.parts)

    assert giving.shop.order(order.id).contact.email == ""
    line = giving.desk.lines(action=Action.ORGANISATION_CHANGED)[-1]
    assert line.facts == {"contact_months.old": 24, "contact_months.new": 12}


def test_more_months_keep_longer_and_the_bounds_are_said(giving: Giving) -> None:
    order = giving.shop.sold(A1, contact=TYPED)
    choose(giving, 36)
    until_two_years_after(giving)
    assert forget(giving) == 0
    assert giving.shop.order(order.id).contact.email

    for months in (2, 85):
        refused = unchanged(giving.desk, lambda m=months: choose(giving, m), ContactTimeRefused)
        assert refused.facts == {"least": 3, "most": 84}
