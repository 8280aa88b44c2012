"""Preview, mail, page, simple page and receipt tell each mailbox the same of a request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from html import unescape

import pytest

from tests.support.factories import NEW, OLD, Desk
from upstage_crm.change_requests.lifecycle.preview import Reading, preview
from upstage_crm.change_requests.model.rules import Decision, ReasonCode
from upstage_crm.confirm import plain_html
from upstage_crm.confirm.page_words import page_words
from upstage_crm.core import when
from upstage_crm.links.claims import LinkClaims, Reviewer
from upstage_crm.mail.message import MailMessage
from upstage_crm.organisation.settings import details
from upstage_crm.patrons import marks
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.receipts import queries, words
from upstage_crm.receipts.visibility import Reader

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

WORDS = "Called on Monday."
ADDRESS = {
    "address_line1": "7 Harbour Lane",
    "address_city": "Springfield",
    "address_postcode": "62704",
    "address_country": "US",
}
CHANGES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "email": {"email": {"email": NEW}},
    "phone": {"phone": {"phone": "+1 212 555 0117"}},
    "name": {"name": {"given_name": "Mara", "family_name": "Okonkwo"}},
    "address": {"address": ADDRESS},
    "date_of_birth": {"date_of_birth": {"date_of_birth": "1961-03-04"}},
    "email and phone": {
        "email": {"email": NEW},
        "phone": {"phone": "+1 212 555 0117"},
    },
}
FULL = {OLD: NEW, NEW: OLD}  # each mailbox, and the address that it never reads in full


def known(desk: Desk, *, is_proven: bool) -> PatronRecord:
    """A patron whose mailbox has proven itself, or has not."""
    patron = desk.patron(phone="+1 212 555 0101")
    if is_proven:
        desk.step(patron, lambda s: marks.prove_address(s, patron_id=patron.id, now=desk.now))
    return patron


def readings(
    desk: Desk, patron: PatronRecord, changes: Mapping[str, Mapping[str, str]]
) -> dict[str, Reading]:
    """What the preview says that each mailbox will read."""
    shown = desk.read(
        lambda session: preview(
            desk.staff_context(session, desk.owner),
            patron_id=patron.id,
            changes=changes,
            reason_code=ReasonCode.ASKED_BY_PHONE,
            reason_text=WORDS,
            parsing=desk.context,
        )
    )
    return {reading.mailbox: reading for reading in shown.readings}


def simple_page(desk: Desk, claims: LinkClaims) -> str:
    """The simple page of a link, as text."""
    page = page_words(
        desk.review(claims),
        now=desk.now,
        zone=when.zone(),
        organisation=desk.read(details),
    )
    document = plain_html.document(page, link=claims.key, nonce="")
    return unescape(re.sub(r"<[^>]+>", " ", document))


def whole(mail: MailMessage) -> str:
    return unescape(f"{mail.subject} {mail.text} {mail.html}")


@pytest.mark.parametrize("is_proven", [True, False])
@pytest.mark.parametrize("changes", CHANGES.values(), ids=list(CHANGES))
def test_every_surface_shows_a_mailbox_what_the_preview_promised(
    desk: Desk, changes: Mapping[str, Mapping[str, str]], is_proven: bool
) -> None:
    patron = known(desk, is_proven=is_proven)
    promised = readings(desk, patron, changes)
    desk.propose(patron, changes=changes, reason_text=WORDS)
    desk.deliver()

    assert promised
    for mailbox, reading in promised.items():
        claims = desk.claims(mailbox)
        page, simple = desk.review(claims), simple_page(desk, claims)
        (mail,) = desk.mailbox.to(mailbox)
        assert page.patron_name == reading.patron_name
        assert page.reason_text == reading.reason_text
        assert (WORDS in mail.text) is (WORDS in simple) is bool(reading.reason_text)
        shown = [(field.label, field.now, field.proposed) for field in page.fields]
        assert shown == [(field.label, field.now, field.proposed) for field in reading.fields]
        for field in reading.fields:
            for value in (field.now, field.proposed):
                assert value in simple
                # A mail to a stranger names no value that we hold, not even a masked one.
                is_left_out = reading.reviewer is Reviewer.PROPOSED and value == field.now
                assert is_left_out or value in mail.text
        for text in (simple, whole(mail)):
            assert FULL[mailbox] not in text


def approved(desk: Desk, patron: PatronRecord) -> None:
    request = desk.propose(patron, NEW)
    desk.decide(desk.claims(NEW))
    desk.note_arrival(request)
    desk.take_effect(request, after=timedelta(days=4))


def undone(desk: Desk, patron: PatronRecord) -> None:
    approved(desk, patron)
    desk.decide(desk.claims(OLD), Decision.OBJECT)


def rejected(desk: Desk, patron: PatronRecord) -> None:
    desk.propose(patron, NEW)
    desk.decide(desk.claims(NEW), Decision.REJECT)


def kept(desk: Desk, patron: PatronRecord) -> None:
    desk.propose(patron, NEW)
    desk.decide(desk.claims(OLD), Decision.REJECT)


def not_mine(desk: Desk, patron: PatronRecord) -> None:
    desk.propose(patron, NEW)
    desk.decide(desk.claims(NEW), Decision.OBJECT)


def withdrawn(desk: Desk, patron: PatronRecord) -> None:
    request = desk.propose(patron, NEW)
    desk.deliver()
    desk.withdraw(request)


def replaced(desk: Desk, patron: PatronRecord) -> None:
    desk.propose(patron, NEW)
    desk.deliver()
    desk.propose(patron, "third@example.net")


def expired(desk: Desk, patron: PatronRecord) -> None:
    request = desk.propose(patron, NEW)
    desk.deliver()
    desk.clock.advance(timedelta(days=8))
    desk.expire(request)


STORIES = (approved, undone, rejected, kept, not_mine, withdrawn, replaced, expired)


@pytest.mark.parametrize("is_proven", [True, False])
@pytest.mark.parametrize("story", STORIES, ids=[story.__name__ for story in STORIES])
def test_no_mail_page_or_receipt_shows_one_mailbox_the_others_address(
    desk: Desk, story: Callable[[Desk, PatronRecord], None], is_proven: bool
) -> None:
    patron = known(desk, is_proven=is_proven)
    story(desk, patron)
    desk.deliver()

    for mailbox, reader in ((OLD, Reader.CURRENT), (NEW, Reader.PROPOSED)):
        other = FULL[mailbox]
        mails = desk.mailbox.to(mailbox)
        assert mails
        assert [mail.subject for mail in mails if other in whole(mail)] == []
        claims = desk.claims(mailbox)
        assert other not in simple_page(desk, claims)
        receipts = desk.read(
            lambda session, request=claims.request_id, reader=reader: queries.of_request(
                session, request, reader=reader
            )
        )
        for receipt in receipts:
            assert other not in str(words.words(receipt))
