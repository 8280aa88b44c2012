"""Buyers are told of their order once, with the tickets that count, and again on the day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from tests.support.factories import Desk
from tests.support.houses import seat
from tests.support.pipeline import installed
from tests.support.shop import Shop, open_shop
from tests.support.tickets import codes_on
from tests.support.tickets import pages_of as pages
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.jobs import order_letters
from upstage_crm.mail.message import MailKind, MailMessage
from upstage_crm.mail.sending.dispatcher import Dispatcher
from upstage_crm.orders import queries
from upstage_crm.orders.errors import LettersSent
from upstage_crm.orders.letters import day_of
from upstage_crm.orders.letters.letter_rules import due_at
from upstage_crm.orders.records import ticket_copies
from upstage_crm.orders.views import Contact, OrderView
from upstage_crm.organisation.settings import details
from upstage_crm.programme import queries as programme
from upstage_crm.wiring import Runtime, mailboxes_of

MINUTE = timedelta(minutes=1)


@dataclass
class Office:
    """A shop whose clock also tells buyers, with every mailbox in sight."""

    parts: Runtime
    shop: Shop
    clock: FrozenClock

    def tell(self) -> list[MailMessage]:
        """What leaves at this turn of the clock."""
        order_letters.tell_buyers(self.parts)
        order_letters.tell_day_of(self.parts)
        mailbox = self.shop.desk.mailbox
        before = len(mailbox.messages)
        sender = Dispatcher(
            self.parts.database,
            mailbox,
            self.parts.codec,
            self.clock,
            mailboxes_of=mailboxes_of,
            draw=self.parts.draw_file,
        )
        while sender.run_once():
            pass
        return mailbox.messages[before:]

    def starts_at(self) -> datetime:
        [found] = self.shop.desk.read(lambda s: programme.performances(s, [self.shop.performance]))
        return found.starts_at

    def until_due(self) -> None:
        """The clock goes on until the mail about the performance is due."""
        [found] = self.shop.desk.read(lambda s: programme.performances(s, [self.shop.performance]))
        zone = self.shop.desk.read(lambda s: details(s).zone_of(found.zone))
        self.clock.advance(due_at(found.starts_at, zone) - self.clock.now())

    def sell_to_patron(self, *, is_proven: bool) -> None:
        """One ticket to a patron, bought from another mailbox than the record's."""
        desk = self.shop.desk
        patron = desk.patron("mara@example.org")
        if is_proven:
            desk.arrange("UPDATE patron SET email_verified_at = created_at")
        basket = self.shop.filled(seat("A", 1), patron_id=patron.id)
        self.shop.sell(basket, contact=Contact(email="bought@example.org"))
        self.tell()

    def code(self, order: OrderView, at: int = 0) -> str:
        ticket = self.order(order).tickets[at]
        return self.parts.ticket_keys.draw(
            ticket_id=ticket.id,
            version=ticket.code_version,
            performance_id=ticket.performance_id,
        )

    def order(self, order: OrderView) -> OrderView:
        return self.shop.desk.read(lambda s: queries.order(s, order.id))


def kinds(mails: list[MailMessage]) -> list[str]:
    return [mail.tags["kind"] for mail in mails]


def codes(mail: MailMessage) -> list[str]:
    """The codes on all pages of a mail's tickets."""
    pdfs = [file for file in mail.files if file.name.endswith(".pdf")]
    return [code for file in pdfs for page in pages(file.content) for code in codes_on(page)]


@pytest.fixture
def office(database: Database, clock: FrozenClock) -> Iterator[Office]:
    with installed(database, clock) as parts:
        yield Office(parts, open_shop(Desk(database, clock)), clock)


class TestConfirmation:
    def test_the_buyer_gets_the_tickets_of_an_order_once(self, office: Office) -> None:
        order = office.shop.sold(seat("A", 1), seat("A", 2))

        [mail] = office.tell()

        assert mail.to == "ina@example.org"
        assert order.reference in mail.subject
        assert "Stalls, row A, seat 1, Adult" in mail.text
        assert codes(mail) == [office.code(order, 0), office.code(order, 1)]
        assert b"BEGIN:VEVENT" in mail.files[1].content
        assert office.tell() == []

    def test_it_names_neither_the_buyer_nor_any_record(self, office: Office) -> None:
        """The address was typed for the order: a stranger may read it."""
        office.shop.sold(seat("A", 1))

        [mail] = office.tell()

        assert "Ina" not in mail.to_json()

    def test_it_speaks_the_language_of_the_order(self, office: Office) -> None:
        contact = Contact(email="ina@example.org", language="de")
        office.shop.sold(seat("A", 1), contact=contact)

        [mail] = office.tell()

        assert "Ihre Karten" in mail.subject
        assert "Ihre Karten" in mail.html

    def test_without_an_address_there_is_no_mail_and_no_end_of_trying(self, office: Office) -> None:
        office.shop.sold(seat("A", 1), contact=Contact())

        assert office.tell() == []
        assert order_letters.tell_buyers(office.parts) == 0

    def test_what_was_returned_meanwhile_is_not_mailed(self, office: Office) -> None:
        order = office.shop.sold(seat("A", 1), seat("A", 2))
        office.shop.take_back(order, order.tickets[0].id)

        [mail] = office.tell()

        assert codes(mail) == [office.code(order, 1)]

    def test_an_order_of_which_nothing_is_left_has_no_mail(self, office: Office) -> None:
        order = office.shop.sold(seat("A", 1))
        office.shop.take_back(order, order.tickets[0].id)

        assert office.tell() == []

    def test_new_codes_are_mailed_and_the_old_ones_are_not(self, office: Office) -> None:
        order = office.shop.sold(seat("A", 1))
        [first] = office.tell()
        office.shop.act(
            lambda c: ticket_copies.reissue(
                c,
                office.shop.seller,
                order_id=order.id,
                ticket_ids=[order.tickets[0].id],
                reason="lost",
                key="reissue-1",
            )
        )

        [mail] = office.tell()

        assert codes(mail) == [office.code(order)]
        assert codes(mail) != codes(first)
        assert "new codes" in mail.text

    def test_two_workers_send_one_mail(self, office: Office) -> None:
        office.shop.sold(seat("A", 1))

        assert [order_letters.tell_buyers(office.parts) for _ in range(2)] == [1, 0]
        assert len(office.tell()) == 1


class TestDayOf:
    def test_holders_are_told_on_the_day_and_once(self, office: Office) -> None:
        order = office.shop.sold(seat("A", 1))
        office.tell()
        office.until_due()
        office.clock.advance(-MINUTE)
        assert office.tell() == []

        office.clock.advance(MINUTE)
        [mail] = office.tell()

        assert kinds([mail]) == [MailKind.DAY_OF]
        assert codes(mail) == [office.code(order)]
        office.clock.advance(60 * MINUTE)
        assert office.tell() == []

    def test_orders_of_one_mailbox_share_a_mail(self, office: Office) -> None:
        first = office.shop.sold(seat("A", 1))
        second = office.shop.sold(seat("A", 2))
        office.tell()
        office.until_due()

        [mail] = office.tell()

        assert set(codes(mail)) == {office.code(first), office.code(second)}
        assert first.reference in mail.text
        assert second.reference in mail.text

    def test_who_buys_later_has_the_confirmation_alone(self, office: Office) -> None:
        office.until_due()
        office.clock.advance(MINUTE)
        office.shop.sold(seat("A", 1))

        assert kinds(office.tell()) == [MailKind.ORDER_CONFIRMATION]

    def test_what_was_returned_is_not_told_of(self, office: Office) -> None:
        order = office.shop.sold(seat("A", 1))
        office.tell()
        office.shop.take_back(order, order.tickets[0].id)
        office.until_due()

        assert office.tell() == []

    def test_nothing_is_told_once_it_has_begun(self, office: Office) -> None:
        office.shop.sold(seat("A", 1))
        office.tell()
        office.clock.advance(office.starts_at() - office.clock.now() + MINUTE)

        assert office.tell() == []

    def test_a_patron_is_told_at_the_proven_mailbox_of_the_record(self, office: Office) -> None:
        office.sell_to_patron(is_proven=True)
        office.until_due()

        [mail] = office.tell()

        assert mail.to == "mara@example.org"
        assert len(codes(mail)) == 1

    def test_a_mailbox_that_is_not_proven_gets_no_ticket_of_another_one(
        self, office: Office
    ) -> None:
        office.sell_to_patron(is_proven=False)
        office.until_due()

        [mail] = office.tell()

        assert mail.to == "bought@example.org"

    def test_an_address_that_an_attacker_wrote_gets_no_ticket(self, office: Office) -> None:
        office.sell_to_patron(is_proven=True)
        office.until_due()
        written = "UPDATE patron SET email = 'eve@example.org', email_key = 'eve@example.org'"
        office.shop.desk.forge(written, unguarded=True)

        [mail] = office.tell()

        assert mail.to == "bought@example.org"

    def test_while_the_address_can_be_undone_the_tickets_stay_where_they_were_bought(
        self, office: Office
    ) -> None:
        office.sell_to_patron(is_proven=True)
        office.until_due()
        performance, now = office.shop.performance, office.clock.now()
        office.shop.desk.write(lambda s: day_of.plan(s, performance, now=now))

        letters = office.shop.desk.read(
            lambda s: day_of.write(
                s,
                performance,
                mailer=office.parts.order_mailer,
                in_window=lambda *_: True,
                now=now,
            )
        )

        assert letters is not None
        mails = {mail.message.to: mail.message for mail in letters.mails}
        assert mails.keys() == {"bought@example.org", "mara@example.org"}
        assert len(mails["bought@example.org"].drawings) == 2
        assert mails["mara@example.org"].drawings == ()
        assert "Collect them at the box office" in mails["mara@example.org"].text

    def test_letters_that_another_process_sent_are_not_sent_again(self, office: Office) -> None:
        office.shop.sold(seat("A", 1))
        office.tell()
        office.until_due()
        performance, now, desk = office.shop.performance, office.clock.now(), office.shop.desk
        desk.write(lambda s: day_of.plan(s, performance, now=now))
        letters = desk.read(
            lambda s: day_of.write(
                s,
                performance,
                mailer=office.parts.order_mailer,
                in_window=lambda *_: False,
                now=now,
            )
        )
        assert letters is not None
        assert len(office.tell()) == 1

        with pytest.raises(LettersSent):
            desk.write(lambda s: day_of.post(s, letters, now=now))
        assert office.tell() == []
