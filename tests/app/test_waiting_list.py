"""The waiting list: what comes free is offered in turn, and bought or passed on."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlmodel import Session

from tests.app.test_patron_accounts import signed_in
from tests.app.test_portal_pages import path_of
from tests.support.erasing import erase
from tests.support.factories import Desk
from tests.support.houses import LaidOut, on_sale, seat
from tests.support.shopping import Shopper, charge, shopping, to_card
from upstage_crm.inventory import holds, selling
from upstage_crm.inventory.views import SeatState
from upstage_crm.jobs import waiting_lists
from upstage_crm.mail.message import MailKind
from upstage_crm.privacy.held_data import Section, export_own
from upstage_crm.programme import performances
from upstage_crm.waiting_list import queries
from upstage_crm.waiting_list.views import ListCounts, WaitingState
from upstage_crm.wiring import runtime

INA, BOB, EVE = "ina@example.org", "bob@example.org", "eve@example.org"
A1, A2, B1 = seat("A", 1), seat("A", 2), seat("B", 1)
DAY = timedelta(days=1)


@pytest.fixture
def made(desk: Desk) -> LaidOut:
    made = on_sale(desk)
    wanted = made.wanted(*(one.id for one in made.house().seats), places=10)

    def work(session: Session) -> None:
        holds.hold(session, holder="b", wanted=wanted, now=desk.now)
        selling.sell(session, holder="b", sale="s", wanted=wanted, now=desk.now)

    made.attempt(work)
    return made


@pytest.fixture
def web(desk: Desk, made: LaidOut) -> Iterator[Shopper]:
    with shopping(desk) as shopper:
        yield shopper


def ask(
    web: Shopper, made: LaidOut, email: str = INA, places: str = "1", zone: str = ""
) -> httpx.Response:
    return web.send(
        "/tickets/waiting/join",
        performance=made.performance,
        email=email,
        places=places,
        zone=zone,
    )


def mails_to(desk: Desk, email: str) -> list[str]:
    desk.deliver()
    return [one.text for one in desk.mailbox.messages if one.to == email]


def open_link(web: Shopper, desk: Desk, email: str = INA) -> httpx.Response:
    """Follow the link of the newest mail to an address."""
    link = re.findall(r"/tickets/waiting/link/[\w.-]+", mails_to(desk, email)[-1])[0]
    answer = web.get(link)
    assert answer.headers["location"] == "/tickets/waiting"
    return web.get("/tickets/waiting")


def join(web: Shopper, made: LaidOut, email: str = INA, places: str = "1") -> None:
    ask(web, made, email, places)
    open_link(web, made.desk, email)
    web.send("/tickets/waiting/confirm")
    made.desk.clock.advance(timedelta(seconds=1))


def give_back(made: LaidOut, *seats: str) -> None:
    wanted, now = made.wanted(*seats), made.desk.now
    made.attempt(lambda s: selling.give_back(s, sale="s", wanted=wanted, now=now))


def turn() -> int:
    return waiting_lists.keep_waiting_lists(runtime())


def states(desk: Desk) -> list[WaitingState]:
    rows = desk.read(
        lambda s: s.connection().execute(queries.PLACE.select().order_by(queries.PLACE.c.id)).all()
    )
    return [row.state for row in rows]


def counts(made: LaidOut) -> ListCounts:
    return made.desk.read(lambda s: queries.counts(s, made.performance))


def held(made: LaidOut) -> set[str]:
    return {each for each, state in made.states().items() if state is SeatState.HELD}


def test_a_sold_out_performance_takes_an_address_and_the_mailbox_joins(
    web: Shopper, made: LaidOut
) -> None:
    page = web.get(path_of(made))
    asked = ask(web, made, places="2")
    before = states(made.desk)
    question = open_link(web, made.desk)
    again = web.get("/tickets/waiting")

    assert "Join the waiting list" in page.text
    assert "Please look into your mailbox." in asked.text
    assert before == states(made.desk) == [WaitingState.ASKED], "opening a link changes nothing"
    assert "Tickets wanted: 2" in question.text
    assert again.status_code == 200

    web.send("/tickets/waiting/confirm")

    assert "You are on the waiting list." in web.get("/tickets/waiting").text
    assert counts(made).people == 1
    assert counts(made).places == 2


def test_what_comes_free_is_held_mailed_and_bought_as_it_was_offered(
    web: Shopper, made: LaidOut
) -> None:
    join(web, made)
    assert turn() == 0
    give_back(made, B1)

    assert turn() == 1
    assert held(made) == {B1}
    assert "row B, seat 1" in mails_to(made.desk, INA)[-1]
    page = open_link(web, made.desk)
    assert "row B, seat 1" in page.text
    assert "Sold out" in web.get(path_of(made)).text

    taken = web.send("/tickets/waiting/take")
    basket = web.get("/basket/")

    assert taken.headers["location"] == "/basket/"
    assert "row B, seat 1" in basket.text
    assert INA in basket.text
    assert turn() == 0, "what is in a basket is left alone"
    assert held(made) == {B1}


def test_an_offer_goes_to_the_one_who_joined_first(web: Shopper, made: LaidOut) -> None:
    ask(web, made, BOB)
    join(web, made, INA)
    open_link(web, made.desk, BOB)
    web.send("/tickets/waiting/confirm")
    give_back(made, A1)

    turn()
    turn()

    assert counts(made) == ListCounts(people=1, places=1, offered=1, taken=0, passed=0)
    assert len(mails_to(made.desk, INA)) == 2
    assert len(mails_to(made.desk, BOB)) == 1


def test_no_passes_the_same_seat_on(web: Shopper, made: LaidOut) -> None:
    join(web, made, INA)
    join(web, made, BOB)
    give_back(made, A1)
    turn()
    open_link(web, made.desk, INA)

    web.send("/tickets/waiting/leave")
    turn()

    assert states(made.desk) == [WaitingState.DECLINED, WaitingState.OFFERED]
    assert held(made) == {A1}
    assert "You did not want these tickets." in web.get("/tickets/waiting").text


def test_silence_passes_it_on_after_a_day(web: Shopper, made: LaidOut) -> None:
    join(web, made, INA)
    join(web, made, BOB)
    give_back(made, A1)
    turn()
    made.desk.clock.advance(DAY - timedelta(minutes=1))
    turn()
    assert states(made.desk) == [WaitingState.OFFERED, WaitingState.WAITING]

    made.desk.clock.advance(timedelta(minutes=1))
    turn()

    assert states(made.desk) == [WaitingState.LAPSED, WaitingState.OFFERED]
    assert held(made) == {A1}
    assert open_link(web, made.desk, BOB).status_code == 200


def test_an_offer_that_is_over_cannot_be_taken(web: Shopper, made: LaidOut) -> None:
    join(web, made)
    give_back(made, A1)
    turn()
    open_link(web, made.desk)
    made.desk.clock.advance(DAY)

    web.get("/whats-on/")
    # The cookie lives two hours, so the link is opened again.
    page = open_link(web, made.desk)
    answer = web.send("/tickets/waiting/take")

    assert "The time of this offer is over." in page.text
    assert answer.status_code == 409
    assert held(made) == set()


def test_a_wish_that_does_not_fit_keeps_its_place(web: Shopper, made: LaidOut) -> None:
    join(web, made, INA, places="2")
    join(web, made, BOB)
    give_back(made, A1)

    turn()
    assert states(made.desk) == [WaitingState.WAITING, WaitingState.OFFERED]
    assert held(made) == {A1}


def test_two_jobs_at_once_offer_a_seat_once(web: Shopper, made: LaidOut) -> None:
    for email in (INA, BOB, EVE):
        join(web, made, email)
    give_back(made, A1)
    parts, done = runtime(), list[int]()
    jobs = [
        threading.Thread(target=lambda: done.append(waiting_lists.make_offers(parts)))
        for _ in range(4)
    ]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()

    assert sum(done) == 1
    assert counts(made).offered == 1
    assert counts(made).people == 2
    assert held(made) == {A1}


def test_a_mailbox_that_never_answers_is_dropped_and_forgotten(web: Shopper, made: LaidOut) -> None:
    ask(web, made)
    open_link(web, made.desk)
    made.desk.clock.advance(DAY)
    answer = web.send("/tickets/waiting/confirm")
    turn()

    assert answer.status_code in {404, 409}
    assert states(made.desk) == [WaitingState.ENDED]
    assert INA not in repr(made.desk.dump())


def test_leaving_forgets_the_address_and_a_second_time_is_calm(web: Shopper, made: LaidOut) -> None:
    join(web, made)
    web.send("/tickets/waiting/leave")
    again = web.send("/tickets/waiting/leave")
    turn()

    assert again.headers["location"] == "/tickets/waiting"
    assert "You are no longer on the waiting list." in web.get("/tickets/waiting").text
    assert INA not in repr(made.desk.dump())
    assert states(made.desk) == [WaitingState.LEFT]


def test_the_list_ends_with_the_performance_and_forgets(web: Shopper, made: LaidOut) -> None:
    join(web, made)
    made.desk.clock.advance(timedelta(days=400))
    turn()

    assert states(made.desk) == [WaitingState.ENDED]
    assert INA not in repr(made.desk.dump())


def test_the_answer_is_the_same_for_an_address_that_waits_already(
    web: Shopper, made: LaidOut
) -> None:
    first = ask(web, made)
    join(web, made)
    made.desk.clock.advance(timedelta(minutes=11))
    second = ask(web, made, places="3")

    assert first.text == second.text
    assert counts(made).places == 1, "a stranger changes no one's wish"
    assert "You are on the waiting list" in mails_to(made.desk, INA)[-1]


def test_one_address_gets_few_unanswered_questions(desk: Desk, web: Shopper, made: LaidOut) -> None:
    for _ in range(4):
        ask(web, made)

    assert len(mails_to(desk, INA)) == 1, "one mail in ten minutes"


@pytest.mark.parametrize(
    ("email", "places", "zone", "words"),
    [
        ("ina", "1", "", "This is not a whole email address."),
        (INA, "0", "", "Choose a number of tickets up to"),
        (INA, "11", "", "Choose a number of tickets up to"),
        (INA, "²", "", "Choose a number of tickets up to"),
        (INA, "1", "The Moon", "Choose a number of tickets up to"),
    ],
)
def test_what_cannot_be_waited_for_is_said(
    web: Shopper, made: LaidOut, email: str, places: str, zone: str, words: str
) -> None:
    answer = ask(web, made, email, places, zone)

    assert answer.status_code == 409
    assert words in answer.text
    assert states(made.desk) == []


def test_a_paused_performance_offers_nothing(web: Shopper, made: LaidOut) -> None:
    join(web, made)
    give_back(made, A1)
    made.desk.act(made.desk.owner, performances.pause, performance_ids=[made.performance])

    assert turn() == 0
    assert states(made.desk) == [WaitingState.WAITING]
    assert held(made) == set()


def test_a_link_of_another_kind_opens_no_place(web: Shopper, made: LaidOut) -> None:
    assert web.get("/tickets/waiting").status_code == 404
    assert web.get("/tickets/waiting/link/nothing").status_code == 404
    assert web.send("/tickets/waiting/take").status_code == 404


def test_every_mail_is_of_a_kind_that_says_why(web: Shopper, made: LaidOut) -> None:
    join(web, made)
    give_back(made, A1)
    turn()
    made.desk.deliver()

    kinds = made.desk.read(
        lambda s: set(s.connection().exec_driver_sql("SELECT kind FROM mail_outbox").scalars())
    )
    assert {MailKind.WAITING_PLACE.value, MailKind.WAITING_OFFER.value} <= kinds


def test_a_patron_reads_their_places_and_an_erasure_ends_them(web: Shopper, made: LaidOut) -> None:
    desk = made.desk
    ina = desk.patron(email=INA)
    signed_in(desk)
    join(web, made)
    give_back(made, A1)
    turn()
    desk.deliver()
    held_data = desk.database.attempt(
        lambda s: export_own(desk.command_context(s), patron_id=ina.id)
    )
    [place] = held_data.sections[Section.WAITING_LISTS]
    assert (place["event"], place["places"], place["waiting"]) == ("Hamlet", 1, "offered")

    erase(desk, ina)

    assert states(desk) == [WaitingState.DECLINED]
    assert held(made) == set()
    assert desk.scalar("SELECT email FROM waiting_place") == ""


def test_an_address_that_is_not_proven_shows_no_places(web: Shopper, made: LaidOut) -> None:
    desk = made.desk
    stranger = desk.patron(email=INA)
    join(web, made)

    found = desk.database.attempt(
        lambda s: export_own(desk.command_context(s), patron_id=stranger.id)
    )

    assert found.sections[Section.WAITING_LISTS] == ()


def test_what_was_bought_has_ended_the_place(web: Shopper, made: LaidOut) -> None:
    join(web, made)
    give_back(made, A1)
    turn()
    open_link(web, made.desk)
    web.send("/tickets/waiting/take")
    charge(web, to_card(web))
    turn()

    assert states(made.desk) == [WaitingState.TAKEN]
    assert made.states()[A1] is SeatState.SOLD
    assert made.desk.scalar("SELECT email FROM waiting_place") == ""
