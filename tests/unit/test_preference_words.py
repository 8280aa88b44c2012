"""The trail keeps answers in codes; people read them in words and by their own clocks."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from upstage_crm.wording.preferences import kept_answer_words

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("news by email: not asked", "News and offers by email: not asked"),
        (
            "news by email: yes, consent, in_person, wording A, 2026-10-17T21:27+00:00",
            "News and offers by email: yes, consent, in person (Oct 17, 2026, 5:27 PM; wording A)",
        ),
        (
            "fundraising by sms: no, phone, wording A, 2026-01-02T03:04+00:00",
            "Fundraising by text message: no, by phone (Jan 1, 2026, 10:04 PM; wording A)",
        ),
        ("a word by word: hidden", "a word by word: hidden"),
        ("•••", "•••"),
        ("", ""),
    ],
)
def test_an_answer_of_the_trail_is_told_in_words(kept: str, told: str) -> None:
    assert kept_answer_words(kept, NEW_YORK) == told
