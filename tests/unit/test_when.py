"""Instants in words: one style for each reader, on every page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from upstage_crm.core import when
from upstage_crm.core.text import comparable

AT = datetime(2026, 11, 9, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "country", "in_words", "short", "brief", "day"),
    [
        (
            "America/New_York",
            "",
            "Monday, November 9, 2026, 9:05 AM (New York time)",
            "Nov 9, 2026, 9:05 AM",
            "Mon, Nov 9, 9:05 AM",
            "Nov 9, 2026",
        ),
        (
            "Europe/London",
            "",
            "Monday, 9 November 2026, 14:05 (London time)",
            "9 Nov 2026, 14:05",
            "Mon 9 Nov, 14:05",
            "9 Nov 2026",
        ),
        (
            "America/New_York",
            "GB",
            "Monday, 9 November 2026, 09:05 (New York time)",
            "9 Nov 2026, 09:05",
            "Mon 9 Nov, 09:05",
            "9 Nov 2026",
        ),
        (
            "",
            "US",
            "Monday, November 9, 2026, 2:05 PM (UTC)",
            "Nov 9, 2026, 2:05 PM",
            "Mon, Nov 9, 2:05 PM",
            "Nov 9, 2026",
        ),
        (
            "Asia/Tokyo",  # English of no country's own
            "JP",
            "Monday, 9 November 2026, 23:05 (Tokyo time)",
            "9 Nov 2026, 23:05",
            "Mon 9 Nov, 23:05",
            "9 Nov 2026",
        ),
    ],
)
def test_every_form_has_the_style_of_the_country(
    zone: str, country: str, in_words: str, short: str, brief: str, day: str
) -> None:
    place = when.zone(zone, country=country)
    later = AT + timedelta(days=30)

    written = (
        when.in_words(AT, place),
        when.short(AT, place),
        when.brief(AT, place),
        when.ago(AT, now=later, time_zone=place),
    )

    assert written == (in_words, short, brief, day)


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("fr", "Europe/Athens", "heure d’Athènes"),
        ("en", "US/Eastern", "New York time"),
        ("en", "America/Argentina/Buenos_Aires", "Buenos Aires time"),
        ("en", "Etc/GMT+5", "Etc/GMT+5"),
    ],
)
def test_a_zone_is_called_by_its_city(language: str, zone: str, said: str) -> None:
    assert when.in_words(AT, when.zone(zone), language).endswith(f"({said})")


def test_two_countries_in_one_zone_do_not_share_a_style() -> None:
    british, american = (when.zone("Europe/London", country=one) for one in ("GB", "US"))

    assert when.short(AT, british) == "9 Nov 2026, 14:05"
    assert when.short(AT, american) == "Nov 9, 2026, 2:05 PM"


def test_a_date_of_birth_follows_the_country() -> None:
    assert when.date_in_words(date(1961, 3, 4), "en", "US") == "March 4, 1961"
    assert when.date_in_words(date(1961, 3, 4), "en", "GB") == "4 March 1961"
    assert when.date_in_words(date(1961, 3, 4), "de", "US") == "4. März 1961"


def test_time_zones_are_chosen_by_place() -> None:
    places = dict(when.zone_choices())

    assert places["Europe/Berlin"] == "Berlin, Germany"
    assert places["America/Indiana/Knox"] == "Knox, Indiana, United States"
    assert places["Asia/Singapore"] == "Singapore"
    assert list(places.values()) == sorted(places.values(), key=comparable)
    assert len(set(places.values())) == len(places)


def test_an_old_name_of_a_time_zone_stays_chosen() -> None:
    kept = when.zone_choices("Asia/Calcutta")

    assert kept[0] == ("Asia/Calcutta", "Kolkata, India")
    assert kept[1:] == when.zone_choices()
    assert when.zone_choices("Europe/Paris") == when.zone_choices("")


@pytest.mark.parametrize("name", ["UTC", "", "•••"])
def test_a_time_zone_without_a_place_keeps_its_name(name: str) -> None:
    assert when.place_of(name) == name
