"""A signed-in patron changes their own details: a code from their mailbox is the yes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from tests.app.test_patron_accounts import signed_in, wrong
from tests.support.attack import copy
from tests.support.factories import NEW, Desk
from tests.support.proof import verified
from tests.support.shopping import APP, Shopper, said, shopping
from upstage_crm.admin.requests.detail import Viewer, request_page
from upstage_crm.admin.requests.detail_state import _find
from upstage_crm.audit.events import ActorKind
from upstage_crm.change_requests.desk import identify
from upstage_crm.change_requests.lifecycle import scheduled, staff_commands, teamwork
from upstage_crm.change_requests.model.rules import (
    DeskMethod,
    ReasonCode,
    RequestPath,
    RequestState,
)
from upstage_crm.change_requests.model.views import RequestView
from upstage_crm.change_requests.reads import queue, requests
from upstage_crm.change_requests.reads.needs import Need, needing
from upstage_crm.change_requests.reads.queue import Look, View
from upstage_crm.links.claims import LinkClaims
from upstage_crm.patron_accounts import mailed_codes
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import Role

pytestmark = pytest.mark.each_database

INA = "ina@example.org"
PHONE = "/my/data/change/phone"
EMAIL = "/my/data/change/email"
NUMBER = "+44 20 7946 0018"
STORED = "+442079460018"
# What each field is changed to, and how the record shows it then.
WISHES = {
    "phone": ({"phone": NUMBER}, NUMBER),
    "name": ({"given_name": "Ina Maria", "family_name": "Berg"}, "Ina Maria Berg"),
    "address": (
        {
            "address_line1": "4 New Lane",
            "address_line2": "",
            "address_city": "Leeds",
            "address_region": "",
            "address_postcode": "ls1 4dy",
            "address_country": "GB",
        },
        "4 New Lane, Leeds, LS1 4DY, United Kingdom",
    ),
    "date_of_birth": ({"date_of_birth": "1980-04-02"}, "1980"),
}


@pytest.fixture
def web(desk: Desk) -> Iterator[Shopper]:
    with shopping(desk) as shopper:
        yield shopper


@pytest.fixture
def ina(desk: Desk) -> PatronRecord:
    return desk.patron(email=INA)


@pytest.fixture
def mine(web: Shopper, desk: Desk, ina: PatronRecord) -> Shopper:
    """A browser in which Ina is signed in."""
    return signed_in(desk)


def code_of(desk: Desk) -> str:
    """The code of the newest mail about a change, as it left."""
    desk.deliver()
    texts = [one.text for one in desk.mailbox.messages if "Change your record" in one.text]
    return re.findall(r"^(\d{6})$", texts[-1], re.MULTILINE)[0]


def ask(mine: Shopper, path: str = PHONE, **typed: str) -> httpx.Response:
    return mine.send(path, **(typed or {"phone": NUMBER}))


def enter(mine: Shopper, code: str, path: str = PHONE, **typed: str) -> httpx.Response:
    return mine.send(f"{path}/code", code=code, **(typed or {"phone": NUMBER}))


def claims(desk: Desk, to: str = NEW) -> LinkClaims:
    """What the newest link in a mail to `to` says."""
    desk.deliver()
    texts = "".join(mail.text for mail in desk.mailbox.to(to))
    return desk.codec.read(re.findall(r"/c/([\w.-]+)", texts)[-1])


def own(desk: Desk, ina: PatronRecord) -> list[RequestView]:
    found = desk.read(lambda s: requests.of_patron(s, ina.id))
    return [one for one in found if one.path is RequestPath.OWN]


def phone(desk: Desk, ina: PatronRecord) -> str | None:
    return desk.record(ina).values["phone"]


@pytest.mark.parametrize("key", sorted(WISHES))
def test_a_code_from_the_mailbox_changes_a_detail_at_once(
    desk: Desk, mine: Shopper, ina: PatronRecord, key: str
) -> None:
    typed, shown = WISHES[key]
    path = f"/my/data/change/{key}"
    form = mine.get(path)
    beside = ask(mine, path, **typed)
    before = desk.record(ina).values
    done = enter(mine, code_of(desk), path, **typed)
    page = mine.get(done.headers["location"])

    assert form.status_code == beside.status_code == 200
    assert before == ina.values
    assert done.headers["location"] == f"/my/data?changed={key}"
    assert "changed on your record" in page.text
    assert "by you, in your account" in page.text
    assert shown in re.sub(r"<[^>]+>", "", page.text)
    assert desk.record(ina).values != before
    [request] = own(desk, ina)
    assert (request.state, request.proposer_id) == (RequestState.APPROVED, None)
    assert {line.actor.kind for line in desk.lines(request_id=request.id)} <= {
        ActorKind.PATRON,
        ActorKind.SYSTEM,
    }
    desk.deliver()
    [told] = [m.text for m in desk.mailbox.to(INA) if "/c/" in m.text]
    assert "You asked for this in your account" in told
    assert "we will undo the change" in told
    report = verified(desk)
    assert report.is_clean, report
    assert desk.scalar("SELECT count(*) FROM receipt") == 1


def test_what_is_held_and_what_was_typed_stand_side_by_side(
    desk: Desk, mine: Shopper, ina: PatronRecord
) -> None:
    page = ask(mine)

    assert "i•••@example.org" in page.text
    assert page.text.count(NUMBER) == 3  # shown, and in the forms
    assert f'name="phone" value="{NUMBER}"' in page.text
    assert "cache-control" in page.headers
    assert own(desk, ina) == []
    assert desk.scalar("SELECT count(*) FROM change_request") == 0


@pytest.mark.parametrize(
    ("language", "words"), [("es", "cambiado en su ficha"), ("ar", "تغيّر في سجلكم")]
)
def test_the_whole_way_is_in_the_language_that_was_chosen(
    desk: Desk, mine: Shopper, language: str, words: str
) -> None:
    chosen = f"?lang={language}"
    mine.send(f"{PHONE}{chosen}", phone=NUMBER)
    desk.deliver()
    code = re.findall(r"^(\d{6})$", desk.mailbox.to(INA)[-1].text, re.MULTILINE)[0]
    done = mine.send(f"{PHONE}/code{chosen}", code=code, phone=NUMBER)

    assert words in mine.get(done.headers["location"]).text


def test_a_refused_value_keeps_what_was_typed(desk: Desk, mine: Shopper) -> None:
    page = ask(mine, phone="12")
    mails = len(desk.deliver())

    assert page.status_code == 422
    assert "whole phone number" in said(page)
    assert 'value="12"' in page.text
    assert mails == 0
    nameless = ask(mine, "/my/data/change/name", given_name="", family_name="Berg")
    assert "Given name, or only name" in said(nameless)
    assert 'value="Berg"' in nameless.text
    same = ask(mine, "/my/data/change/email", email=INA)
    assert "says already" in said(same)


def test_a_code_counts_for_its_own_values_and_session(
    desk: Desk, mine: Shopper, ina: PatronRecord
) -> None:
    ask(mine)
    code = code_of(desk)
    other = signed_in(desk)

    assert enter(mine, code, phone="+44 20 7946 0999").status_code == 409
    assert enter(other, code).status_code == 409
    assert mine.send("/my/code", code=code).status_code == 409
    assert phone(desk, ina) == ina.values["phone"]
    assert enter(mine, code).status_code == 303
    assert enter(mine, code).status_code == 409
    assert len(own(desk, ina)) == 1


def test_a_code_is_tried_five_times_and_lives_for_a_quarter_of_an_hour(
    desk: Desk, mine: Shopper, ina: PatronRecord
) -> None:
    ask(mine)
    code = code_of(desk)
    tries = [enter(mine, wrong(code)) for _ in range(mailed_codes.MOST_TRIES)]
    late = enter(mine, code)
    ask(mine)
    desk.clock.advance(mailed_codes.LIFE)
    over = enter(mine, code_of(desk))

    assert {"That is not the code" in said(one) for one in tries} == {True}
    assert "no longer counts" in said(late)
    assert "no longer counts" in said(over)
    assert phone(desk, ina) == ina.values["phone"]
    assert own(desk, ina) == []


def test_codes_are_mailed_so_often_and_no_more(desk: Desk, mine: Shopper) -> None:
    for _ in range(mailed_codes.MOST_MAILS[0][1] - 1):  # the sign-in was one
        assert ask(mine).status_code == 200

    assert "many codes" in said(ask(mine))


def test_a_sign_in_code_changes_nothing(desk: Desk, mine: Shopper, ina: PatronRecord) -> None:
    mine.send("/my/sign-in", email=INA)
    desk.deliver()
    text = [m.text for m in desk.mailbox.messages if "/my/link/" in m.text][-1]
    code = re.findall(r"^(\d{6})$", text, re.MULTILINE)[0]

    assert "no longer counts" in said(enter(mine, code))
    assert phone(desk, ina) == ina.values["phone"]


def test_nothing_changes_without_a_session_or_from_another_site(
    web: Shopper, desk: Desk, mine: Shopper, ina: PatronRecord
) -> None:
    assert web.get(PHONE).headers["location"] == "/my/sign-in"
    assert ask(web).headers["location"] == "/my/sign-in"
    assert enter(web, "123456").headers["location"] == "/my/sign-in"
    assert mine.get("/my/data/change/shoe").headers["location"] == "/my/data"
    foreign = mine.post(PHONE, data={"phone": NUMBER}, headers={"origin": "https://evil.example"})
    assert "another website" in said(foreign)
    assert desk.deliver() == []


def test_an_open_proposal_of_staff_gives_way_to_the_wish(
    desk: Desk, mine: Shopper, ina: PatronRecord
) -> None:
    pending = desk.propose(ina, changes={"phone": {"phone": "+44 20 7946 0111"}})
    ask(mine)
    enter(mine, code_of(desk))

    assert desk.state(pending) is RequestState.SUPERSEDED
    assert phone(desk, ina) == STORED


def test_what_staff_hold_and_what_takes_effect_later_does_not(
    desk: Desk, mine: Shopper, ina: PatronRecord
) -> None:
    ask(mine, EMAIL, email=NEW)
    code = code_of(desk)
    held = desk.act(
        desk.owner,
        identify.propose,
        patron_id=ina.id,
        changes={"email": {"email": "other@example.org"}},
        reason_code=ReasonCode.ASKED_AT_DESK,
        reason_text="",
        parsing=desk.context,
        method=DeskMethod.IN_PERSON,
        note="A passport.",
    )
    refused = [ask(mine, EMAIL, email=NEW), enter(mine, code, EMAIL, email=NEW)]
    desk.withdraw(held)
    waits = desk.propose(ina, "other@example.org")
    desk.decide(claims(desk, "other@example.org"))
    late = ask(mine, EMAIL, email=NEW)

    assert {one.status_code for one in (*refused, late)} == {409}
    assert all("looking into a change" in said(one) for one in refused)
    assert desk.state(waits) is RequestState.WAITING
    assert "approved already" in said(late)
    assert own(desk, ina) == []


@pytest.mark.parametrize("status", [PatronStatus.DECEASED, PatronStatus.INACTIVE])
def test_a_record_that_is_not_active_is_not_changed(
    desk: Desk, mine: Shopper, ina: PatronRecord, status: PatronStatus
) -> None:
    ask(mine)
    code = code_of(desk)
    desk.set_status(ina, status)

    assert enter(mine, code).headers["location"] == "/my/sign-in"
    assert phone(desk, ina) == ina.values["phone"]


def test_no_one_forges_a_wish(desk: Desk, mine: Shopper, ina: PatronRecord) -> None:
    """A request without a staff member needs a code that was mailed, and uses it up."""
    ask(mine)
    code = code_of(desk)
    enter(mine, code)
    [request] = own(desk, ina)
    staff = desk.propose(ina, changes={"date_of_birth": {"date_of_birth": "1970-01-01"}})
    real, proposed = f"id = '{request.id}'", f"id = '{staff.request_id}'"
    fresh = {"id": "'x'", "reference": "'ZZ-ZZZ'", "state": "'pending'"}
    later = "'2031-01-01 00:00:00.000000'"
    for forged in (
        copy("change_request", real, fresh),  # the code a second time
        copy("change_request", real, fresh | {"created_at": later}),  # without a code
        copy("change_request", proposed, fresh | {"proposer_id": "NULL"}),
        copy("change_request", proposed, fresh | {"path": "'own'"}),
        copy("change_request", proposed, fresh | {"path": "'own'", "proposer_id": "NULL"}),
        copy("change_request", real, fresh | {"path": "'link'"}),
    ):
        with pytest.raises(Exception, match="change request own"):
            desk.forge(forged)
    for rewritten in (
        f"UPDATE change_request SET path = 'own', proposer_id = NULL WHERE {proposed}",
        f"UPDATE change_request SET proposer_id = NULL WHERE {proposed}",
    ):
        with pytest.raises(Exception, match="change request identity"):
            desk.forge(rewritten)


# --- the email -----------------------------------------------------------------------------------


def asked_new(desk: Desk, mine: Shopper, email: str = NEW) -> httpx.Response:
    ask(mine, EMAIL, email=email)
    return enter(mine, code_of(desk), EMAIL, email=email)


def test_a_new_address_proves_itself_and_the_old_one_may_object(
    desk: Desk, mine: Shopper, ina: PatronRecord
) -> None:
    done = asked_new(desk, mine)
    page = mine.get(done.headers["location"])
    account = mine.get("/my/").text
    [request] = own(desk, ina)
    mails = desk.deliver()

    assert done.headers["location"] == "/my/data?asked=email"
    assert "we have asked the new address" in page.text
    assert "You asked for this. It waits for an answer from the new address." in account
    assert request.state is RequestState.PENDING
    assert desk.email(ina) == INA
    assert [m.to for m in mails if "/c/" in m.text] == [NEW]

    desk.decide(claims(desk))
    assert desk.email(ina) == NEW
    told = {m.to for m in desk.deliver()}
    assert told == {INA, NEW}
    assert mine.get("/my/data").headers["location"] == "/my/sign-in"
    report = verified(desk)
    assert report.is_clean, report


def test_it_is_told_to_no_one_whether_another_record_has_the_address(
    desk: Desk, mine: Shopper, ina: PatronRecord
) -> None:
    desk.patron(email="taken@example.org")
    staff = desk.staff("Zoe", Role.MANAGER)
    answers = [asked_new(desk, mine, email) for email in ("taken@example.org", staff.email_key)]
    free = asked_new(desk, mine, "free@example.org")

    assert {one.headers["location"] for one in (*answers, free)} == {"/my/data?asked=email"}
    assert [one.fields[0].label for one in own(desk, ina)] == ["Email address"]
    assert desk.email(ina) == INA


def test_a_new_wish_takes_the_place_of_an_earlier_one(
    desk: Desk, mine: Shopper, ina: PatronRecord
) -> None:
    asked_new(desk, mine, "typo@example.org")
    asked_new(desk, mine, NEW)

    assert [one.state for one in own(desk, ina)] == [
        RequestState.PENDING,
        RequestState.SUPERSEDED,
    ]


def test_after_a_new_address_nothing_else_changes_for_three_days(
    desk: Desk, mine: Shopper, ina: PatronRecord
) -> None:
    asked_new(desk, mine)
    desk.deliver()
    desk.decide(claims(desk))
    desk.deliver()
    desk.clock.advance(timedelta(minutes=1))
    browser = Shopper(APP)
    browser.send("/my/sign-in", email=NEW)
    desk.deliver()
    text = [m.text for m in desk.mailbox.to(NEW) if "/my/link/" in m.text][-1]
    code = re.findall(r"^(\d{6})$", text, re.MULTILINE)[0]
    browser.send("/my/code", code=code)
    closed = browser.get(PHONE)
    refused = ask(browser)
    desk.clock.advance(timedelta(hours=72))
    opened = browser.get(PHONE)

    assert closed.status_code == refused.status_code == 409
    assert "still be undone" in said(closed).replace("\n", " ")
    assert NUMBER not in closed.text
    assert opened.status_code == 200


def test_every_field_is_tried_here() -> None:
    assert {*WISHES, "email"} == set(FIELDS)


# --- what staff see -------------------------------------------------------------------------------


def test_staff_see_a_wish_that_waits_and_may_withdraw_it(
    desk: Desk, mine: Shopper, ina: PatronRecord
) -> None:
    asked_new(desk, mine)
    desk.deliver()
    [request] = own(desk, ina)
    clerk = desk.staff("Zoe", Role.MANAGER)
    look = Look(viewer=clerk, now=desk.now)

    _total, lines = desk.read(lambda s: queue.page(s, View.OPEN, look=look))
    [line] = [one for one in lines if one.reference == request.reference]
    assert (line.proposer_label, line.answerable_label) == ("the patron", "the patron")
    for view in View:
        desk.read(lambda s, view=view: queue.page(s, view, look=look))
    for need in Need:
        needed = desk.read(
            lambda s, need=need: needing(s, need, viewer=clerk, since=desk.now, limit=9)
        )
        assert needed.total == 0
    found = desk.read(lambda s: _find(s, request.reference, clerk, desk.now))
    viewer = Viewer(id=clerk.id, may_withdraw=True, may_resend=True, may_open_mail=True)
    page = request_page(found, viewer=viewer, policy=request.policy, now=desk.now)
    assert page.proposer == "the patron"
    assert "who answers for it" not in str(page)

    desk.act(clerk, teamwork.assign, reference=request.reference, to_id=clerk.id)
    desk.clock.advance(timedelta(minutes=10))
    desk.act(clerk, staff_commands.resend, reference=request.reference)
    desk.act(clerk, staff_commands.withdraw, reference=request.reference)
    [ended] = own(desk, ina)
    assert ended.state is RequestState.WITHDRAWN
    assert ended.answerable_label == "Zoe, box office"
    assert desk.mailbox.to(NEW)
    assert verified(desk).is_clean


def test_a_wish_that_no_one_answers_ends_by_itself(
    desk: Desk, mine: Shopper, ina: PatronRecord
) -> None:
    asked_new(desk, mine)
    [request] = own(desk, ina)
    desk.clock.advance(timedelta(days=30))
    desk.run(scheduled.expire, request_id=request.id)

    assert own(desk, ina)[0].state is RequestState.EXPIRED
    assert desk.email(ina) == INA
