"""What an address asks of a report, read and named: for the page and for its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Generic, TypeVar

from sqlmodel import Session

from upstage_crm.core import when
from upstage_crm.organisation.settings import details, season_start
from upstage_crm.pages.list_url import ListUrl, as_day
from upstage_crm.pages.periods import span_of
from upstage_crm.programme import queries as programme
from upstage_crm.programme.prices.price_types import price_types
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.programme.views import PerformanceView
from upstage_crm.reporting import deferred, sales, takings
from upstage_crm.reporting.views import NONE, Days, Deferred, Sales, SalesBy, Takings, TakingsBy
from upstage_crm.staff.accounts import labels_of
from upstage_crm.tills import queries as tills
from upstage_crm.wording.programme import CHANNEL_WORDS
from upstage_crm.wording.sales.ledger import ACCOUNT_WORDS
from upstage_crm.wording.sales.reports import NOT_AT_A_TILL, NOT_BY_STAFF, UNNAMED

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Generic[T]):
    """One line of a report: what it is about, its name, a quieter word, and its amounts."""

    key: str
    name: str
    sub: str = ""
    order: str = ""
    amounts: T


def days_of(session: Session, url: ListUrl, now: datetime) -> Days:
    """The days that an address asks for."""
    zone, start = details(session).zone, season_start(session)
    span = span_of(url.chosen, now=now, time_zone=zone, season_start=start)
    last = None if span.end is None else span.end.date() - timedelta(days=1)
    return Days(None if span.start is None else span.start.date(), last)


def sales_lines(session: Session, url: ListUrl, *, now: datetime) -> list[Line[Sales]]:
    """Sales as the address asks."""
    by = sales_kind(url)
    found = sales.sales(
        session,
        by,
        days=days_of(session, url, now),
        now=now,
        performances=performances_of(session, url),
    )
    namer = _SALES_NAMES[by]
    lines = _lines(found, namer(session, list(found)), url)
    if by is SalesBy.DAY and url.sort == "amount":
        return sorted(lines, key=lambda line: line.key, reverse=True)
    weights: Mapping[str, Callable[[Line[Sales]], int]] = {
        "amount": lambda line: line.amounts.gross,
        "tickets": lambda line: line.amounts.tickets,
    }
    return _sorted(lines, url, weights)


def takings_lines(session: Session, url: ListUrl, *, now: datetime) -> list[Line[Takings]]:
    """Takings as the address asks."""
    by = takings_kind(url)
    found = takings.takings(session, by, days=days_of(session, url, now), now=now)
    lines = _lines(found, _TAKINGS_NAMES[by](session, list(found)), url)
    if by is TakingsBy.DAY and url.sort == "amount":
        return sorted(lines, key=lambda line: line.key, reverse=True)
    return _sorted(lines, url, {"amount": lambda line: line.amounts.net})


def deferred_lines(session: Session, url: ListUrl, *, now: datetime) -> list[Line[Deferred]]:
    """Deferred income as the address asks."""
    until = as_day(url.chosen.get("until", ""))
    found = deferred.deferred(session, until=until, now=now)
    lines = _lines(found, _performances(session, list(found)), url)
    return _sorted(lines, url, {"amount": lambda line: line.amounts.total})


def sales_kind(url: ListUrl) -> SalesBy:
    """What sales are told by."""
    return SalesBy(url.chosen.get("by") or SalesBy.EVENT)


def takings_kind(url: ListUrl) -> TakingsBy:
    """What takings are told by."""
    return TakingsBy(url.chosen.get("by") or TakingsBy.TENDER)


def performances_of(session: Session, url: ListUrl) -> list[str] | None:
    """The performances that an address narrows to: one, those of an event, or all (None)."""
    if performance_id := url.chosen.get("performance", ""):
        return [performance_id]
    if event_id := url.chosen.get("event", ""):
        return programme.ids_of_event(session, event_id)
    return None


def narrowed_words(session: Session, url: ListUrl) -> str:
    """What a report is narrowed to by a link, in words; "" for nothing."""
    if performance_id := url.chosen.get("performance", ""):
        name, sub, _ = _performances(session, [performance_id])[performance_id]
        return f"{name}, {sub}" if sub else name
    if event_id := url.chosen.get("event", ""):
        return programme.titles(session, [event_id]).get(event_id, UNNAMED)
    return ""


_Names = Mapping[str, tuple[str, str, str]]


def _lines(found: Mapping[str, T], names: _Names, url: ListUrl) -> list[Line[T]]:
    words = url.search.strip().casefold()
    lines: list[Line[T]] = []
    for key, amounts in found.items():
        name, sub, order = names.get(key, (UNNAMED, "", ""))
        if words in f"{name} {sub}".casefold():
            lines.append(Line(key=key, name=name, sub=sub, order=order, amounts=amounts))
    return lines


def _sorted(
    lines: Sequence[Line[T]], url: ListUrl, weights: Mapping[str, Callable[[Line[T]], int]]
) -> list[Line[T]]:
    """The lines in the order asked for; those of one weight by their names."""
    by_name = sorted(lines, key=lambda line: (line.order, line.name.casefold(), line.key))
    if url.sort == "name":
        by_name.sort(key=lambda line: line.name.casefold())
    weight = weights.get(url.sort)
    if weight is None:
        return by_name[::-1] if url.is_descending else by_name
    # A heading's first press orders from the largest amount on.
    return sorted(by_name, key=weight, reverse=not url.is_descending)


def _events(session: Session, ids: list[str]) -> _Names:
    return {key: (title, "", "") for key, title in programme.titles(session, ids).items()}


def _performances(session: Session, ids: list[str]) -> _Names:
    found = {one.id: _performance(one) for one in programme.performances(session, ids)}
    return {key: found.get(key, (UNNAMED, "", "")) for key in ids}


def _performance(one: PerformanceView) -> tuple[str, str, str]:
    day = when.short(one.starts_at, when.zone(one.zone))
    return one.title, day, one.starts_at.isoformat()


def _zones(_session: Session, ids: list[str]) -> _Names:
    return {key: (key or UNNAMED, "", "") for key in ids}


def _types(session: Session, ids: list[str]) -> _Names:
    known = price_types(session)
    return {key: (known[key].name if key in known else UNNAMED, "", "") for key in ids}


def _channels(_session: Session, ids: list[str]) -> _Names:
    return {key: (CHANNEL_WORDS[SaleChannel(key)], "", "") for key in ids}


def _days(session: Session, ids: list[str]) -> _Names:
    country = details(session).country
    return {
        key: (
            when.date_in_words(date.fromisoformat(key), country=country),
            when.weekday_in_words(date.fromisoformat(key), country),
            key,
        )
        for key in ids
    }


def _tenders(_session: Session, ids: list[str]) -> _Names:
    known = {account.value: words for account, words in ACCOUNT_WORDS.items()}
    return {key: (known[key], "", "") for key in ids}


def _tills(session: Session, ids: list[str]) -> _Names:
    known = {one.id: one.name for one in tills.tills(session, with_retired=True)}
    return {key: (known.get(key, NOT_AT_A_TILL), "", "") for key in ids}


def _people(session: Session, ids: list[str]) -> _Names:
    known = labels_of(session, ids)
    return {key: (NOT_BY_STAFF if key == NONE else known.get(key, UNNAMED), "", "") for key in ids}


def _shifts(session: Session, ids: list[str]) -> _Names:
    zone, found = details(session).zone, {}
    known = tills.shifts(session, ids)
    for key in ids:
        one = known.get(key)
        if one is None:
            found[key] = (NOT_AT_A_TILL, "", "")
        else:
            number = "" if one.number is None else f", shift {one.number}"
            opened = f"{one.staff} · {when.short(one.opened_at, zone)}"
            found[key] = (f"{one.till}{number}", opened, "")
    return found


_Namer = Callable[[Session, list[str]], _Names]
_SALES_NAMES: Mapping[SalesBy, _Namer] = {
    SalesBy.EVENT: _events,
    SalesBy.PERFORMANCE: _performances,
    SalesBy.ZONE: _zones,
    SalesBy.PRICE_TYPE: _types,
    SalesBy.CHANNEL: _channels,
    SalesBy.DAY: _days,
}
_TAKINGS_NAMES: Mapping[TakingsBy, _Namer] = {
    TakingsBy.TENDER: _tenders,
    TakingsBy.TILL: _tills,
    TakingsBy.PERSON: _people,
    TakingsBy.SHIFT: _shifts,
    TakingsBy.DAY: _days,
}
