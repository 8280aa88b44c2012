"""Instants in words, in a reader's language and time zone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import (
    format_date,
    format_datetime,
    format_time,
    get_datetime_format,
    get_timezone_location,
)

from upstage_crm.core.languages import SOURCE

# How each language says a time of day, and whose clock it is.
_CLOCKS: Mapping[str, str] = {"de": "{time} Uhr"}
_LOCAL_TIME: Mapping[str, str] = {
    "en": "{city} time",
    "es": "hora de {city}",
    "fr": "heure de {city}",
    "de": "Ortszeit {city}",
    "ar": "بتوقيت {city}",
}
_AMERICAN = ("America/", "US/", "Pacific/Honolulu")  # where English dates begin with the month
ABSOLUTE_AFTER = timedelta(days=7)  # older than this a date says more than "9 days ago"


def zone(*names: str) -> tzinfo:
    """The first named time zone that is not empty; UTC when all are."""
    for name in names:
        if name:
            return ZoneInfo(name)
    return UTC


@cache
def zone_names() -> frozenset[str]:
    """Every name of the tz database; reading it takes milliseconds, so it is read once."""
    return frozenset(available_timezones())


def in_words(at: datetime, time_zone: tzinfo, language: str = "en") -> str:
    """Weekday, date, time and zone: "Tuesday 3 March 2026, 17:00 (London time)".

    English is American where the clock is, and British elsewhere.
    """
    local, locale = at.astimezone(time_zone), _locale(time_zone, language)
    date = format_date(local, "full", locale=locale)
    time = format_time(local, "short", tzinfo=time_zone, locale=locale)
    time = _CLOCKS.get(language, "{time}").format(time=time)
    pattern = str(get_datetime_format("medium", locale=locale))
    return f"{pattern.format(time, date)} ({_zone(time_zone, language)})".replace("\u202f", " ")


def day_in_words(at: datetime, time_zone: tzinfo, language: str = "en") -> str:
    """Weekday and date: "Tuesday 3 March 2026"."""
    locale = _locale(time_zone, language)
    return format_date(at.astimezone(time_zone), "full", locale=locale)


def short(at: datetime, time_zone: tzinfo, language: str = "en") -> str:
    """Date and time for a table: "Mar 3, 2026, 17:00"."""
    local = at.astimezone(time_zone)
    text = f"{format_date(local, 'medium', locale=language)}, {local:%H:%M}"
    return text.replace("\u202f", " ")


def brief(at: datetime, time_zone: tzinfo) -> str:
    """Weekday, day and time for a chip: "Thu, Dec 4, 10:05"."""
    return format_datetime(at.astimezone(time_zone), "EEE, MMM d, HH:mm", locale="en")


def iso(at: datetime) -> str:
    """The instant as `<time datetime>` wants it."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def ago(at: datetime, *, now: datetime, time_zone: tzinfo) -> str:
    """How long ago, in short words ("3 h ago"); a date once it is more than a week."""
    passed = now - at
    if passed >= ABSOLUTE_AFTER:
        return format_datetime(at.astimezone(time_zone), "d MMM y", locale="en")
    return "just now" if passed < timedelta(minutes=1) else f"{span(passed)} ago"


def left(until: datetime, *, now: datetime) -> str:
    """How much time is left, in short words ("6 days left"), or "overdue"."""
    remaining = until - now
    return "time is up" if remaining <= timedelta() else f"{span(remaining)} left"


def _locale(time_zone: tzinfo, language: str) -> str:
    """The locale in which dates are written for a reader of `language`."""
    if language != SOURCE:
        return language
    return "en_US" if _name(time_zone).startswith(_AMERICAN) else "en_GB"


def _name(time_zone: tzinfo) -> str:
    return str(getattr(time_zone, "key", "UTC"))


def _zone(time_zone: tzinfo, language: str) -> str:
    """Whose clock it is, in words: "London time". Nobody has to know what GMT+1 means."""
    name = _name(time_zone)
    if "/" not in name or name.startswith("Etc/"):
        return name
    city = get_timezone_location(name, locale=language, return_city=True)
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
