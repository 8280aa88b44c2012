"""What a visitor narrows the programme by: days, genre, access and price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from upstage_crm.core.money import exponent
from upstage_crm.portal.listings.public_programme import OnOffer, Programme
from upstage_crm.programme.event_texts import in_language
from upstage_crm.programme.times import FIRST_YEAR, LAST_YEAR
from upstage_crm.programme.views import Access, EventView, PerformanceState

FROM, UNTIL, GENRE, ACCESS, PRICE, VIEW, MONTH = (
    "from",
    "until",
    "genre",
    "access",
    "price",
    "view",
    "month",
)
CALENDAR: Final = "calendar"
_GENRE_LENGTH: Final = 80
_STEPS: Final = (10, 20, 30, 50, 80)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for; `price` is the most that a ticket may cost, in whole units."""

    first: date | None = None
    last: date | None = None
    genre: str = ""
    access: Access | None = None
    price: int | None = None

    @property
    def is_any(self) -> bool:
        """Whether nothing was asked for."""
        return self == Wish()

    @property
    def query(self) -> dict[str, str]:
        """The same as values of an address; what was not asked for is ""."""
        return {
            FROM: self.first.isoformat() if self.first else "",
            UNTIL: self.last.isoformat() if self.last else "",
            GENRE: self.genre,
            ACCESS: self.access.value if self.access else "",
            PRICE: str(self.price) if self.price else "",
        }


def read_wish(given: Mapping[str, str]) -> Wish:
    """Read an address; what it says wrongly is not asked for."""
    price, access = given.get(PRICE, ""), given.get(ACCESS, "")
    return Wish(
        first=read_date(given.get(FROM, "")),
        last=read_date(given.get(UNTIL, "")),
        genre=given.get(GENRE, "")[:_GENRE_LENGTH].strip(),
        access=Access(access) if access in set(Access) else None,
        price=int(price) if price in {str(step) for step in _STEPS} else None,
    )


def read_date(text: str) -> date | None:
    """A day of an address; None for none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def read_month(text: str, usual: date) -> date:
    """The first day of a month of an address, "2026-12"; or of the month of `usual`."""
    return (read_date(f"{text}-01") or usual).replace(day=1)


def fitting(
    programme: Programme, wish: Wish, language: str
) -> list[tuple[EventView, list[OnOffer]]]:
    """The events with those of their performances that fit, the first one first."""
    found: list[tuple[EventView, list[OnOffer]]] = []
    for event in programme.events:
        if wish.genre and wish.genre != genre_of(event, language):
            continue
        offers = [
            offer
            for one in event.performances
            if (wish.first is None or one.day >= wish.first)
            and (wish.last is None or one.day <= wish.last)
            and (wish.access is None or wish.access in one.access)
            for offer in (programme.offer(one, is_listed=True),)
            if wish.price is None or _costs_at_most(offer, wish.price, programme)
        ]
        alive = [one for one in offers if one.performance.state is not PerformanceState.CANCELLED]
        if alive:
            found.append((event, alive))
    return found


def genres(programme: Programme, language: str) -> Sequence[str]:
    """The genres of what is announced, in alphabetical order."""
    return sorted({genre_of(event, language) for event in programme.events} - {""})


def genre_of(event: EventView, language: str) -> str:
    """What kind of event it is, in the words of its own language or the reader's."""
    return in_language(event.texts, event.translated, language)["genre"]


def price_steps() -> Sequence[int]:
    """The most that a ticket may cost, in whole units of the currency."""
    return _STEPS


def _costs_at_most(offer: OnOffer, price: int, programme: Programme) -> bool:
    most = price * 10 ** exponent(programme.currency)
    return offer.lowest is not None and offer.lowest <= most
