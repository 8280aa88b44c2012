"""A visitor's basket, over HTTP without a browser and without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from tests.support.factories import Desk
from tests.support.houses import FLOOR, LaidOut, on_sale, seat
from tests.support.shopping import Shopper, best, said, shopping, types
from upstage_crm.core.db import table_of
from upstage_crm.inventory import holds, sale_steps
from upstage_crm.inventory.views import SeatState
from upstage_crm.orders.tables import BasketRow
from upstage_crm.portal import addresses
from upstage_crm.portal.errors import TooOften
from upstage_crm.portal.limits import Limit, Pace
from upstage_crm.portal.routes import ROUTES
from upstage_crm.programme import queries as programme

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def made(desk: Desk) -> LaidOut:
    return on_sale(desk)


@pytest.fixture
def web(desk: Desk) -> Iterator[Shopper]:
    with shopping(desk) as shopper:
        yield shopper


def path_of(made: LaidOut) -> str:
    event = made.desk.read(lambda s: programme.event(s, made.event))
    return addresses.performance_path(event, event.performances[0])


def fields_of(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}"[^>]*? value="([^"]*)"', page)


def choose(web: Shopper, made: LaidOut, *places: int, **more: Any) -> httpx.Response:
    """Choose seats in the list of the page."""
    page = web.get(path_of(made)).text
    [plan] = fields_of(page, "plan")
    fields = {
        "how": "seats", "performance": made.performance, "plan": plan,
        "seat": [str(place) for place in places],
    }  # fmt: skip
    return web.send("/basket/add", **(fields | more))


def held(made: LaidOut) -> int:
    return list(made.states().values()).count(SeatState.HELD)


def test_the_best_seats_are_held_and_shown(web: Shopper, made: LaidOut) -> None:
    answer = best(web, made)
    page = web.get("/basket/")

    assert [answer.status_code, answer.headers["location"]] == [303, "/basket/"]
    assert held(made) == 2
    assert page.text.count("Stalls, row") >= 2
    assert "$80.00" in page.text
    assert page.headers["cache-control"] == "no-store"


def test_chosen_seats_and_places_are_held(web: Shopper, made: LaidOut) -> None:
    choose(web, made, 0, 1)
    child = f"type-{types(made)['Child']}"
    web.send(
        "/basket/add", how="places", performance=made.performance, pool=made.pool, **{child: "3"}
    )
    page = web.get("/basket/")

    assert set(made.states()) == {seat("A", 1), seat("A", 2)}
    assert made.house().pools[0].held == 3
    assert page.text.count('class="line-place"') == 5


def test_a_seat_that_another_has_is_named_and_what_was_typed_stays(
    web: Shopper, made: LaidOut
) -> None:
    page = web.get(path_of(made)).text
    [plan] = fields_of(page, "plan")
    wanted = made.wanted(seat("A", 1))
    made.attempt(lambda s: holds.hold(s, holder="x", wanted=wanted, now=made.desk.now))

    answer = web.send(
        "/basket/add", how="seats", performance=made.performance, plan=plan, seat=["0", "1"]
    )

    assert answer.status_code == 409
    assert "Another visitor was faster: Stalls, row A, seat 1." in said(answer)
    assert held(made) == 1


def test_a_price_type_is_changed_and_a_ticket_removed(web: Shopper, made: LaidOut) -> None:
    choose(web, made, 0, 1)
    key = fields_of(web.get("/basket/").text, "key")[0]

    web.send("/basket/types", **{f"type-{key}": types(made)["Child"]})
    changed = web.get("/basket/").text
    web.send("/basket/remove", key=key)
    removed = web.get("/basket/").text

    assert "$60.00" in changed
    assert removed.count('class="line-place"') == 1
    assert held(made) == 1


def test_seats_are_kept_longer_and_again_after_their_time(
    web: Shopper, desk: Desk, made: LaidOut
) -> None:
    best(web, made)
    desk.clock.advance(timedelta(minutes=11))
    web.send("/basket/keep")
    desk.clock.advance(timedelta(minutes=6))
    still = web.get("/basket/")
    desk.clock.advance(timedelta(minutes=2))
    over = web.get("/basket/")
    web.send("/basket/again")
    again = web.get("/basket/")

    assert "We keep your seats until" in still.text
    assert "The time is over, and your choice is still here." in over.text
    assert " disabled" in over.text
    assert "We keep your seats until" in again.text


def test_what_lapsed_and_is_gone_makes_room_for_a_new_choice(
    web: Shopper, desk: Desk, made: LaidOut
) -> None:
    choose(web, made, 0, 1)
    desk.clock.advance(timedelta(minutes=13))
    wanted = made.wanted(seat("A", 1))
    made.attempt(lambda s: holds.hold(s, holder="x", wanted=wanted, now=desk.now))
    refused = web.send("/basket/again")

    choose(web, made, 4)

    assert "Another visitor was faster" in said(refused)
    assert web.get("/basket/").text.count('class="line-place"') == 1


@on_sqlite
def test_a_cancelled_basket_frees_its_seats(web: Shopper, made: LaidOut) -> None:
    best(web, made)

    web.send("/basket/cancel")

    assert made.states() == {}
    assert "Your basket is empty." in web.get("/basket/").text
    assert web.send("/basket/cancel").status_code == 303


@on_sqlite
def test_the_cookie_holds_a_secret_of_which_the_database_has_the_digest(
    web: Shopper, desk: Desk, made: LaidOut
) -> None:
    answer = best(web, made)
    cookies = answer.headers.get_list("set-cookie")
    [secret] = [one for one in cookies if one.startswith("upstage-basket=")]
    value = secret.partition("=")[2].partition(";")[0]
    query = sa.select(table_of(BasketRow).c.token_hash)
    [stored] = desk.read(lambda s: s.connection().execute(query).scalars().all())

    assert "HttpOnly" in secret
    assert "SameSite=lax" in secret
    assert len(value) == 24
    assert stored
    assert value not in stored


@on_sqlite
def test_two_tabs_share_one_basket_and_another_browser_has_its_own(
    web: Shopper, made: LaidOut
) -> None:
    choose(web, made, 0)
    choose(web, made, 1)
    stranger = Shopper(Starlette(routes=ROUTES))

    assert web.get("/basket/").text.count('class="line-place"') == 2
    assert "Your basket is empty." in stranger.get("/basket/").text
    assert stranger.get("/basket/mine").text.strip() == ""
    assert ">2<" in web.get("/basket/mine").text


@on_sqlite
def test_a_form_of_another_site_does_nothing(web: Shopper, made: LaidOut) -> None:
    adult = f"type-{types(made)['Adult']}"
    fields = {"how": "best", "performance": made.performance, adult: "2"}

    answer = web.post("/basket/add", data=fields, headers={"origin": "https://evil.example"})

    assert answer.status_code == 409
    assert made.states() == {}


@on_sqlite
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Choose at least one ticket."),
        ({"how": "best"}, "Choose at least one ticket."),
        ({"how": "seats", "plan": "0" * 10, "seat": "1"}, "The seat plan has changed."),
        ({"how": "seats", "plan": "", "seat": "-1"}, "Choose at least one ticket."),
        ({"how": "best", "Adult": "41"}, "At most 40 tickets"),
        ({"how": "best", "Adult": "40"}, "So many seats are not left together."),
        ({"how": "best", "Adult": "1e9"}, "Choose at least one ticket."),
        ({"how": "best", "Adult": "2", "zone": "<Z>"}, "So many seats are not left together."),
        ({"how": "best", "Group": "2"}, "Group: at least 10 tickets."),
        ({"how": "places", "pool": "none", "Adult": "2"}, "There are no tickets"),
        ({"how": "places", "pool": "", "Adult": "11"}, "Fewer places are left: 10."),
    ],
)
def test_what_cannot_be_is_said_in_words(
    web: Shopper, made: LaidOut, fields: dict[str, str], words: str
) -> None:
    known = types(made)
    sent = {f"type-{known[name]}" if name in known else name: v for name, v in fields.items()}
    if fields.get("how") == "places" and not fields["pool"]:
        sent["pool"] = made.pool

    answer = web.send("/basket/add", performance=made.performance, **sent)

    assert answer.status_code == 409
    assert said(answer).startswith(words)
    assert made.states() == {}


@on_sqlite
def test_what_was_typed_stands_in_the_form_again(web: Shopper, made: LaidOut) -> None:
    answer = best(web, made, 40)

    assert re.search(rf'name="type-{types(made)["Adult"]}"[^>]* value="40"', answer.text)


@on_sqlite
def test_a_performance_that_is_not_announced_adds_nothing(web: Shopper, made: LaidOut) -> None:
    made.desk.act(made.desk.owner, sale_steps.cancel, performance_ids=[made.performance])

    gone = best(web, made)
    unknown = web.send("/basket/add", performance="none", how="best")

    assert "not on sale at the moment" in said(gone)
    assert unknown.status_code == 409


@on_sqlite
def test_prices_that_change_meanwhile_leave_those_that_were_promised(
    web: Shopper, desk: Desk, made: LaidOut
) -> None:
    best(web, made)

    page = web.get("/basket/")

    assert "$80.00" in page.text


@on_sqlite
def test_an_address_with_a_typing_mistake_is_asked_about_before_paying(
    web: Shopper, made: LaidOut
) -> None:
    best(web, made)

    asked = web.send("/basket/pay", email="ina@gmial.com")
    wrong = web.send("/basket/pay", email="ina at home")
    none = web.send("/basket/pay", email=" ")
    kept = web.get("/basket/")

    assert "Did you mean ina@gmail.com?" in said(asked)
    assert 'value="ina@gmial.com"' in asked.text
    assert "This is not a whole email address." in said(wrong)
    assert "Please enter your email address" in said(none)
    assert held(made) == 2
    assert kept.status_code == 200


@on_sqlite
def test_what_was_typed_is_there_after_a_reload(web: Shopper, made: LaidOut) -> None:
    best(web, made)

    web.send("/basket/pay", email="ina at home")

    assert 'value="ina at home"' in web.get("/basket/").text


@on_sqlite
def test_a_basket_speaks_the_language_of_its_visitor(web: Shopper, made: LaidOut) -> None:
    best(web, made)

    page = web.get("/basket/?lang=de")

    assert "Stalls, Reihe" in page.text
    assert 'action="/basket/pay?lang=de"' in page.text


@on_sqlite
def test_without_cookies_the_basket_is_empty_and_says_so(web: Shopper, made: LaidOut) -> None:
    best(web, made)
    web.cookies.clear()

    assert "Your basket is empty." in web.get("/basket/").text
    assert web.send("/basket/keep").status_code == 409


@on_sqlite
def test_a_visitor_who_holds_all_the_time_is_slowed(
    web: Shopper, made: LaidOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Limit("holds", 2, 3, 600.0)
    monkeypatch.setattr("upstage_crm.portal.basket.basket_forms.HOLDS", few)

    answers = [choose(web, made, place) for place in range(4)]

    assert [one.status_code for one in answers[:3]] == [303, 303, 303]
    assert "Wait a minute" in said(answers[3])
    assert held(made) == 3


def test_a_limit_counts_by_visitor_and_network_and_forgets() -> None:
    now = [0.0]
    pace, limit = Pace(lambda: now[0]), Limit("looks", 2, 3, 60.0)

    def refused(visitor: str, network: str) -> bool:
        try:
            pace.count(limit, visitor=visitor, network=network)
        except TooOften:
            return True
        return False

    assert [refused("a", "n") for _ in range(3)] == [False, False, True]
    assert [refused("b", "n") for _ in range(2)] == [False, True]
    assert not refused("b", "m")
    now[0] = 61.0
    assert not refused("a", "n")


@on_sqlite
def test_a_hall_of_standing_places_is_bought_too(web: Shopper, desk: Desk) -> None:
    made = on_sale(desk, [FLOOR])
    adult = f"type-{types(made)['Adult']}"

    web.send(
        "/basket/add", how="places", performance=made.performance, pool=made.pool, **{adult: "2"}
    )

    assert web.get("/basket/").text.count("Floor") >= 2


def test_a_visitor_who_holds_and_lets_go_is_slowed(
    web: Shopper, made: LaidOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Limit("letting_go", 2, 100, 600.0)
    monkeypatch.setattr("upstage_crm.portal.basket.basket_forms.LETTING_GO", few)

    answers: list[httpx.Response] = []
    for _ in range(3):
        answers.append(choose(web, made, 0))
        web.send("/basket/cancel")

    assert [one.status_code for one in answers] == [303, 303, 409], "a new basket is no new visitor"
    assert "Wait a minute" in said(answers[2])
    assert held(made) == 0


def test_what_was_noted_is_refused_when_it_is_asked_for() -> None:
    now = [0.0]
    pace, limit = Pace(lambda: now[0]), Limit("looks", 2, 3, 60.0)
    for _ in range(2):
        pace.note(limit, visitor="a", network="n")

    with pytest.raises(TooOften):
        pace.ensure(limit, visitor="a", network="n")
    pace.ensure(limit, visitor="b", network="n")
    pace.carry("a", "b")
    with pytest.raises(TooOften):
        pace.ensure(limit, visitor="b", network="n")
    now[0] = 61.0
    pace.ensure(limit, visitor="b", network="n")
    assert pace.tripped() == {"looks": 2}
    assert pace.tripped() == {}
