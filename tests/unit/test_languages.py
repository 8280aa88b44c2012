"""What patrons read, in every language: complete, correctly filled, and nothing left in English."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import html5lib
import pytest

from tests.support import messages
from tests.unit.test_confirm_words import NOW, OPENINGS, ORGANISATION, field, review
from tests.unit.test_mail_render import COMPOSER
from upstage_crm.change_requests.model.reasons import (
    METHODS,
    REASONS,
)
from upstage_crm.change_requests.model.rules import (
    DeskMethod,
    FieldOutcome,
    ReasonCode,
)
from upstage_crm.change_requests.model.views import Phase
from upstage_crm.confirm import fixed_copy, plain_html
from upstage_crm.confirm.page_view import PageWords
from upstage_crm.confirm.page_words import (
    missing_words,
    page_words,
)
from upstage_crm.core import languages, when
from upstage_crm.core.languages import LANGUAGES, choose, direction, negotiate, speaker
from upstage_crm.core.postal.countries import countries
from upstage_crm.links.claims import Purpose, Reviewer
from upstage_crm.mail.catalogue import CATALOGUE
from upstage_crm.mail.message import Audience, MailKind, MailMessage
from upstage_crm.mail.samples import AT, sample_draft
from upstage_crm.mail.samples import ORGANISATION as SAMPLE_HOUSE
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.values import show_birth
from upstage_crm.patrons.views import FieldLine

TRANSLATED = [language for language in LANGUAGES if language != languages.SOURCE]
PATRON_MAILS = [
    (kind, audience)
    for kind, spec in CATALOGUE.items()
    for audience in spec.links
    if audience is not Audience.STAFF
]
STAFF_MAILS = [kind for kind, spec in CATALOGUE.items() if Audience.STAFF in spec.links]
PLACEHOLDER = re.compile(r"\{\w+\}")
SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z{])")
LINK = re.compile(r"https://[^\s\"<>]+")


@cache
def catalog(language: str) -> dict[str, str]:
    """Every message of a language by its English."""
    read = languages.translations(language)
    return {message: read.gettext(message) for message in messages.wanted()}


@cache
def english_pieces(language: str) -> frozenset[str]:
    """What a text in a language would hold if a part of it had stayed English."""
    return frozenset(
        piece.strip(" .:,()?")
        for message, said in catalog(language).items()
        if said != message
        for sentence in SENTENCE.split(message)
        for piece in PLACEHOLDER.split(sentence)
    )


def english_in(text: str, language: str) -> list[str]:
    """The English sentences, or pieces of them, that stand in a text of another language."""
    flat = " ".join(re.sub(r"<[^>]+>", "", text).split())
    pieces = english_pieces(language)
    return [piece for piece in pieces if len(piece.split()) > 2 and piece in flat]


# --- the catalogs ---------------------------------------------------------------------------------


def test_the_template_is_what_the_code_says_today() -> None:
    """A new sentence, or a changed one, needs `make messages` and its translations."""
    pot = messages.read(languages.LOCALES / "patron.pot")

    assert messages.wanted() == tuple(message.id for message in pot if message.id)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated(language: str) -> None:
    held = messages.read(messages.catalog_file(language), language)

    assert messages.wanted() == tuple(message.id for message in held if message.id)
    assert [message.id for message in held if message.id and not message.string] == []
    assert not any(message.fuzzy for message in held if message.id)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_is_filled_as_its_sentence_is(language: str) -> None:
    for sentence, said in catalog(language).items():
        assert set(PLACEHOLDER.findall(sentence)) == set(PLACEHOLDER.findall(said)), sentence
        assert not re.search(r"[<>&]|\{\{|\}\}", said), "translations stand in HTML as they are"
        assert said == said.strip()
        assert not sentence.endswith(":") or said.endswith(":"), sentence


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_sentence_ends_as_a_sentence(language: str) -> None:
    ends = {".": (".",), "?": ("?", "؟"), "!": ("!",)}
    for sentence, said in catalog(language).items():
        wanted = ends.get(sentence[-1])
        assert wanted is None or said.endswith(wanted), (sentence, said)


def test_every_language_has_a_catalog_and_no_other_has() -> None:
    folders = {path.parent.parent.name for path in languages.LOCALES.glob("*/LC_MESSAGES/*.po")}

    assert set(TRANSLATED) == folders


# --- speaking -------------------------------------------------------------------------------------


def test_a_message_of_several_sentences_is_said_as_one() -> None:
    message = "Nothing has changed yet. Please answer by {expires_text}."

    said = speaker("de")(message)

    assert said == catalog("de")[message]
    assert "{expires_text}" in said
    assert english_in(said, "de") == []


def test_nothing_is_said_as_nothing() -> None:
    """In a catalog the empty message is what the catalog says about itself."""
    assert [speaker(language)("") for language in LANGUAGES] == [""] * len(LANGUAGES)


@pytest.mark.parametrize("language", ["en", "", "tlh", "xx-YY"])
def test_without_a_catalog_english_is_said_as_it_is(language: str) -> None:
    assert speaker(language)("Approve {this}. And that.") == "Approve {this}. And that."


def test_the_first_wish_that_we_can_fulfil_counts() -> None:
    assert choose("de-AT", "fr") == "de"
    assert choose("tlh", "fr") == "fr"
    assert choose("", "tlh") == "en"


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [
        ("ar,en;q=0.5", "ar"),
        ("da, fr-CA;q=0.8, en;q=0.7", "fr"),
        ("tlh", "es"),
        ("", "es"),
        ("*;q=0.1, \x00, ;;;,,,", "es"),
    ],
)
def test_a_browser_is_answered_in_its_language_or_the_organisations(
    accepted: str, spoken: str
) -> None:
    assert spoken == negotiate(accepted, "es")


def test_arabic_reads_from_right_to_left_with_every_value_by_itself() -> None:
    assert (direction("ar"), direction("ar-EG"), direction("de")) == ("rtl", "rtl", "ltr")
    said = speaker("ar")(
        "You don’t need the link: call {org_desk_phone} and say the reference {reference}."
    )
    assert {"\u2068{org_desk_phone}\u2069", "\u2068{reference}\u2069"} == set(
        re.findall(r"\u2068[^\u2069]+\u2069", said)
    )


# --- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("en", "America/New_York", "Monday, November 9, 2026, 9:05 AM (New York time)"),
        ("en", "Europe/Paris", "Monday, 9 November 2026, 15:05 (Paris time)"),
        ("de", "Europe/Berlin", "Montag, 9. November 2026, 15:05 Uhr (Ortszeit Berlin)"),
        ("fr", "Europe/Paris", "lundi 9 novembre 2026, 15:05 (heure de Paris)"),
        ("es", "Europe/Madrid", "lunes, 9 de noviembre de 2026, 15:05 (hora de Madrid)"),
        ("ar", "Africa/Cairo", "الاثنين، 9 نوفمبر 2026، 4:05 م (بتوقيت القاهرة)"),
    ],
)
def test_an_instant_is_the_readers_own(language: str, zone: str, said: str) -> None:
    at = datetime(2026, 11, 9, 14, 5, tzinfo=UTC)

    spoken = when.in_words(at, ZoneInfo(zone), language)

    assert said == spoken.replace("\u00a0", " ")


def test_dates_and_countries_have_names_in_every_language() -> None:
    births = [show_birth("1961-03-04", language) for language in LANGUAGES]

    assert births == [
        "4 March 1961",
        "4 de marzo de 1961",
        "4 mars 1961",
        "4. März 1961",
        "4 مارس 1961",
    ]
    assert [countries(language)["DE"] for language in LANGUAGES] == [
        "Germany",
        "Alemania",
        "Allemagne",
        "Deutschland",
        "ألمانيا",
    ]


# --- mails ----------------------------------------------------------------------------------------


def mail(kind: MailKind, audience: Audience, language: str) -> MailMessage:
    """A mail as its command would have it written in `language`."""
    draft, say = sample_draft(kind, audience), speaker(language)
    lines = [
        FieldLine(
            label=say(entry.label),
            now="" if audience is Audience.PROPOSED else "ada.byron@oldmail.example",
            proposed="ada@lovelace.example",
            outcome=say("approved"),
        )
        for entry in FIELDS.values()
    ]
    moment = when.in_words(AT, ZoneInfo("Europe/Berlin"), language)
    spoken: dict[str, object] = {
        "fields": lines,
        "greeting": None
        if audience is Audience.PROPOSED
        else say("Dear {name},").format(name="Ada Lovelace"),
        "reason_sentence": say(REASONS[ReasonCode.OTHER].sentence),
        **{name: moment for name in draft.context if name.endswith("_text")},
        "method_text": say(METHODS[DeskMethod.POST].sentence),
        "reason_text": "K. told us.",
    }
    context = {name: spoken.get(name, value) for name, value in draft.context.items()}
    made = dataclasses.replace(draft, language=language, context=context)
    return COMPOSER.prepare(made, now=AT).message


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize(("kind", "audience"), PATRON_MAILS)
def test_every_mail_speaks_one_language(kind: MailKind, audience: Audience, language: str) -> None:
    made = mail(kind, audience, language)

    for part in (made.subject, made.html, made.text):
        assert english_in(part, language) == []
        assert not re.search(r"[{}]\w", re.sub(r"<style>.*?</style>", "", part, flags=re.S))


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize(("kind", "audience"), PATRON_MAILS)
def test_a_mails_document_names_its_language(
    kind: MailKind, audience: Audience, language: str
) -> None:
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    page = parser.parse(mail(kind, audience, language).html)

    frame = next(div for div in page.iter("div") if div.get("class") == "page")
    for element in (page, frame):
        assert (language, direction(language)) == (element.get("lang"), element.get("dir"))
    for cell in page.iter("td"):
        assert "left" not in cell.get("style", "")
        assert "right" not in cell.get("style", "")


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize(("kind", "audience"), PATRON_MAILS)
def test_both_parts_lead_to_the_same_places_in_every_language(
    kind: MailKind, audience: Audience, language: str
) -> None:
    def places(text: str) -> set[str]:
        return {link.partition("?")[0] for link in LINK.findall(text)}

    made, english = mail(kind, audience, language), mail(kind, audience, "en")

    assert places(made.html) == places(made.text)
    assert len(LINK.findall(english.text)) == len(LINK.findall(made.text))
    assert len(LINK.findall(english.html)) == len(LINK.findall(made.html))


def test_both_parts_say_the_same_sentences() -> None:
    """Each sentence of the text part stands in the page part, apart from what leads to a link."""
    for kind, audience in PATRON_MAILS:
        made = mail(kind, audience, "en")
        page = " ".join(re.sub(r"<[^>]+>", "", made.html).split())
        for line in made.text.splitlines():
            for sentence in SENTENCE.split(line):
                if line.startswith("  ") or not sentence.endswith("."):
                    continue
                assert sentence.strip("-> ") in page, (kind, sentence)


def test_staff_are_written_to_in_english() -> None:
    made = COMPOSER.prepare(sample_draft(MailKind.STAFF_OUTCOME, Audience.STAFF), now=AT).message

    assert 'lang="en" dir="ltr"' in made.html


# --- pages ----------------------------------------------------------------------------------------


def page(language: str, *opening: object, **changes: object) -> PageWords:
    said = review(*opening, language=language, **changes)  # pyright: ignore[reportArgumentType]
    said = dataclasses.replace(
        said,
        reason_sentence=REASONS[ReasonCode.ASKED_BY_PHONE].sentence,
        reason_text="K. told us.",
        proposer="Dana",
    )
    return page_words(said, now=NOW, zone=UTC, organisation=ORGANISATION, choice="approve")


def every_page(language: str) -> list[PageWords]:
    told = Purpose.OBJECTION, Reviewer.CURRENT
    several = (field(FieldOutcome.PENDING, can_answer=True), field(FieldOutcome.PENDING))
    return [
        *(page(language, *opening) for opening in OPENINGS),
        *(
            page(language, ended, *told, objected_at=NOW)
            for ended in (Phase.APPROVED, Phase.REVERTED)
        ),
        page(language, Phase.OPEN, *told, applies_at=NOW),
        page(language, fields=several),
        *(
            page(language, Phase.PARTLY_APPROVED, fields=(field(outcome), field(outcome)))
            for outcome in FieldOutcome
        ),
        page_words(None, now=NOW, zone=UTC, organisation=ORGANISATION, language=language),
        missing_words(ORGANISATION, language=language),
    ]


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_page_speaks_one_language(language: str) -> None:
    for shown in every_page(language):
        drawn = plain_html.document(shown, link="A" * 12, nonce="1")

        assert f'<html lang="{language}" dir="{direction(language)}">' in drawn
        assert english_in(drawn, language) == [], shown.phase
        assert english_in(str(dataclasses.astuple(shown)), language) == [], shown.phase
        assert not re.search(r"\{\w+\}", drawn + str(shown.title) + str(shown.lead))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_every_label_in_its_language(language: str) -> None:
    fixed = page(language).fixed

    assert set(fixed_copy.ENGLISH) == set(fixed)
    assert fixed["APPROVE"] == speaker(language)("Approve")


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_plain_page_stays_small_in_every_language(language: str) -> None:
    several = (field(FieldOutcome.PENDING, can_answer=True, proposed="x" * 60),) * 2
    drawn = plain_html.document(page(language, fields=several), link="A" * 12, nonce="1" * 75)

    assert len(drawn.encode()) <= 11_000


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("kind", "audience"), PATRON_MAILS)
def test_a_subject_begins_with_the_house_and_fits_a_phone(
    kind: MailKind, audience: Audience, language: str
) -> None:
    assert_subject_fits(kind, audience, language)


@pytest.mark.parametrize("kind", STAFF_MAILS)
def test_a_subject_to_staff_does_so_too(kind: MailKind) -> None:
    assert_subject_fits(kind, Audience.STAFF, languages.SOURCE)


def assert_subject_fits(kind: MailKind, audience: Audience, language: str) -> None:
    house = dataclasses.replace(SAMPLE_HOUSE, name="Lantern Street Theatre")
    draft = sample_draft(kind, audience, language=language)
    context = {**draft.context, "org": house}

    subject = COMPOSER.prepare(dataclasses.replace(draft, context=context), now=AT).message.subject
    shown = subject.translate({ord("\u2068"): None, ord("\u2069"): None})

    assert shown.startswith(house.name)
    assert len(shown) <= 60, shown
