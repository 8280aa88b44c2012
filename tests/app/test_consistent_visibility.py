"""Preview, mail, page, simple page and receipt tell each mailbox the same of a request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from html import unescape

import pytest

from tests.support.factories import NEW, OLD, Desk
from upstage_crm.change_requests.desk import identify as at_desk
from upstage_crm.change_requests.lifecycle.preview import Reading, preview
from upstage_crm.change_requests.model.errors import LinkOutdated, RequestEnded
from upstage_crm.change_requests.model.rules import Decision, DeskMethod, ReasonCode
from upstage_crm.confirm import link_visit, plain_html
from upstage_crm.confirm.page_words import page_words
from upstage_crm.core import when
from upstage_crm.core.text import HIDDEN
from upstage_crm.links.claims import LinkClaims
from upstage_crm.mail.message import MailMessage
from upstage_crm.organisation.settings import details
from upstage_crm.patrons import marks
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.receipts import words
from upstage_crm.receipts.visibility import SeenReceipt
from upstage_crm.staff.roles import Role

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
HELD = {"Email address": OLD, "Name": "Mara Smith"}  # what a mailbox may read in part only
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
                assert value in mail.text
        for text in (simple, whole(mail)):
            assert FULL[mailbox] not in text


def decided(desk: Desk, patron: PatronRecord, changes: Mapping[str, Mapping[str, str]]) -> None:
    """Every mailbox that was asked approves."""
    asked = list(readings(desk, patron, changes))
    desk.propose(patron, changes=changes)
    for claims in [desk.claims(mailbox) for mailbox in reversed(asked)]:
        with suppress(RequestEnded, LinkOutdated):
            desk.decide(claims)


def vouched(desk: Desk, patron: PatronRecord, changes: Mapping[str, Mapping[str, str]]) -> None:
    """Two staff members vouch at the desk, and the current mailbox is told."""
    clerk, second = desk.staff("Cleo", Role.BOX_OFFICE), desk.staff("Max", Role.MANAGER)
    request = desk.act(
        clerk,
        at_desk.propose,
        patron_id=patron.id,
        changes=changes,
        reason_code=ReasonCode.ASKED_AT_DESK,
        reason_text="",
        method=DeskMethod.IN_PERSON,
        note="Passport seen.",
        parsing=desk.context,
    )
    desk.act(second, at_desk.confirm, reference=request.reference)


@pytest.mark.parametrize("is_proven", [True, False])
@pytest.mark.parametrize("settle", [decided, vouched])
@pytest.mark.parametrize("changes", CHANGES.values(), ids=list(CHANGES))
def test_a_receipt_shows_a_mailbox_what_its_mails_and_its_page_show(
    desk: Desk,
    changes: Mapping[str, Mapping[str, str]],
    settle: Callable[[Desk, PatronRecord, Mapping[str, Mapping[str, str]]], None],
    is_proven: bool,
) -> None:
    patron = known(desk, is_proven=is_proven)
    settle(desk, patron, changes)
    desk.deliver()

    compared = 0
    for mailbox in (OLD, NEW):
        if not (mails := desk.mailbox.to(mailbox)):
            continue
        claims, texts = desk.claims(mailbox), "".join(mail.text for mail in mails)
        page = {field.label: (field.now, field.proposed) for field in desk.review(claims).fields}
        for label, (now, proposed) in page.items():
            assert now in texts
            assert proposed in texts
            assert HIDDEN not in now or HELD[label] not in texts
        for receipt in opened(desk, claims):
            for field in receipt.fields:
                compared += 1
                shown = (field.old.text, field.new.text)
                assert shown == page.get(field.label, shown)
                assert FULL[mailbox] not in shown
    assert compared


def opened(desk: Desk, claims: LinkClaims) -> tuple[SeenReceipt, ...]:
    """The receipts that a link opens."""
    return desk.read(lambda session: link_visit.receipts(session, claims, now=desk.now)) or ()


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

    for mailbox, other in FULL.items():
        mails = desk.mailbox.to(mailbox)
        assert mails
        assert [mail.subject for mail in mails if other in whole(mail)] == []
        claims = desk.claims(mailbox)
        assert other not in simple_page(desk, claims)
        for receipt in opened(desk, claims):
            assert other not in str(words.words(receipt))
