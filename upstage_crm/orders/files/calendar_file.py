"""A visit as a calendar file. The only module that imports `icalendar`, when one is drawn.

The time carries the rules of its zone, so that a phone abroad shows the hall's clock right. The
same visit keeps its name, and each change counts on: calendars move an entry, or take it out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, timedelta

from upstage_crm.orders.files.ticket_facts import VisitFacts

_MAKER = "-//UpStage CRM//Tickets//EN"


def render(visit: VisitFacts) -> bytes:
    """The `.ics` file of a visit: `PUBLISH`, or `CANCEL` for one that is off."""
    from icalendar import Calendar, Event

    entry, calendar = Event(), Calendar()
    for component, values in ((entry, _entry(visit)), (calendar, _head(visit))):
        for name, value in values:
            # The library leaves the type of a value open.
            component.add(name, value)  # pyright: ignore[reportUnknownMemberType]
    calendar.add_component(entry)
    year = visit.starts_at.year  # of a zone's rules, those around the visit are enough
    calendar.add_missing_timezones(date(year - 1, 1, 1), date(year + 2, 1, 1))
    return calendar.to_ical()


def media_type(visit: VisitFacts) -> str:
    """The media type, which repeats the method, as mail programs want it (RFC 6047, 2.4)."""
    return f"text/calendar; charset=utf-8; method={_method(visit)}"


def _head(visit: VisitFacts) -> Iterator[tuple[str, object]]:
    yield from (("prodid", _MAKER), ("version", "2.0"), ("method", _method(visit)))


def _entry(visit: VisitFacts) -> Iterator[tuple[str, object]]:
    from icalendar import vCalAddress, vText

    yield "uid", visit.uid
    yield "dtstamp", visit.stamped_at.astimezone(UTC)
    yield "sequence", visit.sequence
    yield "summary", visit.title
    yield "dtstart", visit.starts_at
    if visit.minutes is not None:
        # A length, not an end: where clocks go back meanwhile, a time of day has two meanings.
        yield "duration", timedelta(minutes=visit.minutes)
    yield "status", "CANCELLED" if visit.is_cancelled else "CONFIRMED"
    said = {"location": visit.place, "description": visit.description, "url": visit.url}
    yield from ((name, text) for name, text in said.items() if text)
    organiser = vCalAddress(f"mailto:{visit.organiser_address}")
    organiser.params["cn"] = vText(visit.organiser)
    yield "organizer", organiser


def _method(visit: VisitFacts) -> str:
    return "CANCEL" if visit.is_cancelled else "PUBLISH"
