"""Instants in words, in a reader's language, time zone and country. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.core import get_global
from babel.dates import (
    format_date,
    format_interval,
    format_skeleton,
    format_time,
    get_datetime_format,
    get_timezone_location,
)
from babel.localedata import exists

from upstage_crm.core.countries import countries, country_of_zone
from upstage_crm.core.languages import SOURCE
from upstage_crm.core.text import comparable

# How each language says a time of day, and whose clock it is.
_CLOCKS: Mapping[str, str] = {"de": "{time} Uhr"}
_LOCAL_TIME: Mapping[str, str] = {
    "en": "{city} time",
    "es": "hora de {city}",
    "fr": "heure de {city}",
    "de": "Ortszeit {city}",
    "ar": "بتوقيت {city}",
}
ABSOLUTE_AFTER = timedelta(days=7)  # older than this a date says more than "9 days ago"


class Place(ZoneInfo):
    """A time zone with the country whose dates its readers write; "" is the zone's own."""

    country: str = ""


def zone(*names: str, country: str = "") -> tzinfo:
    """The first named time zone that is not empty; UTC when all are.

    `country` is an ISO 3166-1 code: dates in English are written as people there write them.
    """
    name = next((name for name in names if name), "")
    if country:
        return _place(name or "UTC", country)
    return ZoneInfo(name) if name else UTC


@cache
def _place(name: str, country: str) -> Place:
    made = Place.no_cache(name)
    made.country = country
    return made


@cache
def zone_names() -> frozenset[str]:
    """Every name of the tz database; reading it takes milliseconds, so it is read once."""
    return frozenset(available_timezones())


@cache
def zones_by_place() -> Mapping[str, str]:
    """Every time zone that people live in, by name: "Berlin, Germany"; in the order of places.

    One name for one clock: "Asia/Calcutta" is there as "Asia/Kolkata" alone.
    """
    named = {name: _place_of(name) for name in map(str, get_global("zone_territories"))}
    found = {name: place for name, place in named.items() if place and name in zone_names()}
    return dict(sorted(found.items(), key=lambda item: comparable(item[1])))


def zone_choices(kept: str = "") -> list[tuple[str, str]]:
    """The time zones to choose from, as pairs of name and place.

    `kept` is the one that was chosen before: it is among them, though it be an old name.
    """
    found = list(zones_by_place().items())
    return found if kept in ("", *zones_by_place()) else [(kept, place_of(kept)), *found]


def place_of(name: str) -> str:
    """A time zone as people know it; a name that says no place stays as it is."""
    return _place_of(name) or name


def _place_of(name: str) -> str:
    country = countries().get(country_of_zone(name), "")
    if not country:
        return ""
    city = get_timezone_location(name, locale=SOURCE, return_city=True)
    return city if city == country else f"{city}, {country}"


def in_words(at: datetime, time_zone: tzinfo, language: str = "en") -> str:
    """Weekday, date, time and zone: "Tuesday 3 March 2026, 17:00 (London time)"."""
    local, locale = at.astimezone(time_zone), _locale(time_zone, language)
    pattern = str(get_datetime_format("medium", locale=locale))
    whole = pattern.format(_clock(local, language), format_date(local, "full", locale=locale))
    return f"{whole} ({clock_in_words(time_zone, language)})"


def day_in_words(at: datetime, time_zone: tzinfo, language: str = "en") -> str:
    """Weekday and date: "Tuesday 3 March 2026"."""
    locale = _locale(time_zone, language)
    return format_date(at.astimezone(time_zone), "full", locale=locale)


def short(at: datetime, time_zone: tzinfo, language: str = "en") -> str:
    """Date and time for a table: "3 Mar 2026, 17:00"."""
    local, locale = at.astimezone(time_zone), _locale(time_zone, language)
    return f"{format_date(local, 'medium', locale=locale)}, {_clock(local, language)}"


def brief(at: datetime, time_zone: tzinfo) -> str:
    """Weekday, day and time for a chip: "Thu 4 Dec, 10:05"."""
    local, locale = at.astimezone(time_zone), _locale(time_zone, SOURCE)
    return f"{format_skeleton('MMMEd', local, locale=locale)}, {_clock(local, SOURCE)}"


def weekday(at: datetime, time_zone: tzinfo, language: str = SOURCE) -> tuple[str, str]:
    """Weekday and day without the year, and the time: "Thursday 4 December", "10:05"."""
    local, locale = at.astimezone(time_zone), _locale(time_zone, language)
    return format_skeleton("MMMMEEEEd", local, locale=locale), _clock(local, language)


def clock(at: datetime, time_zone: tzinfo, language: str = SOURCE) -> str:
    """The time of day: "10:05"."""
    return _clock(at.astimezone(time_zone), language)


def period_in_words(first: date, last: date, language: str = SOURCE, country: str = "") -> str:
    """Two days and what is between: "4 Dec 2026 – 3 Jan 2027"; one day if they are the same."""
    locale = _written_in(language, country)
    if first == last:
        return format_skeleton("yMMMEd", first, locale=locale)
    return format_interval(first, last, "yMMMd", locale=locale)


def date_in_words(day: date, language: str = "en", country: str = "") -> str:
    """A date that belongs to no clock, with its month as a word: "4 March 1961".

    Raises:
        UnknownLocaleError, ValueError: the language is not one that we can write dates in.
    """
    return format_date(day, "long", locale=_written_in(language, country))


def month_in_words(day: date, country: str = "", language: str = SOURCE) -> str:
    """The month of a day with its year: "March 2026"."""
    return format_skeleton("yMMMM", day, locale=_written_in(language, country))


def month_of(day: date, country: str = "", language: str = SOURCE) -> str:
    """The month of a day by its short name: "Mar"."""
    return format_date(day, "LLL", locale=_written_in(language, country))


def weekday_in_words(
    day: date, country: str = "", language: str = SOURCE, *, is_short: bool = False
) -> str:
    """The weekday of a day: "Tuesday", or "Tue"."""
    pattern = "EEE" if is_short else "EEEE"
    return format_date(day, pattern, locale=_written_in(language, country))


def first_weekday(country: str = "") -> int:
    """The day with which weeks begin where people of this country live; Monday is 0."""
    return _written_in(SOURCE, country).first_week_day


def iso(at: datetime) -> str:
    """The instant as `<time datetime>` wants it."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def ago(at: datetime, *, now: datetime, time_zone: tzinfo) -> str:
    """How long ago, in short words ("3 h ago"); a date once it is more than a week."""
    passed = now - at
    if passed >= ABSOLUTE_AFTER:
        local = at.astimezone(time_zone)
        return format_date(local, "medium", locale=_locale(time_zone, SOURCE))
    return "just now" if passed < timedelta(minutes=1) else f"{span(passed)} ago"


def left(until: datetime, *, now: datetime) -> str:
    """How much time is left, in short words ("6 days left"), or "overdue"."""
    remaining = until - now
    return "time is up" if remaining <= timedelta() else f"{span(remaining)} left"


def _locale(time_zone: tzinfo, language: str) -> Locale:
    """The locale in which a reader's dates are written."""
    return _written_in(language, country_of(time_zone))


def country_of(time_zone: tzinfo) -> str:
    """The country whose dates the readers of a time zone write; "" for one of no country."""
    return getattr(time_zone, "country", "") or country_of_zone(_name(time_zone))


@cache
def _written_in(language: str, country: str) -> Locale:
    """English as the country writes it, British where it has none of its own."""
    if language != SOURCE:
        return Locale.parse(language)
    own = f"{SOURCE}_{country}"
    return Locale.parse(own if country and exists(own) else "en_GB")


def _clock(local: datetime, language: str) -> str:
    """The time of day: "17:05", "5:05 PM", "17:05 Uhr"."""
    locale = _locale(local.tzinfo or UTC, language)
    time = format_time(local, "short", tzinfo=local.tzinfo, locale=locale)
    return _CLOCKS.get(language, "{time}").format(time=time.replace("\u202f", " "))


def _name(time_zone: tzinfo) -> str:
    return str(getattr(time_zone, "key", "UTC"))


def clock_in_words(time_zone: tzinfo, language: str = SOURCE) -> str:
    """Whose clock it is, in words: "London time". No reader has to know what GMT+1 means."""
    name = _name(time_zone)
    if "/" not in name or name.startswith("Etc/"):
        return name
    city = get_timezone_location(name, locale=language, return_city=True).rpartition("/")[2]
    if language == "fr" and city[0] in "AEIOUYÀÉÈÎŒ":
        return f"heure d’{city}"
    return _LOCAL_TIME.get(language, _LOCAL_TIME[SOURCE]).format(city=city)


def span(length: timedelta) -> str:
    """A length of time in its largest fitting unit: "40 s", "5 min", "3 h", "6 days"."""
    seconds = int(length.total_seconds())
    for size, one, many in ((86_400, "day", "days"), (3_600, "h", "h"), (60, "min", "min")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {one if count == 1 else many}"
    return f"{max(seconds, 0)} s"
