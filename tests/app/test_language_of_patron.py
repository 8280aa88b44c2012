"""Mail, page and receipt are in the patron's language and time zone, not in the staff's."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette

from tests.support.confirming import OURS, Browser, serving, tokens
from tests.support.factories import NEW, OLD, Desk
from tests.unit.test_languages import LINK, english_in
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.confirm import routes
from upstage_crm.core import when
from upstage_crm.core.languages import direction
from upstage_crm.patrons.views import PatronRecord

HOME = {"de": "Europe/Berlin", "fr": "Europe/Paris", "es": "America/Bogota", "ar": "Africa/Cairo"}
TITLES = {
    "de": "Haben Sie uns diese E-Mail-Adresse genannt?",
    "ar": "هل أعطيتمونا عنوان البريد الإلكتروني هذا؟",
    "en": "Did you give us this email address?",
}

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def patron_of(desk: Desk, language: str) -> PatronRecord:
    return desk.patron(free={"language": language, "time_zone": HOME.get(language, "")})


def the_link(desk: Desk, patron: PatronRecord) -> tuple[Proposed, str]:
    request = desk.propose(patron, reason_text="K. rang.")
    return request, tokens(desk, NEW)[-1]


def shown(web: Browser, token: str, desk: Desk) -> str:
    """The page without scripts behind a link."""
    web.get(f"/c/{token}")
    return web.get("/confirm/plain", params={"link": desk.codec.read(token).key}).text


@pytest.mark.parametrize("language", HOME)
def test_every_mail_of_a_request_is_in_the_patrons_language_and_time(
    desk: Desk, language: str
) -> None:
    patron = patron_of(desk, language)
    request = desk.propose(patron, reason_text="K. rang.")
    desk.decide(desk.claims(NEW), Decision.APPROVE)
    desk.deliver()

    mails = [*desk.mailbox.to(OLD), *desk.mailbox.to(NEW)]

    assert len(mails) == 4
    ends = when.in_words(desk.view(request).expires_at, when.zone(HOME[language]), language)
    assert any(ends in mail.text for mail in mails)
    for mail in mails:
        assert f'<html lang="{language}" dir="{direction(language)}"' in mail.html
        for part in (mail.subject, mail.html, mail.text):
            assert english_in(part, language) == []
        assert {found.partition("?")[0] for found in LINK.findall(mail.text)} == {
            found.partition("?")[0] for found in LINK.findall(mail.html)
        }


def test_staff_hear_of_it_in_english_all_the_same(desk: Desk) -> None:
    patron = patron_of(desk, "ar")
    desk.propose(patron)
    desk.decide(desk.claims(NEW), Decision.REJECT)
    desk.deliver()

    (mail,) = desk.mailbox.to("dana@staff.example.org")

    assert 'lang="en" dir="ltr"' in mail.html
    assert "change rejected" in mail.subject


@on_sqlite
@pytest.mark.parametrize("language", TITLES)
def test_the_page_is_in_the_patrons_language_whatever_the_browsers(
    desk: Desk, language: str
) -> None:
    _, token = the_link(desk, patron_of(desk, language))
    with serving(desk):
        web = Browser(Starlette(routes=routes.ROUTES), base_url=OURS)
        page = shown(web, token, desk)

    assert f'<html lang="{language}" dir="{direction(language)}">' in page
    assert f"<h1>{TITLES[language]}</h1>" in page
    assert language == "en" or english_in(page, language) == []


@on_sqlite
def test_what_is_wrong_with_an_answer_is_said_in_the_patrons_language(desk: Desk) -> None:
    _, token = the_link(desk, patron_of(desk, "de"))
    with serving(desk):
        web = Browser(Starlette(routes=routes.ROUTES), base_url=OURS)
        page = shown(web, token, desk)
        nonce = re.search(r'name="nonce" value="([^"]+)"', page)
        assert nonce is not None
        given = {"nonce": nonce[1], "answer": "reject", "read": "yes", "comment": "x" * 600}
        link = desk.codec.read(token).key
        answers = [
            web.post(
                "/confirm/plain", params={"link": link}, data=data, headers={"origin": OURS}
            ).text
            for data in ({}, given)
        ]

    for answer in answers:
        assert 'role="alert"' in answer
        assert english_in(answer, "de") == []
    assert "höchstens 500 Zeichen" in answers[1]


@on_sqlite
def test_without_a_link_the_browsers_language_counts_and_then_the_organisations(
    desk: Desk,
) -> None:
    with serving(desk):
        web = Browser(Starlette(routes=routes.ROUTES), base_url=OURS)
        found = [
            web.get("/confirm/plain", params={"link": link}, headers={"accept-language": wish}).text
            for link in ("", "invalid")
            for wish in ("fr-CH, de;q=0.5", "tlh")
        ]

    said = [re.search(r'<html lang="(\w+)"', page) for page in found]
    assert [match[1] for match in said if match] == ["fr", "en", "fr", "en"]


@on_sqlite
def test_a_language_that_we_do_not_have_becomes_the_organisations(desk: Desk) -> None:
    desk.arrange("UPDATE organisation SET language = 'es'")
    patron = desk.patron()
    desk.arrange("UPDATE patron SET language = 'tlh'")
    _, token = the_link(desk, patron)

    with serving(desk):
        page = shown(Browser(Starlette(routes=routes.ROUTES), base_url=OURS), token, desk)

    assert all('<html lang="es" dir="ltr"' in mail.html for mail in desk.mailbox.to(NEW))
    assert '<html lang="es" dir="ltr">' in page


@on_sqlite
def test_a_receipt_is_in_the_language_of_the_mail_that_led_to_it(desk: Desk) -> None:
    desk.propose(patron_of(desk, "ar"))
    desk.decide(desk.claims(NEW), Decision.APPROVE)
    desk.deliver()
    token = desk.receipt_tokens(NEW)[-1]
    with serving(desk):
        web = Browser(Starlette(routes=routes.ROUTES), base_url=OURS)
        web.get(f"/c/{token}")
        link = {"link": desk.codec.read(token).key}
        page = web.get("/confirm/receipt", params=link).text
        pdf = web.get("/confirm/receipt.pdf", params=link)

    assert '<html lang="ar" dir="rtl">' in page
    assert english_in(page, "ar") == []
    assert (pdf.status_code, pdf.content[:4]) == (200, b"%PDF")
