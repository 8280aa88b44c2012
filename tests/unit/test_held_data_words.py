"""Codes of what is held become words on the page for the patron."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from upstage_crm.privacy.held_data import Section
from upstage_crm.wording.held_data import value_words


@pytest.mark.parametrize(
    ("section", "column", "value", "told"),
    [
        (Section.RECORD, "time_zone", "America/New_York", "New York, United States"),
        (Section.OTHER_CONTACTS, "place", "secondary", "Secondary"),
        (Section.HISTORY, "after", "news by post: not asked", "News and offers by post: not asked"),
        (Section.HISTORY, "after", "mara@example.com", "mara@example.com"),
        (Section.RECORD, "is_protected", False, "No"),
    ],
)
def test_a_code_becomes_words(section: Section, column: str, value: str | bool, told: str) -> None:
    assert value_words(section, column, value, ZoneInfo("America/New_York")) == told
