"""A patron says how they may be contacted: their own press, as evidence, and no one else's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.app.test_patron_accounts import INA, signed_in
from tests.support.factories import Desk
from tests.support.houses import LaidOut, on_sale
from tests.support.shopping import Shopper, said, shopping
from upstage_crm.audit.events import Action, ActorKind
from upstage_crm.patrons.details import edit_preferences
from upstage_crm.patrons.details.preferences import (
    WORDING,
    Answer,
    Basis,
    ContactChannel,
    Preference,
    Purpose,
    Source,
)
from upstage_crm.patrons.errors import SourceRefused
from upstage_crm.patrons.views import PatronRecord

PAGE = "/my/preferences"
NEWS = (ContactChannel.EMAIL, Purpose.NEWS)


@pytest.fixture(autouse=True)
def made(desk: Desk) -> LaidOut:
    return on_sale(desk)


@pytest.fixture(autouse=True)
def web(desk: Desk) -> Iterator[Shopper]:
    with shopping(desk) as shopper:
        yield shopper


@pytest.fixture
def ina(desk: Desk) -> PatronRecord:
    return desk.patron(email=INA)


def held(desk: Desk, patron: PatronRecord) -> dict[edit_preferences.Cell, Preference]:
    return dict(desk.read(lambda s: edit_preferences.of_patron(s, patron.id)))


def checked(page: str) -> list[tuple[str, str]]:
    return re.findall(r'name="([a-z-]+)" value="(yes|no)" checked', page)


def test_nothing_is_preset_and_every_question_has_both_answers(
    desk: Desk, ina: PatronRecord
) -> None:
    page = signed_in(desk).get(PAGE).text

    assert checked(page) == []
    for purpose in Purpose:
        for channel in ContactChannel:
            assert page.count(f'name="{purpose.value}-{channel.value}"') == 2
    assert "Not asked yet. That counts as no." in page


def test_a_yes_is_consent_to_the_words_of_today_from_the_account(
    desk: Desk, ina: PatronRecord
) -> None:
    browser = signed_in(desk)

    saved = browser.send(PAGE, **{"news-email": "yes", "research-sms": "no"})
    page = browser.get(saved.headers["location"]).text

    assert "Your answers are saved." in page
    assert checked(page) == [("news-email", "yes"), ("research-sms", "no")]
    assert "Answered here on" in page
    answers = held(desk, ina)
    assert len(answers) == 2
    assert answers[NEWS] == Preference(
        channel=ContactChannel.EMAIL,
        purpose=Purpose.NEWS,
        answer=Answer.YES,
        basis=Basis.CONSENT,
        source=Source.ACCOUNT,
        wording=WORDING,
        answered_at=desk.now,
    )
    lines = [
        line
        for line in desk.lines(action=Action.PATRON_EDITED)
        if line.facts.get("fields") == "preferences"
    ]
    assert [line.actor.kind for line in lines] == [ActorKind.PATRON] * 2
    assert "Your answers on being contacted were changed" in browser.get("/my/history").text


def test_the_same_answers_again_change_and_record_nothing(desk: Desk, ina: PatronRecord) -> None:
    browser = signed_in(desk)
    browser.send(PAGE, **{"news-email": "yes"})
    before, entries = held(desk, ina), desk.entries

    browser.send(PAGE, **{"news-email": "yes"})

    assert held(desk, ina) == before
    assert desk.entries == entries


def test_what_is_no_question_or_no_answer_is_left_out(desk: Desk, ina: PatronRecord) -> None:
    browser = signed_in(desk)

    browser.send(PAGE, **{"news-email": "perhaps", "news-pigeon": "yes", "x": "yes"})

    assert held(desk, ina) == {}


def test_an_answer_is_the_own_patrons_only(desk: Desk, ina: PatronRecord) -> None:
    other = desk.patron(email="bob@example.org", given_name="Bob")

    signed_in(desk).send(PAGE, **{"news-email": "yes", "patron": other.id})

    assert held(desk, other) == {}
    assert len(held(desk, ina)) == 1


def test_without_a_session_or_from_elsewhere_nothing_is_noted(
    desk: Desk, ina: PatronRecord, web: Shopper
) -> None:
    away = web.send(PAGE, **{"news-email": "yes"})
    foreign = signed_in(desk).post(
        PAGE, data={"news-email": "yes"}, headers={"origin": "https://evil.example"}
    )

    assert away.headers["location"] == "/my/sign-in"
    assert foreign.status_code == 409
    assert held(desk, ina) == {}


def test_while_a_change_may_be_undone_nothing_is_shown_or_noted(
    desk: Desk, ina: PatronRecord
) -> None:
    desk.propose(ina, changes={"phone": {"phone": "+44 20 7946 0991"}})
    desk.deliver()
    desk.decide(desk.claims(INA))
    browser = signed_in(desk)

    shown, saved = browser.get(PAGE), browser.send(PAGE, **{"news-email": "yes"})

    assert shown.status_code == saved.status_code == 409
    assert "may still be undone" in said(saved)
    assert 'type="radio"' not in shown.text
    assert held(desk, ina) == {}


def test_staff_cannot_say_that_the_patron_pressed(desk: Desk, ina: PatronRecord) -> None:
    with pytest.raises(SourceRefused):
        desk.write(
            lambda s: edit_preferences.answer(
                desk.staff_context(s, desk.owner),
                patron_id=ina.id,
                cell=NEWS,
                answer=Answer.YES,
                basis=Basis.CONSENT,
                source=Source.ACCOUNT,
            )
        )

    assert held(desk, ina) == {}
