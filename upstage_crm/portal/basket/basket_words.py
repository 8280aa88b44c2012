"""A basket in the words of its visitor: by performance, with prices and the time that is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from upstage_crm.core import when
from upstage_crm.core.languages import Say, speaker
from upstage_crm.core.money import in_words
from upstage_crm.orders.views import BasketLine, BasketState, BasketView
from upstage_crm.portal import addresses, portal_words
from upstage_crm.portal.listings.offer_words import EventWords
from upstage_crm.portal.listings.public_programme import Programme
from upstage_crm.portal.memory import Memory
from upstage_crm.portal.readers import Reader
from upstage_crm.venues.seat_plan import SeatPlan

SEATS_KEPT_S: Final = 3600.0

Place = tuple[str, str, str]
"""Section, row and number of a seat."""
_places: Memory[Mapping[str, Place]] = Memory(life_s=SEATS_KEPT_S, most=64)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineWords:
    """One ticket. `types` are the price types to choose from: id, name and price."""

    key: str
    place: str
    zone: str
    type_id: str
    types: Sequence[tuple[str, str, str]]
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWords:
    """The tickets of one performance. `href` is "" where it has no page any more."""

    title: str
    href: str
    date: str
    time: str
    hall: str
    lines: Sequence[LineWords]


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketWords:
    """A basket. `until` is when its seats are free again, "" once they are; `left_s` how long."""

    groups: Sequence[GroupWords]
    count: int
    total: str
    is_free: bool
    until: str
    left_s: int
    can_keep: bool
    is_held: bool
    is_paying: bool


def basket_words(
    programme: Programme, view: BasketView, reader: Reader, *, now: datetime
) -> BasketWords:
    """The basket as its page shows it."""
    groups = [
        _group(programme, performance_id, view, reader)
        for performance_id in dict.fromkeys(line.performance_id for line in view.lines)
    ]
    zone = programme.organisation.zone
    until = when.clock(view.until, zone, reader.language) if view.until else ""
    return BasketWords(
        groups=groups,
        count=len(view.lines),
        total=in_words(view.total, view.currency, reader.language),
        is_free=view.total == 0,
        until=until,
        left_s=max(0, int((view.until - now).total_seconds())) if view.until else 0,
        can_keep=view.extensions_left > 0 and view.state is BasketState.OPEN,
        is_held=view.is_held,
        is_paying=view.state is BasketState.PAYING,
    )


def seats_in_words(
    programme: Programme, performance_id: str, seat_ids: Sequence[str], reader: Reader
) -> str:
    """Seats of a performance, one after the other."""
    places = _places_of(programme, performance_id)
    say = speaker(reader.language)
    return "; ".join(place_in_words(places[one], say) for one in seat_ids if one in places)


def place_in_words(place: Place, say: Say) -> str:
    """A seat: "Stalls, row F, seat 12"."""
    section, row, number = place
    return say(portal_words.MAP[0]).format(section=section, row=row, number=number)


def places_in(plan_id: str, plan: SeatPlan) -> Mapping[str, Place]:
    """Where every seat of a version of a plan is, by its id."""
    return _places.get(plan_id, lambda: _read_places(plan))


def _group(
    programme: Programme, performance_id: str, view: BasketView, reader: Reader
) -> GroupWords:
    found, say = programme.find(performance_id), speaker(reader.language)
    lines = [line for line in view.lines if line.performance_id == performance_id]
    if found is None:
        return GroupWords(
            title=say(portal_words.NOT_ANNOUNCED),
            href="",
            date="",
            time="",
            hall="",
            lines=[_line(line, view, {}, {}, programme, reader) for line in lines],
        )
    event, performance = found
    offer = programme.offer(performance)
    words = EventWords(programme, event, [offer], reader)
    said = words.performance(offer)
    places = _places_of(programme, performance_id)
    prices = programme.prices_of(performance, view.priced_at)
    return GroupWords(
        title=words.title,
        href=reader.href(addresses.performance_path(event, performance)),
        date=said.date,
        time=said.time,
        hall=said.hall,
        lines=[_line(line, view, places, prices, programme, reader) for line in lines],
    )


def _line(
    line: BasketLine,
    view: BasketView,
    places: Mapping[str, Place],
    prices: Mapping[str, Mapping[str, int]],
    programme: Programme,
    reader: Reader,
) -> LineWords:
    def amount(minor: int) -> str:
        return in_words(minor, view.currency, reader.language)

    place = places.get(line.seat_id)
    offered = prices.get(line.zone, {})
    return LineWords(
        key=line.key,
        place=line.place if place is None else place_in_words(place, speaker(reader.language)),
        zone=line.zone,
        type_id=line.type_id,
        types=[
            (type_id, programme.types[type_id].name, amount(price))
            for type_id, price in offered.items()
        ],
        amount=amount(line.amount),
    )


def _places_of(programme: Programme, performance_id: str) -> Mapping[str, Place]:
    found = programme.find(performance_id)
    layout = None if found is None else programme.offer(found[1]).layout
    if layout is None:
        return {}
    return places_in(layout.plan_id, layout.plan)


def _read_places(plan: SeatPlan) -> Mapping[str, Place]:
    return {
        seat.id: (section.name, row.label, seat.number)
        for section in plan.sections
        for row in section.rows
        for seat in row.seats
    }
