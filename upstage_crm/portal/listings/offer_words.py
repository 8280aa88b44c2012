"""Events and performances in the words of one reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from upstage_crm.core import when
from upstage_crm.core.languages import speaker
from upstage_crm.core.money import in_words
from upstage_crm.portal import addresses, portal_words
from upstage_crm.portal.listings.event_pictures import Image, image_of
from upstage_crm.portal.listings.public_programme import OnOffer, Programme
from upstage_crm.portal.listings.sale_states import SaleState
from upstage_crm.portal.readers import Reader
from upstage_crm.programme.event_texts import in_language
from upstage_crm.programme.performance_states import end_of
from upstage_crm.programme.views import Access, EventView

GONE = frozenset({SaleState.SOLD_OUT, SaleState.CANCELLED, SaleState.OVER})
_TONES = {
    SaleState.OPEN: "good",
    SaleState.CANCELLED: "bad",
    SaleState.SOLD_OUT: "bad",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceWords:
    """One performance as a page shows it. `price` is the lowest one, "" where none is known."""

    href: str
    weekday: str
    day: str
    month: str
    date: str
    time: str
    whole: str
    iso: str
    hall: str
    access: Sequence[str]
    state: SaleState
    status: str
    tone: str
    price: str

    @property
    def is_open(self) -> bool:
        """Whether tickets can be bought on its page."""
        return self.state is SaleState.OPEN


class EventWords:
    """One event as a page shows it, with those of its performances that are given."""

    def __init__(
        self, programme: Programme, event: EventView, offers: Sequence[OnOffer], reader: Reader
    ) -> None:
        self.event = event
        self.offers = offers
        self._programme = programme
        self._reader = reader
        self.texts = in_language(event.texts, event.translated, reader.language)
        self.title = self.texts["title"]
        self.path = addresses.event_path(event)
        self.href = reader.href(self.path)

    @cached_property
    def image(self) -> Image:
        """Its picture, or the poster that is drawn for an event without one."""
        return image_of(
            self.event, self._programme.widths.get(self.event.id, ()), self.texts["picture_alt"]
        )

    @cached_property
    def period(self) -> str:
        """The first and the last day."""
        days = [offer.performance.day for offer in self.offers]
        home = self._programme.organisation.home
        return when.period_in_words(min(days), max(days), self._reader.language, home)

    @cached_property
    def halls(self) -> str:
        """Where it is performed."""
        named = [self._programme.halls[one.performance.hall_id] for one in self.offers]
        return ", ".join(dict.fromkeys(hall.texts["name"] for hall in named))

    @cached_property
    def access(self) -> Sequence[str]:
        """What some of its performances have, in words."""
        say = speaker(self._reader.language)
        kinds = {kind for offer in self.offers for kind in offer.performance.access}
        return [say(portal_words.ACCESS[kind]) for kind in Access if kind in kinds]

    @cached_property
    def price(self) -> str:
        """The lowest price of what can be bought; "" where nothing can."""
        open_now = [one.lowest for one in self.offers if one.state is SaleState.OPEN]
        lowest = min((amount for amount in open_now if amount is not None), default=None)
        return "" if lowest is None else self.amount(lowest)

    @cached_property
    def state(self) -> SaleState:
        """The best that can be said of its performances."""
        return next(
            (state for state in SaleState if any(one.state is state for one in self.offers)),
            SaleState.OVER,
        )

    @cached_property
    def status(self) -> str:
        """What a visitor is told where nothing can be bought."""
        if self.state is SaleState.LATER:
            opens = min(one.opens_at for one in self.offers if one.opens_at is not None)
            return self._opens(opens)
        return speaker(self._reader.language)(portal_words.STATES[self.state])

    @cached_property
    def performances(self) -> list[PerformanceWords]:
        """The performances, the first one first."""
        return [self.performance(offer) for offer in self.offers]

    def performance(self, offer: OnOffer) -> PerformanceWords:
        """One of its performances."""
        one, reader = offer.performance, self._reader
        language, home = reader.language, self._programme.organisation.home
        zone = when.zone(one.zone, country=home)
        say = speaker(language)
        is_later = offer.state is SaleState.LATER and offer.opens_at is not None
        date, time = when.weekday(one.starts_at, zone, language)
        return PerformanceWords(
            href=reader.href(addresses.performance_path(self.event, one)),
            weekday=when.weekday_in_words(one.day, home, language, is_short=True),
            day=str(one.day.day),
            month=when.month_of(one.day, home, language),
            date=date,
            time=time,
            whole=when.in_words(one.starts_at, zone, language),
            iso=one.starts_at.astimezone(zone).isoformat(timespec="minutes"),
            hall=self._programme.halls[one.hall_id].texts["name"],
            access=[say(portal_words.ACCESS[kind]) for kind in one.access],
            state=offer.state,
            status=self._opens(offer.opens_at)
            if is_later and offer.opens_at
            else say(portal_words.STATES[offer.state]),
            tone=_TONES.get(offer.state, "plain"),
            price=self.amount(offer.lowest)
            if offer.lowest is not None and offer.state is SaleState.OPEN
            else "",
        )

    def amount(self, minor: int) -> str:
        """An amount in the organisation's currency."""
        return in_words(minor, self._programme.currency, self._reader.language)

    def ends_at(self, offer: OnOffer) -> datetime:
        """When a performance is over."""
        return end_of(offer.performance.starts_at, offer.performance.running_minutes)

    def _opens(self, opens_at: datetime) -> str:
        zone = self._programme.organisation.zone
        said = speaker(self._reader.language)(portal_words.OPENS)
        return said.format(when=when.short(opens_at, zone, self._reader.language))
