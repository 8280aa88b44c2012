"""Case 28: the proposed address may be a stranger's; the real bytes they get say nothing of Mara.

Names, old address, phone, postal address, birthday, orders: not in subject, headers, text, HTML,
in the page's read model, nor inside the reason that staff wrote.
"""

from __future__ import annotations

import re
from dataclasses import asdict

import pytest

from tests.support.factories import OLD, Desk, days
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.lifecycle.preview import preview
from upstage_crm.change_requests.model.reasons import REASONS
from upstage_crm.change_requests.model.rules import (
    Decision,
    ReasonCode,
    RequestState,
)
from upstage_crm.mail.message import MailMessage
from upstage_crm.patrons import marks
from upstage_crm.patrons.views import PatronRecord

NEW = "casey@typo.example"  # a stranger who has never heard of Mara
SECRETS = (
    OLD,
    "mara@",
    "Mara",
    "Smith",
    "Mimi",
    "0101",
    "Main Street",
    "Springfield",
    "62701",
    "1961",
    "donor",
    "allergic",
)
TALKATIVE = (
    "Mara Smith (MIMI), mara@EXAMPLE.com, called from (212) 555-0101 or +1 212 555 0101 or "
    "+12125550101. Lives at 1 Main Street, Springfield, 62701; born 1961-03-04."
)


@pytest.fixture
def mara(desk: Desk) -> PatronRecord:
    made = desk.patron(
        phone="+1 212 555 0101",
        address_line1="1 Main Street",
        address_city="Springfield",
        address_postcode="62701",
        address_country="US",
        date_of_birth="1961-03-04",
        free={"preferred_name": "Mimi", "tags": "donor", "note": "allergic to nuts"},
    )
    desk.arrange("UPDATE patron SET email_verified_at = created_at")
    return made


def read(mail: MailMessage) -> str:
    """Everything that the provider is handed for one mail."""
    return mail.to_json()


def to_stranger(desk: Desk) -> list[MailMessage]:
    desk.deliver()
    return desk.mailbox.to(NEW)


def assert_silent(text: str) -> None:
    # Links and ids are random; a name cannot be read out of them.
    plain = re.sub(r"/c/[\w.-]+|[0-9a-f]{32}", "", text)
    for secret in SECRETS:
        assert secret.casefold() not in plain.casefold(), secret


def test_the_current_address_reads_what_a_stranger_must_not(desk: Desk, mara: PatronRecord) -> None:
    """The control: the same words reach the proven owner of the record."""
    desk.propose(mara, NEW, reason_text=TALKATIVE)
    desk.deliver()

    text = desk.mailbox.to(OLD)[0].text

    for secret in ("Mara Smith", OLD, "Springfield", "1961-03-04"):
        assert secret in text


def test_the_decision_mail_is_silent(desk: Desk, mara: PatronRecord) -> None:
    desk.propose(mara, NEW, reason_text=TALKATIVE)

    (mail,) = to_stranger(desk)

    assert_silent(read(mail))
    assert NEW in mail.text
    assert "Dana (box office)" in mail.text


def test_a_second_field_is_not_mentioned(desk: Desk, mara: PatronRecord) -> None:
    changes = {
        "email": {"email": NEW},
        "phone": {"phone": "+1 646 555 0142"},
        "name": {"given_name": "Maria", "family_name": "Jones"},
    }
    desk.propose(mara, changes=changes, reason_text=TALKATIVE)

    (mail,) = to_stranger(desk)

    assert_silent(read(mail))
    for other in ("0142", "Maria", "Jones", "Phone", "Name"):
        assert other not in mail.text


@pytest.mark.parametrize("end", ["approve", "reject", "withdraw", "expire", "resend"])
def test_every_later_mail_is_silent(desk: Desk, mara: PatronRecord, end: str) -> None:
    request = desk.propose(mara, NEW, reason_text=TALKATIVE)
    link = desk.claims(NEW)
    if end == "withdraw":
        desk.withdraw(request)
    elif end == "expire":
        desk.clock.advance(days(7))
        desk.expire(request)
    elif end == "resend":
        desk.clock.advance(days(1))
        desk.resend(request)
    else:
        desk.decide(link, Decision(end), comment="I am another person.")

    mails = to_stranger(desk)

    assert len(mails) == 2
    for mail in mails:
        assert_silent(read(mail))


def test_the_page_is_silent(desk: Desk, mara: PatronRecord) -> None:
    """The stranger sees initials and a masked old address, and their own in full."""
    desk.propose(mara, changes={"phone": {"phone": "+1 646 555 0142"}}, email=NEW,
                 reason_text=TALKATIVE)  # fmt: skip
    review = desk.review(desk.claims(NEW))

    shown = repr(asdict(review)).replace("m•••@example.com", "").replace("M••• S•••", "")

    assert_silent(shown)
    assert "0142" not in shown
    assert review.patron_name == "M••• S•••"
    assert [(field.now, field.proposed) for field in review.fields] == [("m•••@example.com", NEW)]
    assert review.mailbox == NEW


def test_the_page_of_the_record_masks_the_strangers_address(desk: Desk, mara: PatronRecord) -> None:
    desk.propose(mara, NEW)
    desk.deliver()

    review = desk.review(desk.claims(OLD))

    assert [(f.now, f.proposed) for f in review.fields] == [(OLD, "c•••@typo.example")]
    assert review.patron_name == "Mara Smith"


def test_not_me_closes_the_matter_and_ends_all_mail_to_the_stranger(
    desk: Desk, mara: PatronRecord
) -> None:
    request = desk.propose(mara, NEW)
    link = desk.claims(NEW)

    assert RequestState.REJECTED is desk.decide(link, Decision.OBJECT)

    assert len(to_stranger(desk)) == 1
    assert RequestState.REJECTED is desk.state(request)
    assert desk.email(mara) == OLD
    line = desk.lines(action=Action.ADDRESS_SUPPRESSED)[0]
    assert line.values == {"address": NEW}


def test_the_strangers_words_reach_staff_alone(desk: Desk, mara: PatronRecord) -> None:
    """What a stranger writes is not passed on to the record's owner."""
    desk.propose(mara, NEW)
    desk.decide(desk.claims(NEW), Decision.REJECT, comment="Call me: 999 888 777")
    desk.deliver()

    assert all("999 888" not in read(mail) for mail in desk.mailbox.to(OLD))
    assert "999 888" in desk.mailbox.to("dana@staff.example.org")[-1].text


def test_an_unproven_current_address_is_not_greeted_by_name(desk: Desk) -> None:
    patron = desk.patron()
    desk.propose(patron, NEW)
    desk.deliver()

    mail = desk.mailbox.to(OLD)[0]

    assert "Mara" not in mail.text.replace(OLD, "")
    assert "Smith" not in read(mail)


# --- staff's own words --------------------------------------------------------------------------

WORDS = "Called on Monday about a letter that came back."


@pytest.mark.parametrize("proven_ago", [None, 0, 729, 730, 731])
def test_only_a_mailbox_that_proved_itself_lately_reads_words_and_a_name(
    desk: Desk, proven_ago: int | None
) -> None:
    """Mail, page and preview say the same: the fixed sentence is for everybody, words are not."""
    patron = desk.patron()
    desk.clock.advance(days(800))
    if proven_ago is not None:
        at = desk.now - days(proven_ago)
        desk.step(patron, lambda s: marks.prove_address(s, patron_id=patron.id, now=at))
    is_trusted = proven_ago is not None and proven_ago <= 730
    shown = desk.read(
        lambda s: preview(
            desk.staff_context(s, desk.owner),
            patron_id=patron.id,
            changes={"email": {"email": NEW}},
            reason_code=ReasonCode.ASKED_BY_PHONE,
            reason_text=WORDS,
            parsing=desk.context,
        )
    )
    desk.propose(patron, NEW, reason_text=WORDS)
    desk.deliver()

    for to, reads in ((OLD, is_trusted), (NEW, False)):
        (mail,) = desk.mailbox.to(to)
        page = desk.review(desk.claims(to))
        (seen,) = (reading for reading in shown.readings if reading.mailbox == to)
        sentence = REASONS[ReasonCode.ASKED_BY_PHONE].sentence
        for part in (mail.text, mail.html):
            assert sentence in part
            assert (WORDS in part) is reads
            assert ("Mara Smith" in part) is reads
        assert page.reason_text == seen.reason_text == (WORDS if reads else "")
        assert page.patron_name == seen.patron_name == ("Mara Smith" if reads else "M••• S•••")
