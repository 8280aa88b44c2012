"""The page that says what is on, as a list of events and as a calendar of performances."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.core import when
from upstage_crm.core.languages import speaker
from upstage_crm.core.money import exponent, in_words
from upstage_crm.portal import portal_words
from upstage_crm.portal.addresses import WHATS_ON
from upstage_crm.portal.answers import Document, document, shared
from upstage_crm.portal.listings import event_filters, public_programme
from upstage_crm.portal.listings.event_filters import CALENDAR, MONTH, VIEW, Wish
from upstage_crm.portal.listings.offer_words import EventWords, PerformanceWords
from upstage_crm.portal.listings.public_programme import Programme
from upstage_crm.portal.listings.structured_data import of_organisation
from upstage_crm.portal.portal_menu import WHATS_ON_WORDS
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.programme.views import Access

LIFE_S: Final = 5.0
WEEK: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of the calendar; `number` is "" for a day of another month."""

    number: str
    words: str
    is_today: bool
    performances: list[tuple[str, PerformanceWords]]


async def show(request: Request) -> Response:
    """The programme, narrowed as the address says."""
    given = request.query_params
    programme = await public_programme.soon()
    reader = reader_of(request, usual=programme.organisation.language)
    wish = event_filters.read_wish(given)
    month = given.get(MONTH, "")[:7] if given.get(VIEW) == CALENDAR else None
    key = ("whats-on", reader, wish, month)
    return await shared(request, key, lambda: _made(reader, wish, month), life_s=LIFE_S)


def _made(reader: Reader, wish: Wish, month: str | None) -> Document:
    programme = public_programme.programme()
    found = [
        EventWords(programme, event, offers, reader)
        for event, offers in event_filters.fitting(programme, wish, reader.language)
    ]
    say, organisation = speaker(reader.language), programme.organisation
    is_calendar = month is not None
    today = programme.now.astimezone(organisation.zone).date()
    values: dict[str, object] = {}
    if is_calendar:
        values = _calendar(
            found, event_filters.read_month(month or "", today), today, programme, reader, wish
        )
    query = wish.query | ({VIEW: CALENDAR, MONTH: month or ""} if is_calendar else {})
    head = Head(
        title=say(WHATS_ON_WORDS),
        path=WHATS_ON,
        query={name: value for name, value in query.items() if value},
        about=organisation.name,
        data=of_organisation(organisation),
        is_public=wish.is_any,
    )
    return document(
        page(
            "whats_on.html",
            reader,
            organisation,
            head,
            events=found,
            wish=wish,
            wished=wish.query,
            is_calendar=is_calendar,
            genres=event_filters.genres(programme, reader.language),
            accesses=[(kind.value, say(portal_words.ACCESS[kind])) for kind in Access],
            prices=[
                (str(step), _whole(step, programme, reader)) for step in event_filters.price_steps()
            ],
            list_href=reader.href(WHATS_ON, wish.query),
            calendar_href=reader.href(WHATS_ON, wish.query | {VIEW: CALENDAR}),
            **values,
        )
    )


def _calendar(
    found: list[EventWords],
    month: date,
    today: date,
    programme: Programme,
    reader: Reader,
    wish: Wish,
) -> dict[str, object]:
    held: defaultdict[date, list[tuple[str, PerformanceWords]]] = defaultdict(list)
    moments = [
        (offer.performance.starts_at, event, offer)
        for event in found
        for offer in event.offers
        if offer.performance.day.replace(day=1) == month
    ]
    for _, event, offer in sorted(moments, key=lambda each: each[0]):
        held[offer.performance.day].append((event.title, event.performance(offer)))
    home, language = programme.organisation.home, reader.language
    first = month - timedelta(days=(month.weekday() - when.first_weekday(home)) % WEEK)
    following = (month + timedelta(days=32)).replace(day=1)
    weeks = [
        [
            Day(
                number=str(day.day) if day.month == month.month else "",
                words=when.date_in_words(day, language, home),
                is_today=day == today,
                performances=held[day],
            )
            for day in (start + timedelta(days=at) for at in range(WEEK))
        ]
        for start in _every_week(first, following)
    ]

    def turned(to: date) -> str:
        return reader.href(WHATS_ON, wish.query | {VIEW: CALENDAR, MONTH: f"{to:%Y-%m}"})

    return {
        "month": when.month_in_words(month, home, language),
        "weeks": weeks,
        "weekdays": [
            when.weekday_in_words(first + timedelta(days=at), home, language, is_short=True)
            for at in range(WEEK)
        ],
        "earlier": turned((month - timedelta(days=1)).replace(day=1))
        if month > today.replace(day=1)
        else "",
        "later": turned(following),
        "month_value": f"{month:%Y-%m}",
    }


def _every_week(first: date, end: date) -> list[date]:
    return [first + timedelta(days=at) for at in range(0, (end - first).days, WEEK)]


def _whole(amount: int, programme: Programme, reader: Reader) -> str:
    """An amount of whole units without decimals: "£20"."""
    minor = amount * 10 ** exponent(programme.currency)
    return (
        in_words(minor, programme.currency, reader.language).replace(".00", "").replace(",00", "")
    )


ROUTES = [
    Route(WHATS_ON.rstrip("/"), show, methods=["GET"]),
    Route(WHATS_ON, show, methods=["GET"]),
]
