"""Tickets change hands by the recipient's yes: offered, taken, declined, taken back, lapsed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from tests.app.test_letters import Office, codes, kinds
from tests.app.test_row_seals import found
from tests.support.called_off import CalledOff
from tests.support.factories import Desk, together, unchanged
from tests.support.houses import seat
from tests.support.pipeline import installed
from tests.support.shop import INA, open_shop
from upstage_crm.audit.events import Action
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.email_address import InvalidEmail
from upstage_crm.core.errors import UpstageError
from upstage_crm.links.claims import LinkRefused
from upstage_crm.mail.message import MailKind
from upstage_crm.orders.cancellations.views import Answer
from upstage_crm.orders.errors import TicketNotValid, UnknownTicket
from upstage_crm.orders.letters.letter_rules import DOORS_BEFORE
from upstage_crm.orders.records import personal_data, ticket_copies
from upstage_crm.orders.transfers import giving as offering
from upstage_crm.orders.transfers import taking as answering
from upstage_crm.orders.transfers import ticket_offers as offers
from upstage_crm.orders.transfers.errors import (
    NothingOffered,
    OfferedBefore,
    OfferEnded,
    OwnAddress,
    TooManyOffers,
    TransferTooLate,
    TransferWaits,
)
from upstage_crm.orders.transfers.views import OfferState, OfferView
from upstage_crm.orders.views import BasketKind, OrderView, StepKind

BEN, EVE = "ben@example.org", "eve@example.org"
A1, A2 = seat("A", 1), seat("A", 2)
MINUTE = timedelta(minutes=1)


class Giving:
    """A giver and a recipient. Each verb is one transaction, and the mails leave after it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.shop = office.shop
        self.desk = office.shop.desk
        self.by_clock = CalledOff(office.shop)
        self.in_window = False

    def sold(self, *seats: str) -> OrderView:
        order = self.shop.sold(*seats)
        self.office.tell()
        return order

    def offer(self, order: OrderView, *at: int, to: str = BEN) -> str:
        ids = [order.tickets[each].id for each in at]
        return self.offer_ids(order, ids, to)

    def offer_ids(self, order: OrderView, ids: Collection[str], to: str = BEN) -> str:
        return self.by_clock.do(
            lambda c: offering.offer(
                c,
                order_id=order.id,
                ticket_ids=ids,
                email=to,
                language="en",
                in_window=lambda *_: self.in_window,
            )
        )

    def take_back(self, order: OrderView, offer_id: str) -> None:
        self.by_clock.do(lambda c: offering.take_back(c, order_id=order.id, offer_id=offer_id))

    def answer(self, *, accepts: bool, to: str = BEN) -> None:
        self.office.tell()
        claims = self.desk.claims(to)
        self.by_clock.do(
            lambda c: answering.answer(
                c, claims=claims, accepts=accepts, in_window=lambda *_: self.in_window
            )
        )

    def view(self, offer_id: str) -> OfferView:
        found = self.desk.read(lambda s: offers.offer(s, offer_id, now=self.desk.now))
        assert found is not None
        return found

    def until_doors(self) -> None:
        clock = self.office.clock
        clock.advance(self.office.starts_at() - DOORS_BEFORE - clock.now())

    def actions(self, *wanted: Action) -> int:
        return sum(len(self.desk.lines(action=each)) for each in wanted)


@pytest.fixture
def giving(database: Database, clock: FrozenClock) -> Iterator[Giving]:
    with installed(database, clock) as parts:
        yield Giving(Office(parts, open_shop(Desk(database, clock)), clock))


def test_a_yes_turns_the_code_and_mails_it_to_the_recipient_alone(giving: Giving) -> None:
    order = giving.sold(A1, A2)
    old = giving.office.code(order, 0)
    offer_id = giving.offer(order, 0)
    [asked] = giving.office.tell()
    assert (asked.to, asked.files) == (BEN, ())
    assert "ina@example.org" not in asked.text
    assert "Ina" not in asked.text
    assert "Stalls, row A, seat 1" in asked.text

    giving.answer(accepts=True)
    mails = {mail.to: mail for mail in giving.office.tell()}

    after = giving.office.order(order)
    assert mails.keys() == {BEN, INA.email}
    assert codes(mails[BEN]) == [giving.office.code(order, 0)] != [old]
    assert codes(mails[INA.email]) == []
    assert BEN not in mails[INA.email].text
    assert [each.code_version for each in after.tickets] == [2, 1]
    assert (after.total, after.tickets[0].amount) == (order.total, order.tickets[0].amount)
    assert [each.kind for each in after.steps] == [StepKind.SALE, StepKind.TRANSFER]
    assert giving.view(offer_id).state is OfferState.ACCEPTED
    assert giving.actions(Action.TICKETS_OFFERED, Action.TICKETS_PASSED_ON) == 2


def test_the_day_of_mail_goes_to_who_holds_the_ticket(giving: Giving) -> None:
    order = giving.sold(A1, A2)
    giving.offer(order, 0)
    giving.answer(accepts=True)
    giving.office.tell()
    giving.office.until_due()

    mails = {mail.to: mail for mail in giving.office.tell()}

    assert {mail: kinds([each]) for mail, each in mails.items()} == {
        BEN: [MailKind.DAY_OF],
        INA.email: [MailKind.DAY_OF],
    }
    assert codes(mails[BEN]) == [giving.office.code(order, 0)]
    assert codes(mails[INA.email]) == [giving.office.code(order, 1)]


@pytest.mark.each_database
@pytest.mark.parametrize("seal", ["none", "copied"])
def test_an_offer_that_plain_sql_wrote_gives_no_one_a_ticket(giving: Giving, seal: str) -> None:
    """Offered, accepted and held, all in the right shape: the mail with its code goes to Ina."""
    order = giving.sold(A1, A2)
    giving.offer(order, 1)
    told = {"none": ("NULL", "NULL"), "copied": ("o.seal", "t.seal")}[seal]
    giving.desk.forge(
        "INSERT INTO ticket_offer (id, order_id, state, email, email_key, language, created_at, "
        f"seal) SELECT 'evil', order_id, 'open', '{EVE}', '{EVE}', 'en', created_at, {told[0]} "
        "FROM ticket_offer o",
        "INSERT INTO ticket_transfer (id, offer_id, ticket_id, state, seal) "
        f"SELECT 'evil', 'evil', '{order.tickets[0].id}', 'offered', {told[1]} "
        "FROM ticket_transfer t",
        "UPDATE ticket_offer SET state = 'accepted', answered_at = created_at WHERE id = 'evil'",
        "UPDATE ticket_transfer SET state = 'held' WHERE id = 'evil'",
    )
    giving.office.tell()
    giving.office.until_due()

    mails = giving.office.tell()

    assert {mail.to: codes(mail) for mail in mails if kinds([mail]) == [MailKind.DAY_OF]} == {
        INA.email: [giving.office.code(order, n) for n in (0, 1)]
    }
    assert EVE not in {mail.to for mail in mails}
    assert giving.desk.read(lambda s: offers.held_of_order(s, order.id)) == {}
    assert found(giving.desk) == ["ticket_offer evil: seal", "ticket_transfer evil: seal"]


@pytest.mark.each_database
def test_a_ticket_more_in_an_offer_of_ours_is_not_taken_with_it(giving: Giving) -> None:
    order = giving.sold(A1, A2)
    offer_id = giving.offer(order, 0)
    giving.desk.forge(
        "INSERT INTO ticket_transfer (id, offer_id, ticket_id, state) "
        f"VALUES ('evil', '{offer_id}', '{order.tickets[1].id}', 'offered')"
    )

    giving.answer(accepts=True)

    held = giving.desk.read(lambda s: offers.held_of_order(s, order.id))
    assert order.tickets[1].id not in held
    assert found(giving.desk) == ["ticket_transfer evil: seal"]


@pytest.mark.each_database
def test_an_erased_address_leaves_an_offer_under_its_seal(giving: Giving) -> None:
    order = giving.sold(A1)
    giving.offer(order, 0)
    giving.answer(accepts=True)

    giving.desk.write(lambda s: personal_data.forget_typed(s, [order.id]))

    assert giving.desk.scalar("SELECT email FROM ticket_offer") == ""
    assert found(giving.desk) == []


def test_who_takes_tickets_on_the_day_has_them_already(giving: Giving) -> None:
    order = giving.sold(A1)
    giving.office.until_due()
    giving.office.tell()
    giving.office.clock.advance(MINUTE)
    giving.offer(order, 0)
    giving.answer(accepts=True)

    told = kinds(giving.office.tell())

    assert sorted(told) == [MailKind.OFFER_ANSWERED, MailKind.TICKETS_RECEIVED]


def test_new_codes_go_to_who_holds_the_ticket(giving: Giving) -> None:
    order = giving.sold(A1, A2)
    giving.offer(order, 0)
    giving.answer(accepts=True)
    giving.office.tell()
    giving.shop.act(
        lambda c: ticket_copies.reissue(
            c,
            giving.shop.seller,
            order_id=order.id,
            ticket_ids=[each.id for each in order.tickets],
            reason="lost",
            key="reissue-1",
        )
    )

    mails = {mail.to: mail for mail in giving.office.tell()}

    assert codes(mails[BEN]) == [giving.office.code(order, 0)]
    assert codes(mails[INA.email]) == [giving.office.code(order, 1)]


def test_a_no_leaves_everything_as_it_was(giving: Giving) -> None:
    order = giving.sold(A1)
    offer_id = giving.offer(order, 0)
    giving.answer(accepts=False)
    [told] = giving.office.tell()

    assert told.to == INA.email
    assert "still yours" in told.text
    assert giving.view(offer_id).state is OfferState.DECLINED
    assert giving.office.order(order).tickets[0].code_version == 1
    assert giving.actions(Action.OFFER_DECLINED) == 1
    giving.offer(order, 0, to="cleo@example.org")  # it may be offered again


def test_the_second_answer_changes_nothing(giving: Giving) -> None:
    order = giving.sold(A1)
    giving.offer(order, 0)
    giving.answer(accepts=True)
    giving.office.tell()

    for accepts in (True, False):
        unchanged(giving.desk, lambda said=accepts: giving.answer(accepts=said), OfferEnded)


def test_the_giver_takes_it_back_before_the_yes_and_not_after(giving: Giving) -> None:
    order = giving.sold(A1)
    first = giving.offer(order, 0)
    giving.office.tell()
    giving.take_back(order, first)
    giving.office.tell()
    unchanged(giving.desk, lambda: giving.answer(accepts=True), OfferEnded)

    second = giving.offer(order, 0)
    giving.answer(accepts=True)
    unchanged(giving.desk, lambda: giving.take_back(order, second), OfferEnded)
    assert giving.office.order(order).tickets[0].code_version == 2
    assert giving.actions(Action.OFFER_TAKEN_BACK) == 1


def test_what_is_taken_back_at_once_is_never_asked(giving: Giving) -> None:
    order = giving.sold(A1)
    giving.take_back(order, giving.offer(order, 0))

    assert giving.office.tell() == []


def test_an_offer_of_another_order_is_not_taken_back(giving: Giving) -> None:
    order, other = giving.sold(A1), giving.sold(A2)
    offer_id = giving.offer(order, 0)

    unchanged(giving.desk, lambda: giving.take_back(other, offer_id), OfferEnded)


def test_an_offer_lapses_as_the_doors_open(giving: Giving) -> None:
    order = giving.sold(A1)
    offer_id = giving.offer(order, 0)
    giving.until_doors()
    giving.office.clock.advance(-MINUTE)
    assert giving.view(offer_id).is_open
    giving.office.clock.advance(MINUTE)
    giving.office.tell()

    unchanged(giving.desk, lambda: giving.answer(accepts=True), OfferEnded)
    other = giving.shop.sold(A2)
    unchanged(giving.desk, lambda: giving.offer(other, 0), TransferTooLate)


def test_a_returned_ticket_is_not_taken_and_the_others_are(giving: Giving) -> None:
    order = giving.sold(A1, A2)
    giving.offer(order, 0, 1)
    giving.office.tell()
    giving.shop.take_back(order, order.tickets[0].id)

    giving.answer(accepts=True)
    mails = {mail.to: mail for mail in giving.office.tell()}

    assert codes(mails[BEN]) == [giving.office.code(order, 1)]
    assert [each.code_version for each in giving.office.order(order).tickets] == [1, 2]


def test_an_exchanged_ticket_ends_its_offer(giving: Giving) -> None:
    order = giving.sold(A1)
    giving.offer(order, 0)
    giving.office.tell()
    basket = giving.shop.filled(A2, kind=BasketKind.EXCHANGE)
    giving.shop.exchange(order, basket, order.tickets[0].id)
    giving.office.tell()

    unchanged(giving.desk, lambda: giving.answer(accepts=True), OfferEnded)


def test_a_cancelled_performance_ends_its_offers(giving: Giving) -> None:
    order = giving.sold(A1)
    giving.offer(order, 0)
    giving.office.tell()
    giving.by_clock.cancel()
    giving.office.tell()

    unchanged(giving.desk, lambda: giving.answer(accepts=True), OfferEnded)


def test_what_cannot_be_offered(giving: Giving) -> None:
    order, other = giving.sold(A1), giving.sold(A2)
    [mine], [theirs] = order.tickets, other.tickets

    def refused(ids: list[str], to: str, error: type[UpstageError]) -> None:
        unchanged(giving.desk, lambda: giving.offer_ids(order, ids, to), error)

    refused([], BEN, NothingOffered)
    refused([mine.id], "no address", InvalidEmail)
    refused([mine.id], "INA@example.org", OwnAddress)
    refused([theirs.id], BEN, UnknownTicket)
    giving.offer(order, 0)
    refused([mine.id], BEN, OfferedBefore)
    giving.answer(accepts=True)
    refused([mine.id], "cleo@example.org", OfferedBefore)
    giving.shop.take_back(other, theirs.id)
    unchanged(giving.desk, lambda: giving.offer(other, 0), TicketNotValid)


def test_strangers_are_not_mailed_without_end(giving: Giving) -> None:
    order = giving.sold(A1)
    for _ in range(offering.MOST_OFFERS):
        giving.take_back(order, giving.offer(order, 0))

    unchanged(giving.desk, lambda: giving.offer(order, 0), TooManyOffers)
    giving.office.clock.advance(offering.WITHIN)
    giving.offer(order, 0)


def test_while_a_change_can_be_undone_nothing_changes_hands(giving: Giving) -> None:
    desk = giving.desk
    patron = desk.patron("mara@example.org")
    sold = giving.shop.sell(giving.shop.filled(A1, patron_id=patron.id))
    order = giving.shop.order(sold.order_id)
    giving.in_window = True
    unchanged(desk, lambda: giving.offer(order, 0), TransferWaits)

    giving.in_window = False
    giving.offer(order, 0)
    giving.office.tell()
    giving.in_window = True
    unchanged(desk, lambda: giving.answer(accepts=True), TransferWaits)
    giving.answer(accepts=False)


def test_a_link_for_something_else_answers_no_offer(giving: Giving) -> None:
    giving.sold(A1)
    giving.by_clock.cancel()
    giving.by_clock.tell()

    unchanged(giving.desk, lambda: giving.answer(accepts=True, to=INA.email), LinkRefused)
    giving.by_clock.answer(Answer.REFUND)


def test_erasure_empties_the_addresses_on_both_sides(giving: Giving) -> None:
    desk = giving.desk
    giver, recipient = desk.patron("mara@example.org"), desk.patron("cleo@example.org")
    sold = giving.shop.sell(giving.shop.filled(A1, A2, patron_id=giver.id))
    order = giving.shop.order(sold.order_id)
    first, second = giving.offer(order, 0), giving.offer(order, 1, to="cleo@example.org")

    desk.write(lambda s: personal_data.forget(s, patron_id=recipient.id))
    assert [giving.view(each).email for each in (first, second)] == [BEN, ""]
    assert not giving.view(second).is_open

    desk.write(lambda s: personal_data.forget(s, patron_id=giver.id))
    assert giving.view(first).email == ""


def test_two_answers_at_once_are_one(giving: Giving) -> None:
    order = giving.sold(A1)
    offer_id = giving.offer(order, 0)
    giving.office.tell()
    claims = giving.desk.claims(BEN)

    def press() -> bool:
        try:
            giving.by_clock.do(
                lambda c: answering.answer(
                    c, claims=claims, accepts=True, in_window=lambda *_: False
                )
            )
        except OfferEnded:
            return False
        return True

    done = together(*[press] * 6)

    assert sorted(map(bool, done)) == [False] * 5 + [True]
    assert giving.office.order(order).tickets[0].code_version == 2
    assert giving.view(offer_id).state is OfferState.ACCEPTED


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ticket_offer SET email = 'eve@example.org', email_key = 'eve@example.org'",
        "UPDATE ticket_offer SET order_id = 'x'",
        "UPDATE ticket_transfer SET state = 'held'",
        "UPDATE ticket_transfer SET ticket_id = 'x'",
        "DELETE FROM ticket_transfer",
        "DELETE FROM ticket_offer",
    ],
)
def test_the_database_refuses_to_pass_tickets_by_hand(giving: Giving, statement: str) -> None:
    order = giving.sold(A1)
    giving.offer(order, 0)

    with pytest.raises(DBAPIError, match=r"ticket[ _](offer|transfer)"):
        giving.desk.forge(statement)
