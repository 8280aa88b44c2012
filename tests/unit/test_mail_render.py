"""Every mail as its reader gets it: the bytes that are frozen into the outbox."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import css_inline
import html5lib
import pytest

from upstage_crm.mail.catalogue import CATALOGUE, CatalogueMismatch
from upstage_crm.mail.compose import Composer, PreparedMail
from upstage_crm.mail.delivery import Transport
from upstage_crm.mail.message import AddressInvalid, Audience, HeaderInvalid, MailDraft, MailKind
from upstage_crm.mail.placeholders import Secrets, fill
from upstage_crm.mail.render import SHEET
from upstage_crm.mail.samples import AT, NOW_ADDRESS, ORGANISATION, PATRON_NAME, sample_draft
from upstage_crm.patrons.views import FieldLine

EVERY = [(kind, audience) for kind, spec in CATALOGUE.items() for audience in spec.links]
# About the reader's own staff account: no request, so no reference; links open the account.
LETTERS = (MailKind.STAFF_INVITATION, MailKind.STAFF_PASSWORD_LINK, MailKind.STAFF_NOTICE)
OF_NO_ORDER = (
    *(MailKind.SIGN_IN_CODE, MailKind.OWN_CHANGE_CODE),
    *(MailKind.WAITING_PLACE, MailKind.WAITING_OFFER),
)
WITHOUT_REFERENCE = (*LETTERS, *OF_NO_ORDER)
COMPOSER = Composer(mail_from="Lyric Theatre <hello@lyric.example>", transport=Transport.LOCAL)
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
CODE = "7QK2-M9XD"
EVIL = (
    "<script>alert(1)</script><img src=x onerror=alert(1)> [click](https://evil.example/pay) "
    "{{ 7*7 }} {% raw %} javascript:alert(1) \u202e evil.example\r\nBcc: all@list.example"
)


def prepared(kind: MailKind, audience: Audience, **context: object) -> PreparedMail:
    draft = sample_draft(kind, audience)
    return COMPOSER.prepare(replace(draft, context={**draft.context, **context}), now=AT)


def both_parts(mail: PreparedMail) -> tuple[str, str]:
    return mail.message.html, mail.message.text


def document(html: str) -> Any:
    """The page, parsed strictly: any error in the markup fails the test."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(html)


def words(text: str) -> set[str]:
    """The words of a part, links left out: a button hides its own."""
    return set(re.findall(r"[\w.+-]*\w", re.sub(r"https?://\S+", "", text).casefold()))


def filling(names: Collection[str]) -> Secrets:
    return Secrets(tokens=dict.fromkeys(names, TOKEN), codes=dict.fromkeys(names, CODE))


# Mails to patrons that are about no proposal.
# Two members did it, and none of them is named.
OF_NO_PROPOSER = (
    MailKind.ORDER_CONFIRMATION,
    MailKind.DAY_OF,
    MailKind.RECORD_ERASED,
    MailKind.PROTECTION_REMOVED,
    MailKind.SUPPRESSION_LIFTED,
    MailKind.ORDER_LINK,
    MailKind.ORDERS_LINK,
    MailKind.SIGN_IN_CODE,
    MailKind.OWN_CHANGE_CODE,
    MailKind.WAITING_PLACE,
    MailKind.WAITING_OFFER,
    MailKind.PERFORMANCE_CANCELLED,
    MailKind.PERFORMANCE_MOVED,
    MailKind.TICKET_OFFER,
    MailKind.TICKETS_RECEIVED,
    MailKind.OFFER_ANSWERED,
    MailKind.SEAT_MOVE,
    MailKind.SEAT_MOVE_ENDED,
)


@pytest.mark.parametrize(("kind", "audience"), EVERY)
def test_every_mail_renders_whole(kind: MailKind, audience: Audience) -> None:
    mail = prepared(kind, audience)
    html, text = both_parts(mail)

    assert "\n" not in mail.message.subject
    assert "@" not in mail.message.subject, "no address where a lock screen shows it"
    for part in both_parts(mail):
        assert (kind not in WITHOUT_REFERENCE) == ("K7-2FQ" in part)
        assert ORGANISATION.desk_phone in part
        assert "12 Stage Door Lane" in part
        is_named = audience is not Audience.STAFF and kind not in OF_NO_PROPOSER
        assert "Dana" in part or not is_named
        assert "{{" not in part
        assert "{%" not in part
        assert "None" not in part
        assert not re.search(r"<!--j\d|j\d+j", part)
    assert "<" not in text
    assert len(html.encode()) < 20_000, "Gmail cuts at 102 kB; ours stay far below"
    assert html.index("charset") < 1_024


@pytest.mark.parametrize(("kind", "audience"), EVERY)
def test_markup_is_valid_and_loads_nothing(kind: MailKind, audience: Audience) -> None:
    html, _ = both_parts(prepared(kind, audience))
    page = document(html)

    assert page.get("lang") == "en"
    assert all(table.get("role") == "presentation" for table in page.iter("table"))
    assert len(list(page.iter("h1"))) == 1
    for element in page.iter():
        assert element.tag not in ("img", "script", "link", "iframe", "form", "object")
        assert "src" not in element.attrib
        assert "url(" not in element.attrib.get("style", "")
    assert "prefers-color-scheme: dark" in html
    assert "@import" not in html


@pytest.mark.parametrize(("kind", "audience"), EVERY)
def test_every_element_has_the_style_that_the_whole_mail_gives_it(
    kind: MailKind, audience: Audience
) -> None:
    """A style is kept by name and class; the library reads the whole document."""
    html, _ = both_parts(prepared(kind, audience))
    bare = re.sub(r' style="[^"]*"', "", html)
    whole = css_inline.CSSInliner(
        extra_css=SHEET.read_text("utf-8"),
        inline_style_tags=False,
        keep_style_tags=True,
        load_remote_stylesheets=False,
    )

    assert styles(html) == styles(whole.inline(bare))


def styles(html: str) -> list[tuple[str, dict[str, str]]]:
    return [(element.tag, dict(element.attrib)) for element in document(html).iter()]


@pytest.mark.parametrize(("kind", "audience"), EVERY)
def test_links_stand_in_both_parts_and_hold_placeholders_only(
    kind: MailKind, audience: Audience
) -> None:
    mail = prepared(kind, audience)
    names = CATALOGUE[kind].links[audience]
    links = names - {"own_change"}  # a code, and nowhere to go

    for part in both_parts(mail):
        path = "auth/link" if kind in LETTERS else "c"
        path = "tickets/link" if names & {"order", "orders"} else path
        path = "my/link" if "sign_in" in names else path
        path = "tickets/waiting/link" if "waiting" in names else path
        assert bool(links) == (f"/{path}/@@token:" in part)
        filled = fill(part, mail_id=mail.id, secrets=filling(names))
        assert "@@" not in filled
        assert bool(links) == (f"https://crm.lyric.example/{path}/{TOKEN}" in filled)
        # A patron may answer without a link, too.
        assert bool(names & {"decision", "sign_in", "own_change"}) == (CODE in filled)


@pytest.mark.parametrize(("kind", "audience"), EVERY)
def test_both_parts_say_the_same(kind: MailKind, audience: Audience) -> None:
    """The text says nothing of its own, and leaves out no number, date, address or reference."""
    html, text = both_parts(prepared(kind, audience))
    in_html = words(" ".join(document(html).find("body").itertext()))
    in_text = words(text)

    assert set() == in_text - in_html
    assert set() == {word for word in in_html - in_text if re.search(r"\d", word)}


@pytest.mark.parametrize("audience", [Audience.PROPOSED, Audience.CURRENT])
def test_both_choices_open_the_same_page_with_equal_weight(audience: Audience) -> None:
    html, text = both_parts(prepared(MailKind.DECISION_REQUEST, audience))
    buttons = [a for a in document(html).iter("a") if "button" in a.get("class", "")]

    assert [button.text for button in buttons] == ["Approve", "Reject"]
    approve, reject = (button.get("href") for button in buttons)
    assert approve.removesuffix("?choice=approve") == reject.removesuffix("?choice=reject")
    assert buttons[0].get("style") == buttons[1].get("style")
    assert approve in text
    assert reject in text
    assert "Opening it changes nothing" in text
    assert "If you do nothing, the request ends and nothing changes." in text
    assert "Monday, 16 November 2026, 14:05 (London time)" in text


@pytest.mark.parametrize("kind", [k for k, a in EVERY if a is Audience.PROPOSED])
def test_unproven_address_learns_nothing_about_the_patron(kind: MailKind) -> None:
    mail = prepared(kind, Audience.PROPOSED)

    everything = mail.message.to_json()
    for secret in (NOW_ADDRESS, PATRON_NAME, "Lovelace,", "P-001042"):
        assert secret not in everything


@pytest.mark.parametrize("kind", [MailKind.DECISION_REQUEST, MailKind.DECISION_REMINDER])
def test_a_stranger_is_not_asked_whether_the_address_is_theirs(kind: MailKind) -> None:
    """An honest stranger would say yes. They are asked for what only the patron can have done."""
    message = prepared(kind, Audience.PROPOSED).message

    asked = re.findall(r"is (?:this|it) your", f"{message.subject} {message.text}", re.IGNORECASE)

    assert asked == []
    assert "Did you give us this email address?" in message.text


def test_a_draft_that_would_tell_a_stranger_is_refused() -> None:
    line = FieldLine(label="Email address", now=NOW_ADDRESS, proposed="x")
    with pytest.raises(CatalogueMismatch):
        prepared(MailKind.DECISION_REQUEST, Audience.PROPOSED, fields=[line])
    with pytest.raises(CatalogueMismatch):
        prepared(MailKind.CHANGE_APPLIED, Audience.PROPOSED, greeting="Dear Ada,")


def test_the_current_address_reads_its_own_value_and_how_to_answer() -> None:
    for kind, purpose in (
        (MailKind.CHANGE_NOTICE, "decision"),
        (MailKind.CHANGE_APPLIED, "objection"),
    ):
        for part in both_parts(prepared(kind, Audience.CURRENT)):
            assert NOW_ADDRESS in part
            assert "a•••@lovelace.example" in part
            assert "ada@lovelace.example" not in part
            assert f"/c/@@token:{purpose}:" in part
        page = document(prepared(kind, Audience.CURRENT).message.html)
        isolated = {bdi.text for bdi in page.iter("bdi")}
        assert {NOW_ADDRESS, "a•••@lovelace.example", "K7-2FQ"} <= isolated
    applied = prepared(MailKind.CHANGE_APPLIED, Audience.CURRENT).message.text
    assert "Thursday, 12 November 2026" in applied


def test_values_stand_on_their_own_line_in_text() -> None:
    text = prepared(MailKind.CHANGE_NOTICE, Audience.CURRENT).message.text

    assert f"  {NOW_ADDRESS}" in text.splitlines()
    assert "  a•••@lovelace.example" in text.splitlines()


@pytest.mark.parametrize(
    ("kind", "audience", "names"),
    [
        (MailKind.DECISION_REQUEST, Audience.PROPOSED, ("reason_text", "proposer")),
        (MailKind.DECISION_REQUEST, Audience.CURRENT, ("reason_text", "greeting")),
        (MailKind.CHANGE_NOTICE, Audience.CURRENT, ("reason_text", "proposer", "greeting")),
        (MailKind.STAFF_OUTCOME, Audience.STAFF, ("comment", "patron_name")),
    ],
)
def test_what_people_typed_is_inert(
    kind: MailKind, audience: Audience, names: tuple[str, ...]
) -> None:
    mail = prepared(kind, audience, **dict.fromkeys(names, EVIL))
    html, text = both_parts(mail)
    page = document(html)

    assert not list(page.iter("script"))
    assert not list(page.iter("img"))
    hosts = {a.get("href").split("/")[2] for a in page.iter("a")}
    assert hosts <= {"crm.lyric.example"}
    for part in (html, text):
        assert "{{ 7*7 }}" in part, "shown as typed, never run"
        assert "://evil" not in part
        assert "evil.example" not in part
        assert "\u202e" not in part
    assert "Bcc" not in mail.message.subject
    assert not any(line.startswith("Bcc") for line in text.splitlines())


def test_a_typed_placeholder_is_never_filled() -> None:
    mail = prepared(MailKind.DECISION_REQUEST, Audience.PROPOSED, reason_text="@@token:decision@@")
    filled = fill(mail.message.to_json(), mail_id=mail.id, secrets=filling(["decision"]))

    assert "@@token:decision@@" in filled


def test_line_break_in_the_organisation_stays_out_of_the_subject() -> None:
    org = replace(ORGANISATION, name="Lyric\r\nBcc: all@list.example")

    mail = prepared(MailKind.DECISION_REQUEST, Audience.CURRENT, org=org)

    assert "\n" not in mail.message.subject


def test_header_values_are_refused_when_queued() -> None:
    org = replace(ORGANISATION, reply_to="a@b.example\r\nBcc: c@d.example")
    with pytest.raises(AddressInvalid):
        prepared(MailKind.STAFF_OUTCOME, Audience.STAFF, org=org)
    with pytest.raises(HeaderInvalid):
        Composer(mail_from="Lyric\r\nBcc: c@d.example <a@b.example>", transport=Transport.LOCAL)
    evil = replace(
        sample_draft(MailKind.STAFF_OUTCOME, Audience.STAFF), to_address="a@b\r\n.example"
    )
    with pytest.raises(AddressInvalid):
        COMPOSER.prepare(evil, now=AT)


def mismatched() -> list[MailDraft]:
    draft = sample_draft(MailKind.DECISION_REQUEST, Audience.PROPOSED)
    without = {name: value for name, value in draft.context.items() if name != "reference"}
    return [
        replace(draft, links={}),
        replace(draft, context=without),
        replace(draft, kind=MailKind.CHANGE_NOTICE),
    ]


@pytest.mark.parametrize("draft", mismatched())
def test_draft_that_does_not_fit_its_kind_is_refused(draft: MailDraft) -> None:
    with pytest.raises(CatalogueMismatch):
        COMPOSER.prepare(draft, now=AT)


def test_right_to_left_languages_say_so() -> None:
    draft = replace(sample_draft(MailKind.CHANGE_NOTICE, Audience.CURRENT), language="ar")

    html = COMPOSER.prepare(draft, now=AT).message.html

    assert html.count('dir="rtl"') == 2


def test_colours_can_be_read() -> None:
    """Every pair of text and ground in the style sheet, in both schemes (WCAG 2.2: 4.5 to 1)."""
    light = [("#1d1a19", "#ffffff"), ("#5c5651", "#f5f3f0"), ("#5c5651", "#f8f6f3")]
    light += [("#9b1c31", "#ffffff"), ("#9b1c31", "#f5f3f0"), ("#3a3633", "#ffffff")]
    dark = [("#f0ebe7", "#221e1c"), ("#bdb4ad", "#171413"), ("#bdb4ad", "#2a2523")]
    dark += [("#f7b9c3", "#221e1c"), ("#f2a0ae", "#171413"), ("#e2dbd5", "#221e1c")]
    html = prepared(MailKind.CHANGE_NOTICE, Audience.CURRENT).message.html

    for ink, ground in light + dark:
        assert ink in html
        assert ground in html
        assert contrast(ink, ground) >= 4.5, (ink, ground)


def contrast(ink: str, ground: str) -> float:
    bright, dim = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
