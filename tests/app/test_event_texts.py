"""What is said of an event in several languages, and its picture, as the trail tells it."""

from __future__ import annotations

import pytest

from tests.app.test_programme import HAMLET, event_of, hall, hamlet, run
from tests.support.factories import Desk, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.core.text import InvalidText
from upstage_crm.organisation.errors import UnknownLanguage
from upstage_crm.programme import commands, pictures, translations
from upstage_crm.programme.errors import (
    EventChangedMeanwhile,
    MinutesUnreadable,
    PictureTextMissing,
    UnknownEvent,
    UnknownPicture,
)
from upstage_crm.programme.event_texts import in_language
from upstage_crm.programme.picture_reading import Picture

__all__ = ["hall", "hamlet"]  # the fixtures of events

BLUE = Picture(sizes={320: (200, b"small"), 800: (500, b"large")}, digest="b" * 64)
RED = Picture(sizes={320: (200, b"red")}, digest="d" * 64)


def test_a_text_without_a_translation_is_read_in_the_events_own_language(
    desk: Desk, hamlet: str
) -> None:
    def translate(version: int, language: str = "de", **texts: str) -> None:
        run(
            desk,
            translations.translate,
            event_id=hamlet,
            language=language,
            version=version,
            typed=texts,
        )

    translate(1, title="Hamlet, Prinz", description="Ein Geist.")
    event = event_of(desk, hamlet)
    assert event.language == "en"
    german, french = (in_language(event.texts, event.translated, code) for code in ("de", "fr"))
    assert (german["title"], german["genre"]) == ("Hamlet, Prinz", "Play")
    assert french == event.texts

    translate(2, title="Hamlet, Prinz", description="")
    facts = desk.lines(action=Action.EVENT_TRANSLATED)[-1].facts
    assert facts == {
        "place": "Hamlet",
        "language": "de",
        "description.old": "Ein Geist.",
        "description.new": "",
    }
    before = desk.dump()
    translate(3, title="Hamlet, Prinz")
    assert before == desk.dump()
    unchanged(desk, lambda: translate(2, title="Anders"), EventChangedMeanwhile)
    unchanged(desk, lambda: translate(3, "en", title="x"), UnknownLanguage)
    unchanged(desk, lambda: translate(3, "xx", title="x"), UnknownLanguage)
    unchanged(desk, lambda: translate(3, title="x" * 161), InvalidText)


@pytest.mark.parametrize("minutes", ["two hours", "0", "1441", "1.5", "-5", "²"])
def test_minutes_that_are_none_are_refused(desk: Desk, minutes: str) -> None:
    assert desk.owner
    typed = HAMLET | {"running_minutes": minutes}

    unchanged(desk, lambda: run(desk, commands.add_event, typed=typed), MinutesUnreadable)


def test_a_picture_is_kept_replaced_and_removed(desk: Desk, hamlet: str) -> None:
    def keep(version: int, picture: Picture | None, alt: str = "A prince") -> None:
        run(
            desk,
            pictures.set_picture,
            event_id=hamlet,
            version=version,
            picture=picture,
            alt=alt,
        )

    def content(digest: str, width: int) -> bytes:
        return desk.read(lambda s: pictures.content(s, event_id=hamlet, digest=digest, width=width))

    keep(1, BLUE)
    assert content(BLUE.digest, 800) == b"large"
    before = desk.dump()
    keep(2, BLUE)
    assert before == desk.dump()

    keep(2, RED, alt="A ghost")
    assert desk.read(lambda s: pictures.widths(s, hamlet)) == [320]
    with pytest.raises(UnknownPicture):
        content(BLUE.digest, 320)
    facts = desk.lines(action=Action.EVENT_PICTURE_CHANGED)[-1].facts
    assert (facts["picture.old"], facts["picture.new"]) == (BLUE.digest, RED.digest)
    unchanged(desk, lambda: keep(2, BLUE), EventChangedMeanwhile)
    unchanged(desk, lambda: keep(3, BLUE, alt=""), PictureTextMissing)

    run(desk, pictures.remove, event_id=hamlet, version=3)
    assert event_of(desk, hamlet).picture == ""
    assert desk.column("SELECT content FROM event_picture") == []
    unchanged(desk, lambda: run(desk, pictures.remove, event_id=hamlet, version=4), UnknownPicture)
    unchanged(desk, lambda: keep(4, None), UnknownPicture)
    unchanged(
        desk,
        lambda: run(desk, pictures.set_picture, event_id="none", version=1, picture=RED, alt="x"),
        UnknownEvent,
    )
