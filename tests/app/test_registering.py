"""Creating an account: only the mailbox that proves itself makes a record, and no one is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy.exc import DBAPIError

from tests.app.test_patron_accounts import code_of, link_of, mails, wrong
from tests.app.test_portal_orders import filed
from tests.support.factories import Desk
from tests.support.houses import LaidOut, on_sale
from tests.support.shopping import APP, Shopper, best, charge, path, said, shopping, to_card
from upstage_crm.audit.events import PATRON_AT_CURRENT, Action
from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.patron_accounts import sign_in
from upstage_crm.patrons import queries
from upstage_crm.patrons.views import PatronRecord

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOA = "Noa@example.org"


@pytest.fixture
def made(desk: Desk) -> LaidOut:
    return on_sale(desk)


@pytest.fixture
def web(desk: Desk) -> Iterator[Shopper]:
    with shopping(desk) as shopper:
        yield shopper


def ask(web: Shopper, email: str = NOA, given: str = "Noa", family: str = "Levi") -> httpx.Response:
    return web.send("/my/register", email=email, given_name=given, family_name=family)


def newcomer(desk: Desk) -> PatronRecord | None:
    found = desk.read(lambda s: queries.find_live_by_email_key(s, "noa@example.org"))
    return None if found is None else desk.read(lambda s: queries.get_by_number(s, found))


def waiting(desk: Desk) -> int:
    return int(desk.scalar("SELECT count(*) FROM patron_registration"))


def patrons(desk: Desk) -> int:
    return int(desk.scalar("SELECT count(*) FROM patron"))


def test_sign_in_leads_to_the_form_and_who_is_signed_in_needs_none(
    web: Shopper, desk: Desk
) -> None:
    assert 'href="/my/register"' in web.get("/my/sign-in").text
    form = web.get("/my/register")
    assert form.status_code == 200
    assert form.text.count("<input") == 3

    ask(web)
    web.send("/my/code", code=code_of(desk))

    assert web.get("/my/register").headers["location"] == "/my/"


def test_the_code_makes_a_record_with_a_proven_address(web: Shopper, desk: Desk) -> None:
    before = patrons(desk)
    asked = ask(web)
    assert asked.headers["location"] == "/my/code?new=1"
    assert patrons(desk) == before, "nothing is written before the mailbox says yes"

    entered = web.send("/my/code", code=code_of(desk))

    assert entered.headers["location"] == "/my/"
    made_ = newcomer(desk)
    assert made_ is not None
    assert (made_.values["given_name"], made_.values["family_name"]) == ("Noa", "Levi")
    assert made_.values["email"] == NOA
    assert made_.email_verified_at == desk.now
    assert waiting(desk) == 0
    (line,) = [one for one in desk.lines(action=Action.PATRON_ADDED) if one.patron_id == made_.id]
    assert line.actor.kind == PATRON_AT_CURRENT.kind
    assert desk.chain_is_whole()
    assert "Noa" in web.get("/my/data").text


def test_the_link_makes_it_too_in_any_browser_and_once(web: Shopper, desk: Desk) -> None:
    ask(web)
    link, phone = link_of(desk), Shopper(APP)
    phone.get(link)
    shown = phone.get("/my/enter")
    assert newcomer(desk) is None, "a program that opens links makes no account"

    pressed = phone.send("/my/enter")

    assert "o•••@example.org" in shown.text or "@example.org" in shown.text
    assert pressed.headers["location"] == "/my/"
    assert newcomer(desk) is not None
    again = Shopper(APP)
    again.get(link)
    assert again.send("/my/enter").status_code == 409


def test_without_a_name_it_is_a_record_without_one(web: Shopper, desk: Desk) -> None:
    ask(web, given="", family="")
    web.send("/my/code", code=code_of(desk))

    made_ = newcomer(desk)

    assert made_ is not None
    assert made_.values["given_name"] is None
    assert web.get("/my/").status_code == 200


def test_who_has_an_account_is_signed_in_and_nothing_is_changed(web: Shopper, desk: Desk) -> None:
    ina = desk.patron(email="noa@example.org", given_name="Ina", family_name="Berg")
    known = ask(web)
    stranger = Shopper(APP)
    unknown = ask(stranger, email="new@example.org")

    assert known.headers["location"] == unknown.headers["location"]
    assert web.get(known.headers["location"]).text == stranger.get(known.headers["location"]).text
    assert mails(desk) == 2
    desk.deliver()
    texts = [one.text for one in desk.mailbox.messages if "/my/link/" in one.text]
    plain = [re.sub(r"\d{6}|/my/link/\S+|\S+@\S+", "", one) for one in texts]
    assert plain[0] == plain[1]

    web.send("/my/code", code=re.findall(r"^(\d{6})$", texts[0], re.MULTILINE)[0])

    assert desk.record(ina).values["given_name"] == "Ina"
    assert desk.record(ina).email_verified_at == desk.now


def test_a_wrong_code_makes_nothing_and_the_fifth_ends_it(web: Shopper, desk: Desk) -> None:
    ask(web)
    code = code_of(desk)
    for _ in range(5):
        assert web.send("/my/code", code=wrong(code)).status_code == 409

    assert web.send("/my/code", code=code).status_code == 409
    assert newcomer(desk) is None


def test_after_its_time_nothing_is_made_and_later_nothing_is_kept(web: Shopper, desk: Desk) -> None:
    ask(web)
    code = code_of(desk)
    desk.clock.advance(sign_in.LIFE)
    assert web.send("/my/code", code=code).status_code == 409
    assert newcomer(desk) is None

    desk.clock.advance(sign_in.KEPT_FOR + timedelta(seconds=1))
    desk.write(lambda s: sign_in.forget_old(s, now=desk.now))

    assert waiting(desk) == 0


def test_of_two_who_register_one_address_one_record_is_made(web: Shopper, desk: Desk) -> None:
    ask(web)
    first = code_of(desk)
    other = Shopper(APP)
    ask(other, given="Eve")
    second = code_of(desk)
    before = patrons(desk)

    assert web.send("/my/code", code=first).headers["location"] == "/my/"
    assert other.send("/my/code", code=second).status_code == 409

    assert patrons(desk) == before + 1


def test_an_address_whose_owner_said_stop_gets_no_mail(web: Shopper, desk: Desk) -> None:
    # A request for another patron went there, and the owner of the mailbox said: not mine.
    asked = desk.asked(desk.patron(email="ina@example.org"), "noa@example.org")
    desk.decide(asked[1], Decision.OBJECT)

    assert ask(web).headers["location"] == "/my/code?new=1"

    assert mails(desk) == 0
    assert waiting(desk) == 0


@pytest.mark.parametrize(
    ("given", "family", "sentence"),
    [
        ("http://evil.example", "", "letters"),
        ("", "Levi", "name"),
        ("x" * 101, "", "100"),
    ],
)
def test_a_name_that_is_none_is_said_and_what_was_typed_stays(
    web: Shopper, desk: Desk, given: str, family: str, sentence: str
) -> None:
    refused = ask(web, given=given, family=family)

    assert refused.status_code == 422
    assert sentence in said(refused).lower()
    assert NOA in refused.text
    assert mails(desk) == 0


def test_what_was_bought_as_a_guest_comes_to_the_new_record(
    web: Shopper, desk: Desk, made: LaidOut
) -> None:
    best(web, made)
    back = charge(web, to_card(web, NOA))
    web.get(path(back.headers["location"]))
    order = desk.scalar("SELECT reference FROM orders")
    filed(desk)
    ask(web)

    web.send("/my/code", code=code_of(desk))

    record = newcomer(desk)
    assert record is not None
    owner = desk.scalar(f"SELECT patron_id FROM orders WHERE reference = '{order}'")
    assert owner == record.id
    assert order in web.get("/my/").text


def test_another_origin_registers_no_one(web: Shopper, desk: Desk) -> None:
    answer = web.post(
        "/my/register", data={"email": NOA}, headers={"origin": "https://evil.example"}
    )

    assert answer.status_code == 409
    assert mails(desk) == 0


@pytest.mark.parametrize("what", ["email = 'eve@example.org'", "given_name = 'Eve'"])
def test_the_database_lets_no_one_change_what_waits(web: Shopper, desk: Desk, what: str) -> None:
    ask(web)
    with pytest.raises(DBAPIError):
        desk.forge(f"UPDATE patron_registration SET {what}")


def test_what_waits_counts_only_as_it_was_sealed(web: Shopper, desk: Desk) -> None:
    """An insider asks with an own address, and writes another one over it."""
    ask(web, email="insider@example.org")
    code = code_of(desk)
    desk.forge(
        "UPDATE patron_registration SET email = 'noa@example.org', email_key = 'noa@example.org'",
        unguarded=True,
    )
    before = patrons(desk)

    refused = web.send("/my/code", code=code)

    assert refused.status_code == 409
    assert patrons(desk) == before
