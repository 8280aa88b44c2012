"""Instants in words, in a reader's language and time zone. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import (
    format_date,
    format_datetime,
    format_time,
    get_datetime_format,
    get_timezone_gmt,
    get_timezone_name,
)

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
    """Weekday, date, time and zone: "Tuesday, March 3, 2026, 5:00 PM EST"."""
    local = at.astimezone(time_zone)
    date = format_date(local, "full", locale=language)
    time = format_time(local, "short", tzinfo=time_zone, locale=language)
    pattern = str(get_datetime_format("medium", locale=language))
    whole = pattern.format(f"{time} {_zone(local, language)}", date)
    return whole.replace("\u202f", " ")


def day_in_words(at: datetime, time_zone: tzinfo, language: str = "en") -> str:
    """Weekday and date: "Tuesday, March 3, 2026"."""
    return format_date(at.astimezone(time_zone), "full", locale=language)


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


def _zone(local: datetime, language: str) -> str:
    """The zone's short name where the language has one, else how far it is from Greenwich."""
    name = get_timezone_name(local, width="short", locale=language)
    return get_timezone_gmt(local, "long", locale=language) if name[0] in "+-" else name


def span(length: timedelta) -> str:
    """A length of time in its largest fitting unit: "40 s", "5 min", "3 h", "6 days"."""
    seconds = int(length.total_seconds())
    for size, one, many in ((86_400, "day", "days"), (3_600, "h", "h"), (60, "min", "min")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {one if count == 1 else many}"
    return f"{max(seconds, 0)} s"
